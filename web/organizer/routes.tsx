/** THE LIST OF SCREENS of the organizer's pages. */
import { createRootRoute, createRoute, lazyRouteComponent, type RouteComponent } from '@tanstack/react-router'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { EventFrame } from './event/EventFrame.tsx'
import { EventPage } from './event/EventPage.tsx'
import { EventsPage } from './events/EventsPage.tsx'
import { readEventsUrl, readGuestsUrl, readImportUrl } from './urls.ts'

const WORDS = pick({
  es: { events: 'Eventos', balance: 'Saldo', team: 'Equipo' },
  en: { events: 'Events', balance: 'Balance', team: 'Team' },
})

function Frame() {
  return <Shell brand="Monotickets" sections={[{ to: '/', label: WORDS.events }]} />
}

const root = createRootRoute({ component: Frame })
const event = createRoute({ getParentRoute: () => root, path: '/events/$eventId', component: EventFrame })

/** A screen of one event. `read`: keeps what is valid of its query string. */
const screen = (
  path: string,
  component: RouteComponent,
  read: (words: Record<string, unknown>) => object = () => ({}),
) => createRoute({ getParentRoute: () => event, path, component, validateSearch: read })

const editPage = lazyRouteComponent(() => import('./events/EditPage.tsx'), 'EditPage')
const guestsPage = lazyRouteComponent(() => import('./guests/GuestsPage.tsx'), 'GuestsPage')
const importPage = lazyRouteComponent(() => import('./imports/ImportPage.tsx'), 'ImportPage')

export const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: EventsPage, validateSearch: readEventsUrl }),
  event.addChildren([
    screen('/', EventPage),
    screen('/edit', editPage),
    screen('/guests', guestsPage, readGuestsUrl),
    screen('/import', importPage, readImportUrl),
  ]),
])
