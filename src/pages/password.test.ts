/** The page of the links by which people choose a password. */
import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { test } from 'node:test'
import { newId } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { openBrowser } from '../../test/visits.ts'
import { SCRIPT } from './password-page.ts'

const NEW = 'mi contraseña nueva'

async function anInvited({ post }: TestApp) {
  const email = `${newId('x')}@example.com`.toLowerCase()
  const body = { email, name: 'Ana', role: 'director' }
  const { link } = (await post('/users', { as: 'director', body })).json()
  const { pathname, hash } = new URL(link as string)
  return { email, path: pathname, token: hash.slice(1) }
}

test('an invited person opens the link, chooses a password and logs in', async (t) => {
  const app = await startApp(t)
  const { email, path, token } = await anInvited(app)
  const { open, submit } = openBrowser(app)

  const page = await open(path)
  const chosen = await submit('/password', { token, password: NEW, again: NEW })
  const login = await open(String(chosen.headers.location))
  const entered = await submit('/login', { email, password: NEW })

  assert.match(page.payload, /<form method="post" action="\/password">/)
  assert.deepEqual([chosen.statusCode, chosen.headers.location], [303, '/login?password=set'])
  assert.match(login.payload, /role="status">Listo: ya puedes entrar/)
  assert.deepEqual([entered.statusCode, entered.headers.location], [303, '/panel'])
})

test('the page allows one script of ours, nothing inline, and names no referrer elsewhere', async (t) => {
  const { open } = openBrowser(await startApp(t))

  const { payload, headers } = await open('/password', { 'accept-language': 'en' })
  const script = await open('/password.js')

  assert.match(String(headers['content-security-policy']), /; script-src 'self'; form-action 'self'/)
  assert.deepEqual(payload.match(/<script[^]*?<\/script>/g), ['<script src="/password.js"></script>'])
  assert.doesNotMatch(payload, /style="| on\w+="/)
  assert.match(payload, /<html lang="en">[^]*Choose your password/)
  assert.deepEqual([headers['referrer-policy'], headers['cache-control']], ['same-origin', 'no-store'])
  assert.deepEqual([script.statusCode, script.payload], [200, SCRIPT])
  assert.match(String(script.headers['content-type']), /^text\/javascript/)
})

for (const [what, hash, value, expected, isHidden] of [
  ['takes the secret of the link', '#abc-123', '', 'abc-123', true],
  ['keeps the secret of a form that came back', '', 'abc-123', 'abc-123', true],
  ['leaves the field to the person where there is none', '', '', '', false],
] as const)
  test(`the script ${what}`, () => {
    const elements = { token: { value: value as string }, 'by-hand': { hidden: false } }
    const document = { getElementById: (id: keyof typeof elements) => elements[id] }

    runInNewContext(SCRIPT, { document, location: { hash } })

    assert.deepEqual([elements.token.value, elements['by-hand'].hidden], [expected, isHidden])
  })

for (const [what, fields, status, text] of [
  ['that is short', { password: 'corta', again: 'corta' }, 400, /10 a 128 caracteres/],
  ['that is too long', { password: 'x'.repeat(129), again: 'x'.repeat(129) }, 400, /10 a 128 caracteres/],
  ['typed differently', { password: NEW, again: `${NEW}.` }, 400, /no son iguales/],
  ['that is missing', {}, 400, /10 a 128 caracteres/],
] as [string, Record<string, string>, number, RegExp][])
  test(`a password ${what} is ${status}, and the link still works`, async (t) => {
    const app = await startApp(t)
    const { token } = await anInvited(app)
    const { submit } = openBrowser(app)

    const reply = await submit('/password', { token, ...fields })
    const right = await submit('/password', { token, password: NEW, again: NEW })

    assert.equal(reply.statusCode, status)
    assert.match(reply.payload, text)
    assert.match(reply.payload, new RegExp(`name="token" value="${token}"`))
    assert.equal(right.statusCode, 303)
  })

test('a link that was used, or that nobody made, says so', async (t) => {
  const app = await startApp(t)
  const { token } = await anInvited(app)
  const { submit } = openBrowser(app)
  await submit('/password', { token, password: NEW, again: NEW })

  for (const one of [token, 'nobody', '"><b>', '']) {
    const reply = await submit('/password', { token: one, password: NEW, again: NEW })
    assert.match(reply.payload, /Este enlace ya se usó o venció/)
    assert.match(reply.payload, /<a href="\/password\/forgotten">Pedir otro enlace<\/a>/)
    assert.ok(reply.statusCode >= 400 && reply.statusCode < 500)
    assert.doesNotMatch(reply.payload, /<b>/)
  }
})

test('guessing links is limited', async (t) => {
  const app = await startApp(t)
  await app.deps.kv.deleteByPrefix('limit:password:')
  const { submit } = openBrowser(app)
  const guess = (n: number) => submit('/password', { token: `guess-${n}`, password: NEW, again: NEW })
  for (let n = 0; n < 30; n++) await guess(n)

  const reply = await guess(30)
  await app.deps.kv.deleteByPrefix('limit:password:')

  assert.equal(reply.statusCode, 429)
  assert.match(reply.payload, new RegExp(`Espera ${reply.headers['retry-after'] as string} s`))
})
