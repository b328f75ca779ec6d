import assert from 'node:assert/strict'
import test from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { newId, sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { createAccount, hashPassword } from './auth.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const PASSWORD = 'una contraseña larga'

async function anAccount({ db }: TestApp, role: 'director' | 'organizer' = 'director') {
  const id = newId('usr')
  const email = `${id}@example.com`
  const organizerId = role === 'director' ? null : await anOrganizer(db)
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${id}, ${organizerId}, ${email}, 'Persona', ${role}, ${await hashPassword(PASSWORD)})`.execute(db)
  return { id, email, organizerId }
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

test('a login returns a token that grants the access of its role', async (t) => {
  const app = await startApp(t)
  const { id, email, organizerId } = await anAccount(app, 'organizer')

  const login = await app.post('/auth/login', { body: { email: email.toUpperCase(), password: PASSWORD } })
  const me = await app.get('/auth/me', bearer(login.json().accessToken))
  const overview = await app.get('/director/overview', bearer(login.json().accessToken))

  assert.deepEqual([login.statusCode, login.json().expiresIn], [200, 900])
  assert.deepEqual([me.json().user.id, me.json().user.organizerId], [id, organizerId])
  assert.deepEqual([overview.statusCode, overview.json().code], [403, 'forbidden'])
})

test('a wrong password and an unknown e-mail get the same answer', async (t) => {
  const app = await startApp(t)
  const { email } = await anAccount(app)

  const wrong = await app.post('/auth/login', { body: { email, password: 'otra' } })
  const unknown = await app.post('/auth/login', { body: { email: `nobody-${email}`, password: PASSWORD } })

  const shape = (reply: typeof wrong) => [reply.statusCode, { ...reply.json(), requestId: '' }]
  assert.deepEqual(shape(wrong), shape(unknown))
  assert.equal(wrong.json().code, 'invalid_credentials')
})

test('a disabled account cannot log in', async (t) => {
  const app = await startApp(t)
  const { id, email } = await anAccount(app)
  await sql`update users set disabled_at = now() where id = ${id}`.execute(app.db)

  const reply = await app.post('/auth/login', { body: { email, password: PASSWORD } })

  assert.equal(reply.statusCode, 401)
})

test('the eleventh attempt on one account within a minute is 429 with Retry-After', async (t) => {
  const app = await startApp(t)
  const email = `guessed-${newId('x')}@example.com`

  const statuses = []
  for (let n = 0; n < 11; n++) {
    statuses.push(await app.post('/auth/login', { body: { email, password: `guess ${n}` } }))
  }

  const last = statuses.at(-1)!
  assert.deepEqual([statuses[9]!.statusCode, last.statusCode, last.json().code], [401, 429, 'rate_limited'])
  assert.ok(Number(last.headers['retry-after']) >= 1)
})

test('a refresh token works once; using it again revokes every token of its login', async (t) => {
  const app = await startApp(t)
  const { email } = await anAccount(app)
  const login = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()
  const refresh = (refreshToken: string) => app.post('/auth/refresh', { body: { refreshToken } })

  const second = await refresh(login.refreshToken)
  const replayed = await refresh(login.refreshToken)
  const third = await refresh(second.json().refreshToken)

  assert.deepEqual([second.statusCode, replayed.statusCode, third.statusCode], [200, 401, 401])
})

test('of concurrent refreshes with one token at most one succeeds', async (t) => {
  const app = await startApp(t)
  const { email } = await anAccount(app)
  const { refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()

  const replies = await Promise.all([1, 2, 3].map(() => app.post('/auth/refresh', { body: { refreshToken } })))

  assert.ok(replies.filter(({ statusCode }) => statusCode === 200).length <= 1)
})

test('a logout revokes the refresh token', async (t) => {
  const app = await startApp(t)
  const { email } = await anAccount(app)
  const { refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()

  const out = await app.post('/auth/logout', { body: { refreshToken } })
  const after = await app.post('/auth/refresh', { body: { refreshToken } })

  assert.deepEqual([out.statusCode, after.statusCode], [200, 401])
})

test('refresh tokens are stored only as hashes', async (t) => {
  const app = await startApp(t)
  const { email } = await anAccount(app)
  const { refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()

  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from refresh_tokens where encode(token_hash, 'escape') like ${`%${refreshToken}%`}) as found`.execute(
    app.db,
  )

  assert.equal(rows[0]!.found, false)
})

type Claims = {
  alg?: string
  typ?: string
  aud?: string
  iss?: string
  role?: string
  org?: string
  iat?: number
  exp?: number | null
  key?: Uint8Array
  jti?: boolean
}

async function forge({ deps }: TestApp, c: Claims = {}): Promise<string> {
  const iat = c.iat ?? Math.floor(deps.now().getTime() / 1000)
  const jwt = new SignJWT({ role: c.role ?? 'director', ...(c.org ? { org: c.org } : {}) })
    .setProtectedHeader({ alg: c.alg ?? 'HS256', typ: c.typ ?? 'at+jwt' })
    .setSubject('usr_forged')
    .setIssuer(c.iss ?? 'monotickets')
    .setAudience(c.aud ?? 'monotickets')
    .setIssuedAt(iat)
  if (c.jti !== false) jwt.setJti('jti_1')
  if (c.exp !== null) jwt.setExpirationTime(c.exp ?? iat + 900)
  return jwt.sign(c.key ?? deps.signingKey)
}

test('the unmodified forged token of the next tests is accepted', async (t) => {
  const app = await startApp(t, { now: NOW })

  assert.equal((await app.get('/events', bearer(await forge(app)))).statusCode, 200)
})

const SECONDS = Date.parse(NOW) / 1000
for (const [what, claims] of [
  ['signed with another key', { key: new Uint8Array(48).fill(7) }],
  ['signed with another algorithm', { alg: 'HS512', key: new Uint8Array(64).fill(7) }],
  ['of another type', { typ: 'JWT' }],
  ['for another audience', { aud: 'elsewhere' }],
  ['of another issuer', { iss: 'elsewhere' }],
  ['that expired a second ago', { iat: SECONDS - 1000, exp: SECONDS - 1 }],
  ['without an expiry', { exp: null }],
  ['without an id', { jti: false }],
  ['with a role that does not exist', { role: 'emperor' }],
  ['of an organizer without an organization', { role: 'organizer' }],
  ['of a director with an organization', { role: 'director', org: 'org_x' }],
] as [string, Claims][]) {
  test(`a token ${what} is rejected`, async (t) => {
    const app = await startApp(t, { now: NOW })

    const reply = await app.get('/events', bearer(await forge(app, claims)))

    assert.deepEqual([reply.statusCode, reply.json().code], [401, 'unauthorized'])
    assert.match(String(reply.headers['www-authenticate']), /^Bearer/)
  })
}

test('unsigned tokens, tampered tokens and other schemes are rejected', async (t) => {
  const app = await startApp(t, { now: NOW })
  const none = new UnsecuredJWT({ role: 'director' }).setSubject('usr_x').setExpirationTime('1h').encode()
  const [head, , tail] = (await forge(app)).split('.')
  const tampered = [head, Buffer.from('{"role":"director"}').toString('base64url'), tail].join('.')

  for (const authorization of [
    `Bearer ${none}`,
    `Bearer ${tampered}`,
    'Bearer nonsense',
    'Basic dXNlcjpwdw==',
    'Bearer ',
    `Bearer ${'x'.repeat(9000)}`,
  ]) {
    const reply = await app.get('/events', { headers: { authorization } })

    assert.deepEqual([reply.statusCode, reply.json().code], [401, 'unauthorized'], authorization.slice(0, 30))
  }
})

test('in demo mode a request without credentials is the demo director, but a bad token is rejected', async (t) => {
  const app = await startApp(t, { env: { AUTH_MODE: 'demo' } })

  const anonymous = await app.get('/auth/me')
  const wrong = await app.get('/auth/me', bearer('nonsense'))

  assert.deepEqual([anonymous.statusCode, anonymous.json().user.role, wrong.statusCode], [200, 'director', 401])
})

for (const body of [
  {},
  { email: 'a@b.mx' },
  { email: 'a@b.mx', password: 7 },
  { email: ['a'], password: 'x' },
  { email: 'a@b.mx', password: 'x', role: 'director' },
  { email: 'a@b.mx', password: 'x'.repeat(129) },
]) {
  test(`a login with ${JSON.stringify(body).slice(0, 60)} is a bad request`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/auth/login', { body })

    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_request'])
  })
}

test('a new account can log in with its generated password, and its e-mail is unique', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const input = { email: `Ana-${newId('x')}@Example.com`, name: 'Ana', role: 'staff', organizerId }

  const { email, password } = await createAccount(app.deps, input)
  const login = await app.post('/auth/login', { body: { email, password } })

  assert.deepEqual([login.statusCode, login.json().user.role], [200, 'staff'])
  await assert.rejects(createAccount(app.deps, input), { code: 'user_exists' })
})

for (const [what, change, code] of [
  ['an unknown role', { role: 'emperor' }, 'invalid_request'],
  ['a director of an organizer', { role: 'director' }, 'invalid_request'],
  ['staff without an organizer', { organizerId: null }, 'invalid_request'],
  ['an organizer that does not exist', { organizerId: 'org_nowhere' }, 'organizer_not_found'],
  ['no e-mail', { email: 'ana' }, 'invalid_request'],
] as const) {
  test(`an account with ${what} is not created`, async (t) => {
    const { deps, db } = await startApp(t)
    const input = {
      email: `b-${newId('x')}@example.com`,
      name: 'B',
      role: 'staff',
      organizerId: await anOrganizer(db),
      ...change,
    }

    await assert.rejects(createAccount(deps, input), { code })
  })
}

test('no session survives a logout that runs concurrently with a refresh (thirty rounds)', async (t) => {
  const app = await startApp(t)
  const { id, email } = await anAccount(app)
  for (let n = 0; n < 30; n++) {
    await app.deps.kv.deleteByPrefix('limit:login:')
    const { refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()
    await Promise.all(['/auth/refresh', '/auth/logout'].map((path) => app.post(path, { body: { refreshToken } })))
  }

  const { rows } =
    await sql`select 1 from refresh_tokens where user_id = ${id} and revoked_at is null and used_at is null`.execute(
      app.db,
    )
  assert.equal(rows.length, 0)
})
