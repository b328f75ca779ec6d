/** How long a window is still open. */
const MINUTE_MS = 60_000

/** `5 h 12 min`, rounded down: a promise that is kept. */
export function formatLeft(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS))
  const hours = Math.floor(minutes / 60)
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`
}
