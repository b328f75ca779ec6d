/** The steps from invited to inside as bars of one scale, which begin at zero. Each leads to the list of its guests. */
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client.ts'
import { formatNumber, formatRatio } from '../../words/formats.ts'
import styles from './event.module.css'
import { WORDS } from './words.ts'

type Summary = Schemas['EventSummary']
type Step = { id: keyof typeof WORDS.steps; step: Summary['guests']; isAnswer?: true }

const stepsOf = ({ guests, delivered, read, answered, admitted }: Summary): Step[] => [
  { id: 'guests', step: guests },
  { id: 'delivered', step: delivered },
  { id: 'read', step: read },
  { id: 'yes', step: answered.yes },
  { id: 'maybe', step: answered.maybe, isAnswer: true },
  { id: 'no', step: answered.no, isAnswer: true },
  { id: 'pending', step: answered.pending, isAnswer: true },
  { id: 'admitted', step: admitted },
]

export function Funnel({ eventId, summary }: { eventId: string; summary: Summary }) {
  const total = summary.guests.guests
  return (
    <ul className={styles['funnel']}>
      {stepsOf(summary).map(({ id, step, isAnswer }) => (
        <li key={id}>
          <Link to={`/events/${eventId}/guests`} search={wordsOf(step.url)} className={styles['step']}>
            <span className={styles['name']}>{WORDS.steps[id]}</span>
            <span className={styles['count']}>{formatNumber(step.guests)}</span>
            <span aria-hidden="true" className={styles['track']}>
              <span
                className={isAnswer ? styles['answer'] : styles['bar']}
                style={{ inlineSize: `${(100 * step.guests) / total}%` }}
              />
            </span>
            <span className={styles['share']}>
              {formatRatio(step.guests / total)} · {WORDS.persons(formatNumber(step.persons))}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

/** The API says which guests a step counts, as the address of their list. */
const wordsOf = (url: string) => Object.fromEntries(new URL(url, location.origin).searchParams)
