/** Things side by side, which wrap on a phone. `isApart`: the last one stands at the end of the line. */
import type { ReactNode } from 'react'
import styles from './kit.module.css'

export function Row({ isApart = false, children }: { isApart?: boolean; children: ReactNode }) {
  return <div className={isApart ? styles['apart'] : styles['line']}>{children}</div>
}
