/**
 * How fast deliveries are processed (claim, attempt row, simulated call, settle), as a ratio to a floor: a bare BullMQ
 * worker on the same backend that makes the same two single-row commits a job. Both at concurrency 64, in one run, in
 * turns, on an embedded PostgreSQL with its default durability.
 *
 *   npm run bench -- [--jobs 4000] [--rounds 3] [--backend redis|postgres] [--check]
 *
 * --check exits with 1 when the median ratio is below the target: 2.5 on Redis, 1.3 on PostgreSQL.
 */
import { parseArgs } from 'node:util'
import { createPostgresBackend, Queue, Worker } from 'bullmq'
import pg from 'pg'
import { loadConfig } from '../src/config.ts'
import { newId, sql } from '../src/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { deliverInvitation, deliveryJobId } from '../src/delivery/jobs.ts'
import { openLog } from '../src/log.ts'
import { postgresConnection, type Job } from '../src/queue.ts'
import { startWorkers } from '../src/queue-workers.ts'
import { createDatabase, seed, startMachine } from './machine.ts'

const CONCURRENCY = 64
const TARGETS = { redis: 2.5, postgres: 1.3 }
type Backend = keyof typeof TARGETS

const { values: flags } = parseArgs({
  options: {
    jobs: { type: 'string', default: '4000' },
    rounds: { type: 'string', default: '3' },
    backend: { type: 'string' },
    check: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  process.stdout.write('npm run bench -- [--jobs 4000] [--rounds 3] [--backend redis|postgres] [--check]\n')
  process.exit(0)
}
const jobs = Number(flags.jobs)
const rounds = Number(flags.rounds)

const machine = await startMachine()
let isBelow = false
try {
  const { databaseUrl, redisUrl } = machine
  const backends = (flags.backend ? [flags.backend] : redisUrl ? ['redis', 'postgres'] : ['postgres']) as Backend[]
  for (const backend of backends) isBelow = (await compare(backend, databaseUrl, redisUrl)) || isBelow
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
    ...(backend === 'redis' ? { REDIS_URL: redisUrl! } : {}),
  })
  const deps = openDeps(config, openLog(config.log), { databaseUrl })
  await deps.queues.ready(30_000)
  const ratios: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const floor = await measureFloor(backend, databaseUrl, redisUrl, round)
    const ours = await measureOurs(deps, round)
    ratios.push(ours / floor)
    process.stdout.write(
      `${backend} round ${round}: floor ${Math.round(floor)} jobs/s, deliveries ${Math.round(ours)} jobs/s, ratio ${(ours / floor).toFixed(2)}\n`,
    )
  }
  await deps.close()
  const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]!
  process.stdout.write(`${backend}: median ratio ${median.toFixed(2)} (target ${TARGETS[backend]})\n`)
  return median < TARGETS[backend]
}

/** Two commits of one row each, as plain as they come: nothing recorded, nothing decided. */
async function measureFloor(
  backend: Backend,
  databaseUrl: string,
  redisUrl: string | undefined,
  round: number,
): Promise<number> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  await pool.query('create table if not exists floor (id integer primary key, state integer not null)')
  await pool.query('truncate floor')
  await pool.query('insert into floor select n, 0 from generate_series(1, $1) n', [jobs])
  const name = `floor${round}`
  const opts = { removeOnComplete: true, removeOnFail: true }
  const items = Array.from({ length: jobs }, (_, n) => ({ name: 'floor', data: { id: n + 1 }, opts }))
  const queue =
    backend === 'redis'
      ? new Queue(name, { connection: { url: redisUrl! } })
      : new Queue(name, { connection: postgresConnection(databaseUrl, 2) }, createPostgresBackend)
  for (let from = 0; from < jobs; from += 1000) await queue.addBulk(items.slice(from, from + 1000))

  let done = 0
  let finish: () => void
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const work = async (job: { data: { id: number } }) => {
    await pool.query({
      name: 'claim',
      text: 'update floor set state = 1 where id = $1 and state = 0',
      values: [job.data.id],
    })
    await pool.query({
      name: 'settle',
      text: 'update floor set state = 2 where id = $1 and state = 1',
      values: [job.data.id],
    })
    if (++done === jobs) finish()
  }
  const options = { concurrency: CONCURRENCY, lockDuration: 60_000 }
  const startedMs = performance.now()
  const worker =
    backend === 'redis'
      ? new Worker(name, work, { ...options, connection: { url: redisUrl!, maxRetriesPerRequest: null } })
      : new Worker(name, work, { ...options, connection: postgresConnection(databaseUrl, 3) }, createPostgresBackend)
  worker.on('error', () => {})
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
    await deps.queues.nudgeMany(deliverInvitation, items.slice(from, from + 1000))
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
