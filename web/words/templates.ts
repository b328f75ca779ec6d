/** The messages that an organizer may send, by what they are for. */
import { pick } from './locale.ts'

export const TEMPLATES = pick({
  es: {
    event_invitation: 'Invitación',
    event_reminder: 'Recordatorio',
    event_update: 'Aviso con tu texto',
    event_cancelled: 'Aviso de cancelación',
    event_thanks: 'Agradecimiento',
  },
  en: {
    event_invitation: 'Invitation',
    event_reminder: 'Reminder',
    event_update: 'Notice with your text',
    event_cancelled: 'Notice of cancellation',
    event_thanks: 'Thanks',
  },
})

export type Sendable = keyof typeof TEMPLATES

export const TEMPLATE_OPTIONS = (Object.keys(TEMPLATES) as Sendable[]).map((id) => ({ id, label: TEMPLATES[id] }))

/** The name of any template of the catalog; those that answer by themselves are replies. */
export const nameTemplate = (template: string): string => (TEMPLATES as Record<string, string>)[template] ?? REPLY

const REPLY = pick({ es: 'Respuesta', en: 'Reply' })
