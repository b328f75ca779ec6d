import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { newId, sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { createAccount, hashPassword } from './auth.ts'
import { openAuthenticator } from './basic.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const PASSWORD = 'una contraseña larga'

async function anAccount({ db, deps }: TestApp, role: 'director' | 'organizer' = 'director') {
  await deps.kv.deleteByPrefix('limit:login:') // the tests share an address
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

/** A login at noon whose refreshes come `at` a second and millisecond of the next minutes. */
async function aLogin(t: TestContext) {
  const app = await startApp(t, { now: NOW })
  const { id, email } = await anAccount(app)
  const { refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()
  const refresh = (token: string) => app.post('/auth/refresh', { body: { refreshToken: token } })
  const wait = (ms: number) => app.setNow(new Date(app.deps.now().getTime() + ms).toISOString())
  const pairOf = (reply: Awaited<ReturnType<typeof refresh>>) => {
    const { requestId: _, ...session } = reply.json()
    return session
  }
  return { ...app, id, refreshToken: refreshToken as string, refresh, wait, pairOf }
}

test('a refresh token answers the same pair again for thirty seconds, for two tabs or a lost answer', async (t) => {
  const { refresh, refreshToken, wait, pairOf, get } = await aLogin(t)
  const first = await refresh(refreshToken)

  for (const ms of [0, 1, 29_998, 1]) {
    wait(ms)
    const again = await refresh(refreshToken)
    assert.deepEqual([again.statusCode, pairOf(again)], [200, pairOf(first)])
  }
  assert.equal((await get('/auth/me', bearer(pairOf(first).accessToken))).statusCode, 200)
  assert.equal((await refresh(pairOf(first).refreshToken)).statusCode, 200)
})

test('a refresh token used after thirty seconds is reuse: every token of its login is dead', async (t) => {
  const { refresh, refreshToken, wait, pairOf } = await aLogin(t)
  const second = pairOf(await refresh(refreshToken)).refreshToken
  wait(30_001)

  const reused = await refresh(refreshToken)
  const family = [await refresh(second), await refresh(refreshToken)]

  assert.deepEqual([reused.statusCode, reused.json().code], [401, 'unauthorized'])
  assert.deepEqual(
    family.map(({ statusCode }) => statusCode),
    [401, 401],
  )
})

test('the thirty seconds begin with the first use and are not extended by later ones', async (t) => {
  const { refresh, refreshToken, wait } = await aLogin(t)
  await refresh(refreshToken)
  wait(20_000)
  await refresh(refreshToken)
  wait(20_000)

  assert.equal((await refresh(refreshToken)).statusCode, 401)
})

test('within thirty seconds a pair that was refreshed since is answered again, and its chain lives on', async (t) => {
  const { refresh, refreshToken, wait, pairOf } = await aLogin(t)
  const second = pairOf(await refresh(refreshToken))
  wait(10_000)
  const third = pairOf(await refresh(second.refreshToken))

  const slowTab = pairOf(await refresh(refreshToken))
  const slowTabNext = pairOf(await refresh(slowTab.refreshToken))

  assert.deepEqual(slowTab, second)
  assert.deepEqual(slowTabNext, third)
  assert.notEqual(third.refreshToken, second.refreshToken)
  assert.notEqual(third.accessToken, second.accessToken)
})

test('thirty concurrent refreshes with one token all get one pair (five rounds)', async (t) => {
  const app = await aLogin(t)
  let { refreshToken } = app
  for (let round = 0; round < 5; round++) {
    app.wait(60_000)
    const replies = await Promise.all(Array.from({ length: 30 }, () => app.refresh(refreshToken)))

    assert.deepEqual([...new Set(replies.map(({ statusCode }) => statusCode))], [200])
    assert.equal(new Set(replies.map((reply) => JSON.stringify(app.pairOf(reply)))).size, 1)
    refreshToken = app.pairOf(replies[0]!).refreshToken
  }

  const { rows } = await sql<{ tokens: number }>`
    select count(*) as tokens from refresh_tokens where user_id = ${app.id}`.execute(app.db)
  assert.equal(rows[0]!.tokens, 6)
})

for (const [what, end] of [
  ['a logout with the new token', (app, next) => app.post('/auth/logout', { body: { refreshToken: next } })],
  ['a logout with the old token', (app) => app.post('/auth/logout', { body: { refreshToken: app.refreshToken } })],
  ['disabling the account', (app) => sql`update users set disabled_at = now() where id = ${app.id}`.execute(app.db)],
] as [string, (app: Awaited<ReturnType<typeof aLogin>>, next: string) => Promise<unknown>][]) {
  test(`${what} ends the login at once, also within the thirty seconds`, async (t) => {
    const app = await aLogin(t)
    const next = app.pairOf(await app.refresh(app.refreshToken)).refreshToken

    await end(app, next)

    assert.equal((await app.refresh(app.refreshToken)).statusCode, 401)
    assert.equal((await app.refresh(next)).statusCode, 401)
  })
}

test('without our key the next token does not follow from the old one', async (t) => {
  const app = await aLogin(t)
  const next = app.pairOf(await app.refresh(app.refreshToken)).refreshToken
  const other = createHmac('sha256', 'another key').update(`refresh-token\n${app.refreshToken}`).digest('base64url')

  const { rows } = await sql<{ hash: string }>`
    select encode(token_hash, 'hex') as hash from refresh_tokens where user_id = ${app.id}`.execute(app.db)
  const stored = rows.map(({ hash }) => hash)
  const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

  assert.ok(stored.includes(hashOf(next)) && !stored.includes(hashOf(other)))
  assert.equal((await app.refresh(other)).statusCode, 401)
})

/** How the same address and password arrive from other keyboards, and whether they log in. */
const TYPED: [string, (email: string) => string, string, number][] = [
  ['spaces around the address', (email) => `  ${email} \n`, 'Ñandú añejo 1', 200],
  ['capitals in the address', (email) => email.toUpperCase(), 'Ñandú añejo 1', 200],
  ['full-width letters in the address', (email) => email.replace('@', '＠').replace('x', 'ｘ'), 'Ñandú añejo 1', 200],
  ['invisible marks in the address', (email) => `\u2068${email}\u200b\u2069`, 'Ñandú añejo 1', 200],
  ['decomposed letters in the password', (email) => email, 'Ñandú añejo 1'.normalize('NFD'), 200],
  ['an unbreakable space in the password', (email) => email, 'Ñandú\u00a0añejo 1', 200],
  ['a space after the password', (email) => email, 'Ñandú añejo 1 ', 401],
  ['a password in capitals', (email) => email, 'ÑANDÚ AÑEJO 1', 401],
  ['full-width letters in the password', (email) => email, 'Ñandú añejo １', 401],
  ['no accents in the password', (email) => email, 'Nandu anejo 1', 401],
]
for (const [what, typeEmail, password, expected] of TYPED) {
  test(`a login with ${what} is ${expected}`, async (t) => {
    const app = await startApp(t)
    const { id, email } = await anAccount(app)
    await sql`update users set password_hash = ${await hashPassword('Ñandú añejo 1')} where id = ${id}`.execute(app.db)

    const reply = await app.post('/auth/login', { body: { email: typeEmail(email), password } })

    assert.equal(reply.statusCode, expected)
  })
}

test('an account is created under the address that logs in, however it was typed', async (t) => {
  const { deps } = await startApp(t)
  const mark = newId('x')
  const input = { name: ' Ana\u200b ', role: 'director', organizerId: null }

  const { email } = await createAccount(deps, { ...input, email: ` Ａna-${mark}@Example.com\u200b` })

  assert.equal(email, `ana-${mark}@example.com`)
  await assert.rejects(createAccount(deps, { ...input, email: `ANA-${mark}@example.com` }), { code: 'user_exists' })
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
  await app.deps.kv.deleteByPrefix('limit:login:')

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

test('a token that was accepted before is refused from the second at which it expires', async (t) => {
  const app = await startApp(t, { now: NOW })
  const token = await forge(app, { exp: SECONDS + 60 })
  const ask = async (at: string) => {
    app.setNow(at)
    return (await app.get('/events', bearer(token))).statusCode
  }

  assert.deepEqual(
    [await ask(NOW), await ask('2029-06-01T12:00:59.999Z'), await ask('2029-06-01T12:01:00.000Z'), await ask(NOW)],
    [200, 200, 401, 200],
  )
})

test('a token that one process has accepted says nothing to a process with another key', async (t) => {
  const app = await startApp(t, { now: NOW })
  const header = `Bearer ${await forge(app)}`
  const from = { address: '127.0.0.1', mayBeBasic: false }
  const [here, there] = [app.deps, { ...app.deps, signingKey: new Uint8Array(48).fill(7) }].map(openAuthenticator)

  assert.equal((await here!(header, from)).id, 'usr_forged')
  await assert.rejects(there!(header, from), { code: 'unauthorized' })
  await assert.rejects(here!(`${header}x`, from), { code: 'unauthorized' })
})

test('a hundred concurrent callers of /auth/me each get their own account, and a disabled one none', async (t) => {
  const app = await startApp(t)
  const people = await Promise.all(Array.from({ length: 10 }, () => anAccount(app, 'organizer')))
  await sql`update users set disabled_at = now() where id = ${people[3]!.id}`.execute(app.db)

  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, n) => {
      const { id, organizerId } = people[n % 10]!
      return app.get('/auth/me', { as: { id, role: 'organizer', organizerId } })
    }),
  )

  replies.forEach((reply, n) => {
    if (n % 10 === 3) return assert.equal(reply.statusCode, 401)
    const { id, email, organizerId } = people[n % 10]!
    const chosen = { language: 'es-MX', weeklyEmail: false, supervisor: false }
    assert.deepEqual(reply.json().user, { id, email, organizerId, name: 'Persona', role: 'organizer', ...chosen })
  })
})

test('a director chooses language and weekly e-mail, and what is not given stays', async (t) => {
  const app = await startApp(t)
  const { id, email } = await anAccount(app)
  const as = { id, role: 'director', organizerId: null } as const
  const change = async (body: object) => {
    const { language, weeklyEmail } = (await app.patch('/auth/me', { as, body })).json().user
    return [language, weeklyEmail]
  }

  assert.deepEqual(await change({ weeklyEmail: true }), ['es-MX', true])
  assert.deepEqual(await change({ language: 'en' }), ['en', true])
  const me = (await app.get('/auth/me', { as })).json().user
  const login = await app.post('/auth/login', { body: { email, password: PASSWORD } })
  assert.deepEqual([me.language, me.weeklyEmail, me.email], ['en', true, email])
  assert.deepEqual(login.json().user, me)
  assert.deepEqual(await change({ weeklyEmail: false }), ['en', false])
})

test('the weekly e-mail is for directors, and the language for everybody', async (t) => {
  const app = await startApp(t)
  const { id, organizerId } = await anAccount(app, 'organizer')
  const as = { id, role: 'organizer', organizerId } as const

  const refused = await app.patch('/auth/me', { as, body: { weeklyEmail: true } })
  const changed = await app.patch('/auth/me', { as, body: { language: 'en', weeklyEmail: false } })

  assert.deepEqual([refused.statusCode, refused.json().code], [403, 'forbidden'])
  assert.deepEqual([changed.json().user.language, changed.json().user.weeklyEmail], ['en', false])
})

test('settings that do not exist are refused, and so is an account that is gone', async (t) => {
  const app = await startApp(t)
  const { id } = await anAccount(app)
  const as = { id, role: 'director', organizerId: null } as const

  for (const body of [{}, { language: 'fr' }, { weeklyEmail: 'yes' }, { role: 'director' }, { language: null }]) {
    const reply = await app.patch('/auth/me', { as, body })
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_request'], JSON.stringify(body))
  }
  await sql`update users set disabled_at = now() where id = ${id}`.execute(app.db)
  const gone = await app.patch('/auth/me', { as, body: { language: 'en' } })
  const anonymous = await app.patch('/auth/me', { body: { language: 'en' } })
  assert.deepEqual([gone.statusCode, anonymous.statusCode], [401, 401])
})
