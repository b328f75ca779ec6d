/** What a part of a page shows while it loads, when it fails, and when it has nothing. */
import { useEffect, useState, type ReactNode } from 'react'
import { pick } from '../words/locale.ts'
import { explainProblem } from '../words/problems.ts'
import { isProblem } from '../api/client.ts'
import { Button } from './Button.tsx'
import { isLoggedOut, LogInAgain } from './LogInAgain.tsx'
import styles from './kit.module.css'

const WORDS = pick({
  es: {
    loading: 'Cargando…',
    slow: 'Está tardando.',
    offline: 'Sin conexión. Se carga en cuanto vuelva.',
    failed: 'No pudimos cargar esto.',
    again: 'Reintentar',
    forbidden: 'Tu cuenta no puede ver esto.',
    home: 'Ir a mi inicio',
  },
  en: {
    loading: 'Loading…',
    slow: 'This is taking long.',
    offline: 'No connection. It loads once there is one.',
    failed: 'We could not load this.',
    again: 'Try again',
    forbidden: 'Your account may not see this.',
    home: 'Go to my start page',
  },
})
const SHOW_AFTER_MS = 150
const SLOW_AFTER_MS = 8000

/** Nothing at first, so that a quick answer does not flicker. `lines`: the height of what will be there. */
export function Loading({ lines = 3 }: { lines?: number }) {
  const [stage, setStage] = useState<'none' | 'shown' | 'slow'>('none')
  useEffect(() => {
    const timers = [
      setTimeout(() => setStage('shown'), SHOW_AFTER_MS),
      setTimeout(() => setStage('slow'), SLOW_AFTER_MS),
    ]
    return () => timers.forEach(clearTimeout)
  }, [])
  return (
    <div aria-busy="true" className={styles['loading']}>
      {stage === 'none' ? null : <span className="visually-hidden">{WORDS.loading}</span>}
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className={styles['bone']} hidden={stage === 'none'} />
      ))}
      {stage === 'slow' ? <p role="status">{WORDS.slow}</p> : null}
    </div>
  )
}

export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (isProblem(error) && error.status === 403) return <Forbidden />
  const { text, folio } = explainProblem(error)
  return (
    <div role="alert" className={styles['state']}>
      <p>
        {WORDS.failed} {text}
      </p>
      {isLoggedOut(error) ? <LogInAgain /> : null}
      {onRetry ? <Button onPress={onRetry}>{WORDS.again}</Button> : null}
      {folio ? <small>{folio}</small> : null}
    </div>
  )
}

/** The login page leads people who are logged in to their own start page. */
export const Forbidden = () => (
  <div role="alert" className={styles['state']}>
    <p>{WORDS.forbidden}</p>
    <a href="/login">{WORDS.home}</a>
  </div>
)

/** A sentence, and one thing to do. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles['state']}>
      <p>{children}</p>
      {action}
    </div>
  )
}

type Query<T> = {
  data: T | undefined
  error: unknown
  isPending: boolean
  fetchStatus: 'fetching' | 'paused' | 'idle'
  refetch: () => unknown
}

/** The part of a page that a query fills. Data that are there stay while a later call fails. */
export function Loaded<T>({
  query,
  lines,
  children,
}: {
  query: Query<T>
  lines?: number
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  if (query.fetchStatus === 'paused') return <Empty>{WORDS.offline}</Empty>
  return <Loading {...(lines === undefined ? {} : { lines })} />
}
