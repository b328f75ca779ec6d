import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { User } from '../http/access.ts'
import { SCOPES, type Scope } from '../http/scopes.ts'
import { newId, sql, type Db } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'
import { sha256 } from './auth.ts'
import { openCredentials } from './credentials.ts'

const NOW = '2029-06-01T12:00:00.000Z'

async function aUser(db: Db, organizerId: string | null): Promise<User> {
  const id = newId('usr')
  const role = organizerId === null ? 'director' : 'organizer'
  await sql`
    insert into users (id, organizer_id, email, name, role)
    values (${id}, ${organizerId}, ${`${id}@example.com`}, 'Dueña', ${role})`.execute(db)
  return { id, role, organizerId }
}

/** An organizer whose owner makes keys. */
async function anOwner(t: TestContext) {
  const app = await startApp(t, { now: NOW })
  await app.deps.kv.deleteByPrefix('limit:key:') // the tests share an address
  const organizerId = await anOrganizer(app.db)
  const owner = await aUser(app.db, organizerId)
  const make = (body: object = {}, as: User = owner, headers: Record<string, string> = {}) =>
    app.post('/api-keys', { as, body: { name: 'Conector', scopes: ['read'], ...body }, headers })
  const keyOf = async (body: object = {}, as: User = owner): Promise<{ id: string; key: string }> => {
    const made = await make(body, as)
    assert.equal(made.statusCode, 201, made.body)
    return { id: made.json().apiKey.id, key: made.json().key }
  }
  const rotate = (id: string, body?: object, as: User = owner) =>
    app.post(`/api-keys/${id}/rotate`, { as, ...(body ? { body } : {}) })
  const read = (key: string) => app.get('/events', bearer(key))
  const statusOf = async (key: string) => (await read(key)).statusCode
  const wait = (ms: number) => app.setNow(new Date(app.deps.now().getTime() + ms).toISOString())
  return { ...app, organizerId, owner, make, keyOf, rotate, read, statusOf, wait }
}

const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
const HOUR_MS = 3_600_000

test('a key is shown once, kept as a hash, and listed by its beginning', async (t) => {
  const { db, make, owner, get, read, organizerId } = await anOwner(t)
  const eventId = await anEvent(db, { organizerId })

  const made = await make({ name: ' Conector\u200b de <b>CRM</b> ' }, owner, { 'idempotency-key': newId('k') })
  const { key, apiKey } = made.json()
  const listed = await get('/api-keys', { as: owner })
  const seen = await read(key)

  assert.equal(made.statusCode, 201, made.body)
  assert.match(key, /^mk_live_[\w-]{43}$/)
  assert.deepEqual(
    [apiKey.name, apiKey.prefix, apiKey.scopes, apiKey.createdBy, apiKey.organizerId],
    ['Conector de <b>CRM</b>', key.slice(0, 12), ['read'], owner.id, organizerId],
  )
  assert.deepEqual(
    seen.json().data.map(({ id }: { id: string }) => id),
    [eventId],
  )
  assert.deepEqual([listed.json().data.length, listed.body.includes(key)], [1, false])
  const { rows } = await sql<{ row: string }>`
    select k::text as row from api_keys k
     union all
    select i.body from idempotency_keys i where caller = ${owner.id}`.execute(db)
  assert.ok(rows.every(({ row }) => !row.includes(key)))
})

test('the answer is replayed without the key', async (t) => {
  const { make, owner } = await anOwner(t)
  const headers = { 'idempotency-key': newId('k') }
  const first = await make({}, owner, headers)

  const again = await make({}, owner, headers)

  assert.deepEqual([again.statusCode, again.json().key], [201, null])
  assert.deepEqual(again.json().apiKey, first.json().apiKey)
})

/** Each route with the scopes that open it. What is let in meets an empty body, which is 400, or an id that does not exist. */
const OPEN: ['GET' | 'POST' | 'PATCH' | 'DELETE', string, Scope[]][] = [
  ['GET', '/events', ['read']],
  ['POST', '/events', ['write']],
  ['PATCH', '/events/none', ['write']],
  ['POST', '/events/none/guests/none/send', ['write']],
  ['POST', '/events/none/staff', ['write']],
  ['GET', '/audit', ['read']],
  ['POST', '/scan/validate', ['door']],
  ['POST', '/scan/sync', ['door']],
  ['GET', '/scan/manifest/none', ['read', 'door']],
  ['GET', '/events/none/door', ['read', 'door']],
  ['GET', '/events/none/scans', ['read', 'door']],
  ['POST', '/events/none/scans/none/undo', ['door']],
  ['GET', '/payments', ['read', 'payments']],
  ['POST', '/payments/intent', ['payments']],
  ['GET', '/organizers/none/balance', ['read', 'payments']],
  ['POST', '/director/payments', ['payments']],
  ['POST', '/director/assignments', ['payments']],
  ['POST', '/director/payments/none/reverse', ['payments']],
  ['GET', '/director/overview', ['read']],
  ['POST', '/ops/dead-letters/retry', ['write']],
  ['GET', '/users', []],
  ['POST', '/users', []],
  ['PATCH', '/users/none', []],
  ['GET', '/auth/me', []],
  ['PATCH', '/auth/me', []],
  ['DELETE', '/auth/sessions', []],
  ['GET', '/api-keys', []],
  ['POST', '/api-keys', []],
  ['POST', '/api-keys/none/rotate', []],
  ['DELETE', '/api-keys/none', []],
]

test('a key does what its scopes say and nothing more', async (t) => {
  const { app, db, keyOf } = await anOwner(t)
  const director = await aUser(db, null)
  for (const scope of SCOPES) {
    const { key } = await keyOf({ scopes: [scope] }, director)
    for (const [method, url, scopes] of OPEN) {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const hasBody = method === 'POST' || method === 'PATCH'
      const reply = await app.inject({
        ...{ method, url },
        headers: hasBody ? headers : bearer(key).headers,
        ...(hasBody ? { payload: '{}' } : {}),
      })
      const isRefused = reply.statusCode === 403 && reply.json<{ code: string }>().code === 'forbidden'
      assert.equal(isRefused, !scopes.includes(scope), `${scope}: ${method} ${url} is ${reply.body}`)
      assert.ok(reply.statusCode < 500 && reply.statusCode !== 401, reply.body)
    }
  }
})

test('a key of an organizer is no director, whatever its scopes', async (t) => {
  const { get, post, keyOf, organizerId, db } = await anOwner(t)
  const { key } = await keyOf({ scopes: SCOPES })
  const other = await anEvent(db, { organizerId: await anOrganizer(db) })
  const body = { organizerId, amount: 1, currency: 'MXN', method: 'cash' }

  const replies = [
    await get('/director/overview', bearer(key)),
    await post('/director/payments', { ...bearer(key), body }),
    await get(`/events/${other}`, bearer(key)),
  ]

  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [403, 403, 404],
  )
})

test('a director makes keys of an organizer and of the platform, an organizer its own alone', async (t) => {
  const { db, get, delete: del, make, rotate, keyOf, read, owner, organizerId } = await anOwner(t)
  const director = await aUser(db, null)
  const stranger = await aUser(db, await anOrganizer(db))
  const eventId = await anEvent(db, { organizerId })
  const mine = await keyOf({ organizerId }, director)
  const platform = await keyOf({}, director)
  const seesEvent = async (key: string) =>
    (await read(key)).json().data.some(({ id }: { id: string }) => id === eventId)

  const listed = (await get('/api-keys', { as: owner })).json().data.map(({ id }: { id: string }) => id)
  const refusals = [
    await make({ organizerId }, stranger),
    await make({ organizerId: 'org_none' }, director),
    await rotate(mine.id, {}, stranger),
    await rotate(platform.id, {}, owner),
    await del(`/api-keys/${mine.id}`, { as: stranger }),
    await del(`/api-keys/${platform.id}`, { as: owner }),
  ]

  assert.deepEqual([await seesEvent(mine.key), await seesEvent(platform.key)], [true, true])
  assert.deepEqual((await get('/organizers', bearer(mine.key))).statusCode, 403)
  assert.deepEqual((await get('/organizers', bearer(platform.key))).statusCode, 200)
  assert.deepEqual(listed, [mine.id])
  assert.deepEqual(
    refusals.map((reply) => reply.json().code),
    ['organizer_not_found', 'organizer_not_found', ...Array<string>(4).fill('key_not_found')],
  )
  assert.deepEqual((await get(`/api-keys?organizerId=${organizerId}`, { as: stranger })).json().data, [])
})

for (const [what, body] of [
  ['no scopes', { scopes: [] }],
  ['a scope that does not exist', { scopes: ['admin'] }],
  ['a role', { role: 'director' }],
  ['a name without a letter', { name: '\u200b' }],
  ['an end in the past', { expiresAt: '2029-06-01T12:00:00.000Z' }],
  ['an end that is no instant', { expiresAt: 'mañana' }],
] as const) {
  test(`a key with ${what} is 400`, async (t) => {
    const { make } = await anOwner(t)

    assert.equal((await make(body)).statusCode, 400)
  })
}

test('a deleted key ends at once, here; where it was used a moment ago it is remembered, and then it ends', async (t) => {
  const { deps, delete: del, keyOf, statusOf, owner } = await anOwner(t)
  const { id, key } = await keyOf()
  const hash = sha256(key).toString('hex')
  const elsewhere = openCredentials(deps, { freshMs: 3_600_000 })
  const later = openCredentials(deps, { freshMs: 0 })
  const before = [await statusOf(key), (await elsewhere.find(hash))?.id, (await later.find(hash))?.id]

  const gone = await del(`/api-keys/${id}`, { as: owner })

  assert.deepEqual(before, [200, id, id])
  assert.deepEqual([gone.statusCode, await statusOf(key)], [200, 401])
  assert.deepEqual([(await elsewhere.find(hash))?.id, await later.find(hash)], [id, null])
  assert.equal((await del(`/api-keys/${id}`, { as: owner })).json().code, 'key_not_found')
})

test('no key is remembered that is deleted while it is looked up (twenty rounds)', async (t) => {
  const { delete: del, keyOf, statusOf, owner } = await anOwner(t)
  for (let round = 0; round < 20; round++) {
    const { id, key } = await keyOf()
    await Promise.all([statusOf(key), del(`/api-keys/${id}`, { as: owner }), statusOf(key)])

    assert.equal(await statusOf(key), 401)
  }
})

test('a key ends with the account of its maker, and where that may do less', async (t) => {
  const { db, patch, keyOf, statusOf, owner, organizerId } = await anOwner(t)
  const director = await aUser(db, null)
  const [own, given] = [await keyOf(), await keyOf({ organizerId }, director)]

  const demoted = await patch(`/users/${owner.id}`, { as: director, body: { role: 'viewer' } })
  const afterwards = [await statusOf(own.key), await statusOf(given.key)]
  await patch(`/users/${owner.id}`, { as: director, body: { role: 'organizer' } })
  const again = await statusOf(own.key)
  await patch(`/users/${owner.id}`, { as: director, body: { disabled: true } })

  assert.equal(demoted.statusCode, 200, demoted.body)
  assert.deepEqual([afterwards, again, await statusOf(own.key)], [[401, 200], 200, 401])
})

test('a key ends when it expires', async (t) => {
  const { keyOf, statusOf, wait } = await anOwner(t)
  const { key } = await keyOf({ expiresAt: '2029-06-01T13:00:00Z' })

  wait(HOUR_MS - 1)
  const before = await statusOf(key)
  wait(1)

  assert.deepEqual([before, await statusOf(key)], [200, 401])
})

test('a key and the one in its place both work until the grace of the old one ends', async (t) => {
  const { keyOf, rotate, statusOf, wait } = await anOwner(t)
  const old = await keyOf({ name: 'Caja', scopes: ['read', 'door'], expiresAt: '2029-06-11T12:00:00Z' })
  wait(HOUR_MS)

  const rotated = await rotate(old.id)
  const { key, apiKey } = rotated.json()
  const both = [await statusOf(old.key), await statusOf(key)]
  wait(24 * HOUR_MS - 1)
  const late = await statusOf(old.key)
  wait(1)

  assert.equal(rotated.statusCode, 201, rotated.body)
  assert.deepEqual(
    [apiKey.name, apiKey.scopes, apiKey.expiresAt],
    ['Caja', ['read', 'door'], '2029-06-11T13:00:00.000Z'],
  )
  assert.deepEqual([both, late], [[200, 200], 200])
  assert.deepEqual([await statusOf(old.key), await statusOf(key)], [401, 200])
})

test('ten concurrent rotations of one key make one successor; an old key is not rotated again, and may end at once', async (t) => {
  const { get, delete: del, keyOf, rotate, statusOf, owner } = await anOwner(t)
  const old = await keyOf()

  const replies = await Promise.all(Array.from({ length: 10 }, () => rotate(old.id, { graceHours: 1 })))
  const made = replies.find(({ statusCode }) => statusCode === 201)!.json()
  const next = await rotate(made.apiKey.id, { graceHours: 0 })

  assert.deepEqual(replies.map((reply) => reply.json().code ?? reply.statusCode).toSorted(), [
    201,
    ...Array<string>(9).fill('key_not_active'),
  ])
  assert.deepEqual(
    [await statusOf(old.key), await statusOf(made.key), await statusOf(next.json().key)],
    [200, 401, 200],
  )
  assert.equal((await rotate(made.apiKey.id)).json().code, 'key_not_active')
  await del(`/api-keys/${old.id}`, { as: owner })
  assert.equal(await statusOf(old.key), 401)
  const { data } = (await get('/api-keys', { as: owner })).json()
  assert.deepEqual(
    data.map(({ replacedBy }: { replacedBy: string | null }) => replacedBy),
    [null, next.json().apiKey.id],
  )
})

test('an organizer has at most a hundred keys, also when the last two are made at once', async (t) => {
  const { db, make, organizerId, owner, rotate } = await anOwner(t)
  await sql`
    insert into api_keys (id, organizer_id, name, prefix, token_hash, scopes, created_by, created_at)
    select ${organizerId} || n, ${organizerId}, 'K', 'mk', sha256((${organizerId}::text || n)::bytea), '{read}',
           ${owner.id}, ${NOW}
      from generate_series(1, 99) n`.execute(db)

  const replies = await Promise.all([make(), make()])
  const rotated = await rotate(`${organizerId}1`)

  assert.deepEqual(replies.map((reply) => reply.json().code ?? reply.statusCode).toSorted(), [201, 'too_many_keys'])
  assert.equal(rotated.statusCode, 201) // one takes the place of another
})

test('the last use of a key is written once a minute', async (t) => {
  const { get, keyOf, statusOf, owner, wait } = await anOwner(t)
  const { key } = await keyOf()
  const lastUsed = async () => (await get('/api-keys', { as: owner })).json().data[0].lastUsedAt
  const unused = await lastUsed()

  await Promise.all([statusOf(key), statusOf(key)])
  const first = await lastUsed()
  wait(59_999)
  await statusOf(key)
  const second = await lastUsed()
  wait(1)
  await statusOf(key)

  assert.deepEqual([unused, first, second, await lastUsed()], [null, NOW, NOW, '2029-06-01T12:01:00.000Z'])
})

test('after thirty unknown keys of one network the next is 429, while a known key works', async (t) => {
  const { keyOf, read, statusOf } = await anOwner(t)
  const { key } = await keyOf()
  const unknown = `mk_live_${'x'.repeat(43)}`

  const statuses = []
  for (let n = 0; n < 31; n++) statuses.push(await statusOf(unknown))
  const refused = await read(unknown)

  assert.deepEqual(statuses, [...Array<number>(30).fill(401), 429])
  assert.equal(refused.json().code, 'rate_limited')
  assert.equal(await statusOf(key), 200)
})
