/** Why somebody does not pass, in words that fit the screen of the door. */
import { REASON_TEXTS, opensAtMs, type EventFacts, type ScanReason } from '../../src/checkin/rules.ts'
import { formatClock } from '../words/formats.ts'
import { LOCALE, pick } from '../words/locale.ts'

const { opens, ...REASONS } = pick({
  es: {
    opens: (at: string) => `Abre a las ${at}`,
    wrong_event: 'Es de otro evento',
    not_confirmed: 'No ha confirmado',
    revoked: 'Código reemplazado',
    unknown_code: 'No está en la lista',
  },
  en: {
    opens: (at: string) => `Opens at ${at}`,
    wrong_event: 'For another event',
    not_confirmed: 'Has not confirmed',
    revoked: 'Code replaced',
    unknown_code: 'Not on the list',
  },
})

export function explainReason(reason: ScanReason | undefined, event: EventFacts | undefined, timeZone: string): string {
  if (reason === undefined) return ''
  if (reason === 'not_yet_open' && event?.status === 'active') return opens(formatClock(opensAtMs(event), timeZone))
  return (REASONS as Partial<Record<ScanReason, string>>)[reason] ?? REASON_TEXTS[reason][LOCALE]
}
