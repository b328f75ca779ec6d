/** The fakes must reject what the vendors reject. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Resend } from 'resend'
import { startServer, type Asked } from './http.ts'
import { RESEND_KEY, RESEND_WEBHOOK_SECRET, startFakeResend, type ResendOptions } from './resend.ts'
import { listProductTemplates } from './templates.ts'
import { problemOfMessage, type FakeTemplate } from './whatsapp-rules.ts'
import { startFakeWhatsApp, WHATSAPP_KEY, type WhatsAppOptions } from './whatsapp.ts'

type Json = Record<string, unknown>
type Status = { status: string; id: string; recipient_id: string; pricing?: Json; errors?: { code: number }[] }
type Value = { statuses?: Status[]; messages?: Json[]; contacts?: Json[] }

const TO = '+525512345678'
const TEMPLATES: FakeTemplate[] = [
  { name: 'invite', language: 'es_MX', body: 2, buttons: ['url', 'quick_reply', 'url_static'] },
  { name: 'named', language: 'en', body: ['a', 'b'] },
  { name: 'image', language: 'en', header: 'image', body: 0 },
  { name: 'written', language: 'en', body: 1, text: `${'x'.repeat(1000)} {{1}}` },
  { name: 'named_header', language: 'en', header: 'text', body: ['a'] },
  { name: 'off', language: 'en', body: 0, status: 'disabled' },
]
const text = (value: string) => ({ type: 'text', text: value })
const body = (...values: string[]) => ({ type: 'body', parameters: values.map(text) })
const link = (suffix: string, more: Json = {}) => ({
  ...{ type: 'button', sub_type: 'url', index: '0', parameters: [text(suffix)] },
  ...more,
})
const template = (name: string, code: string, ...components: Json[]) => ({
  type: 'template',
  template: { name, language: { code }, components },
})
const buttons = (...replies: Json[]) => ({
  type: 'interactive',
  interactive: {
    type: 'button',
    body: { text: '¿Vienes?' },
    action: { buttons: replies.map((reply) => ({ type: 'reply', reply })) },
  },
})
const list = (rows: Json[], button = 'Elegir') => ({
  type: 'interactive',
  interactive: { type: 'list', body: { text: '¿Cuál?' }, action: { button, sections: [{ rows }] } },
})
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `r${index}`, title: `Evento ${index}` }))
const yes = { id: 'yes', title: 'Sí' }

const REJECTED: [string, Json, number][] = [
  ['no messaging_product', { messaging_product: undefined, type: 'text', text: { body: 'x' } }, 100],
  ['an unknown field', { type: 'text', text: { body: 'x' }, namespace: 'x' }, 100],
  ['an unknown type', { type: 'hologram', hologram: {} }, 131051],
  ['no number', { type: 'text', text: { body: 'x' }, to: 'ana@example.com' }, 131009],
  ['an empty text', { type: 'text', text: { body: '' } }, 100],
  ['a text of 4097 characters', { type: 'text', text: { body: 'x'.repeat(4097) } }, 100],
  [
    'callback data of 513 characters',
    { type: 'text', text: { body: 'x' }, biz_opaque_callback_data: 'x'.repeat(513) },
    131009,
  ],
  ['an unknown template', template('nobody', 'es_MX'), 132001],
  ['another language', template('invite', 'es', body('a', 'b'), link('x')), 132001],
  ['a disabled template', template('off', 'en'), 132016],
  ['a parameter too few', template('invite', 'es_MX', body('a'), link('x')), 132000],
  ['a parameter too many', template('invite', 'es_MX', body('a', 'b', 'c'), link('x')), 132000],
  ['an empty parameter', template('invite', 'es_MX', body('a', ''), link('x')), 131008],
  ['a line break in a parameter', template('invite', 'es_MX', body('a', 'b\nc'), link('x')), 132018],
  ['a tab in a parameter', template('invite', 'es_MX', body('a', 'b\tc'), link('x')), 132018],
  ['five spaces in a parameter', template('invite', 'es_MX', body('a', 'b     c'), link('x')), 132018],
  ['parameters too long together', template('invite', 'es_MX', body('a', 'b'.repeat(1024)), link('x')), 132005],
  ['a text too long with its parameters', template('written', 'en', body('x'.repeat(24))), 132005],
  [
    'a header without the name of its parameter',
    template(
      'named_header',
      'en',
      { type: 'header', parameters: [text('x')] },
      { type: 'body', parameters: [{ ...text('a'), parameter_name: 'a' }] },
    ),
    132012,
  ],
  [
    'names where positions are',
    template(
      'invite',
      'es_MX',
      { type: 'body', parameters: [{ ...text('a'), parameter_name: 'a' }, text('b')] },
      link('x'),
    ),
    100,
  ],
  ['positions where names are', template('named', 'en', body('a', 'b')), 132012],
  [
    'a header that is not there',
    template('invite', 'es_MX', { type: 'header', parameters: [text('x')] }, body('a', 'b'), link('x')),
    132000,
  ],
  ['no header where one is', template('image', 'en'), 132000],
  ['text where an image is', template('image', 'en', { type: 'header', parameters: [text('x')] }), 132012],
  ['no link', template('invite', 'es_MX', body('a', 'b')), 131008],
  ['a whole address as the end of a link', template('invite', 'es_MX', body('a', 'b'), link('https://x.mx/i')), 132018],
  [
    'a quick reply where a link is',
    template('invite', 'es_MX', body('a', 'b'), link('x', { sub_type: 'quick_reply' })),
    132018,
  ],
  [
    'a button without variable',
    template('invite', 'es_MX', body('a', 'b'), link('x'), link('x', { index: '2' })),
    132018,
  ],
  [
    'a button that is not there',
    template('invite', 'es_MX', body('a', 'b'), link('x'), link('x', { index: '3' })),
    132018,
  ],
  ['four buttons', buttons(...['a', 'b', 'c', 'd'].map((id) => ({ id, title: id }))), 131009],
  ['a title of 21 characters', buttons({ id: 'a', title: 'x'.repeat(21) }), 131009],
  ['the same id twice', buttons(yes, { id: 'yes', title: 'No' }), 131009],
  ['the same title twice', buttons(yes, { id: 'no', title: 'Sí' }), 131009],
  ['eleven rows', list(rows(11)), 131009],
  ['a row title of 25 characters', list([{ id: 'a', title: 'x'.repeat(25) }]), 131009],
  ['a list button of 21 characters', list(rows(1), 'x'.repeat(21)), 131009],
  ['a link that is not https', { type: 'image', image: { link: 'http://x.mx/q.png' } }, 131053],
  ['a link on loopback', { type: 'image', image: { link: 'http://localhost:1/q.png' } }, 131053],
  ...['10.0.0.7', '192.168.1.5', 'backend-api', 'monotickets.local', '[fd00::1]'].map(
    (host): [string, Json, number] => [
      `a link to ${host}, which only its own network reaches`,
      { type: 'image', image: { link: `https://${host}/q.png` } },
      131053,
    ],
  ),
  [
    'a footer of 61 characters',
    { type: 'interactive', interactive: { ...buttons(yes).interactive, footer: { text: 'x'.repeat(61) } } },
    131009,
  ],
  ['a reaction to nothing', { type: 'reaction', reaction: { emoji: '👍' } }, 131008],
  ['both id and link', { type: 'document', document: { id: '1', link: 'https://x.mx/p.pdf' } }, 100],
  ['a file name for an image', { type: 'image', image: { link: 'https://x.mx/q.png', filename: 'q.png' } }, 100],
]
for (const [what, change, code] of REJECTED) {
  test(`WhatsApp rejects ${what} with ${code}`, () => {
    const message = { messaging_product: 'whatsapp', to: TO, ...change }

    assert.equal(problemOfMessage(message, { templates: TEMPLATES, allowLoopbackLinks: false })?.code, code)
  })
}

test('links on loopback are accepted only with allowLoopbackLinks', () => {
  const message = { messaging_product: 'whatsapp', to: TO, type: 'image', image: { link: 'http://localhost:1/q.png' } }

  assert.equal(problemOfMessage(message, { templates: [], allowLoopbackLinks: true }), null)
})

test("the fake has the product's templates in both languages", () => {
  const templates = listProductTemplates()

  assert.ok(templates.some(({ name, language }) => name === 'event_invitation' && language === 'es_MX'))
  assert.ok(templates.some(({ name, language }) => name === 'event_invitation' && language === 'en'))
  assert.ok(templates.every(({ body: count }) => typeof count === 'number' && count > 0))
})

/** Starts a fake WhatsApp that posts its statuses to a webhook of this test. */
async function startWhatsApp(t: TestContext, options: WhatsAppOptions = {}, answers: number[] = []) {
  const heard: (Asked & { value: Value })[] = []
  const hook = await startServer(0, (asked) => {
    const parsed = JSON.parse(asked.body) as { entry: { changes: { value: Value }[] }[] }
    heard.push({ ...asked, value: parsed.entry[0]!.changes[0]!.value })
    return { status: answers.shift() ?? 200, json: {} }
  })
  const fake = await startFakeWhatsApp({
    templates: [{ name: 'plain', language: 'en', body: 0 }],
    webhook: { url: `${hook.url}/wa/webhook`, headers: { 'X-Webhook-Secret': 's3cret' } },
    ...options,
    callbacks: { stepMs: 60_000, retryWaitsMs: [5, 5], ...options.callbacks },
  })
  t.after(() => Promise.all([hook.close(), fake.close()]))
  const post = (path: string, json: Json, headers: Record<string, string> = { 'd360-api-key': WHATSAPP_KEY }) =>
    fetch(`${fake.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(json),
    })
  const send = (to = TO, more: Json = template('plain', 'en')) =>
    post('/messages', { messaging_product: 'whatsapp', to, biz_opaque_callback_data: 'dl_1', ...more })
  const statuses = () => heard.flatMap(({ value }) => value.statuses ?? [])
  return { fake, heard, post, send, statuses }
}

test('a request without the API key is rejected', async (t) => {
  const { post, fake } = await startWhatsApp(t)

  const answers = [await post('/messages', {}, {}), await post('/messages', {}, { 'd360-api-key': 'x' })]

  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401],
  )
  assert.deepEqual(await answers[0]!.json(), { error: 'Invalid API key' })
  assert.equal(fake.calls.length, 0)
})

test('an accepted message gets its statuses in order, with the registered header', async (t) => {
  const { send, fake, heard, statuses } = await startWhatsApp(t)

  const answer = (await (await send()).json()) as { messages: { id: string }[] }
  await fake.flush()

  assert.equal(heard[0]?.headers['x-webhook-secret'], 's3cret')
  assert.deepEqual(
    statuses().map(({ status, id, pricing }) => [status, id === answer.messages[0]?.id, pricing !== undefined]),
    [
      ['sent', true, true],
      ['delivered', true, true],
      ['read', true, false],
    ],
  )
})

const ORDERS: [string, WhatsAppOptions['callbacks'], string[]][] = [
  ['twice', { duplicates: true }, ['sent', 'sent', 'delivered', 'delivered', 'read', 'read']],
]
for (const [how, callbacks, expected] of ORDERS) {
  test(`statuses can be posted ${how}`, async (t) => {
    const { send, fake, statuses } = await startWhatsApp(t, { callbacks: { ...callbacks } })

    await send()
    await fake.flush()

    assert.deepEqual(
      statuses().map(({ status }) => status),
      expected,
    )
  })
}

test('read can be posted without delivered', async (t) => {
  const { send, fake, statuses } = await startWhatsApp(t)
  fake.next({ kind: 'ok', skipsDelivered: true })

  await send()
  await fake.flush()

  assert.deepEqual(
    statuses().map(({ status }) => status),
    ['sent', 'read'],
  )
})

test('equal seeds give equal orders, and a few seeds give all six orders of three statuses', async (t) => {
  const orderOf = async (shuffleSeed: number) => {
    const { send, fake, statuses } = await startWhatsApp(t, { callbacks: { shuffleSeed } })
    await send()
    await fake.flush()
    return statuses()
      .map(({ status }) => status)
      .join(' ')
  }

  const orders = await Promise.all(Array.from({ length: 24 }, (_, seed) => orderOf(seed)))

  assert.deepEqual(await orderOf(7), orders[7])
  assert.equal(new Set(orders).size, 6)
})

test('updates of several guests are in one POST, up to the batch size', async (t) => {
  const { send, fake, heard } = await startWhatsApp(t, { callbacks: { batch: 4 } })

  await send('+525500000001')
  await send('+525500000002')
  await fake.flush()

  assert.deepEqual(
    heard.map(({ value }) => value.statuses?.length),
    [4, 2],
  )
  const recipients = heard[0]!.value.statuses?.map(({ recipient_id }) => recipient_id)
  assert.deepEqual(new Set(recipients), new Set(['525500000001', '525500000002']))
})

test('a post that is not answered with 200 is retried', async (t) => {
  const { send, fake, heard } = await startWhatsApp(t, {}, [500, 204])

  await send()
  await fake.flush()

  assert.deepEqual(fake.posts, [[500, 204, 200]])
  assert.equal(new Set(heard.map(({ body: raw }) => raw)).size, 1)
})

test('statuses are posted when they are due, without flush', async (t) => {
  const { send, statuses } = await startWhatsApp(t, { callbacks: { stepMs: 20 } })

  await send()
  for (let tries = 0; tries < 50 && statuses().length < 3; tries++) await sleep(20)

  assert.equal(statuses().length, 3)
})

test('text outside the window can be accepted and then rejected by a status', async (t) => {
  const { send, fake, statuses } = await startWhatsApp(t, { windowRefusal: 'async' })

  const answer = await send(TO, { type: 'text', text: { body: 'hola' } })
  await fake.flush()

  assert.equal(answer.status, 200)
  assert.deepEqual(
    statuses().map(({ status, errors }) => [status, errors?.[0]?.code]),
    [['failed', 131047]],
  )
})

test('a scripted failure and a number that is not on WhatsApp are rejected by a status', async (t) => {
  const { send, fake, statuses } = await startWhatsApp(t)
  fake.next({ kind: 'fails_later', code: 131049 })

  await send()
  await send('+525500009999')
  await fake.flush()

  assert.deepEqual(
    statuses().map(({ errors }) => errors?.[0]?.code),
    [131049, 131026],
  )
})

test('a message opens the window for both forms of the number; a reaction does not', async (t) => {
  const { send, fake } = await startWhatsApp(t)
  const hello = { type: 'text', text: { body: 'hola' } }

  fake.receive({ from: '5215512345678', kind: 'reaction', messageId: 'wamid.1', emoji: '👍' })
  const before = await send(TO, hello)
  fake.receive({ from: '5215512345678', kind: 'button', replyId: 'yes', title: 'Sí' })
  const after = await send(TO, hello)

  assert.deepEqual([before.status, after.status], [400, 200])
})

test('a message of a guest with a username has no phone', async (t) => {
  const { fake, heard } = await startWhatsApp(t)

  fake.receive({ userId: 'MX.1349', name: 'Ana', kind: 'text', body: 'hola' })
  await fake.flush()

  const { messages, contacts } = heard[0]!.value
  assert.equal(messages?.[0]?.['from'], undefined)
  assert.equal(messages?.[0]?.['from_user_id'], 'MX.1349')
  assert.deepEqual(contacts, [{ profile: { name: 'Ana' }, user_id: 'MX.1349' }])
})

test('media are located and downloaded with the same key', async (t) => {
  const { fake } = await startWhatsApp(t)
  const id = fake.media.store('bytes', 'image/png')
  const headers = { 'd360-api-key': WHATSAPP_KEY }

  const { url: address } = (await (await fetch(`${fake.url}/${id}`, { headers })).json()) as { url: string }
  const { pathname, search } = new URL(address)
  const url = `${fake.url}${pathname}${search}`

  assert.equal(new URL(address).hostname, 'lookaside.fbsbx.com')
  assert.equal((await fetch(url.replace('hash=', 'hash=x'), { headers })).status, 404)
  assert.equal(await (await fetch(url, { headers })).text(), 'bytes')
  assert.equal((await fetch(url)).status, 401)
})

test('the webhook can be registered and read', async (t) => {
  const { post, fake } = await startWhatsApp(t)

  await post('/v1/configs/webhook', { url: 'https://x.mx/wa/webhook', headers: { 'X-Webhook-Secret': 'other' } })

  const answer = await fetch(`${fake.url}/v1/configs/webhook`, { headers: { 'd360-api-key': WHATSAPP_KEY } })
  assert.deepEqual(await answer.json(), { url: 'https://x.mx/wa/webhook', headers: { 'X-Webhook-Secret': 'other' } })
  assert.equal((await post('/v1/configs/webhook', { url: 'https://a_b.mx/' })).status, 400)
})

const MAIL = { from: 'Ana <ana@monotickets.mx>', to: 'guest@example.com', subject: 'Hola', text: 'Hola' }
async function startResend(t: TestContext, options: ResendOptions = {}, answers: number[] = []) {
  const heard: Asked[] = []
  const hook = await startServer(0, (asked) => {
    heard.push(asked)
    return { status: answers.shift() ?? 200, json: {} }
  })
  const fake = await startFakeResend({ webhook: { url: hook.url }, retryWaitsMs: [5, 5], ...options })
  t.after(() => Promise.all([hook.close(), fake.close()]))
  const send = async (change: Json = {}, headers: Record<string, string> = {}) => {
    const authorization = { authorization: `Bearer ${RESEND_KEY}`, 'content-type': 'application/json' }
    const init = {
      method: 'POST',
      headers: { ...authorization, ...headers },
      body: JSON.stringify({ ...MAIL, ...change }),
    }
    const response = await fetch(`${fake.url}/emails`, init)
    return { status: response.status, body: (await response.json()) as { name?: string; id?: string } }
  }
  return { fake, send, heard }
}

const REJECTED_MAILS: [string, Json, Record<string, string>, number, string][] = [
  ['no key', {}, { authorization: '' }, 401, 'missing_api_key'],
  ['a wrong key', {}, { authorization: 'Bearer re_x' }, 403, 'invalid_api_key'],
  ['a sender of an unverified domain', { from: 'a@other.mx' }, {}, 403, 'validation_error'],
  ['an invalid sender', { from: 'Ana' }, {}, 422, 'invalid_from_address'],
  ['no subject', { subject: undefined }, {}, 422, 'missing_required_field'],
  ['no content', { text: undefined }, {}, 422, 'missing_required_field'],
  ['an unknown field', { replyTo: 'a@b.mx' }, {}, 422, 'validation_error'],
  ['an invalid recipient', { to: ['guest'] }, {}, 422, 'validation_error'],
  [
    '51 recipients',
    { to: Array.from({ length: 51 }, (_, index) => `g${index}@example.com`) },
    {},
    422,
    'validation_error',
  ],
  ['a tag with an accent', { tags: [{ name: 'plantilla', value: 'invitación' }] }, {}, 422, 'validation_error'],
  ['a tag of 257 characters', { tags: [{ name: 'a', value: 'x'.repeat(257) }] }, {}, 422, 'validation_error'],
  ['a header with a line break', { headers: { 'X-A': 'a\nBcc: b@c.mx' } }, {}, 422, 'validation_error'],
  ['a key of 257 characters', {}, { 'idempotency-key': 'x'.repeat(257) }, 400, 'invalid_idempotency_key'],
]
for (const [what, change, headers, status, name] of REJECTED_MAILS) {
  test(`Resend rejects ${what} with ${status} ${name}`, async (t) => {
    const { send, fake } = await startResend(t)

    const answer = await send(change, headers)

    assert.deepEqual([answer.status, answer.body.name], [status, name])
    assert.equal(fake.mails.length, 0)
  })
}

test('concurrent requests with one idempotency key send one mail', async (t) => {
  const { send, fake } = await startResend(t)

  const answers = await Promise.all([1, 2, 3].map(() => send({}, { 'idempotency-key': 'dl_1' })))

  assert.equal(new Set(answers.map(({ body: { id } }) => id)).size, 1)
  assert.equal(fake.mails.length, 1)
})

test('events have a signature that the SDK verifies, and are retried until 2xx with one svix-id', async (t) => {
  const { send, fake, heard } = await startResend(t, { events: [{ type: 'email.delivered' }] }, [500, 202])

  const { body: sent } = await send({ tags: [{ name: 'delivery_id', value: 'dl_1' }] })
  await fake.flush()

  assert.deepEqual(fake.posts, [[500, 202]])
  assert.equal(new Set(heard.map(({ headers }) => headers['svix-id'])).size, 1)
  const { headers, body: payload } = heard[1]!
  const signed = { id: headers['svix-id'], timestamp: headers['svix-timestamp'], signature: headers['svix-signature'] }
  const webhookSecret = RESEND_WEBHOOK_SECRET
  const event = new Resend('re_x').webhooks.verify({
    payload,
    headers: signed as Record<keyof typeof signed, string>,
    webhookSecret,
  })
  assert.equal(event.type, 'email.delivered')
  const data = event.data as unknown as Json
  assert.deepEqual(
    [data['email_id'], data['tags'], data['to']],
    [sent.id, { delivery_id: 'dl_1' }, ['guest@example.com']],
  )
})

test("a mail's events can be posted in any order", async (t) => {
  const orderOf = async (shuffleSeed: number) => {
    const { send, fake, heard } = await startResend(t, { shuffleSeed })
    await send()
    await fake.flush()
    return heard.map(({ body: raw }) => (JSON.parse(raw) as { type: string }).type).join()
  }

  const orders = await Promise.all(Array.from({ length: 12 }, (_, seed) => orderOf(seed)))

  assert.equal(new Set(orders).size, 2)
})

test('an invalid scripted answer is a 500, and the fake keeps running', async (t) => {
  const { fake, send } = await startWhatsApp(t)
  fake.next({ kind: 'raw' } as never)

  const answers = [await send(), await send()]

  assert.deepEqual(
    answers.map(({ status }) => status),
    [500, 200],
  )
})

for (const [address, expected] of [
  ['guest@example.com', ['email.sent', 'email.delivered']],
  ['bounced+7@resend.dev', ['email.sent', 'email.bounced']],
  ['complained@resend.dev', ['email.sent', 'email.delivered', 'email.complained']],
  ['suppressed@resend.dev', ['email.sent', 'email.suppressed']],
] as const) {
  test(`${address} is followed by ${expected.join(', ')}`, async (t) => {
    const { send, fake, heard } = await startResend(t)

    await send({ to: address })
    await fake.flush()

    const types = heard.map(({ body: raw }) => (JSON.parse(raw) as { type: string }).type)
    assert.deepEqual(types.toSorted(), [...expected].toSorted())
  })
}
