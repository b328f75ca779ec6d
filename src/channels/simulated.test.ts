/** Each failure and reply that README.md lists, from the request to what the API shows. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { jobOf } from '../inbox/jobs.ts'
import { startServer, type Asked } from '../../test/fakes/http.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, type MadeGuest } from '../../test/make.ts'
import { startSimulator } from './simulated.ts'
import { NUMBERS, TAGS } from './simulated-failures.ts'

const callbacks: Asked[] = []
const answers: number[] = []
const hook = await startServer(0, (asked) => {
  callbacks.push(asked)
  return { status: answers.shift() ?? 200, json: {} }
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

async function request(app: TestApp, guest: MadeGuest, channel: string, more: object = {}): Promise<string> {
  const url = `/events/${guest.eventId}/guests/${guest.guestId}/send`
  const reply = await app.post(url, { as: 'organizer', body: { channel, ...more } })
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
  const simulator = startSimulator(app.deps, hook.url, 20)
  for (let tries = 0; callbacks.length === before && tries < 100; tries++) await sleep(20)
  await simulator.stop()
  for (const callback of callbacks.slice(before)) await deliver(app, callback)
  return (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json<Shown>()
}

/** Posts to the app what the simulator has posted to the webhook of this test, and processes it. */
async function deliver(app: TestApp, { path, headers, body: payload }: Asked): Promise<void> {
  const kept = Object.entries(headers).filter(([name]) => /^(content-type|svix-.*)$/.test(name))
  const reply = await app.post(path, { payload, headers: Object.fromEntries(kept) as Record<string, string> })
  assert.equal(reply.statusCode, 200, reply.body)
  const job = jobOf(path === '/email/webhook' ? 'email' : 'whatsapp')
  await app.runJob(job, { inboundEventId: reply.json().eventId })
}

const outcomes = ({ attemptLog }: Shown) => attemptLog.map(({ outcome, reason }) => [outcome, reason])

/** Moves the time and lets the simulated providers post what is due. */
async function receivePosts(app: TestApp, seconds: number): Promise<Asked[]> {
  app.setNow(at(seconds))
  const before = callbacks.length
  const simulator = startSimulator(app.deps, hook.url, 20)
  await sleep(60)
  await simulator.stop()
  return callbacks.slice(before)
}

/** Plays until nothing is left: posts what is due, processes it, and sends the replies that follow. */
async function live(app: TestApp, { eventId, guestId }: MadeGuest, from: number): Promise<void> {
  for (let seconds = from; ; seconds += 10) {
    const posts = await receivePosts(app, seconds)
    for (const post of posts) await deliver(app, post)
    const { rows } = await sql<{ id: string }>`
      select id from deliveries
       where event_id = ${eventId} and guest_id = ${guestId} and status = 'queued'`.execute(app.db)
    for (const { id } of rows) await app.runJob(deliverInvitation, { deliveryId: id })
    if (posts.length === 0 && rows.length === 0) return
  }
}

async function answerOf(app: TestApp, { eventId, guestId, phone: number }: MadeGuest) {
  const invitation = await sql<{ answer: string; partySize: number | null }>`
    select answer, answered_places as party_size from invitations
     where event_id = ${eventId} and guest_id = ${guestId}`.execute(app.db)
  const messages = await sql<{ type: string }>`
    select type from wa_messages where phone = ${number} order by sent_at`.execute(app.db)
  return { ...invitation.rows[0]!, wrote: messages.rows.map(({ type }) => type) }
}

/** The statuses in a webhook's body, and whether they say the price. */
function statusesIn(body: string): { callbackData: string; status: string; isPriced: boolean }[] {
  type Status = { status: string; pricing?: object; biz_opaque_callback_data: string }
  const { statuses = [] } = JSON.parse(body).entry?.[0].changes[0].value ?? {}
  return (statuses as Status[]).map(({ status, pricing, biz_opaque_callback_data: callbackData }) => ({
    ...{ status, callbackData, isPriced: pricing !== undefined },
  }))
}

async function receiveText(app: TestApp, { phone: from, guestId }: MadeGuest, body: string): Promise<void> {
  const message = {
    ...{ from: from!.slice(1), id: `wamid.${guestId}`, type: 'text', text: { body } },
    timestamp: String(BEGIN / 1000),
  }
  const inbound = await app.post('/wa/webhook', { body: { contacts: [], messages: [message] } })
  await app.runJob(jobOf('whatsapp'), { inboundEventId: inbound.json().eventId })
}

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
  await receiveText(app, guest, 'hola')
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

/** The answer of the guest, and how often they wrote, after an invitation and what follows from it. */
const REPLIES: [string, string, { answer: string; partySize?: number; wrote: string[] }][] = [
  ['9989', 'a yes with the number of people', { answer: 'yes', partySize: 2, wrote: ['text'] }],
  ['9988', 'a no', { answer: 'no', wrote: ['text'] }],
  ['9987', 'a maybe', { answer: 'maybe', wrote: ['text'] }],
  [
    '9986',
    'a question, and then a tap when we ask back',
    { answer: 'yes', partySize: 3, wrote: ['text', 'interactive'] },
  ],
  ['9985', 'a tap on the invitation', { answer: 'yes', partySize: 3, wrote: ['button'] }],
  ['9984', 'a reaction, which decides nothing', { answer: 'pending', wrote: ['reaction'] }],
  ['9983', 'a voice note, and then a tap when we ask back', { answer: 'no', wrote: ['audio', 'interactive'] }],
  ['9982', 'BAJA', { answer: 'pending', wrote: ['text'] }],
  ['9990', 'nothing, and the message stays delivered', { answer: 'pending', wrote: [] }],
]
for (const [ending, what, expected] of REPLIES) {
  test(`…${ending}: the guest replies ${what}`, async (t) => {
    const { app, guest } = await started(t, { phone: phone(ending), partySize: 3 })
    const deliveryId = await request(app, guest, 'whatsapp')

    await attempt(app, deliveryId, 1)
    await live(app, guest, 10)

    assert.deepEqual(await answerOf(app, guest), { partySize: null, ...expected })
    const { status } = (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json<Shown>()
    assert.equal(status, ending === '9990' ? 'delivered' : 'read')
    if (ending === '9982') {
      const again = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer' })
      assert.equal(again.json().code, 'guest_opted_out')
    }
  })
}

test('nobody replies to anything but an invitation or a question', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9989') })
  const deliveryId = await request(app, guest, 'whatsapp', { template: 'event_reminder' })

  await attempt(app, deliveryId, 1)
  await live(app, guest, 10)

  assert.deepEqual((await answerOf(app, guest)).wrote, [])
})

/** What WhatsApp says about the price of each kind of message. */
const PRICES: [string, string, string | null, object][] = [
  ['1234', 'event_invitation', null, { category: 'marketing', type: 'regular', billable: true }],
  ['1234', 'event_reminder', null, { category: 'utility', type: 'regular', billable: true }],
  ['1234', 'event_reminder', 'hola', { category: 'service', type: 'free_customer_service', billable: false }],
  ['9981', 'event_invitation', null, { category: 'marketing', type: 'free_entry_point', billable: false }],
]
for (const [ending, template, opening, expected] of PRICES) {
  test(`…${ending}: ${template} ${opening ? 'inside' : 'outside'} the window is ${JSON.stringify(expected)}`, async (t) => {
    const { app, guest } = await started(t, { phone: phone(ending) })
    if (opening) await receiveText(app, guest, opening)
    const deliveryId = await request(app, guest, 'whatsapp', { template })

    const { pricing: before } = (await attempt(app, deliveryId, 1)) as { pricing?: unknown }
    const { pricing } = (await receiveCallbacks(app, deliveryId, 10)) as { pricing?: unknown }
    const bodies = callbacks.length
    await live(app, guest, 20)

    assert.deepEqual([before, pricing], [null, { pricing_model: 'PMP', ...expected }])
    const statuses = callbacks.slice(bodies - 1).flatMap(({ body }) => statusesIn(body))
    const told = statuses.filter(({ callbackData }) => callbackData === deliveryId)
    assert.deepEqual(
      told.map(({ status, isPriced }) => [status, isPriced]),
      [
        ['sent', true],
        ['delivered', true],
        ['read', false],
      ],
    )
  })
}

const MAILS: [string, string, string[], string | null][] = [
  ['unread', 'delivered', ['sent', 'delivered'], null],
  ['click', 'read', ['sent', 'delivered', 'read'], 'clicked'],
  ['bounce', 'failed', ['sent', 'failed'], 'email_bounced'],
  ['full', 'failed', ['sent', 'failed'], 'email_bounced_soft'],
  ['spam', 'delivered', ['sent', 'delivered', 'complained'], null],
  ['suppressed', 'failed', ['failed'], 'email_suppressed'],
]
for (const [tag, status, events, reason] of MAILS) {
  test(`ana+${tag}@…: ${events.join(', ')}`, async (t) => {
    const email = `ana${numbers++}+${tag}@example.com`
    const { app, guest } = await started(t, { phone: null, email })
    const deliveryId = await request(app, guest, 'email')

    await attempt(app, deliveryId, 1)
    await live(app, guest, 10)

    const reply = await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })
    const shown = reply.json<Shown & { providerMessageId: string; events: { status: string; simulated: boolean }[] }>()
    assert.deepEqual([shown.status, shown.reason], [status, reason])
    assert.deepEqual(
      shown.events.map((event) => event.status),
      events,
    )
    assert.match(shown.providerMessageId, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
    const again = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, {
      as: 'organizer',
      body: { channel: 'email', force: true },
    })
    const isStopped = ['bounce', 'spam', 'suppressed'].includes(tag)
    assert.equal(again.json().code, isStopped ? 'email_stopped' : undefined)
  })
}

test('…9991: every attempt fails, the dead letter says why, and its retry is sent', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9991'), email: null })
  const deliveryId = await request(app, guest, 'whatsapp')

  for (let seconds = 1; seconds < 600; seconds += 100) await attempt(app, deliveryId, seconds)
  const letters = (await app.get('/ops/dead-letters', { as: 'director' })).json().data
  const letter = letters.find((one: { refId: string }) => one.refId === deliveryId)
  await app.post(`/ops/dead-letters/${letter.id}/retry`, { as: 'director' })
  const retried = await attempt(app, deliveryId, 700)

  assert.equal(letter.reason, 'whatsapp_131000')
  assert.match(letter.explanation['es-MX'], /Falla pasajera/)
  assert.equal(retried.status, 'sent')
})

test('what a webhook does not accept is posted again, and counts once when it had been accepted', async (t) => {
  const { app, guest } = await started(t, { phone: phone('9988') })
  const deliveryId = await request(app, guest, 'whatsapp')
  await attempt(app, deliveryId, 1)
  for (const seconds of [10, 20, 30]) await receiveCallbacks(app, deliveryId, seconds)

  answers.push(500) // after we had stored it
  await receiveCallbacks(app, deliveryId, 40)
  await receiveCallbacks(app, deliveryId, 50)

  const [first, second] = callbacks
    .slice(-2)
    .map(({ body }) => JSON.parse(body).entry[0].changes[0].value.messages[0].id)
  assert.equal(first, second)
  assert.deepEqual((await answerOf(app, guest)).wrote, ['text'])
})

test('the simulator of a signed webhook signs', async (t) => {
  const secret = `whsec_${Buffer.from('only-for-tests-only-for-tests').toString('base64')}`
  const secrets = { RESEND_WEBHOOK_SECRET: secret, WA_APP_SECRET: 'app', WA_WEBHOOK_SECRET: 'webhook' }
  const app = await startApp(t, { env: { ...env, ...secrets }, now: at(0) })
  const guest = await anInvitation(app.db, { phone: phone('1234'), email: `ana${numbers++}+unread@example.com` })
  const [byMail, byPhone] = [await request(app, guest, 'email'), await request(app, guest, 'whatsapp', { force: true })]
  for (const id of [byMail, byPhone]) await attempt(app, id, 1)
  const before = callbacks.length

  await receivePosts(app, 10)

  for (const { path, headers, body: payload } of callbacks.slice(before)) {
    const given = Object.entries(headers).filter(([name]) => /^(content-type|svix-|x-)/.test(name))
    const reply = await app.post(path, { payload, headers: Object.fromEntries(given) as Record<string, string> })
    assert.equal(reply.statusCode, 200, path)
  }
  assert.equal(callbacks.length - before, 2)
})

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

    for (const ending of Object.keys(NUMBERS)) assert.ok(text.includes(`…${ending}\``), ending)
    for (const tag of Object.keys(TAGS)) assert.ok(text.includes(`+${tag}@`), tag)
  })
}
