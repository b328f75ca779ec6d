/** Templates as the API shows them, and previews of messages. */
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { CHANNELS, type ChannelName } from '../contacts/contacts.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { EmailContent, WhatsAppContent } from '../channels/channels.ts'
import { composeEmail, composeWhatsApp } from './compose.ts'
import { messageContextOf, type Facts } from './context.ts'
import type { TemplateStatus } from './statuses.ts'
import { findMessageFacts } from './sql.ts'
import { fillInOrder, findTemplate, refuseUnknownVariables, variablesOf, WORDS, type Template } from './catalog.ts'

const LOCALES = Object.keys(WORDS) as Locale[]

/** A template as the API shows it. `templateStatuses`: one per language; none for a reply. */
export function describeTemplate(template: Template, templateStatuses: TemplateStatus[]) {
  const { name, category, isApproved, buttons } = template
  const hasEmail = WORDS['es-MX'].texts[name].email !== undefined
  const texts = LOCALES.map((locale) => {
    const { body, link = null, email } = WORDS[locale].texts[name]
    return [locale, { body, link, subject: email?.subject ?? null }] as const
  })
  return {
    ...{ name, category, isApproved, buttons },
    channels: CHANNELS.filter((channel) => channel === 'whatsapp' || hasEmail),
    locales: LOCALES,
    variables: variablesOf(template).map(({ name: variable, source, isRequired, maxLength }) => ({
      ...{ name: variable, source, isRequired, maxLength },
    })),
    texts: Object.fromEntries(texts),
    templateStatuses: templateStatuses.map(({ differences, ...status }) => ({
      ...status,
      differences: differences.map(({ part, text }) => ({ part, text })),
    })),
  }
}

export type PreviewRequest = {
  scope: string | null
  name: string
  /** Absent: the language of the guest, or Spanish without a guest. */
  locale?: Locale
  channel: ChannelName
  variables: Record<string, string>
  eventId?: string
  guestId?: string
  isWindowOpen: boolean
}
export type Preview = {
  template: string
  locale: Locale
  channel: ChannelName
  /** Why this message cannot be sent on this channel. Both contents are null then. */
  refusal: string | null
  whatsapp: WhatsAppContent | null
  /** What the guest sees of a WhatsApp message. WhatsApp itself fills an approved template. */
  shown: Shown | null
  /** `from`: its sender; null while no provider is set. */
  email: (EmailContent & { from: string | null }) | null
}

export type Shown = { text: string; image: string | null; buttons: string[] }

/**
 * Composes a message without sending it. Throws what composing throws, and `event_not_found`, `guest_not_found`,
 * `template_variable_unknown`.
 */
export async function previewTemplate(
  { db, config }: { db: Db; config: Config },
  request: PreviewRequest,
): Promise<Preview> {
  const { name, channel, variables, isWindowOpen } = request
  refuseUnknownVariables(findTemplate(name), variables)
  const { locale, ...facts } = await findPreviewFacts(db, request)
  const messageContext = messageContextOf(facts, config.http.publicBaseUrl)
  const content =
    channel === 'email'
      ? composeEmail(name, locale, messageContext, variables)
      : composeWhatsApp(name, locale, messageContext, variables, { isWindowOpen })
  const base = { template: name, locale, channel, refusal: null, whatsapp: null, shown: null, email: null }
  if (!('kind' in content))
    return { ...base, email: { ...content, from: (config.email.apiKey && config.email.from) || null } }
  if (content.kind === 'refused') return { ...base, refusal: content.reason }
  return { ...base, whatsapp: content, shown: showWhatsApp(content, locale) }
}

function showWhatsApp(content: WhatsAppContent, locale: Locale): Shown {
  if (content.kind === 'template') return showTemplate(findTemplate(content.name), content, locale)
  const titled = content.kind === 'buttons' ? content.buttons : content.kind === 'list' ? content.rows : []
  return {
    text: 'caption' in content ? content.caption : content.body,
    image: content.kind === 'image' ? content.link : null,
    buttons: titled.map(({ title }) => title),
  }
}

function showTemplate(
  { name, buttons }: Template,
  { header, body }: Extract<WhatsAppContent, { kind: 'template' }>,
  locale: Locale,
): Shown {
  const { texts, replies } = WORDS[locale]
  const { body: text, link } = texts[name]
  return {
    text: fillInOrder(
      text,
      body.map((parameter) => parameter.text),
    ),
    image: header?.kind === 'image' ? header.link : null,
    buttons: buttons.map((button) => (button === 'link' ? link! : replies[button])),
  }
}

async function findPreviewFacts(
  db: Db,
  { scope, locale: asked, eventId, guestId }: PreviewRequest,
): Promise<Facts & { locale: Locale }> {
  if (eventId === undefined) {
    if (guestId !== undefined) throw new Failure('invalid_request', { detail: 'guestId requires eventId.' })
    const locale = asked ?? 'es-MX'
    return { ...SAMPLES[locale], locale }
  }
  const found = await findMessageFacts(db, scope, eventId, guestId ?? null)
  if (!found) throw new Failure('event_not_found')
  if (guestId !== undefined && found.guestName === null) throw new Failure('guest_not_found')
  const locale = asked ?? (guestId === undefined ? 'es-MX' : found.locale)
  const sample = SAMPLES[locale]
  return {
    ...found,
    locale,
    guestName: found.guestName ?? sample.guestName,
    invitationId: found.invitationId ?? sample.invitationId,
    code: found.code ?? sample.code,
  }
}

/** The facts of a preview without an event. */
const SAMPLE = {
  startsAt: new Date('2026-12-13T00:00:00Z'),
  timeZone: 'America/Mexico_City',
  location: 'Jardín Las Jacarandas, Cuernavaca',
  organizerName: 'Eventos Luna',
  invitationId: 'inv_sample',
  code: '00000000000000000000000000',
}
const SAMPLES: Record<Locale, Facts> = {
  'es-MX': { ...SAMPLE, guestName: 'Ana', eventName: 'Boda de Sofía y Diego' },
  en: { ...SAMPLE, guestName: 'Ana', eventName: 'The wedding of Sofía and Diego' },
}
