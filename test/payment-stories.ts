/** Random stories of a payment's charges, refunds and disputes, told in any order, against a model that adds them up. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { newId, sql, withTx } from '../src/platform/db.ts'
import { listLedgerFaults } from '../src/ledger/checks.ts'
import { findBalance } from '../src/ledger/ledger.ts'
import { applyUpdate } from '../src/payments/facts.ts'
import type { MoneyFact, ProviderUpdate, OpenStatus } from '../src/providers/provider.ts'
import type { TestApp } from './harness.ts'
import { anOrganizer } from './make.ts'

const ASKED = 1000
const NOW = new Date('2030-06-15T18:00:00Z')

type Told = { kind: 'charge' | 'refund' | 'dispute'; cents: number; fee?: number; states: readonly string[] }
export type Story = { objects: Told[]; before: OpenStatus[]; seed: number; repeats: number }

/** One object of a provider with the states that it goes through; each is told by a webhook of its own. */
const aRefund = fc.record({
  kind: fc.constant('refund' as const),
  cents: fc.integer({ min: 1, max: ASKED }),
  states: fc.constantFrom(['succeeded'], ['pending', 'succeeded'], ['pending', 'failed'], ['succeeded', 'failed']),
})
const aDispute = fc.record({
  kind: fc.constant('dispute' as const),
  cents: fc.integer({ min: 1, max: ASKED }),
  fee: fc.nat(300),
  states: fc.constantFrom(
    ['open'],
    ['open', 'withdrawn'],
    ['open', 'withdrawn', 'won'],
    ['withdrawn', 'lost'],
    ['withdrawn', 'lost', 'won'],
    ['lost'],
  ),
})
const aCharge = fc.record({
  kind: fc.constant('charge' as const),
  cents: fc.constantFrom(ASKED, ASKED, ASKED - 1, ASKED + 1, 300),
  states: fc.constant(['paid']),
})
export const aStory: fc.Arbitrary<Story> = fc
  .record({
    objects: fc.array(
      fc.oneof<[{ weight: number; arbitrary: fc.Arbitrary<Told> }, fc.Arbitrary<Told>, fc.Arbitrary<Told>]>(
        { weight: 2, arbitrary: aCharge },
        aRefund,
        aDispute,
      ),
      { minLength: 1, maxLength: 6 },
    ),
    before: fc.array(fc.constantFrom<OpenStatus>('requires_action', 'processing', 'failed', 'expired', 'cancelled'), {
      maxLength: 3,
    }),
    seed: fc.nat(),
    repeats: fc.integer({ min: 1, max: 2 }),
  })
  // A provider gives back and takes no more than came.
  .filter(({ objects }) => sumOf(objects, 'charge') >= sumOf(objects, 'refund') + sumOf(objects, 'dispute'))
const sumOf = (objects: Told[], kind: string, state?: string): number =>
  objects.reduce(
    (sum, one) => sum + (one.kind === kind && (state === undefined || one.states.at(-1) === state) ? one.cents : 0),
    0,
  )

/** What the payment must be in the end, whatever the order. */
function expectedOf({ objects, before }: Story) {
  const received = sumOf(objects, 'charge')
  const refunded = sumOf(objects, 'refund', 'succeeded')
  const disputed = sumOf(objects, 'dispute', 'withdrawn')
  const lost = sumOf(objects, 'dispute', 'lost')
  const fees = objects.reduce(
    (sum, one) => sum + (one.kind === 'dispute' && one.states.at(-1) !== 'open' ? (one.fee ?? 0) : 0),
    0,
  )
  const ranks: OpenStatus[] = ['requires_payment', 'requires_action', 'processing', 'failed', 'cancelled', 'expired']
  const furthest = ranks.filter((status) => before.includes(status)).at(-1)
  const status =
    received === 0
      ? furthest === 'requires_action' // of the same rank as requires_payment
        ? 'requires_payment'
        : (furthest ?? 'requires_payment')
      : disputed > 0
        ? 'disputed'
        : lost >= received
          ? 'charged_back'
          : refunded + lost >= received
            ? 'refunded'
            : refunded + lost > 0
              ? 'partially_refunded'
              : received < ASKED
                ? 'underpaid'
                : 'confirmed'
  return { status, received, refunded, disputed, lost, fees }
}

/** Tells the story in a shuffled order, and compares payment, ledger and balance with the model. */
export async function tellStory(app: TestApp, story: Story): Promise<void> {
  const { db } = app
  const organizerId = await anOrganizer(db)
  const id = newId('pay')
  const providerRef = `ord_${id}`
  await sql`
    insert into payments (id, kind, organizer_id, provider, mode, provider_ref, status, amount_cents, currency, created_by,
                          request_id, created_at, updated_at)
    values (${id}, 'intent', ${organizerId}, 'conekta', 'test', ${providerRef}, 'requires_payment', ${ASKED}, 'MXN',
            'usr_x', 'req_x', ${NOW}, ${NOW})`.execute(db)
  const update = shuffle(listUpdates(story, providerRef), story.seed)
  for (const [index, one] of [...update, ...(story.repeats > 1 ? update : [])].entries()) {
    const cause = { by: 'conekta', requestId: `ie_${index}`, at: NOW }
    await withTx(db, (tx) => applyUpdate(tx, { provider: 'conekta', update: one, cause, latePolicy: 'apply' }))
  }
  await compare(app, id, organizerId, story)
}

async function compare({ db }: TestApp, id: string, organizerId: string, story: Story): Promise<void> {
  const expected = expectedOf(story)
  const { rows } = await sql<Omit<ReturnType<typeof expectedOf>, 'fees'>>`
    select status, received_cents as received, refunded_cents as refunded, disputed_cents as disputed, lost_cents as lost
      from payments
     where id = ${id}`.execute(db)
  const { rows: fees } = await sql<{ cents: number }>`
    select coalesce(sum(amount_cents), 0)::bigint as cents
      from ledger_entries
     where organizer_id = ${organizerId}
       and account = 'fees'`.execute(db)
  assert.deepEqual({ ...rows[0], fees: fees[0]!.cents }, expected)
  const { openDebtCents, creditCents, paidCents } = await findBalance(db, organizerId, 'MXN')
  const kept = expected.received - expected.refunded - expected.lost
  assert.deepEqual([creditCents - openDebtCents, paidCents], [kept, kept])
  assert.deepEqual(await listLedgerFaults(db), [])
}

function listUpdates({ objects, before }: Story, providerRef: string): ProviderUpdate[] {
  const quiet = {
    providerRef,
    paymentId: null,
    reason: null,
    nextAction: null,
    modes: [],
    isOtherAccount: false,
    isOver: false,
  }
  const said = (status: OpenStatus | null, facts: MoneyFact[]): ProviderUpdate => ({
    ...{ ...quiet, status, facts, occurredAt: NOW, isIncomplete: false },
  })
  const facts = objects.flatMap((object, nth) =>
    object.states.map((state) => {
      const objectId = `${providerRef}_${nth}`
      const feeCents = state === 'open' ? 0 : (object.fee ?? 0)
      const amountCents = object.kind === 'dispute' && state === 'open' ? 0 : object.cents
      const fact = { kind: object.kind, state, objectId, amountCents, feeCents, currency: 'MXN', occurredAt: NOW }
      return said(null, [fact as MoneyFact])
    }),
  )
  return [...before.map((status) => said(status, [])), ...facts]
}

/** The same order for the same seed. */
function shuffle<T>(items: T[], seed: number): T[] {
  const keyed = items.map((item, index) => ({ item, key: Math.imul(seed + index + 1, 2_654_435_761) >>> 0 }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item)
}
