/** Limits that two workers share, each with its own connections, on one database. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, withTx, type Db } from '../platform/db.ts'
import { openDeps, type Deps } from '../deps.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { withProvider } from '../../test/provider.ts'
import { aCampaign } from '../../test/deliveries.ts'
import { startWorking } from '../jobs.ts'
import { answerGuest } from '../rsvp/answers.ts'
import { deliverInvitation } from './jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z'

/** The app's worker, and a second one that shares only the database and the time with it. */
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
/** Runs all jobs at the same moment, alternating between the workers. */
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
const dueTimesOf = async (db: Db, ids: string[]) =>
  (
    await sql<{ ms: number }>`
      select (extract(epoch from next_attempt_at - ${NOW}::timestamptz) * 1000)::integer as ms from deliveries
       where id = any(${ids}::text[]) and status = 'queued' order by 1`.execute(db)
  ).rows.map(({ ms }) => ms)

test('two workers share one rate limit: no token is taken twice', async (t) => {
  const { app, workers } = await startTwo(t, { WA_MESSAGES_PER_SECOND: '20' })
  const { calls } = withProvider(t, workers)
  const ids = await requested(app, 14)

  const { running } = await withTx(app.db, async (tx) => {
    await sql`select 1 from channel_limits for update`.execute(tx)
    const started = runOnBoth(workers, ids)
    await untilWaiting(app.db, 2) // both are about to take tokens at the same moment
    return { running: started }
  })
  const outcomes = await running

  assert.deepEqual([outcomes.filter((outcome) => outcome === 'sent').length, calls.length], [4, 4])
  assert.deepEqual(new Set(await dueTimesOf(app.db, ids)), new Set([0]))
})

/**
 * 300 messages of a campaign at 50 a second, and 20 answers that are requested in the middle of them, with two workers and
 * the real queues and clocks.
 */
test('300 messages at 50 a second: no second exceeds 50 plus the burst, and urgent ones are sent within two seconds', async (t) => {
  const app = await startApp(t, { env: { WA_MESSAGES_PER_SECOND: '50', DELIVERY_QUIET_HOURS: 'off' } })
  const second = openDeps(app.deps.config, app.deps.log, { databaseUrl: app.deps.databaseUrl })
  t.after(() => second.close())
  await second.queues.ready(20_000)
  const workers = [app.deps, second]
  const callsMs = new Map<string, number>()
  withProvider(t, workers, ({ deliveryId }) => void callsMs.set(deliveryId, performance.now()))
  await sql`update channel_limits set tokens = 0, refilled_at = now()`.execute(app.db)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 300; n++) await aGuest(app.db, eventId)
  const running = await Promise.all(workers.map((worker) => startWorking(worker, new AbortController().signal)))
  t.after(async () => void (await Promise.all(running.map((one) => one.close()))))

  const { ids } = await aCampaign(app, eventId)
  await sleep(2000)
  const urgent = await answers(app, eventId, 20)
  const askedMs = performance.now()
  for (let triesLeft = 400; callsMs.size < 320 && triesLeft > 0; triesLeft--) await sleep(50)

  assert.equal(callsMs.size, ids.length + urgent.length)
  const atMs = [...callsMs.values()].toSorted((a, b) => a - b)
  const fullest = Math.max(...atMs.map((from) => atMs.filter((ms) => ms >= from && ms < from + 1000).length))
  assert.ok(fullest <= 60, `${fullest} within a second`) // 50, and the burst of a fifth of a second
  const waitedMs = Math.max(...urgent.map((id) => callsMs.get(id)! - askedMs))
  assert.ok(waitedMs <= 2000, `an urgent message left after ${Math.round(waitedMs)} ms`)
})

/** Answers to guests of this event, as the inbox queues them. */
async function answers({ db, deps }: TestApp, eventId: string, count: number): Promise<string[]> {
  const guests = await Promise.all(Array.from({ length: count }, () => aGuest(db, eventId)))
  for (const to of guests)
    await withTx(db, (tx) =>
      answerGuest(tx, {
        ...{ to, template: 'rsvp_confirmed', answersMessage: `wamid.${to.guestId}`, attemptsMax: 5 },
        ...{ requestId: 'req', now: deps.now() },
      }),
    )
  await sql`
    insert into wa_windows (phone, opened_at, last_inbound_at)
    select phone, now(), now() from guests where event_id = ${eventId} on conflict do nothing`.execute(db)
  const { rows } = await sql<{ id: string }>`
    select id from deliveries where event_id = ${eventId} and answers_message is not null`.execute(db)
  return rows.map(({ id }) => id)
}

test('two workers send to one recipient six seconds apart', async (t) => {
  const { app, workers } = await startTwo(t)
  const { calls } = withProvider(t, workers)
  const ids = await requested(app, 6, '+525511110077')

  const outcomes = await runOnBoth(workers, ids)

  assert.deepEqual(outcomes.toSorted(), [...Array.from({ length: 5 }, () => 'recipient_rate'), 'sent'])
  assert.equal(calls.length, 1)
  assert.deepEqual(new Set(await dueTimesOf(app.db, ids)), new Set([6000]))
})

test('failures of both workers count together: ten open the circuit for both, and one probe is sent', async (t) => {
  const { app, workers } = await startTwo(t)
  let isUp = false
  let othersEnded = () => {}
  const others = new Promise<void>((resolve) => (othersEnded = resolve))
  const { calls } = withProvider(t, workers, async () => {
    if (!isUp) return { kind: 'refused', verdict: 'retry', reason: 'whatsapp_unreachable', httpStatus: null }
    await others // an earlier answer would close the circuit for the others
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

  assert.deepEqual([resting, callsBefore], [Array.from({ length: 4 }, () => 'channel_paused'), 10])
  assert.equal(probing.filter((outcome) => outcome === 'sent').length, 1)
  assert.equal(calls.length, 11)
})
