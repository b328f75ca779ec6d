import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, type MadeGuest } from '../../test/make.ts'
import type { Message, Outcome } from '../channels/channels.ts'
import { deliverInvitation } from './jobs.ts'
import { aStatus, fallbackOf, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { withProvider } from '../../test/provider.ts'

const sendPath = ({ eventId, guestId }: MadeGuest) => `/events/${eventId}/guests/${guestId}/send`

let sends = 0
const accepted = (): Outcome => ({
  kind: 'sent',
  providerMessageId: `wamid.s${++sends}_${Math.random()}`,
  httpStatus: 200,
})
const refused = (
  verdict: Extract<Outcome, { kind: 'refused' }>['verdict'],
  reason: string,
  afterMs?: number,
): Outcome => ({
  ...{ kind: 'refused', verdict, reason, httpStatus: 400, ...(afterMs ? { afterMs } : {}) },
})
test('429 with Retry-After: 7 pauses the channel for seven seconds and costs no attempt', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes = [refused('wait_all', 'whatsapp_130429', 7000)]
  withProvider(t, [app.deps], async () => outcomes.shift() ?? accepted())
  const eventId = await anEvent(app.db)
  const [first, second] = [
    await requested(app, await aGuest(app.db, eventId)),
    await requested(app, await aGuest(app.db, eventId)),
  ]

  await app.runJob(deliverInvitation, { deliveryId: first })
  const paused = await app.runJob(deliverInvitation, { deliveryId: second })
  const waiting = [await rowOf(app.db, first), await rowOf(app.db, second)]
  app.setNow('2029-06-01T18:00:06.999Z')
  const early = await app.runJob(deliverInvitation, { deliveryId: first })
  app.setNow('2029-06-01T18:00:09.000Z')
  const late = [
    await app.runJob(deliverInvitation, { deliveryId: first }),
    await app.runJob(deliverInvitation, { deliveryId: second }),
  ]

  assert.deepEqual([paused, early, late], ['channel_paused', 'nothing to do', ['sent', 'sent']])
  assert.deepEqual(
    waiting.map(({ attempts, attemptsMax }) => attemptsMax - attempts),
    [5, 5],
  )
  assert.ok(waiting[0]!.nextAttemptAt!.getTime() - new Date(NOON).getTime() >= 7000)
})

test('131026 inserts one fallback at once, and later messages start with e-mail', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], async () => refused('fall_back', 'whatsapp_131026'))
  const guest = await aGuest(app.db, await anEvent(app.db))
  const deliveryId = await requested(app, guest, { channel: 'auto' })

  await app.runJob(deliverInvitation, { deliveryId })
  const fallback = (await fallbackOf(app.db, deliveryId))!
  const outcome = await app.runJob(deliverInvitation, { deliveryId: fallback.id })
  const again = await app.post(sendPath(guest), { as: 'organizer', body: { channel: 'auto' } })
  const reminder = await app.post(sendPath(guest), {
    as: 'organizer',
    body: { channel: 'auto', template: 'event_reminder' },
  })

  const original = await rowOf(app.db, deliveryId)
  assert.deepEqual([original.status, original.reason], ['failed', 'whatsapp_131026'])
  assert.deepEqual(
    [fallback.channel, fallback.channelReason, fallback.nextAttemptAt?.toISOString(), outcome],
    ['email', 'fallback_whatsapp_131026', NOON, 'sent'],
  )
  assert.deepEqual([again.json().status, again.json().duplicateOf], ['duplicate', fallback.id])
  assert.equal(reminder.json().channel, 'email')
  assert.equal((await rowOf(app.db, reminder.json().deliveryId)).channelReason, 'auto_whatsapp_unreachable')
})

test('131026 as a status inserts one fallback, and the release enqueues it', async (t) => {
  const app = await startApp(t, { now: NOON })
  const id = `wamid.later_${Math.random()}`
  withProvider(t, [app.deps], async () => ({ kind: 'sent', providerMessageId: id, httpStatus: 200 }))
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await app.runJob(deliverInvitation, { deliveryId })

  const results = [await record(app, aStatus(id, 'failed', 131026)), await record(app, aStatus(id, 'failed', 131026))]
  const before = (await fallbackOf(app.db, deliveryId))!
  await sweep(app)

  assert.deepEqual(results, ['applied', 'duplicate'])
  assert.deepEqual([before.channel, before.enqueuedAt], ['email', null])
  assert.equal((await fallbackOf(app.db, deliveryId))!.enqueuedAt?.toISOString(), NOON)
})

for (const [what, body, email] of [
  ['if the request forbids it', { fallback: false }, undefined],
  ['if the guest has no e-mail', {}, null],
] as const) {
  test(`there is no fallback ${what}`, async (t) => {
    const app = await startApp(t, { now: NOON })
    withProvider(t, [app.deps], async () => refused('fall_back', 'whatsapp_131026'))
    const guest = await aGuest(app.db, await anEvent(app.db), email === undefined ? {} : { email })
    const deliveryId = await requested(app, guest, body)

    await app.runJob(deliverInvitation, { deliveryId })

    assert.equal((await rowOf(app.db, deliveryId)).status, 'failed')
    assert.equal(await fallbackOf(app.db, deliveryId), undefined)
  })
}

test('131047 after a free-form message sends the template once', async (t) => {
  const app = await startApp(t, { now: NOON })
  const sent: { id: string; message: Message }[] = []
  withProvider(t, [app.deps], async (message) => {
    const outcome = accepted()
    if (outcome.kind === 'sent') sent.push({ id: outcome.providerMessageId, message })
    return outcome
  })
  const guest = await aGuest(app.db, await anEvent(app.db))
  await sql`insert into wa_windows values (${guest.phone}, ${NOON}, ${NOON})`.execute(app.db)
  const deliveryId = await requested(app, guest)
  await app.runJob(deliverInvitation, { deliveryId })

  await record(app, aStatus(sent[0]!.id, 'failed', 131047))
  app.setNow('2029-06-01T18:00:07.000Z')
  await app.runJob(deliverInvitation, { deliveryId })
  await record(app, aStatus(sent[1]!.id, 'failed', 131047))

  const kinds = sent.map(({ message }) => (message.channel === 'whatsapp' ? message.content.kind : 'email'))
  assert.deepEqual([kinds.length, kinds[0] === 'template', kinds[1]], [2, false, 'template'])
  const row = await rowOf(app.db, deliveryId)
  assert.deepEqual([row.status, row.messageReason], ['failed', 'refused_131047'])
})

test('131056 delays this recipient only, and costs no attempt', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes = [refused('wait_recipient', 'whatsapp_131056')]
  withProvider(t, [app.deps], async () => outcomes.shift() ?? accepted())
  const eventId = await anEvent(app.db)
  const slow = await requested(app, await aGuest(app.db, eventId))
  const other = await requested(app, await aGuest(app.db, eventId))

  const delayed = await app.runJob(deliverInvitation, { deliveryId: slow })
  const unharmed = await app.runJob(deliverInvitation, { deliveryId: other })

  assert.deepEqual([delayed, unharmed], ['queued', 'sent'])
  const { attempts, attemptsMax, nextAttemptAt } = await rowOf(app.db, slow)
  assert.equal(attemptsMax - attempts, 5)
  assert.equal(nextAttemptAt!.getTime() - new Date(NOON).getTime(), 4000)
})

test('two messages for one phone at the same moment are sent six seconds apart', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], async () => accepted())
  const phone = '+525511110001'
  const guests = [
    await aGuest(app.db, await anEvent(app.db), { phone }),
    await aGuest(app.db, await anEvent(app.db), { phone }),
  ]
  const ids = [await requested(app, guests[0]!), await requested(app, guests[1]!)]

  const outcomes = await Promise.all(ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })))
  app.setNow('2029-06-01T18:00:06.000Z')
  const later = await Promise.all(ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })))

  assert.deepEqual([...outcomes].sort(), ['recipient_rate', 'sent'])
  assert.deepEqual([...later].sort(), ['nothing to do', 'sent'])
})

test('messages beyond the rate limit stay due and are sent when there are tokens', async (t) => {
  const app = await startApp(t, { now: NOON, env: { WA_MESSAGES_PER_SECOND: '10' } })
  withProvider(t, [app.deps], async () => accepted())
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 4; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))
  const runAll = () => Promise.all(ids.map((deliveryId) => app.runJob(deliverInvitation, { deliveryId })))

  const first = await runAll()
  app.setNow('2029-06-01T18:00:01.100Z')
  const second = await runAll()

  assert.deepEqual(first.toSorted(), ['rate_limit', 'rate_limit', 'sent', 'sent'])
  assert.equal(second.filter((outcome) => outcome === 'sent').length, 2)
})

test('ten failures in a row open the circuit: no attempt is spent, and then one probe is sent', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isUp = false
  let calls = 0
  let endProbe = () => {}
  const probeMayEnd = new Promise<void>((resolve) => (endProbe = resolve))
  withProvider(t, [app.deps], async () => {
    calls++
    if (!isUp) return refused('retry', 'whatsapp_unreachable')
    if (calls === 11) await probeMayEnd
    return accepted()
  })
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let n = 0; n < 13; n++) ids.push(await requested(app, await aGuest(app.db, eventId)))
  const run = (deliveryId: string) => app.runJob(deliverInvitation, { deliveryId })

  for (const id of ids.slice(0, 10)) await run(id)
  const whilePaused = [await run(ids[10]!), await run(ids[11]!)]
  const callsWhilePaused = calls
  isUp = true
  app.setNow('2029-06-01T18:00:20.000Z')
  const two = [run(ids[10]!), run(ids[11]!)] // either may become the probe
  const duringProbe = await Promise.race(two)
  endProbe()
  const outcomes = await Promise.all(two)
  const after = await run(ids[12]!)

  assert.deepEqual([whilePaused, callsWhilePaused], [['channel_paused', 'channel_paused'], 10])
  assert.deepEqual([duringProbe, outcomes.toSorted(), after], ['channel_paused', ['channel_paused', 'sent'], 'sent'])
  const waiting = ids[10 + outcomes.indexOf('channel_paused')]!
  assert.equal((await rowOf(app.db, waiting)).attempts, 0)
  assert.ok(app.lines.some(({ level, msg }) => level === 'warn' && /the circuit breaker is open/.test(msg)))
})

test('a refusal of the account or configuration pauses the channel and logs an error', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: /refuses our account/ })
  withProvider(t, [app.deps], async () => refused('alarm', 'whatsapp_190'))
  const eventId = await anEvent(app.db)
  const [first, second] = [
    await requested(app, await aGuest(app.db, eventId)),
    await requested(app, await aGuest(app.db, eventId)),
  ]

  await app.runJob(deliverInvitation, { deliveryId: first })
  const whilePaused = await app.runJob(deliverInvitation, { deliveryId: second })

  const { status, attempts, attemptsMax } = await rowOf(app.db, first)
  assert.deepEqual([status, attemptsMax - attempts, whilePaused], ['queued', 5, 'channel_paused'])
  assert.ok(app.lines.some(({ level, msg }) => level === 'error' && /refuses our account/.test(msg)))
})

test("a scheduled message due in the quiet hours waits until they end in the event's zone", async (t) => {
  const app = await startApp(t, { now: '2029-06-01T18:00:00.000Z' })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const deliveryId = await requested(app, guest, { scheduledAt: '2029-06-02T05:30:00Z' }) // 23:30 in Mexico City

  app.setNow('2029-06-02T05:30:00.000Z')
  const night = await app.runJob(deliverInvitation, { deliveryId })
  const { nextAttemptAt, waitingFor } = await rowOf(app.db, deliveryId)
  app.setNow('2029-06-02T15:00:00.000Z')
  const morning = await app.runJob(deliverInvitation, { deliveryId })

  assert.deepEqual(
    [night, waitingFor, nextAttemptAt?.toISOString(), morning],
    ['quiet_hours', 'quiet_hours', '2029-06-02T15:00:00.000Z', 'sent'],
  )
})

test('the claim uses the facts of its moment: a stopped address, an unreachable number', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  const [stopped, useless] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  const [byEmail, byPhone] = [await requested(app, stopped, { channel: 'email' }), await requested(app, useless)]
  await sql`insert into email_stops values (${`${stopped.guestId}@example.com`}, '*', 'bounced', ${NOON})`.execute(
    app.db,
  )
  await sql`insert into wa_unreachable values (${useless.phone}, 'whatsapp_131026', ${NOON})`.execute(app.db)

  const outcomes = [
    await app.runJob(deliverInvitation, { deliveryId: byEmail }),
    await app.runJob(deliverInvitation, { deliveryId: byPhone }),
  ]
  const refusal = await app.post(sendPath(stopped), {
    as: 'organizer',
    body: { channel: 'email', template: 'event_thanks' },
  })

  const row = await rowOf(app.db, byPhone)
  assert.deepEqual(outcomes, ['email_stopped', 'sent'])
  assert.deepEqual([row.channel, row.channelReason], ['email', 'whatsapp_unreachable'])
  assert.deepEqual([refusal.statusCode, refusal.json().code], [409, 'email_stopped'])
})

test('the window is checked when the job runs: open at 23:59:59, closed at 24:00:00', async (t) => {
  const app = await startApp(t, { now: '2029-06-01T17:59:59.000Z' })
  const kinds: string[] = []
  withProvider(t, [app.deps], async (message) => {
    kinds.push(message.channel === 'whatsapp' ? message.content.kind : 'email')
    return accepted()
  })
  const eventId = await anEvent(app.db)
  const guests = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  for (const { phone } of guests)
    await sql`insert into wa_windows values (${phone}, '2029-05-31T18:00:00Z', '2029-05-31T18:00:00Z')`.execute(app.db)
  const ids = [await requested(app, guests[0]!), await requested(app, guests[1]!)]

  await app.runJob(deliverInvitation, { deliveryId: ids[0]! })
  app.setNow('2029-06-01T18:00:00.000Z')
  await app.runJob(deliverInvitation, { deliveryId: ids[1]! })

  assert.deepEqual([kinds[0] === 'template', kinds[1]], [false, 'template'])
  const reasons = [await rowOf(app.db, ids[0]!), await rowOf(app.db, ids[1]!)].map((row) => row.messageReason)
  assert.deepEqual(reasons, ['window_open', 'window_closed'])
})

test('a repeated Idempotency-Key returns the first delivery even if its answer was never stored, also with force', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const call = { as: 'organizer' as const, body: { force: true }, headers: { 'idempotency-key': 'crash-and-retry' } }
  const first = await app.post(sendPath(guest), call)
  await sql`delete from idempotency_keys where key = 'crash-and-retry'`.execute(app.db) // the answer was never stored

  const second = await app.post(sendPath(guest), call)

  assert.deepEqual([first.statusCode, second.statusCode], [202, 202])
  assert.equal(second.json().deliveryId, first.json().deliveryId)
})

test('the same message scheduled twice for the same time is a duplicate, however far apart the requests are', async (t) => {
  const app = await startApp(t, { now: NOON })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const body = { scheduledAt: '2029-07-01T18:00:00Z', template: 'event_reminder' }
  await requested(app, guest, body)

  app.setNow('2029-06-08T18:00:00.000Z')
  const again = await app.post(sendPath(guest), { as: 'organizer', body })

  assert.deepEqual([again.statusCode, again.json().status], [200, 'duplicate'])
})

test('an e-mail of unknown outcome is retried under its idempotency key, and needs review once the key has expired', async (t) => {
  const app = await startApp(t, { now: NOON })
  const outcomes: Outcome[] = [{ kind: 'unknown', reason: 'email_timeout' }]
  withProvider(t, [app.deps], async () => outcomes.shift() ?? accepted(), ['email'])
  const eventId = await anEvent(app.db)
  const young = await requested(app, await aGuest(app.db, eventId), { channel: 'email' })
  await app.runJob(deliverInvitation, { deliveryId: young })
  outcomes.push({ kind: 'unknown', reason: 'email_timeout' })
  const old = await requested(app, await aGuest(app.db, eventId), { channel: 'email' })
  await app.runJob(deliverInvitation, { deliveryId: old })
  await sql`update deliveries set first_attempt_at = '2029-05-31T18:00:00Z' where id = ${old}`.execute(app.db)

  app.setNow('2029-06-01T18:10:01.000Z')
  await sweep(app)

  const [again, paused] = [await rowOf(app.db, young), await rowOf(app.db, old)]
  assert.deepEqual([again.status, again.possibleDuplicate], ['queued', false])
  assert.deepEqual([paused.status, paused.reason, paused.nextAttemptAt], ['unknown', 'needs_review', null])
})

test('seven guests who share an e-mail address get seven e-mails', async (t) => {
  const app = await startApp(t, { now: NOON })
  const seen: string[] = []
  withProvider(
    t,
    [app.deps],
    async ({ deliveryId }) => {
      seen.push(deliveryId)
      return accepted()
    },
    ['email'],
  )
  const eventId = await anEvent(app.db)
  const ids = []
  for (let n = 0; n < 7; n++)
    ids.push(
      await requested(app, await aGuest(app.db, eventId, { phone: null, email: 'familia@example.com' }), {
        channel: 'auto',
      }),
    )

  for (const [n, deliveryId] of ids.entries()) {
    app.setNow(new Date(new Date(NOON).getTime() + n * 1000).toISOString())
    await app.runJob(deliverInvitation, { deliveryId })
  }

  assert.deepEqual(seen, ids)
})

test('a message that cannot be composed because of a fault of ours is skipped and is no possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: /could not be composed/ })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await sql`update deliveries set variables = '{"guest_name": 5}' where id = ${deliveryId}`.execute(app.db)

  const outcome = await run(app, deliveryId)

  const { status, reason, possibleDuplicate } = await rowOf(app.db, deliveryId)
  assert.deepEqual([outcome, provider.calls.length], ['skipped', 0])
  assert.deepEqual([status, reason, possibleDuplicate], ['skipped', 'not_composed', false])
})
