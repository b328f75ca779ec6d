/** THE LIST OF SCREENS of the organizer's pages. */
import { createRootRoute, createRoute } from '@tanstack/react-router'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { EventsPage } from './events/EventsPage.tsx'

const WORDS = pick({ es: { events: 'Eventos' }, en: { events: 'Events' } })

const root = createRootRoute({
  component: () => <Shell brand="Monotickets" sections={[{ to: '/', label: WORDS.events }]} />,
})

export const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: EventsPage }),
])
