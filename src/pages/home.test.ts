/** The first page as a browser without scripts sees it. */
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { test } from 'node:test'
import { sql } from '../platform/db.ts'
import { buildApp } from '../app.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aPerson, openBrowser } from '../../test/visits.ts'
import { renderHome, type DemoLogin, type Home } from './home.ts'

const DEMO = { AUTH_MODE: 'demo', APP_ENV: 'development' }
const QUEUES = /href="\/ops\/queues"/

test('a browser gets a page that says what runs and where everything is', async (t) => {
  const { open } = openBrowser(await startApp(t))

  const { statusCode, payload, headers } = await open('/')

  assert.equal(statusCode, 200)
  assert.match(payload, /<html lang="es-MX">/)
  for (const path of ['/panel', '/organizer', '/door', '/docs']) assert.match(payload, new RegExp(`<a href="${path}">`))
  assert.match(payload, /Modo simulado: ningún mensaje sale/)
  assert.match(payload, /Base de datos: <span class="ok">Responde/)
  assert.match(payload, /Algo no funciona[^]*Procesos de trabajo: <span class="bad">Nadie atiende las colas/) // no worker here
  assert.match(payload, /<small lang="en">no worker consumes [^<]*npm run start:worker<\/small>/)
  assert.doesNotMatch(payload, /<script|style="| on\w+="|https?:/)
  assert.match(String(headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  assert.ok(gzipSync(payload).length < 15_000)
})

for (const accept of ['application/json', '*/*', undefined])
  test(`a program that accepts ${accept} gets the addresses as JSON`, async (t) => {
    const { get } = await startApp(t)

    const reply = await get('/', accept === undefined ? {} : { headers: { accept } })

    const { docs, ready, panel } = reply.json()
    assert.deepEqual([reply.statusCode, docs, ready, panel], [200, '/docs', '/ready', '/panel'])
  })

test('the page greets by name, and its form logs out', async (t) => {
  const app = await startApp(t)
  const { open, submit } = openBrowser(app)
  await submit('/login', await aPerson(app, 'organizer'))

  const inside = await open('/', { 'accept-language': 'en' })
  const out = await submit('/auth/logout', {})
  const outside = await open('/')

  assert.match(inside.payload, /You are logged in as Ana &lt;b&gt; \(organizer\)\./)
  assert.match(inside.payload, /<form class="bar" method="post" action="\/logout">/)
  assert.deepEqual([out.statusCode, out.headers.location], [303, '/login'])
  assert.match(outside.payload, /action="\/auth\/continue"><button>Entrar</)
})

test('whoever came longer ago than an access token lives comes in without a password, and nobody else', async (t) => {
  const app = await startApp(t)
  const { open, submit, jar } = openBrowser(app)
  await submit('/login', await aPerson(app, 'organizer'))
  jar.delete('mt_access')

  const before = await open('/')
  const foreign = await submit('/auth/continue', {}, { 'sec-fetch-site': 'cross-site' })
  const first = await submit('/auth/continue', {})
  const inside = await open('/login')
  await submit('/auth/logout', {})
  const after = await submit('/auth/continue', {})

  assert.match(before.payload, /action="\/auth\/continue"/)
  assert.deepEqual([foreign.statusCode, foreign.json().code], [403, 'csrf'])
  assert.deepEqual([first.statusCode, first.headers.location], [303, '/login'])
  assert.deepEqual([inside.statusCode, inside.headers.location], [303, '/organizer'])
  assert.deepEqual([after.statusCode, after.headers.location, jar.size], [303, '/login', 0])
  assert.equal((await open('/login')).statusCode, 200)
})

test('a refresh token that was revoked leads to the login page, and is forgotten', async (t) => {
  const app = await startApp(t)
  const { submit, jar } = openBrowser(app)
  await submit('/login', await aPerson(app))
  await sql`update refresh_tokens set revoked_at = now()`.execute(app.db)

  const reply = await submit('/auth/continue', {})

  assert.deepEqual([reply.statusCode, reply.headers.location, jar.size], [303, '/login', 0])
})

test('a visit by a link of another site loads itself again, once', async (t) => {
  const app = await startApp(t)
  const { open, submit } = openBrowser(app)
  const byLink = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }

  const first = await open('/', byLink)
  const again = await open('/', { ...byLink, 'sec-fetch-site': 'same-origin' })
  await submit('/login', await aPerson(app))
  const inside = await open('/', byLink)

  assert.match(first.payload, /<meta http-equiv="refresh" content="0">/)
  assert.match(String(first.headers['cache-control']), /no-store/)
  for (const { payload } of [again, inside]) assert.doesNotMatch(payload, /http-equiv="refresh"/)
  assert.match(inside.payload, /Entraste como/)
})

test('only a director is shown the queues', async (t) => {
  const app = await startApp(t)
  const anonymous = await openBrowser(app).open('/')
  const shown = []
  for (const role of ['director', 'organizer', 'viewer', 'staff'] as const) {
    const { open, submit } = openBrowser(app)
    await submit('/login', await aPerson(app, role))
    if (QUEUES.test((await open('/')).payload)) shown.push(role)
  }

  assert.doesNotMatch(anonymous.payload, QUEUES)
  assert.deepEqual(shown, ['director'])
})

/** The page of a server that has loaded the demo data. */
async function openDemo({ deps }: TestApp): Promise<string> {
  const logins: DemoLogin[] = [{ email: 'puerta@demo.monotickets.mx', password: 'secreta-"1"', role: 'staff' }]
  const app = await buildApp(deps, () => logins)
  try {
    const reply = await app.inject({ method: 'GET', url: '/', headers: { accept: 'text/html' } })
    return reply.payload
  } finally {
    await app.close()
  }
}

test('in demo mode the page has the logins of this start, each with a button, and a sample invitation', async (t) => {
  const html = await openDemo(await startApp(t, { env: DEMO }))

  assert.match(html, /Modo demostración: sin entrar, ves todo como la dirección/)
  assert.match(html, /<code>secreta-&quot;1&quot;<\/code>/)
  assert.match(html, /action="\/login"><input type="hidden" name="email" value="puerta@demo\.monotickets\.mx"/)
  assert.match(html, /<a href="\/i\/MONO-DEMO-0001">/)
  assert.match(html, QUEUES)
})

test('where logins are required the page shows none, even with the demo data', async (t) => {
  const html = await openDemo(await startApp(t))

  assert.doesNotMatch(html, /secreta|puerta@demo/)
  assert.match(html, /<a href="\/i\/MONO-DEMO-0001">/)
})

const HOME: Home = {
  ...{ locale: 'es-MX', visitor: null, isDemo: false, hasSample: false, logins: [] },
  checks: { database: { ok: true } },
  simulated: { whatsapp: false, email: false },
}
for (const [what, part, expected] of [
  ['all is well', {}, /✓ Todo funciona/],
  [
    'WhatsApp is simulated',
    { simulated: { whatsapp: true, email: false } },
    /WhatsApp: simulado[^<]*Correo: sale de verdad/,
  ],
  [
    'e-mail is simulated',
    { simulated: { whatsapp: false, email: true } },
    /Correo: simulado[^<]*WhatsApp: sale de verdad/,
  ],
  ['a channel is paused', { checks: { channels: { ok: true, detail: 'a <b>' } } }, /"warn">En pausa[^]*a &lt;b&gt;/],
  ['a check is new', { checks: { moon: { ok: false } } }, /✕ Algo no funciona[^]*moon: /],
  ['the database is away', { checks: { database: { ok: false } } }, /Base de datos: <span class="bad">No responde/],
] as [string, Partial<Home>, RegExp][])
  test(`when ${what}, the page says so`, () => {
    assert.match(renderHome({ ...HOME, ...part }), expected)
  })

test('without simulated channels nothing is said of simulation', () => {
  assert.doesNotMatch(renderHome(HOME), /imulad/)
})
