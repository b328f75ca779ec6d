/** Is the system able to do its work? /ready shows it, and the queue_metrics line of the worker measures it. */
import { listPendingMigrations, MIGRATIONS_FOLDER, pingDb, sql, type Db } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import { QUEUE_NAMES } from '../platform/queue.ts'

export type Check = { ok: boolean; detail?: string }
export type Checks = Record<string, Check>

/** What a person or a provider has stopped is meant to wait: it is said here, and is no reason to take traffic away. */
async function describeChannels(db: Db, now: Date): Promise<Check> {
  const { rows } = await sql<{ channel: string; isByHand: boolean; until: Date | null }>`
    select l.channel, h.channel is not null as is_by_hand, case when h.channel is not null then h.until else l.held_until end as until
      from channel_limits l left join channel_holds h on h.channel = l.channel and (h.until is null or h.until > ${now})
     where h.channel is not null or l.held_until > ${now} order by l.channel`.execute(db)
  if (rows.length === 0) return { ok: true }
  const said = rows.map(({ channel, isByHand, until }) => {
    const end = until ? `until ${until.toISOString()}` : 'until it is released'
    return `${channel} ${isByHand ? 'is held by an operator' : 'rests'} ${end}`
  })
  return { ok: true, detail: `${said.join('; ')}: GET /ops/channels says why` }
}

/** A due row older than this means that nobody works: workers are missing or stuck. */
const LAG_LIMIT_SECONDS = 60

export async function checkReadiness(deps: Deps): Promise<Checks> {
  const { db, kv, config } = deps
  const database = await check(() => pingDb(db))
  const checks: Checks = { database }
  if (config.redis.url) checks['redis'] = await check(() => kv.ping())
  checks['migrations'] = database.ok
    ? await check(async () => {
        const pending = await listPendingMigrations(db, MIGRATIONS_FOLDER)
        if (pending.length > 0)
          throw new Error(`${pending.length} pending (${pending.join(', ')}): run npm run migrate`)
      })
    : { ok: false, detail: 'the database does not answer' }
  checks['queues'] = await check(async () => {
    const idle = []
    for (const name of QUEUE_NAMES) if ((await deps.queues.countWorkers(name)) === 0) idle.push(name)
    if (idle.length > 0) throw new Error(`no worker consumes ${idle.join(', ')}: npm run start:worker`)
  })
  checks['lag'] = !checks['migrations'].ok
    ? { ok: false, detail: 'unknown while the database is not ready' }
    : await check(async () => {
        const late = (await listLag(db, deps.now())).filter(({ oldestSeconds }) => oldestSeconds > LAG_LIMIT_SECONDS)
        if (late.length > 0)
          throw new Error(late.map((row) => `${row.tableName}: oldest due row waits ${row.oldestSeconds} s`).join('; '))
      })
  if (checks['migrations'].ok)
    checks['channels'] = await describeChannels(db, deps.now()).catch(() => ({ ok: true, detail: 'unknown' }))
  return checks
}

async function check(probe: () => Promise<void>): Promise<Check> {
  try {
    await probe()
    return { ok: true }
  } catch (error) {
    return { ok: false, detail: error instanceof Error && error.message ? error.message : 'does not answer' }
  }
}

export type Lag = { tableName: string; due: number; oldestSeconds: number }

/** Due rows that nobody has worked yet, by the partial index over next_attempt_at. */
export async function listLag(db: Db, now: Date): Promise<Lag[]> {
  const { rows } = await sql<Lag>`
    select 'deliveries' as table_name, count(*) as due,
           coalesce(extract(epoch from ${now}::timestamptz - min(next_attempt_at)), 0)::integer as oldest_seconds
      from deliveries where next_attempt_at <= ${now} and status <> 'sending'
    union all
    select 'inbound_events', count(*), coalesce(extract(epoch from ${now}::timestamptz - min(next_attempt_at)), 0)::integer
      from inbound_events where next_attempt_at <= ${now}`.execute(db)
  return rows
}
