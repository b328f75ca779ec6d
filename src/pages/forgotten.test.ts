/** The page where people who have forgotten their password ask for a link. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { until } from '../../test/program.ts'
import { aPerson, openBrowser } from '../../test/visits.ts'
import { sql } from '../platform/db.ts'

const NEW = 'otra contraseña larga'
const PAGE = '/password/forgotten'
const SIMULATED = { env: { SIMULATOR: 'true' } }

type Mail = { subject: string; html: string; text: string; unsubscribeUrl: null }

async function listMails({ db }: TestApp, to: string): Promise<Mail[]> {
  const { rows } = await sql<{ body: Mail }>`
    select body::jsonb as body from simulated_messages where recipient = ${to} order by accepted_at`.execute(db)
  return rows.map(({ body }) => body)
}

/** The page answers before the mail leaves. */
const waitForMails = (app: TestApp, to: string, count = 1): Promise<Mail[]> =>
  until(
    () => listMails(app, to),
    (mails) => mails.length >= count,
    5000,
  )

const forget = ({ deps }: TestApp) => deps.kv.deleteByPrefix('limit:forgotten:')
const linkOf = ({ text }: Mail): URL => new URL(/https?:\S+\/password#\S+/.exec(text)![0])

test('a person asks for a link, chooses a password with it, once, and logs in', async (t) => {
  const app = await startApp(t, SIMULATED)
  await forget(app)
  const { id, email } = await aPerson(app)
  const { open, submit } = openBrowser(app)

  const login = await open('/login')
  const asked = await submit(PAGE, { email: ` ${email.toUpperCase()} ` })
  const [mail] = await waitForMails(app, email)
  const { pathname, hash } = linkOf(mail!)
  const choice = { token: hash.slice(1), password: NEW, again: NEW }
  const chosen = await submit(pathname, choice)
  const again = await submit(pathname, choice)
  const entered = await submit('/login', { email, password: NEW })

  assert.match(login.payload, new RegExp(`<a href="${PAGE}">¿Olvidaste tu contraseña\\?</a>`))
  assert.equal(asked.statusCode, 200)
  assert.match(asked.payload, /role="status">Si ese correo tiene una cuenta/)
  assert.match(asked.payload, /Modo simulado: ningún correo sale de aquí/)
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
  const app = await startApp(t, SIMULATED)
  await forget(app)
  const [known, disabled] = [await aPerson(app), await aPerson(app)]
  await sql`update users set disabled_at = now() where id = ${disabled.id}`.execute(app.db)
  const { submit } = openBrowser(app)

  const pages = []
  for (const email of ['nadie@example.com', disabled.email, known.email]) pages.push(await submit(PAGE, { email }))
  await waitForMails(app, known.email)

  assert.deepEqual(new Set(pages.map(({ statusCode, payload }) => `${statusCode} ${payload}`)).size, 1)
  assert.deepEqual([...(await listMails(app, 'nadie@example.com')), ...(await listMails(app, disabled.email))], [])
})

test('a link of before stays valid, because a stranger may ask too', async (t) => {
  const app = await startApp(t, SIMULATED)
  await forget(app)
  const { id, email } = await aPerson(app)
  const { link } = (await app.post(`/users/${id}/password-reset`, { as: 'director', body: {} })).json()
  const { submit } = openBrowser(app)

  await submit(PAGE, { email })
  await waitForMails(app, email)
  const { pathname, hash } = new URL(link as string)
  const chosen = await submit(pathname, { token: hash.slice(1), password: NEW, again: NEW })

  assert.equal(chosen.statusCode, 303)
})

test('the fourth try on one account is 429 with the seconds to wait, whether there is one or not', async (t) => {
  const app = await startApp(t, SIMULATED)
  await forget(app)
  const { email } = await aPerson(app)
  const { submit } = openBrowser(app)

  const last = []
  for (const to of [email, 'nadie@example.com']) {
    for (let tries = 0; tries < 3; tries++) await submit(PAGE, { email: to })
    last.push(await submit(PAGE, { email: to }))
  }
  const mails = await waitForMails(app, email, 3)

  for (const { statusCode, headers, payload } of last) {
    assert.equal(statusCode, 429)
    assert.match(payload, new RegExp(`Espera ${headers['retry-after'] as string} s`))
  }
  assert.equal(mails.length, 3)
})

test('one network is limited over all accounts', async (t) => {
  const app = await startApp(t, SIMULATED)
  await forget(app)
  const { submit } = openBrowser(app)
  for (let tries = 0; tries < 30; tries++) await submit(PAGE, { email: `nadie-${tries}@example.com` })

  const reply = await submit(PAGE, { email: 'otra@example.com' })
  await forget(app)

  assert.equal(reply.statusCode, 429)
})

test('what is no address is 400, stays in its field as text, and the page is strict', async (t) => {
  const app = await startApp(t, SIMULATED)
  const { open, submit } = openBrowser(app)

  const wrong = await submit(PAGE, { email: '"><b>' })
  const english = await open(PAGE, { 'accept-language': 'en' })

  assert.equal(wrong.statusCode, 400)
  assert.match(wrong.payload, /role="alert">Escribe tu correo/)
  assert.doesNotMatch(wrong.payload, /<b>/)
  assert.match(english.payload, /<html lang="en">[^]*Forgot your password\?/)
  assert.match(String(english.headers['content-security-policy']), /^default-src 'none'; style-src 'sha256-/)
  assert.equal(english.headers['cache-control'], 'no-store')
})

test('a provider that takes no mail is logged, and the page says the same', async (t) => {
  const app = await startApp(t, { ...SIMULATED, expectErrors: /A password link could not be sent/ })
  await forget(app)
  const { email } = await aPerson(app)
  const { send } = app.deps.channels.email
  t.after(() => (app.deps.channels.email.send = send))
  app.deps.channels.email.send = async () => ({ kind: 'unknown', reason: 'email_no_answer' })

  const asked = await openBrowser(app).submit(PAGE, { email })
  const isLogged = () => app.lines.some(({ msg }) => msg === 'A password link could not be sent')
  await until(async () => isLogged(), Boolean, 5000)

  assert.equal(asked.statusCode, 200)
  assert.match(asked.payload, /Si ese correo tiene una cuenta/)
})
