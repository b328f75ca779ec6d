/** The message as each guest who gets it sees it, one after the other. */
import { useState } from 'react'
import { $api } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Loaded, Loading } from '../../kit/State.tsx'
import type { Event } from '../shared/event.ts'
import { Message } from '../shared/Message.tsx'
import { Walk } from '../shared/Walk.tsx'
import { WORDS } from '../shared/words.ts'
import type { Preflight, SendRequest } from '../shared/preflight.ts'
import styles from './sends.module.css'

type Props = { event: Event; request: SendRequest; preflight: Preflight }

export function Preview({ event, request, preflight: { preflightId, counts } }: Props) {
  const [wanted, setWanted] = useState(0)
  const total = counts.valid
  const path = { eventId: event.id, preflightId }
  const recipients = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/campaigns/preflights/{preflightId}/recipients',
    { params: { path } },
    { ...BY_CURSOR, enabled: total > 0, placeholderData: (before) => before, staleTime: Infinity },
  )
  if (total === 0) return null
  const { template, variables } = request
  const index = Math.min(wanted, total - 1)
  const go = (to: number) => {
    setWanted(to)
    if (to >= rowsOf(recipients.data).length - 2 && recipients.hasNextPage) void recipients.fetchNextPage()
  }
  return (
    <section className={styles['card']} aria-label={WORDS.preview}>
      <Loaded query={recipients}>
        {(data) => {
          const guest = rowsOf(data)[index]
          return (
            <>
              <Walk name={guest?.name} {...{ index, total }} onGo={go} />
              {guest ? <Message eventId={event.id} {...{ guest, template, variables }} /> : <Loading />}
            </>
          )
        }}
      </Loaded>
    </section>
  )
}
