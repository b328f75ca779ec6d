/**
 * What attackers try, as tables over HTTP: forged tokens, fields that would raise a role, and addresses that would escape a
 * limit.
 */
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const SECONDS = Date.parse(NOW) / 1000
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = RSA.publicKey.export({ type: 'spki', format: 'pem' }).toString()

type Forged = {
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  /** Absent: our own key. Null: no signature. */
  key?: Uint8Array | string | KeyObject | null
}

/** A token made by hand, because a library refuses to make most of these. A claim that is undefined is left out. */
function forge(ours: Uint8Array, { header = {}, claims = {}, key = ours }: Forged): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const body = {
    ...{ sub: 'usr_forged', role: 'director', iss: 'monotickets', aud: 'monotickets', jti: 'jti_1' },
    ...{ iat: SECONDS, exp: SECONDS + 900, ...claims },
  }
  const head = { alg: 'HS256', typ: 'at+jwt', ...header }
  const text = `${encode(head)}.${encode(body)}`
  if (key === null) return `${text}.`
  const isSecret = typeof key === 'string' || key instanceof Uint8Array
  const mac = isSecret
    ? createHmac(head.alg === 'HS512' ? 'sha512' : 'sha256', key)
        .update(text)
        .digest()
    : sign('sha256', Buffer.from(text), key)
  return `${text}.${mac.toString('base64url')}`
}

test('the token that the next ones differ from is accepted', async (t) => {
  const { deps, get } = await startApp(t, { now: NOW })
  for (const claims of [{}, { iat: SECONDS + 60 }, { nbf: SECONDS }]) {
    const authorization = `Bearer ${forge(deps.signingKey, { claims })}`
    assert.equal((await get('/events', { headers: { authorization } })).statusCode, 200)
  }
})

const jwk = RSA.publicKey.export({ format: 'jwk' })
for (const [what, forged] of [
  ['without a signature', { header: { alg: 'none' }, key: null }],
  ['without a signature, alg in capitals', { header: { alg: 'NONE' }, key: null }],
  ['without a signature, as HS256', { key: null }],
  ['of HS512, with our key', { header: { alg: 'HS512' } }],
  ['of RS256, with a key of its own', { header: { alg: 'RS256' }, key: RSA.privateKey }],
  ['of RS256, with its key in the header', { header: { alg: 'RS256', jwk }, key: RSA.privateKey }],
  ['of HS256, with a public key as its secret', { key: PEM }],
  ['of HS256, with a secret in the header', { header: { jwk: { kty: 'oct', k: 'eA' } }, key: 'x' }],
  ['of HS256, with an empty secret', { key: '' }],
  ['whose key id is a path', { header: { kid: '../../../../dev/null' }, key: '' }],
  ['whose key id is SQL', { header: { kid: "x' union select 'x' --" }, key: 'x' }],
  ['whose key id is a URL', { header: { kid: 'https://evil.example/key' }, key: 'x' }],
  ['whose key set is a URL', { header: { alg: 'RS256', jku: 'https://evil.example/jwks' }, key: RSA.privateKey }],
  ['with an extension that must be understood', { header: { crit: ['exp'], exp: true } }],
  ['of another issuer', { claims: { iss: 'elsewhere' } }],
  ['for another audience', { claims: { aud: 'elsewhere' } }],
  ['of another type', { header: { typ: 'JWT' } }],
  ['without a type', { header: { typ: undefined } }],
  ['that expires now', { claims: { exp: SECONDS } }],
  ['that is not valid yet', { claims: { nbf: SECONDS + 120 } }],
  ['that was issued in the future', { claims: { iat: SECONDS + 61, exp: SECONDS + 900 } }],
  ['whose expiry is a text', { claims: { exp: '2099' } }],
  ['without exp', { claims: { exp: undefined } }],
  ['without iat', { claims: { iat: undefined } }],
  ['without sub', { claims: { sub: undefined } }],
  ['without jti', { claims: { jti: undefined } }],
  ['without iss', { claims: { iss: undefined } }],
  ['without aud', { claims: { aud: undefined } }],
  ['without a role', { claims: { role: undefined } }],
  ['with the role of a device', { claims: { role: 'device', org: 'org_test' } }],
  ['with two roles', { claims: { role: ['director'] } }],
  ['of a director with an organizer', { claims: { org: 'org_test' } }],
  ['of an organizer without one', { claims: { role: 'organizer' } }],
  ['of an organizer of two', { claims: { role: 'organizer', org: ['org_test', 'org_x'] } }],
  ['with a version that is no number', { claims: { ver: '9' } }],
  ['with a session that is no text', { claims: { sid: 1 } }],
] as [string, Forged][]) {
  test(`a token ${what} is 401`, async (t) => {
    const { deps, get } = await startApp(t, { now: NOW })

    const reply = await get('/events', { headers: { authorization: `Bearer ${forge(deps.signingKey, forged)}` } })

    assert.deepEqual([reply.statusCode, reply.json().code], [401, 'unauthorized'])
  })
}

const readRows = async (db: Db) => {
  const { rows } = await sql<{ row: string }>`
    select u::text as row from users u
     union all
    select k::text from api_keys k
     union all
    select d::text from devices d
     union all
    select e::text from events e
     order by 1`.execute(db)
  return rows
}

test('no field of a body gives a caller more than their role: 400, 403 or 404, and nothing changes', async (t) => {
  const { db, post, patch } = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(db)
  const other = await anOrganizer(db)
  const [mine, theirs] = [await anEvent(db, { organizerId }), await anEvent(db, { organizerId: other })]
  const as = { id: newId('usr'), role: 'organizer' as const, organizerId }
  await sql`insert into users (id, organizer_id, email, name, role)
    values (${as.id}, ${organizerId}, ${`${as.id}@example.com`}, 'Dueña', 'organizer')`.execute(db)
  const times = { startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-01-02T00:00:00Z' }
  const key = { name: 'K', scopes: ['read'] }
  const before = await readRows(db)

  const replies = [
    ...[
      { role: 'director' },
      { organizerId: null },
      { supervisor: true },
      { accessVersion: 99 },
      { weeklyEmail: true },
    ].map((body) => patch('/auth/me', { as, body })),
    ...[{ role: 'director' }, { organizerId: other }, { disabled: true }].map((body) =>
      patch(`/users/${as.id}`, { as, body }),
    ),
    ...[
      { role: 'director' },
      { createdBy: 'usr_x' },
      { organizerId: other },
      { scopes: ['admin'] },
      { prefix: 'mk' },
    ].map((body) => post('/api-keys', { as, body: { ...key, ...body } })),
    ...[{ organizerId: other }, { createdBy: 'usr_x' }, { createdAt: NOW }].map((body) =>
      post('/events', { as, body: { name: 'Boda', ...times, ...body } }),
    ),
    ...[{ organizerId: other }, { id: 'ev_x' }, { status: 'expired' }].map((body) =>
      patch(`/events/${mine}`, { as, body }),
    ),
    ...[{ eventId: theirs }, { eventId: mine, organizerId: other }, { eventId: mine, token: 'x' }].map((body) =>
      post('/devices', { as, body: { gate: 'A', name: 'B', ...body } }),
    ),
    ...[{ userId: as.id }, { userId: as.id, role: 'staff' }, { userId: as.id, supervisor: true }].map((body) =>
      post(`/events/${mine}/staff`, { as, body }),
    ),
    post('/auth/login', { body: { email: `${as.id}@example.com`, password: 'x', role: 'director' } }),
    post('/auth/refresh', { body: { refreshToken: 'x'.repeat(43), role: 'director' } }),
    patch('/auth/me', { as, payload: '{"language":"en","__proto__":{"role":"director"}}', headers: JSON_TYPE }),
    patch('/auth/me', { as, payload: '{"constructor":{"prototype":{"role":"director"}}}', headers: JSON_TYPE }),
  ]

  for (const reply of await Promise.all(replies)) assert.ok([400, 403, 404].includes(reply.statusCode), reply.body)
  assert.deepEqual(await readRows(db), before)
})
const JSON_TYPE = { 'content-type': 'application/json' }

/** `behind`: the addresses of trusted proxies. `peer`: who is connected. `said`: X-Forwarded-For. `counted`: who is limited. */
const SPOOFED: [what: string, behind: string | null, peer: string, said: string, counted: string][] = [
  ['without a trusted proxy', null, '203.0.113.9', '198.51.100.7', '203.0.113.9'],
  ['with a list', null, '203.0.113.9', '198.51.100.7, 10.0.0.1', '203.0.113.9'],
  ['of IPv6, another address of the network', null, '2001:db8:1:2::99', '198.51.100.7', '2001:db8:1:2::/64'],
  ['of IPv4 in IPv6', null, '::ffff:203.0.113.9', '198.51.100.7', '203.0.113.9'],
  ['from one who is no proxy', '10.0.0.0/8', '203.0.113.9', '198.51.100.7', '203.0.113.9'],
  ['before what the proxy adds', '10.0.0.0/8', '10.0.0.1', '198.51.100.7, 203.0.113.9', '203.0.113.9'],
  ['as a proxy, before what the proxy adds', '10.0.0.0/8', '10.0.0.1', '10.0.0.7, 203.0.113.9', '203.0.113.9'],
  ['with a port', '10.0.0.0/8', '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
  ['with another port', '10.0.0.0/8', '10.0.0.1', '198.51.100.7, 203.0.113.9:1', '203.0.113.9'],
  ['of IPv6 with a port', '10.0.0.0/8', '10.0.0.1', '[2001:db8:1:2::7]:443', '2001:db8:1:2::/64'],
  ['of another address of the IPv6 network', '10.0.0.0/8', '10.0.0.1', '2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['that is no address', '10.0.0.0/8', '10.0.0.1', 'a guess 17', 'unknown'],
]
for (const [what, behind, peer, said, counted] of SPOOFED) {
  test(`a spoofed X-Forwarded-For ${what} does not escape the limit of logins`, async (t) => {
    const { app, deps } = await startApp(t, behind === null ? {} : { env: { TRUSTED_PROXIES: behind } })
    await deps.kv.deleteByPrefix('limit:login:')
    const logIn = () =>
      app.inject({
        ...{ method: 'POST', url: '/auth/login', remoteAddress: peer, headers: { 'x-forwarded-for': said } },
        payload: { email: `${newId('x')}@example.com`, password: 'adivinada' },
      })
    for (let n = 0; n < 29; n++) await deps.kv.increment(`limit:login:address:${counted}`, 60_000)

    const [last, over] = [await logIn(), await logIn()]

    assert.deepEqual([last.statusCode, over.statusCode], [401, 429])
    assert.equal(over.json<{ code: string }>().code, 'rate_limited')
  })
}
