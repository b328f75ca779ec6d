/** Sessions of browsers: tokens in cookies (docs/decisions/0038). */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newId, sql } from '../platform/db.ts'
import { startApp, tokenFor, type AppOptions } from '../../test/harness.ts'
import { hashPassword } from './auth.ts'

const PASSWORD = 'una contraseña larga'
const SAME = { 'sec-fetch-site': 'same-origin' }
type Cookie = { name: string; value: string; path?: string; maxAge?: number; secure?: boolean }
type Reply = Awaited<ReturnType<Awaited<ReturnType<typeof startApp>>['post']>>

const cookiesOf = (reply: Reply) =>
  Object.fromEntries((reply.cookies as Cookie[]).map((cookie) => [cookie.name, cookie]))

/** A login whose tokens a browser has in its cookies, and requests from a page of ours. */
async function aBrowser(t: TestContext, options: AppOptions = {}) {
  const app = await startApp(t, options)
  await app.deps.kv.deleteByPrefix('limit:login:') // the tests share an address
  const id = newId('usr')
  const email = `${id}@example.com`
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${id}, null, ${email}, 'Persona', 'director', ${await hashPassword(PASSWORD)})`.execute(app.db)
  const { accessToken, refreshToken } = (await app.post('/auth/login', { body: { email, password: PASSWORD } })).json()
  const jar: Record<string, string> = { mt_access: accessToken as string, mt_refresh: refreshToken as string }
  const cookie = () =>
    Object.entries(jar)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
  const headers = (more: Record<string, string> = {}) => ({ headers: { cookie: cookie(), ...SAME, ...more } })
  const refresh = (more: Record<string, string> = {}) => app.post('/auth/refresh', headers(more))
  const wait = (ms: number) => app.setNow(new Date(app.deps.now().getTime() + ms).toISOString())
  return { ...app, id, email, jar, headers, refresh, wait }
}

test('the cookie is a login where there is no Authorization', async (t) => {
  const { get, id, headers } = await aBrowser(t)

  const me = await get('/auth/me', headers())

  assert.deepEqual([me.statusCode, me.json().user.id], [200, id])
  assert.equal(me.headers['cache-control'], 'no-store')
})

test('Authorization beats the cookie, also when it is wrong', async (t) => {
  const { get, deps, headers } = await aBrowser(t)
  const organizer = { id: 'usr_other', role: 'organizer', organizerId: 'org_test' } as const

  const other = await get('/director/overview', headers({ authorization: `Bearer ${await tokenFor(deps, organizer)}` }))
  const wrong = await get('/auth/me', headers({ authorization: 'Bearer wrong' }))
  const empty = await get('/auth/me', headers({ authorization: '' }))

  assert.deepEqual([other.statusCode, wrong.statusCode, empty.statusCode], [403, 401, 401])
})

for (const [what, value] of [
  ['nothing', ''],
  ['no token', 'abc'],
  ['an API key', `mk_live_${'a'.repeat(43)}`],
  ['a token of somebody else', 'e30.e30.e30'],
]) {
  test(`a cookie with ${what} is 401`, async (t) => {
    const { get } = await startApp(t)

    const reply = await get('/auth/me', { headers: { cookie: `mt_access=${value}` } })

    assert.equal(reply.statusCode, 401)
  })
}

test('an API key in the cookie is none, though it is one as Bearer', async (t) => {
  const { get, post, headers } = await aBrowser(t)
  const made = await post('/api-keys', { ...headers(), body: { name: 'Caja', scopes: ['read'] } })
  const { key: token } = made.json()
  assert.equal(made.statusCode, 201)

  assert.equal((await get('/events', { headers: { authorization: `Bearer ${token}` } })).statusCode, 200)
  assert.equal((await get('/events', { headers: { cookie: `mt_access=${token}` } })).statusCode, 401)
})

test('a refresh without a body takes the cookie and answers new cookies, and no token in the body', async (t) => {
  const { refresh, jar, get, id } = await aBrowser(t, { now: '2029-06-01T12:00:00.000Z' })

  const reply = await refresh()
  const { mt_access: access, mt_refresh: next } = cookiesOf(reply)

  assert.deepEqual(Object.keys(reply.json()).toSorted(), ['expiresIn', 'requestId', 'user'])
  assert.equal(reply.json().user.id, id)
  const attributes = { httpOnly: true, sameSite: 'Strict' }
  assert.deepEqual({ ...access, value: '' }, { name: 'mt_access', value: '', maxAge: 900, path: '/', ...attributes })
  assert.deepEqual(
    { ...next, value: '' },
    { name: 'mt_refresh', value: '', maxAge: 30 * 86_400, path: '/auth', ...attributes },
  )
  assert.ok(next!.value !== jar['mt_refresh'] && access!.value !== jar['mt_access'])
  const me = await get('/auth/me', { headers: { cookie: `mt_access=${access!.value}` } })
  assert.equal(me.statusCode, 200)
})

test('two tabs that refresh at once get the same cookies; thirty seconds later the old one ends the login', async (t) => {
  const { refresh, wait, get } = await aBrowser(t, { now: '2029-06-01T12:00:00.000Z' })

  const [one, other] = await Promise.all([refresh(), refresh()])
  wait(29_000)
  const slow = await refresh()
  wait(1_001)
  const reused = await refresh()

  const values = (reply: Reply) => Object.values(cookiesOf(reply)).map(({ value }) => value)
  assert.deepEqual(values(other), values(one))
  assert.deepEqual(values(slow), values(one))
  assert.deepEqual([reused.statusCode, reused.json().code, values(reused)], [401, 'unauthorized', ['', '']])
  const [access] = values(one)
  assert.equal((await get('/auth/me', { headers: { cookie: `mt_access=${access}` } })).statusCode, 401)
})

test('a refresh with neither a body nor a cookie is 401', async (t) => {
  const { post } = await startApp(t)

  for (const call of [{}, { body: {} }, { headers: SAME }]) {
    const reply = await post('/auth/refresh', call)
    assert.deepEqual([reply.statusCode, reply.json().code], [401, 'unauthorized'])
  }
})

test('a refresh token in the body is answered in the body, and sets no cookie', async (t) => {
  const { post, jar } = await aBrowser(t)

  const reply = await post('/auth/refresh', { body: { refreshToken: jar['mt_refresh'] } })

  assert.equal(typeof reply.json().refreshToken, 'string')
  assert.deepEqual(reply.cookies, [])
})

test('a logout by cookie ends the login at once and clears both cookies', async (t) => {
  const { post, get, refresh, headers } = await aBrowser(t)

  const out = await post('/auth/logout', headers())

  assert.equal(out.json().status, 'logged_out')
  assert.deepEqual(
    Object.values(cookiesOf(out)).map(({ name, value, path, maxAge }) => [name, value, path, maxAge]),
    [
      ['mt_access', '', '/', 0],
      ['mt_refresh', '', '/auth', 0],
    ],
  )
  assert.equal((await get('/auth/me', headers())).statusCode, 401)
  assert.equal((await refresh()).statusCode, 401)
})

test('a form logs out and leads to the login page, also when the login is over', async (t) => {
  const { post, get, headers } = await aBrowser(t)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  const out = await post('/auth/logout', { ...headers(form), payload: '' })
  const again = await post('/auth/logout', { headers: { ...form, ...SAME }, payload: '' })
  const foreign = await post('/auth/logout', { headers: { ...form, 'sec-fetch-site': 'cross-site' }, payload: '' })

  assert.deepEqual([foreign.statusCode, foreign.json().code, foreign.cookies], [403, 'csrf', []])
  for (const reply of [out, again]) assert.deepEqual([reply.statusCode, reply.headers.location], [303, '/login'])
  assert.equal((await get('/auth/me', headers())).statusCode, 401)
})

test('a logout with neither a body nor a cookie is 401', async (t) => {
  const { post } = await startApp(t)

  assert.equal((await post('/auth/logout', { headers: SAME })).statusCode, 401)
})

test('a person changes the password by cookie and stays logged in', async (t) => {
  const { post, get, headers, refresh } = await aBrowser(t)

  const changed = await post('/auth/password', {
    ...headers(),
    body: { currentPassword: PASSWORD, password: 'otra contraseña larga' },
  })

  assert.equal(changed.statusCode, 200)
  assert.equal((await get('/auth/me', headers())).statusCode, 200)
  assert.equal((await refresh()).statusCode, 200)
})

/** Where a browser thinks it is, what PUBLIC_BASE_URL says, and whether the cookies are for https alone. */
const PLACES: [string, Record<string, string>, Record<string, string>, boolean][] = [
  ['localhost over http', { host: 'localhost:8080' }, {}, false],
  ['a name below localhost', { host: 'app.localhost:8080' }, {}, false],
  ['127.0.0.1', { host: '127.0.0.1:8080' }, {}, false],
  ['127.1.2.3', { host: '127.1.2.3' }, {}, false],
  ['::1', { host: '[::1]:8080' }, {}, false],
  ['another machine over http', { host: '192.168.1.5:8080' }, {}, true],
  ['a name that begins with 127', { host: '127.0.0.1.example.com' }, {}, true],
  ['a name that ends like localhost', { host: 'notlocalhost' }, {}, true],
  ['localhost behind a proxy with https', { host: 'localhost:8080' }, { PUBLIC_BASE_URL: 'https://m.example' }, true],
  [
    'localhost, where a trusted proxy says https',
    { host: 'localhost', 'x-forwarded-proto': 'https' },
    { TRUSTED_PROXIES: '127.0.0.1' },
    true,
  ],
  ['localhost, where somebody says https', { host: 'localhost', 'x-forwarded-proto': 'https' }, {}, false],
]
for (const [what, host, env, secure] of PLACES) {
  test(`cookies on ${what} are ${secure ? 'Secure' : 'not Secure'}`, async (t) => {
    const { refresh } = await aBrowser(t, { env })

    const cookies = Object.values(cookiesOf(await refresh(host)))

    assert.deepEqual(
      cookies.map((cookie) => cookie.secure ?? false),
      [secure, secure],
    )
  })
}

test('in demo mode the browser keeps an access token that has ended, so nobody becomes the demo director', async (t) => {
  const { refresh, get, wait } = await aBrowser(t, {
    now: '2029-06-01T12:00:00.000Z',
    env: { AUTH_MODE: 'demo', APP_ENV: 'development' },
  })
  const { mt_access: access } = cookiesOf(await refresh())
  const headers = { cookie: `mt_access=${access!.value}` }

  assert.equal(access!.maxAge, 30 * 86_400)
  assert.equal((await get('/auth/me', { headers })).statusCode, 200)
  wait(901_000)
  assert.equal((await get('/auth/me', { headers })).statusCode, 401)
  assert.equal((await get('/auth/me')).json().user.id, 'usr_demo_director')
})
