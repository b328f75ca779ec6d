/**
 * Journeys with the providers over real sockets: our clients call strict fakes, whose callbacks reach our webhooks by HTTP.
 * The tests run jobs and sweep themselves, so that they choose the order of events.
 */
import { sweep } from '../deliveries.ts'
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, test, type TestContext } from 'node:test'
import { sql, type Db } from '../../src/platform/db.ts'
import { deliverInvitation } from '../../src/delivery/jobs.ts'
import { jobOf } from '../../src/inbox/jobs.ts'
import { startFakeResend } from '../fakes/resend.ts'
import { listProductTemplates } from '../fakes/templates.ts'
import { startFakeWhatsApp } from '../fakes/whatsapp.ts'
import { startApp, type TestApp } from '../harness.ts'
import { aGuest, anEvent, type GuestFacts, type MadeGuest } from '../make.ts'

const WA_WEBHOOK_SECRET = 'only-for-tests-only-for-tests-only'
const whatsapp = await startFakeWhatsApp({
  templates: listProductTemplates(),
  has521: true,
  // Every callback comes twice, out of order and mixed with others.
  callbacks: { stepMs: 60_000, duplicates: true, shuffleSeed: 11, batch: 5, retryWaitsMs: [20, 20, 20] },
})
const resend = await startFakeResend({
  requestsPerSecond: 100,
  duplicates: true,
  shuffleSeed: 11,
  retryWaitsMs: [20, 20],
})
after(() => Promise.all([whatsapp.close(), resend.close()]))
const env = {
  ...{ ...whatsapp.env, ...resend.env, WA_WEBHOOK_SECRET, PUBLIC_BASE_URL: 'https://entradas.test' },
  DELIVERY_QUIET_HOURS: 'off',
}

/** The app on a real socket, with the webhooks of both providers. Its log must stay free of personal data. */
async function start(t: TestContext, expectErrors?: RegExp): Promise<TestApp> {
  const app = await startApp(t, { now: new Date().toISOString(), env, ...(expectErrors ? { expectErrors } : {}) })
  if (!app.app.server.listening) await app.app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.app.server.address() as AddressInfo).port}`
  whatsapp.useWebhook({ url: `${url}/wa/webhook`, headers: { 'X-Webhook-Secret': WA_WEBHOOK_SECRET } })
  resend.useWebhook({ url: `${url}/email/webhook` })
  whatsapp.calls.length = whatsapp.refusals.length = whatsapp.posts.length = resend.mails.length = 0
  t.after(() => assertNothingPersonal(app))
  return app
}

async function assertNothingPersonal({ db, lines }: TestApp): Promise<void> {
  const log = lines.map((line) => JSON.stringify(line)).join('\n')
  const { rows } = await sql<{ word: string | null }>`
    select unnest(array[g.name, g.email, right(g.phone, 10), i.code]) as word
      from guests g join invitations i on i.event_id = g.event_id and i.guest_id = g.id`.execute(db)
  const secrets = [
    WA_WEBHOOK_SECRET,
    ...Object.entries(env).flatMap(([key, value]) => (/KEY|SECRET/.test(key) ? value : [])),
  ]
  const words = [...rows.flatMap(({ word }) => word ?? []), ...secrets, 'Bearer ', 'confirmo']
  assert.ok(lines.length > 0 && rows.length > 0)
  assert.deepEqual(
    [...new Set(words)].filter((word) => log.includes(word)),
    [],
    'the log names a person or a secret',
  )
}

async function requested(app: TestApp, guest: MadeGuest, body: object = { channel: 'whatsapp' }): Promise<string> {
  const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}
const run = (app: TestApp, deliveryId: string) => app.runJob(deliverInvitation, { deliveryId })
async function invited(app: TestApp, facts: GuestFacts = {}): Promise<MadeGuest & { deliveryId: string }> {
  const guest = await aGuest(app.db, await anEvent(app.db), facts)
  return { ...guest, deliveryId: await requested(app, guest) }
}
const moveBy = (app: TestApp, ms: number) => app.setNow(new Date(app.deps.now().getTime() + ms).toISOString())

/** Lets the providers post all callbacks and processes them. Returns the outcome of each webhook. */
async function receiveCallbacks(app: TestApp): Promise<unknown[]> {
  await Promise.all([whatsapp.flush(), resend.flush()])
  const { rows } = await sql<{ id: string; source: 'whatsapp' | 'email' }>`
    select id, source from inbound_events where status = 'received' order by received_at, id`.execute(app.db)
  const worked: unknown[] = []
  for (const { id, source } of rows) worked.push(await app.runJob(jobOf(source), { inboundEventId: id }))
  return worked
}

type Row = { status: string; reason: string | null; attempts: number; attemptsMax: number; nextAttemptAt: Date | null }
const rowOf = async (db: Db, id: string) =>
  (
    await sql<Row & { id: string; possibleDuplicate: boolean; deliveredAt: Date | null; messageReason: string | null }>`
      select * from deliveries where id = ${id}`.execute(db)
  ).rows[0]!
const eventsOf = async (db: Db, id: string) =>
  (
    await sql<{ status: string }>`select status from delivery_events where delivery_id = ${id} order by status`.execute(
      db,
    )
  ).rows.map(({ status }) => status)
const callsFor = (deliveryId: string) =>
  whatsapp.calls.filter(({ body }) => body['biz_opaque_callback_data'] === deliveryId).map(({ body }) => body)

test('with duplicate, unordered and mixed callbacks every delivery ends read, with one row per event', async (t) => {
  const app = await start(t)
  const ids: string[] = []
  for (let n = 0; n < 6; n++) ids.push((await invited(app)).deliveryId)
  await Promise.all(ids.map((id) => run(app, id)))

  await receiveCallbacks(app)

  for (const id of ids) {
    const { status, attempts } = await rowOf(app.db, id)
    assert.deepEqual([status, attempts, callsFor(id).length], ['read', 1, 1])
    assert.deepEqual(await eventsOf(app.db, id), ['delivered', 'read', 'sent'])
  }
  assert.equal(whatsapp.posts.length, 8) // 36 updates, five in a POST
  assert.deepEqual(whatsapp.refusals, [])
})

test('a read without a delivered counts as both', async (t) => {
  const app = await start(t)
  const { deliveryId } = await invited(app)
  whatsapp.next({ kind: 'ok', skipsDelivered: true })

  await run(app, deliveryId)
  await receiveCallbacks(app)

  const { status, deliveredAt } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, deliveredAt !== null], ['read', true])
  assert.deepEqual(await eventsOf(app.db, deliveryId), ['read', 'sent'])
})

test('a number that is not on WhatsApp gets exactly one e-mail, within a minute', async (t) => {
  const app = await start(t)
  const startedMs = Date.now()
  const guest = await aGuest(app.db, await anEvent(app.db), { phone: '+525511229999' })
  const deliveryId = await requested(app, guest, { channel: 'auto' })

  await run(app, deliveryId)
  await receiveCallbacks(app)
  await sweep(app)
  const { rows } = await sql<{ id: string; nextAttemptAt: Date; enqueuedAt: Date | null }>`
    select id, next_attempt_at, enqueued_at from deliveries where fallback_of = ${deliveryId}`.execute(app.db)
  const outcomes = [await run(app, rows[0]!.id), await run(app, rows[0]!.id), await run(app, deliveryId)]
  await receiveCallbacks(app)
  await sweep(app)

  assert.deepEqual([rows.length, outcomes], [1, ['sent', 'nothing to do', 'nothing to do']])
  assert.deepEqual([rows[0]!.enqueuedAt, rows[0]!.nextAttemptAt], [app.deps.now(), app.deps.now()])
  const mails = resend.mails.filter(({ to }) => to.includes(`${guest.guestId}@example.com`))
  assert.deepEqual([mails.length, mails[0]?.tags['delivery_id']], [1, rows[0]!.id])
  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['failed', 'whatsapp_131026'])
  const shown = (await app.get(`/deliveries/${deliveryId}`, { as: 'director' })).json()
  assert.equal(shown.fallbackId, rows[0]!.id)
  assert.match(shown.explanation['es-MX'], /no está en WhatsApp/)
  assert.equal((await rowOf(app.db, rows[0]!.id)).status, 'delivered')
  assert.ok(Date.now() - startedMs < 60_000)
})

test('a webhook that was answered 500 comes again and is processed once', async (t) => {
  const app = await start(t, /./)
  const { deliveryId, phone, invitationId } = await invited(app)
  await run(app, deliveryId)
  // Twice, because webhooks that fail together are tried again one by one.
  await sql
    .raw(
      `create sequence stored;
    create function fail_twice() returns trigger language plpgsql as $$ begin
      if nextval('stored') <= 2 then raise exception 'disk full' using errcode = '53100'; end if; return new; end $$;
    create trigger fail_twice before insert on inbound_events for each row execute function fail_twice()`,
    )
    .execute(app.db)
  t.after(() => sql`drop trigger fail_twice on inbound_events`.execute(app.db).then(() => undefined))

  whatsapp.receive({ from: phone!.replace('+52', '521'), kind: 'text', body: 'confirmo' })
  const worked = await receiveCallbacks(app)

  assert.ok(
    whatsapp.posts.some((statuses) => statuses[0]! >= 500 && statuses.at(-1) === 200),
    JSON.stringify(whatsapp.posts),
  )
  assert.ok(worked.length > 0 && worked.every((status) => status === 'done'))
  const { rows } = await sql`select 1 from invitation_answers where invitation_id = ${invitationId}`.execute(app.db)
  assert.equal(rows.length, 1)
  assert.equal((await rowOf(app.db, deliveryId)).status, 'read')
})

test('a guest who hides the number behind a user name confirms and gets the pass', async (t) => {
  const app = await start(t)
  const { deliveryId, phone, code, invitationId } = await invited(app)
  await run(app, deliveryId)
  const contextId = [...whatsapp.sent.keys()].at(-1)!

  whatsapp.receive({ userId: `MX.${invitationId}`, kind: 'text', body: 'confirmo', contextId })
  await receiveCallbacks(app)
  const { rows } = await sql<{ id: string }>`
    select id from deliveries where template = 'rsvp_confirmed' and event_id =
      (select event_id from deliveries where id = ${deliveryId})`.execute(app.db)
  moveBy(app, 6000) // the pace of one recipient
  const outcome = await run(app, rows[0]!.id)

  assert.deepEqual([rows.length, outcome], [1, 'sent'])
  const [image] = callsFor(rows[0]!.id)
  assert.equal(image?.['type'], 'image')
  assert.equal(
    (image?.['image'] as { link: string } | undefined)?.link,
    `https://entradas.test/public/invite/${code}/qr.png`,
  )
  assert.equal(String(image?.['to']).slice(-10), phone!.slice(-10))
  assert.deepEqual(whatsapp.refusals, [])
})

test('after a connection breaks, the callback settles the accepted message without a second call', async (t) => {
  const app = await start(t)
  const { deliveryId } = await invited(app)
  whatsapp.next({ kind: 'reset' })

  const outcome = await run(app, deliveryId)
  await receiveCallbacks(app)
  const told = await rowOf(app.db, deliveryId)
  moveBy(app, 3_600_000)
  await sweep(app)
  const again = await run(app, deliveryId)

  assert.deepEqual([outcome, told.status, again], ['unknown', 'read', 'nothing to do'])
  assert.deepEqual([callsFor(deliveryId).length, told.attempts, told.possibleDuplicate], [1, 1, false])
})

test('429 with Retry-After: 7 delays all messages by seven seconds and costs no attempt', async (t) => {
  const app = await start(t)
  const [first, second] = [await invited(app), await invited(app)]
  whatsapp.next({ kind: 'error', httpStatus: 429, code: 130429, retryAfter: '7' })

  const outcomes = [await run(app, first.deliveryId), await run(app, second.deliveryId)]
  const waiting = await rowOf(app.db, first.deliveryId)
  const waitMs = waiting.nextAttemptAt!.getTime() - app.deps.now().getTime()
  moveBy(app, 6_999)
  const early = await run(app, first.deliveryId)
  moveBy(app, 2_001)
  const late = [await run(app, first.deliveryId), await run(app, second.deliveryId)]

  assert.deepEqual([outcomes, early, late], [['queued', 'channel_paused'], 'nothing to do', ['sent', 'sent']])
  assert.ok(waitMs >= 7000 && waitMs < 8100, `${waitMs} ms`)
  assert.deepEqual([waiting.attemptsMax - waiting.attempts, callsFor(second.deliveryId).length], [5, 1])
})

test('a status with 131047 sends the approved template instead', async (t) => {
  const app = await start(t)
  const guest = await aGuest(app.db, await anEvent(app.db))
  whatsapp.receive({ from: guest.phone!.replace('+52', '521'), kind: 'text', body: '¿a qué hora es?' })
  await receiveCallbacks(app)
  const deliveryId = await requested(app, guest)
  whatsapp.next({ kind: 'fails_later', code: 131047 })

  const first = await run(app, deliveryId)
  await receiveCallbacks(app)
  const refused = await rowOf(app.db, deliveryId)
  moveBy(app, 10_000)
  const second = await run(app, deliveryId)
  await receiveCallbacks(app)

  assert.deepEqual([first, refused.status, second], ['sent', 'queued', 'sent'])
  assert.deepEqual(
    callsFor(deliveryId).map((body) => body['type']),
    ['interactive', 'template'],
  )
  const { status, messageReason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, messageReason], ['read', 'refused_131047'])
})

test('131056 delays only that recipient', async (t) => {
  const app = await start(t)
  const [slow, other] = [await invited(app), await invited(app)]
  whatsapp.next({ kind: 'error', httpStatus: 400, code: 131056 })

  const outcomes = [await run(app, slow.deliveryId), await run(app, other.deliveryId)]
  const waiting = await rowOf(app.db, slow.deliveryId)
  moveBy(app, 10_000)
  const late = await run(app, slow.deliveryId)

  assert.deepEqual([outcomes, late], [['queued', 'sent'], 'sent'])
  assert.equal(waiting.attemptsMax - waiting.attempts, 5)
  assert.equal(callsFor(other.deliveryId).length, 1)
})

test('three 500s with a code and then a 200 are one message in four attempts', async (t) => {
  const app = await start(t)
  const { deliveryId } = await invited(app)
  for (let n = 0; n < 3; n++) whatsapp.next({ kind: 'error', httpStatus: 500, code: 131016 })

  const outcomes: unknown[] = []
  for (let n = 0; n < 4; n++) {
    outcomes.push(await run(app, deliveryId))
    moveBy(app, 3_600_000)
  }
  await receiveCallbacks(app)

  assert.deepEqual(outcomes, ['queued', 'queued', 'queued', 'sent'])
  const { status, attempts, possibleDuplicate } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, attempts, possibleDuplicate], ['read', 4, false])
  const taken = [...whatsapp.sent.values()].filter(
    (digits) => digits === String(callsFor(deliveryId)[0]!['to']).replace(/\D/g, ''),
  )
  assert.equal(taken.length, 1)
})

test('refusals, bad signatures and lost answers leave no personal data in the log', async (t) => {
  const app = await start(t)
  const guests = [await invited(app), await invited(app), await invited(app, { phone: '+525511339999' })]
  whatsapp.next(
    { kind: 'error', httpStatus: 400, code: 131021 },
    { kind: 'raw', httpStatus: 502, text: '<h1>Ana Prueba</h1>' },
  )
  resend.next({ kind: 'error', httpStatus: 422, name: 'validation_error' })
  for (const { deliveryId } of guests) await run(app, deliveryId)
  const byEmail = await requested(app, guests[0]!, { channel: 'email', template: 'event_reminder' })
  await run(app, byEmail)
  whatsapp.receive({ from: guests[1]!.phone!.replace('+52', '521'), kind: 'text', body: 'confirmo, soy Ana Prueba' })

  await receiveCallbacks(app)
  const forged = await app.post('/wa/webhook', {
    body: { from: guests[0]!.phone, text: 'confirmo' },
    headers: { 'x-webhook-secret': 'wrong' },
  })

  assert.deepEqual([forged.statusCode, forged.json().code], [401, 'invalid_signature'])
  assert.ok(app.lines.length > 10, `${app.lines.length} lines`)
  assert.ok(app.lines.some(({ deliveryId }) => deliveryId === guests[0]!.deliveryId))
})
