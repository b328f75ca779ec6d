import assert from 'node:assert/strict'
import { sweep } from '../../test/deliveries.ts'
import test from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, type MadeGuest } from '../../test/make.ts'
import type { Channel, Outcome } from '../channels/channels.ts'
import { recordStatus, type StatusEvent } from './delivery.ts'
import { deliverInvitation } from './jobs.ts'
import { claimDelivery, type Claimed } from './claiming.ts'
import { settleDelivery } from './settling.ts'

const NOW = '2029-06-01T12:00:00.000Z'

const sendPath = ({ eventId, guestId }: MadeGuest) => `/events/${eventId}/guests/${guestId}/send`

async function requested({ post }: TestApp, guest: MadeGuest, body: object = {}): Promise<string> {
  const reply = await post(sendPath(guest), { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}

const statusOf = async (db: Db, id: string) =>
  (
    await sql<{
      status: string
      reason: string | null
      attempts: number
      possibleDuplicate: boolean
      nextAttemptAt: Date | null
    }>`
      select status, reason, attempts, possible_duplicate, next_attempt_at from deliveries where id = ${id}`.execute(db)
  ).rows[0]!

const enqueuedAt = async (db: Db, id: string) =>
  (await sql<{ enqueuedAt: Date | null }>`select enqueued_at from deliveries where id = ${id}`.execute(db)).rows[0]!
    .enqueuedAt

async function claimed({ deps }: TestApp, deliveryId: string): Promise<Claimed> {
  const claim = await claimDelivery(deps, deliveryId)
  assert.ok(claim.kind === 'go')
  return claim.delivery
}

const settled = ({ deps }: TestApp, delivery: Claimed, outcome: Outcome) =>
  settleDelivery(deps, { delivery, outcome, message: null, isSimulated: true })

const record = ({ db, deps }: TestApp, event: StatusEvent) =>
  withTx(db, (tx) => recordStatus(tx, deps.config, event, deps.now()))

/** Replaces the simulated provider by the test's own until the test ends. */
function withChannel(t: { after(done: () => void): void }, { deps }: TestApp, send: Channel['send']): void {
  const original = deps.channels.whatsapp
  deps.channels.whatsapp = { ...deps.channels.whatsapp, send }
  t.after(() => void (deps.channels.whatsapp = original))
}

test('a request is queued, sent once, and shows its attempt', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)

  const reply = await app.post(sendPath(guest), { as: 'organizer', body: { channel: 'whatsapp' } })
  const outcome = await app.runJob(deliverInvitation, { deliveryId: reply.json().deliveryId })
  const again = await app.runJob(deliverInvitation, { deliveryId: reply.json().deliveryId })

  assert.equal(reply.statusCode, 202)
  const { status, channel, template, eventId, guestId } = reply.json()
  assert.deepEqual(
    { status, channel, template, eventId, guestId },
    {
      status: 'queued',
      channel: 'whatsapp',
      template: 'event_invitation',
      eventId: guest.eventId,
      guestId: guest.guestId,
    },
  )
  assert.deepEqual([outcome, again], ['sent', 'nothing to do'])
  const shown = (await app.get(`/deliveries/${reply.json().deliveryId}`, { as: 'viewer' })).json()
  assert.deepEqual([shown.status, shown.attempts, shown.simulated, shown.attemptLog.length], ['sent', 1, true, 1])
  assert.equal(shown.originRequestId, reply.json().requestId)
})

test('the body may be absent', async (t) => {
  const { post, db } = await startApp(t)

  const reply = await post(sendPath(await anInvitation(db)), { as: 'organizer' })

  assert.equal(reply.statusCode, 202)
})

test('of ten concurrent requests for the same message one is queued and nine are duplicates of it', async (t) => {
  const { post, db } = await startApp(t)
  const guest = await anInvitation(db)

  const replies = await Promise.all(
    Array.from({ length: 10 }, () => post(sendPath(guest), { as: 'organizer', body: {} })),
  )

  const queued = replies.filter(({ statusCode }) => statusCode === 202)
  const duplicates = replies.filter(({ statusCode }) => statusCode === 200)
  assert.deepEqual([queued.length, duplicates.length], [1, 9])
  for (const reply of duplicates)
    assert.deepEqual([reply.json().status, reply.json().duplicateOf], ['duplicate', queued[0]!.json().deliveryId])
})

test('the same message is no duplicate after the window, with force, or with another template', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await requested(app, guest)

  const forced = await app.post(sendPath(guest), { as: 'organizer', body: { force: true } })
  const other = await app.post(sendPath(guest), { as: 'organizer', body: { template: 'event_reminder' } })
  app.setNow('2029-06-02T11:59:59.999Z')
  const inside = await app.post(sendPath(guest), { as: 'organizer' })
  app.setNow('2029-06-02T12:00:00.000Z')
  const after = await app.post(sendPath(guest), { as: 'organizer' })

  assert.deepEqual(
    [forced, other, inside, after].map(({ statusCode }) => statusCode),
    [202, 202, 200, 202],
  )
})

test('a message that failed may be requested again at once', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  withChannel(t, app, async () => ({ kind: 'refused', verdict: 'fail', reason: 'whatsapp_131026', httpStatus: 400 }))
  const first = await requested(app, guest)
  await app.runJob(deliverInvitation, { deliveryId: first })

  const second = await app.post(sendPath(guest), { as: 'organizer' })

  assert.deepEqual([(await statusOf(app.db, first)).status, second.statusCode], ['failed', 202])
})

for (const [what, path, body, status, code] of [
  ['an unknown event', '/events/ev_nowhere/guests/g1/send', {}, 404, 'event_not_found'],
  ['an unknown template', '', { template: 'party_time' }, 404, 'template_not_found'],
  ['a blank variable', '', { variables: { guest_name: '  ' } }, 422, 'template_variable_missing'],
  ['an unknown channel', '', { channel: 'pigeon' }, 400, 'invalid_request'],
  ['an invalid date', '', { scheduledAt: 'mañana' }, 400, 'invalid_request'],
  ['a date years ahead', '', { scheduledAt: '2099-01-01T00:00:00Z' }, 400, 'invalid_date'],
  ['an extra field', '', { chanel: 'email' }, 400, 'invalid_request'],
] as const) {
  test(`${what} is refused and nothing is queued`, async (t) => {
    const { post, db } = await startApp(t)
    const guest = await anInvitation(db)

    const reply = await post(path || sendPath(guest), { as: 'organizer', body })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
    const { rows } = await sql`select 1 from deliveries where event_id = ${guest.eventId}`.execute(db)
    assert.equal(rows.length, 0)
  })
}

test('an unknown guest, a guest without address, an opted-out guest and a closed event have their own codes', async (t) => {
  const { post, db } = await startApp(t)
  const eventId = await anEvent(db)
  const noPhone = await aGuest(db, eventId, { phone: null })
  const noEmail = await aGuest(db, eventId, { email: null })
  const optedOut = await aGuest(db, eventId)
  await sql`insert into opt_outs values ('org_test', ${optedOut.phone}, now())`.execute(db)
  const closed = await anInvitation(db, { event: { status: 'archived' } })

  const replies = [
    await post(`/events/${eventId}/guests/g_nobody/send`, { as: 'organizer' }),
    await post(sendPath(noPhone), { as: 'organizer' }),
    await post(sendPath(noEmail), { as: 'organizer', body: { channel: 'email' } }),
    await post(sendPath(optedOut), { as: 'organizer' }),
    await post(sendPath(closed), { as: 'organizer' }),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [404, 'guest_not_found'],
      [422, 'no_address_for_channel'],
      [422, 'no_address_for_channel'],
      [409, 'guest_opted_out'],
      [409, 'event_closed'],
    ],
  )
})

test('channel auto chooses WhatsApp for a guest with a phone, else e-mail', async (t) => {
  const { post, db } = await startApp(t)
  const both = await anInvitation(db)
  const emailOnly = await anInvitation(db, { phone: null })

  const channels = [both, emailOnly].map((guest) =>
    post(sendPath(guest), { as: 'organizer', body: { channel: 'auto' } }),
  )

  assert.deepEqual(
    (await Promise.all(channels)).map((reply) => reply.json().channel),
    ['whatsapp', 'email'],
  )
})

test("another organizer's guests cannot be written to, and its deliveries cannot be seen", async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })
  const made = await app.post(sendPath(guest), { as: 'director' })

  const send = await app.post(sendPath(guest), { as: 'organizer' })
  const look = await app.get(`/deliveries/${made.json().deliveryId}`, { as: 'organizer' })
  const list = await app.get(`/events/${guest.eventId}/deliveries`, { as: 'organizer' })

  assert.deepEqual([send.statusCode, look.statusCode, list.statusCode], [404, 404, 404])
})

test('staff may not send, nor may anybody without a token', async (t) => {
  const { post, db } = await startApp(t)
  const guest = await anInvitation(db)

  const replies = [await post(sendPath(guest), { as: 'staff' }), await post(sendPath(guest))]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [403, 'forbidden'],
      [401, 'unauthorized'],
    ],
  )
})

test('an Idempotency-Key replays the first answer and refuses another body', async (t) => {
  const { post, db } = await startApp(t)
  const guest = await anInvitation(db)
  const headers = { 'idempotency-key': `key-${guest.guestId}` }

  const first = await post(sendPath(guest), { as: 'organizer', body: { force: true }, headers })
  const second = await post(sendPath(guest), { as: 'organizer', body: { force: true }, headers })
  const other = await post(sendPath(guest), { as: 'organizer', body: { force: false }, headers })

  assert.equal(second.body, first.body)
  assert.deepEqual([second.statusCode, second.headers['idempotent-replayed']], [202, 'true'])
  assert.deepEqual([other.statusCode, other.json().code], [422, 'idempotency_key_reused'])
})

test('a scheduled message waits for its time and is then released', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const reply = await app.post(sendPath(guest), { as: 'organizer', body: { scheduledAt: '2029-06-01T18:00:00Z' } })
  const { deliveryId } = reply.json()

  const early = await app.runJob(deliverInvitation, { deliveryId })
  await sweep(app)
  const before = await enqueuedAt(app.db, deliveryId)
  app.setNow('2029-06-01T18:00:00.000Z')
  await sweep(app)
  const after = await enqueuedAt(app.db, deliveryId)
  const onTime = await app.runJob(deliverInvitation, { deliveryId })

  assert.deepEqual([reply.statusCode, reply.json().status, early, onTime], [202, 'scheduled', 'nothing to do', 'sent'])
  assert.deepEqual([before, after?.toISOString()], [null, '2029-06-01T18:00:00.000Z'])
})

test('a delivery is skipped with its reason when the event closed or the guest opted out meanwhile', async (t) => {
  const app = await startApp(t)
  const [one, two] = [await anInvitation(app.db), await anInvitation(app.db)]
  const [closed, silent] = [await requested(app, one), await requested(app, two)]
  await sql`update events set status = 'archived' where id = ${one.eventId}`.execute(app.db)
  await sql`insert into opt_outs values ('org_test', ${two.phone}, now())`.execute(app.db)

  for (const deliveryId of [closed, silent]) await app.runJob(deliverInvitation, { deliveryId })

  const [first, second] = [await statusOf(app.db, closed), await statusOf(app.db, silent)]
  assert.deepEqual(
    [first.status, first.reason, second.status, second.reason],
    ['skipped', 'event_closed', 'skipped', 'guest_opted_out'],
  )
})

test('when twenty workers claim one delivery the provider is called once', async (t) => {
  const app = await startApp(t)
  let calls = 0
  withChannel(t, app, async ({ deliveryId }) => ({
    kind: 'sent',
    providerMessageId: `wamid.${deliveryId}-${++calls}`,
    httpStatus: 200,
  }))
  const deliveryId = await requested(app, await anInvitation(app.db))

  await Promise.all(Array.from({ length: 20 }, () => app.runJob(deliverInvitation, { deliveryId })))

  assert.equal(calls, 1)
})

test('a transient refusal is retried, and becomes a dead letter when the attempts are spent', async (t) => {
  const app = await startApp(t, { now: NOW, env: { DELIVERY_MAX_ATTEMPTS: '3', QUEUE_BACKOFF_DELAY_MS: '1000' } })
  withChannel(t, app, async () => ({ kind: 'refused', verdict: 'retry', reason: 'whatsapp_131000', httpStatus: 500 }))
  const deliveryId = await requested(app, await anInvitation(app.db))

  const seen = []
  for (let attempt = 1; attempt <= 3; attempt++) {
    await app.runJob(deliverInvitation, { deliveryId })
    const { status, nextAttemptAt } = await statusOf(app.db, deliveryId)
    seen.push(status)
    if (nextAttemptAt) app.setNow(nextAttemptAt.toISOString())
  }

  assert.deepEqual(seen, ['queued', 'queued', 'dead'])
  const { rows } = await sql<{ reason: string; attempts: number }>`
    select code as reason, attempts from dead_letters where kind = 'delivery' and ref_id = ${deliveryId}`.execute(
    app.db,
  )
  assert.deepEqual(rows, [{ reason: 'whatsapp_131000', attempts: 3 }])
})

test('the wait between attempts doubles, and Retry-After is honoured', async (t) => {
  const app = await startApp(t, { now: NOW, env: { QUEUE_BACKOFF_DELAY_MS: '10000' } })
  const outcomes: Outcome[] = [
    { kind: 'refused', verdict: 'retry', reason: 'x', httpStatus: 500 },
    { kind: 'refused', verdict: 'retry', reason: 'x', httpStatus: 500 },
    { kind: 'refused', verdict: 'wait_all', reason: 'x', httpStatus: 429, afterMs: 7000 },
  ]
  withChannel(t, app, async () => outcomes.shift()!)
  const deliveryId = await requested(app, await anInvitation(app.db))

  const waits = []
  for (let attempt = 1; attempt <= 3; attempt++) {
    await app.runJob(deliverInvitation, { deliveryId })
    const { nextAttemptAt } = await statusOf(app.db, deliveryId)
    waits.push(nextAttemptAt!.getTime() - app.deps.now().getTime())
    app.setNow(nextAttemptAt!.toISOString())
  }

  assert.ok(waits[0]! >= 8000 && waits[0]! <= 12_000, `first ${waits[0]}`)
  assert.ok(waits[1]! >= 16_000 && waits[1]! <= 24_000, `second ${waits[1]}`)
  assert.equal(waits[2], 7000)
})

test('a delivery whose worker died is unknown until a status resolves it, and is not sent twice', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await claimDelivery(app.deps, deliveryId) // and dies

  app.setNow('2029-06-01T12:01:00.001Z')
  await sweep(app)
  const lost = await statusOf(app.db, deliveryId)
  await record(app, aStatus('wamid.lost', 'sent', deliveryId))
  const found = await statusOf(app.db, deliveryId)
  app.setNow('2029-06-01T13:00:00.000Z')
  await sweep(app)

  assert.deepEqual([lost.status, lost.reason, found.status], ['unknown', 'lease_expired', 'sent'])
  const end = await statusOf(app.db, deliveryId)
  assert.deepEqual([end.status, end.attempts], ['sent', 1])
})

test('an unknown outcome without a status is retried once as a possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await claimDelivery(app.deps, deliveryId)

  app.setNow('2029-06-01T12:01:00.001Z')
  await sweep(app)
  app.setNow('2029-06-01T12:10:59.000Z')
  await sweep(app)
  const waiting = await statusOf(app.db, deliveryId)
  app.setNow('2029-06-01T12:11:00.001Z')
  await sweep(app)
  const again = await statusOf(app.db, deliveryId)
  const outcome = await app.runJob(deliverInvitation, { deliveryId })

  assert.deepEqual(
    [waiting.status, again.status, again.possibleDuplicate, outcome],
    ['unknown', 'queued', true, 'sent'],
  )
})

test('with the policy review an unknown outcome needs review', async (t) => {
  const app = await startApp(t, { now: NOW, env: { DELIVERY_UNKNOWN_POLICY: 'review' } })
  withChannel(t, app, async () => ({ kind: 'unknown', reason: 'timeout' }))
  const deliveryId = await requested(app, await anInvitation(app.db))
  await app.runJob(deliverInvitation, { deliveryId })

  app.setNow('2029-06-01T12:10:00.001Z')
  await sweep(app)

  const { status, nextAttemptAt } = await statusOf(app.db, deliveryId)
  assert.deepEqual([status, nextAttemptAt], ['unknown', null])
  const { rows } = await sql<{
    reason: string
  }>`select code as reason from dead_letters where ref_id = ${deliveryId}`.execute(app.db)
  assert.deepEqual(rows, [{ reason: 'needs_review' }])
})

test('a late worker whose lease another worker has taken writes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  const zombie = await claimed(app, deliveryId)
  app.setNow('2029-06-01T12:01:00.001Z')
  await sweep(app)
  app.setNow('2029-06-01T12:11:00.002Z')
  await sweep(app)
  await claimDelivery(app.deps, deliveryId)

  const { status } = await settled(app, zombie, { kind: 'refused', verdict: 'fail', reason: 'late', httpStatus: null })

  assert.equal(status, 'lease_lost')
  assert.equal((await statusOf(app.db, deliveryId)).status, 'sending')
})

function aStatus(providerMessageId: string, status: string, ourId: string | null = null) {
  const reason = status === 'failed' ? 'whatsapp_131026' : null
  return { providerMessageId, status, occurredAt: new Date(NOW), reason, pricing: null, simulated: true, ourId }
}

function permutations<T>(items: T[]): T[][] {
  if (items.length <= 1) return [items]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]))
}

/** Every order of every non-empty subset. */
function orders<T>(items: T[]): T[][] {
  return items
    .reduce<T[][]>((sets, item) => [...sets, ...sets.map((set) => [...set, item])], [[]])
    .flatMap((set) => (set.length > 0 ? permutations(set) : []))
}

test('statuses in any of 64 orders end the same: read over delivered over failed over sent', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)

  for (const order of orders(['sent', 'delivered', 'read', 'failed'])) {
    const deliveryId = await requested(app, await aGuest(app.db, eventId))
    await app.runJob(deliverInvitation, { deliveryId })
    const { providerMessageId } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
    await withTx(app.db, async (tx) => {
      for (const status of order)
        await recordStatus(tx, app.deps.config, aStatus(providerMessageId, status), app.deps.now())
    })

    const expected = ['read', 'delivered', 'failed', 'sent'].find((status) => order.includes(status))
    assert.equal((await statusOf(app.db, deliveryId)).status, expected, order.join(' '))
  }
})

test('failed after sent is failed, and a repeated status is one event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await app.runJob(deliverInvitation, { deliveryId })
  const { providerMessageId } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()

  const results = []
  for (const status of ['sent', 'failed', 'failed']) {
    results.push(await record(app, aStatus(providerMessageId, status)))
  }

  assert.deepEqual(results, ['kept', 'applied', 'duplicate'])
  const { status, reason } = await statusOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['failed', 'whatsapp_131026'])
})

test('a status that arrives before our commit is parked and joined', async (t) => {
  const app = await startApp(t, { now: NOW })
  const id = `wamid.early_${Math.random()}`
  withChannel(t, app, async () => {
    const result = await record(app, aStatus(id, 'delivered'))
    assert.equal(result, 'parked')
    return { kind: 'sent', providerMessageId: id, httpStatus: 200 }
  })
  const deliveryId = await requested(app, await anInvitation(app.db))

  await app.runJob(deliverInvitation, { deliveryId })

  assert.equal((await statusOf(app.db, deliveryId)).status, 'delivered')
})

test('the database refuses a delivery that steps back', async (t) => {
  const app = await startApp(t)
  const deliveryId = await requested(app, await anInvitation(app.db))
  await app.runJob(deliverInvitation, { deliveryId })

  const stepBack = sql`update deliveries set status = 'scheduled' where id = ${deliveryId}`.execute(app.db)

  await assert.rejects(stepBack, { constraint: 'deliveries_forward_only' })
})

test('a message is free text inside the 24-hour window and a template outside, decided when the job runs', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const seen: boolean[] = []
  withChannel(t, app, async ({ deliveryId, ...message }) => {
    seen.push(message.channel === 'whatsapp' && message.content.kind !== 'template')
    return { kind: 'sent', providerMessageId: `wamid.${deliveryId}`, httpStatus: 200 }
  })

  for (const lastInboundAt of ['2029-05-31T12:00:00.001Z', '2029-05-31T12:00:00.000Z']) {
    const guest = await aGuest(app.db, eventId)
    await sql`insert into wa_windows values (${guest.phone}, ${lastInboundAt}, ${lastInboundAt})`.execute(app.db)
    await app.runJob(deliverInvitation, { deliveryId: await requested(app, guest) })
  }

  assert.deepEqual(seen, [true, false])
})

test('deliveries of an event are listed by status, newest first', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const [first, second] = [
    await requested(app, await aGuest(app.db, eventId)),
    await requested(app, await aGuest(app.db, eventId)),
  ]
  await app.runJob(deliverInvitation, { deliveryId: first })

  const all = await app.get(`/events/${eventId}/deliveries`, { as: 'viewer' })
  const queued = await app.get(`/events/${eventId}/deliveries?status=queued`, { as: 'viewer' })
  const wrong = await app.get(`/events/${eventId}/deliveries?status=lost`, { as: 'viewer' })

  assert.deepEqual(
    all.json().data.map(({ id }: { id: string }) => id),
    [second, first],
  )
  assert.deepEqual(
    queued.json().data.map(({ id }: { id: string }) => id),
    [second],
  )
  assert.equal(wrong.statusCode, 400)
})

test('no log line contains the phone, the name or the code of a guest', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  await app.runJob(deliverInvitation, { deliveryId: await requested(app, guest) })

  const written = JSON.stringify(app.lines)

  for (const secret of [
    guest.phone!,
    guest.phone!.slice(3),
    guest.code,
    'Ana Prueba',
    `${guest.guestId}@example.com`,
  ]) {
    assert.ok(!written.includes(secret), `the log has ${secret}`)
  }
})

test('a status and a settlement of the same message at the same moment both count, forty times', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  for (let n = 0; n < 40; n++) {
    const deliveryId = await requested(app, await aGuest(app.db, eventId))
    const delivery = await claimed(app, deliveryId)
    const messageId = `wamid.same_moment_${deliveryId}`
    const sent = { kind: 'sent' as const, providerMessageId: messageId, httpStatus: 200 }
    const [after] = await Promise.all([
      settled(app, delivery, sent),
      record(app, aStatus(messageId, 'delivered', deliveryId)),
    ])

    assert.notEqual(after.status, 'lease_lost')
    assert.equal((await statusOf(app.db, deliveryId)).status, 'delivered')
  }
})

test('a status without our id that races with the settlement of its message is joined, forty times', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const ids: string[] = []

  for (let n = 0; n < 40; n++) {
    const deliveryId = await requested(app, await aGuest(app.db, eventId))
    const delivery = await claimed(app, deliveryId)
    const messageId = `wamid.crossed_${deliveryId}`
    await Promise.all([
      settled(app, delivery, { kind: 'sent', providerMessageId: messageId, httpStatus: 200 }),
      record(app, aStatus(messageId, 'delivered', null)),
    ])
    ids.push(deliveryId)
  }
  await sweep(app)

  const { rows } = await sql<{ status: string; n: number }>`
    select status, count(*) as n from deliveries where id = any(${ids}::text[]) group by status`.execute(app.db)
  const parked = await sql`select 1 from delivery_events
    where delivery_id is null and provider_message_id like 'wamid.crossed_%'`.execute(app.db)
  assert.deepEqual([rows, parked.rows], [[{ status: 'delivered', n: 40 }], []])
})

test('a status that arrives while an unknown delivery waits for its retry cancels the retry', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await claimDelivery(app.deps, deliveryId)
  app.setNow('2029-06-01T12:01:00.001Z')
  await sweep(app)
  app.setNow('2029-06-01T12:11:00.002Z')
  await sweep(app)
  assert.equal((await statusOf(app.db, deliveryId)).status, 'queued')

  await record(app, aStatus('wamid.first_arrived', 'delivered', deliveryId))
  const outcome = await app.runJob(deliverInvitation, { deliveryId })

  assert.deepEqual([outcome, (await statusOf(app.db, deliveryId)).status], ['nothing to do', 'delivered'])
})

test('the answer of a slow worker counts if it comes before the next claim', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  const slow = await claimed(app, deliveryId)
  app.setNow('2029-06-01T12:01:00.001Z')
  await sweep(app)
  app.setNow('2029-06-01T12:11:00.002Z')
  await sweep(app)

  const sent = { kind: 'sent' as const, providerMessageId: `wamid.slow_${deliveryId}`, httpStatus: 200 }
  const { status } = await settled(app, slow, sent)
  const again = await app.runJob(deliverInvitation, { deliveryId })

  assert.deepEqual([status, again], ['sent', 'nothing to do'])
})

test('a status of an earlier attempt still counts after a second send', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await sql`insert into delivery_attempts (delivery_id, n, started_at, provider_message_id) values (${deliveryId}, 9, ${NOW}, 'wamid.of_attempt_nine')`.execute(
    app.db,
  )
  await app.runJob(deliverInvitation, { deliveryId })

  const result = await record(app, aStatus('wamid.of_attempt_nine', 'delivered'))

  assert.deepEqual([result, (await statusOf(app.db, deliveryId)).status], ['applied', 'delivered'])
})

test('a status for a delivery that was never sent changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))

  const result = await record(app, aStatus('wamid.never_left', 'read', deliveryId))

  assert.deepEqual([result, (await statusOf(app.db, deliveryId)).status], ['kept', 'queued'])
})

test('the sweep joins a parked status that the webhook and the settlement both missed', async (t) => {
  const app = await startApp(t, { now: NOW })
  const deliveryId = await requested(app, await anInvitation(app.db))
  await app.runJob(deliverInvitation, { deliveryId })
  const { providerMessageId } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  await sql`insert into delivery_events (provider_message_id, status, occurred_at, received_at, reason)
    values (${providerMessageId}, 'failed', ${NOW}, ${NOW}, 'whatsapp_131026')`.execute(app.db)

  await sweep(app)

  assert.equal((await statusOf(app.db, deliveryId)).status, 'failed')
})

test('an attempt that ends after a failed status is not retried, and a delivered one is no dead letter', async (t) => {
  const app = await startApp(t, { now: NOW, env: { DELIVERY_MAX_ATTEMPTS: '1' } })
  const eventId = await anEvent(app.db)
  const states = []
  for (const status of ['failed', 'delivered']) {
    const deliveryId = await requested(app, await aGuest(app.db, eventId))
    const delivery = await claimed(app, deliveryId)
    await record(app, aStatus(`wamid.${status}_${deliveryId}`, status, deliveryId))
    await settled(app, delivery, { kind: 'refused', verdict: 'retry', reason: 'http_503', httpStatus: 503 })
    states.push((await statusOf(app.db, deliveryId)).status)
    const { rows } = await sql`select 1 from dead_letters where ref_id = ${deliveryId}`.execute(app.db)
    assert.equal(rows.length, 0)
  }

  assert.deepEqual(states, ['failed', 'delivered'])
})

test("a provider's answer survives a short database failure", async (t) => {
  const app = await startApp(t)
  const deliveryId = await requested(app, await anInvitation(app.db))
  withChannel(t, app, async () => {
    await sql`alter table delivery_attempts rename to delivery_attempts_away`.execute(app.db)
    setTimeout(() => void sql`alter table delivery_attempts_away rename to delivery_attempts`.execute(app.db), 700)
    return { kind: 'sent', providerMessageId: `wamid.${deliveryId}`, httpStatus: 200 }
  })

  assert.equal(await app.runJob(deliverInvitation, { deliveryId }), 'sent')
})

for (const scheduledAt of ['2030-12-31T10:00:00+05', '2030-12-31T23:59:60Z']) {
  test(`scheduledAt ${scheduledAt} is a bad request`, async (t) => {
    const { post, db } = await startApp(t)

    const reply = await post(sendPath(await anInvitation(db)), { as: 'organizer', body: { scheduledAt } })

    assert.equal(reply.statusCode, 400)
  })
}

test('a null body is refused, an absent one is not', async (t) => {
  const { post, db } = await startApp(t)
  const path = sendPath(await anInvitation(db))
  const headers = { 'content-type': 'application/json' }

  const [nothing, nil] = [
    await post(path, { as: 'organizer' }),
    await post(path, { as: 'organizer', payload: 'null', headers }),
  ]

  assert.deepEqual([nothing.statusCode, nil.statusCode], [202, 400])
})

const OVER = { startsAt: '2029-05-01T00:00:00Z' }
for (const [what, event, body, code] of [
  ['an invitation to an event that is over', OVER, {}, 'event_closed'],
  ['a reminder of an event that is over', OVER, { template: 'event_reminder' }, 'event_closed'],
  ['a pass of an event that is over', OVER, { template: 'rsvp_confirmed' }, 'event_closed'],
  ['an invitation for a time after the event', {}, { scheduledAt: '2030-01-01T06:00:00Z' }, 'event_closed'],
  ['thanks before the event is over', {}, { template: 'event_thanks' }, 'event_not_over'],
  ['a promotion to a guest who stopped them', {}, { fallback: false }, 'marketing_stopped'],
  ['the same as channel auto', {}, { channel: 'auto', fallback: false }, 'marketing_stopped'],
] as const) {
  test(`what could only be skipped is refused and writes nothing: ${what}`, async (t) => {
    const app = await startApp(t, { now: '2029-06-01T18:00:00.000Z' })
    const guest = await anInvitation(app.db, { event })
    await sql`insert into wa_marketing_stops (phone, stopped_at) values (${guest.phone}, now())`.execute(app.db)

    const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body })

    const { rows } = await sql`
      select delivery_id from delivery_slots where guest_id = ${guest.guestId}
      union all select id from deliveries where guest_id = ${guest.guestId}`.execute(app.db)
    assert.deepEqual([reply.statusCode, reply.json().code, rows.length], [409, code, 0])
  })
}

for (const [what, event, body] of [
  ['thanks after the event', OVER, { template: 'event_thanks' }],
  ['thanks for a time after it', {}, { template: 'event_thanks', scheduledAt: '2030-01-01T06:00:00Z' }],
  [
    'news of an event that is over',
    OVER,
    { template: 'event_update', variables: { update_text: 'Se quedó una bufanda.' } },
  ],
  ['a promotion that an e-mail can replace', {}, {}],
  ['a reminder to a guest who stopped promotions', {}, { template: 'event_reminder', fallback: false }],
] as const) {
  test(`a message that can be sent is accepted: ${what}`, async (t) => {
    const app = await startApp(t, { now: '2029-06-01T18:00:00.000Z' })
    const guest = await anInvitation(app.db, { event })
    await sql`insert into wa_marketing_stops (phone, stopped_at) values (${guest.phone}, now())`.execute(app.db)

    const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body })

    assert.equal(reply.statusCode, 202, reply.body)
  })
}
