/** Limits that hold for all workers together: two of them, each with its own connections, on one database. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, withTx, type Db } from '../platform/db.ts'
import { openDeps, type Deps } from '../deps.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { withProvider } from '../../test/provider.ts'
import { deliverInvitation } from './jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z'

/** The worker of the app, and another that shares nothing with it but the database and the time. */
async function startTwo(t: TestContext, env: Record<string, string> = {}) {
  const app = await startApp(t, { now: NOW, env })
  const { config, log, databaseUrl, now } = app.deps
  const second = openDeps(config, log, { databaseUrl, now })
  t.after(() => second.close())
  await second.queues.ready(20_000)
  return { app, workers: [app.deps, second] }
}

async function requested(app: TestApp, count: number, phone?: string): Promise<string[]> {
  const ids: string[] = []
  const eventIds = phone ? [] : [await anEvent(app.db)]
  for (let n = 0; n < count; n++) {
    const eventId = eventIds[0] ?? (await anEvent(app.db))
    const { guestId } = await aGuest(app.db, eventId, phone ? { phone } : {})
    const reply = await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
    ids.push(reply.json().deliveryId)
  }
  return ids
}

const runOn = (deps: Deps, deliveryId: string) =>
  deliverInvitation.run(deps, { deliveryId }, { jobId: deliveryId, log: deps.log })
/** Every job on the worker whose turn it is, all at the same moment. */
const runOnBoth = (workers: Deps[], ids: string[]) =>
  Promise.all(ids.map((id, n) => runOn(workers[n % workers.length]!, id)))
async function untilWaiting(db: Db, count: number): Promise<void> {
  for (let triesLeft = 400; triesLeft > 0; triesLeft--) {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    if (rows.length >= count) return
    await sleep(25)
  }
  assert.fail(`fewer than ${count} connections came to wait for a lock`)
}
const turnsOf = async (db: Db, ids: string[]) =>
  (
    await sql<{ ms: number }>`
      select (extract(epoch from next_attempt_at - ${NOW}::timestamptz) * 1000)::integer as ms from deliveries
       where id = any(${ids}::text[]) and status = 'queued' order by 1`.execute(db)
  ).rows.map(({ ms }) => ms)

test('the throughput of the number is one for two workers: no turn is given twice', async (t) => {
  const { app, workers } = await startTwo(t, { WA_MESSAGES_PER_SECOND: '10' })
  const { calls } = withProvider(t, workers)
  const ids = await requested(app, 14)

  const { running } = await withTx(app.db, async (tx) => {
    await sql`select 1 from channel_limits for update`.execute(tx)
    const started = runOnBoth(workers, ids)
    await untilWaiting(app.db, 2) // both are about to give turns at the same moment
    return { running: started }
  })
  const outcomes = await running

  assert.deepEqual([outcomes.filter((outcome) => outcome === 'sent').length, calls.length], [3, 3])
  assert.deepEqual(await turnsOf(app.db, ids), [300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200, 1300])
})

test('one recipient hears from one worker at a time, six seconds apart', async (t) => {
  const { app, workers } = await startTwo(t)
  const { calls } = withProvider(t, workers)
  const ids = await requested(app, 6, '+525511110077')

  const outcomes = await runOnBoth(workers, ids)

  assert.deepEqual(outcomes.toSorted(), [...Array.from({ length: 5 }, () => 'recipient_pace'), 'sent'])
  assert.equal(calls.length, 1)
  assert.deepEqual(new Set(await turnsOf(app.db, ids)), new Set([6000]))
})

test('failures of both workers count together: ten open the breaker for both, and one message tries for all', async (t) => {
  const { app, workers } = await startTwo(t)
  let isUp = false
  let othersEnded = () => {}
  const others = new Promise<void>((resolve) => (othersEnded = resolve))
  const { calls } = withProvider(t, workers, async () => {
    if (!isUp) return { kind: 'refused', verdict: 'retry', reason: 'whatsapp_unreachable', httpStatus: null }
    await others // an answer before the others have asked would let them go too
    return undefined
  })
  const ids = await requested(app, 14)

  await runOnBoth(workers, ids.slice(0, 10))
  const resting = await runOnBoth(workers, ids.slice(10))
  const callsBefore = calls.length
  isUp = true
  app.setNow('2029-06-01T18:00:20.000Z')
  let ended = 0
  const probing = await Promise.all(
    ids.slice(10).map(async (id, n) => {
      const outcome = await runOn(workers[n % 2]!, id)
      if (++ended === 3) othersEnded()
      return outcome
    }),
  )

  assert.deepEqual([resting, callsBefore], [Array.from({ length: 4 }, () => 'whatsapp_unreachable'), 10])
  assert.equal(probing.filter((outcome) => outcome === 'sent').length, 1)
  assert.equal(calls.length, 11)
})
