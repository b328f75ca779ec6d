/**
 * Who may call which route: the table test/access-table.txt, so that every change is a diff. Update it with
 * `UPDATE_ACCESS_TABLE=1 npm test -- test/access.test.ts`.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import Fastify from 'fastify'
import { guardRoutes, ROLES, type Role, type Rule } from '../src/http/access.ts'
import { sql } from '../src/platform/db.ts'
import { ORGANIZER_ID, startApp, tokenFor, type TestApp } from './harness.ts'
import { anOrganizer } from './make.ts'

const TABLE = new URL('access-table.txt', import.meta.url)

/** One line `METHOD path access` per route. HEAD is left out, because it has the access of GET. */
function renderTable(rules: readonly Rule[]): string {
  const lines = rules
    .filter(({ method }) => method !== 'HEAD')
    .map(
      ({ method, url, access }) => [method.padEnd(6), url, access === 'public' ? access : access.join(', ')] as const,
    )
    .toSorted(([a, one], [b, other]) => (one === other ? compare(a, b) : compare(one, other)))
  const width = Math.max(...lines.map(([, url]) => url.length)) + 2
  return `${lines.map(([method, url, access]) => `${method} ${url.padEnd(width)}${access}`).join('\n')}\n`
}

const compare = (a: string, b: string) => (a < b ? -1 : 1)

/** The path of a route with its parameters filled in. */
const fill = (url: string) => url.replace(/:[A-Za-z]+/g, 'x1').replaceAll('*', 'x1')

async function call({ app }: TestApp, rule: Rule, authorization?: string) {
  const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
  const hasBody = !['GET', 'HEAD', 'DELETE'].includes(rule.method)
  return app.inject({
    method: rule.method as 'GET',
    url: fill(rule.url),
    headers: hasBody ? headers : { ...headers, 'content-type': undefined },
    ...(hasBody ? { payload: '{}' } : {}),
  })
}

test('the access table equals the committed one', async (t) => {
  const { app } = await startApp(t)

  const table = renderTable(app.accessTable)

  if (process.env['UPDATE_ACCESS_TABLE']) await writeFile(TABLE, table)
  const committed = await readFile(TABLE, 'utf8').catch(() => '')
  const isIn = (text: string) => (line: string) => !text.split('\n').includes(line)
  assert.deepEqual(
    { new: table.split('\n').filter(isIn(committed)), gone: committed.split('\n').filter(isIn(table)) },
    { new: [], gone: [] },
    'review the difference; if it is intended, run UPDATE_ACCESS_TABLE=1 npm test -- test/access.test.ts',
  )
})

test('every non-public route is 401 without credentials and with wrong ones', async (t) => {
  const app = await startApp(t)
  const guarded = app.app.accessTable.filter(({ access, method }) => access !== 'public' && method !== 'HEAD')

  assert.ok(guarded.length > 3)
  for (const rule of guarded) {
    for (const authorization of [undefined, 'Bearer wrong', 'Basic ZGVtbzpkZW1v']) {
      const reply = await call(app, rule, authorization)
      assert.equal(reply.statusCode, 401, `${rule.method} ${rule.url}`)
      assert.match(String(reply.headers['www-authenticate']), /^Bearer/)
    }
  }
})

test('every route is 403 for exactly the roles that its access does not name', async (t) => {
  const app = await startApp(t)
  const tokens = new Map<Role, string>()
  await anOrganizer(app.db, ORGANIZER_ID)
  for (const role of ROLES) {
    await sql`insert into users (id, organizer_id, email, name, role, password_hash) values (${`usr_test_${role}`},
      ${role === 'director' ? null : ORGANIZER_ID}, ${`${role}@example.com`}, 'Prueba', ${role}, 'none')`.execute(
      app.db,
    )
    tokens.set(role, `Bearer ${await tokenFor(app.deps, role)}`)
  }

  for (const rule of app.app.accessTable) {
    if (rule.access === 'public' || rule.method === 'HEAD' || rule.url.endsWith('/stream')) continue
    for (const role of ROLES) {
      const reply = await call(app, rule, tokens.get(role))
      const { statusCode } = reply
      const isRefused = statusCode === 403 && reply.json<{ code: string }>().code === 'forbidden'
      assert.equal(isRefused, !rule.access.includes(role), `${role}: ${rule.method} ${rule.url} is ${statusCode}`)
      assert.ok(statusCode < 500 && statusCode !== 401, `${role}: ${rule.method} ${rule.url} is ${statusCode}`)
    }
  }
})

test('a route without access rules stops the program from starting', () => {
  const app = Fastify()
  guardRoutes(app, () => Promise.reject(new Error('not called')))

  assert.throws(
    () => app.get('/open-by-mistake', async () => 'x'),
    /GET.* \/open-by-mistake does not declare config\.access/,
  )
})

test('an unknown path is 404 for everybody, never 401', async (t) => {
  const { app } = await startApp(t)

  for (const url of ['/nothing', '/events/x/nothing', '/.env', '/director', '/ops', '/admin']) {
    for (const method of ['GET', 'POST'] as const) {
      const reply = await app.inject({ method, url })
      assert.equal(reply.statusCode, 404, url)
      assert.equal(reply.json<{ code: string }>().code, 'not_found')
    }
  }
})

const patternOf = (url: string) => new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`)

test('a method that a path does not have is 405 with Allow, even without credentials', async (t) => {
  const { app } = await startApp(t)
  const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
  const paths = new Map<string, Rule[]>()
  for (const rule of app.accessTable) paths.set(fill(rule.url), [...(paths.get(fill(rule.url)) ?? []), rule])

  // «GET /payments/intent» is a payment of that name.
  const isParameter = (method: string, url: string) =>
    app.accessTable.some((rule) => rule.method === method && patternOf(rule.url).test(url))
  for (const [url, rules] of paths) {
    const taken = new Set(rules.map(({ method }) => method))
    for (const method of methods.filter((one) => !taken.has(one) && !isParameter(one, url))) {
      const reply = await app.inject({ method, url })
      assert.equal(reply.statusCode, 405, `${method} ${url}`)
      const allowed = String(reply.headers['allow']).split(', ')
      for (const one of taken) assert.ok(allowed.includes(one), `${method} ${url} says ${allowed.join()}`)
    }
  }
})
