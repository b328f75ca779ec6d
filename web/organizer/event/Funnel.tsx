/** The steps from invited to inside as bars of one scale, which begin at zero. Each leads to the list of its guests. */
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client.ts'
import { formatNumber, formatRatio } from '../../words/formats.ts'
import styles from './event.module.css'
import { WORDS } from './words.ts'

type Summary = Schemas['EventSummary']
type Step = { id: keyof typeof WORDS.steps; step: Summary['guests'] }
type Part = { id: keyof typeof WORDS.parts; steps: Step[] }

/** The steps of a part share out its guests: each is counted once. */
const partsOf = ({ guests, delivered, read, answered, admitted }: Summary): Part[] => [
  { id: 'list', steps: [{ id: 'guests', step: guests }] },
  {
    id: 'message',
    steps: [
      { id: 'read', step: read },
      { id: 'delivered', step: delivered },
    ],
  },
  {
    id: 'answer',
    steps: [
      { id: 'yes', step: answered.yes },
      { id: 'maybe', step: answered.maybe },
      { id: 'no', step: answered.no },
      { id: 'pending', step: answered.pending },
    ],
  },
  { id: 'door', steps: [{ id: 'admitted', step: admitted }] },
]

/** What moves towards a full party; the other bars are grey. */
const FORWARD: ReadonlySet<Step['id']> = new Set(['guests', 'read', 'yes', 'admitted'])

export function Funnel({ eventId, summary }: { eventId: string; summary: Summary }) {
  const total = summary.guests.guests
  return partsOf(summary).map(({ id, steps }) => (
    <section key={id} className={styles['part']}>
      <h3>{WORDS.parts[id]}</h3>
      <ul className={styles['funnel']}>
        {steps.map((one) => (
          <Bar key={one.id} {...one} eventId={eventId} total={total} />
        ))}
      </ul>
    </section>
  ))
}

function Bar({ id, step, eventId, total }: Step & { eventId: string; total: number }) {
  return (
    <li>
      <Link to={`/events/${eventId}/guests`} search={wordsOf(step.url)} className={styles['step']}>
        <span className={styles['name']}>{WORDS.steps[id]}</span>
        <span className={styles['count']}>{formatNumber(step.guests)}</span>
        <span aria-hidden="true" className={styles['track']}>
          <span
            className={FORWARD.has(id) ? styles['bar'] : styles['rest']}
            style={{ inlineSize: `${(100 * step.guests) / total}%` }}
          />
        </span>
        <span className={styles['share']}>
          {formatRatio(step.guests / total)} · {WORDS.persons(formatNumber(step.persons))}
        </span>
      </Link>
    </li>
  )
}

/** The API says which guests a step counts, as the address of their list. */
const wordsOf = (url: string) => Object.fromEntries(new URL(url, location.origin).searchParams)
