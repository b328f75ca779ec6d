/** Sums of days from whole months and the days at their ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { startApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { sql, withTx, type Db } from '../platform/db.ts'
import { isUntil, isWithin, type Days } from '../platform/values/days.ts'
import { listLedgerFaults } from './checks.ts'
import { book, payment } from './ledger.ts'
import { movedOn, takeApart } from './sums-sql.ts'

const SEED = 1811
const FIRST = DateTime.fromISO('2026-01-01', { zone: 'utc' })
const dayOf = (n: number) => FIRST.plus({ days: n }).toISODate()!
const someDay = fc.option(fc.integer({ min: 0, max: 120 }).map(dayOf))
const someDays = fc.tuple(someDay, someDay).filter(([from, to]) => from === null || to === null || from <= to)

const isOn = (day: string, { from, to }: Days) => (from === null || day >= from) && (to === null || day <= to)

/** How often a day is counted. */
function countDay(day: string, days: Days): number {
  const { first, last, ends } = takeApart(days)
  const month = `${day.slice(0, 8)}01`
  const whole = isOn(month, { from: first, to: last }) ? 1 : 0
  return ends.reduce((sum, end) => sum + (isOn(day, end.days) ? end.sign : 0), whole)
}

test('every day asked for is counted once, and no other', () => {
  fc.assert(
    fc.property(someDays, ([from, to]) => {
      for (let n = -40; n < 160; n++)
        assert.equal(countDay(dayOf(n), { from, to }), isOn(dayOf(n), { from, to }) ? 1 : 0, dayOf(n))
    }),
    { numRuns: 400, seed: SEED },
  )
})

test('no end is longer than half a month', () => {
  fc.assert(
    fc.property(someDays, ([from, to]) => {
      for (const { days } of takeApart({ from, to }).ends) {
        const length = DateTime.fromISO(days.to!).diff(DateTime.fromISO(days.from!), 'days').days + 1
        assert.ok(length >= 1 && length <= 16, JSON.stringify(days))
      }
    }),
    { numRuns: 2000, seed: SEED },
  )
})

async function sumBy(db: Db, rows: ReturnType<typeof sql>, condition: ReturnType<typeof sql>) {
  const { rows: sums } = await sql<{ organizerId: string; account: string; cents: number }>`
    select organizer_id, account, sum(amount_cents)::bigint as cents
      from ${rows} m
     where ${condition}
     group by 1, 2
    having sum(amount_cents) <> 0
     order by 1, 2`.execute(db)
  return sums
}

test('the sums of any days are those of the entries, also at the turn of a month in Mexico City', async (t) => {
  const { db } = await startApp(t)
  const organizers = [await anOrganizer(db), await anOrganizer(db)]
  let cents = 1
  for (const organizerId of organizers)
    for (const at of [
      '2026-01-31T23:59:59.999-06:00',
      '2026-02-01T00:00:00.000-06:00',
      '2026-02-01T05:00:00.000Z',
      '2026-02-15T12:00:00.000Z',
      '2026-02-16T12:00:00.000Z',
      '2026-02-28T23:00:00.000-06:00',
      '2026-03-31T12:00:00.000Z',
      '2026-04-30T12:00:00.000Z',
    ]) {
      const entries = payment('cash', { amountCents: (cents *= 3), currency: 'MXN' })
      const cause = { by: 'usr_x', requestId: 'req_x', at: new Date(at) }
      await withTx(db, (tx) =>
        book(tx, { kind: 'write_off', organizerId, eventId: null, entries: [...entries] }, cause),
      )
    }
  await fc.assert(
    fc.asyncProperty(someDays, async ([from, to]) => {
      const days = { from, to }
      const entries = sql`ledger_entries`
      assert.deepEqual(
        await sumBy(db, movedOn(days), sql`is_within`),
        await sumBy(db, entries, isWithin(sql`effective_at`, days)),
      )
      assert.deepEqual(
        await sumBy(db, movedOn(days), sql`is_until`),
        await sumBy(db, entries, isUntil(sql`effective_at`, to)),
      )
    }),
    { numRuns: 150, seed: SEED },
  )
  assert.deepEqual(await listLedgerFaults(db), [])
})
