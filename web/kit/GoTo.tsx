/** A link that looks like a button: it leads to another screen of this app. `search`: the words of its query string. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import styles from './kit.module.css'

type Props = { to: string; search?: object; look?: 'main' | 'plain' | 'quiet'; children: ReactNode }

export function GoTo({ to, search = {}, look = 'plain', children }: Props) {
  return (
    <Link to={to} search={search} className={`${styles['button']} ${styles[look]}`}>
      {children}
    </Link>
  )
}
