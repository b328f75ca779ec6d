/** Decisions that are made when a job runs, not when the message was requested. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, withTx } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { listDue, take } from './claiming-sql.ts'
import type { Outcome } from '../channels/channels.ts'
import { pauseChannelByHand } from '../operations/channels.ts'
import { pauseChannel } from '../channels/breaker.ts'
import { resumeChannel } from '../operations/channel-states.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, withProvider } from '../../test/provider.ts'

const NIGHT = '2029-06-02T05:30:00.000Z' // 23:30 in Mexico City
const env = { DELIVERY_QUIET_HOURS: '22:00-09:00' }
const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

test('a fallback whose original was delivered returns the slot, and the campaign counts the guest as delivered', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db))
  const { campaignId, ids } = await aCampaign(app, guest.eventId)
  await run(app, ids[0]!)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  await record(app, aStatus(provider.ids[0]!, 'delivered'))

  assert.equal(await run(app, (await fallbackOf(app.db, ids[0]!))!.id), 'original_delivered')

  const again = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body: {} })
  const seen = await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })
  assert.equal(again.json().status, 'duplicate')
  assert.deepEqual([seen.json().progress.delivered, seen.json().progress.skipped], [1, 0])
})

test('a thank-you message of an archived event falls back to e-mail', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db, { startsAt: '2029-06-01T00:00:00Z' })
  const deliveryId = await requested(app, await aGuest(app.db, eventId), { template: 'event_thanks' })
  await run(app, deliveryId)
  await sql`update events set status = 'archived' where id = ${eventId}`.execute(app.db)

  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))

  assert.equal(await run(app, (await fallbackOf(app.db, deliveryId))!.id), 'sent')
})

/** Pauses the channel as a refusal of our account does. */
const pauseForAccount = ({ db, deps }: TestApp, until: string) =>
  withTx(db, (tx) =>
    pauseChannel(tx, {
      ...{ channel: 'whatsapp', until: new Date(until), reason: 'whatsapp_401', needsProbe: true, now: deps.now() },
    }),
  )

test('a paused channel changes no due time, and resuming it sends the messages in order', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  const ids = [
    await requested(app, await aGuest(app.db, eventId), { scheduledAt: after(60_000) }),
    await requested(app, await aGuest(app.db, eventId)),
  ]
  app.setNow(after(60_000))
  await pauseForAccount(app, after(360_000))
  const waits = [await run(app, ids[0]!), await run(app, ids[1]!)]
  const before = await Promise.all(ids.map(async (id) => (await rowOf(app.db, id)).nextAttemptAt!.toISOString()))

  await resumeChannel(app.deps, 'whatsapp')
  for (const id of ids) await run(app, id)

  assert.deepEqual(waits, ['channel_paused', 'channel_paused'])
  assert.deepEqual(before, [after(60_000), NOON])
  assert.equal(calls.length, 2)
})

test('resuming a channel and a settlement that locks its messages do not deadlock', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 2; n++) await aGuest(app.db, eventId)
  const { ids } = await aCampaign(app, eventId)
  await pauseForAccount(app, after(300_000))
  for (const id of ids) await run(app, id)

  let resumed: Promise<void> | undefined
  await withTx(app.db, async (tx) => {
    await sql`select id from deliveries where id = any(${ids}::text[]) order by id for update`.execute(tx)
    resumed = resumeChannel(app.deps, 'whatsapp')
    await sleep(200)
    await sql`update channel_limits set updated_at = ${NOON} where channel = 'whatsapp'`.execute(tx)
  })

  await resumed
})

test('a message whose pause ends at four in the morning waits for the end of the quiet hours', async (t) => {
  const app = await startApp(t, { now: '2029-06-02T04:30:00.000Z' })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const id = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  const pause = { channel: 'whatsapp', reason: 'x', by: 'usr', until: '2029-06-02T10:00:00Z' } as const
  await pauseChannelByHand(app.deps, pause)
  const paused = await run(app, id)
  app.setNow('2029-06-02T10:00:01.000Z')
  await sweep(app)

  assert.deepEqual([paused, await run(app, id), provider.calls.length], ['channel_paused', 'quiet_hours', 0])
})

test('a message that WhatsApp categorizes as marketing goes by e-mail to a guest who stopped promotions', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db))
  const body = { template: 'event_update', variables: { update_text: 'Cambió la hora.' } }
  const id = await requested(app, guest, body)
  await sql`insert into wa_marketing_stops (phone, stopped_at) values (${guest.phone}, ${NOON})`.execute(app.db)
  await sql`insert into wa_templates (name, language, status, category, synced_at)
    values ('event_update', 'es_MX', 'APPROVED', 'marketing', ${NOON})
    on conflict (name, language) do update set category = 'marketing'`.execute(app.db)
  t.after(() => sql`delete from wa_templates where name = 'event_update'`.execute(app.db))

  await run(app, id)

  assert.deepEqual(provider.channels(), ['email'])
})

test('an invitation into an open window is sent as free-form text although promotions are withheld', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  await sql`insert into wa_windows values (${guest.phone}, ${NOON}, ${NOON})`.execute(app.db)
  await sql`insert into wa_marketing_stops (phone, withheld_until) values (${guest.phone}, ${after(3_600_000)})`.execute(
    app.db,
  )

  assert.deepEqual([await run(app, await requested(app, guest)), provider.channels()], ['sent', ['whatsapp']])
})

test('a message that changes to e-mail after a day may be retried for the whole life of its idempotency key', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(
    t,
    [app.deps],
    ({ channel }) =>
      channel === 'email' ? { kind: 'refused', verdict: 'retry', reason: 'email_500', httpStatus: 500 } : coded(131049),
    BOTH,
  )
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  const id = await requested(app, guest)
  await run(app, id)
  await sql`update guests set email = 'later@example.com' where event_id = ${guest.eventId} and id = ${guest.guestId}`.execute(
    app.db,
  )
  await sql`update wa_marketing_stops set stopped_at = ${NOON} where phone = ${guest.phone}`.execute(app.db)
  app.setNow(after(25 * 3_600_000))

  await run(app, id)

  const { status, channel } = await rowOf(app.db, id)
  assert.deepEqual([provider.channels(), status, channel], [['whatsapp', 'email'], 'queued', 'email'])
})

test('a probe refused because of its recipient closes the circuit', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isFirst = true
  const provider = withProvider(
    t,
    [app.deps],
    () => {
      if (!isFirst) return undefined
      isFirst = false
      return coded(131026)
    },
    BOTH,
  )
  const eventId = await anEvent(app.db)
  await pauseForAccount(app, NOON)
  const ids = [
    await requested(app, await aGuest(app.db, eventId, { email: null })),
    await requested(app, await aGuest(app.db, eventId, { email: null })),
    await requested(app, await aGuest(app.db, eventId, { email: null })),
  ]
  await run(app, ids[0]!)
  app.setNow(after(16_000))

  await run(app, ids[1]!)
  await run(app, ids[2]!)

  assert.equal(provider.calls.length, 3)
})

test('a deadlock while tokens are taken is retried: every message is sent and none is a possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps])
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))
  await sql
    .raw(
      `create sequence once_a_night;
    create function fail_once() returns trigger language plpgsql as $$ begin
      if nextval('once_a_night') = 1 then raise exception 'deadlock detected' using errcode = '40P01'; end if; return new; end $$;
    create trigger fail_once before update on channel_limits for each row execute function fail_once()`,
    )
    .execute(app.db)
  t.after(() => sql`drop trigger fail_once on channel_limits`.execute(app.db).then(() => undefined))

  const outcomes = await Promise.all(ids.map((id) => run(app, id)))

  assert.deepEqual([outcomes, provider.calls.length], [['sent', 'sent', 'sent'], 3])
  for (const id of ids) assert.equal((await rowOf(app.db, id)).possibleDuplicate, false)
})

test('a cancel that races with a claim in a paused campaign leaves no message queued', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  const [deliveryId] = ids
  await app.post(`/campaigns/${campaignId}/pause`, { as: 'organizer' })
  await sql`update deliveries set next_attempt_at = ${NOON} where id = ${deliveryId!}`.execute(app.db) // a retry settled after the pause

  let claimed: Promise<unknown> = Promise.resolve()
  await withTx(app.db, async (tx) => {
    // The statements of a cancel, with the worker between them.
    await sql`update campaigns set status = 'cancelled' where id = ${campaignId}`.execute(tx)
    claimed = run(app, deliveryId!)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await sql`update deliveries set status = 'skipped', reason = 'campaign_cancelled', next_attempt_at = null
               where campaign_id = ${campaignId} and status in ('queued', 'scheduled')`.execute(tx)
  })
  await claimed
  await run(app, deliveryId!)

  const { progress, isDone } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  assert.deepEqual([(await rowOf(app.db, deliveryId!)).status, progress.queued, isDone], ['skipped', 0, true])
})

test('an e-mail retried after its idempotency key expired is marked as a possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [{ kind: 'unknown', reason: 'email_timeout' }]
  withProvider(t, [app.deps], () => outcomes.shift(), ['email'])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)), { channel: 'email' })
  await run(app, deliveryId)
  app.setNow('2029-06-01T18:11:00.000Z')
  await sweep(app)

  app.setNow('2029-06-02T19:00:05.000Z') // the queue was away for a day
  const outcome = await run(app, deliveryId)

  assert.deepEqual([outcome, (await rowOf(app.db, deliveryId)).possibleDuplicate], ['sent', true])
})

test('a campaign message that is still queued at night waits for the morning; a single send requested at night is sent', async (t) => {
  const app = await startApp(t, { now: NOON, env })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const body = { template: 'event_invitation', channel: 'auto', filter: {} }
  const path = `/events/${eventId}/campaigns`
  const { preflightId } = (await app.post(path, { as: 'organizer', body: { ...body, dryRun: true } })).json()
  const launch = await app.post(path, { as: 'organizer', body: { ...body, preflightId } })
  const { rows } = await sql<{ id: string }>`select id from deliveries where campaign_id = ${preflightId}`.execute(
    app.db,
  )

  app.setNow(NIGHT)
  const single = await requested(app, await aGuest(app.db, eventId))
  const atNight = [await run(app, rows[0]!.id), await run(app, single)]
  const { waitingFor, attempts, nextAttemptAt } = await rowOf(app.db, rows[0]!.id)
  app.setNow('2029-06-02T15:00:00.000Z')
  const inTheMorning = await run(app, rows[0]!.id)

  assert.equal(launch.statusCode, 202)
  assert.deepEqual([atNight, inTheMorning], [['quiet_hours', 'sent'], 'sent'])
  assert.deepEqual([waitingFor, attempts, nextAttemptAt?.toISOString()], ['quiet_hours', 0, '2029-06-02T15:00:00.000Z'])
})

for (const [template, body, expected] of [
  ['event_invitation', {}, 'event_over'],
  ['event_reminder', {}, 'event_over'],
  ['event_thanks', { scheduledAt: '2029-06-01T20:00:00Z' }, 'sent'],
  ['event_update', { variables: { update_text: 'Se quedó una bufanda.' } }, 'sent'],
] as const) {
  test(`${template} claimed after the end of the event: ${expected}`, async (t) => {
    const app = await startApp(t, { now: NOON, env })
    const eventId = await anEvent(app.db, { startsAt: '2029-06-01T19:00:00Z', endsAt: '2029-06-01T20:00:00Z' })
    const deliveryId = await requested(app, await aGuest(app.db, eventId), { template, ...body })

    app.setNow('2029-06-01T20:00:00.000Z')
    const outcome = await run(app, deliveryId)

    const { status, reason, attempts } = await rowOf(app.db, deliveryId)
    assert.equal(outcome, expected)
    assert.deepEqual([status, reason, attempts], expected === 'sent' ? ['sent', null, 1] : ['skipped', 'event_over', 0])
  })
}

test('thanks of an event that was moved after their request wait for its end', async (t) => {
  const app = await startApp(t, { now: NOON, env })
  const eventId = await anEvent(app.db, { startsAt: '2029-06-01T10:00:00Z', endsAt: '2029-06-01T17:00:00Z' })
  const guest = await aGuest(app.db, eventId)
  const deliveryId = await requested(app, guest, { template: 'event_thanks', scheduledAt: '2029-06-01T19:00:00Z' })
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { endsAt: '2029-06-01T20:00:00Z' } })

  app.setNow('2029-06-01T19:00:00.000Z')
  const early = await run(app, deliveryId)
  const shown = (await app.get(`/deliveries/${deliveryId}`, { as: 'viewer' })).json()
  app.setNow('2029-06-01T20:00:00.000Z')
  const inTime = await run(app, deliveryId)

  assert.deepEqual([early, inTime], ['event_not_over', 'sent'])
  assert.deepEqual([shown.waitingFor, shown.nextAttemptAt], ['event_not_over', '2029-06-01T20:00:00.000Z'])
  assert.match(shown.explanation.en, /not over yet/)
})

test('a message claimed just before the end of the event is sent', async (t) => {
  const app = await startApp(t, { now: NOON, env })
  const eventId = await anEvent(app.db, { startsAt: '2029-06-01T19:00:00Z', endsAt: '2029-06-01T20:00:00Z' })
  const deliveryId = await requested(app, await aGuest(app.db, eventId))

  app.setNow('2029-06-01T19:59:59.999Z')

  assert.equal(await run(app, deliveryId), 'sent')
})

test('a message that was judged before its event was cancelled is not taken', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const id = await requested(app, guest)
  const at = app.deps.now()
  const lease = { token: randomUUID(), now: at, until: at, windowFloor: at, dedupeWindowMs: 0, emailKeyFloor: at }
  const [candidate] = await listDue(app.db, [id], lease)

  // Only the event: as if the message had come between the two statements of the cancellation.
  await sql`update events set status = 'cancelled', cancelled_at = now() where id = ${guest.eventId}`.execute(app.db)
  const taken = await take(app.db, [candidate!], lease)

  assert.deepEqual([...taken], [])
  assert.equal(await run(app, id), 'event_cancelled')
})
