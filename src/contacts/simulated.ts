/** A channel without a key only simulates. Beside one that really sends, nobody is left to it unless that is asked for. */
import type { Config } from '../platform/config.ts'
import type { ChannelName } from '../channels/channel.ts'

type Keys = Pick<Config, 'whatsapp' | 'email'>

const isReal = ({ whatsapp, email }: Keys, channel: ChannelName): boolean =>
  channel === 'whatsapp' ? whatsapp.apiKey !== undefined : email.apiKey !== undefined && email.from !== undefined

/** `auto` means e-mail where WhatsApp would only pretend. */
export const narrowAuto = (wanted: ChannelName | 'auto', config: Keys): ChannelName | 'auto' =>
  wanted === 'auto' && !isReal(config, 'whatsapp') && isReal(config, 'email') ? 'email' : wanted

/** An e-mail takes WhatsApp's place only if it leaves as really as that did. */
export const mayEmailInstead = (config: Keys): boolean => isReal(config, 'email') || !isReal(config, 'whatsapp')
