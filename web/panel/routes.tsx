/** THE LIST OF SCREENS of the Director's panel. All but the first view are loaded when they are opened. */
import { createRootRoute, createRoute } from '@tanstack/react-router'
import { lazyScreen } from '../kit/lazy.ts'
import { Shell } from '../kit/Shell.tsx'
import { pick } from '../words/locale.ts'
import { readSearch } from './shared/search.ts'
import { OverviewPage } from './overview/OverviewPage.tsx'

const WORDS = pick({
  es: {
    overview: 'Resumen',
    money: 'Dinero',
    organizers: 'Organizadores',
    tickets: 'Boletos',
    attendance: 'Asistencia',
    messages: 'Mensajes',
    door: 'Puerta',
    users: 'Usuarios',
    keys: 'Llaves',
    audit: 'Auditoría',
  },
  en: {
    overview: 'Overview',
    money: 'Money',
    organizers: 'Organizers',
    tickets: 'Tickets',
    attendance: 'Attendance',
    messages: 'Messages',
    door: 'Door',
    users: 'Users',
    keys: 'Keys',
    audit: 'Audit',
  },
})

const SECTIONS = [
  { to: '/', label: WORDS.overview },
  { to: '/money', label: WORDS.money },
  { to: '/organizers', label: WORDS.organizers },
  { to: '/tickets', label: WORDS.tickets },
  { to: '/attendance', label: WORDS.attendance },
  { to: '/messages', label: WORDS.messages },
  { to: '/door', label: WORDS.door },
  { to: '/users', label: WORDS.users },
  { to: '/keys', label: WORDS.keys },
  { to: '/audit', label: WORDS.audit },
]

const root = createRootRoute({
  component: () => <Shell brand="Monotickets" sections={SECTIONS} roles={['director']} />,
})
const at = <P extends string>(path: P) => ({ getParentRoute: () => root, path })
const PERIOD = ['from', 'to', 'organizerId'] as const

export const routeTree = root.addChildren([
  createRoute({ ...at('/'), validateSearch: readSearch(...PERIOD), component: OverviewPage }),
  createRoute({
    ...at('/money'),
    validateSearch: readSearch(...PERIOD, 'group', 'method', 'currency', 'payment', 'enter'),
    component: lazyScreen(() => import('./money/PaymentsPage.tsx'), 'PaymentsPage'),
  }),
  createRoute({
    ...at('/money/reviews'),
    validateSearch: readSearch('status'),
    component: lazyScreen(() => import('./money/ReviewsPage.tsx'), 'ReviewsPage'),
  }),
  createRoute({
    ...at('/money/differences'),
    validateSearch: readSearch('status', 'payment'),
    component: lazyScreen(() => import('./money/DifferencesPage.tsx'), 'DifferencesPage'),
  }),
  createRoute({
    ...at('/organizers'),
    validateSearch: readSearch('add', 'to', 'organizerId'),
    component: lazyScreen(() => import('./organizers/OrganizersPage.tsx'), 'OrganizersPage'),
  }),
  createRoute({
    ...at('/organizers/$organizerId'),
    validateSearch: readSearch('kind'),
    component: lazyScreen(() => import('./organizers/OrganizerPage.tsx'), 'OrganizerPage'),
  }),
  createRoute({
    ...at('/tickets'),
    validateSearch: readSearch(...PERIOD, 'kind', 'assign'),
    component: lazyScreen(() => import('./tickets/TicketsPage.tsx'), 'TicketsPage'),
  }),
  createRoute({
    ...at('/messages'),
    validateSearch: readSearch('kind', 'channel', 'organizerId', 'closed'),
    component: lazyScreen(() => import('./messages/MessagesPage.tsx'), 'MessagesPage'),
  }),
  createRoute({
    ...at('/messages/whatsapp'),
    validateSearch: readSearch(...PERIOD),
    component: lazyScreen(() => import('./messages/CostPage.tsx'), 'CostPage'),
  }),
  createRoute({
    ...at('/attendance'),
    validateSearch: readSearch(...PERIOD, 'eventId'),
    component: lazyScreen(() => import('./attendance/AttendancePage.tsx'), 'AttendancePage'),
  }),
  createRoute({
    ...at('/door'),
    validateSearch: readSearch('organizerId', 'eventId'),
    component: lazyScreen(() => import('./door/DoorPage.tsx'), 'DoorPage'),
  }),
  createRoute({
    ...at('/users'),
    validateSearch: readSearch('organizerId', 'invite'),
    component: lazyScreen(() => import('./users/UsersPage.tsx'), 'UsersPage'),
  }),
  createRoute({
    ...at('/keys'),
    validateSearch: readSearch('organizerId', 'add'),
    component: lazyScreen(() => import('./keys/KeysPage.tsx'), 'KeysPage'),
  }),
  createRoute({
    ...at('/audit'),
    validateSearch: readSearch('entity', 'actor', 'from', 'to', 'entry'),
    component: lazyScreen(() => import('./audit/AuditPage.tsx'), 'AuditPage'),
  }),
])
