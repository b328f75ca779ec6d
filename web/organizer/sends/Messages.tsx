/** The messages of a send with one outcome: who was missed, and why. */
import { keepPreviousData } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { $api } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { PagedTable } from '../../kit/PagedTable.tsx'
import { Status } from '../../kit/Status.tsx'
import { useUrl } from '../../kit/url.ts'
import { LOCALE } from '../../words/locale.ts'
import { CHANNELS, DELIVERY_STATES } from '../../words/states.ts'
import { useEventPath } from '../shared/event.ts'
import type { SendUrl } from './SendPage.tsx'
import type { Campaign } from './sends.ts'
import { WORDS } from './words.ts'

export function Messages({ campaign: { id: campaignId, progress } }: { campaign: Campaign }) {
  const path = useEventPath()
  const navigate = useNavigate()
  const [{ outcome }] = useUrl<SendUrl>()
  const query = { campaignId, status: outcome }
  // The progress is part of the key, so that the list follows it.
  const init = { params: { path, query }, progress }
  const messages = $api.useInfiniteQuery('get', '/events/{eventId}/deliveries', init, {
    ...BY_CURSOR,
    placeholderData: keepPreviousData,
  })
  return (
    <section>
      <h2>{outcome ? WORDS.outcome[outcome] : WORDS.details}</h2>
      <PagedTable
        pages={messages}
        label={WORDS.details}
        idOf={({ id }) => id}
        empty={WORDS.none}
        onOpen={(id) => {
          const guest = rowsOf(messages.data).find((one) => one.id === id)?.guestId
          void navigate({ to: `/events/${path.eventId}/guests`, search: { guest } })
        }}
        columns={[
          { id: 'guest', title: WORDS.guest, cell: ({ guestName }) => guestName },
          { id: 'channel', title: WORDS.channel, cell: ({ channel }) => CHANNELS[channel] },
          {
            id: 'status',
            title: WORDS.columns.status,
            cell: ({ status }) => <Status tone={DELIVERY_STATES[status].tone}>{DELIVERY_STATES[status].text}</Status>,
          },
          { id: 'why', title: WORDS.why, cell: ({ explanation }) => explanation?.[LOCALE] ?? '' },
        ]}
      />
    </section>
  )
}
