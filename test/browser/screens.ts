/** THE LIST OF SCREENS that are looked at: with axe in both themes, and for docs/screenshots. */
import type { Page } from 'playwright-core'
import { DOOR_SCREENS } from './door-screens.ts'
import type { Who } from './site.ts'

export type Screen = {
  name: string
  who: Who | null
  path: string
  /** Waits until the screen has its data. */
  ready: (page: Page) => Promise<unknown>
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { level: 1, name }).waitFor()

const seen = (role: 'img' | 'dialog', name: string | RegExp) => (page: Page) =>
  page.getByRole(role, { name }).first().waitFor()
const said = (text: string) => (page: Page) => page.getByText(text).first().waitFor()
const dialog = (name: string) => (page: Page) => page.getByRole('dialog', { name }).waitFor()
const link = (name: RegExp) => (page: Page) => page.getByRole('link', { name }).waitFor()
const button = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).waitFor()
const row = (name: string) => (page: Page) => page.getByRole('row', { name }).waitFor()
const ofEvent = (path: string) => `/organizer/events/ev_demo${path}`

export const SCREENS: Screen[] = [
  { name: 'home', who: null, path: '/', ready: heading('Invitaciones por WhatsApp y correo') },
  { name: 'login', who: null, path: '/login', ready: heading('Entrar a Monotickets') },
  { name: 'invitation', who: null, path: '/i/MONO-DEMO-0001', ready: heading('Boda de Ana y Luis') },
  { name: 'invitation-unknown', who: null, path: '/i/NO-SUCH-CODE', ready: heading('') },
  { name: 'panel-overview', who: 'director', path: '/panel', ready: seen('img', /^Cobros/) },
  { name: 'panel-money', who: 'director', path: '/panel/money', ready: said('SPEI-DEMO-1') },
  {
    name: 'panel-payment',
    who: 'director',
    path: '/panel/money?enter=payment&organizerId=org_demo',
    ready: seen('dialog', 'Registrar pago'),
  },
  { name: 'panel-reviews', who: 'director', path: '/panel/money/reviews', ready: said('Todo cuadra.') },
  { name: 'panel-differences', who: 'director', path: '/panel/money/differences', ready: said('Todo cuadra.') },
  { name: 'panel-organizers', who: 'director', path: '/panel/organizers', ready: said('Bodas y Fiestas Demo') },
  {
    name: 'panel-organizer',
    who: 'director',
    path: '/panel/organizers/org_demo',
    ready: said('Movimiento'),
  },
  { name: 'panel-tickets', who: 'director', path: '/panel/tickets', ready: said('$3,750.00') },
  { name: 'panel-attendance', who: 'director', path: '/panel/attendance?eventId=ev_demo', ready: said('Entraron') },
  { name: 'panel-messages', who: 'director', path: '/panel/messages', ready: said('Nada detenido.') },
  { name: 'panel-door', who: 'director', path: '/panel/door?eventId=ev_demo', ready: said('Nadie entró dos veces.') },
  { name: 'panel-users', who: 'director', path: '/panel/users', ready: said('director@demo.monotickets.mx') },
  { name: 'panel-keys', who: 'director', path: '/panel/keys?add=yes', ready: seen('dialog', 'Nueva llave') },
  { name: 'panel-audit', who: 'director', path: '/panel/audit', ready: said('Nadie cambió nada así en estas fechas.') },
  { name: 'organizer-events', who: 'organizer', path: '/organizer', ready: heading('Eventos') },
  ...DOOR_SCREENS,
  { name: 'organizer-new-event', who: 'organizer', path: '/organizer?add=true', ready: dialog('Nuevo evento') },
  { name: 'organizer-event', who: 'organizer', path: ofEvent(''), ready: link(/^Invitados 27/) },
  { name: 'organizer-guests', who: 'organizer', path: ofEvent('/guests'), ready: row('Mariana López') },
  { name: 'organizer-guest', who: 'organizer', path: ofEvent('/guests?guest=g1'), ready: dialog('Mariana López') },
  { name: 'organizer-import', who: 'organizer', path: ofEvent('/import'), ready: heading('Importar invitados') },
  { name: 'organizer-sends', who: 'organizer', path: ofEvent('/sends'), ready: heading('Envíos') },
  { name: 'organizer-new-send', who: 'organizer', path: ofEvent('/sends/new'), ready: button(/^Enviar a/) },
  {
    name: 'organizer-conversations',
    who: 'organizer',
    path: ofEvent('/conversations'),
    ready: heading('Conversaciones'),
  },
  {
    ...{ name: 'organizer-conversation', who: 'organizer', path: ofEvent('/conversations?guest=g1') },
    ready: (page) => page.getByRole('log').waitFor(),
  },
  { name: 'organizer-door', who: 'organizer', path: ofEvent('/door'), ready: heading('Puerta') },
  { name: 'organizer-balance', who: 'organizer', path: '/organizer/balance', ready: row('Boletos prestados') },
  { name: 'organizer-team', who: 'organizer', path: '/organizer/team?event=ev_demo', ready: row('Entrada principal') },
]
