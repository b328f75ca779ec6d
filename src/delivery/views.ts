/** Reading a delivery with its attempts and status events. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/languages.ts'
import { explainReason } from '../channels/channels.ts'
import { isWaiting } from './sql.ts'

export const STATUSES = [
  'scheduled',
  'queued',
  'sending',
  'unknown',
  'sent',
  'delivered',
  'read',
  'failed',
  'skipped',
  'dead',
] as const

export type DeliveryView = {
  id: string
  eventId: string
  guestId: string
  channel: ChannelName
  template: string
  locale: Locale
  status: (typeof STATUSES)[number]
  reason: string | null
  waitingFor: string | null
  attempts: number
  attemptsMax: number
  nextAttemptAt: Date | null
  providerMessageId: string | null
  possibleDuplicate: boolean
  channelReason: string | null
  messageReason: string | null
  sessionMessage: boolean | null
  campaignId: string | null
  fallbackOf: string | null
  simulated: boolean
  requestedAt: Date
  scheduledAt: Date | null
  sentAt: Date | null
  deliveredAt: Date | null
  readAt: Date | null
}

const COLUMNS = sql`
  d.id, d.event_id, d.guest_id, d.channel, d.template, d.locale, d.status, d.reason, d.attempts, d.attempts_max,
  case when ${isWaiting} then d.waiting_for end as waiting_for,
  case when d.status <> 'sending' then d.next_attempt_at end as next_attempt_at,
  d.provider_message_id, d.possible_duplicate, d.channel_reason, d.message_reason, d.session_message,
  d.campaign_id, d.fallback_of, d.simulated, d.requested_at, d.scheduled_at, d.sent_at, d.delivered_at, d.read_at`

export type Attempt = {
  n: number
  startedAt: Date
  finishedAt: Date | null
  outcome: string | null
  reason: string | null
  httpStatus: number | null
}
export type StatusEventView = { status: string; occurredAt: Date; receivedAt: Date; reason: string | null }

export async function findDelivery(db: Db, scope: string | null, id: string) {
  type Row = DeliveryView & {
    originRequestId: string
    pricing: Record<string, unknown> | null
    fallbackId: string | null
    reactions: { emoji: string; at: string }[]
  }
  const { rows } = await sql<Row>`
    select ${COLUMNS}, d.request_id as origin_request_id, d.pricing,
           (select fallback.id from deliveries fallback where fallback.fallback_of = d.id) as fallback_id,
           reactions_to(d) as reactions
      from deliveries d
     where d.id = ${id}
       and (${scope}::text is null or d.organizer_id = ${scope})`.execute(db)
  const delivery = rows[0]
  if (!delivery) return null
  const attempts = await sql<Attempt>`
    select n, started_at, finished_at, outcome, reason, http_status
      from delivery_attempts
     where delivery_id = ${id}
     order by n`.execute(db)
  const events = await sql<StatusEventView>`
    select status, occurred_at, received_at, reason
      from delivery_events
     where delivery_id = ${id}
     order by occurred_at, id`.execute(db)
  const why = delivery.waitingFor === 'retry' ? delivery.reason : (delivery.waitingFor ?? delivery.reason)
  const explanation = explainReason(why, attempts.rows.at(-1)?.httpStatus ?? null)
  return { ...delivery, explanation, attemptLog: attempts.rows, events: events.rows }
}

/** Newest first, starting below `before`. */
export async function listDeliveries(
  db: Db,
  f: { scope: string | null; eventId: string; status: string | null; before: Position | null; limit: number },
): Promise<DeliveryView[]> {
  const { at = null, id = null } = f.before ?? {}
  const { rows } = await sql<DeliveryView>`
    select ${COLUMNS}
      from deliveries d
     where d.event_id = ${f.eventId}
       and (${f.scope}::text is null or d.organizer_id = ${f.scope})
       and (${f.status}::text is null or d.status = ${f.status})
       and (${at}::timestamptz is null or (d.requested_at, d.id) < (${at}::timestamptz, ${id}))
     order by d.requested_at desc, d.id desc
     limit ${f.limit}`.execute(db)
  return rows
}
