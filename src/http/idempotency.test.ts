import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import { aGuest, anEvent, anInvitation } from '../../test/make.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import type { User } from './access.ts'

type Sent = { code?: string; deliveryId?: string; requestId: string }

/** Sends for one guest with a key; `force`, so that only the key can prevent a second delivery. */
const sender =
  ({ post }: TestApp, to: { eventId: string; guestId: string }, as: User | 'organizer' = 'organizer') =>
  (key: string, body: object = {}) =>
    post(`/events/${to.eventId}/guests/${to.guestId}/send`, {
      as,
      body: { force: true, ...body },
      headers: { 'idempotency-key': key },
    })

async function countDeliveries(db: Db, guestId: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from deliveries where guest_id = ${guestId}`.execute(
    db,
  )
  return rows[0]!.n
}

test('the same key and body get the stored answer, marked as replayed, and no second effect', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')

  const first = await send(key)
  const second = await send(key)

  assert.equal(first.statusCode, 202)
  assert.equal(first.headers['idempotent-replayed'], undefined)
  assert.equal(second.statusCode, 202)
  assert.equal(second.headers['idempotent-replayed'], 'true')
  assert.equal(second.payload, first.payload)
  assert.match(String(second.headers['content-type']), /^application\/json/)
  assert.equal(await countDeliveries(app.db, guest.guestId), 1)
})

test('two requests without a key have two effects', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const url = `/events/${guest.eventId}/guests/${guest.guestId}/send`

  for (const _ of [1, 2]) await app.post(url, { as: 'organizer', body: { force: true } })

  assert.equal(await countDeliveries(app.db, guest.guestId), 2)
})

test('the same key with another body or path is 422', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const other = await aGuest(app.db, guest.eventId)
  const key = newId('k')
  await sender(app, guest)(key)

  const otherBody = await sender(app, guest)(key, { channel: 'email' })
  const otherPath = await sender(app, other)(key)

  for (const reply of [otherBody, otherPath]) {
    assert.equal(reply.statusCode, 422)
    assert.equal(reply.json<Sent>().code, 'idempotency_key_reused')
  }
  assert.equal(await countDeliveries(app.db, other.guestId), 0)
})

test('twenty concurrent requests with one key have one effect', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')

  const replies = await Promise.all(Array.from({ length: 20 }, () => send(key)))

  assert.equal(await countDeliveries(app.db, guest.guestId), 1)
  const ids = new Set(
    replies.filter(({ statusCode }) => statusCode === 202).map((reply) => reply.json<Sent>().deliveryId),
  )
  assert.equal(ids.size, 1)
  for (const reply of replies) {
    if (reply.statusCode === 202) continue
    assert.equal(reply.statusCode, 409)
    assert.equal(reply.json<Sent>().code, 'idempotency_in_progress')
  }
})

test('while the first request runs, another with its key is 409 with Retry-After', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')
  let first: ReturnType<typeof send> | undefined

  await app.db.transaction().execute(async (tx) => {
    await sql`lock table deliveries in access exclusive mode`.execute(tx)
    first = send(key)
    for (let rows: unknown[] = []; rows.length === 0; await sleep(10)) {
      rows = (await sql`select 1 from idempotency_keys where key = ${key}`.execute(app.db)).rows
    }
    const second = await send(key)
    assert.equal(second.statusCode, 409)
    assert.equal(second.json<Sent>().code, 'idempotency_in_progress')
    assert.ok(Number(second.headers['retry-after']) >= 1)
  })

  assert.equal((await first!).statusCode, 202)
  assert.equal((await send(key)).headers['idempotent-replayed'], 'true')
})

test('a key locked by a process that died can be used after a minute', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T00:00:00Z' })
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')
  await send(key)
  await sql`update idempotency_keys set status_code = null, body = null, locked_at = created_at where key = ${key}`.execute(
    app.db,
  )

  app.setNow('2030-01-01T00:00:59Z')
  assert.equal((await send(key)).statusCode, 409)
  app.setNow('2030-01-01T00:01:01Z')
  assert.equal((await send(key)).statusCode, 202)
})

test('a key expires after a day', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T00:00:00Z' })
  const guest = await anInvitation(app.db, { event: { startsAt: '2031-01-01T00:00:00Z' } })
  const send = sender(app, guest)
  const key = newId('k')
  const first = await send(key)

  app.setNow('2030-01-01T23:59:00Z')
  const sameDay = await send(key)
  app.setNow('2030-01-02T00:00:01Z')
  const nextDay = await send(key)

  assert.equal(sameDay.json<Sent>().deliveryId, first.json<Sent>().deliveryId)
  assert.notEqual(nextDay.json<Sent>().deliveryId, first.json<Sent>().deliveryId)
})

for (const key of ['', 'x'.repeat(256), 'clave con ñ', 'a\tb']) {
  test(`the key ${JSON.stringify(key).slice(0, 20)} is 400`, async (t) => {
    const app = await startApp(t)
    const guest = await anInvitation(app.db)

    const reply = await sender(app, guest)(key)

    assert.equal(reply.statusCode, 400)
    assert.equal(reply.json<Sent>().code, 'invalid_idempotency_key')
    assert.equal(await countDeliveries(app.db, guest.guestId), 0)
  })
}

test('a key of 255 printable characters is accepted', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)

  assert.equal((await sender(app, guest)(`{"a": "b", 'c'}${'x'.repeat(240)}`)).statusCode, 202)
})

test('keys are per caller: another caller with the same key gets an answer of its own', async (t) => {
  const app = await startApp(t)
  const mine = await anInvitation(app.db)
  const theirs = await anInvitation(app.db, { event: { organizerId: 'org_other' } })
  const key = newId('k')

  const first = await sender(app, mine)(key)
  const other = await sender(app, theirs, { id: 'usr_other', role: 'organizer', organizerId: 'org_other' })(key)

  assert.equal(other.statusCode, 202)
  assert.equal(other.headers['idempotent-replayed'], undefined)
  assert.notEqual(other.json<Sent>().deliveryId, first.json<Sent>().deliveryId)
})

test('a 4xx answer is stored and replayed as a problem', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, { ...guest, guestId: 'g_nobody' })
  const key = newId('k')

  const first = await send(key)
  const second = await send(key)

  assert.equal(first.statusCode, 404)
  assert.equal(second.statusCode, 404)
  assert.equal(second.headers['idempotent-replayed'], 'true')
  assert.match(String(second.headers['content-type']), /^application\/problem\+json/)
})

test('an invalid body does not use the key up', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')

  assert.equal((await send(key, { channel: 'pigeon' })).statusCode, 400)
  assert.equal((await send(key)).statusCode, 202)
})

test('a 5xx answer is not stored, so a retry with the key is processed', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db)
  const send = sender(app, guest)
  const key = newId('k')
  await sql`alter table deliveries rename to deliveries_away`.execute(app.db)

  const failed = await send(key)
  await sql`alter table deliveries_away rename to deliveries`.execute(app.db)
  const next = await send(key)

  assert.equal(failed.statusCode, 503)
  assert.equal(next.statusCode, 202)
  assert.equal(next.headers['idempotent-replayed'], undefined)
})

test('a route of unknown callers ignores keys', async (t) => {
  const { post } = await startApp(t)

  const login = () =>
    post('/auth/login', { body: { email: 'x@example.com', password: 'x' }, headers: { 'idempotency-key': 'k' } })

  assert.equal((await login()).headers['idempotent-replayed'], undefined)
  assert.equal((await login()).headers['idempotent-replayed'], undefined)
})

const NOON = { startsAt: '2030-01-01T18:00:00Z', endsAt: '2030-01-02T02:00:00Z' }
for (const [what, as, url, body, table, column] of [
  ['events', 'organizer', '/events', { name: 'Boda una vez', ...NOON }, 'events', 'name'],
  ['guests', 'organizer', '/events/:eventId/guests', { name: 'Invitada una vez' }, 'guests', 'name'],
  ['organizers', 'director', '/organizers', { name: 'Eventos una vez' }, 'organizers', 'name'],
] as const) {
  for (const how of ['one after another', 'at once'] as const) {
    test(`ten posts of ${what} with one key, ${how}, make one`, async (t) => {
      const app = await startApp(t)
      const eventId = await anEvent(app.db)
      const name = `${body.name} ${how}`
      const post = () =>
        app.post(url.replace(':eventId', eventId), {
          ...{ as, body: { ...body, name }, headers: { 'idempotency-key': `${what} ${how}` } },
        })

      const replies = []
      if (how === 'at once') replies.push(...(await Promise.all(Array.from({ length: 10 }, post))))
      else for (let n = 0; n < 10; n++) replies.push(await post())

      const { rows } = await sql`select 1 from ${sql.table(table)} where ${sql.ref(column)} = ${name}`.execute(app.db)
      assert.equal(rows.length, 1)
      const ids = replies.flatMap((reply) => (reply.statusCode === 201 ? [reply.json<{ id: string }>().id] : []))
      assert.equal(new Set(ids).size, 1)
      if (how === 'one after another') assert.equal(ids.length, 10)
      for (const { statusCode } of replies) assert.ok(statusCode === 201 || statusCode === 409)
    })
  }
}

test('a switch with a used key is not thrown again', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const turn = (step: string, key: string) =>
    app.post(`/events/${eventId}/deliveries/${step}`, { as: 'organizer', headers: { 'idempotency-key': key } })

  await turn('pause', 'first')
  await turn('resume', 'second')
  const late = await turn('pause', 'first')

  assert.equal(late.headers['idempotent-replayed'], 'true')
  const event = (await app.get(`/events/${eventId}`, { as: 'organizer' })).json<{ sendingPaused: string | null }>()
  assert.equal(event.sendingPaused, null)
})

/** POST operations without the header, and why. */
const WITHOUT_KEY: Record<string, string> = {
  '/auth/login': 'its caller is not known yet, and its answer must not be stored',
  '/auth/logout': 'repeating it changes nothing',
  '/auth/password': 'its link is valid once',
  '/auth/refresh': 'its answer must not be stored',
  '/devices/claim': 'its caller is unknown',
  '/email/webhook': 'events have ids of their own',
  '/events/{eventId}/guests/import/rejected.csv': 'it only reads',
  '/login': 'its answer must not be stored',
  '/payments/webhook': 'events have ids of their own',
  '/payments/webhook/conekta': 'events have ids of their own',
  '/payments/webhook/mock': 'events have ids of their own',
  '/payments/webhook/stripe': 'events have ids of their own',
  '/public/invite/{code}/rsvp': 'guests have no account, and repeating an answer changes nothing',
  '/public/invite/{code}/waitlist': 'guests have no account, and joining again keeps the place in line',
  '/public/unsubscribe/{code}': 'guests have no account, and repeating it changes nothing',
  '/public/weekly-email/{stopToken}': 'mailboxes have no account, and repeating it changes nothing',
  '/templates/{name}/preview': 'it only reads',
  '/wa/webhook': 'messages and statuses have ids of their own',
}

test('every POST takes an Idempotency-Key, except those with a reason not to', async (t) => {
  const { get } = await startApp(t)
  type Operation = { parameters?: { $ref?: string }[] }

  const { paths } = (await get('/openapi.json')).json<{ paths: Record<string, { post?: Operation }> }>()

  const posts = Object.entries(paths).filter(([, { post }]) => post !== undefined)
  const without = posts.filter(
    ([, { post }]) => !post!.parameters?.some(({ $ref }) => $ref?.endsWith('/Idempotency-Key')),
  )
  assert.ok(posts.length > without.length + 10)
  assert.deepEqual(without.map(([path]) => path).toSorted(), Object.keys(WITHOUT_KEY))
})
