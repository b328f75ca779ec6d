/** The screens of the door for the list of screens: each is set up first, because the door has one address. */
import type { Page } from 'playwright-core'
import type { Screen } from './screens.ts'

/** Sets up the door by the staff's own login; `then` leads to a screen of it. */
const door = (then: (page: Page) => Promise<unknown>) => async (page: Page) => {
  await page.getByLabel('Puerta o acceso').fill('Norte')
  await page.getByRole('button', { name: 'Empezar' }).last().click()
  await page.getByRole('status').getByText('En línea').waitFor()
  await then(page)
}
const tab = (page: Page, name: string) => page.getByRole('navigation').getByRole('button', { name }).click()
async function searchGuest(page: Page, query: string): Promise<void> {
  await tab(page, 'Buscar')
  await page.getByRole('searchbox').fill(query)
  await page
    .getByText(/ de \d+ adentro/)
    .first()
    .waitFor()
}

/** Of this moment, so that the door offers it first. */
async function addEventWithExits(page: Page): Promise<void> {
  const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
  const data = { name: 'Jardín con salidas', reentry: 'exit_then_entry', startsAt: at(0), endsAt: at(5) }
  await page.request.post('/events', { data, headers: { origin: new URL(page.url()).origin } })
}

/** An answer, which leaves by itself after four seconds. A party is asked how many enter before. */
async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByRole('button', { name: 'Teclado' }).click()
  await page.getByLabel('Código', { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Comprobar' }).click()
  const [one, next] = [
    page.getByRole('button', { name: 'Entra 1', exact: true }),
    page.getByRole('button', { name: 'Siguiente' }),
  ]
  await one.or(next).waitFor()
  if (await one.isVisible()) await one.click()
  await next.waitFor()
}

export const DOOR_SCREENS: Screen[] = [
  { name: 'door-prepare', who: 'staff', path: '/door', ready: (page) => page.getByLabel('Evento').waitFor() },
  { name: 'door-scan', who: 'staff', path: '/door', ready: door((page) => page.getByText(/cámara/).waitFor()) },
  {
    name: 'door-keyboard',
    who: 'staff',
    path: '/door',
    ready: door((page) => page.getByRole('button', { name: 'Teclado' }).click()),
  },
  { name: 'door-search', who: 'staff', path: '/door', ready: door((page) => searchGuest(page, 'ma')) },
  {
    name: 'door-party',
    who: 'staff',
    path: '/door',
    ready: door(async (page) => {
      await searchGuest(page, 'ma')
      await page
        .getByRole('button', { name: / adentro/ })
        .first()
        .click()
      await page.getByText('¿Cuántos entran ahora?').waitFor()
    }),
  },
  {
    name: 'door-exits',
    who: 'organizer',
    path: '/door',
    ready: async (page) => {
      await addEventWithExits(page)
      await page.reload()
      await door(async () => {
        await page.getByRole('button', { name: 'Salidas' }).click()
        await page.getByText('Registrando salidas').waitFor()
      })(page)
    },
  },
  { name: 'door-answer', who: 'staff', path: '/door', ready: door((page) => typeCode(page, 'MONO-DEMO-0001')) },
  { name: 'door-refusal', who: 'staff', path: '/door', ready: door((page) => typeCode(page, 'NADIE')) },
  { name: 'door-pending', who: 'staff', path: '/door', ready: door((page) => tab(page, 'Pendientes')) },
]
