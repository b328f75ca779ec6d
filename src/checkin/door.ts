/** How a door is doing: who is inside, and what each gate has scanned. */
import { setTimeout as sleep } from 'node:timers/promises'
import { findDoor } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import type { StreamLife } from '../http/event-stream.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { countConflicts, countPersons, listGates, type GateRow, type Persons } from './door-sql.ts'
import { closesAtMs, opensAtMs } from './rules.ts'

type Context = { db: Db; now: () => Date }

const MINUTE_MS = 60_000
/** A gate without a scan for so long may be without people, without a network or without staff. */
const SILENT_MS = 3 * MINUTE_MS
/** For how long an upload of an offline device, and how long a scan took, is news. */
const RECENT_MS = 15 * MINUTE_MS

export type DoorView = {
  eventId: string
  opensAt: Date
  closesAt: Date
  persons: Persons
  scansLastMinute: number
  duplicates: number
  conflicts: number
  offlineLagSeconds: number | null
  gates: (GateRow & { isSilent: boolean })[]
}

/** Throws `event_not_found`. */
export async function viewDoor(context: Context, reach: Reach, eventId: string): Promise<DoorView> {
  const door = await readDoor(context, reach, eventId)
  if (!door) throw new Failure('event_not_found')
  return door
}

async function readDoor({ db, now }: Context, reach: Reach, eventId: string): Promise<DoorView | null> {
  const event = await findDoor(db, reach, eventId)
  if (!event) return null
  const nowMs = now().getTime()
  const since = { minuteSince: new Date(nowMs - MINUTE_MS), recentSince: new Date(nowMs - RECENT_MS) }
  const gates = await listGates(db, eventId, since)
  const persons = await countPersons(db, eventId)
  const lags = gates.flatMap(({ offlineLagSeconds }) => offlineLagSeconds ?? [])
  const sum = (of: (gate: GateRow) => number) => gates.reduce((total, gate) => total + of(gate), 0)
  const facts = { ...event, startsAtMs: event.startsAt.getTime(), endsAtMs: event.endsAt.getTime() }
  return {
    eventId,
    opensAt: new Date(opensAtMs(facts)),
    closesAt: new Date(closesAtMs(facts)),
    persons,
    scansLastMinute: sum(({ scansLastMinute }) => scansLastMinute),
    duplicates: sum(({ duplicates }) => duplicates),
    conflicts: await countConflicts(db, eventId),
    offlineLagSeconds: lags.length > 0 ? Math.max(...lags) : null,
    gates: gates.map((gate) => ({ ...gate, isSilent: nowMs - gate.lastSeenAt.getTime() > SILENT_MS })),
  }
}

/** `heartbeatMs`: a comment keeps proxies from closing a quiet stream. `lifeMs`: the stream ends and the client reconnects. */
const PACE = { pollMs: 1000, heartbeatMs: 15_000, lifeMs: 900_000 }

type Watched = StreamLife & { reach: Reach; eventId: string }

/** Yields `door` at once and on every change, as server-sent events, for as long as the caller may see the event. */
export async function* watchDoor(
  context: Context,
  { reach, eventId, requestId, signal, tokenMs = Infinity, isRevoked = () => Promise.resolve(false) }: Watched,
): AsyncGenerator<string> {
  let last = ''
  let saidMs = 0
  const endMs = performance.now() + Math.min(PACE.lifeMs, tokenMs)
  for (let atMs = performance.now(); atMs < endMs && !signal.aborted; atMs = performance.now()) {
    if (await isRevoked()) return
    const door = await readDoor(context, reach, eventId)
    if (!door) return
    const data = JSON.stringify({ requestId, ...door })
    const isQuiet = atMs - saidMs >= PACE.heartbeatMs
    if (data !== last) yield `event: door\ndata: ${data}\n\n`
    else if (isQuiet) yield ': still here\n\n'
    if (data !== last || isQuiet) saidMs = atMs
    last = data
    await sleep(PACE.pollMs, undefined, { signal }).catch(() => undefined)
  }
}
