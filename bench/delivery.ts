/**
 * How fast deliveries are processed (claim, attempt row, simulated call, settle), as a ratio to a floor: a bare BullMQ
 * worker on the same backend that makes the same two single-row commits a job. Both at concurrency 64, in one run, in
 * turns, on an embedded PostgreSQL with its default durability.
 *
 *   npm run bench -- [--jobs 4000] [--rounds 3] [--backend redis|postgres] [--check]
 *
 * --check exits with 1 when the median ratio is below the target: 2.5 on Redis, 1.3 on PostgreSQL.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, chmod } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq'
import pg from 'pg'
import { loadConfig } from '../src/config.ts'
import { applyMigrations, newId, sql } from '../src/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { deliverInvitation, deliveryJobId } from '../src/delivery/jobs.ts'
import { startEmbedded } from '../src/embedded.ts'
import { openLog } from '../src/log.ts'
import { postgresConnection, type Job } from '../src/queue.ts'
import { startWorkers } from '../src/queue-workers.ts'
import { MIGRATIONS_FOLDER } from '../src/readiness.ts'

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

const folder = await mkdtemp(join(tmpdir(), 'monotickets-bench-'))
await chmod(folder, 0o755)
const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
let isBelow = false
try {
  const database = await startEmbedded({ folder: join(folder, 'data'), log: () => {} })
  stops.push(() => database.stop())
  const redisUrl = await startRedis()
  const backends = (flags.backend ? [flags.backend] : redisUrl ? ['redis', 'postgres'] : ['postgres']) as Backend[]
  for (const backend of backends) isBelow = (await compare(backend, database.url, redisUrl)) || isBelow
} finally {
  for (const stop of stops.toReversed()) await stop()
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

async function seed({ db, now }: Deps, eventId: string, ids: string[]): Promise<void> {
  await sql`insert into organizers (id, name) values ('org_bench', 'Banco de pruebas') on conflict do nothing`.execute(
    db,
  )
  await sql`insert into events (id, organizer_id, name, starts_at, ends_at)
    values (${eventId}, 'org_bench', 'Boda', '2035-01-01T18:00:00Z', '2035-01-02T02:00:00Z')`.execute(db)
  await sql`insert into guests (event_id, id, name, phone, email)
    select ${eventId}, 'g' || n, 'Ana Prueba', '+52' || (5510000000 + n), 'g' || n || '@example.com'
      from generate_series(1, ${ids.length}) n`.execute(db)
  await sql`insert into invitations (id, event_id, guest_id, code, places)
    select ${eventId} || 'i' || n, ${eventId}, 'g' || n, ${eventId} || '-CODE-' || n, 1 from generate_series(1, ${ids.length}) n`.execute(
    db,
  )
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
      next_attempt_at, enqueued_at, request_id, requested_by, requested_at, updated_at)
    select id, 'org_bench', ${eventId}, 'g' || n, 'whatsapp', 'event_invitation', 'es-MX', 'queued', 5, ${now()}, ${now()},
      'bench', 'bench', ${now()}, ${now()} from unnest(${ids}::text[]) with ordinality t (id, n)`.execute(db)
  await sql`analyze`.execute(db)
}

async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const config = loadConfig({ APP_ENV: 'test', DATABASE_URL: url.toString(), LOG_LEVEL: 'error' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl: url.toString() })
  await applyMigrations(deps.db, MIGRATIONS_FOLDER)
  await deps.close()
  const queueClient = new pg.Client({ connectionString: url.toString() })
  await queueClient.connect()
  await runMigrations(queueClient)
  await queueClient.end()
  return url.toString()
}

async function startRedis(): Promise<string | undefined> {
  if (process.env['REDIS_URL']) return process.env['REDIS_URL']
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
    stdio: 'ignore',
  })
  stops.push(async () => void child.kill())
  return `redis://127.0.0.1:${port}`
}
