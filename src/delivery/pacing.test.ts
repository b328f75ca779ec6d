/** Who waits for whom when a channel takes ten messages a second and hundreds wait. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run } from '../../test/deliveries.ts'
import { BOTH, withProvider } from '../../test/provider.ts'
import { sweepDeliveries } from './jobs.ts'

const TEN_A_SECOND = { WA_MESSAGES_PER_SECOND: '10', EMAIL_MESSAGES_PER_SECOND: '10' }
const GUESTS = 80
const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

/** A campaign whose every message has asked for its turn once. */
async function aLine(app: TestApp, facts: object = {}) {
  const eventId = await anEvent(app.db)
  for (let n = 0; n < GUESTS; n++) await aGuest(app.db, eventId, facts)
  const campaign = await aCampaign(app, eventId)
  await runAll(app, campaign.ids)
  return { eventId, ...campaign }
}
const runAll = (app: TestApp, ids: string[]) => Promise.all(ids.map((id) => run(app, id)))
const dueOf = async ({ db, deps }: TestApp, ids: string[]): Promise<string[]> =>
  (
    await sql<{ id: string }>`
      select id from deliveries where id = any(${ids}::text[]) and next_attempt_at <= ${deps.now()}`.execute(db)
  ).rows.map(({ id }) => id)

/** Works what is due, every tenth of a second; at each step, when the calls since the last one were made. */
async function workUntil(app: TestApp, ids: string[], fromMs: number, toMs: number, calls: unknown[]) {
  const atMs: number[] = []
  for (let ms = fromMs; ms < toMs; ms += 100) {
    app.setNow(after(ms))
    const before = calls.length
    await runAll(app, await dueOf(app, ids))
    for (let n = before; n < calls.length; n++) atMs.push(ms)
  }
  return atMs
}

test('a line of messages leaves at the pace of the number, no second is too full, and none is lost', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const { ids } = await aLine(app)
  const first = calls.length

  const atMs = await workUntil(app, ids, 100, 10_000, calls)

  assert.equal(first + atMs.length, GUESTS)
  for (const from of atMs) {
    const inSecond = atMs.filter((ms) => ms >= from && ms < from + 1000).length
    assert.ok(inSecond <= 13, `${inSecond} within a second from ${from} ms`) // ten, and who went a little ahead of its turn
  }
  assert.ok(Math.max(...atMs) <= 9000, `the last left after ${Math.max(...atMs)} ms`)
})

test('an answer to a guest does not wait behind the line of a campaign', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  withProvider(t, [app.deps], () => undefined, BOTH)
  await aLine(app)
  const answer = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await sql`update deliveries set answers_message = 'wamid.asked_in_line' where id = ${answer}`.execute(app.db)

  await run(app, answer)

  const waitMs = (await rowOf(app.db, answer)).nextAttemptAt!.getTime() - Date.parse(NOON)
  assert.ok(waitMs <= 5500, `${waitMs} ms`)
})

test('the e-mail in the place of a message that cannot arrive does not wait behind a campaign of e-mails', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  await aLine(app, { phone: null })
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  const fallback = (await fallbackOf(app.db, deliveryId))!

  const { hasRoom } = app.deps.queues
  app.deps.queues.hasRoom = async () => false
  t.after(async () => void (app.deps.queues.hasRoom = hasRoom))
  const swept = await app.runJob(sweepDeliveries, {})
  await run(app, fallback.id)

  const waitMs = (await rowOf(app.db, fallback.id)).nextAttemptAt!.getTime() - Date.parse(NOON)
  assert.match(String(swept), /^1 urgent enqueued/)
  assert.ok(waitMs <= 5500, `${waitMs} ms`)
})

test('a campaign that is resumed goes on within seconds, not behind the turns it had before', async (t) => {
  const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const { campaignId, ids } = await aLine(app)
  await app.post(`/campaigns/${campaignId}/pause`, { as: 'organizer' })
  app.setNow(after(1000))
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })
  const before = calls.length

  const atMs = await workUntil(app, ids, 1000, 16_000, calls)

  assert.equal(before + atMs.length, GUESTS)
  assert.ok(atMs[0]! <= 6000, `the first left after ${atMs[0]} ms`)
  assert.ok(Math.max(...atMs) <= 14_500, `the last left after ${Math.max(...atMs)} ms`)
})

for (const [what, stop] of [
  ['cancelled', ({ campaignId }: { campaignId: string }) => `/campaigns/${campaignId}/cancel`],
  ['paused with its event', ({ eventId }: { eventId: string }) => `/events/${eventId}/deliveries/pause`],
] as const) {
  test(`nobody waits behind a campaign that was ${what}`, async (t) => {
    const app = await startApp(t, { now: NOON, env: TEN_A_SECOND })
    withProvider(t, [app.deps], () => undefined, BOTH)
    const line = await aLine(app)
    const stopped = await app.post(stop(line), { as: 'organizer' })

    const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
    await run(app, deliveryId)

    assert.equal(stopped.statusCode, 200)
    const waitMs = (await rowOf(app.db, deliveryId)).nextAttemptAt!.getTime() - Date.parse(NOON)
    assert.ok(waitMs <= 5500, `${waitMs} ms`)
  })
}
