/** THE LIST OF SCREENS that are looked at: with axe in both themes, and for docs/screenshots. */
import type { Page } from 'playwright-core'
import type { Who } from './site.ts'

export type Screen = {
  name: string
  who: Who | null
  path: string
  /** Waits until the screen has its data. */
  ready: (page: Page) => Promise<unknown>
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { level: 1, name }).waitFor()

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
  { name: 'panel-overview', who: 'director', path: '/panel', ready: heading('Resumen') },
  { name: 'organizer-events', who: 'organizer', path: '/organizer', ready: heading('Eventos') },
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
