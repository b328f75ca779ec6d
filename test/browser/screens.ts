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

export const SCREENS: Screen[] = [
  { name: 'home', who: null, path: '/', ready: heading('Invitaciones por WhatsApp y correo') },
  { name: 'login', who: null, path: '/login', ready: heading('Entrar a Monotickets') },
  { name: 'invitation', who: null, path: '/i/MONO-DEMO-0001', ready: heading('Boda de Ana y Luis') },
  { name: 'invitation-unknown', who: null, path: '/i/NO-SUCH-CODE', ready: heading('') },
  { name: 'panel-overview', who: 'director', path: '/panel', ready: heading('Resumen') },
  { name: 'organizer-events', who: 'organizer', path: '/organizer', ready: heading('Eventos') },
]
