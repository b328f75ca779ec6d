/** Keeps the list of guests: whole at first, then what has changed. */
import type { components } from '../api/schema.d.ts'
import type { Entry } from './judge.ts'
import { makeList, type Memory } from './memory.ts'
import type { ListInfo, Outcome } from './records.ts'

type Manifest = components['schemas']['Manifest']
type Net = { readList(since: string | null): Promise<Outcome<Manifest>> }
type Store = {
  putList(info: ListInfo, entries: Iterable<Entry>, gone: readonly string[], isWhole: boolean): Promise<void>
  wipeGuests(): Promise<void>
}
const WIPE_AFTER_MS = 24 * 3_600_000

/** Reads what changed, or all. Returns what the last call came to; a list that was cut off changes nothing. */
export async function refreshList(memory: Memory, net: Net, store: Store): Promise<Outcome<Manifest>> {
  return readSince(memory.list ? (memory.info?.cursor ?? null) : null, memory, net, store)
}

/** `since`: a cursor; null reads the whole list, and the one before stays until it is there. */
async function readSince(since: string | null, memory: Memory, net: Net, store: Store): Promise<Outcome<Manifest>> {
  const asked = new Map(memory.list?.entries)
  const read = await readAll(net, since)
  if ('kind' in read) return read
  const { last, entries, revoked, skewMs } = read
  const isWhole = since === null
  const before = memory.list?.entries ?? new Map<string, Entry>()
  const fresh = entries.map((entry): Entry => {
    const ours = before.get(entry.hash)
    // Somebody came in while the list was on its way: it may not know of them, and the next one does.
    if (ours && ours !== asked.get(entry.hash)) return { ...entry, inside: ours.inside, first: ours.first }
    const first = ours?.first
    // After an undo nobody is in, and the next one comes first.
    const isIn = entry.inside > 0 || memory.list?.waiting.has(entry.hash)
    return first && isIn ? { ...entry, first } : entry
  })
  const kept = isWhole ? fresh : [...new Map([...before, ...fresh.map((one) => [one.hash, one] as const)]).values()]
  const allRevoked = isWhole ? revoked : [...new Set([...(memory.info?.revoked ?? []), ...revoked])]
  const gone = new Set(allRevoked)
  const listed = kept.filter(({ hash }) => !gone.has(hash))
  const info: ListInfo = { ...describe(last), revoked: allRevoked, readAtMs: Date.now(), skewMs }
  memory.list = await makeList(memory.session.eventId, info, listed, memory.waiting)
  memory.info = info
  memory.skewMs = skewMs
  await store.putList(info, fresh, allRevoked, isWhole)
  // One was deleted: the manifest tells what there is, not what there was.
  if (!isWhole && memory.list.entries.size !== last.guests) return readSince(null, memory, net, store)
  return { kind: 'ok', data: last }
}

type Read = { last: Manifest; entries: Entry[]; revoked: string[]; skewMs: number }

async function readAll(net: Net, since: string | null): Promise<Read | Exclude<Outcome<Manifest>, { kind: 'ok' }>> {
  const entries: Entry[] = []
  const revoked: string[] = []
  for (let cursor = since; ;) {
    const sentMs = Date.now()
    const outcome = await net.readList(cursor)
    if (outcome.kind !== 'ok') return outcome
    const { data } = outcome
    entries.push(...data.entries)
    revoked.push(...data.revoked)
    // The server's clock at the middle of the call.
    const skewMs = Date.parse(data.generatedAt) - (sentMs + Date.now()) / 2
    if (!data.hasMore) return { last: data, entries, revoked, skewMs }
    cursor = data.cursor
  }
}

const describe = ({ cursor, keys, event }: Manifest) => {
  const { status, startsAt, endsAt, doorsOpenMinutes, doorPolicy, reentry } = event
  const [startsAtMs, endsAtMs] = [Date.parse(startsAt), Date.parse(endsAt)]
  return {
    cursor,
    event: { status, startsAtMs, endsAtMs, doorsOpenMinutes, doorPolicy, reentry },
    keys: keys.map(({ kid, publicKey }) => ({ kid, publicKey })),
  }
}

/** Names are here for the door alone: a day after the end they go, and come no more. */
export const isOver = ({ info, session, skewMs }: Memory): boolean =>
  Date.now() + skewMs >= (info?.event.endsAtMs ?? session.endsAtMs) + WIPE_AFTER_MS

export async function wipeGuests(memory: Memory, store: Store): Promise<void> {
  Object.assign(memory, { list: null, info: null, recent: [], differences: [] })
  await store.wipeGuests()
}
