import assert from 'node:assert/strict'
import test from 'node:test'
import { createAccount } from '../auth/auth.ts'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { pauseChannel } from '../channels/breaker.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { insertDeadJob } from '../platform/dead-letters.ts'
import { processEmailEvent } from '../inbox/jobs.ts'
import { backends, startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer, type MadeGuest } from '../../test/make.ts'

const NOW = '2029-06-01T12:00:00.000Z'

type DeadFacts = {
  status?: string
  reason?: string
  nextAttemptAt?: string | null
  channel?: string
  attempts?: number
}

/** Inserts a dead delivery with its open letter. */
async function aDeadDelivery(
  db: Db,
  guest: MadeGuest,
  facts: DeadFacts = {},
): Promise<{ id: string; letterId: string }> {
  const id = newId('dl')
  const { status = 'dead', reason = 'attempts_spent', attempts = 5, channel = 'whatsapp' } = facts
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, reason, attempts,
      attempts_max, next_attempt_at, request_id, requested_by, requested_at, ended_at, updated_at)
    select ${id}, organizer_id, id, ${guest.guestId}, ${channel}, 'event_invitation', 'es-MX', ${status}, ${reason}, ${attempts},
      5, ${facts.nextAttemptAt ?? null}, 'req_test', 'usr_test', ${NOW}, ${NOW}, ${NOW} from events where id = ${guest.eventId}`.execute(
    db,
  )
  return { id, letterId: await aLetter(db, 'delivery', id, reason) }
}

async function aLetter(db: Db, kind: string, refId: string, reason = 'attempts_spent'): Promise<string> {
  const { rows } = await sql<{
    id: number
  }>`insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at)
    values (${kind}, ${refId}, ${reason}, 5, ${NOW}, ${NOW}) returning id`.execute(db)
  return String(rows[0]!.id)
}

type Row = {
  status: string
  reason: string | null
  attempts: number
  attemptsMax: number
  replays: number
  nextAttemptAt: Date | null
  possibleDuplicate: boolean
}
const rowOf = async (db: Db, id: string) =>
  (
    await sql<Row>`select status, reason, attempts, attempts_max, replays, next_attempt_at, possible_duplicate
      from deliveries where id = ${id}`.execute(db)
  ).rows[0]!
const letterOf = async (db: Db, id: string) =>
  (
    await sql<{ resolvedBy: string | null; resolution: string | null }>`
      select resolved_by, resolution from dead_letters where id = ${id}::bigint`.execute(db)
  ).rows[0]!
const slotOwnerOf = async (db: Db, { eventId, guestId }: MadeGuest) =>
  (
    await sql<{ deliveryId: string }>`select delivery_id from delivery_slots
      where event_id = ${eventId} and guest_id = ${guestId}`.execute(db)
  ).rows[0]?.deliveryId
const retry = ({ post }: TestApp, letterId: string) => post(`/ops/dead-letters/${letterId}/retry`, { as: 'director' })
const retryAll = ({ post }: TestApp, filter: object, limit = 1000) =>
  post('/ops/dead-letters/retry', { as: 'director', body: { filter, limit } })

test('a retried delivery is due at once, gets new attempts and takes its slot again', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const { id, letterId } = await aDeadDelivery(app.db, guest)

  const reply = await retry(app, letterId)

  assert.deepEqual([reply.statusCode, reply.json().outcome], [200, 'retried'])
  assert.deepEqual(await rowOf(app.db, id), {
    status: 'queued',
    reason: 'replayed',
    attempts: 5,
    attemptsMax: 5 + app.deps.config.delivery.attemptsMax,
    replays: 1,
    nextAttemptAt: new Date(NOW),
    possibleDuplicate: false,
  })
  assert.equal(await slotOwnerOf(app.db, guest), id)
  assert.deepEqual(await letterOf(app.db, letterId), { resolvedBy: 'usr_test_director', resolution: 'retried' })
  const again = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'director' })
  assert.deepEqual([again.json().status, again.json().duplicateOf], ['duplicate', id])
})

for (const [what, facts, outcome, status] of [
  ['an unknown outcome that needs review', { status: 'unknown', reason: 'needs_review' }, 'retried', 'queued'],
  ['a failed delivery', { status: 'failed', reason: 'whatsapp_131026' }, 'retried', 'queued'],
  ['one whose status has arrived', { status: 'delivered' }, 'arrived', 'delivered'],
  ['one that was sent after all', { status: 'sent' }, 'arrived', 'sent'],
  ['one that is already queued', { status: 'queued', nextAttemptAt: NOW }, 'moved', 'queued'],
  ['an unknown outcome that still waits for a status', { status: 'unknown', nextAttemptAt: NOW }, 'moved', 'unknown'],
  ['one that was skipped', { status: 'skipped' }, 'moved', 'skipped'],
] as const) {
  test(`a retry of ${what} is ${outcome}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const { id, letterId } = await aDeadDelivery(app.db, await aGuest(app.db, await anEvent(app.db)), facts)

    const reply = await retry(app, letterId)

    assert.equal(reply.json().outcome, outcome)
    assert.deepEqual(
      [(await rowOf(app.db, id)).status, (await letterOf(app.db, letterId)).resolution],
      [status, outcome],
    )
  })
}

test('a replay after an unknown attempt is marked as a possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const unknown = await aDeadDelivery(app.db, await aGuest(app.db, eventId), { status: 'unknown' })
  const dead = await aDeadDelivery(app.db, await aGuest(app.db, eventId))
  await sql`insert into delivery_attempts (delivery_id, n, started_at, outcome) values (${dead.id}, 1, ${NOW}, 'unknown')`.execute(
    app.db,
  )

  await retryAll(app, { eventId })

  assert.ok((await rowOf(app.db, unknown.id)).possibleDuplicate)
  assert.ok((await rowOf(app.db, dead.id)).possibleDuplicate)
})

test('a dead delivery whose message was requested again is superseded and stays dead', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const { id, letterId } = await aDeadDelivery(app.db, guest)
  const { deliveryId } = (
    await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'director' })
  ).json()

  const reply = await retry(app, letterId)

  assert.deepEqual([reply.json().outcome, (await rowOf(app.db, id)).status], ['superseded', 'dead'])
  assert.equal(await slotOwnerOf(app.db, guest), deliveryId)
})

test('of two dead deliveries of one message only the later one is retried', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const first = await aDeadDelivery(app.db, guest)
  const second = await aDeadDelivery(app.db, guest)

  const reply = await retryAll(app, { eventId: guest.eventId })

  assert.deepEqual(reply.json().outcomes, { retried: 1, superseded: 1 })
  assert.deepEqual(
    [(await rowOf(app.db, first.id)).status, (await rowOf(app.db, second.id)).status],
    ['dead', 'queued'],
  )
})

test('the later of two dead deliveries is the one requested later, whatever its id', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const later = await aDeadDelivery(app.db, guest)
  const earlier = await aDeadDelivery(app.db, guest)
  await sql`update deliveries set requested_at = requested_at - interval '1 hour' where id = ${earlier.id}`.execute(
    app.db,
  )

  await retryAll(app, { eventId: guest.eventId })

  assert.ok(later.id < earlier.id)
  assert.deepEqual(
    [(await rowOf(app.db, earlier.id)).status, (await rowOf(app.db, later.id)).status],
    ['dead', 'queued'],
  )
})

test('a replay of 500 dead letters, 200 of them delivered, sends 300, and a second replay sends none', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await sql`insert into guests (event_id, id, name, phone, party_size, locale)
    select ${eventId}, 'g_' || n, 'Ana Prueba', '+52' || (5510000000 + n), 1, 'es-MX' from generate_series(1, 500) n`.execute(
    app.db,
  )
  await sql`insert into invitations (id, event_id, guest_id, code, answer, places)
    select ${eventId} || n, ${eventId}, 'g_' || n, ${eventId} || '-' || n, 'pending', 1 from generate_series(1, 500) n`.execute(
    app.db,
  )
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts, attempts_max,
      request_id, requested_by, requested_at, updated_at)
    select ${eventId} || '-d' || n, organizer_id, id, 'g_' || n, 'whatsapp', 'event_invitation', 'es-MX', 'dead', 5, 5, 'req_test',
      'usr_test', ${NOW}, ${NOW} from events, generate_series(1, 500) n where id = ${eventId}`.execute(app.db)
  await sql`insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at)
    select 'delivery', id, 'attempts_spent', 5, ${NOW}, ${NOW} from deliveries where event_id = ${eventId}`.execute(
    app.db,
  )
  await sql`update deliveries set status = 'delivered' where event_id = ${eventId}
    and split_part(id, '-d', 2)::integer <= 200`.execute(app.db)

  const replies = await Promise.all([retryAll(app, { eventId }), retryAll(app, { eventId })])
  const due = await sql<{ id: string }>`
    select id from deliveries where event_id = ${eventId} and status = 'queued'`.execute(app.db)
  const send = t.mock.method(app.deps.channels.whatsapp, 'send')
  await Promise.all(due.rows.map(({ id }) => app.runJob(deliverInvitation, { deliveryId: id })))
  const third = await retryAll(app, { eventId })

  const sums = replies.map((reply) => reply.json())
  assert.equal(sums[0].retried + sums[1].retried, 300, 'two concurrent replays retry each letter once')
  assert.deepEqual([sums[0].remaining, sums[1].remaining, send.mock.callCount()], [0, 0, 300])
  assert.deepEqual([third.json().retried, third.json().skipped, third.json().remaining], [0, 0, 0])
  const { rows } = await sql<{ status: string; n: number }>`select status, count(*) as n from deliveries
    where event_id = ${eventId} group by 1 order by 1`.execute(app.db)
  assert.deepEqual(rows, [
    { status: 'delivered', n: 200 },
    { status: 'sent', n: 300 },
  ])
})

test('a retry takes only the letters that match the filter, up to the limit', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db, newId('org'))
  const eventId = await anEvent(app.db, { organizerId })
  for (const channel of ['whatsapp', 'whatsapp', 'email'] as const)
    await aDeadDelivery(app.db, await aGuest(app.db, eventId), { channel })
  const other = await aDeadDelivery(app.db, await aGuest(app.db, await anEvent(app.db)))

  const limited = await retryAll(app, { organizerId, channel: 'whatsapp', kind: 'delivery' }, 1)
  const none = await retryAll(app, { organizerId, reason: 'something_else' })
  const rest = await retryAll(app, { organizerId })

  assert.deepEqual([limited.json().retried, limited.json().remaining], [1, 1])
  assert.deepEqual([none.json().retried, none.json().remaining], [0, 0])
  assert.deepEqual([rest.json().retried, rest.json().remaining], [2, 0])
  assert.equal((await rowOf(app.db, other.id)).status, 'dead')
})

test('a letter whose guest was deleted is resolved as gone', async (t) => {
  const app = await startApp(t, { now: NOW })
  const letterId = await aLetter(app.db, 'delivery', newId('dl'))

  const reply = await retry(app, letterId)

  assert.deepEqual([reply.json().outcome, (await letterOf(app.db, letterId)).resolution], ['gone', 'gone'])
})

test('a retried webhook is processed again, with its attempts reset', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId: id } = (
    await app.post('/email/webhook', { body: { type: 'contact.created', data: { note: newId('n') } } })
  ).json()
  await sql`update inbound_events set status = 'dead', attempts = 8, next_attempt_at = null where id = ${id}`.execute(
    app.db,
  )
  const letterId = await aLetter(app.db, 'inbound_event', id)

  const reply = await retry(app, letterId)
  await app.runJob(processEmailEvent, { inboundEventId: id })

  const { rows } = await sql`select status, attempts from inbound_events where id = ${id}`.execute(app.db)
  assert.deepEqual([reply.json().outcome, rows], ['retried', [{ status: 'ignored', attempts: 1 }]])
})

test('a retried job is enqueued with the data in its letter', async (t) => {
  const app = await startApp(t, { now: NOW })
  const data = { deliveryId: newId('dl') }
  await insertDeadJob(app.db, { name: 'deliver-invitation', data, attempts: 3, reason: 'x' }, new Date(NOW))
  const { data: letters } = (await app.get('/ops/dead-letters?kind=job', { as: 'director' })).json()
  const letter = letters.find(({ refId }: { refId: string }) => refId.includes(data.deliveryId))

  const reply = await retry(app, letter.id)

  const queue = app.deps.queues.list().find(({ name }) => name === 'deliveryQueue')!
  const job = await queue.getJob(`deliver-invitation-again-${letter.id}`)
  assert.deepEqual([reply.json().outcome, job?.data], ['retried', data])
  await job?.remove()
})

for (const [what, refId] of [
  ['of an unknown job', 'no-such-job:{}'],
  ['whose data was cut', 'deliver-invitation:{"deliveryId":"dl_'],
  ['whose data does not fit the job', 'deliver-invitation:{"other":1}'],
] as const) {
  test(`a letter ${what} cannot be retried, stays open, and can be discarded`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const letterId = await aLetter(app.db, 'job', refId)

    const single = await retry(app, letterId)
    const bulk = await retryAll(app, { kind: 'job' })
    const discarded = await app.post(`/ops/dead-letters/${letterId}/discard`, { as: 'director' })

    assert.deepEqual([single.statusCode, single.json().code], [409, 'dead_letter_not_replayable'])
    assert.deepEqual([bulk.json().retried, bulk.json().skipped, bulk.json().remaining], [0, 1, 1])
    assert.deepEqual([discarded.statusCode, discarded.json().outcome], [200, 'discarded'])
    assert.deepEqual(await letterOf(app.db, letterId), { resolvedBy: 'usr_test_director', resolution: 'discarded' })
  })
}

test('the list shows open letters with their subject, newest first, in pages, and resolved ones on request', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const made = []
  for (let n = 0; n < 3; n++) made.push(await aDeadDelivery(app.db, await aGuest(app.db, eventId)))
  const list = async (query: string) =>
    (await app.get(`/ops/dead-letters?eventId=${eventId}${query}`, { as: 'director' })).json()

  const first = await list('&limit=2')
  const second = await list(`&limit=2&cursor=${first.page.nextCursor}`)
  await retry(app, made[0]!.letterId)
  const resolved = await list('&resolved=true')

  const ids = [...first.data, ...second.data].map(({ refId }: { refId: string }) => refId)
  assert.deepEqual(ids, made.map(({ id }) => id).toReversed())
  const { delivery, kind, reason, explanation } = first.data[0]
  assert.match(explanation['es-MX'], /intentos/)
  assert.deepEqual(
    [kind, reason, delivery.eventId, delivery.channel, delivery.template, delivery.status, delivery.attempts],
    ['delivery', 'attempts_spent', eventId, 'whatsapp', 'event_invitation', 'dead', 5],
  )
  assert.deepEqual(
    resolved.data.map(({ refId, resolution }: { refId: string; resolution: string }) => [refId, resolution]),
    [[made[0]!.id, 'retried']],
  )
})

test('a discard by filter resolves letters and sends nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const { id } = await aDeadDelivery(app.db, await aGuest(app.db, eventId))
  await aDeadDelivery(app.db, await aGuest(app.db, eventId))

  const reply = await app.post('/ops/dead-letters/discard', { as: 'director', body: { filter: { eventId } } })

  assert.deepEqual([reply.statusCode, reply.json().discarded, (await rowOf(app.db, id)).status], [200, 2, 'dead'])
})

const REFUSED: [string, ['GET' | 'POST', string, object?], number, string][] = [
  ['a retry of no letter', ['POST', '/ops/dead-letters/999999999/retry'], 404, 'dead_letter_not_found'],
  ['a retry of a malformed id', ['POST', '/ops/dead-letters/x/retry'], 400, 'invalid_request'],
  ['a discard of no letter', ['POST', '/ops/dead-letters/999999999/discard'], 404, 'dead_letter_not_found'],
  [
    'a retry by an unknown field',
    ['POST', '/ops/dead-letters/retry', { filter: { phone: 'x' } }],
    400,
    'invalid_request',
  ],
  ['a discard of everything', ['POST', '/ops/dead-letters/discard', { filter: {} }], 400, 'invalid_request'],
  ['a list by an unknown kind', ['GET', '/ops/dead-letters?kind=x'], 400, 'invalid_request'],
  [
    'a list with a cursor of another list',
    ['GET', `/ops/dead-letters?cursor=${foreignCursor()}`],
    400,
    'invalid_cursor',
  ],
  ['resuming no channel', ['POST', '/ops/channels/sms/resume'], 400, 'invalid_request'],
]
for (const [what, [method, url, body], status, code] of REFUSED) {
  test(`${what} is ${status} ${code}`, async (t) => {
    const app = await startApp(t)
    const options = { as: 'director' as const, ...(body ? { body } : {}) }
    const reply = await (method === 'GET' ? app.get : app.post)(url, options)

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
  })
}

function foreignCursor(): string {
  return Buffer.from(JSON.stringify([NOW, 'dl_1'])).toString('base64url')
}

test('a letter is retried or discarded only once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { letterId } = await aDeadDelivery(app.db, await aGuest(app.db, await anEvent(app.db)))

  const replies = await Promise.all([retry(app, letterId), retry(app, letterId), retry(app, letterId)])
  const late = await app.post(`/ops/dead-letters/${letterId}/discard`, { as: 'director' })

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [200, 409, 409])
  assert.deepEqual([late.statusCode, late.json().code], [409, 'dead_letter_resolved'])
})

test('the list of channels shows an open circuit, and resuming closes it without changing what is due', async (t) => {
  const app = await startApp(t, { now: NOW })
  const until = '2029-06-01T12:05:00.000Z'
  const reason = 'whatsapp_131042'
  const guest = await aGuest(app.db, await anEvent(app.db))
  const { id } = await aDeadDelivery(app.db, guest, { status: 'queued', nextAttemptAt: until })
  const pause = { channel: 'whatsapp', until: new Date(until), reason, needsProbe: true, now: new Date(NOW) } as const
  await withTx(app.db, (tx) => pauseChannel(tx, pause))
  await sql`update channel_limits set failures = 3 where channel = 'whatsapp'`.execute(app.db)

  const before = (await app.get('/ops/channels', { as: 'director' })).json()
  const resumed = await app.post('/ops/channels/whatsapp/resume', { as: 'director' })

  const of = (body: { channels: { channel: string }[] }) => body.channels.find(({ channel }) => channel === 'whatsapp')
  const { due, waiting, ...paused } = of(before) as unknown as { due: number; waiting: number }
  const facts = { channel: 'whatsapp', simulated: true, pause: null }
  assert.deepEqual(paused, { ...facts, circuit: 'open', pausedUntil: until, pauseReason: reason, failures: 3 })
  const closed = { ...facts, circuit: 'closed', pausedUntil: null, pauseReason: null, failures: 0 }
  assert.deepEqual(of(resumed.json()), { ...closed, due, waiting })
  assert.deepEqual((await rowOf(app.db, id)).nextAttemptAt, new Date(until))
})

const basic = (email: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`,
})
async function anAccount(db: Db, role: string, organizerId: string | null) {
  return createAccount({ db }, { email: `${newId('u')}@example.com`, name: 'Prueba', role, organizerId })
}

test('the board takes HTTP Basic from a director, challenges without credentials, and refuses others', async (t) => {
  const { app, db } = await startApp(t)
  const director = await anAccount(db, 'director', null)
  const viewer = await anAccount(db, 'viewer', await anOrganizer(db))
  const open = (headers: Record<string, string>) => app.inject({ method: 'GET', url: '/ops/queues', headers })

  const right = await open(basic(director.email, director.password))
  const [nothing, wrong, other] = [
    await open({}),
    await open(basic(director.email, 'x')),
    await open(basic(viewer.email, viewer.password)),
  ]

  assert.deepEqual([right.statusCode, right.headers['content-type']], [200, 'text/html; charset=utf-8'])
  assert.match(right.body, /<base href="\/ops\/queues\/"/)
  assert.doesNotMatch(right.body, /https:|<%/)
  assert.match(String(right.headers['content-security-policy']), /script-src 'self';/)
  assert.deepEqual([nothing.statusCode, wrong.statusCode, other.statusCode], [401, 401, 403])
  assert.match(String(nothing.headers['www-authenticate']), /^Bearer .*,Basic realm=/)
})

test('only the board takes HTTP Basic, and guessing passwords there is rate limited', async (t) => {
  const { app, db } = await startApp(t)
  const director = await anAccount(db, 'director', null)

  const elsewhere = await app.inject({ url: '/ops/dead-letters', headers: basic(director.email, director.password) })
  const guesses = []
  for (let n = 0; n < 11; n++)
    guesses.push((await app.inject({ url: '/ops/queues', headers: basic(director.email, `guess${n}`) })).statusCode)

  assert.deepEqual([elsewhere.statusCode, elsewhere.headers['www-authenticate']], [401, 'Bearer realm="monotickets"'])
  assert.deepEqual([guesses.slice(0, 10).every((status) => status === 401), guesses[10]], [true, 429])
})

test('frequent requests of the board do not use up the rate limit of logins', async (t) => {
  const { app, db } = await startApp(t)
  const director = await anAccount(db, 'director', null)

  const statuses = new Set<number>()
  for (let n = 0; n < 15; n++)
    statuses.add(
      (await app.inject({ url: '/ops/queues/api/queues', headers: basic(director.email, director.password) }))
        .statusCode,
    )

  assert.deepEqual([...statuses], [200])
})

for (const backend of backends) {
  test(`the board shows every queue and changes nothing (${backend})`, async (t) => {
    const { app, get, deps } = await startApp(t, { backend })
    const data = { deliveryId: newId('dl') }
    await deps.queues.enqueue(deliverInvitation, data, { id: `board-${data.deliveryId}` })

    const queues = await get('/ops/queues/api/queues?activeQueue=deliveryQueue&status=latest&page=1&jobsPerPage=10', {
      as: 'director',
    })
    const job = await get(`/ops/queues/api/queues/deliveryQueue/board-${data.deliveryId}`, { as: 'director' })
    const stats = await get('/ops/queues/api/redis/stats', { as: 'director' })
    const push = await app.inject({ method: 'PUT', url: '/ops/queues/api/queues/pause' })

    const listed = queues.json().queues as { name: string; readOnlyMode: boolean }[]
    assert.deepEqual(listed.map(({ name, readOnlyMode }) => [name, readOnlyMode]).toSorted(), [
      ['deliveryQueue', true],
      ['maintenanceQueue', true],
      ['paymentsQueue', true],
      ['waInboundQueue', true],
    ])
    assert.deepEqual([job.statusCode, job.json().job.data], [200, data])
    assert.equal(stats.statusCode, 200)
    assert.deepEqual([push.statusCode, push.headers['allow']], [405, 'GET, HEAD'])
    await deps.queues.list()[0]!.remove(`board-${data.deliveryId}`)
  })
}

test('the board serves its own files and no others', async (t) => {
  const { get } = await startApp(t)
  const page = (await get('/ops/queues/', { as: 'director' })).body
  const script = /static\/js\/main\.\w+\.js/.exec(page)![0]

  const found = await get(`/ops/queues/${script}`, { as: 'director' })
  const missing = []
  for (const path of ['static/x.js', 'static/../index.ejs', 'static/%2e%2e/index.ejs', 'package.json', 'api/nothing'])
    missing.push((await get(`/ops/queues/${path}`, { as: 'director' })).statusCode)

  assert.deepEqual([found.statusCode, found.headers['content-type']], [200, 'text/javascript; charset=utf-8'])
  assert.deepEqual(missing, [404, 404, 404, 404, 404])
})

test('in demo mode the board needs no credentials', async (t) => {
  const { app } = await startApp(t, { env: { AUTH_MODE: 'demo' } })

  assert.equal((await app.inject({ url: '/ops/queues' })).statusCode, 200)
})

test('/metrics shows when the nightly job and the refresh of the views last succeeded, from their rows', async (t) => {
  const { db, get } = await startApp(t, { now: NOW })
  await sql`insert into job_runs (job, run_on, started_at, finished_at, outcome)
    values ('landing-ttl', '2029-05-31', '2029-05-31T09:15:00Z', '2029-05-31T09:16:00Z', 'done'),
           ('landing-ttl', '2029-06-01', '2029-06-01T09:15:00Z', null, null)`.execute(db)
  await sql`insert into kpi_refreshes (view_name, refreshed_at, took_ms) values ('kpi_test', '2029-06-01T11:55:00Z', 1)
    on conflict do nothing`.execute(db)
  t.after(() => sql`delete from kpi_refreshes where view_name = 'kpi_test'`.execute(db).then(() => undefined))

  const { body } = await get('/metrics')

  const lastSuccess = (entry: string) =>
    Number(new RegExp(`^monotickets_schedule_last_success_seconds\\{entry="${entry}"\\} (\\S+)$`, 'm').exec(body)?.[1])
  assert.equal(lastSuccess('run-landing-ttl'), Date.parse('2029-05-31T09:16:00Z') / 1000)
  assert.equal(lastSuccess('refresh-kpis'), Date.parse('2029-06-01T11:55:00Z') / 1000)
})

test('/metrics shows what can be measured, and no old value of what cannot', async (t) => {
  const { deps, get } = await startApp(t, { now: NOW })
  const { count } = deps.queues
  t.after(() => void (deps.queues.count = count))
  const before = await get('/metrics')

  deps.queues.count = () => Promise.reject(new Error('the queue is down'))
  const after = await get('/metrics')

  assert.match(before.body, /^monotickets_queue_jobs\{/m)
  assert.doesNotMatch(after.body, /^monotickets_queue_jobs\{/m)
  assert.match(after.body, /^monotickets_dead_letters \d+$/m)
})

test('a letter of a message names its guest and its event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  await sql`update guests set name = 'Mariana López' where id = ${guest.guestId}`.execute(app.db)
  const { id } = await aDeadDelivery(app.db, guest)

  const { data } = (await app.get(`/ops/dead-letters?eventId=${guest.eventId}`, { as: 'director' })).json()

  assert.deepEqual(
    [data.length, data[0].refId, data[0].delivery.guestName, data[0].delivery.eventName],
    [1, id, 'Mariana López', 'Boda de prueba'],
  )
})
