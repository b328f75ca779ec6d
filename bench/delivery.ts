/**
 * Measures how fast deliveries are processed (claim, attempt row, simulated call, settlement), as a ratio to a floor: a bare
 * BullMQ worker on the same backend that makes the same two commits per delivery and does nothing else. Bare means that
 * BullMQ and pg are used as their documentation shows. Both run at concurrency 64, in turns, on an embedded PostgreSQL with
 * its default durability.
 *
 * Two harder opponents run too: one that updates only the delivery's row and writes no attempt, and one whose statements
 * are prepared once per connection, as ours are.
 *
 * The first round is a warm-up and does not count.
 *
 *   npm run bench -- [--jobs 8000] [--rounds 3] [--backend redis|postgres] [--check]
 *
 * PostgreSQL gets half of the jobs, because its queue is slower. --check exits with 1 when the median ratio is below the target:
 * 2.5 on Redis, 1.3 on PostgreSQL.
 */
import { randomUUID } from 'node:crypto'
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import pg from 'pg'
import { readArguments } from '../src/commands/usage.ts'
import { loadConfig } from '../src/platform/config.ts'
import { newId, sql } from '../src/platform/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { deliverInvitation, deliveryJobId } from '../src/delivery/jobs.ts'
import { openLog } from '../src/platform/log.ts'
import { postgresConnection, type Job } from '../src/platform/queue.ts'
import { startWorkers } from '../src/platform/queue-workers.ts'
import { createDatabase, seed, startMachine } from './machine.ts'

const CONCURRENCY = 64
const TARGETS = { redis: 2.5, postgres: 1.3 }
type Backend = keyof typeof TARGETS

const CLAIM = `update deliveries set status = 'sending', attempts = attempts + 1, lease_token = $2, lease_until = $4,
    first_attempt_at = coalesce(first_attempt_at, $3), updated_at = $3
  where id = $1 and status = 'queued' and next_attempt_at <= $3`
const SETTLE = `update deliveries set status = 'sent', next_attempt_at = null, sent_at = $3, provider_message_id = $4,
    simulated = true, session_message = false, message_reason = 'window_closed', sent_to = '+525510000000',
    lease_token = null, lease_until = null, updated_at = $3
  where id = $1 and lease_token = $2 and status = 'sending'`
type Texts = { claim: string; settle: string }
const ROW_ALONE: Texts = { claim: CLAIM, settle: SETTLE }
const WITH_ATTEMPT: Texts = {
  claim: `with claimed as (${CLAIM} returning id, attempts)
    insert into delivery_attempts (delivery_id, n, started_at) select id, attempts, $3 from claimed`,
  settle: `with settled as (${SETTLE} returning id, attempts)
    update delivery_attempts a set finished_at = $3, outcome = 'sent', http_status = 200, provider_message_id = $4
      from settled where a.delivery_id = settled.id and a.n = settled.attempts`,
}
type Opponent = { name: string; texts: Texts; isPrepared: boolean }
const FLOOR: Opponent = { name: 'floor', texts: WITH_ATTEMPT, isPrepared: false }
const HARDER: Opponent[] = [
  { name: 'row alone', texts: ROW_ALONE, isPrepared: false },
  { name: 'prepared', texts: WITH_ATTEMPT, isPrepared: true },
]

const { flags } = readArguments({
  command: 'npm run bench',
  does: 'Measures how fast deliveries are processed, as a ratio to a bare BullMQ worker that makes the same commits. Takes some minutes.',
  flags: {
    jobs: { kind: 'whole', default: '8000', description: 'Deliveries per round. PostgreSQL gets half of them.' },
    rounds: { kind: 'whole', default: '3', description: 'Rounds that count.' },
    backend: {
      kind: 'text',
      choices: ['redis', 'postgres'],
      description: 'Queue backend. Default: both, as far as they are available.',
    },
    check: { kind: 'switch', description: 'Exits with code 1 when a median ratio is below its target.' },
  },
  variables: ['REDIS_URL'],
})
let jobs = Number(flags.jobs)
const rounds = Number(flags.rounds)

const machine = await startMachine()
let isBelow = false
try {
  const { databaseUrl, redisUrl } = machine
  const backends = (flags.backend ? [flags.backend] : redisUrl ? ['redis', 'postgres'] : ['postgres']) as Backend[]
  for (const backend of backends) {
    if (backend === 'postgres') jobs = Math.ceil(Number(flags.jobs) / 2)
    isBelow = (await compare(backend, databaseUrl, redisUrl)) || isBelow
  }
} finally {
  await machine.stop()
}
process.exit(flags.check && isBelow ? 1 : 0)

async function compare(backend: Backend, serverUrl: string, redisUrl: string | undefined): Promise<boolean> {
  const databaseUrl = await createDatabase(serverUrl, `bench_${backend}`)
  const config = loadConfig({
    APP_ENV: 'test',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'only-for-the-bench-only-for-the-bench-0000',
    WORKER_CONCURRENCY: String(CONCURRENCY),
    SIMULATOR: 'false',
    LOG_LEVEL: 'error',
    LOG_FORMAT: 'json',
    ...(backend === 'redis' ? { REDIS_URL: redisUrl! } : {}),
  })
  const deps = openDeps(config, openLog(config.log), { databaseUrl })
  await deps.queues.ready(30_000)
  const place = { backend, databaseUrl, redisUrl }
  const opponents = [FLOOR, ...HARDER]
  const ratios = new Map(opponents.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round <= rounds; round++) {
    const rates: number[] = []
    for (const opponent of opponents) rates.push(await measureBare(deps, place, opponent, round))
    const ours = await measureOurs(deps, round)
    if (round === 0) continue
    opponents.forEach(({ name }, n) => ratios.get(name)!.push(ours / rates[n]!))
    const others = opponents.map(
      ({ name }, n) => `${name} ${Math.round(rates[n]!)} (${(ours / rates[n]!).toFixed(2)} x)`,
    )
    process.stdout.write(`${backend} round ${round}: deliveries ${Math.round(ours)} a second; ${others.join(', ')}\n`)
  }
  await deps.close()
  const [toFloor, ...toHarder] = opponents.map(({ name }) => median(ratios.get(name)!))
  const harder = HARDER.map(({ name }, n) => `${name} ${toHarder[n]!.toFixed(2)}`).join(', ')
  process.stdout.write(
    `${backend}: median ratio to the floor ${toFloor!.toFixed(2)} (target ${TARGETS[backend]}); ${harder}\n`,
  )
  return toFloor! < TARGETS[backend]
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}

type Place = { backend: Backend; databaseUrl: string; redisUrl: string | undefined }

/** Jobs per second of a worker that only makes the two commits. */
async function measureBare(deps: Deps, place: Place, { name: kind, texts, isPrepared }: Opponent, round: number) {
  const { backend, databaseUrl, redisUrl } = place
  const name = `${kind.replace(' ', '_')}_${round}`
  const ids = Array.from({ length: jobs }, () => newId('dl'))
  await seed(deps, `ev_${name}`, ids)
  const lease = randomUUID()
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  const opts = { removeOnComplete: true, removeOnFail: true }
  const items = ids.map((id) => ({ name, data: { id }, opts }))
  const queue =
    backend === 'redis'
      ? new Queue(name, { connection: { url: redisUrl! } })
      : new Queue(name, { connection: postgresConnection(databaseUrl, 2) }, createPostgresBackend)
  for (let from = 0; from < jobs; from += 1000) await queue.addBulk(items.slice(from, from + 1000))

  let done = 0
  let finish: () => void
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const commit = async (step: keyof Texts, values: unknown[]) => {
    const text = texts[step]
    const { rowCount } = await (isPrepared ? pool.query({ name: step, text, values }) : pool.query(text, values))
    if (rowCount !== 1) throw new Error(`${step} changed ${rowCount} rows`)
  }
  const process = async ({ data: { id } }: { data: { id: string } }) => {
    const now = deps.now()
    await commit('claim', [id, lease, now, new Date(now.getTime() + 60_000)])
    await commit('settle', [id, lease, deps.now(), `wamid.${id}`])
    if (++done === jobs) finish()
  }
  const options = { concurrency: CONCURRENCY, lockDuration: 60_000 }
  const startedMs = performance.now()
  const worker =
    backend === 'redis'
      ? new Worker(name, process, { ...options, connection: { url: redisUrl!, maxRetriesPerRequest: null } })
      : new Worker(
          name,
          process,
          { ...options, connection: { connectionString: databaseUrl, max: 8 } },
          createPostgresBackend,
        )
  worker.on('error', () => {})
  worker.on('failed', (_, error) => {
    throw error
  })
  await finished
  const seconds = (performance.now() - startedMs) / 1000
  await worker.close()
  await queue.close()
  await pool.end()
  return jobs / seconds
}

async function measureOurs(deps: Deps, round: number): Promise<number> {
  const eventId = `ev_bench_${round}`
  const ids = Array.from({ length: jobs }, () => newId('dl'))
  await seed(deps, eventId, ids)
  const items = ids.map((id) => ({ data: { deliveryId: id }, id: deliveryJobId(id, 0) }))
  for (let from = 0; from < jobs; from += 1000)
    await deps.queues.enqueueMany(deliverInvitation, items.slice(from, from + 1000))
  let done = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const counted: Job = {
    ...(deliverInvitation as unknown as Job),
    async run(...args) {
      const outcome = await (deliverInvitation as unknown as Job).run(...args)
      if (++done === jobs) finish()
      return outcome
    },
  }
  const startedMs = performance.now()
  const workers = await startWorkers(deps, [counted], async () => {})
  await finished
  const seconds = (performance.now() - startedMs) / 1000
  await workers.close()
  const { rows } = await sql<{ attempts: number }>`select count(*) as attempts from delivery_attempts a
    join deliveries d on d.id = a.delivery_id where d.event_id = ${eventId} and a.outcome = 'sent'`.execute(deps.db)
  if (rows[0]!.attempts !== jobs) throw new Error(`${rows[0]!.attempts} attempts are recorded, not ${jobs}`)
  return jobs / seconds
}
