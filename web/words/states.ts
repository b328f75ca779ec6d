/** The states of events, guests and messages, in words and with their tone. */
import type { Schemas } from '../api/client.ts'
import { pick } from './locale.ts'

type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'none'
type Shown = { tone: Tone; text: string }
const show = <K extends string>(tones: Record<K, Tone>, texts: Record<K, string>): Record<K, Shown> =>
  Object.fromEntries(
    Object.entries<Tone>(tones).map(([state, tone]) => [state, { tone, text: texts[state as K] }]),
  ) as Record<K, Shown>

type EventState = Schemas['EventStatus']
export const EVENT_STATES = show<EventState>(
  { draft: 'none', active: 'ok', archived: 'none', expired: 'none', cancelled: 'bad' },
  pick({
    es: { draft: 'Borrador', active: 'Activo', archived: 'Archivado', expired: 'Terminado', cancelled: 'Cancelado' },
    en: { draft: 'Draft', active: 'Active', archived: 'Archived', expired: 'Over', cancelled: 'Cancelled' },
  }),
)

export type Answer = Schemas['Guest']['answer']
export const ANSWERS = show<Answer>(
  { yes: 'ok', no: 'bad', maybe: 'warn', pending: 'none' },
  pick({
    es: { yes: 'Confirmó', no: 'No viene', maybe: 'Quizá', pending: 'Sin contestar' },
    en: { yes: 'Coming', no: 'Not coming', maybe: 'Maybe', pending: 'No answer' },
  }),
)

type GuestState = Schemas['GuestStatus']
export const GUEST_STATES = show<GuestState>(
  { pending: 'none', confirmed: 'ok', declined: 'bad', scanned: 'info' },
  pick({
    es: { pending: 'Sin contestar', confirmed: 'Confirmó', declined: 'No viene', scanned: 'Adentro' },
    en: { pending: 'No answer', confirmed: 'Coming', declined: 'Not coming', scanned: 'Inside' },
  }),
)

export type DeliveryState = Schemas['Delivery']['status']
export const DELIVERY_STATES = show<DeliveryState>(
  {
    ...{ scheduled: 'info', queued: 'info', sending: 'info', unknown: 'warn', sent: 'info' },
    ...{ delivered: 'ok', read: 'ok', failed: 'bad', skipped: 'none', dead: 'bad' },
  },
  pick({
    es: {
      ...{ scheduled: 'Programado', queued: 'En fila', sending: 'Enviando', unknown: 'Sin confirmar', sent: 'Enviado' },
      ...{ delivered: 'Entregado', read: 'Leído', failed: 'Falló', skipped: 'Omitido', dead: 'Detenido' },
    },
    en: {
      ...{ scheduled: 'Scheduled', queued: 'Queued', sending: 'Sending', unknown: 'Unconfirmed', sent: 'Sent' },
      ...{ delivered: 'Delivered', read: 'Read', failed: 'Failed', skipped: 'Skipped', dead: 'Stopped' },
    },
  }),
)

type Channel = Schemas['Channel']
export const CHANNELS: Record<Channel, string> = pick({
  es: { whatsapp: 'WhatsApp', email: 'Correo' },
  en: { whatsapp: 'WhatsApp', email: 'E-mail' },
})
