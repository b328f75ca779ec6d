/** Pausing a channel as a person. */
import type { ChannelName } from '../contacts/contacts.ts'
import { pauseSending } from '../delivery/delivery.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure, readInstant } from '../platform/errors.ts'

/** Pauses a channel until `until` (ISO 8601), or until it is resumed. Replaces a pause by a person. Throws `invalid_date`. */
export async function pauseChannelByHand(
  { db, now }: { db: Db; now: () => Date },
  { channel, reason, by, until: text }: { channel: ChannelName; reason: string; by: string; until: string | undefined },
): Promise<void> {
  const at = now()
  const until = text === undefined ? null : readInstant(text, 'until')
  if (until && until <= at) throw new Failure('invalid_date', { detail: 'until has passed.' })
  const pause = { scope: 'channel', scopeId: channel, source: 'person', reason, pausedBy: by, until, now: at } as const
  await withTx(db, (tx) => pauseSending(tx, pause))
}
