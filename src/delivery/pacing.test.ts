/** Releasing hundreds of due messages within the rate limit of a channel. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { BOTH, withProvider } from '../../test/provider.ts'
import { sql } from '../platform/db.ts'
import { releaseDeliveries, sweepDeliveries, type Release } from './jobs.ts'
import { countTokens, takeTokens } from '../channels/rate-limit.ts'

const TEN_A_SECOND = { WA_MESSAGES_PER_SECOND: '10', EMAIL_MESSAGES_PER_SECOND: '10' }
const GUESTS = 60
const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

async function aLargeCampaign(app: TestApp, facts: object = {}) {
  await forgetOthers(app)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < GUESTS; n++) await aGuest(app.db, eventId, facts)
  return { eventId, ...(await aCampaign(app, eventId)) }
}

/** Runs the jobs of the last release at once. */
async function workReleased(app: TestApp, ms: number): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select id from deliveries where enqueued_at = ${after(ms)} and status = 'queued'`.execute(app.db)
  await Promise.all(rows.map(({ id }) => run(app, id)))
}

/** Releases every tenth of a second. Returns the time of each call in milliseconds. */
async function workUntil(app: TestApp, fromMs: number, toMs: number, calls: unknown[]): Promise<number[]> {
  const atMs: number[] = []
  for (let ms = fromMs; ms < toMs; ms += 100) {
    app.setNow(after(ms))
    const before = calls.length
    await app.runJob(releaseDeliveries, {})
    await workReleased(app, ms)
    for (let n = before; n < calls.length; n++) atMs.push(ms)
  }
  return atMs
}

/** Due messages of other tests would take this test's tokens. */
const forgetOthers = ({ db }: TestApp) => sql`update deliveries set next_attempt_at = null`.execute(db)
const emptyBuckets = ({ db }: TestApp) => sql`update channel_limits set tokens = 0, refilled_at = ${NOON}`.execute(db)

test('a bucket fills at its rate up to a fifth of a second, and no token is taken twice', async (t) => {
  const { db } = await startApp(t, { now: NOON })
  await sql`update channel_limits set tokens = 0, refilled_at = ${NOON}`.execute(db)
  const rate = (ms: number) => ({ channel: 'whatsapp' as const, messagesPerSecond: 50, now: new Date(after(ms)) })

  const take = async (ms: number, messages: number) =>
    (await takeTokens(db, rate(ms), { messages, addresses: [], until: new Date(after(ms)) })).tokens

  const atOnce = await take(0, 5)
  const soon = await Promise.all([1, 2, 3, 4].map(() => take(100, 2)))
  const full = await countTokens(db, rate(60_000))
  const backwards = await take(-5000, 5)

  assert.equal(atOnce, 0)
  assert.equal(
    soon.reduce((sum, n) => sum + n, 0),
    5,
  )
  assert.equal(full, 10)
  assert.equal(backwards, 0)
})

test('a number without a token starts no interval, and a number in its interval is not free', async (t) => {
  const { db } = await startApp(t, { now: NOON })
  await sql`update channel_limits set tokens = 0, refilled_at = ${NOON}`.execute(db)
  const take = (ms: number, addresses: string[]) =>
    takeTokens(
      db,
      { channel: 'whatsapp', messagesPerSecond: 10, now: new Date(after(ms)) },
      { messages: addresses.length, addresses, until: new Date(after(ms + 6000)) },
    )

  const first = await take(200, ['+525500000002', '+525500000002', '+525500000001'])
  const second = await take(400, ['+525500000001', '+525500000002'])
  const third = await take(6200, ['+525500000002'])

  assert.deepEqual(first, { tokens: 2, free: new Set(['+525500000002']) })
  assert.deepEqual(second, { tokens: 2, free: new Set(['+525500000001']) })
  assert.deepEqual(third, { tokens: 1, free: new Set(['+525500000002']) })
})

test("a campaign is sent at the channel's rate, no second exceeds it, and no message is lost", async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  await emptyBuckets(app)
  await aLargeCampaign(app)

  const atMs = await workUntil(app, 0, 8000, calls)

  assert.equal(atMs.length, GUESTS)
  for (const from of atMs) {
    const inSecond = atMs.filter((ms) => ms >= from && ms < from + 1000).length
    assert.ok(inSecond <= 12, `${inSecond} within a second from ${from} ms`) // ten, and the burst of a fifth of a second
  }
  assert.ok(Math.max(...atMs) <= 6500, `the last left after ${Math.max(...atMs)} ms`)
})

test('a message that finds no token stays due with its time, and waits for the rate limit', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const { calls } = withProvider(t, [app.deps])
  const id = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await emptyBuckets(app)

  const outcome = await run(app, id)

  const { status, waitingFor, nextAttemptAt, enqueuedAt, attempts } = await rowOf(app.db, id)
  assert.equal(outcome, 'rate_limit')
  assert.deepEqual([status, waitingFor, nextAttemptAt, enqueuedAt], ['queued', 'rate_limit', new Date(NOON), null])
  assert.deepEqual([attempts, calls.length], [0, 0])
})

test('an answer to a guest and a fallback are sent before the campaign', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const lost = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, lost)
  await emptyBuckets(app)
  await aLargeCampaign(app, { phone: null })
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  const fallback = (await fallbackOf(app.db, lost))!
  const before = provider.calls.length

  await workUntil(app, 100, 300, provider.calls)

  const first = provider.calls.slice(before, before + 2).map(({ deliveryId }) => deliveryId)
  assert.ok(first.includes(fallback.id))
})

test('urgent messages are released although the queue is full', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const lost = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, lost)
  await aLargeCampaign(app, { phone: null })
  await sql`update deliveries set enqueued_at = null where status = 'queued'`.execute(app.db)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  const { hasRoom } = app.deps.queues
  app.deps.queues.hasRoom = async () => false
  t.after(async () => void (app.deps.queues.hasRoom = hasRoom))

  await app.runJob(sweepDeliveries, {})
  const release = (await app.runJob(releaseDeliveries, {})) as Release

  assert.deepEqual(release, { released: 1, backlog: false })
})

test('a campaign that is paused and resumed continues at once and in order', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  await emptyBuckets(app)
  const { campaignId, ids } = await aLargeCampaign(app)
  const before = await workUntil(app, 0, 1000, calls)
  await app.post(`/campaigns/${campaignId}/pause`, { as: 'organizer' })
  const paused = await workUntil(app, 1000, 2000, calls)
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })

  const atMs = await workUntil(app, 2000, 11_000, calls) // the route's own release is repeated after 8 s

  assert.deepEqual(paused, [])
  assert.equal(before.length + atMs.length, GUESTS)
  assert.ok(atMs[0]! <= 2200, `the first left at ${atMs[0]} ms`)
  assert.equal(new Set(calls.map(({ deliveryId }) => deliveryId)).size, ids.length)
})

for (const [what, stop] of [
  ['cancelled', ({ campaignId }: { campaignId: string }) => `/campaigns/${campaignId}/cancel`],
  ['paused with its event', ({ eventId }: { eventId: string }) => `/events/${eventId}/deliveries/pause`],
] as const) {
  test(`no message waits behind a campaign that was ${what}`, async (t) => {
    const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
    const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
    const stopped = await app.post(stop(await aLargeCampaign(app)), { as: 'organizer' })
    const mine = await requested(app, await aGuest(app.db, await anEvent(app.db)))
    await sql`update deliveries set enqueued_at = null where id = ${mine}`.execute(app.db)
    await emptyBuckets(app)

    await workUntil(app, 100, 2000, calls)

    assert.equal(stopped.statusCode, 200)
    assert.ok(calls.some(({ deliveryId }) => deliveryId === mine))
  })
}

test('an answer to a guest is released although the queue is full', async (t) => {
  const app = await startApp(t, { now: NOON })
  await forgetOthers(app)
  const guest = await aGuest(app.db, await anEvent(app.db))
  await requested(app, guest)
  await sql`update deliveries set answers_message = 'wamid.asked', enqueued_at = null where event_id = ${guest.eventId}`.execute(
    app.db,
  )
  const { hasRoom } = app.deps.queues
  app.deps.queues.hasRoom = async () => false
  t.after(async () => void (app.deps.queues.hasRoom = hasRoom))

  const outcome = await sweep(app)

  assert.deepEqual(outcome, { released: 1, backlog: false })
})

test('a fallback is released although the queue is full', async (t) => {
  const app = await startApp(t, { now: NOON })
  await forgetOthers(app)
  const provider = withProvider(t, [app.deps])
  const guest = await aGuest(app.db, await anEvent(app.db))
  const deliveryId = await requested(app, guest)
  await run(app, deliveryId)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  const { hasRoom } = app.deps.queues
  app.deps.queues.hasRoom = async () => false
  t.after(async () => void (app.deps.queues.hasRoom = hasRoom))

  await sweep(app)

  assert.equal((await fallbackOf(app.db, deliveryId))!.enqueuedAt?.toISOString(), NOON)
})
