/** The environment of the benchmarks: an embedded PostgreSQL with default durability, a Redis, and an event with guests. */
import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runMigrations } from 'bullmq'
import pg from 'pg'
import { loadConfig } from '../src/platform/config.ts'
import { MIGRATIONS_FOLDER, applyMigrations, sql } from '../src/platform/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { keyOf } from '../src/events/code-reading.ts'
import { startEmbedded } from '../src/platform/embedded/embedded.ts'
import { openLog } from '../src/platform/log.ts'

export type Machine = {
  databaseUrl: string
  redisUrl: string | undefined
  /** Only a Redis that we started. */
  stopRedis(): void
  stop(): Promise<void>
}

export async function startMachine(): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-bench-'))
  await chmod(folder, 0o755) // the account that runs PostgreSQL for root must be able to enter
  const database = await startEmbedded({ folder: join(folder, 'data'), log: () => {} })
  const redis = await startRedis(folder)
  return {
    databaseUrl: database.url,
    redisUrl: redis.url,
    stopRedis: redis.stop,
    async stop() {
      redis.stop()
      await database.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startRedis(folder: string): Promise<{ url: string | undefined; stop(): void }> {
  if (process.env['REDIS_URL']) return { url: process.env['REDIS_URL'], stop: () => {} }
  if (spawnSync('redis-server', ['--version']).status !== 0) return { url: undefined, stop: () => {} }
  const port = await findFreePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
  const child = spawn('redis-server', args, { stdio: 'ignore' })
  return { url: `redis://127.0.0.1:${port}`, stop: () => void child.kill() }
}

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const config = loadConfig({ APP_ENV: 'test', DATABASE_URL: url.toString(), LOG_LEVEL: 'error', LOG_FORMAT: 'json' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl: url.toString() })
  await applyMigrations(deps.db, MIGRATIONS_FOLDER)
  await deps.close()
  const queueClient = new pg.Client({ connectionString: url.toString() })
  await queueClient.connect()
  await runMigrations(queueClient)
  await queueClient.end()
  return url.toString()
}

/** The arguments of Node in `npm start` and `npm run start:worker`, so that every bench measures what users run. */
export async function readArgumentsOf(script: 'start' | 'start:worker'): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  return scripts[script]!.split(' ').slice(2) // after «exec node»
}

/** Inserts an active event with `count` guests whose phone numbers trigger no simulated failure. */
export async function seedGuests({ db }: Pick<Deps, 'db'>, eventId: string, count: number): Promise<void> {
  await sql`insert into organizers (id, name) values ('org_bench', 'Banco de pruebas') on conflict do nothing`.execute(
    db,
  )
  await sql`insert into events (id, organizer_id, name, starts_at, ends_at, doors_open_minutes)
    values (${eventId}, 'org_bench', 'Boda', '2035-01-01T18:00:00Z', '2035-01-02T02:00:00Z', 100000000)`.execute(db)
  await assignStaff({ db })
  await sql`insert into guests (event_id, id, name, phone, email)
    select ${eventId}, 'g' || n, 'Ana Prueba', '+52' || (5510000000 + 10 * n), 'g' || n || '@example.com'
      from generate_series(1, ${count}) n`.execute(db)
  await sql`insert into invitations (id, event_id, guest_id, code, places)
    select ${eventId} || 'i' || n, ${eventId}, 'g' || n, ${codePrefixOf(eventId)} || lpad(n::text, 8, '0'), 1
      from generate_series(1, ${count}) n`.execute(db)
}

/** Assigns the staff that there is to every event. */
export async function assignStaff({ db }: Pick<Deps, 'db'>): Promise<void> {
  await sql`
    insert into event_staff (event_id, user_id, added_by, added_at)
    select e.id, u.id, 'bench', now()
      from events e
      join users u on u.organizer_id = e.organizer_id and u.role = 'staff'
     where e.organizer_id = 'org_bench'
    on conflict do nothing`.execute(db)
}

/** The codes of an event are its letters, filled up, and eight digits: 26 characters of the real alphabet. */
export const codePrefixOf = (eventId: string): string => keyOf(eventId).replaceAll('U', 'V').padEnd(18, 'X')

/** Inserts an event and one queued WhatsApp delivery per guest. */
export async function seed({ db, now }: Deps, eventId: string, ids: string[]): Promise<void> {
  await seedGuests({ db }, eventId, ids.length)
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
      next_attempt_at, enqueued_at, request_id, requested_by, requested_at, updated_at)
    select id, 'org_bench', ${eventId}, 'g' || n, 'whatsapp', 'event_invitation', 'es-MX', 'queued', 5, ${now()}, ${now()},
      'bench', 'bench', ${now()}, ${now()} from unnest(${ids}::text[]) with ordinality t (id, n)`.execute(db)
  await sql`analyze`.execute(db)
}
