/** Warnings to read before a campaign is launched. */
import { isRefused, listTemplates, type TemplateStatus } from '../templates/templates.ts'
import type { Locale } from '../platform/languages.ts'
import type { MessagingLimitUse } from './messaging-limit.ts'

export type Warning = {
  code: 'template_not_approved' | 'template_mismatch' | 'other_category' | 'beyond_messaging_limit' | 'event_draft'
  text: Record<Locale, string>
}

export function warnOf(
  template: string,
  templateStatuses: TemplateStatus[],
  messagingLimit: MessagingLimitUse,
  eventStatus: string,
): Warning[] {
  const asked = listTemplates().find(({ name }) => name === template)?.category
  return [
    ...(eventStatus === 'draft' ? [DRAFT] : []),
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
