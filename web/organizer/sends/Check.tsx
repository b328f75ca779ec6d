/** What a launch would do: how many get it, who is left out and why, and what it may cost. */
import { Status } from '../../kit/Status.tsx'
import { formatMoney, formatNumber, formatTime } from '../../words/formats.ts'
import { LOCALE } from '../../words/locale.ts'
import { Download } from '../shared/Download.tsx'
import type { Event } from '../shared/event.ts'
import type { Preflight } from '../shared/preflight.ts'
import styles from './sends.module.css'
import { WORDS } from './words.ts'

type Reason = keyof typeof WORDS.reasons
const REASONS = Object.keys(WORDS.reasons) as Reason[]

export function Check({ event, preflight }: { event: Event; preflight: Preflight }) {
  const { counts, byChannel, warnings, quietHoursShift, quietHoursUntil, sendingPaused, estimatedCost } = preflight
  return (
    <>
      <div>
        <h2>{counts.valid === 0 ? WORDS.nobody : WORDS.to(formatNumber(counts.valid))}</h2>
        <p className={styles['soft']}>{WORDS.by(formatNumber(byChannel.whatsapp), formatNumber(byChannel.email))}</p>
      </div>
      {sendingPaused ? <Status tone="warn">{WORDS.paused}</Status> : null}
      {warnings.map(({ code, text }) => (
        <p key={code} className={styles['warning']}>
          {text[LOCALE]}
        </p>
      ))}
      {quietHoursShift > 0 && quietHoursUntil ? (
        <p>{WORDS.quiet(formatNumber(quietHoursShift), formatTime(quietHoursUntil, event.timeZone))}</p>
      ) : null}
      <LeftOut eventId={event.id} preflight={preflight} />
      <p>
        {WORDS.cost}{' '}
        <strong>
          {formatMoney(estimatedCost.amountMinor)} {estimatedCost.currency}
        </strong>
        <br />
        <span className={styles['soft']}>{WORDS.costNote(formatNumber(estimatedCost.messages))}</span>
      </p>
    </>
  )
}

function LeftOut({ eventId, preflight: { preflightId, counts } }: { eventId: string; preflight: Preflight }) {
  const reasons = REASONS.filter((reason) => counts[reason] > 0)
  if (reasons.length === 0) return null
  const total = reasons.reduce((sum, reason) => sum + counts[reason], 0)
  const csv = `/events/${eventId}/campaigns/preflights/${preflightId}/exclusions.csv?locale=${LOCALE}`
  return (
    <div>
      <p>{WORDS.out(formatNumber(total))}</p>
      <ul className={styles['reasons']}>
        {reasons.map((reason) => (
          <li key={reason}>
            {formatNumber(counts[reason])} {WORDS.reasons[reason]}
          </li>
        ))}
      </ul>
      <Download href={csv} className={styles['download']}>
        {WORDS.csv}
      </Download>
    </div>
  )
}
