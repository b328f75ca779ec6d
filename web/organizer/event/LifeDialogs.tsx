/** What ends a draft and what ends an event: each says whom it concerns and what follows. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { cancelEventBody } from '../../api/bodies.ts'
import { $api } from '../../api/client.ts'
import { Confirm } from '../../kit/Confirm.tsx'
import { checkBody } from '../../kit/forms.ts'
import { useIdempotencyKey } from '../../kit/idempotency.ts'
import { RadioChoice } from '../../kit/RadioChoice.tsx'
import { say } from '../../kit/say.ts'
import { Loaded } from '../../kit/State.tsx'
import { formatNumber } from '../../words/formats.ts'
import type { Event } from '../shared/event.ts'
import styles from './event.module.css'
import { LIFE } from './words.ts'

type Props = { event: Event; onClose: () => void }

const useSummary = (eventId: string) =>
  $api.useQuery('get', '/events/{eventId}/summary', { params: { path: { eventId } } })

export function Publish({ event: { id: eventId, name }, onClose }: Props) {
  const queries = useQueryClient()
  const guests = useSummary(eventId).data?.guests.guests
  const change = $api.useMutation('patch', '/events/{eventId}')
  const publish = async () => {
    await change.mutateAsync({ params: { path: { eventId } }, body: { status: 'active' } })
    say(LIFE.published)
    void queries.invalidateQueries()
  }
  return (
    <Confirm title={LIFE.publishTitle(name)} verb={LIFE.publish} look="main" run={publish} onClose={onClose}>
      <p>{LIFE.publishText(guests === undefined ? '' : formatNumber(guests))}</p>
      <p>{LIFE.publishAfter}</p>
    </Confirm>
  )
}

const TELLING = (['tell', 'silent'] as const).map((id) => ({ id, label: LIFE.telling[id] }))

/** Nobody is told by the cancellation itself: the notice is a send of its own, which is shown before it leaves. */
export function Cancel({ event: { id: eventId, name }, onClose }: Props) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const summary = useSummary(eventId)
  const [telling, setTelling] = useState<'tell' | 'silent'>('tell')
  const [header, settle] = useIdempotencyKey()
  const cancel = $api.useMutation('post', '/events/{eventId}/cancel', { onSettled: settle })
  const hasGuests = (summary.data?.guests.guests ?? 0) > 0
  const isTold = hasGuests && telling === 'tell'
  const run = async (reason: string) => {
    await cancel.mutateAsync({ params: { path: { eventId }, header }, body: reason === '' ? {} : { reason } })
    say(LIFE.cancelled)
    await queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}'] })
    void queries.invalidateQueries()
    if (isTold) void navigate({ to: `/events/${eventId}/sends/new`, search: { template: 'event_cancelled' } })
  }
  return (
    <Confirm
      title={LIFE.cancelTitle(name)}
      verb={!summary.data ? LIFE.cancel : isTold ? LIFE.cancelAndTell : LIFE.cancelSilently}
      isReady={summary.data !== undefined}
      asksReason="optional"
      reasonLabel={LIFE.cancelReason}
      check={(reason) => checkBody(cancelEventBody, { reason })}
      run={run}
      onClose={onClose}
    >
      <div className={styles['stack']}>
        <Loaded query={summary} lines={1}>
          {({ guests: { guests }, answered }) =>
            guests > 0 ? <p>{LIFE.cancelCount(formatNumber(guests), formatNumber(answered.yes.guests))}</p> : null
          }
        </Loaded>
        <ul className={styles['follows']}>
          {LIFE.cancelFollows.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {hasGuests ? (
          <RadioChoice label={LIFE.tellingLabel} value={telling} options={TELLING} onChange={setTelling} />
        ) : null}
      </div>
    </Confirm>
  )
}
