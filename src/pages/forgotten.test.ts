/** The page where people who have forgotten their password ask for a link. */
import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { startFakeResend } from '../../test/fakes/resend.ts'
import { startApp, type AppOptions, type TestApp } from '../../test/harness.ts'
import { until } from '../../test/program.ts'
import { aPerson, openBrowser } from '../../test/visits.ts'
import { sql } from '../platform/db.ts'

const NEW = 'otra contraseña larga'
const PAGE = '/password/forgotten'

let fake: Awaited<ReturnType<typeof startFakeResend>>
before(async () => (fake = await startFakeResend({ requestsPerSecond: 1000 })))
after(() => fake.close())

type Mail = (typeof fake.mails)[number]

const mailsTo = (to: string): Mail[] => fake.mails.filter((mail) => mail.to[0] === to)

/** The page answers before the mail leaves. */
const waitForMails = (to: string, count = 1): Promise<Mail[]> =>
  until(
    () => Promise.resolve(mailsTo(to)),
    (mails) => mails.length >= count,
    10_000,
  )

/** With a fake Resend; nobody has asked for a link yet. */
async function open(t: TestContext, options: AppOptions = {}): Promise<TestApp> {
  const app = await startApp(t, { env: fake.env, ...options })
  await app.deps.kv.deleteByPrefix('limit:forgotten:')
  return app
}
const linkOf = ({ text }: Mail): URL => new URL(/https?:\S+\/password#\S+/.exec(text)![0])

test('a person asks for a link, chooses a password with it, once, and logs in', async (t) => {
  const app = await open(t)
  const { id, email } = await aPerson(app)
  const { open: visit, submit } = openBrowser(app)

  const login = await visit('/login')
  const asked = await submit(PAGE, { email: ` ${email.toUpperCase()} ` })
  const [mail] = await waitForMails(email)
  const { pathname, hash } = linkOf(mail!)
  const choice = { token: hash.slice(1), password: NEW, again: NEW }
  const chosen = await submit(pathname, choice)
  const again = await submit(pathname, choice)
  const entered = await submit('/login', { email, password: NEW })

  assert.match(login.payload, new RegExp(`<a href="${PAGE}">¿Olvidaste tu contraseña\\?</a>`))
  assert.equal(asked.statusCode, 200)
  assert.match(asked.payload, /role="status">Si ese correo tiene una cuenta/)
  assert.equal(mail!.subject, 'Elige una contraseña nueva')
  assert.match(mail!.html, /Elegir contraseña/)
  assert.doesNotMatch(mail!.html, /\{\{|unsubscribe/)
  assert.deepEqual([chosen.statusCode, again.statusCode, entered.statusCode], [303, 410, 303])
  const { rows } = await sql`select actor from audit_entries where entity_id = ${id} order by at`.execute(app.db)
  assert.deepEqual(rows[0], { actor: 'forgotten-password' })
  const logged = JSON.stringify(app.lines)
  assert.ok(logged.includes('A password link was sent'))
  for (const secret of [hash.slice(1), email]) assert.ok(!logged.includes(secret))
})

test('nobody learns from the page whether there is an account, and one that is disabled gets nothing', async (t) => {
  const app = await open(t)
  const [known, disabled] = [await aPerson(app), await aPerson(app)]
  await sql`update users set disabled_at = now() where id = ${disabled.id}`.execute(app.db)
  const { submit } = openBrowser(app)

  const pages = []
  for (const email of ['nadie@example.com', disabled.email, known.email]) pages.push(await submit(PAGE, { email }))
  await waitForMails(known.email)

  assert.deepEqual(new Set(pages.map(({ statusCode, payload }) => `${statusCode} ${payload}`)).size, 1)
  assert.deepEqual([...mailsTo('nadie@example.com'), ...mailsTo(disabled.email)], [])
})

test('a link of before stays valid, because a stranger may ask too', async (t) => {
  const app = await open(t)
  const { id, email } = await aPerson(app)
  const { link } = (await app.post(`/users/${id}/password-reset`, { as: 'director', body: {} })).json()
  const { submit } = openBrowser(app)

  await submit(PAGE, { email })
  await waitForMails(email)
  const { pathname, hash } = new URL(link as string)
  const chosen = await submit(pathname, { token: hash.slice(1), password: NEW, again: NEW })

  assert.equal(chosen.statusCode, 303)
})

test('the fourth request for one account is answered alike, and sends nothing: a stranger cannot close the page', async (t) => {
  const app = await open(t)
  const { email } = await aPerson(app)
  const { submit } = openBrowser(app)

  const pages = []
  for (const to of [email, 'nadie@example.com'])
    for (let tries = 0; tries < 4; tries++) pages.push(await submit(PAGE, { email: to }))
  await waitForMails(email, 3)
  const later = await aPerson(app)
  await submit(PAGE, { email: later.email })
  await waitForMails(later.email)

  assert.equal(new Set(pages.map(({ statusCode, payload }) => `${statusCode} ${payload}`)).size, 1)
  assert.equal(mailsTo(email).length, 3)
})

test('one network is limited over all accounts', async (t) => {
  const app = await open(t)
  const { submit } = openBrowser(app)
  for (let tries = 0; tries < 30; tries++) await submit(PAGE, { email: `nadie-${tries}@example.com` })

  const reply = await submit(PAGE, { email: 'otra@example.com' })

  assert.equal(reply.statusCode, 429)
})

test('what is no address is 400, stays in its field as text, and the page is strict', async (t) => {
  const app = await open(t)
  const { open: visit, submit } = openBrowser(app)

  const wrong = await submit(PAGE, { email: '"><b>' })
  const english = await visit(PAGE, { 'accept-language': 'en' })

  assert.equal(wrong.statusCode, 400)
  assert.match(wrong.payload, /role="alert">Escribe tu correo/)
  assert.doesNotMatch(wrong.payload, /<b>/)
  assert.match(english.payload, /<html lang="en">[^]*Forgot your password\?/)
  assert.match(String(english.headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  assert.equal(english.headers['cache-control'], 'no-store')
})

test('a mail that may yet leave is tried again under the same key, and once it cannot, that is logged', async (t) => {
  const app = await open(t, { expectErrors: /A password link could not be sent/ })
  const [ana, eva] = [await aPerson(app), await aPerson(app)]
  const { submit } = openBrowser(app)
  const fault = { kind: 'error', httpStatus: 500, name: 'internal_server_error' } as const

  fake.next(fault)
  await submit(PAGE, { email: ana.email })
  await waitForMails(ana.email)
  const keys = fake.calls
    .filter(({ body }) => (body['to'] as string[])[0] === ana.email)
    .map(({ headers }) => headers['idempotency-key'])
  fake.next(fault, fault, fault)
  const asked = await submit(PAGE, { email: eva.email })
  const isLogged = () => app.lines.some(({ msg }) => msg === 'A password link could not be sent')
  await until(async () => isLogged(), Boolean, 10_000)

  assert.deepEqual([keys.length, new Set(keys).size], [2, 1])
  assert.match(asked.payload, /Si ese correo tiene una cuenta/)
  assert.deepEqual(mailsTo(eva.email), [])
})

test('while e-mail is simulated nobody is asked for an address, and no link is made', async (t) => {
  const app = await startApp(t)
  const { email } = await aPerson(app)
  const { open: visit, submit } = openBrowser(app)

  const page = await visit(PAGE)
  const asked = await submit(PAGE, { email })

  for (const { statusCode, payload } of [page, asked]) {
    assert.equal(statusCode, 200)
    assert.match(payload, /Modo simulado: ningún correo sale de aquí/)
    assert.doesNotMatch(payload, /<form|Si ese correo/)
  }
  const { rows } = await sql`select 1 from audit_entries where action = 'password_link_created'
    and entity_id = (select id from users where email = ${email})`.execute(app.db)
  assert.deepEqual(rows, [])
})

test('a form of another site asks for nothing', async (t) => {
  const app = await open(t)
  const { email } = await aPerson(app)

  const reply = await openBrowser(app).submit(PAGE, { email }, { 'sec-fetch-site': 'cross-site' })

  assert.deepEqual([reply.statusCode, reply.json().code, mailsTo(email)], [403, 'csrf', []])
})
