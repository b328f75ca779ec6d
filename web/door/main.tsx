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
import { openStore, type Store } from './store.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

type Stage =
  | { at: 'opening' }
  | { at: 'stopped'; why: string }
  | { at: 'preparing'; store: Store; current: string | null }
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
      // The code of another device must not delete what is not uploaded.
      const isFree = location.hash.length > 1 && (await store.listWaiting()).length === 0
      if (session && !isFree) return work(store, session)
      return setStage({ at: 'preparing', store, current: session?.eventName ?? null })
    }
    start().catch(() => setStage({ at: 'stopped', why: WORDS.noStore }))
  }, [])

  if (stage.at === 'working') return <DoorApp engine={stage.engine} onLeave={() => leave(stage.store, stage.engine)} />
  if (stage.at === 'preparing')
    return (
      <Prepare
        current={stage.current}
        onReady={async (session) => {
          history.replaceState(null, '', '/door')
          await stage.store.wipe()
          await stage.store.set('session', session)
          await work(stage.store, session)
        }}
      />
    )
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
