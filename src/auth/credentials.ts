/**
 * Who an API key or the token of a device is (docs/decisions/0032).
 *
 * A token is found by its hash, and what was found is remembered for a second: a key that is deleted ends at once in this process
 * and within a second in every other, as access tokens do (revocations.ts).
 */
import type { User } from '../http/access.ts'
import type { Db } from '../platform/db.ts'
import { findCredential, touchCredential, type FoundDevice, type FoundKey } from './credentials-sql.ts'

export type Credentials = {
  /** The user of a token, by its SHA-256 in hex; null when there is none, or no longer. */
  find(tokenHash: string): Promise<User | null>
  /** Something changed here: every token is looked up anew. */
  expire(): void
}

const REMEMBERED_MAX = 10_000
const TOUCH_MS = 60_000

export function openCredentials(
  { db, now }: { db: Db; now: () => Date },
  { freshMs }: { freshMs: number },
): Credentials {
  const known = new Map<string, { found: FoundKey | FoundDevice; untilMs: number }>()
  let changes = 0

  async function read(tokenHash: string): Promise<FoundKey | FoundDevice | null> {
    for (;;) {
      const [startedMs, changesBefore] = [performance.now(), changes]
      const found = await findCredential({ db }, Buffer.from(tokenHash, 'hex'))
      if (changes !== changesBefore) continue // something changed here meanwhile, perhaps after it was read
      if (known.size >= REMEMBERED_MAX) known.clear()
      if (found) known.set(tokenHash, { found, untilMs: startedMs + freshMs })
      return found
    }
  }

  /** In memory first, so that of many requests at once one writes. */
  async function touch(found: FoundKey | FoundDevice): Promise<void> {
    const at = now()
    if (found.lastUsedAt && at.getTime() - found.lastUsedAt.getTime() < TOUCH_MS) return
    found.lastUsedAt = at
    await touchCredential(db, found, at)
  }

  return {
    async find(tokenHash) {
      const entry = known.get(tokenHash)
      const found = entry && performance.now() < entry.untilMs ? entry.found : await read(tokenHash)
      const user = found && describeUser(found, tokenHash)
      if (!user || (user.expiresAt && user.expiresAt <= now())) return null
      await touch(found)
      return user
    },
    expire() {
      changes++
      known.clear()
    },
  }
}

/** A key acts as an organizer, or of the platform as a director, and may do no more than its scopes. */
function describeUser(found: FoundKey | FoundDevice, tokenHash: string): User {
  const { id, organizerId } = found
  if (found.eventId !== null) {
    const { eventId, gate, name } = found
    return { id, organizerId, role: 'device', device: { eventId, gate, name }, tokenHash }
  }
  const role = organizerId === null ? 'director' : 'organizer'
  const { scopes, expiresAt } = found
  return { id, organizerId, role, scopes, tokenHash, ...(expiresAt ? { expiresAt } : {}) }
}
