/** What an organizer does beside the guests: a send that is stopped, a long list, the team, its phones; and all of it in English. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startFakeWhatsApp } from '../fakes/whatsapp.ts'
import { openSite, type Site } from './site.ts'

type Rows<T> = { data: T[] }
type Step = { guests: number }

const FAR = { startsAt: '2035-03-01T18:00:00Z', endsAt: '2035-03-02T02:00:00Z' }
const TEAM = '/organizer/team?event=ev_demo'

test('the work of an organizer', async (t) => {
  const site = await openSite(t)
  await t.test('a send is paused, resumed and cancelled', (t) => stopSend(t, site))
  await t.test('a send of tomorrow is cancelled', (t) => cancelScheduled(t, site))
  await t.test('a phone is set up by a code that is shown once, and removed', (t) => setUpPhone(t, site))
  await t.test('a colleague comes in by a link', (t) => inviteColleague(t, site))
  await t.test('a list of 12,001 rows is imported in the background', (t) => importLongList(t, site))
  await t.test('everything is there in English', (t) => workInEnglish(t, site))
  await t.test('a file that the simulated guest sent is named, and cannot be had', (t) => missFile(t, site))
  await t.test('a reply outlives the session in which it was written', (t) => replyLate(t, site))
})

test('a file that a guest sent is named and saved', async (t) => {
  const fake = await startFakeWhatsApp({ hasCallbacks: false })
  t.after(() => fake.close())
  const site = await openSite(t, { env: { ...fake.env, SIMULATOR: 'false' } })
  const id = fake.media.store(Buffer.from('¡Hola!'), 'application/pdf')
  await writeWithFile(site, 'document', { id, mime_type: 'application/pdf', filename: 'menú.pdf' })
  await writeWithFile(site, 'image', { id, mime_type: 'image/jpeg' })

  const page = await site.open(t, 'organizer', '/organizer/events/ev_demo/conversations?guest=g1')
  const log = page.getByRole('log', { name: 'Mensajes con Mariana López' })
  for (const [button, name] of [
    ['menú.pdf', 'menú.pdf'],
    ['Bajar archivo', 'archivo.jpg'],
  ] as const) {
    const download = page.waitForEvent('download')
    await log.getByRole('button', { name: button }).click()
    const file = await download
    assert.equal(file.suggestedFilename(), name)
    const parts = await (await file.createReadStream()).toArray()
    assert.equal(Buffer.concat(parts as Buffer[]).toString(), '¡Hola!')
  }
})

/** What WhatsApp tells us when a guest sends a file. */
async function writeWithFile(site: Site, type: string, file: object): Promise<void> {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const message = { id: `wamid.${type}`, from: '5215510000001', timestamp, type, [type]: file }
  const value = { messaging_product: 'whatsapp', messages: [message] }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
  const reply = await fetch(`${site.url}/wa/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(reply.status, 200)
}

async function missFile(t: TestContext, site: Site): Promise<void> {
  await writeWithFile(site, 'document', { id: '1', mime_type: 'application/pdf', filename: 'menú.pdf' })
  const page = await site.open(t, 'organizer', '/organizer/events/ev_demo/conversations?guest=g1')
  await page.getByRole('button', { name: 'menú.pdf' }).click()
  await page.getByRole('alert').getByText('El proveedor ya no tiene ese archivo.').waitFor()
}

/** The guest has just written, so the window is open. */
async function replyLate(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', '/organizer/events/ev_demo/conversations?guest=g1')
  await page.getByLabel('Escribe tu respuesta').fill('¡Gracias por el menú!')
  await page.context().clearCookies()
  await page.getByRole('button', { name: 'Enviar respuesta' }).click()
  const failed = page.getByRole('log').locator('..').locator('form')
  await failed.getByRole('button', { name: 'Entrar otra vez' }).click()
  const question = page.getByRole('dialog', { name: 'Entrar otra vez' })
  await question.getByLabel('Contraseña').fill(site.accounts.organizer.password)
  await question.getByRole('button', { name: 'Entrar otra vez' }).click()
  await failed.getByText('Ya entraste.').waitFor()
  await failed.getByRole('button', { name: 'Reintentar' }).click()
  await page.getByRole('log').getByText('¡Gracias por el menú!').waitFor()
}

/** An event with three guests, and a send to them that does not leave yet. */
async function aSend(site: Site, more: object = {}): Promise<{ event: string; path: string; campaign: string }> {
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Posada', ...FAR })
  const event = `/events/${id}`
  for (let n = 1; n <= 3; n++)
    await site.ask('organizer', 'POST', `${event}/guests`, { name: `Invitado ${n}`, phone: `55 1234 580${n}` })
  await site.ask('organizer', 'POST', `${event}/deliveries/pause`, {})
  const body = { template: 'event_invitation', channel: 'auto', ...more }
  const post = (more: object) =>
    site.ask<Record<string, string>>('organizer', 'POST', `${event}/campaigns`, { ...body, ...more })
  const { preflightId } = await post({ dryRun: true })
  const { campaignId } = await post({ preflightId })
  return { event, path: `/organizer${event}/sends/${campaignId}`, campaign: `/campaigns/${campaignId}` }
}

async function stopSend(t: TestContext, site: Site): Promise<void> {
  const { event, path, campaign } = await aSend(site)
  const statusOf = async () => (await site.ask<{ status: string }>('organizer', 'GET', campaign)).status
  const page = await site.open(t, 'organizer', path)
  await page.getByText('En fila 3').waitFor()
  await page.getByRole('button', { name: 'Pausar' }).click()
  await page.getByRole('paragraph').getByText('En pausa', { exact: true }).waitFor()
  assert.equal(await statusOf(), 'paused')
  await page.getByRole('button', { name: 'Reanudar' }).click()
  await page.getByRole('paragraph').getByText('Enviando', { exact: true }).waitFor()
  assert.equal(await statusOf(), 'running')

  await page.getByRole('button', { name: 'Cancelar envío' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancelar 3 mensajes en espera' })
  await dialog.getByRole('button', { name: 'Volver' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await statusOf(), 'running')
  await page.getByRole('button', { name: 'Cancelar envío' }).click()
  await dialog.getByRole('button', { name: 'Cancelar envío' }).click()
  await page.getByRole('paragraph').getByText('Cancelado', { exact: true }).waitFor()
  await page
    .getByRole('region', { name: 'Avance' })
    .getByText('Terminado: 0 entregados, 0 fallidos, 3 omitidos.')
    .waitFor()
  const { data } = await site.ask<Rows<{ status: string }>>('organizer', 'GET', `${event}/deliveries`)
  assert.deepEqual(
    data.map(({ status }) => status),
    ['skipped', 'skipped', 'skipped'],
  )
}

async function cancelScheduled(t: TestContext, site: Site): Promise<void> {
  const scheduledAt = new Date(Date.now() + 86_400_000).toISOString()
  const { path, campaign } = await aSend(site, { scheduledAt })
  const page = await site.open(t, 'organizer', path)
  await page.getByRole('paragraph').getByText('Programado', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Cancelar envío' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancelar 3 mensajes en espera' })
  await dialog.getByRole('button', { name: 'Cancelar envío' }).click()
  await page.getByRole('paragraph').getByText('Cancelado', { exact: true }).waitFor()
  assert.equal((await site.ask<{ status: string }>('organizer', 'GET', campaign)).status, 'cancelled')
}

async function setUpPhone(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', TEAM)
  await page.getByRole('button', { name: 'Agregar teléfono' }).click()
  const dialog = page.getByRole('dialog', { name: 'Agregar teléfono' })
  await dialog.getByLabel(/^Nombre/).fill('Teléfono de Rosa')
  await dialog.getByLabel('Acceso').fill('Jardín')
  await dialog.getByRole('button', { name: 'Crear código' }).click()
  await dialog.getByRole('img', { name: 'Código' }).waitFor()
  const code = await dialog.getByText(/^[A-Z0-9-]{8,}$/).innerText()
  await page.mouse.click(4, 400)
  assert.ok(await dialog.getByText(code).isVisible(), 'a press beside it does not lose the code')
  await dialog.getByRole('button', { name: 'Cerrar', exact: true }).click()

  const row = page.getByRole('grid', { name: 'Teléfonos y lectores' }).getByRole('row', { name: 'Teléfono de Rosa' })
  await row.getByText(/^Espera su código hasta /).waitFor()
  assert.equal(await page.getByText(code).count(), 0, 'it is shown once')
  await row.getByRole('button', { name: 'Quitar' }).click()
  const confirm = page.getByRole('dialog', { name: 'Quitar «Teléfono de Rosa»' })
  await confirm.getByRole('button', { name: 'Quitar' }).click()
  await row.waitFor({ state: 'detached' })
  const { data } = await site.ask<Rows<{ name: string }>>('organizer', 'GET', '/devices?eventId=ev_demo')
  assert.ok(data.every(({ name }) => name !== 'Teléfono de Rosa'))
}

async function inviteColleague(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', '/organizer/team')
  await page.getByRole('button', { name: 'Invitar' }).click()
  await page.getByLabel('Nombre').fill('Olga Socia')
  await page.getByLabel('Correo').fill('olga@example.com')
  await page.getByRole('button', { name: 'Puede' }).click()
  const roles = await page.getByRole('option').allInnerTexts()
  assert.deepEqual(roles, ['Solo ver', 'Escanear en la puerta'], 'the Director invites organizers')
  await page.getByRole('option', { name: 'Solo ver' }).click()
  await page.getByRole('button', { name: 'Crear invitación' }).click()
  const link = await page.getByLabel('Enlace').inputValue()
  await page.mouse.click(4, 400)
  assert.equal(await page.getByLabel('Enlace').inputValue(), link, 'a press beside it does not lose the link')
  await page.getByRole('button', { name: 'Cerrar', exact: true }).click()
  const row = page.getByRole('row', { name: 'Olga Socia' })
  await row.getByText('Sin entrar todavía').waitFor()

  // The program of a test has a port that it does not know before.
  const { pathname, hash } = new URL(link)
  const hers = await site.open(t, null, pathname + hash)
  for (const field of await hers.locator('input[type=password]').all()) await field.fill('una-contraseña-larga')
  await hers.locator('main form button').first().click()
  await hers.waitForURL((to) => !to.pathname.includes('password'))
  if (new URL(hers.url()).pathname === '/login') {
    await hers.locator('input[name=email]').fill('olga@example.com')
    await hers.locator('input[name=password]').fill('una-contraseña-larga')
    await hers.locator('main form button').first().click()
  }
  await hers.getByRole('heading', { level: 1, name: 'Eventos' }).waitFor()
  await hers.getByText('Olga Socia').waitFor()
  await page.reload()
  await row.getByText('Activa').waitFor()
}

/** Of an import that is a job. */
const JOB = /\/imports\/imp_[^/?]+$/

async function importLongList(t: TestContext, site: Site): Promise<void> {
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Congreso', ...FAR })
  const rows = Array.from(
    { length: 12_001 },
    (_, n) => `Persona ${n},55 ${1000 + Math.floor(n / 10_000)} ${String(n % 10_000).padStart(4, '0')}`,
  )
  const page = await site.open(t, 'organizer', `/organizer/events/${id}/import`)
  const buffer = Buffer.from(['Nombre,Celular', ...rows].join('\n'))
  await page.locator('input[type=file]').setInputFiles({ name: 'larga.csv', mimeType: 'text/csv', buffer })
  await page.getByRole('button', { name: 'Revisar' }).click()
  await page.getByText('La lista tiene 12,001 filas.').waitFor()
  // A fast machine would be done before anybody looks.
  await page.route(JOB, async (route) => {
    const reply = await route.fetch()
    const job = (await reply.json()) as object
    await route.fulfill({ response: reply, json: { ...job, status: 'running', rowsDone: 4000, rowsTotal: 12_001 } })
  })
  await page.getByRole('button', { name: 'Importar las 12,001 filas' }).click()
  const bar = page.getByRole('progressbar', { name: 'Importando' })
  await bar.getByText('4,000 de 12,001 filas').waitFor()
  await page.unroute(JOB)
  // It goes on without the page, and the address finds it again.
  const address = page.url()
  await page.goto('/organizer')
  await page.goto(address)
  await page.getByText('La lista está importada.').waitFor({ timeout: 60_000 })
  const summary = await site.ask<{ guests: Step }>('organizer', 'GET', `/events/${id}/summary`)
  assert.equal(summary.guests.guests, 12_001)
}

async function workInEnglish(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', '/organizer', { locale: 'en-US' })
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.getByRole('row', { name: /Boda de Ana y Luis/ }).click()
  await page.getByRole('heading', { name: 'How many come?' }).waitFor()
  await page.getByRole('link', { name: /^Remind \d+$/ }).waitFor()
  await page.getByRole('link', { name: 'Guests', exact: true }).click()
  await page.getByLabel('Name, phone or e-mail').fill('paola')
  await page.getByRole('row', { name: 'Paola Méndez' }).click()
  const drawer = page.getByRole('dialog', { name: 'Paola Méndez' })
  await drawer.getByRole('button', { name: 'Write down an answer' }).click()
  await drawer.getByRole('button', { name: 'Write down', exact: true }).click()
  await drawer.getByText('Coming').first().waitFor()
  await page.keyboard.press('Escape')
  for (const [section, title] of [
    ['Invitation', 'Texts of the invitation'],
    ['Messages', 'Messages'],
    ['Conversations', 'Conversations'],
    ['Door', 'Door'],
    ['Balance', 'Balance'],
    ['Team', 'Team'],
  ] as const) {
    await page.getByRole('link', { name: section, exact: true }).click()
    await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
    assert.doesNotMatch(await page.locator('body').innerText(), /Guardar|Cargando|Invitados|Todavía|Enviar|Quitar/)
  }
  const { data } = await site.ask<Rows<{ answer: string }>>('organizer', 'GET', '/events/ev_demo/guests?q=paola')
  assert.equal(data[0]?.answer, 'yes')
  await page.getByRole('button', { name: 'Español' }).click()
  await page.getByRole('heading', { level: 1, name: 'Equipo' }).waitFor()
}
