import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, sql, withTx } from '../platform/db.ts'
import { openDeps } from '../deps.ts'
import type { Role, User } from '../http/access.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anOrganizer } from '../../test/make.ts'
import { sha256 } from './auth.ts'
import { openAuthenticator } from './basic.ts'
import { openRevocations } from './revocations.ts'
import { setPassword } from './users.ts'

const PASSWORD = 'una contraseña larga'
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const organizerOf = (organizerId: string): User => ({ id: `usr_boss_${organizerId}`, role: 'organizer', organizerId })

const anAddress = () => `${newId('p')}@example.com`

/** A user who was invited, chose a password and logged in. */
async function aUser(app: TestApp, role: Role = 'staff', organizerId?: string) {
  for (const prefix of ['limit:login:', 'limit:password:']) await app.deps.kv.deleteByPrefix(prefix)
  const org = role === 'director' ? undefined : (organizerId ?? (await anOrganizer(app.db)))
  const body = { email: anAddress(), name: 'Persona', role, ...(org ? { organizerId: org } : {}) }
  const invited = await app.post('/users', { as: 'director', body })
  assert.equal(invited.statusCode, 201, invited.body)
  const { user, link } = invited.json()
  const token = new URL(link).hash.slice(1)
  await app.post('/auth/password', { body: { token, password: PASSWORD } })
  const logIn = async (password = PASSWORD) => app.post('/auth/login', { body: { email: user.email, password } })
  const session = (await logIn()).json()
  return { ...app, id: user.id as string, email: user.email as string, organizerId: org!, token, logIn, session }
}

test('an invited user has no password until the link is used, which is valid once', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const body = { email: ` Ana.${anAddress()} `, name: 'Ana', role: 'staff', supervisor: true, organizerId }

  const invited = await app.post('/users', { as: 'director', body })
  const { user, link } = invited.json()
  const token = new URL(link).hash.slice(1)
  const early = await app.post('/auth/login', { body: { email: user.email, password: PASSWORD } })
  const uses = await Promise.all(
    [1, 2, 3].map(() => app.post('/auth/password', { body: { token, password: PASSWORD } })),
  )
  const login = await app.post('/auth/login', { body: { email: user.email, password: PASSWORD } })

  assert.deepEqual([invited.statusCode, user.hasPassword, user.supervisor], [201, false, true])
  assert.equal(early.statusCode, 401)
  assert.deepEqual(uses.map(({ statusCode }) => statusCode).toSorted(), [200, 410, 410])
  assert.deepEqual([login.statusCode, login.json().user.supervisor], [200, true])
  const { rows } = await sql<{ found: boolean }>`
    select exists (select 1 from password_links where encode(token_hash, 'escape') like ${`%${token}%`}) as found`.execute(
    app.db,
  )
  assert.equal(rows[0]!.found, false)
})

test('a link works for 72 hours after an invitation, and for one hour after a reset', async (t) => {
  const app = await startApp(t, { now: '2029-06-01T12:00:00.000Z' })
  const organizerId = await anOrganizer(app.db)
  const body = { email: anAddress(), name: 'Ana', role: 'viewer', organizerId }
  const { user, link } = (await app.post('/users', { as: 'director', body })).json()
  const use = (url: string) =>
    app.post('/auth/password', { body: { token: new URL(url).hash.slice(1), password: PASSWORD } })

  app.setNow('2029-06-04T12:00:00.000Z')
  assert.equal((await use(link)).statusCode, 410)
  const reset = await app.post(`/users/${user.id}/password-reset`, { as: 'director' })
  const again = await app.post(`/users/${user.id}/password-reset`, { as: 'director' })
  app.setNow('2029-06-04T12:59:59.999Z')
  assert.deepEqual([(await use(reset.json().link)).statusCode, (await use(again.json().link)).statusCode], [410, 200])
  const late = await app.post(`/users/${user.id}/password-reset`, { as: 'director' })
  app.setNow('2029-06-04T13:59:59.999Z')
  assert.equal((await use(late.json().link)).statusCode, 410)
})

test('a link is not stored with the answer of its Idempotency-Key: a repetition has everything else', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db)
  const body = { email: anAddress(), name: 'Ana', role: 'staff', organizerId }
  const send = () => app.post('/users', { as: 'director', body, headers: { 'idempotency-key': body.email } })

  const [first, second] = [await send(), await send()]

  assert.match(first.json().link, /\/password#[\w-]{43}$/)
  assert.deepEqual([second.statusCode, second.json().link], [201, null])
  assert.deepEqual(second.json().user, first.json().user)
})

for (const [what, change] of [
  ['disabling', (app, id) => app.delete(`/users/${id}`, { as: 'director' })],
  ['another role', (app, id) => app.patch(`/users/${id}`, { as: 'director', body: { role: 'viewer' } })],
  ['supervisor', (app, id) => app.patch(`/users/${id}`, { as: 'director', body: { supervisor: true } })],
] as [string, (app: TestApp, id: string) => Promise<{ statusCode: number }>][]) {
  test(`${what} ends the access tokens of a user at once`, async (t) => {
    const app = await startApp(t)
    const { id, session } = await aUser(app)
    assert.equal((await app.get('/auth/me', bearer(session.accessToken))).statusCode, 200)

    assert.equal((await change(app, id)).statusCode, 200)

    assert.equal((await app.get('/auth/me', bearer(session.accessToken))).statusCode, 401)
    const refreshed = await app.post('/auth/refresh', { body: { refreshToken: session.refreshToken } })
    assert.equal(refreshed.statusCode, what === 'disabling' ? 401 : 200)
  })
}

test('a name changes without ending anything, and a user who is enabled again logs in again', async (t) => {
  const app = await startApp(t)
  const { id, session, logIn } = await aUser(app)

  const named = await app.patch(`/users/${id}`, { as: 'director', body: { name: 'Otra' } })
  assert.deepEqual(
    [named.json().name, (await app.get('/auth/me', bearer(session.accessToken))).statusCode],
    ['Otra', 200],
  )
  await app.delete(`/users/${id}`, { as: 'director' })
  const reset = await app.post(`/users/${id}/password-reset`, { as: 'director' })
  assert.deepEqual([(await logIn()).statusCode, reset.json().code], [401, 'user_disabled'])
  await app.patch(`/users/${id}`, { as: 'director', body: { disabled: false } })
  assert.equal((await logIn()).statusCode, 200)
  assert.equal((await app.get('/auth/me', bearer(session.accessToken))).statusCode, 401)
})

test('a logout with a token that nobody has makes no request read the list of ended tokens', async (t) => {
  const app = await startApp(t)
  const { session } = await aUser(app)
  const expire = t.mock.method(app.deps.revocations, 'expire')

  await app.post('/auth/logout', { body: { refreshToken: 'x'.repeat(40) } })
  const after = expire.mock.callCount()
  await app.post('/auth/logout', { body: { refreshToken: session.refreshToken } })

  assert.deepEqual([after, expire.mock.callCount()], [0, 1])
})

test('a refresh waits for a change of its user before it takes the token, so neither waits for the other', async (t) => {
  const app = await startApp(t)
  const { id, session } = await aUser(app)
  let refreshing: Promise<{ statusCode: number }> | undefined
  await withTx(app.db, async (tx) => {
    await sql`select id from users where id = ${id} for update`.execute(tx)
    refreshing = app.post('/auth/refresh', { body: { refreshToken: session.refreshToken } })
    await sleep(200)
    await sql`select token_hash from refresh_tokens where user_id = ${id} for update nowait`.execute(tx)
  })

  assert.equal((await refreshing!).statusCode, 200)
})

test('another process refuses the token of a disabled user as soon as it reads the list again', async (t) => {
  const app = await startApp(t)
  const { id, session } = await aUser(app)
  const other = openDeps(app.deps.config, app.deps.log, { databaseUrl: app.deps.databaseUrl, isTool: true })
  t.after(() => other.close())
  const revocations = openRevocations(other, { lifetimeMs: 900_000, freshMs: 0 })
  const authenticate = openAuthenticator({ ...other, signingKey: app.deps.signingKey, revocations })
  const ask = () => authenticate(`Bearer ${session.accessToken}`, { address: '127.0.0.1', mayBeBasic: false })

  assert.equal((await ask()).id, id)
  await app.delete(`/users/${id}`, { as: 'director' })
  await assert.rejects(ask(), { code: 'unauthorized' })
})

test('no login survives a password that is set while it logs in (ten rounds)', async (t) => {
  const app = await startApp(t)
  const { id, logIn } = await aUser(app)
  for (let round = 0; round < 10; round++) {
    await app.deps.kv.deleteByPrefix('limit:')
    const { link } = (await app.post(`/users/${id}/password-reset`, { as: 'director' })).json()
    const body = { token: new URL(link).hash.slice(1), password: PASSWORD }
    const [login] = await Promise.all([logIn(), app.post('/auth/password', { body })])
    if (login.statusCode !== 200) continue
    // The account had the old password when it was read: that session must be dead, or be one of the new password.
    const me = await app.get('/auth/me', bearer(login.json().accessToken))
    const refreshed = await app.post('/auth/refresh', { body: { refreshToken: login.json().refreshToken } })
    assert.equal(me.statusCode, refreshed.statusCode)
  }
})

test('a new password ends every session of before', async (t) => {
  const app = await startApp(t)
  const { id, session, logIn, email } = await aUser(app)
  const second = (await logIn()).json()

  const { link } = (await app.post(`/users/${id}/password-reset`, { as: 'director' })).json()
  await app.post('/auth/password', { body: { token: new URL(link).hash.slice(1), password: 'otra contraseña larga' } })

  for (const { accessToken, refreshToken } of [session, second]) {
    assert.equal((await app.get('/auth/me', bearer(accessToken))).statusCode, 401)
    assert.equal((await app.post('/auth/refresh', { body: { refreshToken } })).statusCode, 401)
  }
  assert.deepEqual([(await logIn()).statusCode, (await logIn('otra contraseña larga')).statusCode], [401, 200])

  const printed = await setPassword(app.deps, email.toUpperCase())
  assert.deepEqual([(await logIn(printed.password)).statusCode, printed.disabled], [200, false])
  await assert.rejects(setPassword(app.deps, 'nobody@example.com'), { code: 'user_not_found' })
})

const NEW = 'otra contraseña larga'
const change = (app: TestApp, accessToken: string | null, body: object) =>
  app.post('/auth/password', {
    ...(accessToken === null ? {} : bearer(accessToken)),
    body: { currentPassword: PASSWORD, password: NEW, ...body },
  })

test('who changes the password stays logged in here, and every other login ends', async (t) => {
  const app = await startApp(t)
  const { session: other, logIn } = await aUser(app)
  const here = (await logIn()).json()

  const changed = await change(app, here.accessToken, {})

  assert.deepEqual([changed.statusCode, changed.json().status], [200, 'password_set'])
  assert.equal((await app.get('/auth/me', bearer(other.accessToken))).statusCode, 401)
  assert.equal((await app.post('/auth/refresh', { body: { refreshToken: other.refreshToken } })).statusCode, 401)
  assert.equal((await app.get('/auth/me', bearer(here.accessToken))).statusCode, 200)
  const refreshed = await app.post('/auth/refresh', { body: { refreshToken: here.refreshToken } })
  assert.equal((await app.get('/auth/me', bearer(refreshed.json().accessToken))).statusCode, 200)
  assert.deepEqual([(await logIn()).statusCode, (await logIn(NEW)).statusCode], [401, 200])
})

test('a token that had ended before the password changed stays ended', async (t) => {
  const app = await startApp(t)
  const { id, session } = await aUser(app)
  await app.patch(`/users/${id}`, { as: 'director', body: { role: 'viewer' } })
  const next = (await app.post('/auth/refresh', { body: { refreshToken: session.refreshToken } })).json()

  const changed = await change(app, next.accessToken, {})

  assert.equal(changed.statusCode, 200, changed.body)
  assert.equal((await app.get('/auth/me', bearer(next.accessToken))).statusCode, 200)
  assert.equal((await app.get('/auth/me', bearer(session.accessToken))).statusCode, 401)
})

test('of two concurrent changes of one password, one succeeds', async (t) => {
  const app = await startApp(t)
  const { session, logIn } = await aUser(app)

  const replies = await Promise.all([
    change(app, session.accessToken, { password: `${NEW} 1` }),
    change(app, session.accessToken, { password: `${NEW} 2` }),
  ])
  const logins = [await logIn(`${NEW} 1`), await logIn(`${NEW} 2`)]

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [200, 401])
  assert.deepEqual(
    logins.map(({ statusCode }) => statusCode),
    replies.map(({ statusCode }) => statusCode),
  )
})

test('a password is changed only by the person who knows it, and guesses are limited', async (t) => {
  const app = await startApp(t)
  const { session, logIn, email, token } = await aUser(app)
  const boss = await aUser(app, 'organizer')
  const body = { name: 'K', scopes: ['read', 'write', 'door', 'payments'] }
  const key = (await app.post('/api-keys', { ...bearer(boss.session.accessToken), body })).json().key

  const replies = [
    await change(app, session.accessToken, { currentPassword: 'adivinada' }),
    await change(app, null, {}),
    await change(app, key, {}),
    await change(app, session.accessToken, { token }),
    await change(app, session.accessToken, { currentPassword: undefined }),
    await change(app, session.accessToken, { password: 'corta' }),
  ]
  for (let n = 0; n < 10; n++)
    await app.deps.kv.increment(`limit:login:account:${sha256(email).toString('hex')}`, 60_000)
  const limited = await change(app, session.accessToken, {})

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [401, 'invalid_credentials'],
      [401, 'unauthorized'],
      [403, 'forbidden'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
    ],
  )
  assert.deepEqual([limited.statusCode, limited.json().code], [429, 'rate_limited'])
  await app.deps.kv.deleteByPrefix('limit:login:')
  assert.equal((await logIn()).statusCode, 200)
})

test('sessions are listed for their user alone, and end one by one or all but this one', async (t) => {
  const app = await startApp(t)
  const { session, logIn } = await aUser(app)
  const stranger = await aUser(app)
  const [second, third] = [(await logIn()).json(), (await logIn()).json()]
  const list = async () => (await app.get('/auth/sessions', bearer(third.accessToken))).json().data

  const [here, other, first] = await list()
  assert.deepEqual([here.isCurrent, other.isCurrent, first.isCurrent], [true, false, false])
  const page = (await app.get('/auth/sessions?limit=1', bearer(third.accessToken))).json()
  const rest = await app.get(`/auth/sessions?cursor=${page.page.nextCursor}`, bearer(third.accessToken))
  assert.equal(rest.json().data.length, 2)

  const foreign = await app.delete(`/auth/sessions/${other.id}`, bearer(stranger.session.accessToken))
  assert.deepEqual([foreign.statusCode, foreign.json().code], [404, 'session_not_found'])
  assert.equal((await app.delete(`/auth/sessions/${other.id}`, bearer(third.accessToken))).statusCode, 200)
  assert.equal((await app.get('/auth/me', bearer(second.accessToken))).statusCode, 401)
  assert.equal((await app.delete('/auth/sessions', bearer(third.accessToken))).statusCode, 200)
  assert.equal((await app.get('/auth/me', bearer(session.accessToken))).statusCode, 401)
  assert.deepEqual(
    (await list()).map(({ id }: { id: string }) => id),
    [here.id],
  )
})

/** What an organizer asks for about a user of a role, and the answer. */
const ESCALATIONS: [string, object, number, string][] = [
  ['a director', { role: 'director' }, 403, 'forbidden'],
  ['another organizer', { role: 'organizer' }, 403, 'forbidden'],
  ['a role that does not exist', { role: 'root' }, 400, 'invalid_request'],
  ['a viewer who supervises', { role: 'viewer', supervisor: true }, 400, 'invalid_request'],
  ['a user of another organizer', { role: 'staff', organizerId: 'org_other' }, 404, 'organizer_not_found'],
  ['a user with an id', { role: 'staff', id: 'usr_x' }, 400, 'invalid_request'],
  ['a user with a password', { role: 'staff', password: PASSWORD }, 400, 'invalid_request'],
  ['a user with a hash', { role: 'staff', passwordHash: 'x' }, 400, 'invalid_request'],
  ['an address that is none', { role: 'staff', email: 'no' }, 400, 'invalid_request'],
]
for (const [what, change, status, code] of ESCALATIONS) {
  test(`an organizer who invites ${what} gets ${status} ${code}`, async (t) => {
    const app = await startApp(t)
    await anOrganizer(app.db, 'org_other')
    const as = organizerOf(await anOrganizer(app.db))
    const body = { email: anAddress(), name: 'X', ...change }

    const reply = await app.post('/users', { as, body })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
    const { rows } = await sql`select 1 from users where email = ${body.email}`.execute(app.db)
    assert.equal(rows.length, 0)
  })
}

for (const [what, role, body, status] of [
  ['makes its staff a director', 'staff', { role: 'director' }, 403],
  ['makes its staff an organizer', 'staff', { role: 'organizer' }, 403],
  ['makes its viewer supervise', 'viewer', { supervisor: true }, 400],
  ['moves its staff', 'staff', { organizerId: 'org_other' }, 400],
  ['disables another organizer', 'organizer', { disabled: true }, 403],
  ['changes nothing', 'staff', {}, 400],
] as [string, Role, object, number][]) {
  test(`an organizer who ${what} gets ${status}`, async (t) => {
    const app = await startApp(t)
    const { id, organizerId } = await aUser(app, role)

    const reply = await app.patch(`/users/${id}`, { as: organizerOf(organizerId), body })

    assert.equal(reply.statusCode, status, reply.body)
  })
}

test('an organizer manages its own staff, and to another organizer the user does not exist', async (t) => {
  const app = await startApp(t)
  const { id, organizerId } = await aUser(app)
  const director = await aUser(app, 'director')
  const own = organizerOf(organizerId)
  const other = organizerOf(await anOrganizer(app.db))

  const ids = async (as: User) => (await app.get('/users', { as })).json().data.map((user: { id: string }) => user.id)
  assert.deepEqual([await ids(own), await ids(other)], [[id], []])
  for (const [as, userId] of [
    [other, id],
    [own, director.id],
  ] as const) {
    const replies = [
      await app.patch(`/users/${userId}`, { as, body: { name: 'X' } }),
      await app.delete(`/users/${userId}`, { as }),
      await app.post(`/users/${userId}/password-reset`, { as }),
    ]
    for (const reply of replies) assert.deepEqual([reply.statusCode, reply.json().code], [404, 'user_not_found'])
  }
  assert.equal((await app.patch(`/users/${id}`, { as: own, body: { supervisor: true } })).json().supervisor, true)
  assert.equal((await app.delete(`/users/${id}`, { as: own })).json().disabled, true)
})

test('nobody disables or demotes themselves, and a director has no organizer', async (t) => {
  const app = await startApp(t)
  const { id, session } = await aUser(app, 'director')
  const as = 'director'
  const organizerId = await anOrganizer(app.db)
  const invite = (body: object) => app.post('/users', { as, body: { email: anAddress(), name: 'X', ...body } })

  assert.equal((await app.delete(`/users/${id}`, bearer(session.accessToken))).statusCode, 403)
  assert.equal((await app.patch(`/users/${id}`, { as: 'director', body: { role: 'viewer' } })).statusCode, 400)
  assert.equal((await invite({ role: 'director', organizerId })).statusCode, 400)
  assert.equal((await invite({ role: 'staff' })).statusCode, 400)
  assert.equal((await invite({ role: 'organizer', organizerId: 'org_none' })).json().code, 'organizer_not_found')
  const twice = { role: 'staff', organizerId, email: anAddress() }
  assert.deepEqual([(await invite(twice)).statusCode, (await invite(twice)).json().code], [201, 'user_exists'])
})

test('every change of a user is in the audit log of its organizer, and nothing changes or deletes an entry', async (t) => {
  const app = await startApp(t)
  const { id, organizerId } = await aUser(app)
  await app.patch(`/users/${id}`, { as: 'director', body: { supervisor: true, name: 'Otra' } })
  const list = async (as: User | Role, query = '') => (await app.get(`/audit?entity=${id}${query}`, { as })).json()

  const { data } = await list(organizerOf(organizerId))
  assert.deepEqual(
    data.map(({ action, actor }: { action: string; actor: string }) => [action, actor]),
    [
      ['user_changed', 'usr_test_director'],
      ['password_set', id],
      ['user_invited', 'usr_test_director'],
    ],
  )
  assert.deepEqual([data[0].before, data[0].after], [{ supervisor: false }, { supervisor: true, changed: ['name'] }])
  assert.deepEqual((await list(organizerOf(await anOrganizer(app.db)))).data, [])
  assert.equal((await list('director', `&actor=${id}`)).data.length, 1)
  const first = await list('director', '&limit=2')
  assert.equal((await list('director', `&cursor=${first.page.nextCursor}`)).data.length, 1)
  assert.equal((await list('director', '&from=2100-01-01T00:00:00Z')).data.length, 0)
  for (const statement of [
    'delete from audit_entries',
    `update audit_entries set actor = 'x'`,
    'truncate audit_entries',
  ])
    await assert.rejects(sql.raw(statement).execute(app.db), /append-only/)
})
