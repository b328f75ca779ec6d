/** A provider of a test's own behind a channel: as real as a provider, so limits and the breaker count. */
import type { TestContext } from 'node:test'
import { sql } from '../src/db.ts'
import type { Channel, ChannelName, Message, Outcome } from '../src/delivery/channel.ts'
import type { Deps } from '../src/deps.ts'

/** What the provider was asked, in the order it was asked. */
export type Asked = { calls: Message[] }

/**
 * Puts it behind the channel, for every worker that is given, until the test ends; afterwards the limits of the
 * channel are as new. `answer` may return nothing: then the message is taken.
 */
export function withProvider(
  t: TestContext,
  workers: Deps[],
  answer: (message: Message, position: number) => Promise<Outcome> | Outcome | undefined = () => undefined,
  channel: ChannelName = 'whatsapp',
): Asked {
  const asked: Asked = { calls: [] }
  const send: Channel['send'] = async (message) => {
    const position = asked.calls.push(message)
    return (await answer(message, position)) ?? accepted(message, position)
  }
  const originals = workers.map(({ channels }) => channels[channel])
  for (const { channels } of workers) channels[channel] = { isSimulated: false, send }
  t.after(async () => {
    for (const [n, { channels }] of workers.entries()) channels[channel] = originals[n]!
    await sql`update channel_limits set next_free_at = '-infinity', held_until = null, hold_reason = null, failures = 0`.execute(
      workers[0]!.db,
    )
  })
  return asked
}

const accepted = ({ deliveryId }: Message, position: number): Outcome => ({
  kind: 'sent',
  providerMessageId: `wamid.${deliveryId}_${position}`,
  httpStatus: 200,
})
