/** What surrounds the screens of the door: event, gate, state of the connection, who is inside; and the answer over all. */
import { CloudOff, CloudUpload, KeyRound, QrCode, Search, TriangleAlert, Wifi, WifiLow, Inbox } from 'lucide-react'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { AnswerScreen } from './AnswerScreen.tsx'
import type { Engine } from './engine.ts'
import { keepAwake } from './feedback.ts'
import { syncStateOf, type SyncState } from './machine.ts'
import { countInside, type Memory } from './memory.ts'
import { PendingScreen } from './PendingScreen.tsx'
import { ScanScreen } from './ScanScreen.tsx'
import { SearchScreen } from './SearchScreen.tsx'
import { listenForScanner } from './scanner.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

const TABS = [
  { id: 'scan', label: WORDS.scan, Icon: QrCode },
  { id: 'search', label: WORDS.search, Icon: Search },
  { id: 'pending', label: WORDS.pending, Icon: Inbox },
] as const
type Tab = (typeof TABS)[number]['id']

export function DoorApp({ engine, onLeave }: { engine: Engine; onLeave: () => Promise<void> }) {
  const memory = useSyncExternalStore(engine.subscribe, engine.read)
  const [tab, setTab] = useState<Tab>('scan')
  useEffect(keepAwake, [])
  useEffect(
    () =>
      listenForScanner((code) => {
        setTab('scan')
        if (engine.takesCodes()) void engine.scan(code)
      }),
    [engine],
  )
  const isCovered = memory.door.view.kind !== 'idle'
  return (
    <>
      <div className={styles['app']} inert={isCovered}>
        <Top memory={memory} />
        <main className={styles['screen']} tabIndex={-1}>
          {tab === 'scan' ? <ScanScreen engine={engine} memory={memory} onSearch={() => setTab('search')} /> : null}
          {tab === 'search' ? <SearchScreen engine={engine} memory={memory} /> : null}
          {tab === 'pending' ? <PendingScreen engine={engine} memory={memory} onLeave={onLeave} /> : null}
        </main>
        <nav aria-label={WORDS.screens} className={styles['tabs']}>
          {TABS.map(({ id, label, Icon }) => (
            <button key={id} type="button" aria-current={tab === id ? 'page' : undefined} onClick={() => setTab(id)}>
              <Icon size={22} aria-hidden="true" />
              {label}
              {id === 'pending' && memory.waiting.size > 0 ? (
                <span className={styles['badge']}>{memory.waiting.size}</span>
              ) : null}
            </button>
          ))}
        </nav>
      </div>
      <AnswerScreen engine={engine} memory={memory} />
    </>
  )
}

const ICONS: Record<SyncState, typeof Wifi> = {
  ...{
    online: Wifi,
    slow: WifiLow,
    offline: CloudOff,
    syncing: CloudUpload,
    blocked: KeyRound,
    conflict: TriangleAlert,
  },
}
const TONES: Record<SyncState, string> = {
  ...{ online: 'ok', slow: 'warn', offline: 'warn', syncing: 'info', blocked: 'bad', conflict: 'warn' },
}

function Top({ memory }: { memory: Memory }) {
  const { session, door, waiting, differences, blockedBy, isUploading } = memory
  const conflicts = differences.length
  const state = syncStateOf({ ...{ ...door }, isBlocked: blockedBy !== null, isUploading, conflicts })
  const Icon = ICONS[state]
  const minutes = Math.trunc(memory.skewMs / 60_000)
  return (
    <header className={styles['top']}>
      <h1>
        {session.eventName}
        {session.gate ? <small>{session.gate}</small> : null}
      </h1>
      <p role="status" className={styles['facts']}>
        <span className={`${styles['chip']} ${styles[TONES[state]]}`}>
          <Icon size={18} aria-hidden="true" />
          {WORDS.states[state]}
        </span>
        <span>{WORDS.waiting(waiting.size)}</span>
        {memory.list ? <strong>{WORDS.inside(countInside(memory))}</strong> : null}
      </p>
      {memory.direction === 'out' ? <p className={styles['exits']}>{WORDS.exits}</p> : null}
      {memory.isSaved ? null : (
        <p role="alert" className={styles['warning']}>
          {WORDS.notSaving}
        </p>
      )}
      {Math.abs(minutes) >= 2 ? <p className={styles['warning']}>{WORDS.clock(minutes)}</p> : null}
    </header>
  )
}
