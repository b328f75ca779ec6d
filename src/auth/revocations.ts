/**
 * Whose access tokens have ended before their time: users who were disabled or whose rights or password changed, and sessions
 * that were revoked (docs/decisions/0031).
 *
 * Access tokens are verified without the database, so a short list of exceptions is read instead: by the first request
 * after each second, and by the first one after a change of this process.
 */
import type { User } from '../http/access.ts'
import type { Db } from '../platform/db.ts'
import type { Credentials } from './credentials.ts'
import { listRevoked, type Revoked } from './sql.ts'

export type Revocations = {
  /** Whether the credentials of this user have ended. */
  include(user: User): Promise<boolean>
  /** Something changed here: the next request reads the list anew. */
  expire(): void
}

type Ended = Pick<Revoked, 'version' | 'isDisabled' | 'keptSession'>
type List = { versions: Map<string, Ended>; sessions: Set<string> }
/** Clocks of two servers may differ by this much. */
const SKEW_MS = 60_000

export function openRevocations(
  { db, now, credentials }: { db: Db; now: () => Date; credentials: Credentials },
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
    for (const { userId, sessionId, ...ended } of rows) {
      if (userId !== null) next.versions.set(userId, ended)
      if (sessionId !== null) next.sessions.add(sessionId)
    }
    if (changes !== changesBefore) return false
    known = next
    freshUntilMs = startedMs + freshMs
    return true
  }

  return {
    async include({ id, version = 0, sessionId, tokenHash }) {
      if (tokenHash !== undefined) return (await credentials.find(tokenHash)) === null
      if (performance.now() >= freshUntilMs) while (!(await (reading ??= read().finally(() => (reading = undefined)))));
      const ended = known.versions.get(id)
      if (ended?.isDisabled) return true
      // A person who changes the password stays logged in there; the tokens of before that last change are over anyway.
      const isKept = ended?.version === version + 1 && sessionId !== undefined && ended.keptSession === sessionId
      if (ended && ended.version > version && !isKept) return true
      return sessionId !== undefined && known.sessions.has(sessionId)
    },
    expire() {
      changes++
      freshUntilMs = 0
      credentials.expire() // a key ends with the account of its maker
    },
  }
}
