/** The title of a screen, and what can be done there. */
import type { ReactNode } from 'react'
import styles from './parts.module.css'

export function Head({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles['head']}>
      <h1>{title}</h1>
      {children ? <div className={styles['actions']}>{children}</div> : null}
    </div>
  )
}
