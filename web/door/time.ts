/** The rhythm of the door: every second, and whenever it is seen again or the network is back. */
const TICK_MS = 1000

/** Returns what ends it. `nowMs`: of `performance.now()`. */
export function keepTime(onTick: (nowMs: number) => void, onWake: () => void): () => void {
  const timer = setInterval(() => onTick(performance.now()), TICK_MS)
  const wake = () => {
    if (!document.hidden) onWake()
  }
  addEventListener('online', wake)
  document.addEventListener('visibilitychange', wake)
  return () => {
    clearInterval(timer)
    removeEventListener('online', wake)
    document.removeEventListener('visibilitychange', wake)
  }
}
