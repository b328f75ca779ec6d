/**
 * The messages we send: their names, what WhatsApp was told about them, the variables they need. Texts are
 * in texts-es-mx.ts and texts-en.ts; compose.ts makes messages of them.
 *
 * An approved template has at WhatsApp the same name, the languages es_MX and en, the body of our text with
 * {{1}}, {{2}}… in the order of its variables, and the buttons in the order given here.
 */
import { DateTime } from 'luxon'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/languages.ts'
import type { MessageContext } from './context.ts'
import { EN } from './texts-en.ts'
import { ES_MX } from './texts-es-mx.ts'
import type { TemplateName, Words } from './texts.ts'

export const WORDS: Record<Locale, Words> = { 'es-MX': ES_MX, en: EN }

export type TemplateCategory = 'utility' | 'marketing'
export type Template = {
  name: TemplateName
  category: TemplateCategory
  /** WhatsApp approves it, so that it may open a conversation. The others only answer in an open window. */
  isApproved: boolean
  /** Of the approved template, in its order; `index` of a button counts from 0. */
  buttons: ('link' | 'yes' | 'no')[]
  /** The guest's QR is the header's image. */
  hasPass?: true
  /** The buttons come with the request, in the variable `choices`. */
  hasChoices?: true
}

const TEMPLATES: Template[] = [
  { name: 'event_invitation', category: 'marketing', isApproved: true, buttons: ['link', 'yes', 'no'] },
  { name: 'event_reminder', category: 'utility', isApproved: true, buttons: ['link'] },
  { name: 'event_update', category: 'utility', isApproved: true, buttons: ['link'] },
  { name: 'event_thanks', category: 'marketing', isApproved: true, buttons: [] },
  { name: 'rsvp_confirmed', category: 'utility', isApproved: true, buttons: ['link'], hasPass: true },
  { name: 'rsvp_question', category: 'utility', isApproved: false, buttons: ['yes', 'no'] },
  { name: 'rsvp_full', category: 'utility', isApproved: false, buttons: [] },
  { name: 'event_question', category: 'utility', isApproved: false, buttons: [], hasChoices: true },
  { name: 'event_over', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_out_help', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_out_confirmed', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_in_confirmed', category: 'utility', isApproved: false, buttons: [] },
]

export const listTemplates = (): readonly Template[] => TEMPLATES

/** Throws `template_not_found`. */
export function findTemplate(name: string): Template {
  const template = TEMPLATES.find((candidate) => candidate.name === name)
  if (!template)
    throw new Failure('template_not_found', { detail: `Templates: ${TEMPLATES.map((one) => one.name).join(', ')}.` })
  return template
}

/** As findTemplate, and also throws it for an answer, which only a guest's message brings about. */
export function findRequestable(name: string): Template {
  const template = findTemplate(name)
  if (!template.isApproved)
    throw new Failure('template_not_found', { detail: `${name} is only sent as an answer to a guest.` })
  return template
}

/** WhatsApp's own code: es_MX, en. */
export const languageOf = (locale: Locale): string => locale.replace('-', '_')

export type Variable = {
  name: string
  /** Where it comes from when the request does not give it; `request`: the request must. */
  source: 'guest' | 'event' | 'organizer' | 'invitation' | 'request'
  /** In characters. All of a template's variables at their limit still fit WhatsApp's body of 1024; an e-mail has room. */
  maxLength: number
}
const VARIABLES: Variable[] = [
  { name: 'guest_name', source: 'guest', maxLength: 60 },
  { name: 'event_name', source: 'event', maxLength: 100 },
  { name: 'event_date', source: 'event', maxLength: 100 },
  { name: 'event_location', source: 'event', maxLength: 120 },
  { name: 'organizer_name', source: 'organizer', maxLength: 60 },
  { name: 'invitation_url', source: 'invitation', maxLength: 300 },
  { name: 'update_text', source: 'request', maxLength: 500 },
  { name: 'choices', source: 'request', maxLength: 4000 },
]

type KnownVariable = Variable & { isRequired: boolean }

/** Which variables a template knows, and which of them the request must give. */
export function variablesOf(template: Template): KnownVariable[] {
  const used = new Set(template.hasChoices ? ['choices'] : [])
  for (const { texts } of Object.values(WORDS)) {
    const { body, link, email } = texts[template.name]
    if (link) used.add('invitation_url')
    if (email) for (const name of ['event_name', 'organizer_name']) used.add(name)
    if (email && link) for (const name of ['event_date', 'event_location']) used.add(name)
    for (const text of [body, ...(email ? [email.subject, email.preheader, ...email.paragraphs] : [])])
      for (const [, name] of text.matchAll(PLACEHOLDER)) used.add(name!)
  }
  return VARIABLES.filter(({ name }) => used.has(name)).map((one) => ({ ...one, isRequired: one.source === 'request' }))
}

/** Refuses a name that the template does not know: `template_variable_unknown`. For requests whose typing error costs many messages. */
export function refuseUnknownVariables(template: Template, given: Record<string, string>): void {
  const names = variablesOf(template).map(({ name }) => name)
  const unknown = Object.keys(given).filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  throw new Failure('template_variable_unknown', {
    detail: `The template ${template.name} knows ${names.join(', ')}; not ${unknown.join(', ')}.`,
  })
}

/**
 * The value of every variable of a template. What the request gives wins and must be neither blank
 * (`template_variable_missing`) nor too long (`template_variable_invalid`); what guest and event lack gets
 * its fallback. Names that the template does not know are ignored.
 */
export function readVariables(
  template: Template,
  locale: Locale,
  messageContext: MessageContext,
  given: Record<string, string>,
): Record<string, string> {
  const own = valuesOf(messageContext, locale)
  const fallbacks: Record<string, string> = WORDS[locale].fallbacks
  const values: Record<string, string> = {}
  for (const { name, maxLength } of variablesOf(template)) {
    const asked = given[name]?.trim()
    const value = asked ?? (isBlank(own[name] ?? '') ? fallbacks[name] : own[name]!.trim())
    if (!value || isBlank(value))
      throw new Failure('template_variable_missing', { detail: `The template ${template.name} needs ${name}.` })
    if (asked !== undefined) refuseUnfit(name, value, maxLength)
    values[name] = value
  }
  return values
}

/** As WhatsApp's body has room for them: what is too long is cut. */
export const fitVariables = (template: Template, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(variablesOf(template).map(({ name, maxLength }) => [name, cut(values[name]!, maxLength)]))

/** Nothing that can be seen: cells of spreadsheets bring along spaces without width. */
const isBlank = (text: string): boolean => !/[^\s\p{Cc}\p{Cf}]/u.test(text)

function refuseUnfit(name: string, value: string, maxLength: number): void {
  if (value.length > maxLength)
    throw new Failure('template_variable_invalid', { detail: `${name} takes ${maxLength} characters at most.` })
  if (name === 'invitation_url' && !/^https?:\/\/\S+$/.test(value))
    throw new Failure('template_variable_invalid', { detail: 'invitation_url must be an http or https address.' })
}

const valuesOf = (messageContext: MessageContext, locale: Locale): Record<string, string | null> => ({
  guest_name: messageContext.guestName,
  event_name: messageContext.eventName,
  event_date: formatEventDate(messageContext.startsAt, messageContext.timeZone, locale),
  event_location: messageContext.location,
  organizer_name: messageContext.organizerName,
  invitation_url: messageContext.invitationUrl,
})

const PLACEHOLDER = /\{\{(\w+)\}\}/g

/** Puts the values in. */
export const fill = (text: string, values: Record<string, string>): string =>
  text.replace(PLACEHOLDER, (_, name: string) => values[name]!)

/** The names of the variables in a text of a template, as WhatsApp numbers them: {{1}} is the first. */
export const parametersOf = (text: string): string[] => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!)

/** As WhatsApp fills an approved template. */
export const fillInOrder = (text: string, parameters: string[]): string => {
  const left = [...parameters]
  return text.replace(PLACEHOLDER, () => left.shift()!)
}

/** Whole characters as people see them, so that half an emoji or a family without its children is never sent. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  let kept = ''
  for (const { segment } of CHARACTERS.segment(text)) {
    if (kept.length + segment.length > maxLength - 1) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
const CHARACTERS = new Intl.Segmenter('es-MX')

/** "sábado 12 de diciembre de 2026, 18:00 h" in the event's own zone. */
const formatEventDate = (at: Date, timeZone: string, locale: Locale): string =>
  DateTime.fromJSDate(at, { zone: timeZone }).setLocale(locale).toFormat(WORDS[locale].dateFormat)
