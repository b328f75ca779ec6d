/** The login page as a browser without scripts uses it. */
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import { startApp } from '../../test/harness.ts'
import { aPerson, openBrowser } from '../../test/visits.ts'
import { ROLES } from '../http/access.ts'

for (const role of ROLES)
  test(`the ${role} logs in and gets to their first page and its data`, async (t) => {
    const app = await startApp(t)
    const person = await aPerson(app, role)
    const { submit, open, jar } = openBrowser(app)

    const reply = await submit('/login', person)
    const me = await open('/auth/me', { accept: 'application/json' })

    const home = { director: '/panel', organizer: '/organizer', viewer: '/organizer', staff: '/door' }[role]
    assert.deepEqual([reply.statusCode, reply.headers.location, reply.payload], [303, home, ''])
    assert.deepEqual([...jar.keys()], ['mt_access', 'mt_refresh'])
    assert.equal(me.json().user.id, person.id)
  })

test('a login leads to the page that was asked for, if it is ours', async (t) => {
  const app = await startApp(t)
  const person = await aPerson(app)
  const { submit } = openBrowser(app)

  const ours = await submit('/login', { ...person, next: '/panel/dinero?desde=2026-12-01' })
  const theirs = await submit('/login', { ...person, next: '//evil.example/panel' })

  assert.equal(ours.headers.location, '/panel/dinero?desde=2026-12-01')
  assert.equal(theirs.headers.location, '/panel')
})

test('the page has a form, no script, a strict policy and few bytes', async (t) => {
  const { open } = openBrowser(await startApp(t))

  const { payload, headers, statusCode } = await open('/login?next=/panel/dinero')

  assert.equal(statusCode, 200)
  assert.match(payload, /<html lang="es-MX">/)
  assert.match(
    payload,
    /<form method="post" action="\/login"><input type="hidden" name="next" value="\/panel\/dinero">/,
  )
  assert.match(payload, /autocomplete="username" required autofocus/)
  assert.match(payload, /autocomplete="current-password" required>/)
  assert.doesNotMatch(payload, /<script|style="| on\w+="|https?:/)
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-[^']+'; form-action/)
  assert.doesNotMatch(String(headers['content-security-policy']), /unsafe|script/)
  assert.deepEqual([headers['referrer-policy'], headers['cache-control']], ['same-origin', 'no-store'])
  assert.ok(gzipSync(payload).length < 15_000)
})

for (const [accepted, lang] of [
  [undefined, 'es-MX'],
  ['en-US,en;q=0.9,es;q=0.8', 'en'],
  ['en', 'en'],
  ['es-ES,es;q=0.9,en;q=0.8', 'es-MX'],
  ['es-419', 'es-MX'],
  ['de-DE,de;q=0.9,en;q=0.5', 'en'],
  ['fr', 'es-MX'],
  ['*', 'es-MX'],
  ['', 'es-MX'],
  ['x'.repeat(5000), 'es-MX'],
] as const)
  test(`a browser that reads ${accepted?.slice(0, 30)} gets ${lang}`, async (t) => {
    const { open } = openBrowser(await startApp(t))

    const { payload } = await open('/login', accepted === undefined ? {} : { 'accept-language': accepted })

    assert.match(payload, new RegExp(`<html lang="${lang}">`))
    assert.match(payload, lang === 'en' ? /<button>Log in</ : /<button>Entrar</)
  })

test('a wrong password shows the form again, with the e-mail and a polite text, and sets no cookie', async (t) => {
  const app = await startApp(t)
  const { email } = await aPerson(app)
  const { submit, jar } = openBrowser(app)

  const wrong = await submit('/login', { email, password: 'otra', next: '/panel/dinero' })
  const unknown = await submit('/login', { email: `x-${email}`, password: 'otra', next: '/panel/dinero' })

  for (const reply of [wrong, unknown]) {
    assert.equal(reply.statusCode, 401)
    assert.match(reply.payload, /role="alert">El correo o la contraseña no coinciden/)
    assert.match(reply.payload, /name="next" value="\/panel\/dinero"/)
  }
  assert.match(wrong.payload, new RegExp(`name="email" type="email" value="${email}"`))
  assert.doesNotMatch(wrong.payload, /otra/)
  assert.equal(wrong.payload.replaceAll(email, ''), unknown.payload.replaceAll(`x-${email}`, ''))
  assert.equal(jar.size, 0)
})

test('what was entered is shown as text, never as markup', async (t) => {
  const app = await startApp(t)
  await aPerson(app)
  const { submit, open } = openBrowser(app)
  const evil = '"><script>alert(1)</script>'

  const reply = await submit('/login', { email: evil, password: 'x', next: evil })
  const page = await open(`/login?next=${encodeURIComponent(evil)}`)

  for (const { payload } of [reply, page]) {
    assert.doesNotMatch(payload, /<script/)
    assert.match(payload, /value="&quot;&gt;&lt;script&gt;/)
  }
})

for (const [what, fields] of [
  ['nothing', {}],
  ['no password', { email: 'ana@example.com', password: '' }],
  ['a password that is too long', { email: 'ana@example.com', password: 'x'.repeat(129) }],
] as [string, Record<string, string>][])
  test(`a form with ${what} is 400 and shows the form again`, async (t) => {
    const { submit } = openBrowser(await startApp(t))

    const reply = await submit('/login', fields)

    assert.equal(reply.statusCode, 400)
    assert.match(reply.payload, /Escribe tu correo y tu contraseña/)
  })

test('the eleventh try on one account is 429 with the seconds to wait, also for the right password', async (t) => {
  const app = await startApp(t)
  const person = await aPerson(app)
  const { submit } = openBrowser(app)
  for (let n = 0; n < 10; n++) await submit('/login', { ...person, password: `guess ${n}` })

  const reply = await submit('/login', person)

  const seconds = Number(reply.headers['retry-after'])
  assert.deepEqual([reply.statusCode, seconds >= 1 && seconds <= 60], [429, true])
  assert.match(reply.payload, new RegExp(`Espera ${seconds} s y vuelve a intentarlo`))
  assert.match(reply.payload, new RegExp(`value="${person.email}"`))
})

test('whoever is logged in is sent on, and a visitor whose login has ended is not', async (t) => {
  const app = await startApp(t)
  const person = await aPerson(app, 'organizer')
  const { submit, open, jar } = openBrowser(app)
  await submit('/login', person)

  const home = await open('/login')
  const next = await open('/login?next=/organizer/eventos')
  const forbidden = await open('/login?next=/panel')
  const copy = new Map(jar)
  await submit('/auth/logout', {})
  const out = await open('/login')
  for (const [name, cookie] of copy) jar.set(name, cookie)
  const stolen = await open('/login')

  const locations = [home, next, forbidden].map(({ statusCode, headers }) => [statusCode, headers.location])
  assert.deepEqual(locations, [
    [303, '/organizer'],
    [303, '/organizer/eventos'],
    [303, '/organizer'],
  ])
  assert.deepEqual([out.statusCode, stolen.statusCode], [200, 200])
})

/** Where a POST /login may come from, with or without a cookie. */
for (const [headers, expected] of [
  [{ 'sec-fetch-site': 'same-origin' }, 303],
  [{ 'sec-fetch-site': 'cross-site' }, 403],
  [{ 'sec-fetch-site': 'same-site' }, 403],
  [{ 'sec-fetch-site': 'none' }, 403],
  [{ origin: 'http://localhost:80' }, 303],
  [{ origin: 'null' }, 403],
  [{ origin: 'https://evil.example' }, 403],
  [{}, 403],
] as [Record<string, string>, number][])
  test(`a login by form that says ${JSON.stringify(headers)} is ${expected}`, async (t) => {
    const app = await startApp(t)
    const { email, password } = await aPerson(app)
    const type = { 'content-type': 'application/x-www-form-urlencoded', host: 'localhost:80' }
    const payload = new URLSearchParams({ email, password }).toString()

    const page = await app.post('/login', { headers: { ...type, ...headers, accept: 'text/html' }, payload })
    const json = await app.post('/login', { headers: { ...type, ...headers, accept: 'application/json' }, payload })

    assert.equal(page.statusCode, expected)
    assert.equal(page.cookies.length, expected === 303 ? 2 : 0)
    if (expected === 403) assert.match(page.payload, /Por seguridad, entra desde esta página/)
    assert.equal(expected === 403 ? json.json().code : json.json().status, expected === 403 ? 'csrf' : 'logged_in')
  })

test('a page that asks for the password once more gets JSON', async (t) => {
  const app = await startApp(t)
  const { email, password } = await aPerson(app, 'staff')
  const headers = { 'sec-fetch-site': 'same-origin' }

  const right = await app.post('/login', { headers, body: { email, password } })
  const wrong = await app.post('/login', { headers, body: { email, password: 'otra' } })

  assert.deepEqual([right.statusCode, right.json().destination, right.cookies.length], [200, '/door', 2])
  assert.deepEqual(Object.keys(right.json()).toSorted(), ['destination', 'requestId', 'status'])
  assert.deepEqual([wrong.statusCode, wrong.json().code], [401, 'invalid_credentials'])
})

test('forms are taken at the login page and not by the API', async (t) => {
  const app = await startApp(t)
  const { submit } = openBrowser(app)

  for (const url of ['/auth/login', '/auth/refresh', '/auth/password'])
    assert.equal((await submit(url, { email: 'a', password: 'b' })).statusCode, 415, url)
})

test('the form of every page logs out: it is posted again to where the refresh token is sent', async (t) => {
  const app = await startApp(t)
  const { submit, jar } = openBrowser(app)
  await submit('/login', await aPerson(app))

  const first = await submit('/logout', {})
  const second = await submit(String(first.headers.location), {})

  assert.deepEqual([first.statusCode, first.headers.location], [307, '/auth/logout'])
  assert.deepEqual([second.statusCode, second.headers.location, jar.size], [303, '/login', 0])
})

test('in demo mode people can log in as somebody, and out again', async (t) => {
  const app = await startApp(t, { env: { AUTH_MODE: 'demo', APP_ENV: 'development' } })
  const person = await aPerson(app, 'staff')
  const { submit, open } = openBrowser(app)
  const who = async () => (await open('/auth/me', { accept: 'application/json' })).json().user.id

  assert.equal((await open('/login')).statusCode, 200)
  await submit('/login', person)
  assert.equal(await who(), person.id)
  await submit('/auth/logout', {})
  assert.equal(await who(), 'usr_demo_director')
})

const LAN = { host: '192.168.1.20:3000' }
const LAN_ORIGIN = `http://${LAN.host}`
/** A form as browsers send it over plain http: with Origin alone. */
const formOf = ({ email, password }: { email: string; password: string }) => ({
  headers: { ...LAN, accept: 'text/html', origin: LAN_ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams({ email, password }).toString(),
})
const SAYS_HTTPS = /<h1>Aquí no se puede entrar[^]*http:\/\/192\.168\.1\.20:3000 usa http/

test('over plain http on another machine the page says why nobody can log in, and logs nobody in', async (t) => {
  const app = await startApp(t)
  const person = await aPerson(app)
  const { open } = openBrowser(app)

  const page = await open('/login', LAN)
  const reply = await app.post('/login', formOf(person))
  const json = await app.post('/login', { headers: { ...LAN, origin: LAN_ORIGIN }, body: person })

  assert.equal(page.statusCode, 200)
  for (const { payload } of [page, reply]) {
    assert.match(payload, SAYS_HTTPS)
    assert.match(payload, /PUBLIC_BASE_URL/)
    assert.match(payload, /<a href="http:\/\/localhost:3000\/login">/)
    assert.doesNotMatch(payload, /<form|type="password"/)
  }
  assert.deepEqual([reply.statusCode, reply.cookies], [403, []])
  assert.deepEqual([json.statusCode, json.json().code], [403, 'https_required'])
})

test('where the https address is known, that page leads there', async (t) => {
  const app = await startApp(t, { env: { PUBLIC_BASE_URL: 'https://boletos.example.com' } })

  const { payload } = await app.post('/login', formOf(await aPerson(app)))

  assert.match(payload, /Entra por <a href="https:\/\/boletos\.example\.com\/login">/)
  assert.doesNotMatch(payload, /PUBLIC_BASE_URL/)
})

for (const [what, headers] of [
  ['https ends at a proxy that nobody trusts', { ...LAN, 'sec-fetch-site': 'none' }],
  ['the browser is on the machine of the server', { host: 'localhost:3000' }],
  ['the browser is there by number', { host: '127.0.0.1:3000' }],
] as [string, Record<string, string>][])
  test(`where ${what}, the login page has its form`, async (t) => {
    const { open } = openBrowser(await startApp(t))

    assert.match((await open('/login', headers)).payload, /<form method="post" action="\/login">/)
  })
