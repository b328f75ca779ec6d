/** Payments at the fake providers, with their events sent through the real webhook route. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { listLedgerFaults } from '../src/ledger/checks.ts'
import { findBalance } from '../src/ledger/ledger.ts'
import { processInbound } from '../src/inbox/inbox.ts'
import { playMockPayments } from '../src/inbox/jobs.ts'
import { sql } from '../src/platform/db.ts'
import { signConekta, startFakeConekta } from './fakes/conekta.ts'
import { signStripe, startFakeStripe } from './fakes/stripe.ts'
import { ORGANIZER_ID, startApp, type AppOptions, type TestApp } from './harness.ts'
import { anOrganizer } from './make.ts'

export const CUSTOMER = { name: 'Ana López', email: 'ana@example.com', phone: '55 1234 5678' }
export const AT = '2030-06-03T18:00:00.000Z'

type Sent = { id: string; type: string; body: string }

export type Till = Awaited<ReturnType<typeof openTill>>
/** An app with both fake providers, whose clocks are those of the app; Conekta's may be behind. */
export async function openTill(
  t: TestContext,
  { env = {}, conektaBehindMs = 0, ...options }: AppOptions & { conektaBehindMs?: number } = {},
) {
  let clock = new Date(options.now ?? AT)
  const now = () => clock
  const stripe = await startFakeStripe(t, { now })
  const conekta = await startFakeConekta(t, { now: () => new Date(clock.getTime() - conektaBehindMs) })
  const app = await startApp(t, { now: AT, ...options, env: { ...stripe.env, ...conekta.env, ...env } })
  const organizerId = await anOrganizer(app.db, ORGANIZER_ID)
  const setNow = (instant: string) => {
    clock = new Date(instant)
    app.setNow(instant)
  }

  /** Posts an event as its provider does and processes it as often as the job would. Returns how it ended. */
  async function receive(provider: 'stripe' | 'conekta', { body }: Sent): Promise<string> {
    const [name, signature] =
      provider === 'stripe'
        ? (['stripe-signature', signStripe(body, clock)] as const)
        : (['digest', signConekta(body)] as const)
    const headers = { 'content-type': 'application/json', [name]: signature }
    const reply = await app.post(`/payments/webhook/${provider}`, { payload: body, headers })
    assert.equal(reply.statusCode, 200, reply.body)
    const { eventId } = reply.json<{ eventId: string }>()
    for (let tries = 0; tries < 6; tries++) {
      const { status, outcome } = await processInbound(app.deps, eventId)
      if (status !== 'waiting') return typeof outcome === 'string' ? outcome : status
      await sql`update inbound_events set next_attempt_at = ${clock} where id = ${eventId}`.execute(app.db)
    }
    return 'waiting'
  }

  return {
    ...{ app, stripe, conekta, organizerId, setNow, receive },
    /** Sends every event that the fakes have made since, in this order. */
    async deliver(order: (events: [provider: 'stripe' | 'conekta', event: Sent][]) => typeof events = (all) => all) {
      const events: ['stripe' | 'conekta', Sent][] = [
        ...stripe.takeEvents().map((event): ['stripe', Sent] => ['stripe', event]),
        ...conekta.takeEvents().map((event): ['conekta', Sent] => ['conekta', event]),
      ]
      const outcomes: string[] = []
      for (const [provider, event] of order(events)) outcomes.push(await receive(provider, event))
      return outcomes
    },
    async intent(body: object) {
      const reply = await app.post('/payments/intent', {
        as: 'director',
        body: { provider: 'stripe', organizerId, customer: CUSTOMER, ...body },
      })
      return { http: reply.statusCode, ...reply.json() }
    },
    async show(paymentId: string) {
      const reply = await app.get(`/payments/${paymentId}`, { as: 'director' })
      assert.equal(reply.statusCode, 200, reply.body)
      return reply.json()
    },
    async post(url: string, body: object, headers: Record<string, string> = {}) {
      const reply = await app.post(url, { as: 'director', body, headers })
      return { http: reply.statusCode, ...reply.json() }
    },
    async owed(): Promise<number> {
      const { openDebtCents, creditCents } = await findBalance(app.db, organizerId, 'MXN')
      return openDebtCents - creditCents
    },
    /** The movements of a payment: kind and what more is owed. */
    async booked(paymentId: string): Promise<[string, number][]> {
      const { movements } = (await app.get(`/payments/${paymentId}`, { as: 'director' })).json<{
        movements: { kind: string; owedCents: number | null }[]
      }>()
      return movements.map(({ kind, owedCents }) => [kind, owedCents ?? 0])
    },
    /** Plays what is due of the mock's scripts, and processes it. */
    async play(): Promise<void> {
      await app.runJob(playMockPayments, {})
      const { rows } = await sql<{ id: string }>`
        select id from inbound_events where status = 'received' and simulated order by received_at, id`.execute(app.db)
      for (const { id } of rows) await processInbound(app.deps, id)
    },
    faults: () => listLedgerFaults(app.db),
  }
}

/** The sums of a payment as the API shows them. */
export const sumsOf = ({ payment }: { payment: Record<string, unknown> }) => [
  payment['status'],
  payment['receivedCents'],
  payment['refundedCents'],
  payment['disputedCents'],
  payment['lostCents'],
]

export const clearMoney = ({ app }: { app: TestApp }) =>
  sql`truncate inbound_events, dead_letters, payment_reviews, payment_differences`.execute(app.db)
