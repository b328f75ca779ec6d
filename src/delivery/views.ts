/** Reading deliveries: lists, and one with its attempts and status events. */
import type { Static } from 'typebox'
import { sql, type Db } from '../platform/db.ts'
import type { Position } from '../http/page.ts'
import { explainReason } from '../channels/channels.ts'
import type { Delivery, DeliveryHistory } from './schemas.ts'
import { isWaiting } from './sql.ts'

type DeliveryView = Static<typeof Delivery> & { requestedAt: Date }
type Row = Omit<DeliveryView, 'explanation'> & { lastHttpStatus: number | null }
type History = Static<typeof DeliveryHistory>

const waitingFor = sql`case when ${isWaiting} then d.waiting_for end`
const COLUMNS = sql`
  d.id, d.event_id, d.guest_id, g.name as guest_name, d.channel, d.template, d.locale, d.status, d.reason,
  ${waitingFor} as waiting_for, d.attempts, d.attempts_max,
  case when d.status <> 'sending' then d.next_attempt_at end as next_attempt_at,
  d.provider_message_id, d.possible_duplicate, d.channel_reason, d.message_reason, d.session_message,
  d.campaign_id, d.fallback_of, d.simulated, d.requested_at, d.scheduled_at, d.sent_at, d.delivered_at, d.read_at,
  (select fallback.id from deliveries fallback
    where fallback.fallback_of = d.id) as fallback_id,
  (select a.http_status from delivery_attempts a
    where a.delivery_id = d.id
    order by a.n desc limit 1) as last_http_status`
const FROM = sql`
  deliveries d
  join guests g on g.event_id = d.event_id and g.id = d.guest_id`

function toView<R extends Row>({ lastHttpStatus, ...row }: R) {
  const why = row.waitingFor === 'retry' ? row.reason : (row.waitingFor ?? row.reason)
  return { ...row, explanation: explainReason(why, lastHttpStatus) }
}

export async function findDelivery(db: Db, scope: string | null, id: string) {
  const { rows } = await sql<Row & Pick<History, 'originRequestId' | 'pricing' | 'reactions'>>`
    select ${COLUMNS}, d.request_id as origin_request_id, d.pricing, reactions_to(d) as reactions
      from ${FROM}
     where d.id = ${id}
       and (${scope}::text is null or d.organizer_id = ${scope})`.execute(db)
  if (!rows[0]) return null
  const attempts = await sql<History['attemptLog'][number]>`
    select n, started_at, finished_at, outcome, reason, http_status
      from delivery_attempts
     where delivery_id = ${id}
     order by n`.execute(db)
  const events = await sql<History['events'][number]>`
    select status, occurred_at, received_at, reason
      from delivery_events
     where delivery_id = ${id}
     order by occurred_at, id`.execute(db)
  return { ...toView(rows[0]), attemptLog: attempts.rows, events: events.rows }
}

/** Absent: every value. `reason`: as a row shows it, in `reason` or in `waitingFor`. */
type DeliveryFilter = { [K in 'status' | 'channel' | 'campaignId' | 'guestId' | 'reason']?: string }
type Wanted = DeliveryFilter & { scope: string | null; eventId: string; before: Position | null; limit: number }

/** Newest first, starting below `before`. */
export async function listDeliveries(db: Db, wanted: Wanted): Promise<DeliveryView[]> {
  const { scope, eventId, before, limit } = wanted
  const { status = null, channel = null, campaignId = null, guestId = null, reason = null } = wanted
  const { rows } = await sql<Row>`
    select ${COLUMNS}
      from ${FROM}
     where d.event_id = ${eventId}
       and (${scope}::text is null or d.organizer_id = ${scope})
       and (${status}::text is null or d.status = ${status})
       and (${channel}::text is null or d.channel = ${channel})
       and (${campaignId}::text is null or d.campaign_id = ${campaignId})
       and (${guestId}::text is null or d.guest_id = ${guestId})
       and (${reason}::text is null or ${reason} in (d.reason, ${waitingFor}))
       and (${before?.at ?? null}::timestamptz is null
            or (d.requested_at, d.id) < (${before?.at ?? null}::timestamptz, ${before?.id ?? null}))
     order by d.requested_at desc, d.id desc
     limit ${limit}`.execute(db)
  return rows.map(toView)
}
