/** A part of a screen on paper, with its title and what can be done with it. */
import { useId, type ReactNode } from 'react'
import styles from './parts.module.css'

type Props = { title?: string; actions?: ReactNode; children: ReactNode }

export function Panel({ title, actions, children }: Props) {
  const id = useId()
  return (
    <section className={styles['panel']} aria-labelledby={title ? id : undefined}>
      {title ? (
        <div className={styles['head']}>
          <h2 id={id}>{title}</h2>
          {actions}
        </div>
      ) : null}
      {children}
    </section>
  )
}

/** Names and their values, one under the other. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
