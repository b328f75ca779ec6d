/** An event as its organizer sets it up: the form says what is wrong, and the guests see the place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSite } from './site.ts'

type Event = {
  id: string
  name: string
  status: string
  type: string
  location: string
  venue: { name: string; latitude: number | null } | null
  doorsOpenMinutes: number
  reentry: string
}

test('an event is made and changed', async (t) => {
  const site = await openSite(t)
  const page = await site.open(t, 'organizer', '/organizer?add=true')
  const form = page.getByRole('dialog', { name: 'Nuevo evento' })
  const choose = async (label: string, option: string) => {
    await page.getByRole('button', { name: label }).click()
    await page.getByRole('option', { name: option }).click()
  }
  await form.getByLabel('Nombre del evento').fill('Gala de prueba')
  await form.getByLabel('Empieza').fill('2030-05-10T20:00')
  await form.getByLabel('Termina').fill('2030-05-11T02:00')
  await form.getByLabel('Lugar', { exact: true }).fill('Jardín Secreto')
  await form.getByLabel('Dirección').fill('Río Lerma 8, Cuernavaca')
  await form.getByLabel('Enlace del mapa').fill('javascript:alert(1)')
  await choose('Quien sale', 'Puede volver: la puerta registra su salida')
  await choose('Boletos', 'Premium')
  await form.getByText('Es un borrador').click()
  await form.getByLabel(/^Minutos antes/).fill('pronto')
  const create = form.getByRole('button', { name: 'Crear evento' })

  await create.click()
  const wrong = form.getByText('No tiene la forma esperada.', { exact: true })
  await wrong.nth(1).waitFor()
  const link = form.getByRole('textbox', { name: 'Enlace del mapa' })
  assert.deepEqual([await wrong.count(), await link.getAttribute('aria-invalid')], [2, 'true'])
  await page.waitForFunction(`document.activeElement.type === 'url'`)
  await link.fill('')
  await form.getByLabel(/^Minutos antes/).fill('90')
  await create.click()
  await page.waitForURL(/\/organizer\/events\/[^?]+/)

  const id = new URL(page.url()).pathname.split('/')[3]!
  const read = () => site.ask<Event>('organizer', 'GET', `/events/${id}`)
  const made = await read()
  assert.deepEqual(
    [made.name, made.type, made.status, made.location, made.doorsOpenMinutes, made.reentry],
    ['Gala de prueba', 'premium', 'draft', 'Jardín Secreto, Río Lerma 8, Cuernavaca', 90, 'exit_then_entry'],
  )

  await site.ask('organizer', 'PATCH', `/events/${id}`, {
    venue: { name: 'Jardín Secreto', latitude: 18.9, longitude: -99.2 },
    location: 'Entrada por el portón verde',
  })
  await page.goto(`/organizer/events/${id}/edit`)
  const change = page.getByRole('main')
  await change.getByLabel('Nombre del evento').fill('Gala de mayo')
  await change.getByRole('button', { name: 'Guardar cambios' }).click()
  await page.getByRole('heading', { level: 1, name: 'Gala de mayo' }).waitFor()

  const changed = await read()
  assert.deepEqual([changed.location, changed.venue!.latitude], ['Entrada por el portón verde', 18.9])

  await page.getByRole('link', { name: 'Cambiar' }).click()
  await change.getByLabel('Lugar', { exact: true }).fill('Hacienda San Gabriel')
  await change.getByRole('button', { name: 'Guardar cambios' }).click()
  await page.getByRole('heading', { level: 1, name: 'Gala de mayo' }).waitFor()
  const { venue } = await read()
  assert.deepEqual([venue!.name, venue!.latitude], ['Hacienda San Gabriel', null], 'the point was of the other place')
})
