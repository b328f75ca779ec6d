/**
 * Processes the providers' sample webhooks with the endpoint and the job, and their sample answers with our clients. The
 * samples are outside the project, in PROVIDER_SAMPLES_DIR; without them these tests are skipped.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import test, { type TestContext } from 'node:test'
import { sql, type Db } from '../src/platform/db.ts'
import type { Message, Outcome } from '../src/channels/channel.ts'
import { openEmail } from '../src/channels/email.ts'
import { openWhatsApp } from '../src/channels/whatsapp.ts'
import { processInbound } from '../src/inbox/inbox.ts'
import { normalizePhone } from '../src/platform/values/phone.ts'
import { startApp, type TestApp } from './harness.ts'
import { listSamples, SAMPLES_FOLDER, type Sample } from './samples.ts'

const whatsappWebhooks = listSamples('whatsapp/webhooks')
const missing = whatsappWebhooks.length === 0 ? `no samples in ${SAMPLES_FOLDER}` : false

async function receive(app: TestApp, url: string, sample: Sample) {
  const reply = await app.post(url, { payload: sample.body, headers: { 'content-type': 'application/json' } })
  assert.equal(reply.statusCode, 200, `${sample.name}: ${reply.body}`)
  const inboundEventId: string = reply.json().eventId
  return { inboundEventId, processed: await processInbound(app.deps, inboundEventId) }
}

type Item = Record<string, unknown> & { id: string; status?: string; type?: string }
/** Collects the items of every list with this name, anywhere in the payload. */
function collect(json: unknown, name: string): Item[] {
  if (Array.isArray(json)) return json.flatMap((one) => collect(one, name))
  if (typeof json !== 'object' || json === null) return []
  return Object.entries(json).flatMap(([key, value]) =>
    key === name && Array.isArray(value) ? (value as Item[]) : collect(value, name),
  )
}

const messagesIn = async (db: Db, inboundEventId: string) =>
  (
    await sql<{
      id: string
      type: string
      phone: string | null
      userId: string | null
      body: string | null
      contextMessageId: string | null
      rule: string | null
    }>`select id, type, phone, user_id, body, context_message_id, rule from wa_messages where inbound_event_id = ${inboundEventId}`.execute(
      db,
    )
  ).rows
const statusesOf = async (db: Db, ids: string[]) =>
  (
    await sql<{
      providerMessageId: string
      status: string
      reason: string | null
      pricing: unknown
    }>`select provider_message_id, status, reason, pricing from delivery_events where provider_message_id = any(${ids}::text[])`.execute(
      db,
    )
  ).rows

/** The samples share their ids, and a message is processed only once, so each sample starts with empty tables. */
const clearTables = (db: Db) =>
  sql`truncate inbound_events, wa_messages, delivery_events, wa_windows, wa_contacts, opt_outs, dead_letters`.execute(
    db,
  )

test('every WhatsApp webhook is accepted and processed completely', { skip: missing }, async (t) => {
  const app = await startApp(t)
  for (const sample of whatsappWebhooks) {
    await clearTables(app.db)
    const [messages, statuses] = [collect(sample.json, 'messages'), collect(sample.json, 'statuses')]

    const { inboundEventId, processed } = await receive(app, '/wa/webhook', sample)

    const isEmpty = messages.length + statuses.length === 0
    assert.equal(processed.status, isEmpty ? 'ignored' : 'done', sample.name)
    assert.equal(processed['malformed'], 0, sample.name)
    const kept = await messagesIn(app.db, inboundEventId)
    assert.deepEqual(kept.map(({ id }) => id).toSorted(), messages.map(({ id }) => id).toSorted(), sample.name)
    const events = await statusesOf(
      app.db,
      statuses.map(({ id }) => id),
    )
    assert.deepEqual(
      events.map(({ providerMessageId, status }) => `${providerMessageId} ${status}`).toSorted(),
      statuses.map(({ id, status }) => `${id} ${status}`).toSorted(),
      sample.name,
    )
    for (const message of messages) {
      const row = kept.find(({ id }) => id === message.id)!
      assert.deepEqual([row.type, row.phone], [message.type, normalizePhone(String(message['from']))], sample.name)
    }
  }
})

test('every status is stored with its pricing and error code', { skip: missing }, async (t) => {
  const app = await startApp(t)
  const codes = new Set<string>()
  for (const sample of whatsappWebhooks) {
    await clearTables(app.db)
    await receive(app, '/wa/webhook', sample)
    for (const status of collect(sample.json, 'statuses')) {
      const row = (await statusesOf(app.db, [status.id])).find((one) => one.status === status.status)!
      const code = (status['errors'] as { code: number }[] | undefined)?.[0]?.code
      assert.deepEqual(
        [row.pricing ?? undefined, row.reason],
        [status['pricing'], code ? `whatsapp_${code}` : null],
        sample.name,
      )
      if (row.reason) codes.add(row.reason)
    }
  }

  for (const code of [131026, 131047, 131053, 470]) assert.ok(codes.has(`whatsapp_${code}`), String(code))
})

/** The expected effects of each kind of message: its text, whether it opens the window, and more. */
const KINDS: [string, { text: string | null; isOpen: boolean; rule?: string; userId?: string }][] = [
  ['cloud-message-text.json', { text: 'Does it come in another color?', isOpen: true, rule: 'question' }],
  ['cloud-message-button.json', { text: 'Unsubscribe', isOpen: true, rule: 'opt_out' }],
  ['cloud-message-interactive-list-reply.json', { text: 'Priority Mail Express', isOpen: true }],
  ['cloud-message-interactive-button-reply.json', { text: 'Cancel', isOpen: true }],
  ['cloud-message-image.json', { text: 'Taj Mahal', isOpen: true }],
  ['cloud-message-reaction.json', { text: '👍', isOpen: false }],
  ['cloud-message-system.json', { text: null, isOpen: false }],
  ['cloud-message-unsupported.json', { text: null, isOpen: false }],
  ['derived/cloud-message-text-with-bsuid.json', { text: 'Hi', isOpen: true, userId: 'US.13491208655302741918' }],
  [
    'cloud-message-text-from-click-to-whatsapp-ad.json',
    { text: 'Hello! Can I get more info on this?', isOpen: true, rule: 'question' },
  ],
  ['onprem/onprem-message-template-button.json', { text: 'Yes this is a button', isOpen: true }],
  ['onprem/onprem-message-interactive-button-reply.json', { text: 'First Button', isOpen: true }],
  ['onprem/onprem-message-text.json', { text: 'Test', isOpen: true }],
]
for (const [name, { text, isOpen, rule, userId }] of KINDS) {
  test(
    `the text of ${basename(name, '.json')} is stored, and it ${isOpen ? 'opens' : 'does not open'} the window`,
    { skip: missing },
    async (t) => {
      const sample = whatsappWebhooks.find((one) => one.name === name)
      assert.ok(sample, `${name} is not among the samples`)
      const sentAt = Number(collect(sample.json, 'messages')[0]!['timestamp']) * 1000
      const app = await startApp(t, { now: new Date(sentAt + 60_000).toISOString() })
      await clearTables(app.db)

      const { inboundEventId } = await receive(app, '/wa/webhook', sample)

      const [row] = await messagesIn(app.db, inboundEventId)
      assert.equal(row!.body, text)
      if (rule) assert.equal(row!.rule, rule)
      if (userId) assert.equal(row!.userId, userId)
      const session = (await app.get(`/wa/session/${row!.phone}`, { as: 'director' })).json()
      assert.equal(session.status, isOpen ? 'open' : 'closed')
      if (isOpen) assert.equal(session.lastInboundAt, new Date(sentAt).toISOString())
    },
  )
}

test('a Mexican number with 521 is stored with +52', { skip: missing }, async (t) => {
  const sample = whatsappWebhooks.find(({ name }) => name.endsWith('text-mx-521.json'))!
  const from = String(collect(sample.json, 'messages')[0]!['from'])
  const app = await startApp(t)
  await clearTables(app.db)

  const { inboundEventId } = await receive(app, '/wa/webhook', sample)

  const [row] = await messagesIn(app.db, inboundEventId)
  assert.match(from, /^521\d{10}$/)
  assert.equal(row!.phone, `+52${from.slice(3)}`)
})

test('a changed number becomes an alias of the same person', { skip: missing }, async (t) => {
  const sample = whatsappWebhooks.find(({ name }) => name === 'cloud-message-system.json')!
  const app = await startApp(t)
  await clearTables(app.db)

  await receive(app, '/wa/webhook', sample)

  const { rows } = await sql`select alias, phone from wa_contacts`.execute(app.db)
  assert.deepEqual(rows, [{ alias: '+12195555358', phone: '+16505551234' }])
})

test('every Resend webhook is accepted and processed', { skip: missing }, async (t) => {
  const app = await startApp(t)
  const samples = listSamples('resend/webhooks')
  assert.ok(samples.length > 0)
  for (const sample of samples) {
    await clearTables(app.db)

    const { processed } = await receive(app, '/email/webhook', sample)

    assert.ok(['done', 'ignored'].includes(processed.status), `${sample.name}: ${JSON.stringify(processed)}`)
  }
})

/** Starts a provider that gives the same answer to every request. */
async function startProvider(t: TestContext, httpStatus: number, body: string): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(httpStatus, { 'content-type': 'application/json' }).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const ADDRESSED = {
  ...({ deliveryId: 'dl_1', idempotencyKey: 'dl_1', requestId: 'req_1' } as const),
  ...({ template: 'event_invitation', locale: 'es-MX' } as const),
}
const TEXT: Message = {
  ...ADDRESSED,
  to: '+525512345678',
  channel: 'whatsapp',
  content: { kind: 'text', body: 'Hola' },
}
const MAIL: Message = {
  ...ADDRESSED,
  to: 'ana@example.com',
  channel: 'email',
  content: { subject: 'Hola', html: '<p>Hola</p>', text: 'Hola', unsubscribeUrl: 'https://example.com/u' },
}
const settings = (apiUrl: string) => ({
  apiKey: 'key',
  apiUrl,
  from: 'a@example.com',
  timeoutMs: 5000,
  now: () => new Date(0),
})
const summaryOf = (outcome: Outcome) => [
  outcome.kind,
  'providerMessageId' in outcome ? outcome.providerMessageId : outcome.reason,
]

for (const [name, httpStatus, expected] of [
  ['send-200.json', 200, ['sent', 'wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA']],
  ['derived/onprem-send-201.json', 201, ['sent', 'gBGGFlA5FpafAgkOuJbRq54qwbM']],
  ['mark-read-200.json', 200, ['unknown', 'whatsapp_unreadable_answer']],
  ['360dialog-gateway-error-meta.json', 401, ['refused', 'whatsapp_http_401']],
  ['360dialog-gateway-error-string.json', 401, ['refused', 'whatsapp_http_401']],
  ['error-130429.json', 429, ['refused', 'whatsapp_130429']],
  ['error-131056.json', 400, ['refused', 'whatsapp_131056']],
  ['derived/error-100.json', 400, ['refused', 'whatsapp_100']],
  ['derived/error-132000.json', 400, ['refused', 'whatsapp_132000']],
  ['derived/error-132001.json', 404, ['refused', 'whatsapp_132001']],
] as const) {
  test(`WhatsApp's answer ${basename(name, '.json')} is ${expected.join(' ')}`, { skip: missing }, async (t) => {
    const sample = listSamples('whatsapp/responses').find((one) => one.name === name)
    assert.ok(sample, `${name} is not among the samples`)
    const apiUrl = await startProvider(t, httpStatus, sample.body)

    const outcome = await openWhatsApp(settings(apiUrl)).send(TEXT)

    assert.deepEqual(summaryOf(outcome), expected)
  })
}

/** The key was used for another text, so a first mail was probably sent. */
const PROBABLY_SENT = 'invalid_idempotent_request'

test("every answer of Resend is sent, or a rejection with Resend's error name", { skip: missing }, async (t) => {
  const samples = listSamples('resend/responses').filter(({ name }) => /^(send|error)-/.test(name))
  assert.ok(samples.length > 10)
  for (const { name, body, json } of samples) {
    const apiUrl = await startProvider(t, Number(/-(\d{3})/.exec(name)![1]), body)

    const outcome = await openEmail(settings(apiUrl)).send(MAIL)

    const kind = json['name'] === PROBABLY_SENT ? 'unknown' : 'refused'
    const expected = typeof json['name'] === 'string' ? [kind, `email_${json['name']}`] : ['sent', json['id']]
    assert.deepEqual(summaryOf(outcome), expected, name)
  }
})

const STATUS_OF: Record<string, string> = {
  'email.sent': 'sent',
  'email.delivered': 'delivered',
  'email.opened': 'read',
  'email.clicked': 'read',
  'email.bounced': 'failed',
  'email.failed': 'failed',
  'email.suppressed': 'failed',
  'email.complained': 'complained',
  'email.delivery_delayed': 'delivery_delayed',
}

test('every Resend sample about a message is stored as a status of the message', { skip: missing }, async (t) => {
  const app = await startApp(t)
  const samples = listSamples('resend/webhooks').filter(({ json }) => String(json['type']) in STATUS_OF)
  assert.ok(samples.length >= 5)
  for (const sample of samples) {
    await clearTables(app.db)
    await sql`truncate email_stops`.execute(app.db)
    await receive(app, '/email/webhook', sample)

    const {
      email_id: id,
      to,
      bounce,
    } = sample.json['data'] as { email_id: string; to: string[]; bounce?: { type: string } }
    const type = String(sample.json['type'])
    assert.deepEqual(
      (await statusesOf(app.db, [id])).map(({ status }) => status),
      [STATUS_OF[type]],
      sample.name,
    )
    const stops =
      await sql`select 1 from email_stops where email = any(${to.map((one) => one.toLowerCase())}::text[])`.execute(
        app.db,
      )
    const isStop = bounce?.type === 'Permanent' || type === 'email.complained' || type === 'email.suppressed'
    assert.equal(stops.rows.length > 0, isStop, sample.name)
  }
})
