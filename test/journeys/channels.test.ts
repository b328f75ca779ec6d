/** The whole path over real sockets: requested at the API, sent to a strict provider, its status posted to the webhook. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { composeEmail, composeWhatsApp } from '../../src/templates/compose.ts'
import { deliverInvitation } from '../../src/delivery/jobs.ts'
import { messageContextOf } from '../../src/templates/context.ts'
import { listTemplates } from '../../src/templates/templates.ts'
import { jobOf } from '../../src/inbox/jobs.ts'
import { startServer, type Asked } from '../fakes/http.ts'
import { startFakeResend } from '../fakes/resend.ts'
import { listProductTemplates } from '../fakes/templates.ts'
import { startFakeWhatsApp } from '../fakes/whatsapp.ts'
import { startApp, type TestApp } from '../harness.ts'
import { anInvitation, type MadeGuest } from '../make.ts'

const WA_WEBHOOK_SECRET = 'only-for-tests-only-for-tests-only'
const PUBLIC_BASE_URL = 'https://entradas.test'
const callbacks: Asked[] = []
const hook = await startServer(0, (asked) => {
  callbacks.push(asked)
  return { status: 200, json: {} }
})
const whatsapp = await startFakeWhatsApp({
  templates: listProductTemplates(),
  webhook: { url: `${hook.url}/wa/webhook`, headers: { 'X-Webhook-Secret': WA_WEBHOOK_SECRET } },
  callbacks: { stepMs: 60_000 },
})
const resend = await startFakeResend({ webhook: { url: `${hook.url}/email/webhook` }, requestsPerSecond: 100 })
after(() => Promise.all([hook.close(), whatsapp.close(), resend.close()]))

const env = { ...whatsapp.env, ...resend.env, WA_WEBHOOK_SECRET, PUBLIC_BASE_URL, DELIVERY_QUIET_HOURS: 'off' }

async function sent(app: TestApp, guest: MadeGuest, body: object): Promise<string> {
  const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  const { deliveryId } = reply.json()
  await app.runJob(deliverInvitation, { deliveryId })
  return deliveryId
}

/** Posts to the app what the providers have posted to the webhook of this test, and processes it. */
async function receiveCallbacks(app: TestApp): Promise<void> {
  await Promise.all([whatsapp.flush(), resend.flush()])
  for (const { path, headers, body } of callbacks.splice(0)) {
    const kept = Object.entries(headers).filter(([name]) => /^(content-type|x-webhook-secret|svix-.*)$/.test(name))
    const reply = await app.post(path, { payload: body, headers: Object.fromEntries(kept) as Record<string, string> })
    assert.equal(reply.statusCode, 200, path)
    const job = jobOf(path === '/email/webhook' ? 'email' : 'whatsapp')
    await app.runJob(job, { inboundEventId: reply.json().eventId })
  }
}

const shown = async (app: TestApp, deliveryId: string) =>
  (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json<{
    status: string
    reason: string | null
    simulated: boolean
    providerMessageId: string | null
  }>()

test('an invitation by WhatsApp is sent as the approved template and read', async (t) => {
  const app = await startApp(t, { env })
  const guest = await anInvitation(app.db)

  const deliveryId = await sent(app, guest, { channel: 'whatsapp' })
  const { status, simulated } = await shown(app, deliveryId)
  await receiveCallbacks(app)

  assert.deepEqual([status, simulated], ['sent', false])
  assert.equal((await shown(app, deliveryId)).status, 'read')
  const { body, headers } = whatsapp.calls.at(-1)!
  assert.deepEqual(whatsapp.refusals, [])
  assert.equal(body['type'], 'template')
  assert.equal(body['biz_opaque_callback_data'], deliveryId)
  assert.match(String(headers['x-request-id']), /^\S+$/)
})

test('an invitation by e-mail is sent once and delivered', async (t) => {
  const app = await startApp(t, { env })
  const guest = await anInvitation(app.db)

  const deliveryId = await sent(app, guest, { channel: 'email' })
  await receiveCallbacks(app)

  assert.deepEqual(resend.refusals, [])
  assert.equal((await shown(app, deliveryId)).status, 'delivered')
  const mail = resend.mails.at(-1)!
  assert.equal((await shown(app, deliveryId)).providerMessageId, mail.id)
  assert.equal(mail.tags['delivery_id'], deliveryId)
  assert.match(mail.headers['List-Unsubscribe']!, /^<https:\/\/entradas\.test\/\S+>$/)
})

test("a number that is not on WhatsApp fails by its status with WhatsApp's code", async (t) => {
  const app = await startApp(t, { env })
  const guest = await anInvitation(app.db, { phone: '+525511119999', email: null })

  const deliveryId = await sent(app, guest, { channel: 'whatsapp' })
  await receiveCallbacks(app)

  const { status, reason } = await shown(app, deliveryId)
  assert.deepEqual([status, reason], ['failed', 'whatsapp_131026'])
})

const CONTEXT = messageContextOf(
  {
    guestName: 'Ana\tMaría      López\nSoto',
    eventName: 'Boda de Ana y Luis',
    startsAt: new Date('2029-06-02T00:00:00Z'),
    timeZone: 'America/Mexico_City',
    location: 'Hacienda San José, Puebla',
    organizerName: 'Eventos de prueba',
    invitationId: 'inv_1',
    code: 'TEST-0123456789ABCDEF',
  },
  PUBLIC_BASE_URL,
)
/** The second and the third choice have the same title. */
const choices = (count: number) =>
  JSON.stringify(
    Array.from({ length: count }, (_, index) => ({
      id: `rsvp/yes/inv_${index}`,
      title: `Boda número ${index < 2 ? index : index - 1} de Ana`,
    })),
  )

test('both providers accept every message that the product can make', async (t) => {
  const { deps } = await startApp(t, { env })
  // One guest for each template, because a pair of numbers has a limit of its own.
  const phones = new Map(listTemplates().map(({ name }, index) => [name, `52155222233${10 + index}`]))
  for (const from of phones.values()) whatsapp.receive({ from, kind: 'text', body: 'hola' })
  await whatsapp.flush()
  callbacks.length = 0
  const problems: string[] = []
  let made = 0

  for (const { name } of listTemplates()) {
    for (const locale of ['es-MX', 'en'] as const) {
      for (const count of name === 'event_question' ? [2, 3, 10] : [1]) {
        const given = {
          update_text: 'Cambia la hora:\n19:00',
          choices: choices(count),
          reply_text: 'Sí, hay estacionamiento.\nTe esperamos.',
        }
        const base = {
          deliveryId: `dl_${made}`,
          idempotencyKey: `dl_${made}`,
          requestId: 'req_1',
          template: name,
          locale,
        }
        for (const isWindowOpen of [true, false]) {
          const content = composeWhatsApp(name, locale, CONTEXT, given, { isWindowOpen })
          if (content.kind === 'refused') continue
          const outcome = await deps.channels.whatsapp.send({
            ...base,
            to: phones.get(name)!,
            channel: 'whatsapp',
            content,
          })
          made++
          if (outcome.kind !== 'sent') problems.push(`${name} ${locale} ${isWindowOpen}: ${outcome.reason}`)
        }
        const mail = composeEmail(name, locale, CONTEXT, given)
        if ('kind' in mail) continue
        const outcome = await deps.channels.email.send({
          ...base,
          to: 'ana@example.com',
          channel: 'email',
          content: mail,
        })
        if (outcome.kind !== 'sent') problems.push(`${name} ${locale} by e-mail: ${outcome.reason}`)
      }
    }
  }

  assert.ok(made > 20)
  assert.deepEqual([problems, whatsapp.refusals, resend.refusals], [[], [], []])
})
