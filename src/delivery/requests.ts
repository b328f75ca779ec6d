/** Slots and rows of new deliveries: the one way in, for a single send, a campaign and a fallback. */
import type { Tx } from '../platform/db.ts'
import { takeSlots, type SlotTimes } from './slots.ts'
import { insertDeliveries, type NewDelivery, type Request } from './sql.ts'

/**
 * Takes the slots of these messages and inserts the rows of those that have theirs; the others are duplicates.
 * `replaceable`: deliveries whose slots may pass although they were taken lately. Returns the ids of the new rows.
 */
export async function requestDeliveries(
  tx: Tx,
  request: Request,
  deliveries: NewDelivery[],
  times: SlotTimes,
  replaceable: string[] = [],
): Promise<string[]> {
  const { eventId, template } = request
  const slots = deliveries.map(({ id: deliveryId, guestId }) => ({ eventId, guestId, template, deliveryId }))
  const taken = await takeSlots(tx, slots, times, replaceable)
  return insertDeliveries(
    tx,
    request,
    deliveries.filter(({ id }) => taken.has(id)),
  )
}
