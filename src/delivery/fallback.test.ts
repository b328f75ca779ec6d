/** What follows from a refusal: for the message, its guest, its campaign and its channel. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { startFakeWhatsApp, WHATSAPP_KEY, type WhatsAppScript } from '../../test/fakes/whatsapp.ts'
import { listProductTemplates } from '../../test/fakes/templates.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, type GuestFacts, type MadeGuest } from '../../test/make.ts'
import type { Outcome } from '../channels/channels.ts'
import { answerGuest } from '../rsvp/answers.ts'
import { classifyEmail } from '../channels/refusals.ts'
import { openWhatsApp } from '../channels/whatsapp.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, forgetLimits, withProvider } from '../../test/provider.ts'

const PAUSED_LINE = /the channel is paused/
const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

const unreachableAs = async (db: Db, phone: string | null): Promise<string | undefined> =>
  (await sql<{ reason: string }>`select reason from wa_unreachable where phone = ${phone}`.execute(db)).rows[0]?.reason

async function withFake(t: TestContext, { deps, db }: TestApp, ...script: WhatsAppScript[]) {
  const fake = await startFakeWhatsApp({
    templates: listProductTemplates(),
    hasCallbacks: false,
    allowLoopbackLinks: true,
  })
  const original = deps.channels.whatsapp
  deps.channels.whatsapp = {
    ...{ messagesPerSecond: 1000, pairIntervalMs: 0 },
    ...openWhatsApp({ apiKey: WHATSAPP_KEY, apiUrl: fake.url, timeoutMs: 2000, now: deps.now }),
  }
  fake.next(...script)
  t.after(async () => {
    deps.channels.whatsapp = original
    await forgetLimits({ db })
    await fake.close()
  })
  return fake
}

// Refusals by a gateway between us and WhatsApp.

for (const httpStatus of [500, 502, 503, 504, 521]) {
  test(`a message whose gateway answered ${httpStatus} is unknown until a status arrives, and is not sent again`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const fake = await withFake(t, app, { kind: 'accepts_then_fails', httpStatus })
    const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

    const outcome = await run(app, deliveryId)
    const { reason } = await rowOf(app.db, deliveryId)
    const [messageId] = fake.sent.keys()
    await record(app, aStatus(messageId!, 'delivered', null, deliveryId))
    app.setNow(after(700_000))
    await sweep(app)

    assert.deepEqual([outcome, reason], ['unknown', `whatsapp_http_${httpStatus}`])
    assert.deepEqual([(await rowOf(app.db, deliveryId)).status, fake.calls.length], ['delivered', 1])
  })
}

test('500 with a WhatsApp code is a transient fault and is retried', async (t) => {
  const app = await startApp(t, { now: NOON })
  const fake = await withFake(t, app, { kind: 'error', httpStatus: 500, code: 131000 })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const first = await run(app, deliveryId)
  app.setNow(after(60_000))
  const second = await run(app, deliveryId)

  assert.deepEqual([first, second, fake.calls.length], ['queued', 'sent', 2])
  assert.equal((await rowOf(app.db, deliveryId)).possibleDuplicate, false)
})

test('an e-mail whose idempotency key was used with another text is unknown and then needs review', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { reason, verdict } = classifyEmail({ name: 'invalid_idempotent_request', httpStatus: 409 })
  assert.equal(verdict, 'unknown')
  const provider = withProvider(t, [app.deps], () => ({ kind: 'unknown', reason }), BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)), { channel: 'email' })

  const outcome = await run(app, deliveryId)
  const { failures } = (
    await sql<{ failures: number }>`select failures from channel_limits where channel = 'email'`.execute(app.db)
  ).rows[0]!
  app.setNow(after(700_000))
  await sweep(app)

  const letters = await sql`select 1 from dead_letters where ref_id = ${deliveryId} and code = 'needs_review'`.execute(
    app.db,
  )
  assert.deepEqual([outcome, failures, provider.calls.length, letters.rows.length], ['unknown', 0, 1, 1])
  assert.equal((await rowOf(app.db, deliveryId)).status, 'unknown')
})

// Refusals of our account.

test('after an account refusal one probe is sent; if it is refused too, the others keep waiting', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: PAUSED_LINE, env: { WA_MESSAGES_PER_SECOND: '200' } })
  let isMended = false
  const provider = withProvider(t, [app.deps], () => (isMended ? undefined : coded(131042)), BOTH)
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))
  await run(app, ids[0]!)

  app.setNow(after(302_000))
  await Promise.all(ids.map((id) => run(app, id)))
  const callsThen = provider.calls.length
  app.setNow(after(604_000))
  isMended = true
  await Promise.all(ids.map((id) => run(app, id)))
  const callsMended = provider.calls.length
  app.setNow(after(624_000))
  const outcomes = await Promise.all(ids.map((id) => run(app, id)))

  assert.deepEqual([callsThen, callsMended, provider.calls.length], [2, 3, 22])
  assert.equal(outcomes.filter((outcome) => outcome === 'sent').length, 19)
})

test('an account refusal by a status pauses the channel for another five minutes', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))
  await run(app, ids[0]!)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131042))

  app.setNow(after(302_000))
  await Promise.all(ids.map((id) => run(app, id)))
  await record(app, aStatus(provider.ids[1]!, 'failed', 131042))
  app.setNow(after(330_000))
  await Promise.all(ids.map((id) => run(app, id)))
  const callsThen = provider.calls.length
  app.setNow(after(605_000))
  await Promise.all(ids.map((id) => run(app, id)))

  assert.deepEqual([callsThen, provider.calls.length], [2, 3])
})

for (const code of [131048, 131064, 471]) {
  test(`${code} (quality) pauses the campaign and the channel, logs an error and loses no message`, async (t) => {
    const app = await startApp(t, { now: NOON, expectErrors: PAUSED_LINE })
    const provider = withProvider(t, [app.deps], () => coded(code), BOTH)
    const eventId = await anEvent(app.db)
    for (let n = 0; n < 2; n++) await aGuest(app.db, eventId)
    const { campaignId, ids } = await aCampaign(app, eventId)

    await run(app, ids[0]!)
    await run(app, ids[1]!)

    const { status, reason } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
    assert.deepEqual([status, reason, provider.calls.length], ['paused', `whatsapp_${code}`, 1])
    assert.deepEqual(
      [(await rowOf(app.db, ids[0]!)).status, (await rowOf(app.db, ids[1]!)).status],
      ['queued', 'queued'],
    )
    assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && PAUSED_LINE.test(msg)).length, 1)
    const { rows } = await sql<{ isHeld: boolean }>`
      select until > ${NOON} as is_held from pauses where scope = 'channel' and scope_id = 'whatsapp'`.execute(app.db)
    assert.equal(rows[0]!.isHeld, true)
  })
}

// Refusals of one message.

for (const code of [1, 131052, 131053]) {
  test(`${code} is retried once and then falls back to e-mail; ten of them do not open the circuit`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const provider = withProvider(
      t,
      [app.deps],
      ({ channel }) => (channel === 'whatsapp' ? coded(code) : undefined),
      BOTH,
    )
    const eventId = await anEvent(app.db)
    const ids: string[] = []
    for (let n = 0; n < 10; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))

    const first = await Promise.all(ids.map((id) => run(app, id)))
    app.setNow(after(120_000))
    const second = await Promise.all(ids.map((id) => run(app, id)))

    assert.deepEqual([new Set(first), new Set(second)], [new Set(['queued']), new Set(['failed'])])
    assert.equal(provider.calls.length, 20)
    const { rows } = await sql`
      select failures, (select count(*) from pauses where scope = 'channel') as pauses
        from channel_limits where channel = 'whatsapp'`.execute(app.db)
    assert.deepEqual(rows, [{ failures: 0, pauses: 0 }])
    assert.equal((await fallbackOf(app.db, ids[0]!))?.status, 'queued')
  })
}

test('131053 as a status is retried once', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db), { email: null }))

  const statuses: string[] = []
  for (const ms of [0, 120_000, 900_000]) {
    app.setNow(after(ms))
    if ((await run(app, deliveryId)) === 'sent') await record(app, aStatus(provider.ids.at(-1)!, 'failed', 131053))
    statuses.push((await rowOf(app.db, deliveryId)).status)
  }

  assert.deepEqual([statuses, provider.calls.length], [['queued', 'failed', 'failed'], 2])
})

for (const status of ['delivered', 'read']) {
  test(`the fallback of a message that is ${status} after all is not sent`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const provider = withProvider(t, [app.deps], () => undefined, BOTH)
    const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
    await run(app, deliveryId)
    await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
    const fallback = (await fallbackOf(app.db, deliveryId))!

    await record(app, aStatus(provider.ids[0]!, status))
    const outcome = await run(app, fallback.id)

    assert.deepEqual([outcome, provider.channels()], ['original_delivered', ['whatsapp']])
    const { status: end, reason } = await rowOf(app.db, fallback.id)
    assert.deepEqual([end, reason], ['skipped', 'original_delivered'])
  })
}

test('a fallback that was sent before its original arrived stays sent', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131026))
  const fallback = (await fallbackOf(app.db, deliveryId))!

  const outcome = await run(app, fallback.id)
  await record(app, aStatus(provider.ids[0]!, 'delivered'))

  assert.deepEqual([outcome, (await rowOf(app.db, fallback.id)).status], ['sent', 'sent'])
  assert.equal((await rowOf(app.db, deliveryId)).status, 'delivered')
})

test('a late status completes the attempt it belongs to, not the one being sent', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [{ kind: 'unknown', reason: 'whatsapp_timeout' }]
  const provider = withProvider(t, [app.deps], () => outcomes.shift(), BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  app.setNow(after(700_000))
  await sweep(app)
  const { send } = app.deps.channels.whatsapp
  app.deps.channels.whatsapp.send = async (message) => {
    await record(app, aStatus('wamid.first', 'sent', null, deliveryId)) // of the first attempt, while the second is being sent
    return send(message)
  }

  await run(app, deliveryId)
  await record(app, aStatus(provider.ids[0]!, 'delivered', null, deliveryId))

  const { rows } = await sql`
    select n, outcome, provider_message_id from delivery_attempts where delivery_id = ${deliveryId} order by n`.execute(
    app.db,
  )
  assert.deepEqual(rows, [
    { n: 1, outcome: 'sent', providerMessageId: 'wamid.first' },
    { n: 2, outcome: 'sent', providerMessageId: provider.ids[0] },
  ])
})

// Unreachable numbers.

for (const code of [131026, 1013, 1026]) {
  test(`${code}: later messages start with e-mail until one is delivered by WhatsApp`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const provider = withProvider(t, [app.deps], () => undefined, BOTH)
    const guest = await aGuest(app.db, await anEvent(app.db))
    await run(app, await requested(app, guest))
    await record(app, aStatus(provider.ids[0]!, 'failed', code))

    const marked = await unreachableAs(app.db, guest.phone)
    await run(
      app,
      await requested(app, guest, { template: 'event_update', variables: { update_text: 'Cambió la hora.' } }),
    )
    await record(app, aStatus(provider.ids[0]!, 'delivered'))

    assert.deepEqual([marked, provider.channels()], [`whatsapp_${code}`, ['whatsapp', 'email']])
    assert.equal(await unreachableAs(app.db, guest.phone), undefined)
  })
}

for (const code of [130472, 130497, 131049, 131050, 137000]) {
  test(`${code} does not mark the number as unreachable`, async (t) => {
    const app = await startApp(t, { now: NOON })
    withProvider(t, [app.deps], ({ channel }) => (channel === 'whatsapp' ? coded(code) : undefined), BOTH)
    const guest = await aGuest(app.db, await anEvent(app.db))

    const outcome = await run(app, await requested(app, guest))

    assert.deepEqual([outcome, await unreachableAs(app.db, guest.phone)], ['failed', undefined])
  })
}

test('a delivered e-mail does not mark the number as reachable', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db))
  await sql`insert into wa_unreachable values (${guest.phone}, 'whatsapp_131026', ${NOON})`.execute(app.db)
  await run(app, await requested(app, guest))

  await record(app, aStatus(provider.ids[0]!, 'delivered'))

  assert.deepEqual([provider.channels(), await unreachableAs(app.db, guest.phone)], [['email'], 'whatsapp_131026'])
})

// Promotions.

const NEWS = { template: 'event_update', variables: { update_text: 'Cambió la hora.' } }
async function withStoppedPromotions(
  t: TestContext,
  app: TestApp,
  facts: GuestFacts = {},
  beforeStop: (guest: MadeGuest) => Promise<unknown> = async () => undefined,
) {
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), facts)
  const first = await requested(app, guest)
  await run(app, first)
  await beforeStop(guest)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131050))
  return { provider, guest, first }
}

test('131050: later invitations go by e-mail, and updates still by WhatsApp', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { provider, guest, first } = await withStoppedPromotions(t, app)
  const fallback = await fallbackOf(app.db, first)
  app.setNow(after(60_000))

  const thanks = await requested(app, guest, { force: true })
  await run(app, thanks)
  await run(app, await requested(app, guest, NEWS))

  assert.deepEqual(
    [fallback?.channelReason, provider.channels()],
    ['fallback_whatsapp_131050', ['whatsapp', 'email', 'whatsapp']],
  )
  const { channel, channelReason } = await rowOf(app.db, thanks)
  assert.deepEqual([channel, channelReason], ['email', 'marketing_stopped'])
})

for (const [what, facts, body] of [
  ['without an e-mail', { email: null }, {}],
  ['whose message must not fall back', {}, { channel: 'whatsapp', fallback: false }],
] as const) {
  test(`131050: an invitation to a guest ${what} is refused, and skipped if it was requested before`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const { provider, guest } = await withStoppedPromotions(t, app, facts, (to) =>
      requested(app, to, { ...body, force: true, scheduledAt: after(60_000) }),
    )
    const { rows } = await sql<{ id: string }>`
      select id from deliveries where guest_id = ${guest.guestId} and scheduled_at is not null`.execute(app.db)
    app.setNow(after(60_000))

    const refused = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, {
      ...{ as: 'organizer', body: { ...body, force: true } },
    })
    const outcome = await run(app, rows[0]!.id)

    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'marketing_stopped'])
    assert.deepEqual([outcome, provider.calls.length], ['marketing_stopped', 1])
    assert.deepEqual((await rowOf(app.db, rows[0]!.id)).status, 'skipped')
  })
}

test('131050: a delivered update does not lift the stop', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { provider, guest } = await withStoppedPromotions(t, app, { email: null })
  app.setNow(after(60_000))
  await run(app, await requested(app, guest, NEWS))
  await record(app, { ...aStatus(provider.ids[1]!, 'delivered'), occurredAt: new Date(after(60_000)) })

  const outcome = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, {
    ...{ as: 'organizer', body: { force: true } },
  })

  assert.equal(outcome.json().code, 'marketing_stopped')
})

test("131050 stops the number that the message was sent to, even if the guest's number has changed", async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  await run(app, await requested(app, guest))
  await sql`update guests set phone = '+525500112233' where id = ${guest.guestId}`.execute(app.db)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131050))
  app.setNow(after(60_000))

  const outcome = await run(app, await requested(app, guest, { force: true }))

  assert.equal(outcome, 'sent')
})

test('a preflight counts guests who stopped promotions and those who get an e-mail instead', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  const [withEmail, without] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId, { email: null })]
  await aGuest(app.db, eventId)
  for (const { phone } of [withEmail, without])
    await sql`insert into wa_marketing_stops (phone, stopped_at, source) values (${phone}, ${NOON}, 'preference')`.execute(
      app.db,
    )
  const preflight = async (body: object) =>
    (
      await app.post(`/events/${eventId}/campaigns`, {
        as: 'organizer',
        body: { template: 'event_invitation', channel: 'auto', filter: {}, dryRun: true, ...body },
      })
    ).json()

  const marketing = await preflight({})
  const utility = await preflight(NEWS)

  assert.deepEqual([marketing.counts.valid, marketing.counts.marketingStopped], [2, 1])
  assert.deepEqual(marketing.byChannel, { whatsapp: 1, email: 1 })
  assert.deepEqual(marketing.exclusions, [{ guestId: without.guestId, reason: 'marketing_stopped' }])
  assert.deepEqual([utility.counts.valid, utility.byChannel], [3, { whatsapp: 3, email: 0 }])
})

test('131049: a message to a guest without e-mail is retried once, a day later', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  const deliveryId = await requested(app, guest)
  await run(app, deliveryId)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131049))
  const waiting = await rowOf(app.db, deliveryId)

  app.setNow(after(86_400_000))
  const second = await run(app, deliveryId)
  await record(app, aStatus(provider.ids[1]!, 'failed', 131049))
  app.setNow(after(3 * 86_400_000))
  const third = await run(app, deliveryId)

  assert.deepEqual([waiting.status, waiting.nextAttemptAt?.toISOString()], ['queued', after(86_400_000)])
  assert.deepEqual([second, third, provider.calls.length], ['sent', 'nothing to do', 2])
  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['failed', 'whatsapp_131049'])
})

test('131049 is retried once even when the attempts are spent', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '1' } })
  withProvider(t, [app.deps], () => coded(131049), BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db), { email: null }))

  const first = await run(app, deliveryId)
  app.setNow(after(86_400_000))
  const second = await run(app, deliveryId)

  assert.deepEqual([first, second], ['queued', 'failed'])
})

test('131049: a guest with an address gets the e-mail and no promotion by WhatsApp for a day', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db))
  const elsewhere = await aGuest(app.db, await anEvent(app.db), { phone: guest.phone, email: null })
  const first = await requested(app, guest)
  await run(app, first)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131049))
  app.setNow(after(3_600_000))

  const fallback = await run(app, (await fallbackOf(app.db, first))!.id)
  const thanks = await requested(app, guest, { force: true })
  await run(app, thanks)
  const other = await requested(app, elsewhere)
  const putOff = await run(app, other)
  await run(app, await requested(app, guest, NEWS))
  const callsThen = provider.channels()
  app.setNow(after(86_400_000))
  const atLast = await run(app, other)

  assert.deepEqual([fallback, putOff, atLast], ['sent', 'marketing_withheld', 'sent'])
  assert.deepEqual(callsThen, ['whatsapp', 'email', 'email', 'whatsapp'])
  const { channel, channelReason } = await rowOf(app.db, thanks)
  assert.deepEqual([channel, channelReason], ['email', 'marketing_withheld'])
})

test('a gateway refusal without a code is an account refusal: answers to guests wait and an error is logged', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: PAUSED_LINE })
  await withFake(t, app, { kind: 'error', httpStatus: 400, shape: 'gateway' })
  const guest = await aGuest(app.db, await anEvent(app.db), { answer: 'yes' })
  const answer = { to: guest, template: 'rsvp_confirmed' as const, answersMessage: `wamid.${guest.guestId}` }
  await withTx(app.db, (tx) => answerGuest(tx, { ...answer, attemptsMax: 5, requestId: 'req', now: new Date(NOON) }))
  const { rows } = await sql<{ id: string }>`
    select id from deliveries where answers_message = ${answer.answersMessage}`.execute(app.db)

  const first = await run(app, rows[0]!.id)
  app.setNow(after(302_000))
  const second = await run(app, rows[0]!.id)

  assert.deepEqual([first, second], ['queued', 'sent'])
  assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && PAUSED_LINE.test(msg)).length, 1)
})

const lettersOf = async (db: Db, id: string): Promise<number> =>
  (await sql`select 1 from dead_letters where ref_id = ${id} and resolved_at is null`.execute(db)).rows.length

test('messages whose refusal paused a campaign are sent when it is resumed', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isMended = false
  const provider = withProvider(t, [app.deps], () =>
    isMended ? undefined : { kind: 'refused', verdict: 'stop_batch', reason: 'whatsapp_132001', httpStatus: 400 },
  )
  t.after(() => sql`delete from wa_templates`.execute(app.db).then(() => undefined))
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 2; n++) await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)

  await Promise.all(ids.map((id) => run(app, id)))
  const paused = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  isMended = true
  app.setNow('2029-06-01T18:01:00.000Z')
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })
  const outcomes = await Promise.all(ids.map((id) => run(app, id)))

  assert.deepEqual([paused.status, paused.reason, paused.progress.failed], ['paused', 'whatsapp_132001', 0])
  assert.deepEqual([outcomes, provider.calls.length], [['sent', 'sent'], 4])
})

test('a message whose values WhatsApp refuses pauses the campaign once and then fails alone', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 3; n++) await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  const provider = withProvider(
    t,
    [app.deps],
    ({ deliveryId, channel }) => (deliveryId === ids[0] && channel === 'whatsapp' ? coded(131009) : undefined),
    BOTH,
  )
  const runAll = async () => {
    const outcomes: unknown[] = []
    for (const id of ids) outcomes.push(await run(app, id))
    return outcomes
  }

  await runAll()
  const { status, reason, explanation } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  app.setNow('2029-06-01T18:01:00.000Z')
  await app.post(`/campaigns/${campaignId}/resume`, { as: 'organizer' })
  const outcomes = await runAll()

  assert.deepEqual([status, reason], ['paused', 'whatsapp_131009'])
  assert.match(explanation['es-MX'], /un solo invitado/)
  assert.deepEqual(outcomes, ['failed', 'sent', 'sent'])
  const campaign = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()
  assert.equal(campaign.status, 'running')
  assert.equal((await fallbackOf(app.db, ids[0]!))?.channel, 'email')
  assert.equal(provider.calls.length, 4)
})

test('a refusal that would hit a whole campaign fails a single message at once', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], () => ({
    kind: 'refused',
    verdict: 'stop_batch',
    reason: 'whatsapp_132000',
    httpStatus: 400,
  }))

  const outcome = await run(app, await requested(app, await aGuest(app.db, await anEvent(app.db))))

  assert.equal(outcome, 'failed')
})

test('there is no fallback while an earlier WhatsApp attempt may still arrive: the message needs review', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [
    { kind: 'unknown', reason: 'whatsapp_timeout' },
    { kind: 'refused', verdict: 'fall_back', reason: 'whatsapp_131049', httpStatus: 400 },
  ]
  withProvider(t, [app.deps], () => outcomes.shift())
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  app.setNow('2029-06-01T18:11:00.000Z')
  await sweep(app)

  const outcome = await run(app, deliveryId)

  const { rows } = await sql`select 1 from deliveries where fallback_of = ${deliveryId}`.execute(app.db)
  assert.deepEqual([outcome, rows.length, await lettersOf(app.db, deliveryId)], ['dead', 0, 1])
})
