/** What guests of an event write, as server-sent events (WHATWG HTML, 9.2). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamLife } from '../http/event-stream.ts'
import { sql, type Db } from '../platform/db.ts'
import { isOfGuest, sourceOfMessage } from './shared-sql.ts'

/**
 * `overlapMs`: a message shows up when its transaction ends, which is later than its `receivedAt`, so each look goes back by
 * this much. The others are those of a campaign's stream.
 */
const PACE = { pollMs: 1000, heartbeatMs: 15_000, lifeMs: 900_000, overlapMs: 30_000 }
const BATCH_MAX = 500

export type Heard = {
  id: string
  guestId: string
  guestName: string
  direction: 'in' | 'out'
  source: string
  type: string
  text: string | null
  attachment: { mediaType: string; name: string | null } | null
  sentAt: Date
  receivedAt: Date
  aboutMessage: string | null
  intent: string | null
  partySize: number | null
  outcome: string | null
}
type Position = { at: Date; key: string }

/** The messages of the event's guests that were received at `after` or later, the first received first. */
async function listHeard(
  db: Db,
  { scope, eventId, after }: { scope: string | null; eventId: string; after: Position },
): Promise<(Heard & { key: string })[]> {
  const { rows } = await sql<Heard & { key: string }>`
    select m.id, g.id as guest_id, g.name as guest_name, m.direction, ${sourceOfMessage} as source, m.type,
           m.body as text,
           case when m.attachment_type is not null
                then json_build_object('mediaType', m.attachment_type, 'name', m.attachment_name) end as attachment,
           m.sent_at, m.received_at, m.target_message_id as about_message, m.intent, m.party_size, m.outcome,
           m.id || '/' || g.id as key
      from wa_messages m
      join guests g on g.phone = m.phone
      join events e on e.id = g.event_id
     where m.received_at >= ${after.at}
       and (m.received_at, m.id || '/' || g.id) > (${after.at}::timestamptz, ${after.key})
       and g.event_id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})
       and ${isOfGuest(sql`e.organizer_id`)}
       and m.origin <> 'history'
     order by m.received_at, m.id || '/' || g.id
     limit ${BATCH_MAX}`.execute(db)
  return rows
}

type Context = { db: Db; now: () => Date }
type Watched = StreamLife & {
  scope: string | null
  eventId: string
  /** The id of the last event that the client got; null: it wants what comes from now on. */
  lastEventId: string | null
}

/**
 * Yields a `message` for each message, once per connection. The id of an event is the instant until which everything is told,
 * so that a client that reconnects with it misses nothing; it may get the messages of the last seconds again, which their `id`
 * shows.
 */
export async function* watchConversations(
  { db, now }: Context,
  {
    scope,
    eventId,
    requestId,
    lastEventId,
    signal,
    tokenMs = Infinity,
    isRevoked = () => Promise.resolve(false),
  }: Watched,
  { pollMs, heartbeatMs, lifeMs, overlapMs } = PACE,
): AsyncGenerator<string> {
  const told = new Map<string, Date>()
  let after: Position = { at: back(readEventId(lastEventId, now()), overlapMs), key: '' }
  let saidMs = performance.now()
  const endMs = performance.now() + Math.min(lifeMs, tokenMs)
  yield ': watching\n\n'
  for (let atMs = performance.now(); atMs < endMs && !signal.aborted; atMs = performance.now()) {
    if (await isRevoked()) return
    const lookedAt = now()
    const heard = await listHeard(db, { scope, eventId, after })
    for (const { key, ...message } of heard) {
      if (told.has(key)) continue
      told.set(key, message.receivedAt)
      saidMs = atMs
      yield `id: ${message.receivedAt.toISOString()}\nevent: message\ndata: ${JSON.stringify({ requestId, ...message })}\n\n`
    }
    const last = heard.at(-1)
    if (last && heard.length === BATCH_MAX) {
      after = { at: last.receivedAt, key: last.key }
      continue
    }
    const floor = back(lookedAt, overlapMs)
    if (floor > after.at) after = { at: floor, key: '' }
    else after = { at: after.at, key: '' }
    for (const [key, receivedAt] of told) if (receivedAt < after.at) told.delete(key)
    if (atMs - saidMs >= heartbeatMs) {
      saidMs = atMs
      yield ': still here\n\n'
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}

const back = (at: Date, ms: number) => new Date(at.getTime() - ms)

/** An id that is not ours, or of the future, means now. */
function readEventId(id: string | null, now: Date): Date {
  const at = id !== null && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(id) ? new Date(id) : now
  return Number.isNaN(at.getTime()) || at > now ? now : at
}
