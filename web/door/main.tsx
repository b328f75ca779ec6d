/** The door: an app for the staff at one gate of one event. It has no router and no queries, so that it opens fast. */
import { StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import 'virtual:tokens.css'
import '../kit/base.css'
import { DoorApp } from './DoorApp.tsx'
import { openEngine, type Engine } from './engine.ts'
import { allowSound, signal } from './feedback.ts'
import { startWorker } from './install.ts'
import { Prepare } from './Prepare.tsx'
import type { Session } from './records.ts'
import { whatBecomes } from './session.ts'
import { openStore, type Store } from './store.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Stage =
  | { at: 'opening' }
  | { at: 'stopped'; why: string }
  | { at: 'preparing'; store: Store; current: Session | null; waiting: number }
  | { at: 'working'; store: Store; engine: Engine }

const OTHER_TAB_MS = 500

/** Resolves when no other tab is at the door: two would not know of each other's scans. */
function takeTurn(onWait: () => void): Promise<void> {
  const timer = setTimeout(onWait, OTHER_TAB_MS)
  return new Promise((resolve) => {
    void navigator.locks.request('mt.door', () => {
      clearTimeout(timer)
      resolve()
      return new Promise<never>(() => {}) // until the page closes
    })
  })
}

function Boot() {
  const [stage, setStage] = useState<Stage>({ at: 'opening' })
  const work = async (store: Store, session: Session) =>
    setStage({ at: 'working', store, engine: await openEngine(store, session, signal) })

  useEffect(() => {
    if (!isSecureContext) return setStage({ at: 'stopped', why: WORDS.needsHttps })
    const start = async () => {
      await takeTurn(() => setStage({ at: 'stopped', why: WORDS.elsewhere }))
      const store = await openStore()
      const session = await store.get('session')
      if (session && location.hash.length <= 1) return work(store, session)
      const waiting = (await store.listWaiting()).length
      return setStage({ at: 'preparing', store, current: session ?? null, waiting })
    }
    start().catch(() => setStage({ at: 'stopped', why: WORDS.noStore }))
  }, [])

  if (stage.at === 'working') return <DoorApp engine={stage.engine} onLeave={() => leave(stage.store, stage.engine)} />
  if (stage.at === 'preparing') {
    const { store, current, waiting } = stage
    const begin = async (session: Session): Promise<string> => {
      const becomes = whatBecomes(current, session, waiting)
      if (becomes === 'refused') return WORDS.otherWaits(waiting, current?.eventName ?? '')
      history.replaceState(null, '', '/door')
      if (becomes === 'emptied') await store.wipe()
      await store.set('session', session)
      await work(store, session)
      return ''
    }
    return <Prepare current={current} waiting={waiting} onReady={begin} />
  }
  return (
    <main className={styles['plain']} aria-busy={stage.at === 'opening'}>
      <h1>{WORDS.title}</h1>
      {stage.at === 'stopped' ? <p role="alert">{stage.why}</p> : null}
    </main>
  )
}

async function leave(store: Store, engine: Engine): Promise<void> {
  engine.close()
  await store.wipe()
  location.assign('/door')
}

startWorker()
addEventListener('pointerdown', allowSound)
// The code of a device was opened in this tab.
addEventListener('hashchange', () => location.reload())
createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <Boot />
  </StrictMode>,
)
