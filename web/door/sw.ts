/**
 * The service worker of the door: its page and all that it loads come from a cache, so that it opens without a network. The API
 * goes past it. A new build takes over once the door has been closed: until then the old one finds all its files.
 */
import {
  cleanupOutdatedCaches,
  createHandlerBoundToURL,
  precacheAndRoute,
  type PrecacheEntry,
} from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'

/** The build writes the list of files here. */
declare const DOOR_FILES: PrecacheEntry[]
declare const self: ServiceWorkerGlobalScope

precacheAndRoute(DOOR_FILES)
cleanupOutdatedCaches()
registerRoute(new NavigationRoute(createHandlerBoundToURL('/door'), { allowlist: [/^\/door(\/|$)/] }))
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
