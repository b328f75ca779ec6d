/**
 * The program is killed at the steps of an intent, a webhook and a refund, at least 50 times each: nothing is charged, booked
 * or given back twice, and nothing is lost.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import { listLedgerFaults } from '../src/ledger/checks.ts'
import { findBalance } from '../src/ledger/ledger.ts'
import { openDb, sql, withTx, type Db } from '../src/platform/db.ts'
import { signConekta, startFakeConekta } from './fakes/conekta.ts'
import { signStripe, startFakeStripe } from './fakes/stripe.ts'
import { openMigratedDatabase } from './harness.ts'
import { CUSTOMER } from './money.ts'
import { addressOf, call, readText, startProgram, until } from './program.ts'

const EACH = 50
const CENTS = 50_000

type Provider = 'stripe' | 'conekta'
type Scene = Awaited<ReturnType<typeof openScene>>

async function openScene(t: TestContext, provider: Provider) {
  const stripe = await startFakeStripe(t)
  const conekta = await startFakeConekta(t)
  const url = await openMigratedDatabase()
  const env = { DATABASE_URL: url, AUTH_MODE: 'demo', LOG_LEVEL: 'warn', ...stripe.env, ...conekta.env }
  const { db, close } = openDb(url, { max: 3, statementTimeoutMs: 20_000, onError: () => {} })
  t.after(close)
  return {
    ...{ provider, stripe, conekta, db, fake: provider === 'stripe' ? stripe : conekta },
    startServer: async () => {
      const server = startProgram(t, 'server.js', { ...env, LOG_LEVEL: 'info' })
      return { server, base: await addressOf(server) }
    },
    startWorker: () => startProgram(t, 'worker.js', env),
    created: () => (provider === 'stripe' ? stripe.intents() : conekta.created()),
  }
}

/** What a minute of waiting does: everything that is in doubt is due. */
const passTime = async (db: Db) => {
  await sql`update payments set next_check_at = now(), updated_at = now() - interval '2 minutes' where next_check_at is not null`.execute(
    db,
  )
  await sql`update payment_refunds set next_check_at = now() where next_check_at is not null`.execute(db)
  await sql`update inbound_events set next_attempt_at = now() - interval '1 minute', enqueued_at = null where next_attempt_at is not null`.execute(
    db,
  )
}
const countStatus = async (db: Db, status: string): Promise<number> =>
  (await sql<{ n: number }>`select count(*) as n from payments where status = ${status}`.execute(db)).rows[0]!.n

/** Posts 50 intents that never get an answer, and kills the server in the middle of their calls. */
async function killIntents(scene: Scene, kind: 'silence' | 'silence_before'): Promise<string[]> {
  const { fake, provider, db } = scene
  const { server, base } = await scene.startServer()
  await call(base, 'POST', '/organizers', { id: 'org_kill', name: 'Kill' })
  fake.next({ kind })
  const before = scene.created()
  const waiting = await countStatus(db, 'creating')
  const keys = Array.from({ length: EACH }, (_, n) => `${kind}-${n}`)
  for (const key of keys) void postIntent(base, provider, key).catch(() => undefined)
  await until(
    () => countStatus(db, 'creating'),
    (n) => n === waiting + EACH,
    20_000,
  )
  if (kind === 'silence')
    await until(
      async () => scene.created(),
      (n) => n === before + EACH,
      20_000,
    )
  else await sleep(500)
  server.kill('SIGKILL')
  await server.ended
  fake.next({ kind: 'ok' })
  return keys
}

const postIntent = (base: string, provider: string, key: string) =>
  call(
    base,
    'POST',
    '/payments/intent',
    { amountCents: CENTS, provider, organizerId: 'org_kill', customer: CUSTOMER },
    { 'idempotency-key': key },
  )

/** Kills the worker while it applies webhooks, at least 50 of them in all. */
async function killWebhooks({ db, startWorker }: Scene): Promise<void> {
  let hits = 0
  for (let kill = 0; hits < EACH && kill < 25; kill++) {
    await withTx(db, async (tx) => {
      await sql`lock table ledger_entries in exclusive mode`.execute(tx)
      await passTime(db)
      const worker = startWorker()
      const blocked = async () =>
        (
          await sql<{ n: number }>`
            select count(*) as n
              from pg_stat_activity
             where wait_event_type = 'Lock'
               and datname = current_database()
               and query not like '%for update skip locked%'`.execute(db)
        ).rows[0]!.n
      hits += await until(blocked, (n) => n > 0, 20_000).then(async () => {
        await sleep(300)
        return blocked()
      })
      worker.kill('SIGKILL')
      await worker.ended
    })
  }
  assert.ok(hits >= EACH, `${hits} webhooks were hit`)
}

async function postEvents(base: string, { stripe, conekta }: Scene): Promise<void> {
  const posts = [
    ...stripe
      .takeEvents()
      .map(({ body }) => ({ path: 'stripe', body, name: 'stripe-signature', sign: signStripe(body, new Date()) })),
    ...conekta.takeEvents().map(({ body }) => ({ path: 'conekta', body, name: 'digest', sign: signConekta(body) })),
  ]
  for (const { path, body, name, sign } of [...posts.toReversed(), ...posts]) {
    const headers = { 'content-type': 'application/json', [name]: sign }
    const reply = await fetch(`${base}/payments/webhook/${path}`, { method: 'POST', body, headers })
    assert.equal(reply.status, 200)
  }
}

/** Kills the program at every step, and counts in the end. */
export async function surviveKills(t: TestContext, provider: Provider): Promise<void> {
  const scene = await openScene(t, provider)
  const { db, fake } = scene

  // Intents: before the provider has done anything, and after.
  const keys = [...(await killIntents(scene, 'silence_before')), ...(await killIntents(scene, 'silence'))]
  const { server, base } = await scene.startServer()
  await passTime(db)
  const worker = scene.startWorker()
  await until(
    () => countStatus(db, 'creating'),
    (n) => n <= EACH,
    30_000,
  )
  await passTime(db)
  const refs = await Promise.all(
    keys.map(async (key) => {
      const reply = await until(
        () => postIntent(base, provider, key),
        ({ status }) => status === 201,
        60_000,
      )
      return readText(reply.body, 'providerRef')
    }),
  )
  worker.kill('SIGKILL')
  await worker.ended
  assert.equal(new Set(refs).size, 2 * EACH)
  assert.equal(scene.created(), 2 * EACH, 'every intent exists once at the provider')

  // Webhooks, twice and backwards.
  for (const ref of refs)
    if (provider === 'stripe') scene.stripe.pay(ref)
    else scene.conekta.payWithCard(ref)
  await postEvents(base, scene)
  await killWebhooks(scene)
  await passTime(db)
  const applying = scene.startWorker()
  await until(
    () => countStatus(db, 'confirmed'),
    (n) => n === 2 * EACH,
    60_000,
  )
  applying.kill('SIGKILL')
  await applying.ended
  const paid = await findBalance(db, 'org_kill', 'MXN')
  assert.equal(paid.paidCents, 2 * EACH * CENTS)

  // Refunds: before the provider has done anything, and after.
  const { rows: payments } = await sql<{ id: string }>`select id from payments order by id`.execute(db)
  fake.next({ kind: 'silence_before' })
  const refund = (id: string) =>
    void call(base, 'POST', `/payments/${id}/refunds`, { reason: 'x' }).catch(() => undefined)
  for (const { id } of payments.slice(0, EACH)) refund(id)
  await until(
    () => countRefunds(db, 'creating'),
    (n) => n === EACH,
    20_000,
  )
  await sleep(500)
  fake.next({ kind: 'silence' })
  for (const { id } of payments.slice(EACH)) refund(id)
  await until(
    () => countRefunds(db, 'creating'),
    (n) => n === 2 * EACH,
    20_000,
  )
  await sleep(1000)
  server.kill('SIGKILL')
  await server.ended
  fake.next({ kind: 'ok' })
  const again = await scene.startServer()
  await passTime(db)
  scene.startWorker()
  await until(
    () => countRefunds(db, 'requested'),
    (n) => n === 2 * EACH,
    60_000,
  )
  await postEvents(again.base, scene)
  await until(
    () => countStatus(db, 'refunded'),
    (n) => n === 2 * EACH,
    60_000,
  )
  await until(
    async () =>
      (await sql<{ n: number }>`select count(*) as n from inbound_events where status = 'received'`.execute(db))
        .rows[0]!.n,
    (n) => n === 0,
    60_000,
  )
  const after = await findBalance(db, 'org_kill', 'MXN')
  assert.deepEqual([after.paidCents, after.creditCents, after.openDebtCents], [0, 0, 0])
  const { rows: twice } = await sql`
    select payment_id from payment_facts group by payment_id having count(*) <> 2`.execute(db)
  assert.deepEqual(twice, [], 'one charge and one refund each')
  assert.deepEqual(await listLedgerFaults(db), [])
  const { rows: reviews } = await sql`select 1 from payment_reviews`.execute(db)
  assert.deepEqual(reviews, [])
}

const countRefunds = async (db: Db, status: string): Promise<number> =>
  (await sql<{ n: number }>`select count(*) as n from payment_refunds where status = ${status}`.execute(db)).rows[0]!.n
