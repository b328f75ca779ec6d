/** Instants on a page: when something was, and how long ago. The exact time is in the title. */
import { useEffect, useState } from 'react'
import { formatAge, formatTime } from '../words/formats.ts'

export function When({ at, timeZone }: { at: string; timeZone?: string }) {
  return <time dateTime={at}>{formatTime(at, timeZone)}</time>
}

const TICK_MS = 10_000

/** The time now, which moves on while the page is open. */
export function useNowMs(tickMs = TICK_MS): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [tickMs])
  return nowMs
}

export function Age({ at }: { at: string }) {
  const nowMs = useNowMs()
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatAge(at, nowMs)}
    </time>
  )
}
