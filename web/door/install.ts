/** Installing the door on this device, and the service worker that opens it without a network. */
type InstallEvent = Event & { prompt(): Promise<void> }

let offered: InstallEvent | undefined
const listeners = new Set<() => void>()

export function startWorker(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offered = event as InstallEvent
    for (const listener of listeners) listener()
  })
  if (import.meta.env.PROD) void navigator.serviceWorker?.register('/door/sw.js', { scope: '/door' }).catch(() => {})
}

/** `menu`: the browser does not offer it to pages, and has it in a menu of its own. */
export type Installing = 'done' | 'button' | 'menu'

export const installing = {
  subscribe(listener: () => void) {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  read(): Installing {
    if (matchMedia('(display-mode: standalone)').matches) return 'done'
    return offered ? 'button' : 'menu'
  },
  async ask(): Promise<void> {
    await offered?.prompt()
    offered = undefined
    for (const listener of listeners) listener()
  },
}
