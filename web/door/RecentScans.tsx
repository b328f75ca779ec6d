/** The last answers, newest first. */
import { Check, Pause, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatClock } from '../words/formats.ts'
import { titleOf } from './AnswerScreen.tsx'
import type { Recent } from './records.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

const ICONS = { valid: Check, duplicate: Pause, invalid: X }
const TONES = { valid: 'ok', duplicate: 'warn', invalid: 'bad' }

type Props = { recent: Recent[]; timeZone: string; action?: (one: Recent) => ReactNode }

export function RecentScans({ recent, timeZone, action }: Props) {
  if (recent.length === 0) return <p className={styles['soft']}>{WORDS.noRecent}</p>
  return (
    <ul className={styles['list']}>
      {recent.map((one) => {
        const status = one.isRejected ? 'invalid' : one.status
        const Icon = ICONS[status]
        return (
          <li key={one.scanId}>
            <Icon size={20} className={styles[TONES[status]]} aria-hidden="true" />
            <span className={styles['who']}>
              <strong>{one.name || (one.status === 'invalid' ? WORDS.unknown : WORDS.noName)}</strong>
              <small>
                <time dateTime={new Date(one.atMs).toISOString()}>{formatClock(one.atMs, timeZone)}</time>
                {' · '}
                {one.isUndone ? WORDS.undone : titleOf(one, one.direction)}
                {one.isRejected ? ` · ${WORDS.notTaken}` : ''}
                {one.status === 'valid' && one.admit > 1 ? ` · ${WORDS.people(one.admit)}` : ''}
                {one.isProvisional ? ` · ${WORDS.unconfirmed}` : ''}
              </small>
            </span>
            {action?.(one)}
          </li>
        )
      })}
    </ul>
  )
}
