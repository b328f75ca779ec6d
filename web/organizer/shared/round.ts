/** One message to several guests, one call after the other. What was lost or refused can be tried again, and nobody gets it twice. */
type Guest = { id: string }

/** `before`: an earlier message was the same, so this one was not sent. `why`: nothing was sent, or nobody knows. */
export type Outcome = 'queued' | 'before' | { why: string }

export type Round = {
  outcomes: ReadonlyMap<string, Outcome>
  /** Of the calls without an answer, which are tried again with their own key. */
  keys: ReadonlyMap<string, string>
}

export const NEW_ROUND: Round = { outcomes: new Map(), keys: new Map() }

/** Who has not got the message yet. `force`: who got it before, to whom it goes again. */
export const leftOf = <T extends Guest>(guests: readonly T[], { outcomes }: Round, force: boolean): T[] =>
  guests.filter(({ id }) => {
    const outcome = outcomes.get(id)
    return force ? outcome === 'before' : outcome === undefined || typeof outcome === 'object'
  })

type Sending<T> = {
  force: boolean
  /** `isFinal`: the API has answered, and would give the same answer to the same key. */
  send: (guest: T, key: string) => Promise<{ outcome: Outcome; isFinal: boolean }>
  isStopped: () => boolean
  onNext: (index: number, total: number) => void
}

/** Sends to those who are left, until it is stopped. Returns the round with what came of it. */
export async function sendRound<T extends Guest>(
  guests: readonly T[],
  round: Round,
  sending: Sending<T>,
): Promise<Round> {
  const { force, send, isStopped, onNext } = sending
  const outcomes = new Map(round.outcomes)
  const keys = new Map(round.keys)
  const left = leftOf(guests, round, force)
  for (const [index, guest] of left.entries()) {
    if (isStopped()) break
    onNext(index, left.length)
    // A forced call is another request, and so has another key.
    const name = `${guest.id} ${force}`
    const key = keys.get(name) ?? crypto.randomUUID()
    const { outcome, isFinal } = await send(guest, key)
    outcomes.set(guest.id, outcome)
    if (isFinal) keys.delete(name)
    else keys.set(name, key)
  }
  return { outcomes, keys }
}
