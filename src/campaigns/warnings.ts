/** Warnings to read before a campaign is launched. */
import { isRefused, listTemplates, type TemplateStatus } from '../templates/templates.ts'
import type { Locale } from '../platform/values/languages.ts'
import type { MessagingLimitUse } from './messaging-limit.ts'

export const WARNINGS = [
  'event_draft',
  'event_started',
  'shared_phones',
  'shared_emails',
  'template_not_approved',
  'template_mismatch',
  'other_category',
  'beyond_messaging_limit',
] as const
export type Warning = {
  code: (typeof WARNINGS)[number]
  text: Record<Locale, string>
}

/** How many addresses belong to more than one guest, and how many guests that are. */
export type Shared = { addresses: number; guests: number }

export function countShared(addresses: (string | null)[]): Shared {
  const guests = new Map<string, number>()
  for (const address of addresses) if (address !== null) guests.set(address, (guests.get(address) ?? 0) + 1)
  const shared = [...guests.values()].filter((count) => count > 1)
  return { addresses: shared.length, guests: shared.reduce((sum, count) => sum + count, 0) }
}

export function warnOf(about: {
  template: string
  templateStatuses: TemplateStatus[]
  messagingLimit: MessagingLimitUse
  eventStatus: string
  /** The message would come after the start of the event. */
  isLate: boolean
  sharedPhones: Shared
  sharedEmails: Shared
}): Warning[] {
  const { template, templateStatuses, messagingLimit, eventStatus, isLate } = about
  const asked = listTemplates().find(({ name }) => name === template)?.category
  return [
    ...(eventStatus === 'draft' ? [DRAFT] : []),
    ...(isLate ? [STARTED] : []),
    ...warnOfShared(about),
    ...templateStatuses.flatMap((one) => warnOfTemplate(one, asked)),
    ...warnOfLimit(messagingLimit),
  ]
}

const DRAFT: Warning = {
  code: 'event_draft',
  text: {
    'es-MX': 'El evento es un borrador: actívalo antes de enviar, para que las invitaciones se puedan abrir.',
    en: 'The event is a draft: activate it before you send, so that invitations can be opened.',
  },
}

const STARTED: Warning = {
  code: 'event_started',
  text: {
    'es-MX': 'A esa hora el evento ya habrá empezado.',
    en: 'The event will have started by then.',
  },
}

function warnOfShared({ sharedPhones, sharedEmails }: { sharedPhones: Shared; sharedEmails: Shared }): Warning[] {
  const found: Warning[] = []
  const warn = (code: Warning['code'], { addresses }: Shared, es: string, en: string) => {
    const [each, own] = ['A cada uno le llega su propio mensaje.', 'Each gets a message of their own.']
    if (addresses > 0) found.push({ code, text: { 'es-MX': `${es}. ${each}`, en: `${en}. ${own}` } })
  }
  warn(
    'shared_phones',
    sharedPhones,
    `Invitados que comparten número de WhatsApp: ${sharedPhones.guests} (números: ${sharedPhones.addresses})`,
    `Guests who share a WhatsApp number: ${sharedPhones.guests} (numbers: ${sharedPhones.addresses})`,
  )
  warn(
    'shared_emails',
    sharedEmails,
    `Invitados que comparten correo: ${sharedEmails.guests} (correos: ${sharedEmails.addresses})`,
    `Guests who share an e-mail address: ${sharedEmails.guests} (addresses: ${sharedEmails.addresses})`,
  )
  return found
}

function warnOfTemplate(templateStatus: TemplateStatus, asked: string | undefined): Warning[] {
  const { language, status, category, differences } = templateStatus
  const found: Warning[] = []
  const warn = (code: Warning['code'], es: string, en: string) => found.push({ code, text: { 'es-MX': es, en } })
  const textOf = (locale: Locale) => differences.map(({ text }) => text[locale]).join(' ')
  if (status === 'MISMATCH')
    warn(
      'template_mismatch',
      `${language}: WhatsApp aprobó otra plantilla que la nuestra. ${textOf('es-MX')}`,
      `${language}: WhatsApp approved a template that differs from ours. ${textOf('en')}`,
    )
  else if (isRefused(templateStatus))
    warn(
      'template_not_approved',
      `${language}: WhatsApp no tiene aprobada la plantilla (${status}).`,
      `${language}: WhatsApp has not approved the template (${status}).`,
    )
  if (category !== null && category !== asked)
    warn(
      'other_category',
      `${language}: WhatsApp clasificó la plantilla como ${category}; se cobra ese precio.`,
      `${language}: WhatsApp categorized the template as ${category} and charges that price.`,
    )
  return found
}

function warnOfLimit({ isBeyond, recipients, remaining }: MessagingLimitUse): Warning[] {
  if (!isBeyond) return []
  return [
    {
      code: 'beyond_messaging_limit',
      text: {
        'es-MX': `WhatsApp deja escribir primero a ${remaining} personas más en 24 horas; esta campaña escribiría a ${recipients}.`,
        en: `WhatsApp lets you write first to ${remaining} more people in 24 hours; this campaign would write to ${recipients}.`,
      },
    },
  ]
}
