/** Phones at the door of an event, for the tests of the door. */
import type { TestContext } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Site } from './site.ts'

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true }
const HOUR_MS = 3_600_000

type Guest = { id: string; name: string; code: string }
type Party = { eventId: string; guests: Guest[] }

export async function anEvent(site: Site, guests: [name: string, partySize: number][], more = {}): Promise<Party> {
  const event = await site.ask<{ id: string }>('organizer', 'POST', '/events', {
    ...{ name: 'Boda de prueba', type: 'standard', status: 'active', timeZone: 'America/Mexico_City' },
    startsAt: new Date(Date.now() + HOUR_MS).toISOString(),
    endsAt: new Date(Date.now() + 6 * HOUR_MS).toISOString(),
    ...more,
  })
  const added: Guest[] = []
  for (const [name, partySize] of guests)
    added.push(await site.ask<Guest>('organizer', 'POST', `/events/${event.id}/guests`, { name, partySize }))
  return { eventId: event.id, guests: added }
}

const readDoor = (site: Site, { eventId }: Party) =>
  site.ask<{ persons: { inside: number }; conflicts: number; duplicates: number }>(
    'organizer',
    'GET',
    `/events/${eventId}/door`,
  )

/** The address that the code of a new device opens. */
export async function aDevice(site: Site, { eventId }: Party, gate: string): Promise<string> {
  const device = { eventId, gate, name: `Teléfono ${gate}` }
  const { qr } = await site.ask<{ qr: { text: string } }>('organizer', 'POST', '/devices', device)
  return `/door${new URL(qr.text).hash}`
}

/** A phone that somebody sets up with the code of a device. */
export async function setUp(t: TestContext, site: Site, party: Party, gate: string, options = {}): Promise<Page> {
  const page = await site.open(t, null, await aDevice(site, party, gate), { ...PHONE, ...options })
  await page.getByRole('button', { name: 'Empezar' }).first().click()
  return page
}

/** Starts on the page that prepares a door, and waits until what reads codes has loaded: a test may take the network away then. */
export async function begin(page: Page, by: 'device' | 'login' = 'device'): Promise<void> {
  const decoder = page.waitForResponse((response) => response.url().endsWith('.wasm'))
  const start = page.getByRole('button', { name: 'Empezar' })
  await (by === 'device' ? start.first() : start.last()).click()
  await (await decoder).finished()
}

/** One that is ready to work without a network: it has its list, and what reads codes has loaded. */
export async function aPhone(t: TestContext, site: Site, party: Party, gate: string, options = {}): Promise<Page> {
  const page = await site.open(t, null, await aDevice(site, party, gate), { ...PHONE, ...options })
  await begin(page)
  await page.getByRole('heading', { level: 1, name: `Boda de prueba ${gate}` }).waitFor()
  await page.getByRole('button', { name: 'Pendientes' }).click()
  await page.getByText('Listo sin conexión').waitFor()
  await page.getByRole('button', { name: 'Escanear' }).click()
  return page
}

export async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByRole('button', { name: 'Teclado' }).click()
  await page.getByLabel('Código', { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Comprobar' }).click()
}

/** At the same time, because an answer leaves after four seconds. */
export const answer = (page: Page, ...texts: (string | RegExp)[]) =>
  Promise.all(texts.map((text) => page.getByRole('alert').getByText(text).waitFor()))
export const next = (page: Page) => page.getByRole('button', { name: 'Siguiente' }).click()

export async function readCounts(site: Site, party: Party) {
  const { persons, duplicates, conflicts } = await readDoor(site, party)
  return { inside: persons.inside, duplicates, conflicts }
}
