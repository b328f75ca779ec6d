/** Requests that other sites make a browser send (docs/decisions/0038). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, tokenFor, type TestApp } from '../../test/harness.ts'

type OpenApi = { paths: Record<string, Record<string, { responses: Record<string, object> }>> }
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const HERE = 'http://localhost:80'
/** `Sec-Fetch-Site`, `Origin`, and whether a page of ours sent the request. */
const ORIGINS: [string | undefined, string | undefined, boolean][] = [
  ['same-origin', undefined, true],
  ['same-origin', HERE, true],
  ['same-origin', 'null', true], // a form of a page without a referrer
  ['same-site', HERE, false],
  ['same-site', undefined, false],
  ['cross-site', 'https://evil.example', false],
  ['cross-site', HERE, false],
  ['none', undefined, false],
  ['', HERE, false],
  ['Same-Origin', undefined, false],
  ['same-origin, cross-site', undefined, false],
  [undefined, undefined, false],
  [undefined, HERE, true],
  [undefined, 'https://tickets.example', true], // PUBLIC_BASE_URL
  [undefined, 'http://tickets.example', false],
  [undefined, 'https://tickets.example:8443', false],
  [undefined, 'https://tickets.example.evil.example', false],
  [undefined, 'https://localhost:80', false],
  [undefined, 'http://localhost:8080', false],
  [undefined, 'null', false],
  [undefined, '', false],
]

const env = { PUBLIC_BASE_URL: 'https://tickets.example' }
const isCsrf = (reply: { statusCode: number; payload: string }) =>
  reply.statusCode === 403 && reply.payload.includes('"csrf"')

/** Sends a request that finds nothing and changes nothing. */
async function send({ app }: TestApp, method: (typeof METHODS)[number], headers: Record<string, string | undefined>) {
  const given = Object.entries(headers).filter((one): one is [string, string] => one[1] !== undefined)
  const fixed = { host: 'localhost:80' }
  return app.inject({ method, url: '/auth/sessions/fam_nobody', headers: { ...fixed, ...Object.fromEntries(given) } })
}

test('a cookie changes something only in requests of our own pages', async (t) => {
  const app = await startApp(t, { env })
  const token = await tokenFor(app.deps, 'director')
  let refused = 0
  for (const method of METHODS)
    for (const [site, origin, isOwn] of ORIGINS)
      for (const cookie of [
        `mt_access=${token}`,
        'mt_refresh=abc',
        `a=b; mt_access=${token}; c=d`,
        'other=1',
        undefined,
      ])
        for (const authorization of [undefined, `Bearer ${token}`]) {
          const reply = await send(app, method, { 'sec-fetch-site': site, origin, cookie, authorization })
          const mayBeForeign = cookie?.includes('mt_') === true && authorization === undefined
          const expected = mayBeForeign && !['GET', 'HEAD'].includes(method) && !isOwn
          assert.equal(isCsrf(reply), expected, JSON.stringify({ method, site, origin, cookie, authorization }))
          refused += Number(expected)
        }
  assert.equal(refused, 4 * 3 * ORIGINS.filter(([, , isOwn]) => !isOwn).length)
})

test('every route that changes something refuses a cookie from another site', async (t) => {
  const { app, deps } = await startApp(t, { env })
  const token = await tokenFor(deps, 'director')
  const { paths } = app.swagger() as unknown as OpenApi
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => !['get', 'head'].includes(method))
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{\w+\}/g, 'x1'),
        operation,
      })),
  )
  const all = app.accessTable.filter(({ method }) => !['GET', 'HEAD'].includes(method))

  assert.ok(described.length > 60 && all.length >= described.length)
  for (const { operation, method, path } of described)
    assert.match(JSON.stringify(operation.responses['403']), /`csrf`/, `${method} ${path} does not say csrf`)
  const walk = [...described, ...all.map(({ method, url }) => ({ method, path: url.replace(/:\w+|\*/g, 'x1') }))]
  for (const { method, path: url } of walk) {
    for (const cookie of [`mt_access=${token}`, 'mt_refresh=abc']) {
      const reply = await app.inject({
        method: method as 'POST',
        url,
        headers: { cookie, 'sec-fetch-site': 'cross-site' },
      })
      assert.ok(isCsrf(reply), `${method} ${url} is ${reply.statusCode} ${reply.payload}`)
    }
  }
})

test('refresh and logout look where the request comes from, also when it has an Authorization', async (t) => {
  const { post, deps } = await startApp(t)
  const authorization = `Bearer ${await tokenFor(deps, 'director')}`

  for (const url of ['/auth/refresh', '/auth/logout']) {
    const headers = { cookie: 'mt_refresh=abc', 'sec-fetch-site': 'cross-site', authorization }
    const reply = await post(url, { headers })
    assert.deepEqual([reply.statusCode, reply.json().code], [403, 'csrf'], url)
  }
})

test('in demo mode another site cannot act as the demo director, while a program can', async (t) => {
  const app = await startApp(t, { env: { AUTH_MODE: 'demo', APP_ENV: 'development' } })
  const by = async (headers: Record<string, string>) => {
    const reply = await send(app, 'DELETE', headers)
    return isCsrf(reply)
  }

  assert.deepEqual(
    [
      await by({}),
      await by({ 'sec-fetch-site': 'same-origin' }),
      await by({ origin: HERE }),
      await by({ 'sec-fetch-site': 'cross-site' }),
      await by({ 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }),
      await by({ origin: 'https://evil.example' }),
    ],
    [false, false, false, true, true, true],
  )
})

test('what needs no login is open to every page', async (t) => {
  const { app } = await startApp(t)

  const reply = await app.inject({
    method: 'POST',
    url: '/auth/login',
    headers: { 'sec-fetch-site': 'cross-site', 'content-type': 'application/json' },
    payload: '{}',
  })

  assert.equal(reply.statusCode, 400)
})
