/** Asks to install the door, so that it opens from the start screen without a browser around it. */
import { useSyncExternalStore } from 'react'
import { installing } from './install.ts'
import { WORDS } from './words.ts'
import styles from './door.module.css'

export function Install() {
  const state = useSyncExternalStore(installing.subscribe, installing.read)
  if (state === 'done') return null
  if (state === 'menu') return <p className={styles['soft']}>{WORDS.installWhy}</p>
  return (
    <button type="button" onClick={() => void installing.ask()}>
      {WORDS.install}
    </button>
  )
}
