/** How old what the screen shows is, where that matters: without a network, and when nothing has come for ten minutes. */
import { onlineManager, useQueryClient, type Query, type QueryClient } from '@tanstack/react-query'
import { useRouterState } from '@tanstack/react-router'
import { useCallback, useEffect, useRef, useSyncExternalStore } from 'react'
import { isProblem } from '../api/client.ts'
import { formatAge, formatClock, formatDayOf, formatTime, ZONE } from '../words/formats.ts'
import { pick } from '../words/locale.ts'
import { Button } from './Button.tsx'
import { say } from './say.ts'
import styles from './shell.module.css'
import { useNowMs } from './Time.tsx'

const WORDS = pick({
  es: {
    offline: 'Sin conexión.',
    dataOfClock: (clock: string) => `Datos de las ${clock}.`,
    dataOfDay: (time: string) => `Datos del ${time}.`,
    dataOfAge: (age: string) => `Datos de ${age}`,
    refresh: 'Actualizar',
    back: 'Otra vez en línea.',
    awaited: 'La pantalla que elegiste se abre en cuanto vuelva.',
  },
  en: {
    offline: 'No connection.',
    dataOfClock: (clock: string) => `Data from ${clock}.`,
    dataOfDay: (time: string) => `Data from ${time}.`,
    dataOfAge: (age: string) => `Data from ${age}`,
    refresh: 'Refresh',
    back: 'Online again.',
    awaited: 'The screen you chose opens once there is one.',
  },
})
const OLD_MS = 10 * 60_000

/** `oldestMs`: when the oldest of what is shown came; 0: nothing is shown yet. */
type Shown = { hasNetwork: boolean; isOffline: boolean; isAsking: boolean; oldestMs: number }

/** Whether an answer is good for as long as the page is open: nobody who looks at it wants it again. */
export const isLasting = ({ observers }: Pick<Query, 'observers'>): boolean =>
  observers.every(({ options }) => options.staleTime === Infinity)

/** Of the queries of this screen. Browsers may call themselves online without a way to the server. */
function lookAt(queries: QueryClient): Shown {
  const shown = queries
    .getQueryCache()
    .findAll({ type: 'active' })
    .filter((query) => query.state.data !== undefined && !isLasting(query))
  const isCut = shown.some(({ state }) => state.error !== null && !isProblem(state.error))
  const hasNetwork = onlineManager.isOnline()
  return {
    hasNetwork,
    isOffline: !hasNetwork || isCut,
    isAsking: shown.some(({ state }) => state.fetchStatus === 'fetching'),
    oldestMs: shown.length === 0 ? 0 : Math.min(...shown.map(({ state }) => state.dataUpdatedAt)),
  }
}

function useShown(): Shown {
  const queries = useQueryClient()
  const subscribe = useCallback(
    (onChange: () => void) => {
      const ends = [queries.getQueryCache().subscribe(onChange), onlineManager.subscribe(onChange)]
      return () => ends.forEach((end) => end())
    },
    [queries],
  )
  // A text, because a new object at each look would never be the same as before.
  return JSON.parse(useSyncExternalStore(subscribe, () => JSON.stringify(lookAt(queries)))) as Shown
}

/** Nothing while the data are young: the screens ask again by themselves. */
export function Freshness() {
  const { hasNetwork, isOffline, isAsking, oldestMs } = useShown()
  const nowMs = useNowMs()
  const queries = useQueryClient()
  const isAwaited = useAwaitsFiles() && !hasNetwork
  useSaid(isOffline, isAwaited)
  const isOld = oldestMs > 0 && nowMs - oldestMs >= OLD_MS && !isAsking
  if (!isOffline && !isOld) return null
  return (
    <p className={styles['freshness']}>
      <span>{isOffline ? describeOffline(oldestMs, nowMs) : WORDS.dataOfAge(ageOf(oldestMs, nowMs))}</span>
      {isAwaited ? <span>{WORDS.awaited}</span> : null}
      {hasNetwork ? (
        <Button look="quiet" isBusy={isAsking} onPress={() => void queries.invalidateQueries()}>
          {WORDS.refresh}
        </Button>
      ) : null}
    </p>
  )
}

/** Whether the address is that of a screen whose files have not come: the screen before it is still there. */
const useAwaitsFiles = (): boolean =>
  useRouterState({
    select: ({ location, resolvedLocation }) => resolvedLocation?.pathname !== location.pathname,
  })

const ageOf = (atMs: number, nowMs: number) => formatAge(new Date(atMs).toISOString(), nowMs)

function describeOffline(oldestMs: number, nowMs: number): string {
  if (oldestMs === 0) return WORDS.offline
  const [oldest, now] = [oldestMs, nowMs].map((ms) => new Date(ms).toISOString())
  const since =
    formatDayOf(oldest!, ZONE) === formatDayOf(now!, ZONE)
      ? WORDS.dataOfClock(formatClock(oldestMs, ZONE))
      : WORDS.dataOfDay(formatTime(oldest!, ZONE))
  return `${WORDS.offline} ${since}`
}

/** Tells people who do not see the line: once when the network goes, when a screen waits for it, and when it comes. */
function useSaid(isOffline: boolean, isAwaited: boolean): void {
  const wasOffline = useRef(false)
  useEffect(() => {
    if (isOffline) say(WORDS.offline)
    else if (wasOffline.current) say(WORDS.back)
    wasOffline.current = isOffline
  }, [isOffline])
  useEffect(() => {
    if (isAwaited) say(`${WORDS.offline} ${WORDS.awaited}`)
  }, [isAwaited])
}
