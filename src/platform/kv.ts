/**
 * A key-value store for caches, counters and locks, on Redis or PostgreSQL.
 *
 * Its content may disappear at any time (FLUSHALL, a crash with an unlogged table), so it never holds the only copy of
 * anything. Both implementations pass the same tests (kv.test.ts).
 */
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { sql, type Db } from './db.ts'

export type Kv = {
  get(key: string): Promise<string | null>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** Returns how many keys were deleted. */
  deleteByPrefix(prefix: string): Promise<number>
  /** Counts in a window that starts with the first count. Returns the count and the milliseconds left of the window. */
  increment(key: string, windowMs: number): Promise<{ count: number; resetMs: number }>
  /** Returns true when the caller got the lock. It expires after ttlMs, so a process that dies cannot keep it. */
  acquireLock(key: string, holder: string, ttlMs: number): Promise<boolean>
  /** Returns false when the caller no longer has the lock. */
  renewLock(key: string, holder: string, ttlMs: number): Promise<boolean>
  releaseLock(key: string, holder: string): Promise<boolean>
  findLockHolder(key: string): Promise<string | null>
  ping(): Promise<void>
  close(): Promise<void>
}

export function openPostgresKv(db: Db): Kv {
  const alive = sql`(expires_at is null or expires_at > now())`
  const expiry = (ttlMs: number) => sql`now() + make_interval(secs => ${ttlMs / 1000})`
  return {
    async get(key) {
      const { rows } = await sql<{ value: string }>`
        select value from kv where key = ${key} and ${alive}`.execute(db)
      return rows[0]?.value ?? null
    },
    async set(key, value, ttlMs) {
      await sql`insert into kv values (${key}, ${value}, ${expiry(ttlMs)})
        on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at`.execute(db)
    },
    async deleteByPrefix(prefix) {
      const { rows } = await sql`delete from kv where starts_with(key, ${prefix}) returning key`.execute(db)
      return rows.length
    },
    async increment(key, windowMs) {
      const { rows } = await sql<{ count: number; resetMs: number }>`
        insert into kv as k values (${key}, '1', ${expiry(windowMs)})
        on conflict (key) do update set
          value = case when k.expires_at > now() then (k.value::integer + 1)::text else '1' end,
          expires_at = case when k.expires_at > now() then k.expires_at else excluded.expires_at end
        returning value::integer as count,
          (extract(epoch from expires_at - now()) * 1000)::integer as reset_ms`.execute(db)
      return rows[0]!
    },
    async acquireLock(key, holder, ttlMs) {
      const { rows } = await sql`insert into kv as k values (${key}, ${holder}, ${expiry(ttlMs)})
        on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at
        where k.expires_at <= now() returning key`.execute(db)
      return rows.length === 1
    },
    async renewLock(key, holder, ttlMs) {
      const { rows } = await sql`update kv set expires_at = ${expiry(ttlMs)}
        where key = ${key} and value = ${holder} and ${alive} returning key`.execute(db)
      return rows.length === 1
    },
    async releaseLock(key, holder) {
      const { rows } = await sql`delete from kv
        where key = ${key} and value = ${holder} and ${alive} returning key`.execute(db)
      return rows.length === 1
    },
    findLockHolder(key) {
      return this.get(key)
    },
    async ping() {
      await sql`select 1`.execute(db)
    },
    async close() {},
  }
}

const RENEW = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0`
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`
const INCREMENT = `local n = redis.call('incr', KEYS[1])
  if n == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
  return { n, redis.call('pttl', KEYS[1]) }`

export function openRedisKv(url: string, onError: (error: Error) => void): Kv {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 3000,
    commandTimeout: 2000,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  })
  let lastError: Error | undefined
  redis.on('error', (error: Error) => {
    lastError = error
    onError(error)
  })
  return {
    get: (key) => redis.get(key),
    async set(key, value, ttlMs) {
      await redis.set(key, value, 'PX', ttlMs)
    },
    async deleteByPrefix(prefix) {
      let cursor = '0'
      let deleted = 0
      do {
        const [next, keys] = await redis.scan(cursor, 'MATCH', `${escapeGlob(prefix)}*`, 'COUNT', 500)
        if (keys.length > 0) deleted += await redis.unlink(...keys)
        cursor = next
      } while (cursor !== '0')
      return deleted
    },
    async increment(key, windowMs) {
      const [count, resetMs] = (await redis.eval(INCREMENT, 1, key, windowMs)) as [number, number]
      return { count, resetMs }
    },
    async acquireLock(key, holder, ttlMs) {
      return (await redis.set(key, holder, 'PX', ttlMs, 'NX')) === 'OK'
    },
    async renewLock(key, holder, ttlMs) {
      return (await redis.eval(RENEW, 1, key, holder, ttlMs)) === 1
    },
    async releaseLock(key, holder) {
      return (await redis.eval(RELEASE, 1, key, holder)) === 1
    },
    findLockHolder: (key) => redis.get(key),
    async ping() {
      if (redis.status === 'connecting' || redis.status === 'connect') await untilConnected(redis)
      if (redis.status !== 'ready') throw lastError ?? new Error('not connected')
      await redis.ping()
    },
    async close() {
      redis.disconnect()
    },
  }
}

/** Waits for the connection that is being opened. Throws what ends the attempt, at the latest after `connectTimeout`. */
async function untilConnected(redis: Redis): Promise<void> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    // once() rejects with an 'error' event.
    await Promise.race([once(redis, 'ready', { signal }), once(redis, 'close', { signal })])
  } finally {
    settled.abort()
  }
}

const escapeGlob = (text: string) => text.replace(/[\\*?[\]]/g, '\\$&')

/** Deletes expired entries of the PostgreSQL store; Redis expires its own. */
export async function deleteExpiredEntries(db: Db): Promise<void> {
  await sql`delete from kv where expires_at < now()`.execute(db)
}
