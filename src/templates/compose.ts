/**
 * Composes the message of a template for a channel. Inside WhatsApp's 24-hour window the text is sent as a free-form
 * message with the link in full; outside it the approved template is sent, whose link button takes only the code of the
 * invitation.
 */
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { EmailContent, TemplateButton, WhatsAppContent } from '../channels/channels.ts'
import { renderHtml, renderText, type Letter } from './layout.ts'
import type { MessageContext } from './context.ts'
import {
  cut,
  fill,
  findTemplate,
  fitVariables,
  languageOf,
  parametersOf,
  readVariables,
  WORDS,
  type Template,
} from './catalog.ts'

/** `window_closed`: a reply has no approved template. `not_an_email`: the template exists for WhatsApp only. */
export type Uncomposed = { kind: 'refused'; reason: 'window_closed' | 'not_an_email' }

type Given = Record<string, string>
/** What a message is composed from. */
type Draft = { template: Template; locale: Locale; messageContext: MessageContext; values: Given }

/**
 * The WhatsApp message of a template. Throws `template_not_found`, `template_variable_missing` and
 * `template_variable_invalid`. The limits are those of the Cloud API: 1024 characters in the body of a template, of
 * buttons and in a caption, 4096 in a text.
 */
export function composeWhatsApp(
  name: string,
  locale: Locale,
  messageContext: MessageContext,
  given: Given,
  { isWindowOpen }: { isWindowOpen: boolean },
): WhatsAppContent | Uncomposed {
  const template = findTemplate(name)
  const values = fitVariables(template, readVariables(template, locale, messageContext, given))
  const draft = { template, locale, messageContext, values }
  if (isWindowOpen) return composeSession(draft)
  return template.isApproved ? composeApproved(draft) : { kind: 'refused', reason: 'window_closed' }
}

function composeApproved({ template, locale, messageContext, values }: Draft): WhatsAppContent {
  return {
    kind: 'template',
    name: template.name,
    language: languageOf(locale),
    ...(template.hasPass ? { header: { kind: 'image', link: messageContext.qrUrl } } : {}),
    body: parametersOf(WORDS[locale].texts[template.name].body).map((name) => ({ text: onOneLine(values[name]!) })),
    buttons: template.buttons.map((button, index): TemplateButton =>
      button === 'link'
        ? { kind: 'url', index, suffix: messageContext.code }
        : { kind: 'quick_reply', index, payload: replyId(button, messageContext) },
    ),
  }
}

function composeSession({ template, locale, messageContext, values }: Draft): WhatsAppContent {
  const { texts, replies } = WORDS[locale]
  const { body: text, link } = texts[template.name]
  const filled = fill(text, values)
  const body = link ? `${filled}\n\n${link}: ${values['invitation_url']}` : filled
  if (template.hasChoices) return offerChoices(body, values['choices']!, replies.choose)
  if (template.hasPass) return { kind: 'image', link: messageContext.qrUrl, caption: body }
  const buttons = template.buttons
    .filter((button) => button !== 'link')
    .map((button) => ({ id: replyId(button, messageContext), title: replies[button] }))
  return buttons.length > 0 ? { kind: 'buttons', body, buttons } : { kind: 'text', body }
}

/** The webhook returns it as the payload when the guest taps the button. */
const replyId = (answer: 'yes' | 'no', { invitationId }: MessageContext) => `rsvp/${answer}/${invitationId}`

/**
 * WhatsApp shows up to three buttons (title 20 characters) or a list of up to ten rows (title 24, description 72). It
 * refuses buttons with equal titles. Rows may have equal titles; the description shows the full title when it was cut.
 */
function offerChoices(body: string, text: string, button: string): WhatsAppContent {
  const choices = readChoices(text)
  const buttons = choices.map(({ id, title }) => ({ id, title: cut(title, 20) }))
  const areDistinct = new Set(buttons.map(({ title }) => title)).size === buttons.length
  if (choices.length <= 3 && areDistinct) return { kind: 'buttons', body, buttons }
  const rows = choices.map(({ id, title, description }) => ({
    id,
    title: cut(title, 24),
    ...(description ? { description: cut(description, 72) } : title.length > 24 ? { description: cut(title, 72) } : {}),
  }))
  return { kind: 'list', body, button, rows }
}

type Choice = { id: string; title: string; description?: string }

/** Parses `[{"id":"rsvp/yes/inv_…","title":"Boda de Ana y Luis"}]`, one to ten items with distinct ids. */
function readChoices(text: string): Choice[] {
  let choices: unknown
  try {
    choices = JSON.parse(text)
  } catch {
    choices = null
  }
  const isValid =
    Array.isArray(choices) &&
    choices.length >= 1 &&
    choices.length <= 10 &&
    choices.every(isChoice) &&
    new Set(choices.map(({ id }) => id)).size === choices.length
  if (!isValid)
    throw new Failure('template_variable_invalid', { detail: 'choices must be a JSON list of one to ten {id, title}.' })
  return choices as Choice[]
}

function isChoice(value: unknown): value is Choice {
  if (typeof value !== 'object' || value === null) return false
  const { id, title, description } = value as Record<string, unknown>
  return (
    typeof id === 'string' &&
    /^\S{1,256}$/.test(id) &&
    typeof title === 'string' &&
    title.trim() !== '' &&
    (description === undefined || typeof description === 'string')
  )
}

/** The e-mail of a template: subject, HTML and plain text with the same content. Throws what composeWhatsApp throws. */
export function composeEmail(
  name: string,
  locale: Locale,
  messageContext: MessageContext,
  given: Given,
): EmailContent | Uncomposed {
  const template = findTemplate(name)
  const words = WORDS[locale]
  const { email, link } = words.texts[template.name]
  if (!email) return { kind: 'refused', reason: 'not_an_email' }
  const values = readVariables(template, locale, messageContext, given)
  const inline = mapValues(values, onOneLine)
  const letter: Letter = {
    locale,
    title: inline['event_name']!,
    preheader: fill(email.preheader, inline),
    paragraphs: email.paragraphs.map((paragraph) => fill(paragraph, values)),
    facts: link
      ? [
          [words.email.when, inline['event_date']!],
          [words.email.where, inline['event_location']!],
        ]
      : [],
    image: template.hasPass ? { url: messageContext.qrUrl, alt: words.email.pass } : null,
    button: link ? { label: link, url: values['invitation_url']! } : null,
    why: fill(words.email.why, inline),
    unsubscribe: { label: words.email.unsubscribe, url: messageContext.unsubscribeUrl },
  }
  return {
    subject: fill(email.subject, inline),
    html: renderHtml(letter),
    text: renderText(letter),
    unsubscribeUrl: messageContext.unsubscribeUrl,
  }
}

/** WhatsApp refuses parameters with line breaks, tabs or more than four spaces in a row; e-mail headers take no line break. */
const onOneLine = (text: string) => text.replace(/\s+/g, ' ').trim()

const mapValues = (values: Given, change: (value: string) => string): Given =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]))
