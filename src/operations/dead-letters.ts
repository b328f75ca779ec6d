/** What could not be done and waits for a person: tried again or closed, each letter once. */
import type { Config } from '../platform/config.ts'
import { withTx, type Db } from '../platform/db.ts'
import { replayDeliveries } from '../delivery/delivery.ts'
import { Failure } from '../platform/errors.ts'
import { reviveInbound, type Revived } from '../inbox/inbox.ts'
import { resolveLetters, type Resolved } from '../platform/dead-letters.ts'
import { findLetter, listGone, listOpenLetters, type Letter, type LetterFilter } from './sql.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type Retried = {
  /** What became of each letter that this call closed. */
  resolved: Resolved[]
  /** Webhooks that are due again; the caller enqueues them. */
  revived: Revived[]
}

/** Tries the deliveries and webhooks among these letters again. Letters of jobs are left to jobs.ts: they live in the queue only. */
export async function retryLetters({ db, now, config }: Context, letters: Letter[], by: string): Promise<Retried> {
  const at = now()
  const idsOf = (kind: Letter['kind']) => letters.filter((letter) => letter.kind === kind).map(({ id }) => id)
  const deliveryLetters = idsOf('delivery')
  return withTx(db, async (tx) => {
    const attemptsMax = config.delivery.attemptsMax
    const replayed = await replayDeliveries(tx, deliveryLetters, { now: at, attemptsMax })
    const revived = await reviveInbound(tx, idsOf('inbound_event'), at)
    const gone = await listGone(tx, deliveryLetters)
    const resolved: Resolved[] = [
      ...replayed,
      ...revived.map(({ letterId, outcome }) => ({ letterId, outcome })),
      ...gone.map((letterId) => ({ letterId, outcome: 'gone' as const })),
    ]
    await resolveLetters(tx, resolved, { by, now: at })
    return { resolved, revived: revived.filter(({ outcome }) => outcome === 'retried') }
  })
}

/** An open letter. Throws `dead_letter_not_found`, `dead_letter_resolved`. */
export async function findOpenLetter(db: Db, id: string): Promise<Letter> {
  const letter = await findLetter(db, id)
  if (!letter) throw new Failure('dead_letter_not_found')
  if (letter.resolvedAt)
    throw new Failure('dead_letter_resolved', { detail: 'Somebody has retried or discarded it before.' })
  return letter
}

/** Closes one letter without trying again. */
export async function discardLetter({ db, now }: Pick<Context, 'db' | 'now'>, id: string, by: string): Promise<void> {
  const { id: letterId } = await findOpenLetter(db, id)
  const resolved = await resolveLetters(db, [{ letterId, outcome: 'discarded' }], { by, now: now() })
  if (resolved.length === 0) throw new Failure('dead_letter_resolved')
}

/** Closes every open letter that the filter names, without trying again. Returns how many. */
export async function discardLetters(
  { db, now }: Pick<Context, 'db' | 'now'>,
  filter: LetterFilter,
  by: string,
): Promise<number> {
  const letters = (await listOpenLetters(db, filter)).map(({ id: letterId }) => ({
    letterId,
    outcome: 'discarded' as const,
  }))
  return (await resolveLetters(db, letters, { by, now: now() })).length
}
