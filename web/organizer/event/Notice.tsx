/** What an event that is a draft or cancelled is like, above its numbers. */
import { GoTo } from '../../kit/GoTo.tsx'
import { formatTime } from '../../words/formats.ts'
import type { Event } from '../shared/event.ts'
import styles from './event.module.css'
import { WORDS } from './words.ts'

export function Notice({ event, mayEdit }: { event: Event; mayEdit: boolean }) {
  const { id, status, cancelledAt, cancelReason, timeZone } = event
  if (status === 'draft') return <p className={styles['notice']}>{WORDS.draftNotice}</p>
  if (status !== 'cancelled' || cancelledAt === null) return null
  return (
    <div className={styles['notice']}>
      <p>{WORDS.cancelledAt(formatTime(cancelledAt, timeZone))}</p>
      {cancelReason ? <p className={styles['facts']}>{WORDS.cancelledFor(cancelReason)}</p> : null}
      {mayEdit ? (
        <div>
          <GoTo to={`/events/${id}/sends/new`} search={{ template: 'event_cancelled' }}>
            {WORDS.tellGuests}
          </GoTo>
        </div>
      ) : null}
    </div>
  )
}
