/** Random histories of money and tickets through the API, against a model that adds numbers up without any accounts. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { listLedgerFaults } from '../src/ledger/checks.ts'
import { findBalance } from '../src/ledger/ledger.ts'
import { bookUses } from '../src/ledger/uses.ts'
import { sql } from '../src/platform/db.ts'
import type { TestApp } from './harness.ts'
import { aGuest, anEvent, anOrganizer } from './make.ts'

const someTickets = fc.integer({ min: 1, max: 30 })
const someCents = fc.integer({ min: 1, max: 5000 })
const aStep = fc.oneof(
  fc.record({ do: fc.constant('lend' as const), tickets: someTickets, cents: fc.nat(300) }),
  fc.record({ do: fc.constant('prepay' as const), tickets: someTickets, cents: fc.nat(300), brings: fc.boolean() }),
  fc.record({ do: fc.constant('pay' as const), cents: someCents }),
  fc.record({ do: fc.constant('reverse payment' as const), nth: fc.nat(4) }),
  fc.record({ do: fc.constant('reverse assignment' as const), nth: fc.nat(4) }),
  fc.record({ do: fc.constant('admit' as const), places: fc.integer({ min: 1, max: 5 }), premium: fc.boolean() }),
  fc.record({ do: fc.constant('write off' as const), cents: someCents }),
)
type Step = typeof aStep extends fc.Arbitrary<infer S> ? S : never

/** What must be true after the steps so far. */
class Model {
  billed = 0
  paid = 0
  writtenOff = 0
  granted = { prepaid: 0, loan: 0 }
  used = { prepaid: 0, loan: 0 }
  assigned: { id: string; kind: 'prepaid' | 'loan'; tickets: number; cents: number; isReversed: boolean }[] = []
  payments: { id: string; cents: number; isReversed: boolean }[] = []

  get owed() {
    return this.billed - this.paid - this.writtenOff
  }
  left(kind: 'prepaid' | 'loan') {
    return this.granted[kind] - this.used[kind]
  }
  assign(id: string, kind: 'prepaid' | 'loan', tickets: number, cents: number) {
    this.billed += cents
    this.granted[kind] += tickets
    this.assigned.push({ id, kind, tickets, cents, isReversed: false })
  }
  use(tickets: number) {
    const prepaid = Math.min(tickets, Math.max(this.left('prepaid'), 0))
    this.used.prepaid += prepaid
    this.used.loan += tickets - prepaid
  }
}

class History {
  readonly model = new Model()
  readonly app: TestApp
  readonly organizerId: string
  readonly events: { standard: string; premium: string }

  constructor(app: TestApp, organizerId: string, events: History['events']) {
    this.app = app
    this.organizerId = organizerId
    this.events = events
  }

  async post(url: string, body: object) {
    const reply = await this.app.post(url, { as: 'director', body })
    return { status: reply.statusCode, ...reply.json() }
  }

  /** Does a step through the API, and says what it should have answered. */
  async take(step: Step): Promise<void> {
    const { model, organizerId } = this
    if (step.do === 'lend' || step.do === 'prepay') return this.assign(step)
    if (step.do === 'pay') {
      const made = await this.post('/director/payments', { organizerId, amountCents: step.cents })
      assert.equal(made.status, 201)
      model.paid += step.cents
      model.payments.push({ id: made.payment.id, cents: step.cents, isReversed: false })
    } else if (step.do === 'reverse payment') await this.reversePayment(step.nth)
    else if (step.do === 'reverse assignment') await this.reverseAssignment(step.nth)
    else if (step.do === 'admit') await this.admit(step)
    else {
      const url = `/director/organizers/${organizerId}/write-offs`
      const made = await this.post(url, { amountCents: step.cents, reason: 'x' })
      assert.equal(made.status, step.cents <= model.owed ? 201 : 409)
      if (made.status === 201) model.writtenOff += step.cents
    }
  }

  private async assign(step: Step & { do: 'lend' | 'prepay' }): Promise<void> {
    const { model, organizerId } = this
    const kind = step.do === 'lend' ? 'loan' : 'prepaid'
    const cents = step.tickets * step.cents
    const brings = step.do === 'prepay' && step.brings && cents > 0
    const made = await this.post('/director/assignments', {
      ...{ organizerId, kind, tickets: step.tickets, unitPriceCents: step.cents },
      ...(brings ? { payment: {} } : {}),
    })
    const isPaid = kind === 'loan' || Math.max(-model.owed, 0) + (brings ? cents : 0) >= cents
    assert.equal(made.status, isPaid ? 201 : 409)
    if (!isPaid) return
    if (brings) {
      model.paid += cents
      model.payments.push({ id: made.payment.id, cents, isReversed: false })
    }
    model.assign(made.assignment.id, kind, step.tickets, cents)
  }

  private async reversePayment(nth: number): Promise<void> {
    const paid = this.model.payments[nth]
    if (!paid) return
    const made = await this.post(`/director/payments/${paid.id}/reverse`, { reason: 'x' })
    assert.equal(made.status, paid.isReversed ? 409 : 200)
    if (paid.isReversed) return
    paid.isReversed = true
    this.model.paid -= paid.cents
  }

  private async reverseAssignment(nth: number): Promise<void> {
    const { model } = this
    const assigned = model.assigned[nth]
    if (!assigned) return
    const made = await this.post(`/director/assignments/${assigned.id}/reverse`, { reason: 'x' })
    const isFree = !assigned.isReversed && model.left(assigned.kind) >= assigned.tickets
    assert.equal(made.status, isFree ? 200 : 409)
    if (!isFree) return
    assigned.isReversed = true
    model.billed -= assigned.cents
    model.granted[assigned.kind] -= assigned.tickets
  }

  private async admit({ places, premium }: Step & { do: 'admit' }): Promise<void> {
    const { db, deps } = this.app
    const { invitationId } = await aGuest(db, this.events[premium ? 'premium' : 'standard'], { partySize: places })
    await sql`update invitations set admitted = ${places} where id = ${invitationId}`.execute(db)
    const cause = { by: 'usr_x', requestId: 'req_x', at: deps.now() }
    const booked = await bookUses(db, deps.config.tickets, null, cause)
    assert.equal(booked, places * (premium ? 2 : 1))
    this.model.use(booked)
  }

  async check(): Promise<void> {
    const { app, model, organizerId } = this
    const { prepaid, loan, ...money } = await findBalance(app.db, organizerId, 'MXN')
    const ticketsOf = (kind: 'prepaid' | 'loan') => ({
      ...{ granted: model.granted[kind], used: model.used[kind], left: model.left(kind) },
    })
    assert.deepEqual({ prepaid, loan }, { prepaid: ticketsOf('prepaid'), loan: ticketsOf('loan') })
    assert.deepEqual(money, {
      ...{ billedCents: model.billed, paidCents: model.paid, writtenOffCents: model.writtenOff },
      ...{ openDebtCents: Math.max(model.owed, 0), creditCents: Math.max(-model.owed, 0) },
    })
    const url = `/director/overview?organizerId=${organizerId}`
    const { finance, tickets } = (await app.get(url, { as: 'director' })).json()
    assert.deepEqual(
      [finance.billedCents, finance.paidCents, finance.openDebtCents, finance.creditCents],
      [model.billed, model.paid, money.openDebtCents, money.creditCents],
    )
    assert.deepEqual(
      [tickets.prepaid, tickets.onLoan, tickets.equivalent, tickets.remaining],
      [prepaid.granted, loan.granted, prepaid.used + loan.used, prepaid.left + loan.left],
    )
  }
}

/** Runs histories, and then every check of the ledger over all of them. */
export async function checkHistories(app: TestApp, runs: fc.Parameters<[Step[]]>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(aStep, { minLength: 4, maxLength: 14 }), async (steps) => {
      const organizerId = await anOrganizer(app.db)
      const events = {
        standard: await anEvent(app.db, { organizerId }),
        premium: await anEvent(app.db, { organizerId, type: 'premium' }),
      }
      const history = new History(app, organizerId, events)
      for (const step of steps) await history.take(step)
      await history.check()
    }),
    runs,
  )
  assert.deepEqual(await listLedgerFaults(app.db), [])
}
