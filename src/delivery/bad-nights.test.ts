/** What goes wrong at night: statuses in the wrong order, deadlocks, pauses that last too long, people who are not our guests. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import type { Outcome } from '../channels/channels.ts'
import { deleteOldRows } from '../operations/housekeeping.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, withProvider } from '../../test/provider.ts'

const lettersOf = async (db: Db, id: string): Promise<number> =>
  (await sql`select 1 from dead_letters where ref_id = ${id} and resolved_at is null`.execute(db)).rows.length

for (const code of [131047, 131000]) {
  test(`a late «sent» of a message that ${code} refused does not keep it from going again`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const provider = withProvider(t, [app.deps])
    const guest = await aGuest(app.db, await anEvent(app.db))
    await sql`insert into wa_windows values (${guest.phone}, ${NOON}, ${NOON})`.execute(app.db)
    const deliveryId = await requested(app, guest)
    await run(app, deliveryId)

    await record(app, aStatus(provider.ids[0]!, 'failed', code))
    await record(app, aStatus(provider.ids[0]!, 'sent'))
    app.setNow('2029-06-01T18:00:30.000Z')
    const outcome = await run(app, deliveryId)

    assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
  })
}

test('a deadlock while turns are given strands nobody: all leave, none is marked as a possible duplicate', async (t) => {
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

test('an account that is refused by statuses is told to a person and does not send the same for ever', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '3' } })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const outcomes: string[] = []
  for (let round = 0; round < 6; round++) {
    app.setNow(new Date(Date.parse(NOON) + round * 400_000).toISOString())
    if ((await run(app, deliveryId)) === 'sent')
      outcomes.push(await record(app, aStatus(provider.ids.at(-1)!, 'failed', 131042)))
  }

  assert.deepEqual([provider.calls.length, outcomes], [3, ['alarmed', 'alarmed', 'alarmed']])
  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason, await lettersOf(app.db, deliveryId)], ['dead', 'whatsapp_131042', 1])
})

test('a message that waited until another took its place is not sent beside it', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps])
  const guest = await aGuest(app.db, await anEvent(app.db))
  const old = await requested(app, guest)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest)

  const first = await run(app, young)
  app.setNow('2029-06-02T18:00:10.000Z')
  const second = await run(app, old)

  assert.deepEqual([first, second, provider.calls.length], ['sent', 'superseded', 1])
  assert.equal((await rowOf(app.db, old)).status, 'skipped')
})

test('of two messages that waited together in a pause of days only the one that was asked for last leaves', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps])
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId)
  await app.post(`/events/${eventId}/deliveries/pause`, { as: 'organizer' })
  const old = await requested(app, guest)
  await run(app, old)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest)
  await run(app, young)
  app.setNow('2029-06-13T18:00:00.000Z')
  await app.runJob(deleteOldRows, {})
  await app.post(`/events/${eventId}/deliveries/resume`, { as: 'organizer' })

  const outcomes = [await run(app, old), await run(app, young)]

  assert.deepEqual([outcomes, provider.calls.length], [['superseded', 'sent'], 1])
})

test('a message that was held while the same was asked for anew, and that one sent, stays unsent days later', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  t.after(() => app.post('/ops/channels/whatsapp/resume', { as: 'director' }).then(() => undefined))
  const guest = await aGuest(app.db, await anEvent(app.db))
  await app.post('/ops/channels/whatsapp/pause', { as: 'director', body: { reason: 'x' } })
  const old = await requested(app, guest)
  await run(app, old)
  app.setNow('2029-06-02T18:00:01.000Z')
  const young = await requested(app, guest, { channel: 'email' })
  const second = await run(app, young)
  app.setNow('2029-06-05T18:00:00.000Z')
  await app.post('/ops/channels/whatsapp/resume', { as: 'director' })

  const first = await run(app, old)

  assert.deepEqual([second, first, provider.channels()], ['sent', 'superseded', ['email']])
})

test('without a window nothing is superseded', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_DEDUPE_WINDOW_MIN: '0' } })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const old = await requested(app, guest)
  app.setNow('2029-06-01T18:00:10.000Z')
  const young = await requested(app, guest)
  app.setNow('2029-06-01T18:00:20.000Z')

  assert.deepEqual([await run(app, old), await run(app, young)], ['sent', 'sent'])
})

test('a message that our own fault keeps from being made has not left, and does not look as if it may have', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: /could not be made/ })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await sql`update deliveries set variables = '{"guest_name": 5}' where id = ${deliveryId}`.execute(app.db)

  const outcome = await run(app, deliveryId)

  const { status, reason, possibleDuplicate } = await rowOf(app.db, deliveryId)
  assert.deepEqual([outcome, provider.calls.length], ['skipped', 0])
  assert.deepEqual([status, reason, possibleDuplicate], ['skipped', 'not_composed', false])
})

test('an account that a status refused while nobody could place it is told to a person by the sweep', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: /refuses our account/ })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  await sql`insert into delivery_events (provider_message_id, status, occurred_at, received_at, reason)
    values (${provider.ids[0]!}, 'failed', ${NOON}, ${NOON}, 'whatsapp_131042')`.execute(app.db)

  await sweep(app)

  assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && /refuses our account/.test(msg)).length, 1)
})

test('a request that loses a deadlock is told to try again, and not that we are broken', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  await sql
    .raw(
      `create function lose_deadlock() returns trigger language plpgsql as $$ begin
        raise exception 'deadlock detected' using errcode = '40P01'; end $$;
      create trigger lose_deadlock before insert on delivery_slots for each row execute function lose_deadlock()`,
    )
    .execute(app.db)
  t.after(() => sql`drop trigger lose_deadlock on delivery_slots`.execute(app.db).then(() => undefined))

  const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer' })

  assert.deepEqual([reply.statusCode, reply.json().code, reply.headers['retry-after']], [503, 'unavailable', '1'])
})

test('a reminder that was scheduled long before is no stand-in for one that was sent meanwhile', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const scheduled = await requested(app, guest, { template: 'event_reminder', scheduledAt: '2029-07-01T18:00:00Z' })
  app.setNow('2029-06-03T18:00:00.000Z')
  const now = await requested(app, guest, { template: 'event_reminder' })

  const first = await run(app, now)
  app.setNow('2029-07-01T18:00:00.000Z')
  const second = await run(app, scheduled)

  assert.deepEqual([first, second], ['sent', 'sent'])
})

test('a cancel while a worker lets a row of a paused campaign go leaves nothing behind', async (t) => {
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

test('guests whose message stopped a campaign are in it again when it is resumed', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isMended = false
  const provider = withProvider(t, [app.deps], () =>
    isMended ? undefined : { kind: 'refused', verdict: 'stop_batch', reason: 'whatsapp_132001', httpStatus: 400 },
  )
  t.after(() => sql`delete from wa_templates`.execute(app.db).then(() => undefined))
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 2; n++) await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)

  await Promise.all(ids.map((id) => run(app, id)))
  const paused = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  isMended = true
  app.setNow('2029-06-01T18:01:00.000Z')
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })
  const outcomes = await Promise.all(ids.map((id) => run(app, id)))

  assert.deepEqual([paused.status, paused.reason, paused.progress.failed], ['paused', 'whatsapp_132001', 0])
  assert.deepEqual([outcomes, provider.calls.length], [['sent', 'sent'], 4])
})

test('one guest whose values WhatsApp does not take stops the others once, and then fails alone', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 3; n++) await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  const provider = withProvider(
    t,
    [app.deps],
    ({ deliveryId, channel }) => (deliveryId === ids[0] && channel === 'whatsapp' ? coded(131009) : undefined),
    BOTH,
  )
  const runAll = async () => {
    const outcomes: unknown[] = []
    for (const id of ids) outcomes.push(await run(app, id))
    return outcomes
  }

  await runAll()
  const { status, reason, explanation } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  app.setNow('2029-06-01T18:01:00.000Z')
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })
  const outcomes = await runAll()

  assert.deepEqual([status, reason], ['paused', 'whatsapp_131009'])
  assert.match(explanation['es-MX'], /un solo invitado/)
  assert.deepEqual(outcomes, ['failed', 'sent', 'sent'])
  const campaign = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  assert.equal(campaign.status, 'running')
  assert.equal((await fallbackOf(app.db, ids[0]!))?.channel, 'email')
  assert.equal(provider.calls.length, 4)
})

test('a message of no campaign that every other would share the refusal of fails at once', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], () => ({
    kind: 'refused',
    verdict: 'stop_batch',
    reason: 'whatsapp_132000',
    httpStatus: 400,
  }))

  const outcome = await run(app, await requested(app, await aGuest(app.db, await anEvent(app.db))))

  assert.equal(outcome, 'failed')
})

test('an e-mail that may have left before its key expired is marked when it leaves again', async (t) => {
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

test('failures between successes do not open the breaker', async (t) => {
  const app = await startApp(t, { now: NOON })
  let n = 0
  withProvider(t, [app.deps], () =>
    n++ % 2 === 0 ? { kind: 'refused', verdict: 'retry', reason: 'whatsapp_131000', httpStatus: 500 } : undefined,
  )
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let i = 0; i < 20; i++) ids.push(await requested(app, await aGuest(app.db, eventId)))

  await Promise.all(ids.map((id) => run(app, id)))

  const { rows } = await sql<{ failures: number; pauses: number }>`
    select failures, (select count(*) from pauses where scope = 'channel') as pauses
      from channel_limits where channel = 'whatsapp'`.execute(app.db)
  assert.equal(rows[0]!.pauses, 0)
  assert.ok(rows[0]!.failures <= 1, `${rows[0]!.failures} in a row`)
})

test('a refusal that came before the call timed out is believed, and the message goes again without a mark', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isFirst = true
  const provider = withProvider(t, [app.deps], () => {
    const outcome: Outcome | undefined = isFirst ? { kind: 'unknown', reason: 'whatsapp_timeout' } : undefined
    isFirst = false
    return outcome
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  const send = app.deps.channels.whatsapp.send
  app.deps.channels.whatsapp.send = async (message) => {
    if (isFirst) await record(app, aStatus('wamid.refused_early', 'failed', 131000, deliveryId))
    return send(message)
  }

  await run(app, deliveryId)
  await sweep(app)
  app.setNow('2029-06-01T18:00:30.000Z')
  const outcome = await run(app, deliveryId)

  assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
  assert.equal((await rowOf(app.db, deliveryId)).possibleDuplicate, false)
})

test('an answer that comes after the message was refused does not bring it back: it stays dead, for a person', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '1' } })
  withProvider(t, [app.deps], async ({ deliveryId }) => {
    await record(app, aStatus(`wamid.slow_${deliveryId}`, 'sent', null, deliveryId))
    await record(app, aStatus(`wamid.slow_${deliveryId}`, 'failed', 131000, deliveryId))
    return { kind: 'sent', providerMessageId: `wamid.slow_${deliveryId}`, httpStatus: 200 }
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const outcome = await run(app, deliveryId)

  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([outcome, status, reason], ['dead', 'dead', 'whatsapp_131000'])
  assert.equal(await lettersOf(app.db, deliveryId), 1)
})

test('an answer that comes after the wait, to a message that was refused since, does not keep it from going again', async (t) => {
  const app = await startApp(t, { now: NOON })
  let answer: (outcome: Outcome) => void = () => {}
  let isTaken = () => {}
  const taken = new Promise<void>((resolve) => (isTaken = resolve))
  const provider = withProvider(t, [app.deps], (_, position) => {
    isTaken()
    return position === 1 ? new Promise<Outcome>((resolve) => (answer = resolve)) : undefined
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  const slow = run(app, deliveryId)
  await taken
  for (const now of ['2029-06-01T18:01:01.000Z', '2029-06-01T18:12:00.000Z']) {
    app.setNow(now)
    await sweep(app)
  }

  await record(app, aStatus('wamid.slow', 'failed', 131000, deliveryId))
  answer({ kind: 'sent', providerMessageId: 'wamid.slow', httpStatus: 200 })
  await slow
  const outcome = await run(app, deliveryId)

  assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
})

test('no e-mail follows while an earlier attempt on WhatsApp may still arrive: a person decides', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [
    { kind: 'unknown', reason: 'whatsapp_timeout' },
    { kind: 'refused', verdict: 'fall_back', reason: 'whatsapp_131049', httpStatus: 400 },
  ]
  withProvider(t, [app.deps], () => outcomes.shift())
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  app.setNow('2029-06-01T18:11:00.000Z')
  await sweep(app)

  const outcome = await run(app, deliveryId)

  const { rows } = await sql`select 1 from deliveries where fallback_of = ${deliveryId}`.execute(app.db)
  assert.deepEqual([outcome, rows.length, await lettersOf(app.db, deliveryId)], ['dead', 0, 1])
})

test('a campaign whose only open message waits for a person is done', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_UNKNOWN_POLICY: 'review' } })
  withProvider(t, [app.deps], () => ({ kind: 'unknown', reason: 'whatsapp_timeout' }))
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  await run(app, ids[0]!)
  app.setNow('2029-06-01T18:11:00.000Z')
  await sweep(app)

  const { progress, isDone } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()

  assert.deepEqual([progress.failed, progress.queued, isDone], [1, 0, true])
})

test('a guest who waits for an answer is served although ten thousand messages wait', async (t) => {
  const app = await startApp(t, { now: NOON })
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

test('the e-mail in the place of a message that failed is enqueued although ten thousand messages wait', async (t) => {
  const app = await startApp(t, { now: NOON })
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
