/** THE LIST OF SCREENS that are looked at: with axe in both themes, and for docs/screenshots. */
import type { Page } from 'playwright-core'
import { DOOR_SCREENS } from './door-screens.ts'
import { ORGANIZER_SCREENS } from './organizer-screens.ts'
import type { Who } from './site.ts'

export type Screen = {
  name: string
  who: Who | null
  path: string
  /** Waits until the screen has its data. */
  ready: (page: Page) => Promise<unknown>
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { level: 1, name }).waitFor()

const seen = (role: 'img' | 'dialog' | 'row', name: string | RegExp) => (page: Page) =>
  page.getByRole(role, { name }).first().waitFor()
const said = (text: string) => (page: Page) => page.getByText(text).first().waitFor()

export const SCREENS: Screen[] = [
  { name: 'home', who: null, path: '/', ready: heading('Invitaciones por WhatsApp y correo') },
  { name: 'login', who: null, path: '/login', ready: heading('Entrar a Monotickets') },
  { name: 'forgotten', who: null, path: '/password/forgotten', ready: heading('¿Olvidaste tu contraseña?') },
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
  { name: 'panel-organizers', who: 'director', path: '/panel/organizers', ready: seen('row', /Bodas y Fiestas Demo/) },
  {
    name: 'panel-organizer',
    who: 'director',
    path: '/panel/organizers/org_demo',
    ready: said('Movimiento'),
  },
  { name: 'panel-tickets', who: 'director', path: '/panel/tickets', ready: said('$3,750.00') },
  { name: 'panel-attendance', who: 'director', path: '/panel/attendance?eventId=ev_demo', ready: said('Entraron') },
  { name: 'panel-messages', who: 'director', path: '/panel/messages', ready: said('Nada detenido.') },
  { name: 'panel-whatsapp', who: 'director', path: '/panel/messages/whatsapp', ready: said('% gratis') },
  { name: 'panel-door', who: 'director', path: '/panel/door?eventId=ev_demo', ready: said('Nadie entró dos veces.') },
  { name: 'panel-users', who: 'director', path: '/panel/users', ready: said('director@demo.monotickets.mx') },
  { name: 'panel-keys', who: 'director', path: '/panel/keys?add=yes', ready: seen('dialog', 'Nueva llave') },
  { name: 'panel-audit', who: 'director', path: '/panel/audit', ready: said('Nadie cambió nada así en estas fechas.') },
  ...ORGANIZER_SCREENS,
  ...DOOR_SCREENS,
]
