/** The conversations of an event, the last written first. */
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { $api, type Schemas } from '../../api/client.ts'
import { BY_CURSOR, rowsOf } from '../../api/pages.ts'
import { Button } from '../../kit/Button.tsx'
import { More } from '../../kit/More.tsx'
import { SearchField } from '../../kit/SearchField.tsx'
import { Empty, Loaded } from '../../kit/State.tsx'
import { Age } from '../../kit/Time.tsx'
import { useUrl } from '../../kit/url.ts'
import { useEventPath } from '../shared/event.ts'
import type { ConversationsUrl } from './ConversationsPage.tsx'
import styles from './conversations.module.css'
import { nameKind, WORDS } from './words.ts'

type Conversation = Schemas['Conversation']

const PAUSE_MS = 250

export function List() {
  const path = useEventPath()
  const [{ all, q, guest }, setUrl] = useUrl<ConversationsUrl>()
  const query = { q, ...(all ? {} : { unread: true }) }
  const conversations = $api.useInfiniteQuery(
    'get',
    '/events/{eventId}/conversations',
    { params: { path, query } },
    BY_CURSOR,
  )
  return (
    <section className={styles['list']} aria-label={WORDS.list}>
      <nav className={styles['tabs']} aria-label={WORDS.title}>
        <Tab isNow={!all} search={{ guest, q }}>
          {WORDS.unread}
        </Tab>
        <Tab isNow={all === true} search={{ guest, q, all: true }}>
          {WORDS.all}
        </Tab>
      </nav>
      <Search value={q} onChange={(q) => setUrl({ q })} />
      <Loaded query={conversations} lines={6}>
        {(data) =>
          rowsOf(data).length > 0 ? (
            <ul className={styles['rows']}>
              {rowsOf(data).map((one) => (
                <Row key={one.guestId} conversation={one} isOpen={one.guestId === guest} search={{ all, q }} />
              ))}
            </ul>
          ) : all ? (
            <Empty>{WORDS.none}</Empty>
          ) : (
            <Empty action={<Button onPress={() => setUrl({ all: true })}>{WORDS.seeAll}</Button>}>
              {WORDS.noneUnread}
            </Empty>
          )
        }
      </Loaded>
      <More pages={conversations} />
    </section>
  )
}

type TabProps = { isNow: boolean; search: ConversationsUrl; children: string }

const Tab = ({ isNow, search, children }: TabProps) => (
  <Link
    to="."
    search={search}
    replace
    className={isNow ? styles['now'] : ''}
    {...(isNow ? { 'aria-current': 'true' } : {})}
  >
    {children}
  </Link>
)

type RowProps = { conversation: Conversation; isOpen: boolean; search: ConversationsUrl }

function Row({ conversation: { guestId, guestName, lastMessage, unread }, isOpen, search }: RowProps) {
  return (
    <li>
      <Link
        to="."
        search={{ ...search, guest: guestId }}
        className={isOpen ? styles['chosen'] : styles['row']}
        {...(isOpen ? { 'aria-current': 'true' } : {})}
      >
        <span className={styles['who']}>
          <strong>{guestName}</strong>
          {unread > 0 ? <span className={styles['badge']}>{WORDS.newCount(unread)}</span> : null}
        </span>
        {lastMessage ? (
          <span className={styles['last']}>
            {lastMessage.direction === 'in' ? '' : lastMessage.source === 'automatic' ? WORDS.auto : WORDS.you}
            {lastMessage.text ?? nameKind(lastMessage.type)}
          </span>
        ) : null}
        {lastMessage ? (
          <span className={styles['age']}>
            <Age at={lastMessage.at} />
          </span>
        ) : null}
      </Link>
    </li>
  )
}

/** Searches after a pause in typing. */
function Search({ value = '', onChange }: { value?: string | undefined; onChange: (value?: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text === value) return undefined
    const timer = setTimeout(() => onChange(text || undefined), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return <SearchField label={WORDS.search} value={text} onChange={setText} />
}
