/** The message as each guest who gets it sees it, one after the other. */
import { useEffect, useState } from 'react'
import { $api } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Failed, Loaded, Loading } from '../../kit/State.tsx'
import type { Event } from '../shared/event.ts'
import { Message } from '../shared/Message.tsx'
import type { Preflight, SendRequest } from '../shared/preflight.ts'
import { Walk } from '../shared/Walk.tsx'
import { WORDS } from '../shared/words.ts'
import styles from './sends.module.css'

/** So many guests before the last that is there, the next page is asked for. */
const AHEAD = 2

type Props = { event: Event; request: SendRequest; preflight: Preflight }

export function Preview({ event, request, preflight: { preflightId, counts } }: Props) {
  const [wanted, setWanted] = useState(0)
  const path = { eventId: event.id, preflightId }
  const recipients = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/campaigns/preflights/{preflightId}/recipients',
    { params: { path } },
    { ...BY_CURSOR, enabled: counts.valid > 0, placeholderData: (before) => before, staleTime: Infinity },
  )
  const { hasNextPage, isFetching, isFetchNextPageError, isPlaceholderData, fetchNextPage } = recipients
  const loaded = rowsOf(recipients.data).length
  // The API lists who would get it now, which may be fewer or more than the check has counted.
  const isWhole = recipients.isSuccess && !isPlaceholderData && !hasNextPage
  const total = isWhole ? loaded : counts.valid
  const index = Math.min(wanted, total - 1)
  const isNear = index >= loaded - AHEAD
  useEffect(() => {
    if (isNear && hasNextPage && !isFetching && !isFetchNextPageError) void fetchNextPage()
  }, [isNear, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage])
  if (total === 0) return null
  const { template, variables } = request
  return (
    <section className={styles['card']} aria-label={WORDS.preview}>
      <Loaded query={recipients}>
        {(data) => {
          const guest = rowsOf(data)[index]
          return (
            <>
              <Walk name={guest?.name} {...{ index, total }} onGo={setWanted} />
              {guest ? (
                <Message eventId={event.id} {...{ guest, template, variables }} />
              ) : isFetchNextPageError ? (
                <Failed error={recipients.error} onRetry={() => void fetchNextPage()} />
              ) : (
                <Loading />
              )}
            </>
          )
        }}
      </Loaded>
    </section>
  )
}
