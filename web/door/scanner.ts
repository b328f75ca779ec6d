/** A keyboard scanner on the page: whatever has the focus, its code goes to the door. */
import { NOTHING_TYPED, typeKey } from './wedge.ts'

/** Listens on the whole page. Returns what stops it. */
export function listenForScanner(onCode: (code: string) => void): () => void {
  let state = NOTHING_TYPED
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const { typed, code, isScanner } = typeKey(state, event.key, event.timeStamp)
    state = typed
    // A button that has the focus must not be pressed by the scanner's Enter.
    if (isScanner) event.preventDefault()
    if (code !== null) onCode(code)
  }
  addEventListener('keydown', onKey, { capture: true })
  return () => removeEventListener('keydown', onKey, { capture: true })
}
