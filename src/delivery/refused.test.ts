/** What a refusal leaves behind: for the message, its guest, its campaign and its channel. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { startFakeWhatsApp, WHATSAPP_KEY, type WhatsAppScript } from '../../test/fakes/whatsapp.ts'
import { listProductTemplates } from '../../test/fakes/templates.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, type GuestFacts } from '../../test/make.ts'
import type { Outcome } from '../channels/channels.ts'
import { answerGuest } from '../rsvp/answers.ts'
import { classifyEmail } from '../channels/refusals.ts'
import { openWhatsApp } from '../channels/whatsapp.ts'
import { aCampaign, aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, forgetLimits, withProvider } from '../../test/provider.ts'

const REST_LINE = /the channel is paused/
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

// A gateway between us and WhatsApp.

for (const httpStatus of [500, 502, 503, 504, 521]) {
  test(`a message that WhatsApp took before its gateway answered ${httpStatus} is not sent again: a status tells`, async (t) => {
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

test('500 with a code of WhatsApp is a transient fault: the message goes again by itself', async (t) => {
  const app = await startApp(t, { now: NOON })
  const fake = await withFake(t, app, { kind: 'error', httpStatus: 500, code: 131000 })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const first = await run(app, deliveryId)
  app.setNow(after(60_000))
  const second = await run(app, deliveryId)

  assert.deepEqual([first, second, fake.calls.length], ['queued', 'sent', 2])
  assert.equal((await rowOf(app.db, deliveryId)).possibleDuplicate, false)
})

test('a mail that another text went before under its key has probably left: unknown, and then for a person', async (t) => {
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

  const letters =
    await sql`select 1 from dead_letters where ref_id = ${deliveryId} and code = 'needs_review'`.execute(app.db)
  assert.deepEqual([outcome, failures, provider.calls.length, letters.rows.length], ['unknown', 0, 1, 1])
  assert.equal((await rowOf(app.db, deliveryId)).status, 'unknown')
})

// The account.

test('after an account refusal one message goes first; it is refused too, so the others wait once more', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: REST_LINE, env: { WA_MESSAGES_PER_SECOND: '200' } })
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

test('a message that is accepted and then refused for the account holds the others for another five minutes', async (t) => {
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
  test(`${code} (quality) pauses the campaign, lets the channel rest and calls an operator; nothing is lost`, async (t) => {
    const app = await startApp(t, { now: NOON, expectErrors: REST_LINE })
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
    assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && REST_LINE.test(msg)).length, 1)
    const { rows } = await sql<{ isHeld: boolean }>`
      select until > ${NOON} as is_held from pauses where scope = 'channel' and scope_id = 'whatsapp'`.execute(app.db)
    assert.equal(rows[0]!.isHeld, true)
  })
}

// One message.

for (const code of [1, 131052, 131053]) {
  test(`${code} goes once more, then an e-mail takes its place, and ten of them do not open the breaker`, async (t) => {
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

test('131053 that comes as a status goes once more and no third time', async (t) => {
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
  test(`the e-mail in the place of a message that is ${status} after all is not sent`, async (t) => {
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

test('an e-mail that left before the message it stands for arrived stays sent', async (t) => {
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

test('late evidence is credited to the attempt it belongs to, not to the one on its way', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [{ kind: 'unknown', reason: 'whatsapp_timeout' }]
  const provider = withProvider(t, [app.deps], () => outcomes.shift(), BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  app.setNow(after(700_000))
  await sweep(app)
  const { send } = app.deps.channels.whatsapp
  app.deps.channels.whatsapp.send = async (message) => {
    await record(app, aStatus('wamid.first', 'sent', null, deliveryId)) // of the first, while the second is on its way
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

// Numbers that WhatsApp does not reach.

for (const code of [131026, 1013, 1026]) {
  test(`${code}: later messages begin with e-mail until one arrives by WhatsApp`, async (t) => {
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
  test(`${code} says nothing about whether WhatsApp reaches the number`, async (t) => {
    const app = await startApp(t, { now: NOON })
    withProvider(t, [app.deps], ({ channel }) => (channel === 'whatsapp' ? coded(code) : undefined), BOTH)
    const guest = await aGuest(app.db, await anEvent(app.db))

    const outcome = await run(app, await requested(app, guest))

    assert.deepEqual([outcome, await unreachableAs(app.db, guest.phone)], ['failed', undefined])
  })
}

test('an e-mail that arrives does not prove that WhatsApp reaches the number', async (t) => {
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
async function whoStopped(t: TestContext, app: TestApp, facts: GuestFacts = {}) {
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), facts)
  const first = await requested(app, guest)
  await run(app, first)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131050))
  return { provider, guest, first }
}

test('131050: invitations go by e-mail from then on, and news still by WhatsApp', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { provider, guest, first } = await whoStopped(t, app)
  const fallback = await fallbackOf(app.db, first)
  app.setNow(after(60_000))

  const thanks = await requested(app, guest, { template: 'event_thanks' })
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
  test(`131050: an invitation to a guest ${what} is skipped and says why`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const { provider, guest } = await whoStopped(t, app, facts)
    app.setNow(after(60_000))

    const thanks = await requested(app, guest, { template: 'event_thanks', ...body })
    const outcome = await run(app, thanks)

    assert.deepEqual([outcome, provider.calls.length], ['marketing_stopped', 1])
    assert.deepEqual((await rowOf(app.db, thanks)).status, 'skipped')
  })
}

test('131050: news that arrive do not lift it', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { provider, guest } = await whoStopped(t, app, { email: null })
  app.setNow(after(60_000))
  await run(app, await requested(app, guest, NEWS))
  await record(app, { ...aStatus(provider.ids[1]!, 'delivered'), occurredAt: new Date(after(60_000)) })

  const outcome = await run(app, await requested(app, guest, { template: 'event_thanks' }))

  assert.equal(outcome, 'marketing_stopped')
})

test('131050 counts for the number that the message went to, also when it was corrected meanwhile', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db), { email: null })
  await run(app, await requested(app, guest))
  await sql`update guests set phone = '+525500112233' where id = ${guest.guestId}`.execute(app.db)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131050))
  app.setNow(after(60_000))

  const outcome = await run(app, await requested(app, guest, { template: 'event_thanks' }))

  assert.equal(outcome, 'sent')
})

test('a preflight counts who stopped promotions, and who gets them by e-mail instead', async (t) => {
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

test('131049: a guest without e-mail gets one later try, a day later, and no third', async (t) => {
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

test('131049 with attempts spent still gives the one later try', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '1' } })
  withProvider(t, [app.deps], () => coded(131049), BOTH)
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db), { email: null }))

  const first = await run(app, deliveryId)
  app.setNow(after(86_400_000))
  const second = await run(app, deliveryId)

  assert.deepEqual([first, second], ['queued', 'failed'])
})

test('131049: a guest with e-mail gets it there, and nothing promotional by WhatsApp within a day', async (t) => {
  const app = await startApp(t, { now: NOON })
  const provider = withProvider(t, [app.deps], () => undefined, BOTH)
  const guest = await aGuest(app.db, await anEvent(app.db))
  const elsewhere = await aGuest(app.db, await anEvent(app.db), { phone: guest.phone, email: null })
  const first = await requested(app, guest)
  await run(app, first)
  await record(app, aStatus(provider.ids[0]!, 'failed', 131049))
  app.setNow(after(3_600_000))

  const fallback = await run(app, (await fallbackOf(app.db, first))!.id)
  const thanks = await requested(app, guest, { template: 'event_thanks' })
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

test("a gateway's refusal without a code is about the account: the answer to a guest waits, and somebody is told", async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: REST_LINE })
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
  assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && REST_LINE.test(msg)).length, 1)
})
