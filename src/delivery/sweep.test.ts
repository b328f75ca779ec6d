/** Attempts of unknown outcome: the worker died, or its answer was lost. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openDb, sql, withTx, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { aCampaign, sweep } from '../../test/deliveries.ts'
import { withProvider } from '../../test/provider.ts'
import type { Outcome } from '../channels/channels.ts'
import { recordStatus } from './delivery.ts'
import { deliverInvitation } from './jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const after = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000).toISOString()

async function requested(app: TestApp, body: object = {}): Promise<string> {
  const { eventId, guestId } = await aGuest(app.db, await anEvent(app.db))
  const reply = await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body })
  assert.equal(reply.statusCode, 202)
  return reply.json().deliveryId
}

type Row = { status: string; reason: string | null; attempts: number; possibleDuplicate: boolean }
const rowOf = async (db: Db, id: string): Promise<Row> =>
  (await sql<Row>`select status, reason, attempts, possible_duplicate from deliveries where id = ${id}`.execute(db))
    .rows[0]!
const attemptsOf = async (db: Db, id: string) =>
  (
    await sql<{
      outcome: string | null
    }>`select outcome from delivery_attempts where delivery_id = ${id} order by n`.execute(db)
  ).rows.map(({ outcome }) => outcome)

const run = (app: TestApp, deliveryId: string) => app.runJob(deliverInvitation, { deliveryId })
const sweepAt = async (app: TestApp, seconds: number) => {
  app.setNow(after(seconds))
  await sweep(app)
}
const record = (app: TestApp, deliveryId: string, status: string, reason: string | null = null) =>
  receiveStatus(app, deliveryId, { status, reason, ourId: deliveryId })
type Received = { status: string; reason: string | null; ourId: string | null; providerMessageId?: string }
const receiveStatus = ({ db, deps }: TestApp, deliveryId: string, received: Received) =>
  withTx(db, (tx) =>
    recordStatus(
      tx,
      deps.config,
      {
        ...{ providerMessageId: `wamid.told_${deliveryId}`, occurredAt: deps.now(), pricing: null, simulated: false },
        ...received,
      },
      deps.now(),
    ),
  )

/** Provider calls that end when the test says so, or never, as if the worker had died. */
function withOpenCalls(t: TestContext, app: TestApp, answersFrom = Infinity) {
  const answers: ((outcome: Outcome) => void)[] = []
  let isTaken = () => {}
  const { calls } = withProvider(t, [app.deps], (_, position) => {
    isTaken()
    return position >= answersFrom ? undefined : new Promise<Outcome>((resolve) => answers.push(resolve))
  })
  /** Resolves when the provider has the message; `done` when the job has ended. */
  const begin = async (deliveryId: string): Promise<{ done: Promise<unknown> }> => {
    const taken = new Promise<void>((resolve) => (isTaken = resolve))
    const done = run(app, deliveryId)
    await taken
    return { done }
  }
  return { calls, begin, answer: (position: number, outcome: Outcome) => answers[position - 1]!(outcome) }
}

test('an unknown WhatsApp message is retried once and then needs review', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { calls } = withProvider(t, [app.deps], () => ({ kind: 'unknown', reason: 'whatsapp_timeout' }))
  const deliveryId = await requested(app)

  const outcomes = [await run(app, deliveryId)]
  await sweepAt(app, 601)
  const { possibleDuplicate } = await rowOf(app.db, deliveryId)
  outcomes.push(await run(app, deliveryId))
  for (const seconds of [1202, 5000, 100_000]) await sweepAt(app, seconds)
  outcomes.push(await run(app, deliveryId))

  assert.deepEqual([outcomes, calls.length], [['unknown', 'unknown', 'nothing to do'], 2])
  const { status, reason, attempts } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason, attempts, possibleDuplicate], ['unknown', 'needs_review', 2, true])
  const { data } = (await app.get('/ops/dead-letters?reason=needs_review', { as: 'director' })).json()
  const letters = data.filter(({ refId }: { refId: string }) => refId === deliveryId)
  assert.deepEqual(
    letters.map((letter: { kind: string; attempts: number }) => [letter.kind, letter.attempts]),
    [['delivery', 2]],
  )
})

test('the attempt and its lease are committed before the provider is called', async (t) => {
  const app = await startApp(t, { now: NOW })
  const elsewhere = openDb(app.deps.databaseUrl, { max: 1, statementTimeoutMs: 5000, onError: () => {} })
  t.after(() => elsewhere.close())
  let seen: unknown[] = []
  withProvider(t, [app.deps], async ({ deliveryId }) => {
    const { rows } = await sql`
      select d.status, a.n, a.finished_at, a.outcome, d.lease_token is not null and d.lease_until > ${NOW} as is_leased
        from deliveries d join delivery_attempts a on a.delivery_id = d.id where d.id = ${deliveryId}`.execute(
      elsewhere.db,
    )
    seen = rows
    return { kind: 'sent', providerMessageId: `wamid.seen_${deliveryId}`, httpStatus: 200 }
  })

  await run(app, await requested(app))

  assert.deepEqual(seen, [{ status: 'sending', n: 1, finishedAt: null, outcome: null, isLeased: true }])
})

for (const [when, seconds] of [
  ['before its lease expires', 1],
  ['while its outcome is unknown', 120],
  ['in the last second of the wait', 700],
] as const) {
  test(`after a worker died on the provider's 200, a status ${when} resolves the outcome and nothing is sent twice`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const { calls, begin } = withOpenCalls(t, app)
    const deliveryId = await requested(app)

    await begin(deliveryId)
    await sweepAt(app, seconds)
    await record(app, deliveryId, 'delivered')
    const received = await rowOf(app.db, deliveryId)
    await sweepAt(app, 100_000)
    const again = await run(app, deliveryId)

    assert.deepEqual([received.status, again, calls.length], ['delivered', 'nothing to do', 1])
    const { status, attempts, possibleDuplicate } = await rowOf(app.db, deliveryId)
    assert.deepEqual([status, attempts, possibleDuplicate], ['delivered', 1, false])
    assert.deepEqual(await attemptsOf(app.db, deliveryId), ['sent'])
  })
}

test("after a worker died on the provider's 200 without a status, the retry is a possible duplicate", async (t) => {
  const app = await startApp(t, { now: NOW })
  const { calls, begin } = withOpenCalls(t, app, 2)
  const deliveryId = await requested(app)

  await begin(deliveryId)
  await sweepAt(app, 120)
  const unknown = await rowOf(app.db, deliveryId)
  const early = await run(app, deliveryId)
  await sweepAt(app, 721)
  const late = await run(app, deliveryId)

  assert.deepEqual([unknown.status, unknown.reason], ['unknown', 'lease_expired'])
  assert.deepEqual([early, late, calls.length], ['nothing to do', 'sent', 2])
  assert.equal((await rowOf(app.db, deliveryId)).possibleDuplicate, true)
  assert.deepEqual(await attemptsOf(app.db, deliveryId), ['unknown', 'sent'])
})

test('the sweep ends an expired lease although a parked refusal and a late «sent» came after it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { calls, begin } = withOpenCalls(t, app, 2)
  const deliveryId = await requested(app)

  await begin(deliveryId)
  await record(app, deliveryId, 'failed', 'whatsapp_131000') // parked, because it would cause a retry while the call is running
  await record(app, deliveryId, 'sent')
  const received = await rowOf(app.db, deliveryId)
  const open = await attemptsOf(app.db, deliveryId)
  await sweepAt(app, 120)
  await sweepAt(app, 3600)
  const again = await run(app, deliveryId)

  assert.deepEqual([received.status, open], ['sending', [null]])
  assert.deepEqual([again, calls.length], ['sent', 2])
})

test('the sweep ends the attempt of a dead worker although a status has moved the delivery on', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { calls, begin } = withOpenCalls(t, app)
  const deliveryId = await requested(app)

  await begin(deliveryId)
  await sweepAt(app, 120)
  await sweepAt(app, 721)
  await begin(deliveryId)
  await record(app, deliveryId, 'delivered') // the first message arrives after all
  const received = await attemptsOf(app.db, deliveryId)
  await sweepAt(app, 1000)

  assert.deepEqual([received, calls.length], [['sent', null], 2])
  assert.deepEqual(await attemptsOf(app.db, deliveryId), ['sent', 'unknown'])
  assert.equal((await rowOf(app.db, deliveryId)).status, 'delivered')
})

test('the sweep ends the attempt of a dead worker although the delivery is dead', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { calls, begin } = withOpenCalls(t, app)
  const deliveryId = await requested(app)

  await begin(deliveryId)
  await sweepAt(app, 120)
  await sweepAt(app, 721)
  await begin(deliveryId)
  await record(app, deliveryId, 'failed', 'whatsapp_131026') // the first message: the row is dead
  const { rows } = await sql<{ id: string }>`select id from dead_letters where ref_id = ${deliveryId}`.execute(app.db)
  const replayed = await app.post(`/ops/dead-letters/${rows[0]!.id}/retry`, { as: 'director', body: {} })
  await sql`update guests set phone = null where id = (select guest_id from deliveries where id = ${deliveryId})`.execute(
    app.db,
  )
  const skipped = await run(app, deliveryId)
  await sweepAt(app, 5000)

  assert.deepEqual([replayed.statusCode, skipped, calls.length], [200, 'no_address_for_channel', 2])
  assert.deepEqual(await attemptsOf(app.db, deliveryId), ['sent', 'unknown'])
})

for (const [second, outcome, status, calls] of [
  ['is accepted', { kind: 'sent', providerMessageId: 'wamid.second', httpStatus: 200 }, 'sent', 2],
  ['is refused', { kind: 'refused', httpStatus: 503, verdict: 'retry', reason: 'http_503' }, 'sent', 3],
] as const) {
  test(`the first message fails while the second is being sent and ${second}: ${calls} calls`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const provider = withOpenCalls(t, app, 3)
    const deliveryId = await requested(app)

    await provider.begin(deliveryId)
    await sweepAt(app, 120)
    await sweepAt(app, 721)
    const { done } = await provider.begin(deliveryId)
    await record(app, deliveryId, 'sent')
    await record(app, deliveryId, 'failed', 'whatsapp_131000') // of the first message; it would cause a retry
    app.setNow(after(750))
    const early = await run(app, deliveryId)
    provider.answer(2, outcome)
    await done
    await sweepAt(app, 3600)
    await run(app, deliveryId)

    assert.equal(early, 'nothing to do')
    assert.deepEqual([(await rowOf(app.db, deliveryId)).status, provider.calls.length], [status, calls])
  })
}

test('a status with our id also joins older statuses without it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { begin } = withOpenCalls(t, app)
  const deliveryId = await requested(app)

  await begin(deliveryId)
  const parked = await receiveStatus(app, deliveryId, { status: 'delivered', reason: null, ourId: null })
  await sweepAt(app, 120)
  app.setNow(after(3700))
  await record(app, deliveryId, 'sent')

  assert.equal(parked, 'parked')
  assert.equal((await rowOf(app.db, deliveryId)).status, 'delivered')
})

test('a delivery whose first and second message both fail does not stay sent', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { begin } = withOpenCalls(t, app)
  const deliveryId = await requested(app)
  const second = (status: string, reason: string | null = null) =>
    receiveStatus(app, deliveryId, {
      status,
      reason,
      ourId: deliveryId,
      providerMessageId: `wamid.second_${deliveryId}`,
    })

  await begin(deliveryId)
  await sweepAt(app, 120)
  await sweepAt(app, 721)
  await begin(deliveryId)
  await record(app, deliveryId, 'sent')
  await record(app, deliveryId, 'failed', 'whatsapp_131026')
  const states = [(await rowOf(app.db, deliveryId)).status]
  for (const [status, reason] of [
    ['sent', null],
    ['failed', 'whatsapp_131026'],
  ] as const) {
    await second(status, reason)
    states.push((await rowOf(app.db, deliveryId)).status)
  }

  assert.deepEqual(states, ['dead', 'sent', 'dead'])
})

test('a campaign whose only open message needs review is done', async (t) => {
  const app = await startApp(t, { now: NOW, env: { DELIVERY_UNKNOWN_POLICY: 'review' } })
  withProvider(t, [app.deps], () => ({ kind: 'unknown', reason: 'whatsapp_timeout' }))
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  await run(app, ids[0]!)
  app.setNow('2029-06-01T18:11:00.000Z')
  await sweep(app)

  const { progress, isDone } = (await app.get(`/campaigns/${campaignId}`, { as: 'organizer' })).json()

  assert.deepEqual([progress.failed, progress.queued, isDone], [1, 0, true])
})
