/** What happens to a message between two tries: its original arrives, its channel is resumed, the night falls. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, withTx } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { pauseChannelByHand } from '../operations/channels.ts'
import { pauseChannel } from '../channels/breaker.ts'
import { resumeChannel } from '../operations/channel-states.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, withProvider } from '../../test/provider.ts'

const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

test('an e-mail whose original arrived gives the slot back, and the campaign counts the guest as reached', async (t) => {
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

test('thanks of an archived event fall back to e-mail too', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  const deliveryId = await requested(app, await aGuest(app.db, eventId), { template: 'event_thanks' })
  await run(app, deliveryId)
  await sql`update events set status = 'archived' where id = ${eventId}`.execute(app.db)

  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))

  assert.equal(await run(app, (await fallbackOf(app.db, deliveryId))!.id), 'sent')
})

/** As a refusal of our account pauses a channel. */
const closeChannel = ({ db, deps }: TestApp, until: string) =>
  withTx(db, (tx) =>
    pauseChannel(tx, {
      ...{ channel: 'whatsapp', until: new Date(until), reason: 'whatsapp_401', needsProbe: true, now: deps.now() },
    }),
  )

test('a paused channel changes no due time, and resuming it lets the messages leave in their order', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { calls } = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  const ids = [
    await requested(app, await aGuest(app.db, eventId), { scheduledAt: after(60_000) }),
    await requested(app, await aGuest(app.db, eventId)),
  ]
  app.setNow(after(60_000))
  await closeChannel(app, after(360_000))
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
  await closeChannel(app, after(300_000))
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

test('what a pause of the evening kept does not ring at four in the morning', async (t) => {
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

test('what WhatsApp took for a promotion is one: a stop of promotions sends it as an e-mail', async (t) => {
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

test('an invitation into an open window is not withheld: it goes free-form', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  await sql`insert into wa_windows values (${guest.phone}, ${NOON}, ${NOON})`.execute(app.db)
  await sql`insert into wa_marketing_stops (phone, withheld_until) values (${guest.phone}, ${after(3_600_000)})`.execute(
    app.db,
  )

  assert.deepEqual([await run(app, await requested(app, guest)), provider.channels()], ['sent', ['whatsapp']])
})

test('a message that changes to e-mail after a day has the whole life of the key before it', async (t) => {
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

test('a probe that is refused for its recipient only shows that the account works', async (t) => {
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
  await closeChannel(app, NOON)
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
