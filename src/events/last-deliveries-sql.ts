/** What a guest was last sent by each channel, as lists of guests show it. */
import type { DELIVERY_STATUSES } from '../http/schemas.ts'
import { sql } from '../platform/db.ts'

export type LastDelivery = {
  id: string
  template: string
  status: (typeof DELIVERY_STATUSES)[number]
  reason: string | null
  /** Since when it has this status. */
  at: Date
}
export type LastDeliveries = Record<'whatsapp' | 'email', LastDelivery | null>
/** As the statement has it: instants are texts, and a channel without a delivery is missing. */
export type LastDeliveriesRow = Partial<Record<'whatsapp' | 'email', Omit<LastDelivery, 'at'> & { at: string }>> | null

/** A column of a list of guests `g`: part of its statement, so that the list takes one for all its guests. */
export const lastDeliveries = sql`(
    select json_object_agg(last.channel, json_build_object(
             'id', last.id, 'template', last.template, 'status', last.status, 'reason', last.reason, 'at', last.at))
      from (
        select distinct on (d.channel)
               d.channel, d.id, d.template, d.status, d.reason,
               coalesce(case when d.status = 'sent' then d.sent_at
                             when d.status = 'delivered' then d.delivered_at
                             when d.status = 'read' then d.read_at
                             else d.ended_at end, d.requested_at) as at
          from deliveries d
         where d.event_id = g.event_id
           and d.guest_id = g.id
         order by d.channel, d.requested_at desc, d.id desc) last)`

export function readLastDeliveries(row: LastDeliveriesRow): LastDeliveries {
  const read = (one: NonNullable<LastDeliveriesRow>['email']) => (one ? { ...one, at: new Date(one.at) } : null)
  return { whatsapp: read(row?.whatsapp), email: read(row?.email) }
}
