/** A channel without a provider's key is simulated. If the other channel is real, it is used only when named. */
import type { Config } from '../platform/config.ts'
import type { ChannelName } from './reach.ts'

type Keys = Pick<Config, 'whatsapp' | 'email'>

export const isRealChannel = ({ whatsapp, email }: Keys, channel: ChannelName): boolean =>
  channel === 'whatsapp' ? whatsapp.apiKey !== undefined : email.apiKey !== undefined && email.from !== undefined

/** `auto` means e-mail if only e-mail is real. */
export const narrowAuto = (wanted: ChannelName | 'auto', config: Keys): ChannelName | 'auto' =>
  wanted === 'auto' && !isRealChannel(config, 'whatsapp') && isRealChannel(config, 'email') ? 'email' : wanted

/** A simulated e-mail never replaces a real WhatsApp message. */
export const mayFallBackToEmail = (config: Keys): boolean =>
  isRealChannel(config, 'email') || !isRealChannel(config, 'whatsapp')
