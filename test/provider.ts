/** Puts a test's own provider behind a channel. It is not simulated, so rate limits and the circuit breaker apply. */
import type { TestContext } from 'node:test'
import { sql } from '../src/platform/db.ts'
import type { Message, Outcome } from '../src/channels/channels.ts'
import type { ChannelName } from '../src/contacts/contacts.ts'
import { classifyWhatsApp } from '../src/channels/refusals.ts'
import type { Deps } from '../src/deps.ts'

export const BOTH: ChannelName[] = ['whatsapp', 'email']

/** The messages that the provider got, in order, and the ids of those it accepted. */
export type Asked = { calls: Message[]; ids: string[]; channels(): ChannelName[] }

/**
 * Puts the provider behind the channels of every given worker until the test ends, and resets the limits afterwards. When
 * `answer` returns nothing, the message is accepted.
 */
export function withProvider(
  t: Pick<TestContext, 'after'>,
  workers: Deps[],
  answer: (message: Message, position: number) => Promise<Outcome | undefined> | Outcome | undefined = () => undefined,
  channels: ChannelName[] = ['whatsapp'],
): Asked {
  const asked: Asked = { calls: [], ids: [], channels: () => asked.calls.map(({ channel }) => channel) }
  const send = async (message: Message): Promise<Outcome> => {
    const position = asked.calls.push(message)
    const outcome = (await answer(message, position)) ?? accepted(message, position)
    if (outcome.kind === 'sent') asked.ids.push(outcome.providerMessageId)
    return outcome
  }
  const originals = workers.map((worker) => ({ ...worker.channels }))
  for (const worker of workers)
    for (const channel of channels)
      worker.channels[channel] = { ...limitsOf(worker, channel), isSimulated: false, send }
  t.after(async () => {
    for (const [n, worker] of workers.entries()) Object.assign(worker.channels, originals[n])
    await forgetLimits(workers[0]!)
  })
  return asked
}

/** The limits of a real channel from the configuration. */
const limitsOf = ({ config }: Deps, channel: ChannelName) => ({
  messagesPerSecond: config[channel].messagesPerSecond,
  pairIntervalMs: channel === 'whatsapp' ? config.whatsapp.pairIntervalMs : 0,
})

const accepted = ({ deliveryId }: Message, position: number): Outcome => ({
  kind: 'sent',
  providerMessageId: `wamid.${deliveryId}_${position}`,
  httpStatus: 200,
})

/** The outcome that the WhatsApp client returns for an error code. */
export const coded = (code: number | null, httpStatus = 400): Outcome => {
  const { verdict, ...more } = classifyWhatsApp({ code, httpStatus })
  return verdict === 'unknown'
    ? { kind: 'unknown', reason: more.reason }
    : { kind: 'refused', verdict, httpStatus, ...more }
}

/** Fills the token buckets, closes the circuits and ends the pauses of channels. */
export async function forgetLimits({ db }: Pick<Deps, 'db'>): Promise<void> {
  await sql`update channel_limits set tokens = 1000000, failures = 0, refilled_at = to_timestamp(0)`.execute(db)
  await sql`delete from recipient_limits`.execute(db)
  await sql`delete from pauses where scope = 'channel'`.execute(db)
}
