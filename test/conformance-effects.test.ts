/**
 * The effects of the providers' sample webhooks on a delivery, and our requests compared with the providers' sample
 * requests. Skipped without samples (PROVIDER_SAMPLES_DIR).
 */
import assert from 'node:assert/strict'
import { basename } from 'node:path'
import test, { type TestContext } from 'node:test'
import { sql } from '../src/platform/db.ts'
import type { WhatsAppContent } from '../src/channels/channels.ts'
import type { ChannelName } from '../src/contacts/contacts.ts'
import { openWhatsApp } from '../src/channels/whatsapp.ts'
import { processInbound } from '../src/inbox/inbox.ts'
import { fallbackOf, NOON, requested, rowOf, run } from './deliveries.ts'
import { startServer } from './fakes/http.ts'
import { startApp, type TestApp } from './harness.ts'
import { aGuest, anEvent } from './make.ts'
import { BOTH, withProvider } from './provider.ts'
import { listSamples, SAMPLES_FOLDER, type Sample } from './samples.ts'

const missing = listSamples('whatsapp/webhooks').length === 0 ? `no samples in ${SAMPLES_FOLDER}` : false

function sampleOf(folder: string, name: string): Sample {
  const sample = listSamples(folder).find((one) => one.name === name)
  assert.ok(sample, `${name} is not among the samples`)
  return sample
}

/** Sends a message that the provider accepts with this id. */
async function aSent(t: TestContext, app: TestApp, channel: ChannelName, providerMessageId: string): Promise<string> {
  withProvider(t, [app.deps], () => ({ kind: 'sent', providerMessageId, httpStatus: 200 }), BOTH)
  await sql`update deliveries set provider_message_id = null`.execute(app.db)
  await sql`update delivery_attempts set provider_message_id = null`.execute(app.db)
  await sql`truncate delivery_events, inbound_events`.execute(app.db)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)), { channel })
  assert.equal(await run(app, deliveryId), 'sent')
  return deliveryId
}

async function receive(app: TestApp, url: string, { body }: Sample): Promise<void> {
  const reply = await app.post(url, { payload: body, headers: { 'content-type': 'application/json' } })
  assert.equal(reply.statusCode, 200)
  await processInbound(app.deps, reply.json().eventId)
}

const STATUS_SAMPLES = [
  ['cloud-status-sent.json', 'sent', null],
  ['cloud-status-sent-cbp-legacy.json', 'sent', null],
  ['cloud-status-no-pricing-v24.json', 'sent', null],
  ['derived/cloud-batched-statuses-and-message.json', 'sent', null],
  ['derived/cloud-status-delivered.json', 'delivered', null],
  ['derived/cloud-status-delivered-v24-utility.json', 'delivered', null],
  ['derived/cloud-status-delivered-v24-free-customer-service.json', 'delivered', null],
  ['derived/onprem-status-delivered.json', 'delivered', null],
  ['derived/cloud-status-read.json', 'read', null],
  ['derived/cloud-status-failed-131026.json', 'failed', 'whatsapp_131026'],
  ['derived/cloud-status-failed-131047.json', 'queued', 'whatsapp_131047'],
  ['derived/onprem-status-failed-470.json', 'queued', 'whatsapp_470'],
  ['derived/cloud-status-failed-131053.json', 'queued', 'whatsapp_131053'],
] as const
for (const [name, status, reason] of STATUS_SAMPLES) {
  test(`after ${basename(name, '.json')} our message is ${status}`, { skip: missing }, async (t) => {
    const sample = sampleOf('whatsapp/webhooks', name)
    const messageId = /"statuses".*?"id":\s*"([^"]+)"/s.exec(sample.body)![1]!
    const app = await startApp(t, { now: NOON })
    const deliveryId = await aSent(t, app, 'whatsapp', messageId)

    await receive(app, '/wa/webhook', sample)

    const row = await rowOf(app.db, deliveryId)
    assert.deepEqual([row.status, row.reason], [status, reason])
    const { templateOnly, pricing } = (
      await sql<{
        templateOnly: boolean
        pricing: unknown
      }>`select template_only, pricing from deliveries where id = ${deliveryId}`.execute(app.db)
    ).rows[0]!
    assert.equal(templateOnly, name.includes('131047') || name.includes('470'))
    assert.equal(pricing !== null, sample.body.includes('"pricing"'))
    assert.equal((await fallbackOf(app.db, deliveryId))?.channel, name.includes('131026') ? 'email' : undefined)
  })
}

test('every status sample has a case above', { skip: missing }, () => {
  const names = listSamples('whatsapp/webhooks').filter(({ body }) => body.includes('"statuses"'))

  assert.deepEqual(names.map(({ name }) => name).toSorted(), STATUS_SAMPLES.map(([name]) => name).toSorted())
})

for (const [type, status, reason] of [
  ['email.sent', 'sent', null],
  ['email.delivered', 'delivered', null],
  ['email.delivery_delayed', 'sent', null],
  ['email.opened', 'read', 'opened'],
  ['email.clicked', 'read', 'clicked'],
  ['email.bounced', 'failed', 'email_bounced'],
  ['email.complained', 'sent', null],
  ['email.scheduled', 'sent', null],
  ['email.received', 'sent', null],
] as const) {
  test(`after the sample of ${type} our mail is ${status}`, { skip: missing }, async (t) => {
    const sample = sampleOf('resend/webhooks', `${type}.json`)
    const app = await startApp(t, { now: NOON })
    const { email_id: messageId } = sample.json['data'] as { email_id: string }
    const deliveryId = await aSent(t, app, 'email', messageId)

    await receive(app, '/email/webhook', sample)

    const row = await rowOf(app.db, deliveryId)
    assert.deepEqual([row.status, row.reason], [status, reason])
  })
}

test('the sample of suppression.removed removes the stop of its address', { skip: missing }, async (t) => {
  const app = await startApp(t, { now: '2026-11-18T00:00:00.000Z' })
  const sample = sampleOf('resend/webhooks', 'suppression.removed.json')
  await sql`insert into email_stops (email, reason, stopped_at)
    values ('steve.wozniak@gmail.com', 'bounced', '2026-11-15')`.execute(app.db)

  await receive(app, '/email/webhook', sample)

  const { rows } = await sql`select 1 from email_stops where email = 'steve.wozniak@gmail.com'`.execute(app.db)
  assert.equal(rows.length, 0)
})

// Our requests have the same fields as the provider's sample requests.

const parameter = (text: string) => ({ text })
const named = (name: string, text: string) => ({ name, text })
const template = (name: string, more: object): WhatsAppContent => ({
  ...{ kind: 'template', name, language: 'es_MX', body: [], buttons: [] },
  ...more,
})
const REQUESTS: [string, WhatsAppContent][] = [
  [
    'derived/template-body-params.json',
    template('order_confirmation', { body: [parameter('Jessica'), parameter('SKBUP2-4CPIG9')] }),
  ],
  ['derived/template-named-params.json', template('new_order_alert', { body: [named('order_number', 'GR-1042')] })],
  [
    'derived/template-url-button-param.json',
    template('payment_link', { body: [parameter('María')], buttons: [{ kind: 'url', index: 0, suffix: 'abc123' }] }),
  ],
  [
    'derived/template-quick-replies-document-header.json',
    template('appointment_reminder', {
      header: { kind: 'document', link: 'https://example.com/r.pdf', filename: 'recibo.pdf' },
      body: [parameter('María')],
      buttons: [
        { kind: 'quick_reply', index: 0, payload: 'CONFIRM:123' },
        { kind: 'quick_reply', index: 1, payload: 'CANCEL:123' },
      ],
    }),
  ],
  ['meta-send-text-message.json', { kind: 'text', body: 'text-message-content' }],
  ['meta-send-image-message-by-url.json', { kind: 'image', link: 'http(s)://image-url', caption: '' }],
  [
    'meta-send-reply-button.json',
    {
      kind: 'buttons',
      body: '<BUTTON_TEXT>',
      buttons: [1, 2].map((n) => ({ id: `<UNIQUE_BUTTON_ID_${n}>`, title: `<BUTTON_TITLE_${n}>` })),
    },
  ],
]
for (const [name, content] of REQUESTS) {
  test(`our client sends the request of ${basename(name, '.json')}`, { skip: missing }, async (t) => {
    const { json } = sampleOf('whatsapp/requests', name)
    const bodies: string[] = []
    const server = await startServer(0, ({ body }) => {
      bodies.push(body)
      return { status: 200, json: { messages: [{ id: 'wamid.1' }] } }
    })
    t.after(server.close)
    const channel = openWhatsApp({ apiKey: 'key', apiUrl: server.url, timeoutMs: 5000, now: () => new Date(0) })

    await channel.send({
      ...{ deliveryId: 'dl_1', idempotencyKey: 'dl_1', requestId: 'req_1', template: 'x', locale: 'es-MX' },
      ...{ channel: 'whatsapp', to: String(json['to']), content },
    })

    assert.deepEqual(JSON.parse(bodies[0]!), { ...json, biz_opaque_callback_data: 'dl_1' })
  })
}
