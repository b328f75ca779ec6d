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
  { name: 'panel-overview', who: 'director', path: '/panel', ready: heading('Resumen') },
  { name: 'organizer-events', who: 'organizer', path: '/organizer', ready: heading('Eventos') },
]
