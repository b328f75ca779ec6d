/** Each failure that README.md lists, from the request to what the API shows. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deliverInvitation } from '../delivery/jobs.ts'
import { jobOf } from '../inbox/jobs.ts'
import { startServer } from '../../test/fakes/http.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, type MadeGuest } from '../../test/make.ts'
import { startSimulator } from './simulated.ts'
import { NUMBERS, TAGS } from './simulated-failures.ts'

const callbacks: string[] = []
const hook = await startServer(0, ({ body }) => {
  callbacks.push(body)
  return { status: 200, json: {} }
})
after(() => hook.close())

const env = { SIMULATOR: 'true', DELIVERY_QUIET_HOURS: 'off' }
const BEGIN = Date.parse('2029-03-01T18:00:00Z')
const at = (seconds: number) => new Date(BEGIN + seconds * 1000).toISOString()
let numbers = 0
/** A phone number that no other test uses, with these last four digits. */
const phone = (ending: string) => `+52557${String(numbers++).padStart(3, '0')}${ending}`

type Shown = {
  status: string
  reason: string | null
  fallbackId: string | null
  nextAttemptAt: string | null
  attemptLog: { outcome: string; reason: string | null }[]
}

async function request(app: TestApp, guest: MadeGuest, channel: string): Promise<string> {
  const url = `/events/${guest.eventId}/guests/${guest.guestId}/send`
  const reply = await app.post(url, { as: 'organizer', body: { channel } })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}

async function attempt(app: TestApp, deliveryId: string, seconds: number): Promise<Shown> {
  app.setNow(at(seconds))
  await app.runJob(deliverInvitation, { deliveryId })
  return (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json<Shown>()
}

/** Moves the time, lets the simulated channel post what is due, and processes those webhooks. */
async function receiveCallbacks(app: TestApp, deliveryId: string, seconds: number): Promise<Shown> {
  app.setNow(at(seconds))
  const before = callbacks.length
  const simulator = startSimulator(app.deps, hook.url)
  for (let tries = 0; callbacks.length === before && tries < 100; tries++) await sleep(20)
  await simulator.stop()
  for (const payload of callbacks.slice(before)) {
    const reply = await app.post('/wa/webhook', { payload, headers: { 'content-type': 'application/json' } })
    await app.runJob(jobOf('whatsapp'), { inboundEventId: reply.json().eventId })
  }
  return (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json<Shown>()
}

const outcomes = ({ attemptLog }: Shown) => attemptLog.map(({ outcome, reason }) => [outcome, reason])

async function started(t: Parameters<typeof startApp>[0], facts: Parameters<typeof anInvitation>[1]) {
  const app = await startApp(t, { env, now: at(0) })
  return { app, guest: await anInvitation(app.db, facts) }
}

test('a number without a special ending is sent and read', async (t) => {
  const { app, guest } = await started(t, { phone: phone('1234') })
  const deliveryId = await request(app, guest, 'whatsapp')

  const sent = await attempt(app, deliveryId, 1)
  await receiveCallbacks(app, deliveryId, 10)
  await receiveCallbacks(app, deliveryId, 20)
  const read = await receiveCallbacks(app, deliveryId, 30)

  assert.deepEqual([sent.status, read.status], ['sent', 'read'])
})

for (const [ending, reason] of [
  ['9999', 'whatsapp_131026'],
  ['9994', 'whatsapp_131050'],
] as const) {
  test(`…${ending}: the message is accepted, then a status says ${reason}`, async (t) => {
    const { app, guest } = await started(t, { phone: phone(ending), email: null })
    const deliveryId = await request(app, guest, 'whatsapp')

    const sent = await attempt(app, deliveryId, 1)
    const failed = await receiveCallbacks(app, deliveryId, 10)

    assert.deepEqual([sent.status, failed.status, failed.reason], ['sent', 'failed', reason])
  })
}

test('…9998: the call is refused, and an e-mail is the fallback', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9998') })
  const deliveryId = await request(app, guest, 'auto')

  const { status, reason, fallbackId } = await attempt(app, deliveryId, 1)

  assert.deepEqual([status, reason], ['failed', 'whatsapp_131026'])
  assert.match(fallbackId ?? '', /^dl_/)
})

for (const [ending, reason, outcome] of [
  ['9997', 'whatsapp_131000', 'retry'],
  ['9996', 'whatsapp_131056', 'deferred'],
] as const) {
  test(`…${ending}: the first call is refused (${reason}), the next one is accepted`, async (t) => {
    const { app, guest } = await started(t, { phone: phone(ending) })
    const deliveryId = await request(app, guest, 'whatsapp')

    const first = await attempt(app, deliveryId, 1)
    const second = await attempt(app, deliveryId, 60)

    assert.deepEqual([first.status, second.status], ['queued', 'sent'])
    assert.deepEqual(outcomes(second), [
      [outcome, reason],
      ['sent', null],
    ])
  })
}

test('…9995: the outcome is unknown, and no status comes', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9995') })
  const deliveryId = await request(app, guest, 'whatsapp')

  const { status, reason } = await attempt(app, deliveryId, 1)

  assert.deepEqual([status, reason], ['unknown', 'whatsapp_timeout'])
})

test('…9992: the outcome is unknown, and a status says that the message was sent', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9992') })
  const deliveryId = await request(app, guest, 'whatsapp')

  const unknown = await attempt(app, deliveryId, 1)
  const found = await receiveCallbacks(app, deliveryId, 10)

  assert.deepEqual([unknown.status, found.status], ['unknown', 'sent'])
})

test('…9993: free-form text is refused because the window is closed, and a template is sent', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9993') })
  const payload = {
    contacts: [],
    messages: [
      {
        from: guest.phone!.slice(1),
        id: `wamid.${guest.guestId}`,
        type: 'text',
        text: { body: 'hola' },
        timestamp: String(BEGIN / 1000),
      },
    ],
  }
  const inbound = await app.post('/wa/webhook', { body: payload })
  await app.runJob(jobOf('whatsapp'), { inboundEventId: inbound.json().eventId })
  const deliveryId = await request(app, guest, 'whatsapp')

  const first = await attempt(app, deliveryId, 1)
  const second = await attempt(app, deliveryId, 60)

  assert.deepEqual([first.status, second.status], ['queued', 'sent'])
  assert.deepEqual(outcomes(second)[0]![1], 'whatsapp_131047')
})

for (const [tag, status, reason] of [
  ['invalid', 'failed', 'email_validation_error'],
  ['retry', 'queued', 'email_internal_server_error'],
  ['timeout', 'unknown', 'email_timeout'],
] as const) {
  test(`ana+${tag}@…: ${reason}`, async (t) => {
    const { app, guest } = await started(t, { email: `ana+${tag}@example.com` })
    const deliveryId = await request(app, guest, 'email')

    const first = await attempt(app, deliveryId, 1)

    assert.deepEqual([first.status, first.reason], [status, reason])
    if (tag === 'retry') assert.equal((await attempt(app, deliveryId, 60)).status, 'sent')
  })
}

test('without the simulator nothing fails on purpose', async (t) => {
  const app = await startApp(t, { env: { ...env, SIMULATOR: 'false' }, now: at(0) })
  for (const facts of [{ phone: phone('9998') }, { phone: null, email: 'ana+invalid@example.com' }]) {
    const guest = await anInvitation(app.db, facts)
    const deliveryId = await request(app, guest, facts.phone ? 'whatsapp' : 'email')

    assert.equal((await attempt(app, deliveryId, 1)).status, 'sent')
  }
})

for (const file of ['README.md', 'README.es.md']) {
  test(`${file} lists every ending and every tag`, async () => {
    const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

    for (const ending of Object.keys(NUMBERS)) assert.match(text, new RegExp(`…${ending}\``), ending)
    for (const tag of Object.keys(TAGS)) assert.match(text, new RegExp(`\\+${tag}@`), tag)
  })
}
