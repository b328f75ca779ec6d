/** Screens whose files come when they are first opened. */
import { lazyRouteComponent } from '@tanstack/react-router'

/**
 * As `lazyRouteComponent`. Without a network the screen before stays until its files come, and Freshness says so: the router would load the page again,
 * and the browser would show an error of its own.
 */
export const lazyScreen: typeof lazyRouteComponent = (load, name) =>
  lazyRouteComponent(() => load().catch((error: unknown) => loadLater(load, error)), name)

async function loadLater<T>(load: () => Promise<T>, error: unknown): Promise<T> {
  if (navigator.onLine) throw error
  await new Promise((resolve) => addEventListener('online', resolve, { once: true }))
  return load()
}
