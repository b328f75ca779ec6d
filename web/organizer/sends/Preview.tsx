/** The message as each guest sees it, one after the other. */
import { useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Bubble } from '../../kit/Bubble.tsx'
import { Button } from '../../kit/Button.tsx'
import { Loaded } from '../../kit/State.tsx'
import { formatNumber } from '../../words/formats.ts'
import { CHANNELS } from '../../words/states.ts'
import { useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'
import type { Event } from '../shared/event.ts'
import type { Preflight, SendRequest } from '../shared/preflight.ts'
import styles from './sends.module.css'
import { WORDS } from './words.ts'

type Guest = Schemas['GuestInList']
type Props = { event: Event; request: SendRequest; preflight: Preflight }

export function Preview({ event, request, preflight }: Props) {
  const [index, setIndex] = useState(0)
  const { status, tags } = request.filter
  const guests = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/guests',
    { params: { path: { eventId: event.id }, query: { status: status?.[0], tag: tags?.[0] } } },
    BY_CURSOR,
  )
  const excluded = new Set(preflight.exclusions.map(({ guestId }) => guestId))
  // The check names some of those who are left out, not all.
  const isSample = preflight.counts.matched - preflight.counts.valid > excluded.size
  const rows = rowsOf(guests.data).filter(({ id }) => !excluded.has(id))
  const total = preflight.counts.valid
  const guest = rows[Math.min(index, rows.length - 1)]
  if (total === 0 || !guest) return null
  const go = (to: number) => {
    setIndex(to)
    if (to >= rows.length - 2 && guests.hasNextPage) void guests.fetchNextPage()
  }
  const last = Math.min(total, rows.length) - 1
  return (
    <section className={styles['card']} aria-label={WORDS.preview}>
      <div className={styles['pager']}>
        <Button isDisabled={index === 0} aria-label={WORDS.previous} onPress={() => go(index - 1)}>
          ‹
        </Button>
        <h2>
          {WORDS.preview} {guest.name}
        </h2>
        <span className={styles['soft']}>{WORDS.position(Math.min(index, last) + 1, formatNumber(total))}</span>
        <Button isDisabled={index >= last} aria-label={WORDS.next} onPress={() => go(index + 1)}>
          ›
        </Button>
      </div>
      {isSample ? <p className={styles['soft']}>{WORDS.sample}</p> : null}
      <Message event={event} request={request} guest={guest} />
    </section>
  )
}

type Shown = { event: Event; request: SendRequest; guest: Guest }

function Message({ event, request, guest }: Shown) {
  const { template, variables } = request
  const usual = guest.phone ? ('whatsapp' as const) : ('email' as const)
  const channel = request.channel === 'auto' ? usual : request.channel
  const preview = useQuery({
    queryKey: ['preview', event.id, guest.id, template, channel, variables],
    queryFn: async () => {
      const body = { channel, variables, eventId: event.id, guestId: guest.id, locale: guest.locale }
      const call = { params: { path: { name: template } }, body }
      const { data, error } = await api.POST('/templates/{name}/preview', call)
      if (error) throw error
      return data
    },
    staleTime: Infinity,
  })
  return (
    <Loaded query={preview}>
      {({ refusal, shown, email }) => (
        <div className={styles['chat']}>
          <span className={styles['soft']}>{CHANNELS[channel]}</span>
          {refusal ? <p role="alert">{WORDS.refused}</p> : null}
          {channel === 'whatsapp' && shown ? <Bubble side="ours" text={shown.text} buttons={shown.buttons} /> : null}
          {channel === 'email' && email?.text ? (
            <Bubble
              side="ours"
              text={
                <>
                  <strong>{email.subject}</strong>
                  {`\n\n${email.text}`}
                </>
              }
            />
          ) : null}
        </div>
      )}
    </Loaded>
  )
}
