import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { insertDeadLetter } from '../platform/dead-letters.ts'
import { aCampaign, NOON } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { isSettled, watchCampaign } from './stream.ts'
import { viewCampaign } from './campaigns.ts'
import { triggerCampaigns } from './jobs.ts'

const show = async ({ get }: TestApp, id: string) => (await get(`/campaigns/${id}`, { as: 'viewer' })).json()

/** A campaign to as many guests as there are statuses, its messages in these. */
async function aCampaignOf(app: TestApp, statuses: string[]) {
  const eventId = await anEvent(app.db)
  for (const _ of statuses) await aGuest(app.db, eventId)
  const made = await aCampaign(app, eventId)
  for (const [n, status] of statuses.entries()) await setStatus(app.db, made.ids[n]!, status)
  return { eventId, ...made }
}

/** `needs review`: an unknown outcome that only a person decides. */
async function setStatus(db: Db, id: string, status: string): Promise<void> {
  const isOpen = ['queued', 'scheduled', 'sending', 'unknown'].includes(status)
  const via = ['skipped', 'queued'].includes(status) ? [] : ['sending']
  for (const step of [...via, status === 'needs review' ? 'unknown' : status])
    await sql`
      update deliveries
         set status = ${step},
             next_attempt_at = case when ${isOpen} then next_attempt_at end,
             attempts = 1,
             sent_at = case when ${step} in ('sent', 'delivered', 'read') then ${NOON}::timestamptz end,
             ended_at = case when ${step} in ('failed', 'dead', 'skipped') then ${NOON}::timestamptz end
       where id = ${id}`.execute(db)
}

for (const [statuses, expected] of [
  [['sent'], 'completed'],
  [['delivered', 'read'], 'completed'],
  [['failed', 'dead', 'skipped'], 'completed'],
  [['skipped', 'skipped'], 'completed'],
  [['sent', 'needs review'], 'completed'],
  [['sent', 'queued'], 'running'],
  [['read', 'sending'], 'running'],
  [['read', 'unknown'], 'running'],
] as const) {
  test(`a campaign of messages that are ${statuses.join(' and ')} is ${expected}`, async (t) => {
    const app = await startApp(t, { now: '2029-06-01T17:00:00.000Z' })
    const { eventId, campaignId } = await aCampaignOf(app, [...statuses])

    const campaign = await show(app, campaignId)
    const { data } = (await app.get(`/events/${eventId}/campaigns`, { as: 'viewer' })).json()
    const changes = []
    for (const step of ['pause', 'cancel'])
      changes.push((await app.post(`/campaigns/${campaignId}/${step}`, { as: 'organizer' })).statusCode)

    const isCompleted = expected === 'completed'
    assert.deepEqual([campaign.status, campaign.isDone, data[0].status], [expected, isCompleted, expected])
    const completedAt = statuses.includes('needs review' as never) ? campaign.completedAt : isCompleted ? NOON : null
    assert.equal(campaign.completedAt, completedAt)
    assert.deepEqual(changes, isCompleted ? [409, 409] : [200, 200])
  })
}

test('a fallback that is open keeps its campaign running', async (t) => {
  const app = await startApp(t)
  const { campaignId, ids } = await aCampaignOf(app, ['failed'])
  await sql`
    insert into deliveries (
      id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, next_attempt_at,
      request_id, requested_by, requested_at, campaign_id, fallback_of, updated_at)
    select 'dl_fb_' || id, organizer_id, event_id, guest_id, 'email', template, locale, 'queued', 3, now(),
           request_id, requested_by, now(), campaign_id, id, now()
      from deliveries where id = ${ids[0]}`.execute(app.db)

  const waiting = await show(app, campaignId)
  await setStatus(app.db, `dl_fb_${ids[0]}`, 'sent')
  const sent = await show(app, campaignId)

  assert.deepEqual([waiting.status, waiting.completedAt], ['running', null])
  assert.deepEqual([sent.status, sent.progress.total, sent.progress.sent], ['completed', 1, 1])
})

test('a dead letter that is retried makes its campaign run again', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { campaignId, ids } = await aCampaignOf(app, ['sent', 'dead'])
  await withTx(app.db, (tx) =>
    insertDeadLetter(tx, { kind: 'delivery', refId: ids[1]!, reason: 'attempts_spent', attempts: 1, now: new Date() }),
  )
  const before = await show(app, campaignId)
  const { data } = (await app.get('/ops/dead-letters', { as: 'director' })).json()
  const letter = data.find(({ refId }: { refId: string }) => refId === ids[1])

  const retried = await app.post(`/ops/dead-letters/${letter.id}/retry`, { as: 'director' })

  assert.equal(retried.statusCode, 200, retried.body)
  assert.deepEqual([before.status, (await show(app, campaignId)).status], ['completed', 'running'])
})

test('a campaign that its event triggers without recipients is completed at once', async (t) => {
  const app = await startApp(t, { now: '2029-06-01T18:00:00.000Z' })
  const eventId = await anEvent(app.db, { startsAt: '2029-06-02T00:00:00Z' })
  const body = {
    ...{ template: 'event_reminder', channel: 'auto', filter: { status: ['confirmed'] } },
    schedule: { anchor: 'startsAt', offsetMinutes: -60 },
  }
  const path = `/events/${eventId}/campaigns`
  const { preflightId } = (await app.post(path, { as: 'organizer', body: { ...body, dryRun: true } })).json()
  await app.post(path, { as: 'organizer', body: { ...body, preflightId } })

  app.setNow('2029-06-01T23:00:00.000Z')
  await app.runJob(triggerCampaigns, {})

  const { status, completedAt, progress } = await show(app, preflightId)
  assert.deepEqual([status, completedAt, progress.total], ['completed', '2029-06-01T23:00:00.000Z', 0])
})

const QUICK = { pollMs: 5, heartbeatMs: 60_000, lifeMs: 60_000, quietMs: 60_000 }

/** Reads a stream's events as `name status sent/read/failed`; `react` is called with each. */
async function watch(
  app: TestApp,
  id: string,
  pace: Partial<typeof QUICK>,
  react: (event: string) => Promise<unknown> | undefined = () => undefined,
): Promise<string[]> {
  const events: string[] = []
  const watched = { scope: null, id, requestId: 'req_1', signal: AbortSignal.timeout(5000) }
  for await (const text of watchCampaign(app.deps, watched, { ...QUICK, ...pace })) {
    const [, name, data] = /event: (\w+)\ndata: (.*)/.exec(text)!
    const { status, progress } = JSON.parse(data!)
    events.push(`${name} ${status} ${progress.sent}/${progress.read}/${progress.failed}`)
    await react(events.at(-1)!)
  }
  return events
}

test('a stream says that the campaign is completed, still counts what is read or fails, and ends with the last', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { campaignId, ids } = await aCampaignOf(app, ['sent', 'queued'])

  const events = await watch(app, campaignId, {}, (event) => {
    if (event === 'progress running 1/0/0') return setStatus(app.db, ids[1]!, 'sent')
    if (event === 'done completed 2/0/0')
      return sql`update deliveries set status = 'read' where id = ${ids[0]}`.execute(app.db)
    if (event === 'progress completed 1/1/0')
      return sql`update deliveries set status = 'failed' where id = ${ids[1]}`.execute(app.db)
    return undefined
  })

  assert.deepEqual(events, [
    'progress running 1/0/0',
    'progress completed 2/0/0',
    'done completed 2/0/0',
    'progress completed 1/1/0',
    'progress completed 0/1/1',
  ])
})

test('a stream of a completed campaign ends when it is quiet, and at once 15 minutes later', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { campaignId } = await aCampaignOf(app, ['sent'])

  const startedMs = performance.now()
  const quiet = await watch(app, campaignId, { quietMs: 200 })
  const quietMs = performance.now() - startedMs
  app.setNow('2029-06-01T18:15:00.000Z')
  const late = await watch(app, campaignId, {})

  assert.deepEqual(quiet, ['progress completed 1/0/0', 'done completed 1/0/0'])
  assert.ok(quietMs >= 200 && quietMs < 4000, String(quietMs))
  assert.deepEqual(late, quiet)
})

test('an EventSource that reconnects watches on for 15 minutes, then gets 204', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { campaignId } = await aCampaignOf(app, ['sent'])
  const reconnect = () =>
    app.get(`/campaigns/${campaignId}/stream`, { as: 'viewer', headers: { 'last-event-id': 'done' } })

  const isSettledAt = async (instant: string) =>
    isSettled(await viewCampaign(app.db, null, campaignId), new Date(instant))
  const early = await isSettledAt('2029-06-01T18:14:59.999Z')
  app.setNow('2029-06-01T18:15:00.000Z')
  const late = await reconnect()
  app.setNow(NOON)
  await sql`update deliveries set status = 'read' where campaign_id = ${campaignId}`.execute(app.db)
  const allRead = await reconnect()

  assert.deepEqual([early, late.statusCode, allRead.statusCode], [false, 204, 204])
})
