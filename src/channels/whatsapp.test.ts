import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { Agent, type Dispatcher } from 'undici'
import { startServer } from '../../test/fakes/http.ts'
import {
  startFakeWhatsApp,
  WHATSAPP_KEY,
  type ErrorShape,
  type WhatsAppOptions,
  type WhatsAppScript,
} from '../../test/fakes/whatsapp.ts'
import type { FakeTemplate } from '../../test/fakes/whatsapp-rules.ts'
import type { Message, Outcome, Verdict, WhatsAppContent } from './channel.ts'
import { fetchTemplates, openWhatsApp } from './whatsapp.ts'

const NOW = new Date('2026-11-24T12:00:00Z')
const GUEST = '+525512345678'
const TEMPLATES: FakeTemplate[] = [
  { name: 'plain', language: 'es_MX', body: 0 },
  {
    name: 'invitation',
    language: 'es_MX',
    category: 'marketing',
    body: 2,
    buttons: ['url', 'quick_reply', 'quick_reply'],
  },
  { name: 'named', language: 'en', body: ['first_name', 'place'] },
  { name: 'with_text_header', language: 'en', header: 'text', body: 1 },
  { name: 'named_header', language: 'en', header: 'text', body: ['first_name'] },
  { name: 'with_pass', language: 'es_MX', header: 'image', body: 1, buttons: ['url'] },
  { name: 'with_file', language: 'es_MX', header: 'document', body: 1 },
  { name: 'paused', language: 'es_MX', body: 0, status: 'paused' },
]

const template = (name: string, language: string, more: object = {}): WhatsAppContent => ({
  ...{ kind: 'template', name, language, body: [], buttons: [] },
  ...more,
})
const messageOf = (content: WhatsAppContent, more: Partial<Message> = {}): Message => ({
  ...{
    deliveryId: 'dl_1',
    idempotencyKey: 'dl_1',
    requestId: 'req_1',
    to: GUEST,
    template: 'x',
    locale: 'es-MX' as const,
    ...more,
  },
  channel: 'whatsapp',
  content,
})

/** Starts the fake, opens the window of the guest, and opens a channel to the fake. */
async function startBoth(t: TestContext, options: WhatsAppOptions = {}, timeoutMs = 2000) {
  const fake = await startFakeWhatsApp({ templates: TEMPLATES, ...options })
  t.after(fake.close)
  fake.receive({ from: '5215512345678', kind: 'text', body: 'hola' })
  const settings = { apiKey: WHATSAPP_KEY, apiUrl: fake.url, timeoutMs, now: () => NOW }
  const channel = openWhatsApp(settings)
  const send = (content: WhatsAppContent, more?: Partial<Message>) => channel.send(messageOf(content, more))
  return { fake, settings, channel, send }
}

const TEXT: WhatsAppContent = { kind: 'text', body: 'Nos vemos el sábado.' }
const CONTENTS: [string, WhatsAppContent][] = [
  ['a template without parameters', template('plain', 'es_MX')],
  [
    'a template with positional parameters, a link and quick replies',
    template('invitation', 'es_MX', {
      body: [{ text: 'Ana' }, { text: 'Boda' }],
      buttons: [
        { kind: 'url', index: 0, suffix: 'inv_abc' },
        { kind: 'quick_reply', index: 1, payload: 'rsvp/yes/inv_1' },
        { kind: 'quick_reply', index: 2, payload: 'rsvp/no/inv_1' },
      ],
    }),
  ],
  [
    'a template with named parameters',
    template('named', 'en', {
      body: [
        { name: 'first_name', text: 'Ana' },
        { name: 'place', text: 'Puebla' },
      ],
    }),
  ],
  [
    'a template with a text header',
    template('with_text_header', 'en', {
      header: { kind: 'text', parameter: { text: 'Boda' } },
      body: [{ text: 'Ana' }],
    }),
  ],
  [
    'a template with named parameters in header and body',
    template('named_header', 'en', {
      header: { kind: 'text', parameter: { name: 'event', text: 'Boda' } },
      body: [{ name: 'first_name', text: 'Ana' }],
    }),
  ],
  [
    'a template with an image',
    template('with_pass', 'es_MX', {
      header: { kind: 'image', link: 'https://example.com/qr.png' },
      body: [{ text: 'Ana' }],
      buttons: [{ kind: 'url', index: 0, suffix: 'inv_abc' }],
    }),
  ],
  [
    'a template with a document',
    template('with_file', 'es_MX', {
      header: { kind: 'document', link: 'https://example.com/p.pdf', filename: 'pase.pdf' },
      body: [{ text: 'Ana' }],
    }),
  ],
  ['text', TEXT],
  ['text of 4096 characters', { kind: 'text', body: 'ñ'.repeat(4096) }],
  [
    'buttons',
    {
      kind: 'buttons',
      body: '¿Vienes?',
      buttons: [
        { id: 'rsvp/yes/inv_1', title: 'Sí' },
        { id: 'rsvp/no/inv_1', title: 'No' },
      ],
    },
  ],
  [
    'a list',
    {
      kind: 'list',
      body: '¿Cuál?',
      button: 'Elegir',
      rows: Array.from({ length: 10 }, (_, index) => ({
        id: `r${index}`,
        title: `Evento ${index}`,
        description: 'Sábado',
      })),
    },
  ],
  ['an image', { kind: 'image', link: 'https://example.com/qr.png', caption: 'Tu pase' }],
  ['an image without caption', { kind: 'image', link: 'https://example.com/qr.png', caption: '' }],
  ['a document', { kind: 'document', link: 'https://example.com/p.pdf', filename: 'pase.pdf', caption: 'Tu pase' }],
]
for (const [what, content] of CONTENTS) {
  test(`the provider accepts ${what}`, async (t) => {
    const { fake, send } = await startBoth(t, { has521: true })

    const outcome = await send(content)

    assert.deepEqual(fake.refusals, [])
    assert.equal(outcome.kind, 'sent')
    assert.deepEqual(outcome, {
      kind: 'sent',
      providerMessageId: [...fake.sent.keys()][0],
      httpStatus: 200,
      waId: '5215512345678',
    })
  })
}

test('a message carries delivery id and request id, and the key in the header of 360dialog', async (t) => {
  const { fake, send } = await startBoth(t)

  await send(TEXT, { deliveryId: 'dl_7', requestId: 'req_7' })

  const [{ body, headers }] = fake.calls as [(typeof fake.calls)[number]]
  assert.equal(body['biz_opaque_callback_data'], 'dl_7')
  assert.equal(body['messaging_product'], 'whatsapp')
  assert.equal(body['recipient_type'], 'individual')
  assert.equal(body['to'], GUEST)
  assert.equal(headers['x-request-id'], 'req_7')
  assert.equal(headers['d360-api-key'], WHATSAPP_KEY)
  assert.equal(headers.authorization, undefined)
})

test("a template has the shape of the Cloud API's reference", async (t) => {
  const { fake, send } = await startBoth(t)

  await send(CONTENTS[1]![1])

  assert.deepEqual(fake.calls[0]?.body['template'], {
    name: 'invitation',
    language: { code: 'es_MX' },
    components: [
      {
        type: 'body',
        parameters: [
          { type: 'text', text: 'Ana' },
          { type: 'text', text: 'Boda' },
        ],
      },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'inv_abc' }] },
      {
        type: 'button',
        sub_type: 'quick_reply',
        index: '1',
        parameters: [{ type: 'payload', payload: 'rsvp/yes/inv_1' }],
      },
      {
        type: 'button',
        sub_type: 'quick_reply',
        index: '2',
        parameters: [{ type: 'payload', payload: 'rsvp/no/inv_1' }],
      },
    ],
  })
})

const REFUSED: [string, WhatsAppContent, Verdict, string][] = [
  ['an unknown template', template('nobody', 'es_MX'), 'stop_batch', 'whatsapp_132001'],
  ['a language that is not approved', template('plain', 'es'), 'stop_batch', 'whatsapp_132001'],
  [
    'a wrong number of parameters',
    template('plain', 'es_MX', { body: [{ text: 'Ana' }] }),
    'stop_batch',
    'whatsapp_132000',
  ],
  ['a paused template', template('paused', 'es_MX'), 'stop_batch', 'whatsapp_132015'],
  [
    'a document on plain http',
    { kind: 'image', link: 'http://example.com/q.png', caption: '' },
    'retry_once',
    'whatsapp_131053',
  ],
]
for (const [what, content, verdict, reason] of REFUSED) {
  test(`${what} is refused with ${reason}`, async (t) => {
    const { send } = await startBoth(t)

    assert.deepEqual(await send(content), { kind: 'refused', verdict, reason, httpStatus: 400 })
  })
}

test('text to a guest who has not written within 24 hours is refused with use_template', async (t) => {
  const { send } = await startBoth(t)

  const outcome = await send(TEXT, { to: '+525587654321' })

  assert.deepEqual(outcome, { kind: 'refused', verdict: 'use_template', reason: 'whatsapp_131047', httpStatus: 400 })
})

test('too many messages to one guest wait for this recipient; too many messages in all wait for all', async (t) => {
  const slow = await startBoth(t, { pair: { intervalMs: 60_000, burst: 1 }, messagesPerSecond: 3 })

  const outcomes: Outcome[] = []
  for (const to of [GUEST, GUEST, '+525500000001', '+525500000002'])
    outcomes.push(await slow.send(template('plain', 'es_MX'), { to }))

  assert.deepEqual(
    outcomes.map((one) => ('verdict' in one ? [one.verdict, one.reason] : one.kind)),
    ['sent', ['wait_recipient', 'whatsapp_131056'], 'sent', ['wait_all', 'whatsapp_130429']],
  )
})

const SHAPES: [ErrorShape, number | undefined, Partial<Outcome>][] = [
  ['meta', 131026, { verdict: 'fall_back', reason: 'whatsapp_131026' }],
  ['gateway_embedded', 131056, { verdict: 'wait_recipient', reason: 'whatsapp_131056' }],
  ['legacy', 1013, { verdict: 'fall_back', reason: 'whatsapp_1013' }],
  ['gateway', undefined, { verdict: 'alarm', reason: 'whatsapp_http_400' }],
  ['string', undefined, { verdict: 'alarm', reason: 'whatsapp_http_400' }],
]
for (const [shape, code, expected] of SHAPES) {
  test(`an error in the shape «${shape}» is read`, async (t) => {
    const { fake, send } = await startBoth(t)
    fake.next({ kind: 'error', httpStatus: 400, shape, ...(code === undefined ? {} : { code }) })

    assert.deepEqual(await send(TEXT), { kind: 'refused', httpStatus: 400, ...expected })
  })
}

for (const shape of ['gateway', 'string'] as const) {
  test(`a wrong key is an alarm in the shape «${shape}»`, async (t) => {
    const { fake } = await startBoth(t, { shape })
    const channel = openWhatsApp({ apiKey: 'wrong', apiUrl: fake.url, timeoutMs: 2000, now: () => NOW })

    const outcome = await channel.send(messageOf(TEXT))

    assert.deepEqual(outcome, { kind: 'refused', verdict: 'alarm', reason: 'whatsapp_http_401', httpStatus: 401 })
  })
}

const raw = (httpStatus: number, text: string, headers?: Record<string, string>): WhatsAppScript => ({
  kind: 'raw',
  httpStatus,
  text,
  ...(headers ? { headers } : {}),
})
const unknown = (reason: string): Outcome => ({ kind: 'unknown', reason })
const ANSWERS: [string, WhatsAppScript, Outcome][] = [
  ["a proxy's 502", raw(502, '<html>Bad Gateway'), unknown('whatsapp_http_502')],
  [
    'a 504 after the message was accepted',
    { kind: 'accepts_then_fails', httpStatus: 504 },
    unknown('whatsapp_http_504'),
  ],
  [
    '503 with a code',
    { kind: 'error', httpStatus: 503, code: 131016 },
    { kind: 'refused', verdict: 'retry', reason: 'whatsapp_131016', httpStatus: 503 },
  ],
  [
    'a code that is a string',
    raw(400, '{"error":{"code":"131050"}}'),
    { kind: 'refused', verdict: 'stop_recipient', reason: 'whatsapp_131050', httpStatus: 400 },
  ],
  [
    'a code inside the text of an error',
    raw(400, '{"error":"Error from Meta: {\\"error\\":{\\"code\\":131026}}"}'),
    { kind: 'refused', verdict: 'fall_back', reason: 'whatsapp_131026', httpStatus: 400 },
  ],
  ['a code that only repeats the status 500', raw(500, '{"error":{"code":500}}'), unknown('whatsapp_http_500')],
  [
    'a 404 from a wrong address',
    raw(404, '<html>Not Found'),
    { kind: 'refused', verdict: 'alarm', reason: 'whatsapp_http_404', httpStatus: 404 },
  ],
  ['an empty 200', raw(200, ''), unknown('whatsapp_unreadable_answer')],
  ['200 that is not JSON', raw(200, '<html>'), unknown('whatsapp_unreadable_answer')],
  [
    'a 200 whose contact is a user id instead of a number',
    raw(200, '{"contacts":[{"input":"MX.5512345678","wa_id":"MX.5512345678"}],"messages":[{"id":"wamid.1"}]}'),
    { kind: 'sent', providerMessageId: 'wamid.1', httpStatus: 200 },
  ],
  ['200 without a message id', raw(200, '{"messages":[]}'), unknown('whatsapp_unreadable_answer')],
  [
    '200 that is too long',
    raw(200, `{"messages":[{"id":"wamid.1"}],"a":"${'x'.repeat(70_000)}"}`),
    unknown('whatsapp_unreadable_answer'),
  ],
  [
    'a redirect',
    raw(302, '', { location: 'http://127.0.0.1:1/' }),
    { kind: 'refused', verdict: 'alarm', reason: 'whatsapp_redirected', httpStatus: 302 },
  ],
  ['a connection that breaks after the message was accepted', { kind: 'reset' }, unknown('whatsapp_connection_lost')],
]
for (const [what, script, expected] of ANSWERS) {
  test(`${what} is ${'reason' in expected ? expected.reason : ''}`, async (t) => {
    const { fake, send } = await startBoth(t)
    fake.next(script)

    assert.deepEqual(await send(TEXT), expected)
  })
}

test('no answer is unknown after our own timeout, and the call is not repeated', async (t) => {
  const { fake, send } = await startBoth(t, {}, 200)
  fake.next({ kind: 'silence' })

  const outcome = await send(TEXT)

  assert.deepEqual(outcome, { kind: 'unknown', reason: 'whatsapp_timeout' })
  assert.equal(fake.calls.length, 1)
})

test('a very slow answer is unknown after our own timeout', async (t) => {
  const { fake, send } = await startBoth(t, {}, 200)
  fake.next({ kind: 'drip' })
  const startedMs = Date.now()

  const outcome = await send(TEXT)

  assert.deepEqual([outcome.kind, fake.calls.length], ['unknown', 1])
  assert.ok(Date.now() - startedMs < 2000)
})

for (const [header, atLeastMs] of [
  ['7', 7000],
  ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
] as const) {
  test(`429 with Retry-After ${header} waits as long as it says`, async (t) => {
    const { fake, send } = await startBoth(t)
    fake.next({ kind: 'error', httpStatus: 429, code: 130429, retryAfter: header })

    const outcome = await send(TEXT)

    assert.deepEqual(outcome, {
      kind: 'refused',
      verdict: 'wait_all',
      reason: 'whatsapp_130429',
      httpStatus: 429,
      afterMs: atLeastMs,
    })
  })
}

test('a shorter Retry-After does not shorten the wait of the table', async (t) => {
  const { fake, send } = await startBoth(t)
  fake.next({ kind: 'error', httpStatus: 429, code: 80_007, retryAfter: '1' })

  const outcome = await send(TEXT)

  assert.equal('afterMs' in outcome && outcome.afterMs, 60_000)
})

test('a refused connection is a retry, because nothing was sent', async () => {
  const server = await startServer(0, () => 'silence')
  await server.close()

  for (const apiUrl of [server.url, server.url.replace('127.0.0.1', 'localhost'), 'http://nobody.invalid']) {
    const channel = openWhatsApp({ apiKey: 'k', apiUrl, timeoutMs: 5000, now: () => NOW })
    const outcome = await channel.send(messageOf(TEXT))
    const expected = { kind: 'refused', verdict: 'retry', reason: 'whatsapp_unreachable', httpStatus: null }
    assert.deepEqual(outcome, expected, apiUrl)
  }
})

test('a peer without TLS never gets the message', async (t) => {
  const { fake } = await startBoth(t)
  const apiUrl = fake.url.replace('http:', 'https:')

  const outcome = await openWhatsApp({ apiKey: 'k', apiUrl, timeoutMs: 2000, now: () => NOW }).send(messageOf(TEXT))

  assert.equal('reason' in outcome && outcome.reason, 'whatsapp_unreachable')
  assert.equal(fake.calls.length, 0)
})

const failure = (error: Error, code: string) => Object.assign(error, { code })
const CAUSES: [string, Error, string][] = [
  ['no route', failure(new Error(), 'EHOSTUNREACH'), 'whatsapp_unreachable'],
  ['no connection in time', failure(new Error(), 'UND_ERR_CONNECT_TIMEOUT'), 'whatsapp_unreachable'],
  ['no connection to any address in time', failure(new AggregateError([]), 'ETIMEDOUT'), 'whatsapp_unreachable'],
  ['a certificate of another host', failure(new Error(), 'ERR_TLS_CERT_ALTNAME_INVALID'), 'whatsapp_unreachable'],
  ['an expired certificate', failure(new Error(), 'CERT_HAS_EXPIRED'), 'whatsapp_unreachable'],
  ['a peer that went silent', failure(new Error(), 'ETIMEDOUT'), 'whatsapp_connection_lost'],
  ['a reset', failure(new Error(), 'ECONNRESET'), 'whatsapp_connection_lost'],
  ['a closed socket', failure(new Error(), 'UND_ERR_SOCKET'), 'whatsapp_connection_lost'],
  ['no code', new Error('other side closed'), 'whatsapp_connection_lost'],
]
for (const [what, error, reason] of CAUSES) {
  test(`${what} is ${reason}`, async (t) => {
    t.mock.method(Agent.prototype, 'dispatch', (_: unknown, handler: Dispatcher.DispatchHandler) =>
      handler.onResponseError!({} as Dispatcher.DispatchController, error),
    )
    const channel = openWhatsApp({ apiKey: 'k', apiUrl: 'http://127.0.0.1:1', timeoutMs: 2000, now: () => NOW })

    const outcome = await channel.send(messageOf(TEXT))

    assert.equal('reason' in outcome && outcome.reason, reason)
  })
}

test('a connection that closes without an answer is unknown', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }

  const channel = openWhatsApp({ apiKey: 'k', apiUrl: `http://127.0.0.1:${port}`, timeoutMs: 2000, now: () => NOW })

  assert.deepEqual(await channel.send(messageOf(TEXT)), { kind: 'unknown', reason: 'whatsapp_connection_lost' })
})

test('all pages of templates are fetched', async (t) => {
  const many = Array.from({ length: 600 }, (_, index) => ({ name: `t${index}`, language: 'en', body: 1 }))
  const { settings } = await startBoth(t, { templates: many })

  const fetched = await fetchTemplates(settings, 'req_1')

  assert.ok(fetched.kind === 'fetched')
  assert.equal(new Set(fetched.templates.map(({ name }) => name)).size, 600)
  assert.deepEqual(fetched.templates[0], {
    name: 't0',
    language: 'en',
    status: 'approved',
    category: 'utility',
    components: [{ type: 'BODY', text: 'Hola {{1}} .' }],
  })
})

test('without a total, templates are fetched until a page is empty', async (t) => {
  const pages = [250, 250, 7, 0]
  const ids: unknown[] = []
  const server = await startServer(0, ({ headers }) => {
    ids.push(headers['x-request-id'])
    const waba_templates = Array.from({ length: pages.shift() ?? 0 }, () => ({ name: 'x', language: 'en' }))
    return { status: 200, json: { waba_templates } }
  })
  t.after(server.close)

  const fetched = await fetchTemplates({ apiKey: 'k', apiUrl: server.url, timeoutMs: 2000, now: () => NOW }, 'req_1')

  assert.deepEqual(fetched.kind === 'fetched' && fetched.templates.length, 507)
  assert.deepEqual(ids, ['req_1', 'req_1', 'req_1', 'req_1'])
})

test('templates that the provider refuses to list are a refusal', async (t) => {
  const { settings } = await startBoth(t)

  const fetched = await fetchTemplates({ ...settings, apiKey: 'wrong' }, 'req_1')

  assert.deepEqual(fetched, { kind: 'refused', verdict: 'alarm', reason: 'whatsapp_http_401', httpStatus: 401 })
})

test('a call whose time passed while it was connecting is never sent', async (t) => {
  const aborted: unknown[] = []
  let connect = () => {}
  t.mock.method(Agent.prototype, 'dispatch', (_: unknown, handler: Dispatcher.DispatchHandler) => {
    const controller = { abort: (reason: Error) => aborted.push(reason) } as unknown as Dispatcher.DispatchController
    connect = () => handler.onRequestStart!(controller, {})
  })
  const channel = openWhatsApp({ apiKey: 'k', apiUrl: 'http://127.0.0.1:1', timeoutMs: 1, now: () => NOW })

  const outcome = await channel.send(messageOf(TEXT))
  connect()

  assert.deepEqual(outcome, { kind: 'unknown', reason: 'whatsapp_timeout' })
  assert.equal(aborted.length, 1)
})
