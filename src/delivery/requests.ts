/** The only way to create deliveries: for a single send, a campaign or a fallback. */
import type { Tx } from '../platform/db.ts'
import { takeSlots, type SlotTimes } from './slots.ts'
import { insertDeliveries, type NewDelivery, type Request } from './sql.ts'

/**
 * Takes the slots of these messages and inserts a row for each slot it got; the others are duplicates. `replaceable`:
 * deliveries whose slots may be taken over. Returns the ids of the new rows.
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
  const unique = deliveries.filter(({ id }) => taken.has(id))
  return insertDeliveries(tx, request, unique)
}
