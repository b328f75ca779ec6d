import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startServer } from '../../test/fakes/http.ts'
import { RESEND_KEY, startFakeResend, type ResendOptions, type ResendScript } from '../../test/fakes/resend.ts'
import type { EmailContent, Message, Outcome } from './channel.ts'
import { openEmail } from './email.ts'

const NOW = new Date('2026-11-24T12:00:00Z')
const UNSUBSCRIBE = 'https://monotickets.test/baja/tok_1'
const CONTENT = { subject: 'Boda de Ana', html: '<p>Hola</p>', text: 'Hola', unsubscribeUrl: UNSUBSCRIBE }

const messageOf = ({ content = CONTENT, ...more }: Partial<Message> & { content?: EmailContent } = {}): Message => ({
  ...{
    deliveryId: 'dl_1',
    idempotencyKey: more.deliveryId ?? 'dl_1',
    requestId: 'req_1',
    to: 'ana@example.com',
    template: 'event_invitation',
  },
  locale: 'es-MX',
  ...more,
  channel: 'email',
  content,
})

async function startBoth(t: TestContext, options: ResendOptions = {}, timeoutMs = 2000) {
  const fake = await startFakeResend(options)
  t.after(fake.close)
  const settings = { apiKey: RESEND_KEY, apiUrl: fake.url, from: fake.env.RESEND_FROM_EMAIL, timeoutMs, now: () => NOW }
  return { fake, settings, channel: openEmail(settings) }
}

test('a mail is sent with the delivery id as its idempotency key', async (t) => {
  const { fake, channel } = await startBoth(t)

  const outcome = await channel.send(messageOf())

  assert.deepEqual(fake.refusals, [])
  assert.deepEqual(outcome, { kind: 'sent', providerMessageId: fake.mails[0]?.id, httpStatus: 200 })
  assert.equal(fake.calls[0]?.headers['idempotency-key'], 'dl_1')
  assert.equal(fake.calls[0]?.headers['x-request-id'], 'req_1')
})

test('a mail carries HTML and plain text, one-click unsubscription, our ids and tags', async (t) => {
  const { fake, channel } = await startBoth(t)

  await channel.send(messageOf({ template: 'event invitation/é' }))

  const { id: _id, createdAt: _createdAt, ...mail } = fake.mails[0]!
  assert.deepEqual(mail, {
    from: 'Monotickets <invitaciones@monotickets.mx>',
    to: ['ana@example.com'],
    subject: 'Boda de Ana',
    html: '<p>Hola</p>',
    text: 'Hola',
    headers: {
      'List-Unsubscribe': `<${UNSUBSCRIBE}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      'X-Entity-Ref-ID': 'dl_1',
      'X-Request-Id': 'req_1',
    },
    tags: { delivery_id: 'dl_1', template: 'event_invitation__' },
  })
})

test('a mailbox is offered no unsubscription from a mail that has none', async (t) => {
  const { fake, channel } = await startBoth(t)

  await channel.send(messageOf({ content: { ...CONTENT, unsubscribeUrl: null } }))

  assert.deepEqual(fake.refusals, [])
  assert.deepEqual(fake.mails[0]!.headers, { 'X-Entity-Ref-ID': 'dl_1', 'X-Request-Id': 'req_1' })
})

test('a delivery that is sent twice is one mail with one id', async (t) => {
  const { fake, channel } = await startBoth(t)

  const [first, second] = [await channel.send(messageOf()), await channel.send(messageOf())]

  assert.deepEqual(second, first)
  assert.equal(fake.calls.length, 2)
  assert.equal(fake.mails.length, 1)
})

test('seven deliveries to one address are seven mails', async (t) => {
  const { fake, channel } = await startBoth(t)

  const deliveries = Array.from({ length: 7 }, (_, index) => messageOf({ deliveryId: `dl_${index}` }))
  const outcomes = await Promise.all(deliveries.map((message) => channel.send(message)))

  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(['sent']))
  assert.equal(fake.mails.length, 7)
})

test('another text under the same key is not sent and is unknown, because the first was probably sent', async (t) => {
  const { fake, channel } = await startBoth(t)
  await channel.send(messageOf())

  const outcome = await channel.send(messageOf({ content: { ...CONTENT, subject: 'Otro' } }))

  const reason = 'email_invalid_idempotent_request'
  assert.deepEqual(outcome, { kind: 'unknown', reason })
  assert.equal(fake.mails.length, 1)
})

test('no answer is unknown after our own timeout; a retry is refused while the key is in use, then gets the first outcome', async (t) => {
  const { fake, channel } = await startBoth(t, {}, 200)
  fake.next({ kind: 'silence' })

  const outcomes = [await channel.send(messageOf()), await channel.send(messageOf()), await channel.send(messageOf())]

  const reason = 'email_concurrent_idempotent_requests'
  assert.deepEqual(outcomes, [
    { kind: 'unknown', reason: 'email_timeout' },
    { kind: 'refused', verdict: 'retry', reason, httpStatus: 409 },
    { kind: 'sent', providerMessageId: fake.mails[0]?.id, httpStatus: 200 },
  ])
  assert.equal(fake.mails.length, 1)
})

test('a very slow answer is unknown after our own timeout, and the next attempt still sends one mail', async (t) => {
  const { fake, channel } = await startBoth(t, {}, 200)
  fake.next({ kind: 'drip' })

  const outcomes = [await channel.send(messageOf()), await channel.send(messageOf()), await channel.send(messageOf())]

  assert.deepEqual(outcomes[0], { kind: 'unknown', reason: 'email_timeout' })
  assert.deepEqual([outcomes[2]?.kind, fake.mails.length], ['sent', 1])
})

test('a broken connection is unknown, and the next attempt still sends one mail', async (t) => {
  const { fake, channel } = await startBoth(t)
  fake.next({ kind: 'reset' })

  const [first, second] = [await channel.send(messageOf()), await channel.send(messageOf())]

  assert.deepEqual(first, { kind: 'unknown', reason: 'email_no_answer' })
  assert.equal(second.kind, 'sent')
  assert.equal(fake.mails.length, 1)
})

test('a refused connection is unknown, because the SDK does not tell whether anything was sent', async () => {
  const server = await startServer(0, () => 'silence')
  await server.close()

  const channel = openEmail({ apiKey: 'k', apiUrl: server.url, from: 'a@b.mx', timeoutMs: 2000, now: () => NOW })

  assert.deepEqual(await channel.send(messageOf()), { kind: 'unknown', reason: 'email_no_answer' })
})

test('a wrong key is an alarm', async (t) => {
  const { settings } = await startBoth(t)

  const outcome = await openEmail({ ...settings, apiKey: 're_wrong' }).send(messageOf())

  assert.deepEqual(outcome, { kind: 'refused', verdict: 'alarm', reason: 'email_invalid_api_key', httpStatus: 403 })
})

test('a sender whose domain is not verified is an alarm', async (t) => {
  const { settings } = await startBoth(t)

  const outcome = await openEmail({ ...settings, from: 'x@other.mx' }).send(messageOf())

  assert.deepEqual(outcome, { kind: 'refused', verdict: 'alarm', reason: 'email_validation_error', httpStatus: 403 })
})

test('an invalid address fails this mail only', async (t) => {
  const { channel } = await startBoth(t)

  const outcome = await channel.send(messageOf({ to: 'nobody' }))

  assert.deepEqual(outcome, { kind: 'refused', verdict: 'fail', reason: 'email_validation_error', httpStatus: 422 })
})

test('a mail over the rate limit waits as long as Resend says', async (t) => {
  const { channel, fake } = await startBoth(t, { requestsPerSecond: 1 })
  await channel.send(messageOf({ deliveryId: 'dl_a' }))

  const outcome = await channel.send(messageOf({ deliveryId: 'dl_b' }))

  const reason = 'email_rate_limit_exceeded'
  assert.deepEqual(outcome, { kind: 'refused', verdict: 'wait_all', reason, httpStatus: 429, afterMs: 1000 })
  assert.equal(fake.mails.length, 1)
})

const error = (httpStatus: number, name?: string, headers?: Record<string, string>): ResendScript => ({
  kind: 'error',
  httpStatus,
  ...(name ? { name } : {}),
  ...(headers ? { headers } : {}),
})
const refused = (verdict: string, reason: string, httpStatus: number, afterMs?: number) =>
  ({ kind: 'refused', verdict, reason, httpStatus, ...(afterMs === undefined ? {} : { afterMs }) }) as Outcome
const ANSWERS: [string, ResendScript, Outcome][] = [
  [
    '429 with Retry-After: 7',
    error(429, 'rate_limit_exceeded', { 'retry-after': '7' }),
    refused('wait_all', 'email_rate_limit_exceeded', 429, 7000),
  ],
  [
    '429 with ratelimit-reset only',
    error(429, 'rate_limit_exceeded', { 'ratelimit-reset': '3' }),
    refused('wait_all', 'email_rate_limit_exceeded', 429, 3000),
  ],
  [
    'a daily quota, which waits an hour and not the second of Retry-After',
    error(429, 'daily_quota_exceeded', { 'retry-after': '1' }),
    refused('wait_all', 'email_daily_quota_exceeded', 429, 3_600_000),
  ],
  ['a monthly quota', error(429, 'monthly_quota_exceeded'), refused('alarm', 'email_monthly_quota_exceeded', 429)],
  ['an error of the provider', error(500, 'application_error'), refused('retry', 'email_application_error', 500)],
  [
    'an error that is not JSON',
    { kind: 'raw', httpStatus: 503, text: '<html>' },
    refused('retry', 'email_http_503', 503),
  ],
  [
    "a proxy's 429 that is not JSON",
    { kind: 'raw', httpStatus: 429, text: 'error code: 1015', headers: { 'retry-after': '7' } },
    refused('wait_all', 'email_http_429', 429, 7000),
  ],
  ...[401, 404, 405].map((httpStatus): [string, ResendScript, Outcome] => [
    `an HTML page with ${httpStatus}`,
    { kind: 'raw', httpStatus, text: '<html>' },
    refused('alarm', `email_http_${httpStatus}`, httpStatus),
  ]),
  [
    'the HTML page of a firewall',
    { kind: 'raw', httpStatus: 403, text: '<html>' },
    refused('retry', 'email_http_403', 403),
  ],
  ["a proxy's error in JSON", error(502), refused('retry', 'email_http_502', 502)],
  [
    'an error that is null',
    { kind: 'raw', httpStatus: 500, text: 'null' },
    { kind: 'unknown', reason: 'email_unreadable_answer' },
  ],
  [
    'an error that is a string',
    { kind: 'raw', httpStatus: 500, text: '"no"' },
    refused('retry', 'email_http_502', 502),
  ],
  [
    '200 without an id',
    { kind: 'raw', httpStatus: 200, text: '{}' },
    { kind: 'unknown', reason: 'email_unreadable_answer' },
  ],
  [
    '200 that is null',
    { kind: 'raw', httpStatus: 200, text: 'null' },
    { kind: 'unknown', reason: 'email_unreadable_answer' },
  ],
  [
    '200 that is not JSON',
    { kind: 'raw', httpStatus: 200, text: '<html>' },
    { kind: 'unknown', reason: 'email_no_answer' },
  ],
]
for (const [what, script, expected] of ANSWERS) {
  test(`${what} is ${'reason' in expected ? expected.reason : ''}`, async (t) => {
    const { fake, channel } = await startBoth(t)
    fake.next(script)

    assert.deepEqual(await channel.send(messageOf()), expected)
  })
}

for (const [what, body] of [
  ['JSON', { json: { id: 'x' } }],
  ['a page', { text: '<html>' }],
] as const) {
  test(`a redirect with ${what} is not followed and is an alarm`, async (t) => {
    const seen: string[] = []
    const other = await startServer(0, ({ path }) => {
      seen.push(path)
      return path === '/taken'
        ? { status: 200, json: { id: 'x' } }
        : { status: 307, ...body, headers: { location: '/taken' } }
    })
    t.after(other.close)
    const channel = openEmail({ apiKey: 'k', apiUrl: other.url, from: 'a@b.mx', timeoutMs: 2000, now: () => NOW })

    const outcome = await channel.send(messageOf())

    assert.deepEqual([outcome.kind, 'verdict' in outcome && outcome.verdict], ['refused', 'alarm'])
    assert.equal('reason' in outcome && outcome.reason, 'email_redirected')
    assert.deepEqual(seen, ['/emails'])
  })
}

test('environment variables do not change where the SDK sends', async (t) => {
  const { fake, settings } = await startBoth(t)
  const names = ['RESEND_BASE_URL', 'RESEND_API_KEY', 'RESEND_USER_AGENT']
  t.after(() => names.forEach((name) => delete process.env[name]))
  for (const name of names) process.env[name] = 'http://127.0.0.1:1'

  const outcome = await openEmail(settings).send(messageOf())

  assert.equal(outcome.kind, 'sent')
  assert.equal(fake.calls[0]?.headers['user-agent'], 'monotickets')
})
