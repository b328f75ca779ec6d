/** The face of the domain. Opens each channel: the provider when its key is configured, else the simulated channel. */
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Channel, Channels } from './channel.ts'
import { openEmail } from './email.ts'
import { openSimulated, type CategoryOf } from './simulated.ts'
import { openWhatsApp } from './whatsapp.ts'

export type {
  Channel,
  Channels,
  EmailContent,
  Message,
  Outcome,
  Refusal,
  TemplateButton,
  Verdict,
  WhatsAppContent,
} from './channel.ts'
export { eraseRecipient } from './erasing.ts'
export { pauseChannel, recordHealth, resetFailures, takeProbe } from './breaker.ts'
export { countTokens, deleteOldIntervals, takeTokens } from './rate-limit.ts'
export { categoryOf, estimateCost, isPromotion, predictPrice, type EstimatedCost, type Prediction } from './prices.ts'
export { explainReason, type Explanation } from './reasons.ts'
export { classifyWhatsApp, EMAIL_SENT_BEFORE } from './refusals.ts'
export { isSimulatedBody } from './simulated-callbacks.ts'
export { fetchMedia, type FetchedMedia } from './media.ts'
export { fetchTemplates, type RemoteTemplate } from './whatsapp.ts'

/** `categoryOf`: the category of a template, by which the simulated channel bills it. */
type Context = { config: Config; db: Db; now: () => Date; log: Logger; categoryOf: CategoryOf }

/** Higher than any worker can send, so the simulated channel has no rate limit in effect. */
const SIMULATED_PER_SECOND = 100_000

export function openChannels(context: Context): Channels {
  const { config, now } = context
  const { whatsapp, email } = config
  const { apiKey, messagesPerSecond, pairIntervalMs } = whatsapp
  return {
    whatsapp: apiKey
      ? { ...openWhatsApp({ ...whatsapp, apiKey, now }), messagesPerSecond, pairIntervalMs }
      : simulate('whatsapp', context),
    email:
      email.apiKey && email.from
        ? {
            ...openEmail({ ...email, apiKey: email.apiKey, from: email.from, now }),
            ...{ messagesPerSecond: email.messagesPerSecond, pairIntervalMs: 0 },
          }
        : simulate('email', context),
  }
}

function simulate(channel: ChannelName, context: Context): Channel {
  const message = 'delivery_mock_mode: no provider key, messages go to the simulated channel'
  context.log.warn({ channel, simulated: true }, message)
  return { ...openSimulated(channel, context), messagesPerSecond: SIMULATED_PER_SECOND, pairIntervalMs: 0 }
}
