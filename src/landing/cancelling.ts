/** Cancels an event for good: its guests may have been told, so nothing takes it back. */
import { endSending } from '../campaigns/campaigns.ts'
import { cancelEvent, findEvent, type EventRow } from '../events/events.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { cleanLines } from '../platform/values/text.ts'

type Context = { db: Db; now: () => Date }
type Cancellation = { scope: string | null; eventId: string; reason?: string | undefined }

/**
 * From then on the event takes no answers, the door admits nobody, and nothing is sent for it but that it is cancelled. An event
 * that is cancelled already stays as it is. Throws `event_not_found`, `event_closed`.
 */
export async function cancelWholeEvent({ db, now }: Context, asked: Cancellation): Promise<EventRow> {
  const { scope, eventId } = asked
  const reason = cleanLines(asked.reason ?? '') || null
  const at = now()
  if (!(await findEvent(db, scope, eventId))) throw new Failure('event_not_found')
  await withTx(db, (tx) =>
    endSending(tx, { eventId, now: at }, () => cancelEvent(tx, { scope, eventId, reason, now: at })),
  )
  const event = await findEvent(db, scope, eventId)
  if (!event) throw new Failure('event_not_found')
  if (event.status !== 'cancelled')
    throw new Failure('event_closed', {
      detail: `The event is ${event.status}: only a draft or active one is cancelled.`,
    })
  return event
}
