/** Which channel sends. Without a provider's key it is the simulated one. */
import type { Config } from '../config.ts'
import type { Db } from '../db.ts'
import type { Logger } from '../log.ts'
import type { Channel, Channels } from './delivery.ts'
import { openSimulated } from './simulated.ts'

type Context = { config: Config; db: Db; now: () => Date; log: Logger }

export function openChannels(context: Context): Channels {
  const { whatsapp, email } = context.config
  return {
    whatsapp: openChannel('whatsapp', whatsapp.apiKey, context),
    email: openChannel('email', email.apiKey, context),
  }
}

function openChannel(channel: 'whatsapp' | 'email', apiKey: string | undefined, context: Context): Channel {
  if (!apiKey) {
    const message = 'delivery_mock_mode: no provider key, messages go to the simulated channel'
    context.log.warn({ channel, simulated: true }, message)
    return openSimulated(channel, context)
  }
  // Who sets a key expects real messages: pretending would be a guest who never hears of the party.
  context.log.error(
    { channel },
    'Sending through this provider is not built yet: its deliveries fail. Unset its key to simulate',
  )
  return { isSimulated: false, send: async () => ({ kind: 'failed', reason: 'channel_not_built', httpStatus: null }) }
}
