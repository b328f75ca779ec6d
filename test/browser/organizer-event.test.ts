/** What an organizer does with an event itself: its texts, its waiting list, its life, and a guest who wants to be forgotten. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openSite, type Site } from './site.ts'

type Guest = { id: string; name: string; phone: string | null; tags: string[]; answer: string; code: string }
type Summary = {
  guests: { guests: number }
  answered: Record<'pending' | 'maybe', { guests: number }>
  places: { taken: number; free: number | null }
}

const EVENT = '/events/ev_demo'
const PAGE = `/organizer${EVENT}`
const FAR = { startsAt: '2035-03-01T18:00:00Z', endsAt: '2035-03-02T02:00:00Z' }

test('an event and its life', async (t) => {
  const site = await openSite(t)
  await t.test('the texts of the invitation are written, seen and taken away again', (t) => writeTexts(t, site))
  await t.test('the reminder counts whom it reaches', (t) => remind(t, site))
  await t.test('who waits gets the place that becomes free, and one is given by hand', (t) => wait(t, site))
  await t.test('a guest is forgotten', (t) => forget(t, site))
  await t.test('a draft is published', (t) => publish(t, site))
  await t.test('an event has a place with its map, and a door that opens in time', (t) => describePlace(t, site))
  await t.test('an event is cancelled, and its guests are told', (t) => cancel(t, site))
  await t.test('an event is cancelled without a word', (t) => cancelSilently(t, site))
})

async function writeTexts(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', PAGE)
  await page.getByRole('link', { name: 'Invitación' }).click()
  await page.getByText('Si lo dejas vacío, se lee: «Tienes una invitación»').waitFor()
  await page.getByLabel('Título', { exact: true }).fill('Ana & Luis')
  await page.getByLabel('Mensaje').fill('Querida familia:\n\nqueremos verlos.')
  const preview = page.getByRole('region', { name: 'Así se ve' })
  await preview.getByText('Ana & Luis').waitFor()
  await preview.getByText('Todavía sin guardar').waitFor()

  // What was written stays while the other language is looked at; there it stands in for what is missing.
  await page.getByText('Inglés', { exact: true }).click()
  await page.getByText('Si lo dejas vacío, se lee: «You are invited»').waitFor()
  await page.getByText('Español', { exact: true }).click()
  assert.equal(await page.getByLabel('Título', { exact: true }).inputValue(), 'Ana & Luis')
  await page.getByRole('button', { name: 'Guardar textos' }).click()
  await preview.getByText('Todavía sin guardar').waitFor({ state: 'detached' })
  await page.getByText('Inglés', { exact: true }).click()
  await page.getByText('Si lo dejas vacío, se lee el del otro idioma: «Ana & Luis»').waitFor()
  await page.getByText('Español', { exact: true }).click()

  const opened = page.waitForEvent('popup')
  await preview.getByRole('link', { name: /^Abrir la página de / }).click()
  const guest = await opened
  await guest.getByRole('heading', { level: 1, name: 'Ana & Luis' }).waitFor()
  await guest.getByText('queremos verlos.').waitFor()
  await guest.close()

  await page.getByRole('button', { name: 'Quitar mis textos' }).click()
  const dialog = page.getByRole('dialog', { name: 'Quitar 2 textos en español' })
  await dialog.getByRole('button', { name: 'Quitar mis textos' }).click()
  await dialog.waitFor({ state: 'detached' })
  assert.equal(await page.getByLabel('Título', { exact: true }).inputValue(), '')
  const texts = await site.ask<{ title: null; body: null }>('organizer', 'GET', `${EVENT}/texts/es-MX`)
  assert.deepEqual([texts.title, texts.body], [null, null])
}

async function remind(t: TestContext, site: Site): Promise<void> {
  // Nobody can write to this guest.
  await site.ask('organizer', 'POST', `${EVENT}/guests`, { name: 'Sin Dirección' })
  const { answered } = await site.ask<Summary>('organizer', 'GET', `${EVENT}/summary`)
  const undecided = answered.pending.guests + answered.maybe.guests
  const { counts } = await site.ask<{ counts: { valid: number } }>('organizer', 'POST', `${EVENT}/campaigns`, {
    ...{ template: 'event_reminder', channel: 'auto', filter: { status: ['pending'] }, dryRun: true },
  })
  assert.ok(counts.valid < undecided)

  const page = await site.open(t, 'organizer', PAGE)
  await page.getByText(`Le llega a ${counts.valid} de ${undecided} por decidir.`).waitFor()
  await page.getByRole('link', { name: `Recordar a ${counts.valid}` }).click()
  await page.getByRole('heading', { name: `A ${counts.valid} invitados` }).waitFor()
  await page.getByRole('button', { name: `Enviar a ${counts.valid}` }).waitFor()

  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Sin direcciones', ...FAR })
  await site.ask('organizer', 'POST', `/events/${id}/guests`, { name: 'Sin Dirección' })
  await page.goto(`/organizer/events/${id}`)
  await page.getByText('1 por decidir. Nadie puede recibir ahora el recordatorio.').waitFor()
  await page.getByRole('link', { name: 'Ver por qué' }).click()
  await page.getByRole('heading', { name: 'Nadie lo recibiría.' }).waitFor()
  await page.getByText('1 sin teléfono ni correo').waitFor()
}

async function wait(t: TestContext, site: Site): Promise<void> {
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Cena', capacity: 2, ...FAR })
  const event = `/events/${id}`
  const add = (name: string, partySize: number) =>
    site.ask<Guest>('organizer', 'POST', `${event}/guests`, { name, partySize, phone: `55 1234 56${10 + added++}` })
  let added = 0
  const first = await add('Ana Viene', 1)
  await add('Berta Espera', 2)
  await add('Carlos Espera', 1)
  await site.ask('organizer', 'POST', `${event}/guests/${first.id}/rsvp`, { answer: 'yes' })
  await site.ask('organizer', 'PATCH', event, { capacity: 1 })

  const page = await site.open(t, 'organizer', `/organizer${event}`)
  await page.getByText('1 de 1 lugares confirmados, quedan 0.').waitFor()
  await page.getByRole('link', { name: 'Lista de espera' }).click()
  await page.getByText('Nadie espera.').waitFor()
  for (const name of ['Berta Espera', 'Carlos Espera']) {
    await page.getByRole('button', { name: 'Poner a alguien' }).click()
    await page.getByLabel('Nombre, teléfono o correo').fill(name.slice(0, 5))
    await page.getByRole('radio', { name }).waitFor()
    await page.getByText(name, { exact: true }).last().click()
    await page.getByRole('button', { name: `Poner a ${name} en la lista` }).click()
    await page.getByRole('grid', { name: 'Quién espera, en orden' }).getByRole('row', { name }).waitFor()
  }
  await page.getByRole('button', { name: 'Poner a alguien' }).click()
  await page.getByLabel('Nombre, teléfono o correo').fill('Berta')
  await page.getByText('Nadie coincide, o ya confirmó, o ya espera.').waitFor()
  await page.getByRole('button', { name: 'Cerrar ventana' }).click()
  const line = page.getByRole('grid', { name: 'Quién espera, en orden' })
  await line.getByRole('row', { name: 'Berta Espera' }).getByText('Faltan 2 lugares').waitFor()

  // Berta's two do not fit into the one place that becomes free; Carlos does.
  await site.ask('organizer', 'POST', `${event}/guests/${first.id}/rsvp`, { answer: 'no' })
  const given = page.getByRole('grid', { name: 'A quién ya le tocó' })
  await given.getByRole('row', { name: 'Carlos Espera' }).waitFor({ timeout: 20_000 })
  await line.getByRole('row', { name: 'Carlos Espera' }).waitFor({ state: 'detached' })

  await site.ask('organizer', 'PATCH', event, { capacity: 2 })
  await line.getByRole('button', { name: 'Dar lugar: Berta Espera' }).click({ timeout: 20_000 })
  const dialog = page.getByRole('dialog', { name: 'Dar lugar a Berta Espera' })
  const wanted = dialog.getByLabel(/^Personas: esperan 2, queda 1 lugar/)
  assert.equal(await wanted.inputValue(), '1')
  await wanted.fill('2')
  await dialog.getByText('Solo puede ser 1.').waitFor()
  assert.ok(await dialog.getByRole('button', { name: 'Dar lugar' }).isDisabled())
  await wanted.fill('1')
  await dialog.getByRole('button', { name: 'Dar 1 lugar' }).click()
  await page.getByText('Nadie espera.').waitFor()
  const { places } = await site.ask<Summary>('organizer', 'GET', `${event}/summary`)
  assert.deepEqual([places.taken, places.free], [2, 0])
}

async function forget(t: TestContext, site: Site): Promise<void> {
  const before = await site.ask<Guest>('organizer', 'GET', `${EVENT}/guests/g2`)
  const page = await site.open(t, 'organizer', `${PAGE}/guests?guest=g2`)
  const drawer = page.getByRole('dialog', { name: before.name })
  await drawer.getByRole('button', { name: 'Borrar sus datos' }).click()
  const dialog = page.getByRole('dialog', { name: `Borrar los datos de ${before.name}` })
  const erase = dialog.getByRole('button', { name: 'Borrar para siempre' })
  assert.ok(await erase.isDisabled(), 'it is ticked first')
  await dialog.getByText('Sé que no se puede deshacer.').click()
  await erase.click()

  const forgotten = page.getByRole('dialog', { name: 'Invitado anónimo' })
  await forgotten.getByText(/^Sus datos se borraron el /).waitFor()
  assert.equal(await forgotten.getByRole('button', { name: /^(Enviar|Cambiar|Anotar|Borrar)/ }).count(), 0)
  await page.keyboard.press('Escape')
  await page.getByRole('row', { name: 'Invitado anónimo' }).getByText('Datos borrados').waitFor()
  assert.equal(await page.getByRole('row', { name: before.name }).count(), 0)
  const after = await site.ask<Guest>('organizer', 'GET', `${EVENT}/guests/g2`)
  assert.deepEqual([after.phone, after.tags, after.answer], [null, [], before.answer])
}

async function publish(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', '/organizer?add=true')
  await page.getByLabel('Nombre del evento').fill('Bautizo de Emma')
  await page.getByLabel('Empieza', { exact: true }).fill('2035-03-01T18:00')
  await page.getByLabel('Termina', { exact: true }).fill('2035-03-01T23:00')
  await page.getByText('Es un borrador: nadie puede abrir su invitación todavía').click()
  await page.getByRole('button', { name: 'Crear evento' }).click()
  await page.getByRole('heading', { level: 1, name: 'Bautizo de Emma' }).waitFor()
  await page.getByText(/publícalo\.$/).waitFor()
  const event = new URL(page.url()).pathname.replace('/organizer', '')
  const { code } = await site.ask<Guest>('organizer', 'POST', `${event}/guests`, { name: 'Rosa Uno' })
  const statusOf = async () => (await fetch(`${site.url}/i/${code}`)).status
  assert.equal(await statusOf(), 404)

  await page.reload()
  await page.getByRole('button', { name: 'Publicar' }).click()
  const dialog = page.getByRole('dialog', { name: 'Publicar «Bautizo de Emma»' })
  await dialog.getByText(/^La página de 1 invitado se abre/).waitFor()
  await dialog.getByRole('button', { name: 'Publicar' }).click()
  await page.getByText('Activo', { exact: true }).waitFor()
  assert.equal(await page.getByRole('button', { name: 'Publicar' }).count(), 0)
  assert.equal(await statusOf(), 200)
}

async function describePlace(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openWithGuests(t, site, 1)
  await page.getByRole('link', { name: 'Cambiar' }).click()
  await page.getByLabel('Lugar', { exact: true }).fill('Hacienda San Gabriel')
  await page.getByLabel('Dirección').fill('Camino Real 5, Querétaro')
  await page.getByLabel('Enlace del mapa').fill('https://maps.example.com/hacienda')
  await page.getByLabel(/^Minutos antes/).fill('60')
  await page.getByRole('button', { name: 'Guardar cambios' }).click()
  await page.getByText('Hacienda San Gabriel, Camino Real 5, Querétaro').waitFor()

  // Nothing changes when nothing is changed.
  const { requestId: _, ...saved } = await site.ask<Record<string, unknown>>('organizer', 'GET', event)
  assert.equal(saved['doorsOpenMinutes'], 60)
  await page.getByRole('link', { name: 'Cambiar' }).click()
  await page.getByRole('button', { name: 'Guardar cambios' }).click()
  await page.getByRole('heading', { level: 1, name: 'Posada' }).waitFor()
  const { requestId: __, ...again } = await site.ask<Record<string, unknown>>('organizer', 'GET', event)
  assert.deepEqual(again, saved)

  const { data } = await site.ask<{ data: Guest[] }>('organizer', 'GET', `${event}/guests`)
  const guest = await site.open(t, null, `/i/${data[0]!.code}`)
  const map = guest.getByRole('link', { name: 'Ver en el mapa' })
  assert.equal(await map.getAttribute('href'), 'https://maps.example.com/hacienda')
}

async function cancel(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openWithGuests(t, site, 2)
  await page.getByRole('button', { name: 'Cancelar el evento' }).click()
  const dialog = page.getByRole('dialog', { name: 'Cancelar «Posada»' })
  await dialog.getByText('2 invitados, 0 ya confirmaron.').waitFor()
  await dialog.getByLabel(/^Motivo/).fill('Llueve')
  await dialog.getByRole('button', { name: 'Cancelar y preparar el aviso' }).click()
  await page.getByRole('button', { name: 'Enviar a 2' }).click()
  await page
    .getByRole('region', { name: 'Avance' })
    .getByText('Terminado: 2 entregados, 0 fallidos, 0 omitidos.')
    .waitFor({ timeout: 20_000 })
  const { status, cancelReason } = await site.ask<Record<string, string>>('organizer', 'GET', event)
  assert.deepEqual([status, cancelReason], ['cancelled', 'Llueve'])
}

async function cancelSilently(t: TestContext, site: Site): Promise<void> {
  const { event, page } = await openWithGuests(t, site, 1)
  await page.getByRole('button', { name: 'Cancelar el evento' }).click()
  await page.getByText('No, por ahora').click()
  await page.getByRole('button', { name: 'Cancelar sin avisar' }).click()
  await page.getByText(/^Se canceló el /).waitFor()
  await page.getByRole('link', { name: 'Avisar a los invitados' }).waitFor()
  for (const name of ['Cancelar el evento', 'Pausar los envíos', 'Publicar'])
    assert.equal(await page.getByRole('button', { name }).count(), 0, name)
  const { data } = await site.ask<{ data: unknown[] }>('organizer', 'GET', `${event}/deliveries`)
  assert.equal(data.length, 0)
}

async function openWithGuests(t: TestContext, site: Site, guests: number): Promise<{ event: string; page: Page }> {
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', '/events', { name: 'Posada', ...FAR })
  for (let n = 1; n <= guests; n++)
    await site.ask('organizer', 'POST', `/events/${id}/guests`, { name: `Invitado ${n}`, phone: `55 1234 570${n}` })
  return { event: `/events/${id}`, page: await site.open(t, 'organizer', `/organizer/events/${id}`) }
}
