/** What an organizer looks at or writes stays right while something changes: the list, the event, the page they are on. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openSite, type Site } from './site.ts'
import { choose, waitFor } from './steps.ts'

const FAR = { startsAt: '2035-03-01T18:00:00Z', endsAt: '2035-03-02T02:00:00Z' }

test('what is open while something changes', async (t) => {
  const site = await openSite(t)
  await t.test('chosen guests stay in the dialog when they leave the list', (t) => sendToSome(t, site))
  await t.test('a preview follows the event', (t) => renameEvent(t, site))
  await t.test('texts stay while they are saved, and while another section is open', (t) => writeTexts(t, site))
  await t.test('the walk goes on when the message changes', (t) => changeTemplate(t, site))
  await t.test('a look at an event checks the reminder once', (t) => lookOften(t, site))
  await t.test('an event is not cancelled before it is known whom that concerns', (t) => cancelBlindly(t, site))
  await t.test('a field that the API refuses gets the focus', (t) => refuseField(t, site))
})

async function sendToSome(t: TestContext, site: Site): Promise<void> {
  const { page } = await openEvent(t, site, 3, '/guests?deliveryStatus=none')
  for (const name of ['Invitado 1', 'Invitado 2', 'Invitado 3'])
    await page.getByRole('row', { name }).getByRole('checkbox').click({ force: true })
  await page.getByRole('button', { name: 'Enviar', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Enviar a 3 invitados' })
  await dialog.getByRole('button', { name: 'Ver cómo queda' }).click()
  const preview = dialog.getByRole('region', { name: 'Así lo ve' })
  for (const position of ['2 de 3', '3 de 3']) {
    await preview.getByRole('button', { name: 'Siguiente' }).click()
    await preview.getByText(position).waitFor()
  }
  const name = (await preview.getByRole('heading').innerText()).replace('Así lo ve ', '')

  // The first two leave the list, whose filter is «Sin enviar»; the third is refused.
  let calls = 0
  await page.route('**/guests/*/send', (route) =>
    ++calls < 3
      ? route.continue()
      : route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"status":503}' }),
  )
  await dialog.getByRole('button', { name: 'Enviar a 3 invitados' }).click()
  await dialog.getByText('1 no se pudo enviar:').waitFor()
  await page.getByText('1 elegido').waitFor()
  await preview.getByText('3 de 3').waitFor()
  await preview.getByText(`Hola ${name}:`).waitFor()
  await page.unroute('**/guests/*/send')
  await dialog.getByRole('button', { name: 'Reintentar con 1 invitado' }).click()
  await dialog.waitFor({ state: 'detached' })
}

async function renameEvent(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openEvent(t, site, 1, '/sends/new')
  const preview = page.getByRole('region', { name: 'Así lo ve' })
  await preview.getByText('Posada').first().waitFor()
  await page.getByRole('link', { name: 'Evento', exact: true }).click()
  await page.getByRole('link', { name: 'Cambiar' }).click()
  await page.getByLabel('Nombre del evento').fill('Pastorela')
  await page.getByRole('button', { name: 'Guardar cambios' }).click()
  await page.getByRole('heading', { level: 1, name: 'Pastorela' }).waitFor()
  await page.getByRole('link', { name: 'Envíos' }).click()
  await page.getByRole('link', { name: 'Nuevo envío' }).click()
  await preview.getByText('Pastorela').first().waitFor()
  assert.ok(page.url().includes(event))
}

async function writeTexts(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openEvent(t, site, 1, '/texts')
  const title = page.getByLabel('Título', { exact: true })
  await title.fill('Nuestra posada')
  await page.getByRole('link', { name: 'Invitados', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Invitados' }).waitFor()
  await page.getByRole('link', { name: 'Invitación' }).click()
  assert.equal(await title.inputValue(), 'Nuestra posada')

  const save = page.getByRole('button', { name: 'Guardar textos' })
  let answer = () => {}
  const held = new Promise<void>((resolve) => (answer = resolve))
  await page.route('**/texts/es-MX', async (route) => {
    if (route.request().method() === 'PUT') await held
    await route.continue()
  })
  await save.click()
  await title.fill('Nuestra posada de 2035')
  answer()
  await page.getByText('Textos guardados.').waitFor({ state: 'attached' })
  assert.equal(await title.inputValue(), 'Nuestra posada de 2035', 'what was typed meanwhile')
  await page.getByText('Todavía sin guardar').waitFor()
  await save.click()
  await page.getByText('Todavía sin guardar').waitFor({ state: 'detached' })
  await page.reload()
  assert.equal(await title.inputValue(), 'Nuestra posada de 2035')

  // Without texts of this language, those of the other are read.
  await site.ask('organizer', 'PUT', `${event}/texts/en`, { title: 'Our party' })
  await page.reload()
  await page.getByRole('button', { name: 'Quitar mis textos' }).click()
  const dialog = page.getByRole('dialog', { name: 'Quitar 1 texto en español' })
  await dialog.getByText(/^Se lee 1 texto en inglés en su lugar/).waitFor()
  await dialog.getByRole('button', { name: 'Quitar mis textos' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await title.inputValue(), '')
}

async function changeTemplate(t: TestContext, site: Site): Promise<void> {
  const { page } = await openEvent(t, site, 70, '/sends/new')
  const preview = page.getByRole('region', { name: 'Así lo ve' })
  await preview.getByText('1 de 70').waitFor()
  for (let index = 2; index <= 61; index++) await preview.getByRole('button', { name: 'Siguiente' }).click()
  await preview.getByText('61 de 70').waitFor()
  await preview.getByText(/^Hola Invitado \d+:/).waitFor()
  // The new check has its own list, whose first page ends before the guest that is shown.
  const next = page.waitForResponse(/recipients\?.*cursor=/)
  await choose(page, 'Mensaje', 'Recordatorio')
  await next
  await preview.getByText('61 de 70').waitFor()
  await preview.getByText(/te recordamos/).waitFor()
}

async function lookOften(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openEvent(t, site, 2, '')
  const checks: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/campaigns')) checks.push(request.url())
  })
  await page.reload()
  await page.getByRole('link', { name: 'Recordar a 2' }).waitFor()
  await page.getByRole('link', { name: 'Invitados', exact: true }).click()
  await page.getByRole('row', { name: 'Invitado 1' }).waitFor()
  await page.getByRole('link', { name: 'Evento', exact: true }).click()
  await page.getByRole('link', { name: 'Recordar a 2' }).waitFor()
  assert.equal(checks.length, 1, event)
}

async function cancelBlindly(t: TestContext, site: Site): Promise<void> {
  const { page } = await openEvent(t, site, 1, '')
  let isDown = true
  await page.route('**/summary', (route) =>
    isDown
      ? route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"status":503}' })
      : route.continue(),
  )
  await page.reload()
  await page.getByRole('button', { name: 'Cancelar el evento' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancelar «Posada»' })
  assert.ok(await dialog.getByRole('button', { name: 'Cancelar el evento' }).isDisabled())
  assert.equal(await dialog.getByRole('button', { name: 'Cancelar sin avisar' }).count(), 0)
  const again = dialog.getByRole('button', { name: 'Reintentar' })
  await again.waitFor()
  isDown = false
  await again.click()
  await dialog.getByText('1 invitado, 0 ya confirmaron.').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Cancelar y preparar el aviso' }).isEnabled())
}

async function refuseField(t: TestContext, site: Site): Promise<void> {
  const { page } = await openEvent(t, site, 0, '/edit')
  const save = page.getByRole('button', { name: 'Guardar cambios' })
  const place = page.getByLabel('Lugar', { exact: true })
  const link = page.getByRole('textbox', { name: 'Enlace del mapa' })
  await link.fill('https://maps.example.com/posada')
  await save.click()
  await page.getByText('Un enlace de mapa necesita el lugar o la dirección.').waitFor()
  await focusOn(page, place)

  await place.fill('Salón')
  // Only the API finds this one wrong.
  await link.fill('https://')
  await save.click()
  await focusOn(page, link)
}

const focusOn = (page: Page, field: ReturnType<Page['getByLabel']>) =>
  waitFor(`focus on ${page.url()}`, async () =>
    (await field.evaluate((one) => document.activeElement === one)) ? true : undefined,
  )

/** An event of its own with so many guests, none of whom has got a message, and a screen of it. */
async function openEvent(t: TestContext, site: Site, guests: number, screen: string) {
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Posada', ...FAR })
  const event = `/events/${id}`
  for (let n = 1; n <= guests; n++)
    await site.ask('organizer', 'POST', `${event}/guests`, { name: `Invitado ${n}`, phone: `55 1234 ${5000 + n}` })
  return { event, page: await site.open(t, 'organizer', `/organizer${event}${screen}`) }
}
