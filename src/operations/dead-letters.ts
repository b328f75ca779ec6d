/** Retrying and discarding dead letters. Each letter is closed once. */
import type { Config } from '../platform/config.ts'
import { withTx, type Db } from '../platform/db.ts'
import { replayDeliveries } from '../delivery/delivery.ts'
import { Failure } from '../platform/errors.ts'
import { reviveInbound, type Revived } from '../inbox/inbox.ts'
import { resolveLetters, type Resolved } from '../platform/dead-letters.ts'
import { findLetter, listGone, listOpenLetters, type Letter, type LetterFilter } from './sql.ts'

type Context = { db: Db; now: () => Date; config: Config }

export type Retried = {
  /** The outcome of each letter that this call closed. */
  resolved: Resolved[]
  /** Webhooks that are due again. The caller enqueues them after the commit. */
  revived: Revived[]
}

/** Retries the deliveries and webhooks of these letters. Letters of jobs are left to jobs.ts, because no row stands behind them. */
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

/** Finds an open letter. Throws `dead_letter_not_found`, `dead_letter_resolved`. */
export async function findOpenLetter(db: Db, id: string): Promise<Letter> {
  const letter = await findLetter(db, id)
  if (!letter) throw new Failure('dead_letter_not_found')
  if (letter.resolvedAt)
    throw new Failure('dead_letter_resolved', { detail: 'The letter was already retried or discarded.' })
  return letter
}

/** Closes a letter without retrying. Throws `dead_letter_not_found`, `dead_letter_resolved`. */
export async function discardLetter({ db, now }: Pick<Context, 'db' | 'now'>, id: string, by: string): Promise<void> {
  const { id: letterId } = await findOpenLetter(db, id)
  const resolved = await resolveLetters(db, [{ letterId, outcome: 'discarded' }], { by, now: now() })
  if (resolved.length === 0) throw new Failure('dead_letter_resolved')
}

/** Closes every open letter that matches the filter, without retrying. Returns how many. */
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
