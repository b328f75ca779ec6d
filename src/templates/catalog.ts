/**
 * The catalog of templates: name, category, buttons and variables of each. The texts are in texts-es-mx.ts and
 * texts-en.ts; compose.ts makes messages of them.
 *
 * At WhatsApp an approved template has the same name, the languages es_MX and en, our body with {{1}}, {{2}}… in place of
 * its variables in their order, and the buttons in the order given here.
 */
import { DateTime } from 'luxon'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { MessageContext } from './context.ts'
import { EN } from './texts-en.ts'
import { ES_MX } from './texts-es-mx.ts'
import type { TemplateName, Words } from './texts.ts'

export const WORDS: Record<Locale, Words> = { 'es-MX': ES_MX, en: EN }

export type TemplateCategory = 'utility' | 'marketing'
export type Template = {
  name: TemplateName
  category: TemplateCategory
  /** WhatsApp has to approve it, and then it may start a conversation. The others are replies inside an open window. */
  isApproved: boolean
  /** In the order of the approved template. */
  buttons: ('link' | 'yes' | 'no')[]
  /** The header is an image: the guest's QR code. */
  hasPass?: true
  /** The request gives the buttons in the variable `choices`. */
  hasChoices?: true
}

const TEMPLATES: Template[] = [
  { name: 'event_invitation', category: 'marketing', isApproved: true, buttons: ['link', 'yes', 'no'] },
  { name: 'event_reminder', category: 'utility', isApproved: true, buttons: ['link'] },
  { name: 'event_update', category: 'utility', isApproved: true, buttons: ['link'] },
  { name: 'event_thanks', category: 'marketing', isApproved: true, buttons: [] },
  { name: 'event_cancelled', category: 'utility', isApproved: true, buttons: [] },
  { name: 'rsvp_confirmed', category: 'utility', isApproved: true, buttons: ['link'], hasPass: true },
  { name: 'waitlist_place', category: 'utility', isApproved: true, buttons: ['link', 'no'] },
  { name: 'rsvp_question', category: 'utility', isApproved: false, buttons: ['yes', 'no'] },
  { name: 'rsvp_full', category: 'utility', isApproved: false, buttons: [] },
  { name: 'event_question', category: 'utility', isApproved: false, buttons: [], hasChoices: true },
  { name: 'event_over', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_out_help', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_out_confirmed', category: 'utility', isApproved: false, buttons: [] },
  { name: 'opt_in_confirmed', category: 'utility', isApproved: false, buttons: [] },
  // What a person of the organizer writes to a guest.
  { name: 'personal_reply', category: 'utility', isApproved: false, buttons: [] },
]

export const listTemplates = (): readonly Template[] => TEMPLATES

/** Throws `template_not_found`. */
export function findTemplate(name: string): Template {
  const template = TEMPLATES.find((candidate) => candidate.name === name)
  if (!template)
    throw new Failure('template_not_found', { detail: `Templates: ${TEMPLATES.map((one) => one.name).join(', ')}.` })
  return template
}

/** Like findTemplate, but also throws `template_not_found` for a reply, which only a guest's message can trigger. */
export function findRequestable(name: string): Template {
  const template = findTemplate(name)
  if (!template.isApproved)
    throw new Failure('template_not_found', { detail: `${name} is sent only as a reply to a guest.` })
  return template
}

/** The language code of WhatsApp: es_MX, en. */
export const languageOf = (locale: Locale): string => locale.replace('-', '_')

export type Variable = {
  name: string
  /** Where the value comes from when the request does not give it; `request`: the request must give it. */
  source: 'guest' | 'event' | 'organizer' | 'invitation' | 'request'
  /** In characters. With all its variables at their limit, every approved body still fits WhatsApp's 1024 characters. */
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
  { name: 'reply_text', source: 'request', maxLength: 4096 },
]

type KnownVariable = Variable & { isRequired: boolean }

/** The variables of a template, and whether the request must give them. */
export const variablesOf = (template: Template): readonly KnownVariable[] => KNOWN_VARIABLES[template.name]

function listVariables(template: Template): KnownVariable[] {
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

/**
 * Throws `template_variable_unknown` when the template does not have one of these variables. Campaigns and previews call
 * it, because a typing error would cost many messages.
 */
export function refuseUnknownVariables(template: Template, given: Record<string, string>): void {
  const names = variablesOf(template).map(({ name }) => name)
  const unknown = Object.keys(given).filter((name) => !names.includes(name))
  if (unknown.length === 0) return
  throw new Failure('template_variable_unknown', {
    detail: `The template ${template.name} has the variables ${names.join(', ')}, not ${unknown.join(', ')}.`,
  })
}

/**
 * The value of every variable of a template. A value from the request replaces ours; it must be neither blank
 * (`template_variable_missing`) nor too long (`template_variable_invalid`). A blank value of the guest or event is
 * replaced by its fallback. Unknown names are ignored.
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

/** Cuts values that are too long for WhatsApp's body. */
export const fitVariables = (template: Template, values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(variablesOf(template).map(({ name, maxLength }) => [name, cut(values[name]!, maxLength)]))

/** Whether nothing is visible: cells of spreadsheets can contain zero-width spaces. */
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

/** Found once, because every message needs them. */
const KNOWN_VARIABLES = Object.fromEntries(TEMPLATES.map((one) => [one.name, listVariables(one)])) as Record<
  TemplateName,
  KnownVariable[]
>

/** Replaces the placeholders of a text by their values. */
export const fill = (text: string, values: Record<string, string>): string =>
  text.replace(PLACEHOLDER, (_, name: string) => values[name]!)

/** The names of the variables in a text, in WhatsApp's order: {{1}} is the first. */
export const parametersOf = (text: string): string[] => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!)

/** Fills a text by position, as WhatsApp fills an approved template. */
export const fillInOrder = (text: string, parameters: string[]): string => {
  const remaining = [...parameters]
  return text.replace(PLACEHOLDER, () => remaining.shift()!)
}

/** Cuts a text to `maxLength` UTF-16 units between grapheme clusters, so that no emoji is cut in half, and adds an ellipsis. */
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

/** "sábado 12 de diciembre de 2026, 18:00 h" in the time zone of the event. */
function formatEventDate(at: Date, timeZone: string, locale: Locale): string {
  const key = `${at.getTime()} ${timeZone} ${locale}`
  const known = EVENT_DATES.get(key)
  if (known !== undefined) return known
  const text = DateTime.fromJSDate(at, { zone: timeZone }).setLocale(locale).toFormat(WORDS[locale].dateFormat)
  if (EVENT_DATES.size >= EVENT_DATES_MAX) EVENT_DATES.clear()
  EVENT_DATES.set(key, text)
  return text
}
/** Dates already written out: the guests of an event share one, and writing it costs as much as the rest of a message. */
const EVENT_DATES = new Map<string, string>()
const EVENT_DATES_MAX = 1000
