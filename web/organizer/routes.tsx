/** THE LIST OF SCREENS of the organizer's pages. All but the first two load when they are opened. */
import { createRootRoute, createRoute, lazyRouteComponent, type RouteComponent } from '@tanstack/react-router'
import { useMe } from '../kit/session.ts'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { EventFrame } from './event/EventFrame.tsx'
import { EventPage } from './event/EventPage.tsx'
import { EventsPage } from './events/EventsPage.tsx'
import {
  readBalanceUrl,
  readTeamUrl,
  readConversationsUrl,
  readDraftUrl,
  readEventsUrl,
  readGuestsUrl,
  readImportUrl,
  readSendUrl,
  readTextsUrl,
  readWaitlistUrl,
} from './urls.ts'

const WORDS = pick({
  es: { events: 'Eventos', balance: 'Saldo', team: 'Equipo' },
  en: { events: 'Events', balance: 'Balance', team: 'Team' },
})

const OWN_SECTIONS = [
  { to: '/balance', label: WORDS.balance },
  { to: '/team', label: WORDS.team },
]

function Frame() {
  // The balance and the team are those of the organizer that the user belongs to; viewers may see neither.
  const isOrganizer = useMe()?.role === 'organizer'
  return (
    <Shell brand="Monotickets" sections={[{ to: '/', label: WORDS.events }, ...(isOrganizer ? OWN_SECTIONS : [])]} />
  )
}

const root = createRootRoute({ component: Frame })
const event = createRoute({ getParentRoute: () => root, path: '/events/$eventId', component: EventFrame })

const EditPage = lazyRouteComponent(() => import('./events/EditPage.tsx'), 'EditPage')
const GuestsPage = lazyRouteComponent(() => import('./guests/GuestsPage.tsx'), 'GuestsPage')
const ImportPage = lazyRouteComponent(() => import('./imports/ImportPage.tsx'), 'ImportPage')
const WaitlistPage = lazyRouteComponent(() => import('./waitlist/WaitlistPage.tsx'), 'WaitlistPage')
const TextsPage = lazyRouteComponent(() => import('./texts/TextsPage.tsx'), 'TextsPage')
const SendsPage = lazyRouteComponent(() => import('./sends/SendsPage.tsx'), 'SendsPage')
const NewSendPage = lazyRouteComponent(() => import('./sends/NewSendPage.tsx'), 'NewSendPage')
const SendPage = lazyRouteComponent(() => import('./sends/SendPage.tsx'), 'SendPage')
const ConversationsPage = lazyRouteComponent(() => import('./conversations/ConversationsPage.tsx'), 'ConversationsPage')
const DoorPage = lazyRouteComponent(() => import('./door/DoorPage.tsx'), 'DoorPage')
const BalancePage = lazyRouteComponent(() => import('./balance/BalancePage.tsx'), 'BalancePage')
const TeamPage = lazyRouteComponent(() => import('./team/TeamPage.tsx'), 'TeamPage')

/** A screen of one event. `read`: keeps what is valid of its query string. */
const ofEvent = (
  path: string,
  component: RouteComponent,
  read: (words: Record<string, unknown>) => object = () => ({}),
) => createRoute({ getParentRoute: () => event, path, component, validateSearch: read })

export const routeTree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: EventsPage, validateSearch: readEventsUrl }),
  createRoute({ getParentRoute: () => root, path: '/balance', component: BalancePage, validateSearch: readBalanceUrl }),
  createRoute({ getParentRoute: () => root, path: '/team', component: TeamPage, validateSearch: readTeamUrl }),
  event.addChildren([
    ofEvent('/', EventPage),
    ofEvent('/edit', EditPage),
    ofEvent('/guests', GuestsPage, readGuestsUrl),
    ofEvent('/import', ImportPage, readImportUrl),
    ofEvent('/waitlist', WaitlistPage, readWaitlistUrl),
    ofEvent('/texts', TextsPage, readTextsUrl),
    ofEvent('/sends', SendsPage),
    ofEvent('/sends/new', NewSendPage, readDraftUrl),
    ofEvent('/sends/$campaignId', SendPage, readSendUrl),
    ofEvent('/conversations', ConversationsPage, readConversationsUrl),
    ofEvent('/door', DoorPage),
  ]),
])
