import assert from 'node:assert/strict'
import test from 'node:test'
import { openDeps } from '../deps.ts'
import { sql, type Db } from '../platform/db.ts'
import { ORGANIZER_ID, startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { triggerCampaign, listAwaited } from './trigger.ts'
import { instantOf, latestOf, type EventSchedule } from './schedule.ts'
import { deliverInvitation, releaseDeliveries } from '../delivery/jobs.ts'
import { triggerCampaigns } from './jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z' // noon in Mexico City
const EVENT = { startsAt: '2029-06-10T02:00:00Z', endsAt: '2029-06-10T08:00:00Z' } // Saturday the 9th, 20:00 there
const THREE_DAYS_BEFORE: EventSchedule = { anchor: 'startsAt', offsetDays: -3, localTime: '10:00' }
const DUE = '2029-06-06T16:00:00.000Z'
const REMINDER = {
  template: 'event_reminder',
  channel: 'whatsapp',
  filter: { status: ['pending'] },
  schedule: THREE_DAYS_BEFORE,
}

const at = (startsAt: string, timeZone: string, schedule: EventSchedule) =>
  instantOf(schedule, { startsAt: new Date(startsAt), endsAt: new Date(startsAt), timeZone }).toISOString()

for (const [what, timeZone, startsAt, schedule, expected] of [
  [
    'days count from the local day of the event, not the UTC day',
    'America/Mexico_City',
    EVENT.startsAt,
    THREE_DAYS_BEFORE,
    DUE,
  ],
  [
    'ten in the morning stays ten across a clock change',
    'America/Tijuana',
    '2029-03-13T03:00:00Z', // Monday 12 March 20:00, after the clocks went forward on the 11th
    THREE_DAYS_BEFORE,
    '2029-03-09T18:00:00.000Z',
  ],
  [
    'a skipped local time moves an hour later',
    'America/Tijuana',
    '2029-03-13T03:00:00Z',
    { anchor: 'startsAt', offsetDays: -1, localTime: '02:30' },
    '2029-03-11T10:30:00.000Z',
  ],
  [
    'a local time that occurs twice is the first one',
    'America/Tijuana',
    '2029-11-05T04:00:00Z', // Sunday 4 November 20:00; the clocks went back that morning
    { anchor: 'startsAt', offsetDays: 0, localTime: '01:30' },
    '2029-11-04T08:30:00.000Z',
  ],
  [
    'the same local time in another zone is another instant',
    'Europe/Madrid',
    EVENT.startsAt, // Sunday the 10th, 04:00 there
    THREE_DAYS_BEFORE,
    '2029-06-07T08:00:00.000Z',
  ],
  [
    'minutes are elapsed minutes, even across a clock change',
    'America/Tijuana',
    '2029-03-11T16:00:00Z',
    { anchor: 'startsAt', offsetMinutes: -1440 },
    '2029-03-10T16:00:00.000Z',
  ],
  [
    'minutes after the end',
    'America/Mexico_City',
    EVENT.endsAt,
    { anchor: 'endsAt', offsetMinutes: 90 },
    '2029-06-10T09:30:00.000Z',
  ],
] as const) {
  test(`schedule: ${what}`, () => {
    assert.equal(at(startsAt, timeZone, schedule), expected)
  })
}

test('a missed campaign is caught up within a day, but not after the start if it was due before', () => {
  const event = { startsAt: new Date(EVENT.startsAt), endsAt: new Date(EVENT.endsAt), timeZone: 'UTC' }

  assert.equal(latestOf(new Date(DUE), event).toISOString(), '2029-06-07T16:00:00.000Z')
  assert.equal(latestOf(new Date('2029-06-10T00:00:00Z'), event).toISOString(), '2029-06-10T02:00:00.000Z')
  assert.equal(latestOf(new Date('2029-06-10T09:00:00Z'), event).toISOString(), '2029-06-11T09:00:00.000Z')
})

const post = ({ post: send }: TestApp, eventId: string, body: object) =>
  send(`/events/${eventId}/campaigns`, { as: 'organizer', body })

/** Runs a preflight, launches it and returns the campaign id. */
async function launched(app: TestApp, eventId: string, body: object = REMINDER): Promise<string> {
  const preflight = await post(app, eventId, { ...body, dryRun: true })
  assert.equal(preflight.statusCode, 200, preflight.body)
  const reply = await post(app, eventId, { ...body, preflightId: preflight.json().preflightId })
  assert.deepEqual([reply.statusCode, reply.json().status, reply.json().total], [202, 'scheduled', 0], reply.body)
  return reply.json().campaignId
}
const show = async ({ get }: TestApp, id: string) => (await get(`/campaigns/${id}`, { as: 'viewer' })).json()
const move = async ({ patch }: TestApp, eventId: string, body: object) =>
  assert.equal((await patch(`/events/${eventId}`, { as: 'organizer', body })).statusCode, 200)
const guestsOf = async (db: Db, campaignId: string) =>
  (
    await sql<{
      guestId: string
    }>`select guest_id from deliveries where campaign_id = ${campaignId} order by guest_id`.execute(db)
  ).rows.map(({ guestId }) => guestId)

test('a preflight shows the time and the current recipients; the launch freezes none and returns the time', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { answer: 'yes' })

  const report = (await post(app, eventId, { ...REMINDER, dryRun: true })).json()
  const body = { ...REMINDER, preflightId: report.preflightId }
  const replies = [await post(app, eventId, body), await post(app, eventId, body)]

  assert.deepEqual([report.scheduledAt, report.counts.valid], [DUE, 1])
  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().status, reply.json().scheduledAt, reply.json().total]),
    [
      [202, 'scheduled', DUE, 0],
      [200, 'scheduled', DUE, 0],
    ],
  )
  const campaign = await show(app, report.preflightId)
  assert.deepEqual(
    [
      campaign.status,
      campaign.schedule,
      campaign.scheduledAt,
      campaign.isDone,
      campaign.progress.total,
      campaign.triggeredAt,
    ],
    ['scheduled', THREE_DAYS_BEFORE, DUE, false, 0, null],
  )
})

test('a message sent today is no duplicate of a reminder in five days', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  const { guestId } = await aGuest(app.db, eventId)
  await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: { template: 'event_reminder' } })

  const later = (await post(app, eventId, { ...REMINDER, dryRun: true })).json()
  const { schedule: _, ...atOnce } = REMINDER
  const now = (await post(app, eventId, { ...atOnce, dryRun: true })).json()

  const rowsOf = async ({ preflightId }: { preflightId: string }) =>
    (await app.get(`/events/${eventId}/campaigns/preflights/${preflightId}/exclusions.csv`, { as: 'organizer' })).body
      .trim()
      .split('\r\n').length - 1
  assert.deepEqual([later.counts.duplicate, now.counts.duplicate], [0, 1])
  assert.deepEqual([await rowsOf(later), await rowsOf(now)], [0, 1])
})

test('the trigger freezes guests who have not answered by then; a guest added later gets nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  const silent = await aGuest(app.db, eventId)
  const answers = await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  const joins = await aGuest(app.db, eventId)
  await sql`update invitations set answer = 'yes' where id = ${answers.invitationId}`.execute(app.db)

  app.setNow('2029-06-06T15:59:59.999Z')
  await app.runJob(triggerCampaigns, {})
  const before = await show(app, id)
  app.setNow('2029-06-06T16:00:01.000Z')
  await app.runJob(triggerCampaigns, {})
  await aGuest(app.db, eventId)
  app.setNow('2029-06-06T18:00:00.000Z')
  await app.runJob(triggerCampaigns, {})

  assert.equal(before.status, 'scheduled')
  assert.deepEqual(await guestsOf(app.db, id), [silent.guestId, joins.guestId].toSorted())
  const campaign = await show(app, id)
  assert.deepEqual(
    [campaign.status, campaign.scheduledAt, campaign.triggeredAt, campaign.progress.total, campaign.isDone],
    ['running', DUE, '2029-06-06T16:00:01.000Z', 2, false],
  )
})

test('triggered messages are due at once, are released, and are sent once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  app.setNow('2029-06-06T16:00:01.000Z')
  await app.runJob(triggerCampaigns, {})
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')

  await app.runJob(releaseDeliveries, {})
  const { rows } = await sql<{ id: string; enqueuedAt: Date | null }>`
    select id, enqueued_at from deliveries where campaign_id = ${id}`.execute(app.db)
  for (let n = 0; n < 3; n++) await app.runJob(deliverInvitation, { deliveryId: rows[0]!.id })

  assert.deepEqual([rows.length, rows[0]!.enqueuedAt], [1, new Date('2029-06-06T16:00:01.000Z')])
  assert.equal(send.mock.callCount(), 1)
  assert.equal((await show(app, id)).isDone, true)
})

test('of eight concurrent triggers in two processes one succeeds', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  for (let n = 0; n < 20; n++) await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  app.setNow('2029-06-06T16:00:01.000Z')
  const other = openDeps(app.deps.config, app.deps.log, {
    databaseUrl: app.deps.config.database.url!,
    now: app.deps.now,
  })
  t.after(() => other.close())

  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, n) => triggerCampaign(n % 2 === 0 ? app.deps : other, id)),
  )

  assert.deepEqual(outcomes.map(({ outcome }) => outcome).toSorted(), [
    ...Array<string>(7).fill('nothing'),
    'triggered',
  ])
  assert.equal((await guestsOf(app.db, id)).length, 20)
})

for (const [what, change, expected] of [
  ['later', { startsAt: '2029-06-17T02:00:00Z', endsAt: '2029-06-17T08:00:00Z' }, '2029-06-13T16:00:00.000Z'],
  ['earlier', { startsAt: '2029-06-08T02:00:00Z', endsAt: '2029-06-08T08:00:00Z' }, '2029-06-04T16:00:00.000Z'],
  ['to another zone', { timeZone: 'America/Tijuana' }, '2029-06-06T17:00:00.000Z'],
] as const) {
  test(`moving an event ${what} moves its campaign, and nothing is sent at the old time`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db, EVENT)
    const { guestId } = await aGuest(app.db, eventId)
    const id = await launched(app, eventId)

    await move(app, eventId, change)
    await app.runJob(triggerCampaigns, {})
    const moved = await show(app, id)
    app.setNow(new Date(new Date(expected).getTime() - 1).toISOString())
    await app.runJob(triggerCampaigns, {})
    const early = await guestsOf(app.db, id)
    app.setNow(expected)
    await app.runJob(triggerCampaigns, {})

    assert.deepEqual([moved.status, moved.scheduledAt], ['scheduled', expected])
    assert.deepEqual([early, await guestsOf(app.db, id)], [[], [guestId]])
  })
}

test('an event that moves at the time of the trigger is sent at its new time', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  app.setNow('2029-06-06T16:00:00.000Z')
  const due = await listAwaited(app.db, app.deps.now(), 1000)

  await move(app, eventId, { startsAt: '2029-06-17T02:00:00Z', endsAt: '2029-06-17T08:00:00Z' })
  const { outcome } = await triggerCampaign(app.deps, id)

  assert.ok(due.includes(id))
  assert.deepEqual([outcome, await guestsOf(app.db, id)], ['moved', []])
})

test('a campaign is missed when its event moves past its time, and is scheduled again when the event moves back', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  const { guestId } = await aGuest(app.db, eventId)
  const id = await launched(app, eventId)

  await move(app, eventId, { startsAt: '2029-06-03T02:00:00Z', endsAt: '2029-06-03T08:00:00Z' })
  await checkEventStamp(app, eventId)
  await app.runJob(triggerCampaigns, {})
  const missed = await show(app, id)
  const awaitedAgain = await listAwaited(app.db, app.deps.now(), 1000)
  await move(app, eventId, EVENT)
  await app.runJob(triggerCampaigns, {})
  const revived = await show(app, id)
  app.setNow(DUE)
  await app.runJob(triggerCampaigns, {})

  assert.deepEqual(
    [missed.status, missed.reason, missed.scheduledAt, missed.isDone],
    ['missed', 'event_moved', '2029-05-30T16:00:00.000Z', true],
  )
  assert.ok(!awaitedAgain.includes(id), 'it is not listed every second')
  assert.deepEqual([revived.status, revived.reason, revived.scheduledAt], ['scheduled', null, DUE])
  assert.deepEqual(await guestsOf(app.db, id), [guestId])
})

/** Checks that the patch stamped the event with the test's clock. */
const checkEventStamp = async ({ db }: TestApp, eventId: string) => {
  const { rows } = await sql<{ updatedAt: Date }>`select updated_at from events where id = ${eventId}`.execute(db)
  assert.equal(rows[0]!.updatedAt.toISOString(), NOW)
}

for (const [what, event, schedule, wokeAt, status, reason] of [
  ['of less than a day catches up once', EVENT, THREE_DAYS_BEFORE, '2029-06-07T15:59:59.000Z', 'running', null],
  ['of a day misses the campaign', EVENT, THREE_DAYS_BEFORE, '2029-06-07T16:00:00.000Z', 'missed', 'too_late'],
  [
    'until the event starts misses the campaign',
    EVENT,
    { anchor: 'startsAt', offsetMinutes: -60 },
    '2029-06-10T02:00:00.000Z',
    'missed',
    'too_late',
  ],
] as const) {
  test(`a trigger after an outage ${what}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db, event)
    await aGuest(app.db, eventId)
    const id = await launched(app, eventId, { ...REMINDER, schedule })

    app.setNow(wokeAt)
    await app.runJob(triggerCampaigns, {})
    await app.runJob(triggerCampaigns, {})

    const campaign = await show(app, id)
    assert.deepEqual([campaign.status, campaign.reason], [status, reason])
    assert.equal((await guestsOf(app.db, id)).length, status === 'running' ? 1 : 0)
    const warned = app.lines.some(({ level, campaignId }) => level === 'warn' && campaignId === id)
    assert.equal(warned, status === 'missed')
  })
}

for (const [what, minutes, expected, sent] of [
  ['is sent when WhatsApp ends the pause', 180, ['running', null], 1],
  ['is missed for that reason after a day', 24 * 60, ['missed', 'template_not_approved'], 0],
] as const) {
  test(`a campaign whose template is paused at its time waits, and ${what}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db, EVENT)
    await aGuest(app.db, eventId)
    const id = await launched(app, eventId, REMINDER)
    await sql`insert into wa_templates (name, language, status, synced_at) values ('event_reminder', 'es_MX', 'PAUSED', ${NOW})
      on conflict (name, language) do update set status = 'PAUSED'`.execute(app.db)
    t.after(() => sql`delete from wa_templates`.execute(app.db))
    const dueMs = Date.parse('2029-06-06T16:00:00.000Z')
    const later = (ms: number) => app.setNow(new Date(dueMs + ms).toISOString())

    for (const ms of [0, 1000, 61_000]) {
      later(ms)
      await app.runJob(triggerCampaigns, {})
    }
    const waiting = await show(app, id)
    if (sent > 0) await sql`update wa_templates set status = 'APPROVED'`.execute(app.db)
    later(minutes * 60_000)
    await app.runJob(triggerCampaigns, {})

    const campaign = await show(app, id)
    assert.deepEqual([waiting.status, waiting.reason], ['scheduled', 'template_not_approved'])
    assert.deepEqual([campaign.status, campaign.reason], expected)
    assert.equal((await guestsOf(app.db, id)).length, sent)
    const warnings = app.lines.filter(({ msg }) => msg.startsWith('A campaign is due but its template cannot be sent'))
    assert.equal(warnings.length, 1)
  })
}

test('repeating the launch after the trigger returns the same campaign', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  const { preflightId } = (await post(app, eventId, { ...REMINDER, dryRun: true })).json()
  const first = await post(app, eventId, { ...REMINDER, preflightId })
  app.setNow('2029-06-06T16:00:00.000Z')
  await app.runJob(triggerCampaigns, {})

  const again = await post(app, eventId, { ...REMINDER, preflightId })

  assert.deepEqual([first.json().campaignId, again.json().campaignId], [preflightId, preflightId])
  assert.deepEqual([again.statusCode, again.json().status], [200, 'running'])
})

test('two concurrent launches of the same schedule are one campaign, also from two preflights', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  const preflights = await Promise.all([1, 2, 3].map(() => post(app, eventId, { ...REMINDER, dryRun: true })))
  const launch = (n: number) => post(app, eventId, { ...REMINDER, preflightId: preflights[n]!.json().preflightId })

  const atOnce = await Promise.all([launch(0), launch(1)])
  const last = await launch(2)
  const later = await launched(app, eventId, { ...REMINDER, schedule: { ...THREE_DAYS_BEFORE, offsetDays: -1 } })

  const replies = [...atOnce, last]
  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [200, 200, 202])
  const ids = new Set(replies.map((reply) => reply.json().campaignId))
  assert.deepEqual([ids.size, last.json().status, last.json().scheduledAt], [1, 'scheduled', DUE])
  const { data } = (await app.get(`/events/${eventId}/campaigns`, { as: 'viewer' })).json()
  assert.deepEqual(new Set(data.map(({ id }: { id: string }) => id)), new Set([...ids, later]))
})

test('thanks are sent after the event was archived; a reminder is missed then', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  const { guestId } = await aGuest(app.db, eventId)
  const schedule = { anchor: 'endsAt', offsetDays: 1, localTime: '11:00' }
  const thanks = await launched(app, eventId, { ...REMINDER, template: 'event_thanks', filter: {}, schedule })
  const update = await launched(app, eventId, {
    ...{ ...REMINDER, template: 'event_update', schedule },
    variables: { update_text: 'El lunes hay fotos' },
  })
  await sql`update events set status = 'archived' where id = ${eventId}`.execute(app.db)

  app.setNow('2029-06-11T17:00:00.000Z')
  await app.runJob(triggerCampaigns, {})
  const { rows } = await sql<{ id: string }>`select id from deliveries where campaign_id = ${thanks}`.execute(app.db)
  await app.runJob(deliverInvitation, { deliveryId: rows[0]!.id })

  const { rows: sent } = await sql<{ guestId: string; status: string }>`
    select guest_id, status from deliveries where campaign_id = ${thanks}`.execute(app.db)
  assert.deepEqual(sent, [{ guestId, status: 'sent' }])
  const late = await show(app, update)
  assert.deepEqual([late.status, late.reason], ['missed', 'event_closed'])
})

test('a scheduled campaign can be cancelled but not paused, and is not triggered after that', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  await aGuest(app.db, eventId)
  const id = await launched(app, eventId)

  const paused = await app.post(`/campaigns/${id}/pause`, { as: 'organizer' })
  const cancelled = await app.post(`/campaigns/${id}/cancel`, { as: 'organizer' })
  app.setNow(DUE)
  await app.runJob(triggerCampaigns, {})

  assert.deepEqual([paused.statusCode, paused.json().code], [409, 'campaign_not_running'])
  assert.deepEqual([cancelled.statusCode, cancelled.json().status], [200, 'cancelled'])
  assert.deepEqual([(await show(app, id)).status, await guestsOf(app.db, id)], ['cancelled', []])
})

test('a concurrent cancellation and trigger leave no message to send', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  for (let n = 0; n < 10; n++) await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  app.setNow(DUE)

  const [cancelled] = await Promise.all([
    app.post(`/campaigns/${id}/cancel`, { as: 'organizer' }),
    triggerCampaign(app.deps, id),
  ])

  assert.equal(cancelled.statusCode, 200)
  const { rows } = await sql`
    select 1 from deliveries where campaign_id = ${id} and status <> 'skipped'`.execute(app.db)
  assert.deepEqual([(await show(app, id)).status, rows.length], ['cancelled', 0])
})

for (const [what, body, status, code] of [
  ['that has passed', { ...REMINDER, schedule: { ...THREE_DAYS_BEFORE, offsetDays: -9 } }, 400, 'invalid_date'],
  ['together with an instant', { ...REMINDER, scheduledAt: '2029-06-05T00:00:00Z' }, 400, 'invalid_request'],
  [
    'with both days and minutes',
    { ...REMINDER, schedule: { ...THREE_DAYS_BEFORE, offsetMinutes: 5 } },
    400,
    'invalid_request',
  ],
  [
    'with an invalid time',
    { ...REMINDER, schedule: { ...THREE_DAYS_BEFORE, localTime: '24:00' } },
    400,
    'invalid_request',
  ],
  [
    'with an unknown anchor',
    { ...REMINDER, schedule: { ...THREE_DAYS_BEFORE, anchor: 'createdAt' } },
    400,
    'invalid_request',
  ],
] as const) {
  test(`a schedule ${what} is refused`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db, EVENT)

    const reply = await post(app, eventId, { ...body, dryRun: true })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code], reply.body)
  })
}

test('a launch needs a preflight with the same schedule, and is refused if a variable is missing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, EVENT)
  const { preflightId } = (await post(app, eventId, { ...REMINDER, dryRun: true })).json()
  const lacking = { ...REMINDER, template: 'event_update' }
  const second = (await post(app, eventId, { ...lacking, dryRun: true })).json()

  const other = await post(app, eventId, {
    ...{ ...REMINDER, preflightId },
    schedule: { ...THREE_DAYS_BEFORE, localTime: '10:30' },
  })
  const missing = await post(app, eventId, { ...lacking, preflightId: second.preflightId })

  assert.deepEqual([other.statusCode, other.json().code], [409, 'preflight_mismatch'])
  assert.deepEqual([missing.statusCode, missing.json().code], [422, 'template_variable_missing'])
})

test("another organizer's event cannot be scheduled, and its campaign is not visible", async (t) => {
  const app = await startApp(t, { now: NOW })
  const stranger = { id: 'usr_else', role: 'organizer' as const, organizerId: await anOrganizer(app.db) }
  const eventId = await anEvent(app.db, { ...EVENT, organizerId: ORGANIZER_ID })
  const id = await launched(app, eventId)

  const foreign = await app.post(`/events/${eventId}/campaigns`, { as: stranger, body: { ...REMINDER, dryRun: true } })
  const seen = await app.get(`/campaigns/${id}`, { as: stranger })
  const staff = await app.post(`/events/${eventId}/campaigns`, { as: 'staff', body: { ...REMINDER, dryRun: true } })

  assert.deepEqual([foreign.statusCode, seen.statusCode, staff.statusCode], [404, 404, 403])
})
