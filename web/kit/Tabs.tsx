/** The parts of a screen, each with an address of its own. */
import { Link } from '@tanstack/react-router'
import styles from './parts.module.css'

type Tab = { to: string; label: string }

export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  return (
    <nav aria-label={label} className={styles['tabs']}>
      {tabs.map(({ to, label }) => (
        <Link key={to} to={to} activeOptions={{ exact: true, includeSearch: false }}>
          {label}
        </Link>
      ))}
    </nav>
  )
}
