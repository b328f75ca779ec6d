/** What a Director does about sending and the door: channels, stuck messages, double entries. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openSite, type Site } from './site.ts'
import { choose, heading, rowWith, waitFor, type Schemas } from './steps.ts'

/** WhatsApp fails for this guest until a person retries. */
const STUCK = { id: 'g27', name: 'Nadia Soto' }
const HOUR_MS = 3_600_000

async function channelOf(site: Site, channel: string): Promise<Schemas['ChannelState']> {
  const { channels } = await site.ask<{ channels: Schemas['ChannelState'][] }>('director', 'GET', '/ops/channels')
  return channels.find((one) => one.channel === channel)!
}
const readLetters = async (site: Site, query = '') =>
  (await site.ask<Schemas['DeadLetterPage']>('director', 'GET', `/ops/dead-letters${query}`)).data

/** An event that is now, with one guest who came by two gates while neither had a network. */
async function aDoubleEntry(site: Site): Promise<{ eventId: string; name: string }> {
  const name = 'Boda de dos puertas'
  const { id: eventId } = await site.ask<{ id: string }>('organizer', 'POST', '/events', {
    ...{ name, type: 'standard', status: 'active', timeZone: 'America/Mexico_City' },
    startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
    endsAt: new Date(Date.now() + 5 * HOUR_MS).toISOString(),
  })
  const guests = `/events/${eventId}/guests`
  const { code } = await site.ask<{ code: string }>('organizer', 'POST', guests, { name: 'Eva Lara', partySize: 1 })
  for (const [minutes, gate] of [
    [20, 'Norte'],
    [15, 'Sur'],
  ] as const) {
    const scannedAt = new Date(Date.now() - minutes * 60_000).toISOString()
    const scan = { scanId: randomUUID(), code, scannedAt, gate, device: `Teléfono ${gate}`, shown: 'valid' }
    await site.ask('organizer', 'POST', '/scan/sync', { eventId, scans: [scan] })
  }
  return { eventId, name }
}

test('sending and the door', async (t) => {
  const site = await openSite(t, { env: { DELIVERY_MAX_ATTEMPTS: '1' } })

  await t.test('a channel is paused with a reason, says who did it and when, and goes on', async (t) => {
    const page = await site.open(t, 'director', '/panel/messages')
    const email = page.getByRole('listitem').filter({ hasText: 'Correo' })
    await email.getByText('Enviando').waitFor()
    await email.getByRole('button', { name: 'Pausar' }).click()
    const question = page.getByRole('dialog', { name: 'Pausar Correo' })
    await question.getByRole('button', { name: 'Pausar' }).click()
    await question.getByText('Escribe por qué.').waitFor()
    assert.equal((await channelOf(site, 'email')).pause, null)
    await question.getByLabel('¿Por qué?').fill('El dominio no está listo')
    await question.getByRole('button', { name: 'Pausar' }).click()
    await email.getByText('Pausado por Dirección (demo)').waitFor()
    await email.getByText(/(ahora|hace \d+ s): El dominio no está listo/).waitFor()

    const { pause } = await channelOf(site, 'email')
    assert.equal(pause!.reason, 'El dominio no está listo')
    assert.ok(Date.now() - Date.parse(pause!.since) < 60_000)
    assert.equal((await channelOf(site, 'whatsapp')).pause, null)
    await email.getByRole('button', { name: 'Reanudar' }).click()
    await email.getByText('Enviando').waitFor()
    assert.equal((await channelOf(site, 'email')).pause, null)
  })

  await t.test('a stuck message is discarded, and stays in the list of closed ones', async (t) => {
    await site.ask('director', 'POST', `/events/ev_demo/guests/${STUCK.id}/send`, { channel: 'whatsapp' })
    const letter = await waitFor('dead letter', async () => (await readLetters(site))[0])
    const page = await site.open(t, 'director', '/panel/messages')
    await rowWith(page, STUCK.name).press('Space') // the grid moves the focus of a box in it to its row
    await page.getByRole('button', { name: 'Descartar 1' }).click()
    const question = page.getByRole('dialog', { name: 'Descartar 1' })
    await question.getByRole('button', { name: 'Volver' }).click()
    assert.equal((await readLetters(site)).length, 1)
    await page.getByRole('button', { name: 'Descartar 1' }).click()
    await question.getByRole('button', { name: 'Descartar 1' }).click()
    await page.getByText('Nada detenido.').waitFor()

    const [closed] = await readLetters(site, '?resolved=true')
    assert.deepEqual([closed!.id, closed!.resolution], [letter.id, 'discarded'])
    assert.deepEqual(await readLetters(site), [])
    await choose(page, 'Cuáles', 'Atendidos')
    await rowWith(page, STUCK.name).filter({ hasText: 'Se descartó' }).waitFor()
    const { status } = await site.ask<{ status: string }>('director', 'GET', `/deliveries/${letter.refId}`)
    assert.equal(status, 'dead')
  })

  await t.test('all that is stuck is retried at once, and leaves', async (t) => {
    await site.ask('director', 'POST', `/events/ev_demo/guests/${STUCK.id}/send`, { channel: 'whatsapp', force: true })
    const letter = await waitFor('dead letter', async () => (await readLetters(site))[0])
    const page = await site.open(t, 'director', '/panel/messages')
    await page.getByRole('button', { name: 'Reintentar todos (1)' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Reintentar todos (1)' }).click()
    await page.getByText('Nada detenido.').waitFor()

    const closed = await readLetters(site, '?resolved=true')
    assert.equal(closed.find(({ id }) => id === letter.id)!.resolution, 'retried')
    await waitFor('delivery that was sent', async () => {
      const { status } = await site.ask<{ status: string }>('director', 'GET', `/deliveries/${letter.refId}`)
      return ['sent', 'delivered', 'read'].includes(status) ? status : undefined
    })
  })

  await t.test('a double entry is found from the overview, with both gates and times', async (t) => {
    const { eventId, name } = await aDoubleEntry(site)
    const { data } = await site.ask<Schemas['DoorConflictPage']>('director', 'GET', `/events/${eventId}/door/conflicts`)
    assert.equal(data.length, 1)
    const page = await site.open(t, 'director', '/panel')
    await page.getByRole('link', { name: `1 doble entrada en ${name}` }).click()
    await heading(page, 'Puerta')

    const clock = (at: string) =>
      new Date(at).toLocaleTimeString('es-MX', {
        ...({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'America/Mexico_City' } as const),
      })
    const { first, second } = data[0]!
    await rowWith(page, 'Eva Lara')
      .filter({ hasText: `${clock(first.at)} h, Norte, Teléfono Norte` })
      .filter({ hasText: `${clock(second.at)} h, Sur, Teléfono Sur` })
      .waitFor()
    await page.getByText('1 de 1 persona').waitFor()
  })
})
