/** How a delivery is shown: itself, its attempts, its status events. */
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/languages.ts'
import { explainReason } from '../channels/channels.ts'

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

const COLUMNS = sql`id, event_id, guest_id, channel, template, locale, status, reason, attempts, attempts_max,
  case when status in ('queued', 'scheduled') then waiting_for end as waiting_for,
  case when status <> 'sending' then next_attempt_at end as next_attempt_at, provider_message_id, possible_duplicate, channel_reason, message_reason, session_message,
  campaign_id, fallback_of, simulated, requested_at, scheduled_at, sent_at, delivered_at, read_at`

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
  }
  const { rows } = await sql<Row>`
    select ${COLUMNS}, request_id as origin_request_id, pricing,
           (select fallback.id from deliveries fallback where fallback.fallback_of = deliveries.id) as fallback_id from deliveries
     where id = ${id} and (${scope}::text is null or organizer_id = ${scope})`.execute(db)
  const delivery = rows[0]
  if (!delivery) return null
  const attempts = await sql<Attempt>`
    select n, started_at, finished_at, outcome, reason, http_status from delivery_attempts
     where delivery_id = ${id} order by n`.execute(db)
  const events = await sql<StatusEventView>`
    select status, occurred_at, received_at, reason from delivery_events where delivery_id = ${id} order by occurred_at, id`.execute(
    db,
  )
  const httpStatus = attempts.rows.at(-1)?.httpStatus ?? null
  const explanation = explainReason(
    delivery.waitingFor === 'retry' ? delivery.reason : (delivery.waitingFor ?? delivery.reason),
    httpStatus,
  )
  return { ...delivery, explanation, attemptLog: attempts.rows, events: events.rows }
}

/** Newest first, below `before`. */
export async function listDeliveries(
  db: Db,
  f: { scope: string | null; eventId: string; status: string | null; before: Position | null; limit: number },
): Promise<DeliveryView[]> {
  const { rows } = await sql<DeliveryView>`
    select ${COLUMNS} from deliveries
     where event_id = ${f.eventId}
       and (${f.scope}::text is null or organizer_id = ${f.scope})
       and (${f.status}::text is null or status = ${f.status})
       and (${f.before?.at ?? null}::timestamptz is null or (requested_at, id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by requested_at desc, id desc limit ${f.limit}`.execute(db)
  return rows
}
