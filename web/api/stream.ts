/** Server-sent events of the API. A stream ends with its access token; this opens it again until the page leaves. */
import { renewSession } from './call.ts'

const AGAIN_MS = [1000, 2000, 5000, 15_000]

/**
 * Calls `onEvent` with the name and the JSON of each event. `onState` tells whether the stream is open. Returns what closes it.
 */
export function openStream(
  path: string,
  names: readonly string[],
  onEvent: (name: string, data: unknown) => void,
  onState: (isOpen: boolean) => void = () => {},
): () => void {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let isClosed = false

  const open = () => {
    const startedMs = performance.now()
    source = new EventSource(path)
    source.addEventListener('open', () => {
      failures = 0
      onState(true)
    })
    for (const name of names)
      source.addEventListener(name, (event: MessageEvent<string>) => onEvent(name, JSON.parse(event.data)))
    source.addEventListener('error', () => {
      source?.close()
      onState(false)
      if (isClosed) return
      const waitMs = AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)]!
      timer = setTimeout(() => {
        if (failures > 1)
          void renewSession(startedMs)
            .catch(() => null)
            .then(reopen)
        else reopen()
      }, waitMs)
    })
  }
  const reopen = () => {
    if (!isClosed) open()
  }
  open()
  return () => {
    isClosed = true
    clearTimeout(timer)
    source?.close()
  }
}
