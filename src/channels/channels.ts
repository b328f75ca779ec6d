/** Which channel sends: with a provider's key the provider, without it the simulated one. */
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { ChannelName, Channels } from './channel.ts'
import { openEmail } from './email.ts'
import { openSimulated } from './simulated.ts'
import { openWhatsApp } from './whatsapp.ts'

type Context = { config: Config; db: Db; now: () => Date; log: Logger }

export function openChannels(context: Context): Channels {
  const { config, now } = context
  const { whatsapp, email } = config
  return {
    whatsapp: whatsapp.apiKey
      ? openWhatsApp({ apiKey: whatsapp.apiKey, apiUrl: whatsapp.apiUrl, timeoutMs: whatsapp.timeoutMs, now })
      : simulate('whatsapp', context),
    email:
      email.apiKey && email.from
        ? openEmail({ apiKey: email.apiKey, apiUrl: email.apiUrl, from: email.from, timeoutMs: email.timeoutMs, now })
        : simulate('email', context),
  }
}

function simulate(channel: ChannelName, context: Context) {
  const message = 'delivery_mock_mode: no provider key, messages go to the simulated channel'
  context.log.warn({ channel, simulated: true }, message)
  return openSimulated(channel, context)
}
