/** Properties of the ledger. `npm run test:long` runs many more histories. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { startApp } from '../../test/harness.ts'
import { checkHistories } from '../../test/ledger-histories.ts'
import { assignment, payment, reversal, use, writeOff, type Entry } from './movements.ts'

const SEED = 1789

test('after any history the balance, the overview and a plain addition agree', async (t) => {
  // Ends early on a slow machine.
  const limits = { interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false }
  await checkHistories(await startApp(t), { numRuns: 40, seed: SEED, ...limits })
})

const someTickets = fc.integer({ min: 1, max: 30 })
const sumOf = (entries: Entry[], currency: string | null) =>
  entries.filter((entry) => entry.currency === currency).reduce((sum, e) => sum + e.amountCents + e.tickets, 0)

test('every movement balances, and so does its reversal', () => {
  const money = fc.record({ amountCents: fc.integer({ min: 1, max: 99_999_999_999 }), currency: fc.constant('MXN') })
  const movements = fc.oneof(
    fc
      .tuple(fc.constantFrom('prepaid' as const, 'loan' as const), someTickets, money)
      .map((args) => assignment(...args)),
    money.map((of) => payment('stripe', of)),
    money.map(writeOff),
    fc.tuple(someTickets, fc.integer({ min: -50, max: 50 })).map((args) => use(...args)),
  )
  fc.assert(
    fc.property(movements, (entries) => {
      for (const currency of ['MXN', null]) assert.equal(sumOf(entries, currency), 0)
      assert.ok(entries.length >= 2)
      assert.ok(entries.every(({ amountCents, tickets }) => amountCents !== 0 || tickets !== 0))
      for (const currency of ['MXN', null]) assert.equal(sumOf([...entries, ...reversal(entries)], currency), 0)
    }),
    { numRuns: 5000, seed: SEED },
  )
})
