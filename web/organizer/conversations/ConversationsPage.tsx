/** Who waits for an answer? */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { openStream } from '../../api/stream.ts'
import { useUrl } from '../../kit/url.ts'
import { useEventPath } from '../shared/event.ts'
import styles from './conversations.module.css'
import { List } from './List.tsx'
import { Thread } from './Thread.tsx'
import { WORDS } from './words.ts'

/** `all`: the read ones, too. `guest`: whose conversation is open. */
export type ConversationsUrl = { all?: true | undefined; q?: string | undefined; guest?: string | undefined }

export function ConversationsPage() {
  const { eventId } = useEventPath()
  const [{ guest }] = useUrl<ConversationsUrl>()
  const isLive = useLive(eventId)
  return (
    <>
      <h1>{WORDS.title}</h1>
      {isLive === false ? <p className={styles['soft']}>{WORDS.offline}</p> : null}
      <div className={`${styles['halves']} ${guest ? styles['open'] : ''}`}>
        <List />
        {guest ? <Thread key={guest} guestId={guest} /> : <p className={styles['nothing']}>{WORDS.choose}</p>}
      </div>
    </>
  )
}

/** Asks again when a guest has written. Undefined until the stream has opened or failed. */
function useLive(eventId: string): boolean | undefined {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState<boolean>()
  useEffect(
    () =>
      openStream(
        `/events/${eventId}/conversations/stream`,
        ['message'],
        () => {
          for (const path of ['', '/{guestId}'])
            void queries.invalidateQueries({ queryKey: ['get', `/events/{eventId}/conversations${path}`] })
        },
        setOpen,
      ),
    [eventId, queries],
  )
  return isOpen
}
