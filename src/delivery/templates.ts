/** The messages we send: name, texts per locale, the variables they need. */
import { DateTime } from 'luxon'
import { Failure } from '../errors.ts'

export type Locale = 'es-MX' | 'en'
type Texts = { subject: string; body: string }
type Template = { name: string; texts: Record<Locale, Texts> }

const TEMPLATES: Template[] = [
  {
    name: 'event_invitation',
    texts: {
      'es-MX': {
        subject: 'Invitación: {{event_name}}',
        body: 'Hola {{guest_name}}: te invitamos a {{event_name}}, el {{event_date}}. Confirma tu asistencia aquí: {{invitation_url}}',
      },
      en: {
        subject: 'Invitation: {{event_name}}',
        body: 'Hello {{guest_name}}: you are invited to {{event_name}}, on {{event_date}}. Please answer here: {{invitation_url}}',
      },
    },
  },
  {
    name: 'event_reminder',
    texts: {
      'es-MX': {
        subject: 'Te esperamos: {{event_name}}',
        body: 'Hola {{guest_name}}: te recordamos {{event_name}}, el {{event_date}}. Tu pase y tu respuesta: {{invitation_url}}',
      },
      en: {
        subject: 'See you at {{event_name}}',
        body: 'Hello {{guest_name}}: a reminder of {{event_name}}, on {{event_date}}. Your pass and your answer: {{invitation_url}}',
      },
    },
  },
]

export type Occasion = {
  guestName: string
  eventName: string
  startsAt: Date
  timeZone: string
  invitationUrl: string
}

export type Rendered = Texts & { parameters: string[] }

/** Throws `template_not_found`. */
export function findTemplate(name: string): Template {
  const template = TEMPLATES.find((candidate) => candidate.name === name)
  if (!template)
    throw new Failure('template_not_found', { detail: `Templates: ${TEMPLATES.map((one) => one.name).join(', ')}.` })
  return template
}

/** Fills a template in. `variables` of the request win over what the event and the guest give. */
export function renderTemplate(
  name: string,
  locale: Locale,
  occasion: Occasion,
  variables: Record<string, string>,
): Rendered {
  const texts = findTemplate(name).texts[locale]
  const values: Record<string, string> = {
    guest_name: occasion.guestName,
    event_name: occasion.eventName,
    event_date: formatEventDate(occasion.startsAt, occasion.timeZone, locale),
    invitation_url: occasion.invitationUrl,
    ...variables,
  }
  const parameters: string[] = []
  const fill = (text: string) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, variable: string) => {
      const value = values[variable]?.trim()
      if (!value) throw new Failure('template_variable_missing', { detail: `The template ${name} needs ${variable}.` })
      return value
    })
  const body = texts.body.replace(/\{\{(\w+)\}\}/g, (placeholder) => {
    const value = fill(placeholder)
    parameters.push(value)
    return value
  })
  return { subject: fill(texts.subject), body, parameters }
}

/** "sábado 12 de diciembre de 2026, 18:00" in the event's own zone. */
function formatEventDate(at: Date, timeZone: string, locale: Locale): string {
  const format = locale === 'en' ? 'cccc d LLLL yyyy, HH:mm' : "cccc d 'de' LLLL 'de' yyyy, HH:mm"
  return DateTime.fromJSDate(at, { zone: timeZone }).setLocale(locale).toFormat(format)
}
