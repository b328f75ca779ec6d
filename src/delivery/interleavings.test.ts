/**
 * Random interleavings on the real database: slow and dead workers, provider calls with and without an answer, statuses
 * early, late, twice or never, sweeps, pauses and replays, some of them concurrent.
 */
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import test from 'node:test'
import fc from 'fast-check'
import { openDb, sql, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { aCampaign, aStatus, NOON, record, requested, run, sweep } from '../../test/deliveries.ts'
import { BOTH, coded, forgetLimits, withProvider } from '../../test/provider.ts'
import type { Message, Outcome } from '../channels/channels.ts'

const ENV = { DELIVERY_MAX_ATTEMPTS: '3', DELIVERY_QUIET_HOURS: 'off', WA_PAIR_INTERVAL_SECONDS: '0' }
const { INTERLEAVINGS_SEED: seed = '4242', INTERLEAVINGS_CASES: cases } = process.env
/**
 * The seed fixes the steps; the timing of concurrent steps still differs between runs. Without INTERLEAVINGS_CASES a run
 * of fifteen cases ends early on a slow machine; with it every case runs.
 */
const RUNS = {
  numRuns: Number(cases ?? 15),
  seed: Number(seed),
  ...(cases === undefined ? { interruptAfterTimeLimit: 10_000, markInterruptAsFailure: false } : {}),
}

/** What happens to a call: whether the provider accepts the message and what the worker sees. A number is an error code. */
const FATES = [
  ...['taken', 'taken', 'taken, answered late', 'taken, answer lost', 'taken, worker died'],
  ...['refused late', 'not taken, answer lost', 'not taken, worker died'],
  ...[131000, 131026, 131047, 130429, 131048, 131053],
]
/** The statuses of an accepted message, in order. */
const TRUTHS = [
  ['sent', 'delivered', 'read'],
  ['sent', 'delivered'],
  ['sent', 131026],
  ['sent', 131000],
  ['sent', 131047],
]
const STEERS = ['pause campaign', 'resume campaign', 'pause event', 'resume event', 'pause channel', 'resume channel']

const aStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ run: fc.nat(9), fate: fc.constantFrom(...FATES), truth: fc.constantFrom(...TRUTHS) }),
  },
  { weight: 4, arbitrary: fc.record({ report: fc.nat(9), nth: fc.nat(2), isOurs: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ answer: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ waitSeconds: fc.constantFrom(1, 20, 61, 601, 3700) }) },
  { weight: 3, arbitrary: fc.constant({ sweep: true }) },
  { weight: 1, arbitrary: fc.record({ steer: fc.constantFrom(...STEERS) }) },
  { weight: 1, arbitrary: fc.constant({ replay: true }) },
)
type Step = typeof aStep extends fc.Arbitrary<infer S> ? S : never
type Truth = (typeof TRUTHS)[number]
type Call = { fate: (typeof FATES)[number]; truth: Truth; hang(answer?: () => void): void }
type Taken = { id: string; deliveryId: string; key: string | null; truth: Truth; reported: (string | number)[] }
type Row = {
  id: string
  status: string
  attempts: number
  nextAttemptAt: Date | null
  possibleDuplicate: boolean
  fallbackOf: string | null
}
const mayArrive = ({ reported }: Taken) => !reported.some((status) => typeof status === 'number')
const pick = <T>(list: T[], n: number): T | undefined => list[n % list.length]

/** A campaign of two guests, one without e-mail, and a single e-mail; the provider records what it accepted. */
async function openWorld(app: TestApp, elsewhere: Db, asked: { answer: (message: Message) => Promise<Outcome> }) {
  const { db } = app
  await sql`truncate deliveries, delivery_slots, dead_letters, wa_unreachable cascade`.execute(db)
  await sql`delete from pauses`.execute(db)
  await forgetLimits(app.deps)
  let nowMs = Date.parse(NOON)
  const wait = (seconds: number) => app.setNow(new Date((nowMs += seconds * 1000)).toISOString())
  wait(0)
  const eventId = await anEvent(db)
  for (const facts of [{}, { email: null }]) await aGuest(db, eventId, facts)
  const { campaignId } = await aCampaign(app, eventId)
  await requested(app, await aGuest(db, eventId), { channel: 'email' })

  const taken: Taken[] = []
  const attempts = new Set<string>()
  const late: { answer(): void; ran: Promise<unknown> }[] = []
  const faults: string[] = []
  const calls = new AsyncLocalStorage<Call>()
  const listRows = async () => (await sql<Row>`select * from deliveries order by id`.execute(db)).rows

  /** Checks a call from another connection, which sees only what is committed. */
  async function watch({ deliveryId, idempotencyKey, channel }: Message): Promise<void> {
    const { rows } = await sql<Row & { open: number }>`
      select d.*, (select count(*) from delivery_attempts a
                    where a.delivery_id = d.id and a.n = d.attempts and a.finished_at is null) as open
        from deliveries d where d.id = ${deliveryId}`.execute(elsewhere)
    const row = rows[0]!
    const call = `${deliveryId} attempt ${row.attempts}`
    if (row.status !== 'sending' || row.open !== 1)
      faults.push(`${call} is called while ${row.status}, with ${row.open} open attempts`)
    if (attempts.has(call)) faults.push(`${call} is called twice`)
    attempts.add(call)
    const others = taken.filter(mayArrive).filter(({ key }) => channel === 'whatsapp' || key !== idempotencyKey)
    if (others.some((one) => one.deliveryId === deliveryId) && !row.possibleDuplicate)
      faults.push(`${call} is a second message and no possible duplicate`)
    if (others.some((one) => one.deliveryId === row.fallbackOf))
      faults.push(`${call} is the fallback of a message that may still arrive`)
  }

  asked.answer = async (message) => {
    const { fate, truth, hang } = calls.getStore()!
    await watch(message)
    if (typeof fate === 'number') return coded(fate)
    const isTaken = fate.startsWith('taken')
    const key = message.channel === 'email' ? message.idempotencyKey : null
    const known = taken.find((one) => key !== null && one.key === key)
    const id = known?.id ?? `wamid.${message.deliveryId}_${taken.length}`
    if (isTaken && !known)
      taken.push({ id, deliveryId: message.deliveryId, key, truth: key ? TRUTHS[1]! : truth, reported: [] })
    const answer = isTaken ? ({ kind: 'sent', providerMessageId: id, httpStatus: 200 } as const) : coded(131000)
    if (fate.endsWith('lost')) return { kind: 'unknown', reason: `${message.channel}_timeout` }
    if (fate === 'taken') return answer
    return new Promise((resolve) => hang(fate.endsWith('late') ? () => resolve(answer) : undefined))
  }

  /** Resolves when the job is done or hangs in its call. */
  async function work(deliveryId: string, { fate, truth }: Pick<Call, 'fate' | 'truth'>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const hang = (answer?: () => void) => {
        if (answer) late.push({ answer, ran })
        resolve()
      }
      const ran = calls.run({ fate, truth, hang }, () => run(app, deliveryId))
      ran.then(() => resolve(), reject)
    })
  }

  async function report(message: Taken, nth: number, isOurs: boolean): Promise<void> {
    const said = pick(message.truth, nth)!
    message.reported.push(said)
    const [status, code] = typeof said === 'number' ? ['failed', said] : [said, null]
    await record(app, aStatus(message.id, status, code, isOurs ? message.deliveryId : null))
  }

  const reportAll = async () => {
    for (const message of taken) for (const nth of message.truth.keys()) await report(message, nth, true)
  }

  const post = (url: string, body?: object) => app.post(url, { as: 'director', ...(body ? { body } : {}) })
  const steer = (how: string) => {
    if (how === 'pause channel') return post('/ops/channels/whatsapp/pause', { reason: 'x' })
    if (how === 'resume channel') return post('/ops/channels/whatsapp/resume')
    const [verb, what] = how.split(' ')
    return post(what === 'event' ? `/events/${eventId}/deliveries/${verb}` : `/campaigns/${campaignId}/${verb}`)
  }
  const replay = () => post('/ops/dead-letters/retry', { filter: {} })

  async function take(step: Step): Promise<void> {
    if ('run' in step) await work(pick(await listRows(), step.run)!.id, step)
    else if ('report' in step) {
      const message = pick(taken, step.report)
      if (message) await report(message, step.nth, step.isOurs)
    } else if ('answer' in step) {
      const [call] = late.splice(step.answer % Math.max(1, late.length), 1)
      call?.answer()
      await call?.ran
    } else if ('waitSeconds' in step) wait(step.waitSeconds)
    else if ('sweep' in step) await sweep(app)
    else if ('steer' in step) assert.ok((await steer(step.steer)).statusCode < 500)
    else assert.equal((await replay()).statusCode, 200)
  }

  /** Checks at every moment: nothing is sent that the provider did not accept, or delivered without a status. */
  async function check(): Promise<void> {
    for (const { id, status } of await listRows()) {
      const own = taken.filter(({ deliveryId }) => deliveryId === id)
      const reported = own.flatMap((message) => message.reported)
      if (['sent', 'delivered', 'read'].includes(status) && own.length === 0)
        faults.push(`${id} is ${status}, but nothing was accepted`)
      if (['delivered', 'read'].includes(status) && !reported.includes(status))
        faults.push(`${id} is ${status} without such a status`)
    }
    assert.deepEqual(faults, [])
  }

  /**
   * Resumes everything, answers late calls, and after some more accidents lets every call succeed and sends all statuses.
   * Then every message must have ended as its statuses say.
   */
  async function settleAll(accidents: Pick<Call, 'fate' | 'truth'>[]): Promise<void> {
    const isMoving = ({ status, nextAttemptAt }: Row) =>
      ['queued', 'scheduled', 'sending'].includes(status) || (status === 'unknown' && nextAttemptAt !== null)
    for (let round = 0; (await listRows()).some(isMoving); round++) {
      assert.ok(round < 40, 'some messages never end')
      wait(1300)
      for (const how of ['resume channel', 'resume event', 'resume campaign']) await steer(how)
      if (round > 1) await take({ answer: round })
      await sweep(app)
      for (const { id } of (await listRows()).filter(isMoving))
        await work(id, accidents.shift() ?? { fate: 'taken', truth: TRUTHS[0]! })
      if (accidents.length === 0) await reportAll()
      await check()
    }
    await reportAll()
    await check()
    await sweep(app)
    const { rows: letters } = await sql<{ refId: string }>`select ref_id from dead_letters`.execute(db)
    const { rows: heard } = await sql<{ deliveryId: string; status: string }>`
      select delivery_id, status from delivery_events where delivery_id is not null`.execute(db)
    for (const { id, status, possibleDuplicate } of await listRows()) {
      const said = new Set(heard.filter(({ deliveryId }) => deliveryId === id).map((event) => event.status))
      const arrived = said.has('read') ? 'read' : said.has('delivered') ? 'delivered' : null
      if (arrived && status !== arrived) faults.push(`${id} is ${status} and should be ${arrived}`)
      if (status === 'sent') faults.push(`${id} is sent and should be failed`) // every status has been sent by now
      const own = taken.filter(({ deliveryId }) => deliveryId === id)
      if (own.filter(mayArrive).length > 1 && !possibleDuplicate)
        faults.push(`${id} arrived twice and is no possible duplicate`)
      if (['dead', 'unknown'].includes(status) && !letters.some(({ refId }) => refId === id))
        faults.push(`${id} is ${status} and has no dead letter`)
    }
    assert.deepEqual(faults, [])
  }
  return { take, check, settleAll }
}

test('no interleaving sends an unmarked second message, loses a message, or invents a status', async (t) => {
  const app = await startApp(t, { now: NOON, env: ENV, expectErrors: /refuses our account/ })
  const elsewhere = openDb(app.deps.databaseUrl, { max: 4, statementTimeoutMs: 5000, onError: () => {} })
  t.after(() => elsewhere.close())
  const asked: { answer: (message: Message) => Promise<Outcome> } = { answer: async () => coded(131000) }
  withProvider(t, [app.deps], (message) => asked.answer(message), BOTH)

  const accidents = fc.array(fc.record({ fate: fc.constantFrom(...FATES), truth: fc.constantFrom(...TRUTHS) }), {
    maxLength: 15,
  })
  const together = fc.array(fc.array(aStep, { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(together, accidents, async (steps, more) => {
      const world = await openWorld(app, elsewhere.db, asked)
      for (const group of steps) {
        await Promise.all(group.filter((step) => !('waitSeconds' in step)).map((step) => world.take(step)))
        for (const step of group) if ('waitSeconds' in step) await world.take(step) // alone, because leases expire within minutes
        await world.check()
      }
      await world.settleAll([...more])
    }),
    RUNS,
  )
})
