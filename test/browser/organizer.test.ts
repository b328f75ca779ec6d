/** What an organizer does on their pages, from the list of guests to the answers. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openSite, type Site } from './site.ts'

type Summary = { guests: { guests: number } }
type Conversations = { data: { guestId: string; unread: number }[] }

const EVENT = '/events/ev_demo'
const PAGE = `/organizer${EVENT}`
/** The last three rows are wrong: an address, a number of places, a name. */
const LIST = `Nombre,Celular,Correo,Lugares,Grupo
Ana Uno,55 1234 5601,ana@example.com,2,Familia
Beto Dos,55 1234 5602,,1,Familia
Carla Tres,55 1234 5603,,4,Familia
Daniel Cuatro,55 1234 5604,daniel@example,1,Familia
Eva Cinco,55 1234 5605,,40,Familia
,55 1234 5606,,1,Familia
`

const countGuests = async (site: Site) =>
  (await site.ask<Summary>('organizer', 'GET', `${EVENT}/summary`)).guests.guests

test("the organizer's pages", async (t) => {
  const site = await openSite(t)
  await t.test('a list with three bad rows is imported without them', (t) => importList(t, site))
  await t.test('a campaign to those who came with the list reaches 100 %', (t) => sendToFamily(t, site))
  await t.test('nothing is sent later before its time is chosen', (t) => scheduleSend(t, site))
  await t.test('a reply is read and answered', (t) => answerReply(t, site))
  await t.test('the pass of a guest with messages is revoked', (t) => revokePass(t, site))
  await t.test('a guest is found and opened by keyboard', (t) => openByKeyboard(t, site))
  await t.test('a scan is seen at once and taken back', (t) => undoScan(t, site))
  await t.test('somebody who is invited to look sees the lists, and no button that changes them', (t) => look(t, site))
})

async function importList(t: TestContext, site: Site): Promise<void> {
  const before = await countGuests(site)
  const page = await site.open(t, 'organizer', `${PAGE}/import`)
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'lista.csv', mimeType: 'text/csv', buffer: Buffer.from(LIST) })
  await choose(page, '«Grupo»', 'Etiquetas')
  await page.getByRole('button', { name: 'Revisar' }).click()

  const errors = page.getByRole('grid', { name: 'Filas con error' })
  await errors.waitFor()
  const rows = await errors.getByRole('row').allInnerTexts()
  assert.equal(rows.length, 1 + 3)
  assert.match(rows[1]!, /^5\s+Correo\s+«daniel@example»/)
  assert.match(rows[2]!, /^6\s+Lugares\s+«40»/)
  assert.match(rows[3]!, /^7\s+Nombre/)
  assert.equal(await countGuests(site), before, 'the review writes nothing')

  await page.getByRole('button', { name: 'Importar 3 invitados' }).click()
  const download = page.waitForEvent('download')
  await page.getByRole('link', { name: 'Bajar 3 filas' }).first().click()
  const rejected = await text(await (await download).createReadStream())
  assert.match(rejected, /daniel@example/)
  assert.doesNotMatch(rejected, /Ana Uno/)
  assert.equal(await countGuests(site), before + 3)
}

async function sendToFamily(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/sends/new?tag=Familia`)
  await page.getByRole('region', { name: 'Así lo ve' }).getByText('Ana Uno', { exact: false }).first().waitFor()
  await page.getByRole('button', { name: 'Siguiente' }).click()
  await page.getByRole('heading', { name: 'Así lo ve Beto Dos' }).waitFor()
  // Somebody else changes the list meanwhile.
  await site.ask('organizer', 'POST', `${EVENT}/guests`, { name: 'Fabio Seis', phone: '5512345607', tags: ['Familia'] })
  await page.getByRole('button', { name: 'Enviar a 3' }).click()
  await page.getByRole('alert').getByText('La lista cambió. Revisa de nuevo.').waitFor()
  await page.getByRole('button', { name: 'Enviar a 4' }).click()

  await page.getByRole('heading', { level: 1, name: 'Invitación' }).waitFor()
  await page.locator('[role=progressbar][aria-valuenow="100"]').waitFor({ timeout: 20_000 })
  await page
    .getByRole('region', { name: 'Avance' })
    .getByText('Terminado: 4 entregados, 0 fallidos, 0 omitidos.')
    .waitFor()
  const id = new URL(page.url()).pathname.split('/').at(-1)
  const { progress } = await site.ask<{ progress: Record<string, number> }>('organizer', 'GET', `/campaigns/${id}`)
  assert.equal(progress['read']! + progress['delivered']!, 4)
}

async function scheduleSend(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/sends/new?template=event_reminder`)
  await page.getByRole('button', { name: /^Enviar a/ }).waitFor()
  await page.getByText('Programar', { exact: true }).click()
  await page.getByText('Elige día y hora para ver a quién le llega.').waitFor()
  assert.equal(await page.getByRole('button', { name: /^(Enviar|Programar)/ }).count(), 0)

  const at = page.getByLabel('Día y hora')
  await at.fill('2020-01-01T10:00')
  await at.blur()
  await page.getByRole('alert').getByText('Esa hora ya pasó.').waitFor()
  assert.ok(await page.getByRole('button', { name: /^Programar para/ }).isDisabled())
}

async function answerReply(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/conversations`)
  await page.getByRole('heading', { level: 1, name: 'Conversaciones' }).waitFor()
  // The simulated guest answers «Sí, vamos 2»; the stream shows it without a reload.
  await site.ask('organizer', 'POST', `${EVENT}/guests/g13/send`, { channel: 'whatsapp' })
  await page.getByRole('link', { name: /Paola Méndez/ }).click({ timeout: 20_000 })
  const log = page.getByRole('log', { name: 'Mensajes con Paola Méndez' })
  await log.getByText('Sí, vamos 2').waitFor()
  await log.getByText('entendimos: Confirmó, 2').waitFor()
  await page.getByText(/^Responde en 23 h/).waitFor()

  await page.getByLabel('Escribe tu respuesta').fill('¡Gracias! Hay estacionamiento.')
  await page.reload()
  assert.equal(
    await page.getByLabel('Escribe tu respuesta').inputValue(),
    '¡Gracias! Hay estacionamiento.',
    'the draft',
  )
  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Enviar respuesta' }).click()
  await page.getByRole('alert').getByText('No se envió. Sin conexión.').waitFor()
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Reintentar' }).click()
  await log.getByText('¡Gracias! Hay estacionamiento.').waitFor()
  assert.equal(await page.getByLabel('Escribe tu respuesta').inputValue(), '')

  const { data } = await site.ask<Conversations>('organizer', 'GET', `${EVENT}/conversations`)
  assert.equal(data.find(({ guestId }) => guestId === 'g13')?.unread, 0)
}

async function revokePass(t: TestContext, site: Site): Promise<void> {
  const askCode = async () => (await site.ask<{ code: string }>('organizer', 'GET', `${EVENT}/guests/g13`)).code
  const before = await askCode()
  const page = await site.open(t, 'organizer', `${PAGE}/guests?guest=g13`)
  await page.getByRole('button', { name: 'Anular el pase' }).click()
  assert.equal(await page.getByRole('button', { name: 'Borrar', exact: true }).count(), 0)
  const question = page.getByRole('dialog', { name: 'Anular el pase de Paola Méndez' })
  await question.getByRole('button', { name: 'Anular el pase' }).click()
  await question.waitFor({ state: 'hidden' })
  assert.notEqual(await askCode(), before)
}

async function openByKeyboard(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/guests`)
  await page.getByRole('grid', { name: 'Invitados' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('mariana')
  await page.waitForURL(/q=mariana/)
  const row = page.getByRole('row', { name: /Mariana López/ })
  await row.waitFor()
  await row.focus()
  await page.keyboard.press('Enter')
  const drawer = page.getByRole('dialog', { name: 'Mariana López' })
  await drawer.waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'hidden' })
  assert.match(page.url(), /guests\?q=mariana$/, 'the search is still there')
  await page.goBack()
  await page.goForward()
  await row.waitFor()
}

async function undoScan(t: TestContext, site: Site): Promise<void> {
  type Door = { persons: { inside: number } }
  const before = (await site.ask<Door>('organizer', 'GET', `${EVENT}/door`)).persons.inside
  const page = await site.open(t, 'organizer', `${PAGE}/door`)
  await page.getByText('En vivo').waitFor()
  const scan = { eventId: 'ev_demo', code: 'MONO-DEMO-0005', gate: 'Norte' }
  await site.ask('staff', 'POST', '/scan/validate', scan)

  const row = page.getByRole('grid', { name: 'Escaneos recientes' }).getByRole('row', { name: 'Valeria Castillo' })
  await row.getByText('Pasó').waitFor()
  await page.getByText(new RegExp(`^${before + 1} de \\d+$`)).waitFor()
  await page.getByRole('img', { name: /^Llegadas: 1 persona,/ }).waitFor()
  await row.getByRole('button', { name: 'Deshacer' }).click()
  await page.getByLabel('¿Por qué?').fill('Se escaneó dos veces')
  await page.getByRole('dialog').getByRole('button', { name: 'Deshacer' }).click()
  await row.getByText('Deshecho: Se escaneó dos veces').waitFor()
  assert.equal((await site.ask<Door>('organizer', 'GET', `${EVENT}/door`)).persons.inside, before)
}

async function look(t: TestContext, site: Site): Promise<void> {
  const password = 'una-contraseña-larga'
  const team = await site.open(t, 'organizer', '/organizer/team')
  await team.getByRole('button', { name: 'Invitar' }).click()
  await team.getByLabel('Nombre').fill('Vera Mira')
  await team.getByLabel('Correo').fill('vera@example.com')
  await choose(team, 'Puede', 'Solo ver')
  await team.getByRole('button', { name: 'Crear invitación' }).click()
  const link = await team.getByLabel('Enlace').inputValue()
  const token = new URL(link).hash.slice(1)
  const chosen = await fetch(`${site.url}/auth/password`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, password }),
  })
  assert.ok(chosen.ok, `${chosen.status}`)

  const page = await site.open(t, null, `/login?next=${PAGE}/guests`)
  await page.locator('input[name=email]').fill('vera@example.com')
  await page.locator('input[name=password]').fill(password)
  await page.locator('main form button').first().click()
  await page.getByRole('row', { name: /Mariana López/ }).waitFor()
  for (const name of ['Agregar', 'Importar']) assert.equal(await page.getByText(name, { exact: true }).count(), 0, name)
  assert.equal(await page.getByRole('checkbox').count(), 0)
  for (const section of ['Puerta', 'Saldo', 'Equipo'])
    assert.equal(await page.getByRole('link', { name: section }).count(), 0, section)
  await page.getByRole('link', { name: 'Envíos' }).click()
  await page.getByRole('heading', { level: 1, name: 'Envíos' }).waitFor()
  assert.equal(await page.getByText('Nuevo envío').count(), 0)
  await page.getByRole('link', { name: 'Invitación' }).click()
  await page.getByRole('region', { name: 'Así se ve' }).getByText('Tienes una invitación').waitFor()
  assert.equal(await page.getByRole('textbox').count(), 0)
  await page.goto(`${PAGE}/waitlist`)
  await page.getByText('Nadie espera.').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Poner a alguien' }).count(), 0)
  await page.goto(PAGE)
  await page.getByRole('heading', { name: '¿Cuántos vienen?' }).waitFor()
  // How many can be reminded is asked for once all else is there.
  await page.waitForLoadState('networkidle')
  for (const name of ['Cancelar el evento', 'Cambiar', /^Recordar a/])
    assert.equal(await page.getByText(name).count(), 0, `${name}`)
}

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('button', { name: label }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
