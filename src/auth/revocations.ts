/**
 * Whose access tokens have ended before their time: users who were disabled or whose rights or password changed, and sessions
 * that were revoked (docs/decisions/0031).
 *
 * Access tokens are verified without the database, so a short list of exceptions is read instead: by the first request
 * after each second, and by the first one after a change of this process.
 */
import type { User } from '../http/access.ts'
import type { Db } from '../platform/db.ts'
import { listRevoked } from './sql.ts'

export type Revocations = {
  /** Whether the credentials of this user have ended. */
  include(user: User): Promise<boolean>
  /** Something changed here: the next request reads the list anew. */
  expire(): void
}

type List = { versions: Map<string, { version: number; isDisabled: boolean }>; sessions: Set<string> }
/** Clocks of two servers may differ by this much. */
const SKEW_MS = 60_000

export function openRevocations(
  { db, now }: { db: Db; now: () => Date },
  { lifetimeMs, freshMs }: { lifetimeMs: number; freshMs: number },
): Revocations {
  let known: List = { versions: new Map(), sessions: new Set() }
  let freshUntilMs = 0
  let reading: Promise<boolean> | undefined
  let changes = 0

  /** False: something changed here meanwhile, perhaps after the list was read. */
  async function read(): Promise<boolean> {
    const [startedMs, changesBefore] = [performance.now(), changes]
    const rows = await listRevoked(db, new Date(now().getTime() - lifetimeMs - SKEW_MS))
    const next: List = { versions: new Map(), sessions: new Set() }
    for (const { userId, sessionId, version, isDisabled } of rows) {
      if (userId !== null) next.versions.set(userId, { version, isDisabled })
      if (sessionId !== null) next.sessions.add(sessionId)
    }
    if (changes !== changesBefore) return false
    known = next
    freshUntilMs = startedMs + freshMs
    return true
  }

  return {
    async include({ id, version = 0, sessionId }) {
      if (performance.now() >= freshUntilMs) while (!(await (reading ??= read().finally(() => (reading = undefined)))));
      const user = known.versions.get(id)
      if (user && (user.isDisabled || user.version > version)) return true
      return sessionId !== undefined && known.sessions.has(sessionId)
    },
    expire() {
      changes++
      freshUntilMs = 0
    },
  }
}
