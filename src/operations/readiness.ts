/** Whether the system can do its work: the checks of /ready, and the lag that the metrics show. */
import { listPendingMigrations, MIGRATIONS_FOLDER, pingDb, sql, type Db } from '../platform/db.ts'
import { listChannelStates } from './channel-states.ts'
import type { Deps } from '../deps.ts'
import { QUEUE_NAMES } from '../platform/queue.ts'

export type Check = { ok: boolean; detail?: string }
export type Checks = Record<string, Check>

/** Names paused channels. A paused channel does not make the system unready, because a pause is intended. */
async function describeChannels(db: Db, now: Date): Promise<Check> {
  const states = (await listChannelStates(db, now)).filter(({ pause, pausedUntil }) => pause ?? pausedUntil)
  if (states.length === 0) return { ok: true }
  const descriptions = states.map(({ channel, circuit, pause, pausedUntil }) => {
    const who = pause ? 'an operator' : circuit === 'closed' ? 'a rate limit of the provider' : 'the circuit breaker'
    const until = pause ? pause.until : pausedUntil
    const end = until ? `until ${until.toISOString()}` : 'until it is resumed'
    return `${channel} is paused by ${who} ${end}`
  })
  return { ok: true, detail: `${descriptions.join('; ')}: GET /ops/channels says why` }
}

/** A due row older than this means that workers are missing or stuck. */
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

/**
 * Due rows per table and how long the oldest has waited. Rows may wait for the rate limit, so the lag of a channel counts
 * from the last token it took, or from its oldest due row if that is later. A paused channel has no lag.
 */
export async function listLag(db: Db, now: Date): Promise<Lag[]> {
  const { rows } = await sql<Lag>`
    with waiting as (
      select d.channel, count(*) as due, min(d.next_attempt_at) as oldest
        from deliveries d
       where d.next_attempt_at <= ${now}
         and d.status <> 'sending'
       group by d.channel),
    -- channels that are not paused
    lagging as (
      select w.due, ${now}::timestamptz - greatest(w.oldest, l.refilled_at) as lag
        from waiting w
        join channel_limits l on l.channel = w.channel
       where not exists (
         select 1
           from pauses p
          where p.scope = 'channel'
            and p.scope_id = w.channel))
    select 'deliveries' as table_name, coalesce(sum(due), 0)::bigint as due,
           coalesce(extract(epoch from max(lag)), 0)::integer as oldest_seconds
      from lagging
    union all
    select 'inbound_events', count(*),
           coalesce(extract(epoch from ${now}::timestamptz - min(next_attempt_at)), 0)::integer
      from inbound_events
     where next_attempt_at <= ${now}`.execute(db)
  return rows
}
