/** A message as it looks in a chat. `side`: who wrote it. */
import type { ReactNode } from 'react'
import styles from './bubble.module.css'

type Props = { side: 'ours' | 'theirs'; text: ReactNode; buttons?: readonly string[]; children?: ReactNode }

export function Bubble({ side, text, buttons = [], children }: Props) {
  return (
    <div className={`${styles['bubble']} ${styles[side]}`}>
      <p className={styles['text']}>{text}</p>
      {buttons.map((label) => (
        <span key={label} className={styles['button']}>
          {label}
        </span>
      ))}
      {children}
    </div>
  )
}
