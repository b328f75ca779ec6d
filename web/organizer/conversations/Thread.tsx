/** The conversation with one guest. Opening it marks it as read for the whole team. */
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { GoTo } from '../../kit/GoTo.tsx'
import { useMayEdit } from '../../kit/session.ts'
import { Loaded } from '../../kit/State.tsx'
import { useUrl } from '../../kit/url.ts'
import { useEventPath } from '../shared/event.ts'
import { Assignee } from './Assignee.tsx'
import type { ConversationsUrl } from './ConversationsPage.tsx'
import styles from './conversations.module.css'
import { Message } from './Message.tsx'
import { ReplyBox } from './ReplyBox.tsx'
import { WORDS } from './words.ts'

/** What we sent changes its status without an event of the stream. */
const OFTEN_MS = 4000

export function Thread({ guestId }: { guestId: string }) {
  const path = { ...useEventPath(), guestId }
  const mayEdit = useMayEdit()
  const options = { ...BY_CURSOR, refetchInterval: OFTEN_MS }
  const thread = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/conversations/{guestId}',
    { params: { path } },
    options,
  )
  const conversation = thread.data?.pages[0]?.conversation
  const messages = rowsOf(thread.data).toReversed()
  useRead(conversation, mayEdit)
  return (
    <Loaded query={thread} lines={8}>
      {() =>
        conversation ? (
          <section className={styles['thread']}>
            <Head conversation={conversation} mayEdit={mayEdit} />
            {thread.hasNextPage ? (
              <Button look="quiet" isBusy={thread.isFetchingNextPage} onPress={() => void thread.fetchNextPage()}>
                {WORDS.older}
              </Button>
            ) : null}
            <Log name={conversation.guestName} lastId={messages.at(-1)?.id}>
              {messages.map((message) => (
                <Message key={message.id} message={message} guest={conversation} mayEdit={mayEdit} />
              ))}
            </Log>
            {mayEdit ? <ReplyBox conversation={conversation} /> : null}
          </section>
        ) : null
      }
    </Loaded>
  )
}

function Head({ conversation, mayEdit }: { conversation: Schemas['Conversation']; mayEdit: boolean }) {
  const { eventId } = useEventPath()
  const [{ all, q }] = useUrl<ConversationsUrl>()
  return (
    <header className={styles['head']}>
      <Link to="." search={{ all, q }} className={styles['back']}>
        ← {WORDS.back}
      </Link>
      <h2>{conversation.guestName}</h2>
      <GoTo look="quiet" to={`/events/${eventId}/guests`} search={{ guest: conversation.guestId }}>
        {WORDS.guest}
      </GoTo>
      {mayEdit ? <Assignee conversation={conversation} /> : null}
    </header>
  )
}

/** The messages in their order, with the newest in sight. */
function Log({ name, lastId, children }: { name: string; lastId: string | undefined; children: React.ReactNode }) {
  const log = useRef<HTMLDivElement>(null)
  useEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight })
  }, [lastId])
  return (
    <div ref={log} role="log" aria-label={WORDS.thread(name)} tabIndex={0} className={styles['log']}>
      {children}
    </div>
  )
}

function useRead(conversation: Schemas['Conversation'] | undefined, mayEdit: boolean): void {
  const path = useEventPath()
  const queries = useQueryClient()
  const read = $api.useMutation('post', '/events/{eventId}/conversations/{guestId}/read', {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['get', '/events/{eventId}/conversations'] }),
  })
  const isSeen = usePageSeen()
  const { guestId, unread = 0 } = conversation ?? {}
  useEffect(() => {
    if (isSeen && mayEdit && guestId && unread > 0) read.mutate({ params: { path: { ...path, guestId } }, body: {} })
  }, [isSeen, guestId, unread, mayEdit])
}

/** Whether the page is in front, and not in a tab that nobody looks at. */
const usePageSeen = () => useSyncExternalStore(onVisibility, () => document.visibilityState === 'visible')

function onVisibility(tell: () => void): () => void {
  document.addEventListener('visibilitychange', tell)
  return () => document.removeEventListener('visibilitychange', tell)
}
