/** What the door knows, in memory: written through to the store, so that a scan is judged without waiting for a disk. */
import { importPublicKey, type PublicKey } from '../../src/checkin/signed-pass.ts'
import type { Entry, List } from './judge.ts'
import { changeOf, START, type Door, type Scan, type Verdict } from './machine.ts'
import type { Difference, ListInfo, Recent, Session, Settings, Waiting } from './records.ts'

export type Memory = {
  session: Session
  door: Door
  /** Null until a whole list is there. */
  list: List | null
  info: ListInfo | null
  waiting: Map<string, Waiting>
  recent: Recent[]
  differences: Difference[]
  settings: Settings
  /** The status of the answer by which the server does not know us any more. */
  blockedBy: number | null
  isUploading: boolean
  /** Whether this device keeps what is decided here. */
  isSaved: boolean
  /** Which way the scans of this device go: in, unless somebody chose otherwise. */
  direction: Scan['direction']
  /** Whether the list is being read whole. */
  isLoading: boolean
  skewMs: number
}

const NO_SETTINGS: Settings = { isOnlineOnly: false, isMuted: false }

/** What was stored, as it is when the page opens. */
export type Stored = {
  info: ListInfo | undefined
  recent: Recent[] | undefined
  differences: Difference[] | undefined
  settings: Settings | undefined
  entries: Entry[]
  queue: Waiting[]
}

export async function makeMemory(session: Session, stored: Stored): Promise<Memory> {
  const { info, entries } = stored
  const settings = { ...NO_SETTINGS, ...stored.settings }
  const door = { ...START, isOnlineOnly: settings.isOnlineOnly }
  const waiting = new Map(stored.queue.map((one) => [one.scanId, one]))
  return {
    ...{ session, door, settings, waiting, info: info ?? null },
    ...{ recent: stored.recent ?? [], differences: stored.differences ?? [] },
    list: info ? await makeList(session.eventId, info, entries, waiting) : null,
    ...{ blockedBy: null, isUploading: false, isSaved: true, isLoading: false, skewMs: info?.skewMs ?? 0 },
    direction: session.direction ?? 'in',
  }
}

export const makeList = async (
  eventId: string,
  info: ListInfo,
  entries: Iterable<Entry>,
  waiting: Memory['waiting'],
): Promise<List> => ({
  ...{ eventId, event: info.event, keys: await importKeys(info.keys), revoked: new Set(info.revoked) },
  entries: new Map([...entries].map((entry) => [entry.hash, entry])),
  waiting: countWaiting(waiting),
})

/** People who came in without the server, less those who left, by the entry that they count for. */
export function countWaiting(waiting: Memory['waiting']): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { hash, scan, verdict } of waiting.values())
    if (hash !== null && verdict.status === 'valid') counts.set(hash, (counts.get(hash) ?? 0) + changeOf(scan))
  return counts
}

/** Whether this event lets people out and in again, so that somebody counts those who leave. */
export const recordsExits = ({ info }: Pick<Memory, 'info'>): boolean => info?.event.reentry === 'exit_then_entry'

/** How many people are inside, as far as we know. */
export function countInside({ list }: Memory): number {
  if (!list) return 0
  let inside = 0
  for (const entry of list.entries.values()) inside += entry.inside
  for (const count of list.waiting.values()) inside += count
  return inside
}

type Passed = { scan: Scan; verdict: Verdict; inside: number }

/** Sets how many are inside after a scan, and returns the changed entry. Who let them in first stays. */
export function setInside({ list, session }: Memory, entry: Entry, { scan, verdict, inside }: Passed): Entry {
  const { gate, device } = session
  const isEntry = verdict.status === 'valid' && scan.direction !== 'out'
  const ours = isEntry ? { at: new Date(scan.atMs).toISOString(), gate, device } : undefined
  const first = entry.first ?? verdict.first ?? ours
  const changed = { ...entry, inside, ...(first ? { first } : {}) }
  list?.entries.set(entry.hash, changed)
  return changed
}

const RECENT_MAX = 50

/** The last answers, newest first; one that is known has changed. */
export const addRecent = (recent: readonly Recent[], one: Recent): Recent[] =>
  [one, ...recent.filter(({ scanId }) => scanId !== one.scanId)]
    .toSorted((a, b) => b.atMs - a.atMs)
    .slice(0, RECENT_MAX)

/** Null where the browser has no Ed25519 (judge.ts says what becomes of passes). */
async function importKeys(keys: ListInfo['keys']): Promise<Map<number, PublicKey> | null> {
  try {
    const imported = keys.map(
      async ({ kid, publicKey }) => [kid, await importPublicKey(readBase64(publicKey))] as const,
    )
    return new Map(await Promise.all(imported))
  } catch {
    return null
  }
}

const readBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
