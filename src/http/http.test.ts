import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { sql } from '../platform/db.ts'
import { anInvitation } from '../../test/make.ts'
import { startApp, type TestApp } from '../../test/harness.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const LOGIN = { email: 'nadie@example.com', password: 'x' }
type Problem = { code: string; detail: string; requestId: string; errors?: { path: string; message: string }[] }

/** Sends raw bytes and returns everything received until the socket closes. */
async function sendRaw(t: TestContext, app: TestApp['app'], bytes: string): Promise<string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  assert.ok(typeof address === 'object' && address)
  const socket = connect(address.port, '127.0.0.1')
  t.after(() => socket.destroy())
  return new Promise((resolve, reject) => {
    let received = ''
    socket.setTimeout(5000, () => reject(new Error(`no end after 5 s; so far: ${received}`)))
    socket.on('data', (chunk) => (received += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(received))
    socket.write(bytes)
  })
}

const statusLine = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

const MALFORMED = [
  '',
  '{',
  '{"email":}',
  '{"email":"a"',
  'email=a',
  '\u0000',
  '{"a":1}{"b":2}',
  "{'email':'a'}",
  'undefined',
  'NaN',
]
/** Texts whose bytes are not UTF-8. The last is UTF-16. */
const NOT_UTF8 = [
  Buffer.from('{"name":"Jos\xe9"}', 'latin1'),
  Buffer.from('{"name":"\xff"}', 'latin1'),
  Buffer.from('{"name":"\xc3"}', 'latin1'),
  Buffer.from('{"name":"\xed\xa0\xbd"}', 'latin1'),
  Buffer.from('\ufeff{"name":"José"}', 'utf16le'),
]
const BODIES = ['/organizers', '/auth/login', '/wa/webhook', '/email/webhook', '/payments/webhook']
for (const url of BODIES)
  test(`POST ${url} refuses bytes that are not UTF-8 and stores nothing`, async (t) => {
    const { post, db } = await startApp(t)

    for (const payload of NOT_UTF8) {
      const reply = await post(url, { as: 'director', payload, headers: JSON_TYPE })
      assert.deepEqual([reply.statusCode, reply.json<Problem>().code], [400, 'invalid_json'])
    }

    const { rows } = await sql`
      select name from organizers where name like '%�%'
      union all select source from inbound_events where convert_from(body, 'latin1') like '%Jos%'`.execute(db)
    assert.deepEqual(rows, [])
  })

test('a byte order mark before the JSON is ignored', async (t) => {
  const { post } = await startApp(t)

  const organizer = await post('/organizers', {
    as: 'director',
    payload: Buffer.from('\ufeff{"name":"José"}'),
    headers: JSON_TYPE,
  })
  const webhook = await post('/wa/webhook', { payload: Buffer.from('\ufeff{}'), headers: JSON_TYPE })

  assert.deepEqual([organizer.statusCode, organizer.json().name], [201, 'José'])
  assert.equal(webhook.statusCode, 200)
})

for (const payload of MALFORMED) {
  test(`a body that reads ${JSON.stringify(payload)} is 400 invalid_json`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/auth/login', { payload, headers: JSON_TYPE })

    assert.equal(reply.statusCode, 400)
    assert.equal(reply.json<Problem>().code, 'invalid_json')
  })
}

test('JSON that is not an object is 400', async (t) => {
  const { post } = await startApp(t)

  for (const payload of ['null', 'true', '5', '"text"', '[]', '[{"email":"a","password":"b"}]', '1e400']) {
    const reply = await post('/auth/login', { payload, headers: JSON_TYPE })
    assert.equal(reply.statusCode, 400, payload)
    assert.equal(reply.json<Problem>().code, 'invalid_request', payload)
  }
})

test('a body that starts with a byte order mark is read', async (t) => {
  const { post } = await startApp(t)

  const reply = await post('/auth/login', { payload: `\uFEFF${JSON.stringify(LOGIN)}`, headers: JSON_TYPE })

  assert.equal(reply.json<Problem>().code, 'invalid_credentials')
})

test('the last of two equal keys counts', async (t) => {
  const { post } = await startApp(t)

  const payload = '{"email":5,"email":"nadie@example.com","password":"x"}'
  const reply = await post('/auth/login', { payload, headers: JSON_TYPE })

  assert.equal(reply.json<Problem>().code, 'invalid_credentials')
})

test('a body with __proto__ or constructor is 400, also when escaped', async (t) => {
  const { post } = await startApp(t)

  for (const key of ['"__proto__"', '"\\u005f_proto__"', '"constructor"']) {
    const payload = `{"email":"a@b.mx","password":"x",${key}:{"prototype":{"role":"director"}}}`
    const reply = await post('/auth/login', { payload, headers: JSON_TYPE })
    assert.equal(reply.statusCode, 400, key)
    assert.match(reply.json<Problem>().code, /^invalid_(json|request)$/)
  }
  assert.equal(({} as { role?: string }).role, undefined)
})

test('an unknown field is 400 and named, and nothing is written', async (t) => {
  const { post, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db)
  const url = `/events/${eventId}/guests/${guestId}/send`

  for (const extra of ['role', 'organizerId', 'status', 'guestId', 'toString']) {
    const reply = await post(url, { as: 'organizer', body: { channel: 'whatsapp', [extra]: 'x' } })
    assert.equal(reply.statusCode, 400, extra)
    assert.deepEqual(reply.json<Problem>().errors?.[0]?.path, `body.${extra}`)
  }
  const { rows } = await sql`select 1 from deliveries where event_id = ${eventId}`.execute(db)
  assert.equal(rows.length, 0)
})

test('a missing field is 400 and named', async (t) => {
  const { post } = await startApp(t)

  const reply = await post('/auth/login', { body: { email: 'a@b.mx' } })

  assert.equal(reply.statusCode, 400)
  assert.equal(reply.json<Problem>().errors?.[0]?.path, 'body.password')
})

for (const [what, method, url, body, paths] of [
  [
    'of a body',
    'post',
    '/events',
    { name: '', type: 'gala', startsAt: 'mañana', extra: 1 },
    ['body.endsAt', 'body.extra', 'body.name', 'body.name', 'body.startsAt', 'body.type'],
  ],
  [
    'of nested fields',
    'post',
    '/events/ev_x/campaigns',
    { template: '', filter: { tags: [], status: ['x', 5] } },
    null,
  ],
  ['of a query', 'get', '/events?limit=0&status=open&page=2', undefined, null],
  ['of path and query', 'get', '/events/a.b/guests?limit=x', undefined, ['params.eventId', 'querystring.limit']],
  [
    'of path and body',
    'post',
    '/events/a.b/guests',
    { partySize: 0 },
    ['body.name', 'body.partySize', 'params.eventId'],
  ],
  [
    'that the schema and the program check',
    'post',
    '/events/ev_x/guests',
    { name: '', phone: 'abc', email: 'nope', partySize: 0 },
    ['body.email', 'body.name', 'body.partySize', 'body.phone'],
  ],
  [
    'of money',
    'post',
    '/payments/intent',
    { amount: '1,000', provider: 'zz', customer: {} },
    ['body.amount', 'body.provider'],
  ],
  [
    'that only the program checks',
    'post',
    '/events',
    { name: 'x', startsAt: '2030-01-02T00:00:00Z', endsAt: '2030-01-01T00:00:00Z', timeZone: 'Mars/Olympus' },
    ['body.endsAt', 'body.timeZone'],
  ],
] as const) {
  test(`a 400 lists every failing path: ${what}`, async (t) => {
    const app = await startApp(t)

    const reply = await app[method](url, { as: 'organizer', ...(body ? { body } : {}) })

    const found = reply.json<Problem>().errors!.map(({ path }) => path)
    const expected =
      paths ??
      {
        'of nested fields': ['body.filter.status.0', 'body.filter.status.1', 'body.filter.tags', 'body.template'],
        'of a query': ['querystring.limit', 'querystring.page', 'querystring.status'],
      }[what]
    assert.equal(reply.statusCode, 400)
    assert.deepEqual([...new Set(found)].toSorted(), [...new Set<string>(expected)].toSorted(), reply.body)
  })
}

test('a value of the wrong type is 400: bodies are never coerced', async (t) => {
  const { post, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db)

  for (const force of [null, 'true', '', 1, 0, [], [true], {}]) {
    const reply = await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: { force } })
    assert.equal(reply.statusCode, 400, JSON.stringify(force))
    assert.equal(reply.json<Problem>().errors?.[0]?.path, 'body.force')
  }
  for (const email of [null, 5, true, ['a@b.mx'], { $ne: null }]) {
    const reply = await post('/auth/login', { body: { ...LOGIN, email } })
    assert.equal(reply.statusCode, 400, JSON.stringify(email))
  }
})

test('a query parameter that is invalid, unknown or repeated is 400', async (t) => {
  const { get } = await startApp(t)

  for (const query of [
    ...[
      'limit=0',
      'limit=-1',
      'limit=201',
      'limit=1.5',
      'limit=1e400',
      'limit=abc',
      'limit=',
      'limit=9007199254740993',
    ],
    ...[
      'limit=2&limit=3',
      'limit[]=1',
      '__proto__[x]=1',
      'constructor=1',
      'page=2',
      'cursor=x&cursor=y',
      'status=paid',
    ],
    ...["status='; drop table deliveries--", 'cursor=1) OR 1=1--', 'cursor=(select pg_sleep(5))', 'cursor=%00'],
  ]) {
    const startedMs = performance.now()
    const reply = await get(`/events/ev_x/deliveries?${encodeURI(query).replaceAll('%25', '%')}`, { as: 'organizer' })
    assert.equal(reply.statusCode, 400, query)
    assert.match(reply.json<Problem>().code, /^invalid_(request|cursor)$/)
    assert.ok(performance.now() - startedMs < 4000, query)
  }
})

const UNSUPPORTED = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'text/json',
  'json',
  '*/*',
]
for (const type of UNSUPPORTED) {
  test(`a body of type ${type} is 415`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post('/auth/login', { payload: JSON.stringify(LOGIN), headers: { 'content-type': type } })

    assert.equal(reply.statusCode, 415)
    assert.equal(reply.json<Problem>().code, 'unsupported_media_type')
  })
}

test('no spelling of the media type bypasses the schema', async (t) => {
  const { post } = await startApp(t)
  const types = [
    'application/json\t; charset=utf-8',
    ' application/json',
    'APPLICATION/JSON',
    'application/json;',
    'application/json; x=y',
  ]

  for (const type of types) {
    const reply = await post('/auth/login', { payload: '{"email":5}', headers: { 'content-type': type } })
    assert.ok([400, 415].includes(reply.statusCode), `${JSON.stringify(type)} ${reply.statusCode}`)
  }
})

test('a body without a media type is 415, and a route with an optional body accepts none', async (t) => {
  const { post, app, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db)

  const raw = `POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`
  assert.equal(statusLine(await sendRaw(t, app, raw)), 415)
  assert.equal((await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer' })).statusCode, 202)
})

test('a body above 256 KiB is 413, with and without Content-Length', async (t) => {
  const { post, app } = await startApp(t)
  const big = JSON.stringify({ ...LOGIN, password: 'x'.repeat(2 * 1024 * 1024) })

  const reply = await post('/auth/login', { payload: big, headers: JSON_TYPE })

  assert.equal(reply.statusCode, 413)
  assert.equal(reply.json<Problem>().code, 'payload_too_large')
  const head =
    'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
  const chunk = 'x'.repeat(300_000)
  const chunked = await sendRaw(t, app, `${head}${chunk.length.toString(16)}\r\n${chunk}\r\n0\r\n\r\n`)
  assert.equal(statusLine(chunked), 413)
})

test('a compressed body is not decompressed', async (t) => {
  const { post } = await startApp(t)
  const payload = gzipSync(Buffer.alloc(50 * 1024 * 1024))

  const reply = await post('/auth/login', { payload, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } })

  assert.equal(reply.statusCode, 400)
})

test('deep nesting, ten thousand keys and long texts get a fast and short 400', async (t) => {
  const { post } = await startApp(t)
  const deep = `{"email":"a@b.mx","password":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n])))
  const long = JSON.stringify({ ...LOGIN, email: 'a'.repeat(200_000) })

  for (const payload of [deep, wide, long]) {
    const startedMs = performance.now()
    const reply = await post('/auth/login', { payload, headers: JSON_TYPE })
    assert.equal(reply.statusCode, 400)
    assert.ok(reply.payload.length < 1000, 'the answer does not repeat what was sent')
    assert.ok(performance.now() - startedMs < 5000)
  }
})

const NOT_HTTP: [string, string][] = [
  [
    'length and chunks together',
    'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  ['two lengths', 'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}'],
  ['a length that is not a number', 'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2x\r\n\r\n{}'],
  ['a folded header', 'POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n'],
  ['bare line feeds', 'GET /health HTTP/1.1\nHost: a\n\n'],
  ['no host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['an unknown method', 'FOO /health HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['bytes that are not HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
]
for (const [what, bytes] of NOT_HTTP) {
  test(`a request with ${what} is 400 and the connection is closed`, async (t) => {
    const { app } = await startApp(t)

    const answer = await sendRaw(t, app, bytes)

    assert.equal(statusLine(answer), 400, answer)
    assert.doesNotMatch(answer, /HTTP\/1\.1 2/)
  })
}

test("headers above Node's limit are 431", async (t) => {
  const { app } = await startApp(t)

  const answer = await sendRaw(t, app, `GET /health HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`)

  assert.equal(statusLine(answer), 431)
  assert.match(answer, /"code":"headers_too_large"/)
  assert.match(answer, /X-Request-Id: req_/)
})

test('a malformed request gets a problem with a request id', async (t) => {
  const { app } = await startApp(t)

  const answer = await sendRaw(t, app, 'GET\r\n\r\n')

  const body = JSON.parse(answer.split('\r\n\r\n')[1]!) as Problem
  assert.equal(body.code, 'invalid_request')
  assert.match(answer, /application\/problem\+json/)
  assert.ok(answer.includes(`X-Request-Id: ${body.requestId}`))
})

test('an unsupported method on a known path is 405 with Allow', async (t) => {
  const { app } = await startApp(t)

  for (const [method, url, allowed] of [
    ['PUT', '/health', 'GET, HEAD'],
    ['TRACE', '/health', 'GET, HEAD'],
    ['DELETE', '/auth/login', 'POST'],
    ['GET', '/auth/login', 'POST'],
    ['PATCH', '/deliveries/dl_1?x=1', 'GET, HEAD'],
    ['GET', '/events/e/guests/g/send', 'POST'],
  ] as const) {
    const reply = await app.inject({ method: method as 'PUT', url })
    assert.equal(reply.statusCode, 405, `${method} ${url}`)
    assert.equal(reply.json<Problem>().code, 'method_not_allowed')
    assert.equal(reply.headers['allow'], allowed)
  }
})

test('a header or query cannot override the method', async (t) => {
  const { app } = await startApp(t)

  const reply = await app.inject({
    method: 'GET',
    url: '/auth/login?_method=POST',
    headers: { 'x-http-method-override': 'POST' },
  })

  assert.equal(reply.statusCode, 405)
})

const BAD_PATHS: [string, number][] = [
  ['/deliveries/%E0%A4%A', 400],
  ['/deliveries/%', 400],
  ['/deliveries/%00', 400],
  ['/deliveries/dl_1%00', 400],
  ['/deliveries/..%2f..%2fetc%2fpasswd', 400],
  ['/deliveries/a%20b', 400],
  ['/deliveries/%27%20or%201=1--', 400],
  [`/deliveries/${'a'.repeat(65)}`, 400],
  [`/deliveries/${'a'.repeat(301)}`, 414],
  ['/deliveries/ñ', 400],
  ['/deliveries/dl_unknown', 404],
  ['/deliveries/a/b', 404],
  ['/deliveries/', 400],
  ['/nothing/here', 404],
  ['//health', 404],
  ['/docs/..%2f..%2fpackage.json', 404],
  ['/docs/package.json', 404],
]
for (const [url, status] of BAD_PATHS) {
  test(`GET ${url.slice(0, 60)} is ${status}`, async (t) => {
    const { get } = await startApp(t)

    const reply = await get(url, { as: 'organizer' })

    assert.equal(reply.statusCode, status, reply.payload)
    assert.match(String(reply.headers['content-type']), /^application\/problem\+json/)
  })
}

test('text with NUL or an unpaired surrogate is 400; other unusual text is stored unchanged', async (t) => {
  const { post, db } = await startApp(t)
  const { eventId, guestId } = await anInvitation(db)
  const send = (note: string) =>
    post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: { variables: { note }, force: true } })

  assert.equal((await send('a\u0000b')).json<Problem>().code, 'invalid_text')
  assert.equal((await send('a\ud800b')).json<Problem>().code, 'invalid_text')
  for (const note of ['🎉👩‍👩‍👧', '\u202Egnp.exe', "'; drop table guests; --", '<script>', '${7*7}', '\u0001', '\ufffe']) {
    const reply = await send(note)
    assert.equal(reply.statusCode, 202, reply.payload)
    const { rows } = await sql<{ note: string }>`select variables ->> 'note' as note from deliveries
      where id = ${reply.json<{ deliveryId: string }>().deliveryId}`.execute(db)
    assert.equal(rows[0]?.note, note)
  }
})

test('a valid request id is returned in header and body, also with problems', async (t) => {
  const { get } = await startApp(t)

  for (const id of ['abc', 'A.b_c:d-9', 'x'.repeat(128)]) {
    for (const url of ['/health', '/nothing', '/deliveries/dl_1']) {
      const reply = await get(url, { headers: { 'x-request-id': id } })
      assert.equal(reply.headers['x-request-id'], id)
      assert.equal(reply.json<Problem>().requestId, id)
    }
  }
})

test('an invalid request id is replaced by a new one', async (t) => {
  const { get } = await startApp(t)
  const seen = new Set<string>()

  for (const id of ['', ' ', 'a b', 'x'.repeat(129), 'ñ', '<script>', '{"a":1}', 'a,b', "a'b"]) {
    const reply = await get('/health', { headers: { 'x-request-id': id } })
    const given = String(reply.headers['x-request-id'])
    assert.match(given, /^req_[0-9a-z]{26}$/, id)
    assert.equal(reply.json<Problem>().requestId, given)
    seen.add(given)
  }
  assert.equal(seen.size, 9)
})

test('missing credentials are 401 with WWW-Authenticate; a role without access is a complete 403 problem', async (t) => {
  const { get, post } = await startApp(t)

  const anonymous = await get('/deliveries/dl_1')
  const staff = await post('/events/e/guests/g/send', { as: 'staff', body: {} })

  assert.equal(anonymous.statusCode, 401)
  assert.match(String(anonymous.headers['www-authenticate']), /^Bearer/)
  assert.equal(staff.statusCode, 403)
  const { requestId, ...problem } = staff.json<Problem>()
  assert.ok(requestId)
  assert.deepEqual(problem, {
    type: 'https://monotickets.mx/problems/forbidden',
    title: 'Your role may not do this',
    status: 403,
    code: 'forbidden',
    detail: 'This needs the role organizer or director.',
  })
})

test('in demo mode a request without credentials is the director, and wrong credentials are 401', async (t) => {
  const { get } = await startApp(t, { env: { AUTH_MODE: 'demo' } })

  assert.equal((await get('/auth/me')).json<{ user: { role: string } }>().user.role, 'director')
  for (const authorization of ['Bearer x', 'Basic YTpi', 'Bearer', '', `Bearer ${'x'.repeat(14_000)}`]) {
    assert.equal((await get('/auth/me', { headers: { authorization } })).statusCode, 401, authorization.slice(0, 20))
  }
})

test('an address above the rate limit is 429 with Retry-After, whatever X-Forwarded-For says', async (t) => {
  const { get } = await startApp(t, { env: { RATE_LIMIT_PER_MINUTE: '5' } })
  const statuses: number[] = []

  for (let n = 0; n < 8; n++) {
    const reply = await get('/docs', { headers: { 'x-forwarded-for': `10.0.0.${n}` } })
    statuses.push(reply.statusCode)
    if (n === 7) {
      assert.equal(reply.json<Problem>().code, 'rate_limited')
      const seconds = Number(reply.headers['retry-after'])
      assert.ok(seconds >= 1 && seconds <= 60, String(seconds))
    }
  }

  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429, 429])
  assert.equal((await get('/health')).statusCode, 200, 'liveness is never limited')
})

test('behind a trusted proxy the rate limit is per client', async (t) => {
  const { get } = await startApp(t, { env: { RATE_LIMIT_PER_MINUTE: '2', TRUSTED_PROXIES: '127.0.0.1/32' } })
  const ask = async (client: string) => (await get('/docs', { headers: { 'x-forwarded-for': client } })).statusCode

  assert.deepEqual([await ask('10.0.0.1'), await ask('10.0.0.1'), await ask('10.0.0.1')], [200, 200, 429])
  assert.equal(await ask('10.0.0.2'), 200)
})

test('login attempts are rate limited per account, with Retry-After', async (t) => {
  const { post } = await startApp(t)
  const email = 'objetivo@example.com'

  const statuses = []
  for (let n = 0; n < 11; n++)
    statuses.push((await post('/auth/login', { body: { email, password: `p${n}` } })).statusCode)
  const last = await post('/auth/login', { body: { email: ` ${email.toUpperCase()} `, password: 'x' } })

  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429])
  assert.equal(last.statusCode, 429, 'another spelling of the same address is the same account')
  assert.ok(Number(last.headers['retry-after']) >= 1)
})

test('the API reference, its files and the OpenAPI document are public', async (t) => {
  const { get } = await startApp(t)

  const [page, script, start, style, document] = await Promise.all(
    ['/docs', '/docs/swagger-ui-bundle.js', '/docs/start.js', '/docs/swagger-ui.css', '/openapi.json'].map((url) =>
      get(url),
    ),
  )

  assert.match(String(page!.headers['content-type']), /^text\/html/)
  assert.match(page!.payload, /swagger-ui-bundle\.js/)
  assert.ok(script!.payload.length > 100_000 && style!.payload.length > 10_000)
  assert.match(start!.payload, /openapi\.json/)
  assert.equal(document!.json<{ openapi: string }>().openapi, '3.1.0')
  for (const reply of [page, script, start, style]) assert.equal(reply!.statusCode, 200)
})

test('responses forbid framing, sniffing and scripts', async (t) => {
  const { get } = await startApp(t)

  const { headers } = await get('/health')

  assert.match(String(headers['content-security-policy']), /default-src 'none'.*frame-ancestors 'none'/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['x-powered-by'], undefined)
  assert.equal(headers['server'], undefined)
})

test('/metrics is Prometheus text, and requires its token when one is configured', async (t) => {
  const open = await startApp(t)
  const guarded = await startApp(t, { env: { METRICS_TOKEN: 'metrics-token-of-the-test' } })

  const page = await open.get('/metrics')
  assert.match(page.body, /^monotickets_queue_jobs\{queue="deliveryQueue",state="waiting"\} \d+$/m)
  assert.match(page.body, /^monotickets_oldest_due_seconds\{table="deliveries"\} \d+$/m)
  assert.equal(page.statusCode, 200)
  assert.match(page.payload, /^# HELP monotickets_/m)
  for (const authorization of ['Bearer wrong', 'Bearer ', 'metrics-token-of-the-test']) {
    assert.equal((await guarded.get('/metrics', { headers: { authorization } })).statusCode, 401)
  }
  assert.equal((await guarded.get('/metrics')).statusCode, 401)
  const withToken = { authorization: 'Bearer metrics-token-of-the-test' }
  assert.equal((await guarded.get('/metrics', { headers: withToken })).statusCode, 200)
})

test('a process without workers is healthy but not ready, and names the failing check', async (t) => {
  const { get } = await startApp(t)

  const ready = await get('/ready')

  assert.equal((await get('/health')).statusCode, 200)
  assert.equal(ready.statusCode, 503)
  assert.ok(Number(ready.headers['retry-after']) > 0)
  const { checks } = ready.json<{ checks: Record<string, { ok: boolean; detail?: string }> }>()
  assert.equal(checks['database']?.ok, true)
  assert.equal(checks['migrations']?.ok, true)
  assert.match(checks['queues']?.detail ?? '', /no worker consumes/)
})

test('an internal error is a 500 without details, and one error line', async (t) => {
  const { post, db, lines } = await startApp(t, { expectErrors: /A request failed/ })
  const { eventId, guestId } = await anInvitation(db)
  await sql`create function break_it() returns trigger language plpgsql as
    $$ begin raise exception 'secret of the schema'; end $$`.execute(db)
  await sql`create trigger break_it before insert on deliveries for each row execute function break_it()`.execute(db)
  t.after(() => sql`drop function break_it cascade`.execute(db).catch(() => {}))

  const reply = await post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
  await sql`drop function break_it cascade`.execute(db)

  assert.equal(reply.statusCode, 500)
  assert.equal(reply.json<Problem>().code, 'internal')
  assert.doesNotMatch(reply.payload, /secret|trigger|insert|stack|\bat /)
  const errors = lines.filter(({ level }) => level === 'error')
  assert.equal(errors.length, 1)
})

test('an outdated database schema is 503 with Retry-After, not 500', async (t) => {
  const { get, db } = await startApp(t)
  await sql`alter table deliveries rename to deliveries_away`.execute(db)

  const reply = await get('/deliveries/dl_1', { as: 'organizer' })
  await sql`alter table deliveries_away rename to deliveries`.execute(db)

  assert.equal(reply.statusCode, 503)
  assert.ok(Number(reply.headers['retry-after']) > 0)
})

test("a request's log line names the route and contains neither query nor body", async (t) => {
  const { post, lines } = await startApp(t)

  await post('/auth/login?token=secreto', { body: { email: 'ana.unica@example.com', password: 'muy-secreta-1' } })

  const text = JSON.stringify(lines)
  assert.match(text, /"route":"\/auth\/login"/)
  assert.doesNotMatch(text, /ana\.unica|muy-secreta|secreto/)
})
