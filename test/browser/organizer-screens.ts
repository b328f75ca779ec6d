/** The screens of the organizer's pages for the list of screens. */
import type { Page } from 'playwright-core'
import type { Screen } from './screens.ts'

const heading = (name: string) => (page: Page) => page.getByRole('heading', { level: 1, name }).waitFor()
const dialog = (name: string) => (page: Page) => page.getByRole('dialog', { name }).first().waitFor()
const link = (name: RegExp) => (page: Page) => page.getByRole('link', { name }).first().waitFor()
const button = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).first().waitFor()
const row = (name: string) => (page: Page) => page.getByRole('row', { name }).first().waitFor()
const image = (name: RegExp) => (page: Page) => page.getByRole('img', { name }).waitFor()
/** The dialog that a button opens. */
const pressed = (name: string, title: string) => async (page: Page) => {
  await page.getByRole('button', { name }).click()
  await dialog(title)(page)
}
const LIST = 'Nombre,Correo,Lugares\nAna Uno,ana@example.com,2\nDaniel Cuatro,daniel@example,1\nEva Cinco,,40\n'
const review = async (page: Page) => {
  const file = { name: 'lista.csv', mimeType: 'text/csv', buffer: Buffer.from(LIST) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Revisar' }).click()
  await page.getByRole('grid', { name: 'Filas con error' }).waitFor()
  // For seven seconds the library says that the button is busy, by the name of an element that is gone: axe finds fault with it.
  const busy = page.locator('[data-live-announcer] [role=img]').first()
  await busy.waitFor({ state: 'attached' })
  await busy.waitFor({ state: 'detached' })
}
const ofPast = (path: string) => `/organizer/events/ev_demo_p1${path}`
const ofEvent = (path: string) => `/organizer/events/ev_demo${path}`

export const ORGANIZER_SCREENS: Screen[] = [
  { name: 'organizer-events', who: 'organizer', path: '/organizer', ready: heading('Eventos') },
  { name: 'organizer-new-event', who: 'organizer', path: '/organizer?add=true', ready: dialog('Nuevo evento') },
  { name: 'organizer-event', who: 'organizer', path: ofEvent(''), ready: link(/^Invitados 27/) },
  { name: 'organizer-guests', who: 'organizer', path: ofEvent('/guests'), ready: row('Mariana López') },
  { name: 'organizer-guest', who: 'organizer', path: ofEvent('/guests?guest=g1'), ready: dialog('Mariana López') },
  {
    ...{ name: 'organizer-forget-guest', who: 'organizer', path: ofEvent('/guests?guest=g1') },
    ready: pressed('Borrar sus datos', 'Borrar los datos de Mariana López'),
  },
  { name: 'organizer-waitlist', who: 'organizer', path: ofEvent('/waitlist'), ready: heading('Lista de espera') },
  { name: 'organizer-wait', who: 'organizer', path: ofEvent('/waitlist?add=true'), ready: dialog('Poner a alguien') },
  {
    ...{ name: 'organizer-texts', who: 'organizer', path: ofEvent('/texts') },
    ready: (page) => page.getByLabel('Vestimenta').waitFor(),
  },
  {
    ...{ name: 'organizer-cancel-event', who: 'organizer', path: ofEvent('') },
    ready: pressed('Cancelar el evento', 'Cancelar «Boda de Ana y Luis»'),
  },
  { name: 'organizer-import', who: 'organizer', path: ofEvent('/import'), ready: heading('Importar invitados') },
  { name: 'organizer-import-review', who: 'organizer', path: ofEvent('/import'), ready: review },
  { name: 'organizer-sends', who: 'organizer', path: ofEvent('/sends'), ready: heading('Envíos') },
  { name: 'organizer-new-send', who: 'organizer', path: ofEvent('/sends/new'), ready: button(/^Enviar a/) },
  {
    ...{ name: 'organizer-new-email', who: 'organizer', path: ofEvent('/sends/new?channel=email') },
    ready: (page) => page.getByRole('article').getByText('Ver invitación').waitFor(),
  },
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
  // An event of the past, with answers and arrivals; its organizer has no login in the demo.
  { name: 'organizer-past-event', who: 'director', path: ofPast(''), ready: link(/^Invitados 90/) },
  { name: 'organizer-past-door', who: 'director', path: ofPast('/door'), ready: image(/^Llegadas/) },
  { name: 'organizer-balance', who: 'organizer', path: '/organizer/balance', ready: row('Boletos a crédito') },
  {
    ...{ name: 'organizer-team', who: 'organizer', path: '/organizer/team?event=ev_demo' },
    ready: (page) => page.getByRole('grid', { name: 'Quién escanea' }).getByText('Entrada principal').waitFor(),
  },
]
