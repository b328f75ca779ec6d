import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer, type MadeGuest } from '../../test/make.ts'
import { jobOf } from '../inbox/jobs.ts'
import { newId, sql } from '../platform/db.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const INVITATION = { template: 'event_invitation', channel: 'whatsapp', filter: {} }

/** Deletes what other tests sent, because all organizers share the limit. */
async function clean(t: TestContext, env: Record<string, string> = {}): Promise<TestApp> {
  const app = await startApp(t, { now: NOW, env })
  await sql`delete from wa_messaging_limit`.execute(app.db)
  await sql`delete from deliveries`.execute(app.db)
  return app
}

async function report(app: TestApp, eventId: string, body: object = {}) {
  const reply = await app.post(`/events/${eventId}/campaigns`, {
    as: 'organizer',
    body: { ...INVITATION, ...body, dryRun: true },
  })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json()
}

async function aSentMessage(
  { db }: TestApp,
  guest: MadeGuest,
  facts: { at?: string; isSession?: boolean; simulated?: boolean; organizerId?: string } = {},
) {
  const { at = NOW, isSession = false, simulated = false, organizerId = 'org_test' } = facts
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, simulated,
                            session_message, sent_to, sent_at, request_id, requested_by, requested_at, updated_at)
    values (${newId('dl')}, ${organizerId}, ${guest.eventId}, ${guest.guestId}, 'whatsapp', 'event_update', 'es-MX', 'sent', 5,
            ${simulated}, ${isSession}, ${guest.phone}, ${at}, 'req_x', 'usr_x', ${at}, ${at})`.execute(db)
}

/** Stores and processes Meta's webhook. */
async function receiveWebhook(app: TestApp, field: string, value: object, time = 1_875_000_000): Promise<string> {
  const reply = await app.post('/wa/webhook', {
    body: { object: 'whatsapp_business_account', entry: [{ id: '1', time, changes: [{ field, value }] }] },
  })
  assert.equal(reply.statusCode, 200)
  return String(await app.runJob(jobOf('whatsapp'), { inboundEventId: reply.json().eventId }))
}

test('without a webhook or a setting the limit is unknown', async (t) => {
  const app = await clean(t)
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)

  const { messagingLimit, warnings } = await report(app, eventId)

  assert.deepEqual(messagingLimit, {
    ...{ limit: null, isUnlimited: false, source: null, toldAt: null, used: 0, waiting: 0, recipients: 1 },
    ...{ remaining: null, isBeyond: null },
  })
  assert.deepEqual(warnings, [])
})

test('people of all organizers count once in 24 hours, without open windows and simulated messages', async (t) => {
  const app = await clean(t, { WA_MESSAGING_LIMIT: '250' })
  const eventId = await anEvent(app.db)
  const organizerId = await anOrganizer(app.db)
  const theirs = await anEvent(app.db, { organizerId })
  const [twice, old, talking, simulated] = [
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId),
  ]
  await aSentMessage(app, twice)
  await aSentMessage(app, twice, { at: '2029-05-31T18:00:01.000Z' })
  await aSentMessage(app, old, { at: '2029-05-31T18:00:00.000Z' })
  await aSentMessage(app, talking, { isSession: true })
  await aSentMessage(app, simulated, { simulated: true })
  await aSentMessage(app, await aGuest(app.db, theirs), { organizerId })
  await sql`insert into wa_windows values (${talking.phone}, ${NOW}, ${NOW})`.execute(app.db)
  const waiting = await aGuest(app.db, theirs)
  const stranger = { id: 'usr_stranger', role: 'organizer' as const, organizerId }
  await app.post(`/events/${theirs}/guests/${waiting.guestId}/send`, { as: stranger, body: { channel: 'whatsapp' } })

  const { messagingLimit } = await report(app, eventId)

  // used: the repeated number and the other organizer's; recipients: the old and the simulated one, without the open window
  assert.deepEqual(messagingLimit, {
    ...{ limit: 250, isUnlimited: false, source: 'setting', toldAt: null, used: 2, waiting: 1, recipients: 2 },
    ...{ remaining: 247, isBeyond: false },
  })
})

test('a campaign beyond the limit has a warning and may be launched', async (t) => {
  const app = await clean(t, { WA_MESSAGING_LIMIT: '2' })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 3; n++) await aGuest(app.db, eventId)

  const { messagingLimit, warnings, preflightId } = await report(app, eventId)
  const launch = await app.post(`/events/${eventId}/campaigns`, {
    as: 'organizer',
    body: { ...INVITATION, preflightId },
  })

  assert.deepEqual([messagingLimit.remaining, messagingLimit.recipients, messagingLimit.isBeyond], [2, 3, true])
  assert.deepEqual([warnings.length, warnings[0].code], [1, 'beyond_messaging_limit'])
  assert.match(warnings[0].text['es-MX'], /a 2 personas más en 24 horas; esta campaña escribiría a 3/)
  assert.equal(launch.statusCode, 202)
})

test('a campaign scheduled in days uses the limit of that day', async (t) => {
  const app = await clean(t, { WA_MESSAGING_LIMIT: '2' })
  const eventId = await anEvent(app.db)
  await aSentMessage(app, await aGuest(app.db, eventId))
  await aGuest(app.db, eventId)

  const { messagingLimit } = await report(app, eventId, { scheduledAt: '2029-06-03T18:00:00.000Z' })

  assert.deepEqual([messagingLimit.used, messagingLimit.recipients, messagingLimit.remaining], [0, 2, 2])
})

const WEBHOOKS: [string, string, object, number | null, boolean][] = [
  ['a number', 'business_capability_update', { max_daily_conversations_per_business: 2000 }, 2000, false],
  ['a name', 'business_capability_update', { max_daily_conversations_per_business: 'TIER_100K' }, 100_000, false],
  ['no limit', 'business_capability_update', { max_daily_conversations_per_business: -1 }, null, true],
  [
    'no limit by name',
    'business_capability_update',
    { max_daily_conversations_per_business: 'TIER_UNLIMITED' },
    null,
    true,
  ],
  ['the older name', 'business_capability_update', { max_daily_conversation_per_phone: 250 }, 250, false],
  ['a quality update', 'phone_number_quality_update', { event: 'UPGRADE', current_limit: 'TIER_10K' }, 10_000, false],
]
for (const [what, field, value, limit, isUnlimited] of WEBHOOKS) {
  test(`the limit of the webhook overrides the setting: ${what}`, async (t) => {
    const app = await clean(t, { WA_MESSAGING_LIMIT: '7' })
    const eventId = await anEvent(app.db)
    await aGuest(app.db, eventId)

    await receiveWebhook(app, field, value)

    const { messagingLimit } = await report(app, eventId)
    assert.deepEqual(
      [messagingLimit.limit, messagingLimit.isUnlimited, messagingLimit.source],
      [limit, isUnlimited, 'whatsapp'],
    )
    assert.deepEqual([messagingLimit.toldAt, messagingLimit.isBeyond], ['2029-06-01T09:20:00.000Z', false])
  })
}

test('a higher throughput and an unset tier are no messaging limit', async (t) => {
  const app = await clean(t)
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)

  await receiveWebhook(app, 'phone_number_quality_update', {
    event: 'THROUGHPUT_UPGRADE',
    current_limit: 'TIER_UNLIMITED',
  })
  await receiveWebhook(app, 'phone_number_quality_update', { event: 'ONBOARDING', current_limit: 'TIER_NOT_SET' })
  await receiveWebhook(app, 'business_capability_update', { max_phone_numbers_per_business: 25 })

  assert.equal((await report(app, eventId)).messagingLimit.source, null)
})

test('an older webhook does not override a newer limit', async (t) => {
  const app = await clean(t)
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)

  await receiveWebhook(app, 'business_capability_update', { max_daily_conversations_per_business: 2000 }, 1_875_000_002)
  await receiveWebhook(app, 'business_capability_update', { max_daily_conversations_per_business: 250 }, 1_875_000_001)

  assert.equal((await report(app, eventId)).messagingLimit.limit, 2000)
})
