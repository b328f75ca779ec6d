/** The door: a camera that sees a film, a scanner that types, phones without a network. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { until } from '../program.ts'
import { writeFilm } from './film.ts'
import { aDevice, anEvent, answer, aPhone, begin, next, PHONE, readCounts, setUp, typeCode } from './phones.ts'
import { openSite } from './site.ts'

/** From the reading of a code to the frame with its answer. What else the machine does counts, so the best of many must keep it. */
const ANSWER_MAX_MS = 150

test('the door', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-film-'))
  const film = join(folder, 'film.y4m')
  const show = (text: string | null) => writeFilm(film, [{ text, seconds: 1 }])
  await show(null)
  const site = await openSite(t, {
    args: [
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ],
  })
  t.after(() => rm(folder, { recursive: true, force: true }))

  await t.test('the camera reads a code once, and a second gate sees when and where it came in', async (t) => {
    const party = await anEvent(site, [['Raúl Díaz', 1]])
    await show(party.guests[0]!.code)
    t.after(() => show(null))
    const north = await setUp(t, site, party, 'Norte')

    await answer(north, 'PASA', 'Raúl Díaz', '1 de 1 adentro')
    const [firstMs] = await readTimes(north)
    t.diagnostic(`from the first reading of the camera to its answer on screen: ${firstMs!.toFixed(0)} ms`)
    await north.waitForTimeout(5000) // the answer has gone, and the code is still in view
    assert.deepEqual(await readCounts(site, party), { inside: 1, duplicates: 0, conflicts: 0 })
    await north.close()
    const south = await setUp(t, site, party, 'Sur')
    await answer(south, 'YA ENTRÓ', /^\d\d:\d\d, Norte$/)

    assert.deepEqual(await readCounts(site, party), { inside: 1, duplicates: 1, conflicts: 0 })
  })

  await t.test('a scanner that types is read whatever has the focus; a party says how many', async (t) => {
    const party = await anEvent(site, [['Mariana López', 3]])
    const page = await aPhone(t, site, party, 'Norte')
    const scan = async (code: string) => {
      await page.getByRole('button', { name: 'Pendientes' }).focus()
      await page.evaluate(`for (const key of [...${JSON.stringify(code)}, 'Enter'])
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))`)
    }

    await scan(party.guests[0]!.code)
    await answer(page, 'Quedan 3 lugares')
    await page.keyboard.press('Enter') // of a scanner that types slowly
    await page.waitForTimeout(200)
    assert.equal((await readCounts(site, party)).inside, 0, 'nothing is spent before somebody says how many')
    await page.getByRole('button', { name: 'Entran 2' }).click()
    await answer(page, '2 de 3 adentro')
    await page.getByRole('button', { name: 'Entra 1 más' }).click()
    await page.getByRole('button', { name: 'Entra 1', exact: true }).click()
    await answer(page, '3 de 3 adentro')
    await next(page)
    await page.getByRole('button', { name: 'Teclado' }).click()
    await scan('NADIE-TIENE-ESTE')
    await answer(page, 'NO PASA', 'No está en la lista')
    await scan(party.guests[0]!.code)
    await answer(page, 'YA ENTRÓ')

    for (const n of [1, 2, 3, 4, 5, 6, 7, 8]) {
      await next(page)
      await scan(`NADIE-${n}`)
      await answer(page, 'NO PASA')
    }
    const times = (await readTimes(page)).toSorted((a, b) => a - b)
    const [best, median] = [times[0]!, times[times.length >> 1]!]
    t.diagnostic(`from ${times.length} codes to their answers on screen: median ${median.toFixed(0)} ms`)

    assert.ok(best <= ANSWER_MAX_MS, `the best of them took ${best.toFixed(0)} ms`)
    assert.equal((await readCounts(site, party)).inside, 3)
  })

  await t.test('two phones without a network let the same guest in; the upload finds the double entry', async (t) => {
    const party = await anEvent(
      site,
      ['Ana Ruiz', 'Eva Soto', 'Luz Vega'].map((name): [string, number] => [name, 1]),
    )
    const codes = party.guests.map(({ code }) => code)
    const [north, south] = [await aPhone(t, site, party, 'Norte'), await aPhone(t, site, party, 'Sur')]
    for (const page of [north, south]) await page.context().setOffline(true)

    for (const code of codes) {
      await typeCode(north, code)
      await answer(north, 'POR CONFIRMAR')
      await next(north)
    }
    await north.getByRole('status').getByText('Sin conexión').waitFor()
    await north.getByRole('status').getByText('3 pendientes').waitFor()
    await typeCode(north, codes[0]!)
    await answer(north, 'YA ENTRÓ', /^\d\d:\d\d, Norte$/)
    await next(north)
    await typeCode(south, codes[0]!)
    await answer(south, 'POR CONFIRMAR')
    await next(south)
    assert.equal((await readCounts(site, party)).inside, 0)

    await north.context().setOffline(false)
    await north.getByRole('status').getByText('0 pendientes').waitFor()
    await south.context().setOffline(false)
    await answer(south, 'CORRECCIÓN', /^Doble entrada: \d\d:\d\d, Norte; \d\d:\d\d, Sur$/)
    await south.getByRole('button', { name: 'Entendido' }).click()
    await south.getByRole('status').getByText('Hay diferencias').waitFor()

    assert.deepEqual(await readCounts(site, party), { inside: 3, duplicates: 2, conflicts: 1 })
  })

  await t.test('the door opens without a network, with what it has not uploaded', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]])
    const page = await aPhone(t, site, party, 'Norte')
    await page.waitForFunction('navigator.serviceWorker.controller !== null')
    await page.context().setOffline(true)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Boda de prueba Norte' }).waitFor()
    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'POR CONFIRMAR')
    await page.reload()
    await page.getByRole('status').getByText('1 pendiente').waitFor()
    await page.getByRole('button', { name: 'Pendientes' }).click()
    await page.getByRole('button', { name: 'Salir de esta puerta' }).click()
    await page.getByText('Hay 1 escaneo sin subir. Si sales, se pierde.').waitFor()
    await page.keyboard.press('Escape')
    const answered: string[] = []
    page.on('response', (response) => answered.push(new URL(response.url()).pathname))

    await page.context().setOffline(false)
    await page.getByRole('status').getByText('0 pendientes').waitFor()
    await until(
      () => Promise.resolve(answered),
      (paths) => paths.some((path) => path.startsWith('/scan/manifest')),
      5000,
    )
    assert.equal(answered[0], '/scan/sync', 'a list that has the scan would count it twice while it waits')

    assert.equal((await readCounts(site, party)).inside, 1)
  })

  await t.test('a device that was removed keeps what waits, and uploads it with a new code of its event', async (t) => {
    const [party, other] = [await anEvent(site, [['Ana Ruiz', 1]]), await anEvent(site, [['Eva Soto', 1]])]
    const page = await aPhone(t, site, party, 'Norte')
    await page.context().setOffline(true)
    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'POR CONFIRMAR')
    await next(page)
    const { data } = await site.ask<{ data: { id: string; eventId: string }[] }>('organizer', 'GET', '/devices')
    const mine = data.find(({ eventId }) => eventId === party.eventId)!
    await site.ask('organizer', 'DELETE', `/devices/${mine.id}`)
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('Sesión terminada').waitFor()
    await page.getByText('Aquí aparecen los últimos códigos.').waitFor() // the names have gone
    const start = () => page.getByRole('button', { name: 'Empezar' }).first().click()

    const south = await aDevice(site, other, 'Sur')
    await page.goto(south)
    await page.getByRole('link', { name: 'Volver a Boda de prueba' }).waitFor()
    await start()
    await page.getByRole('alert').getByText('Hay 1 escaneo de «Boda de prueba» sin subir.').waitFor()
    await page.goto(await aDevice(site, party, 'Este'))
    await start()
    await page.getByRole('heading', { level: 1, name: 'Boda de prueba Este' }).waitFor()
    await page.getByRole('status').getByText('0 pendientes').waitFor()
    assert.equal((await readCounts(site, party)).inside, 1)

    await page.goto(south) // the code was refused, and not used up
    await start()
    await page.getByRole('heading', { level: 1, name: 'Boda de prueba Sur' }).waitFor()
  })

  await t.test('what the server does not take is refused, and our list does not stand in', async (t) => {
    const party = await anEvent(site, [
      ['Ana Ruiz', 1],
      ['Eva Soto', 1],
    ])
    const page = await aPhone(t, site, party, 'Norte', { serviceWorkers: 'block' })
    const problem = { ...{ code: 'scan_undone', title: '', type: '', status: 409, detail: '', requestId: 'r' } }
    const refuse = { status: 409, contentType: 'application/problem+json', body: JSON.stringify(problem) }
    await page.route('**/scan/validate', (route) => route.fulfill(refuse))
    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'NO PASA', 'Ya se había deshecho.')
    await next(page)
    await page.getByRole('status').getByText('0 pendientes').waitFor()

    await page.unroute('**/scan/validate')
    await page.route('**/scan/sync', async (route) => {
      const { scans } = route.request().postDataJSON() as { scans: { scanId: string }[] }
      const results = scans.map(({ scanId }) => ({ scanId, status: 'rejected', code: 'scan_undone' }))
      await route.fulfill({ json: { requestId: 'r', clock: { skewMs: 0, isOff: false }, results } })
    })
    await page.context().setOffline(true)
    await typeCode(page, party.guests[1]!.code)
    await answer(page, 'POR CONFIRMAR')
    await next(page)
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('Hay diferencias').waitFor()
    await page.getByRole('button', { name: 'Pendientes' }).click()
    await page.getByText('El servidor no lo aceptó: Ya se había deshecho.').waitFor()
    const row = page.getByRole('listitem').filter({ hasText: 'Eva Soto' })
    await row.getByText('PASA · EL SERVIDOR NO LO ACEPTÓ').waitFor()
    assert.equal(await row.getByRole('button', { name: 'Deshacer' }).count(), 0)
  })

  await t.test(
    'the store is opened again when the browser closed it; when it cannot be, the door says so',
    async (t) => {
      const party = await anEvent(site, [
        ['Ana Ruiz', 1],
        ['Eva Soto', 1],
      ])
      const page = await aPhone(t, site, party, 'Norte')
      const cdp = await page.context().newCDPSession(page)
      await cdp.send('Storage.clearDataForOrigin', { origin: site.url, storageTypes: 'indexeddb' })
      await page.context().setOffline(true)
      await typeCode(page, party.guests[0]!.code)
      await answer(page, 'POR CONFIRMAR')
      await next(page)
      const countStored = `new Promise((resolve) => {
      indexedDB.open('mt-door').onsuccess = ({ target: { result: db } }) => {
        db.transaction('queue').objectStore('queue').count().onsuccess = ({ target }) => resolve(target.result)
      }
    })`
      await until(
        () => page.evaluate<number>(countStored),
        (count) => count === 1,
        5000,
      )
      const warning = page.getByText('No se está guardando en este equipo.')
      assert.equal(await warning.count(), 0)

      await page.evaluate(
        `IDBDatabase.prototype.transaction = () => { throw new DOMException('', 'InvalidStateError') }`,
      )
      await typeCode(page, party.guests[1]!.code)
      await answer(page, 'POR CONFIRMAR')
      await warning.waitFor()
      await next(page)
      await page.context().setOffline(false)
      await page.getByRole('status').getByText('0 pendientes').waitFor()

      assert.equal((await readCounts(site, party)).inside, 2)
    },
  )

  await t.test('a decoder that does not load says so, and loads again by a tap', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]])
    const page = await aPhone(t, site, party, 'Norte', { serviceWorkers: 'block' })
    const wake = page.getByRole('button', { name: 'Toca para reactivar la cámara' })
    await page.route('**/decoder*', (route) => route.abort('internetdisconnected'))
    await page.reload()
    await wake.waitFor()
    await page.unroute('**/decoder*')
    await wake.click()
    await page.getByLabel('Apunta al código QR del invitado.').waitFor()
    await page.waitForTimeout(1000)
    assert.equal(await wake.count(), 0)
  })

  await t.test('a silent server: our list stands in after 0.8 s, or nobody comes in', async (t) => {
    const party = await anEvent(site, [
      ['Ana Ruiz', 1],
      ['Eva Soto', 1],
    ])
    const page = await aPhone(t, site, party, 'Norte', { serviceWorkers: 'block' })
    let speak = () => {}
    const silence = new Promise<void>((resolve) => (speak = resolve))
    await page.route('**/scan/validate', (route) => silence.then(() => route.continue()))

    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'POR CONFIRMAR')
    speak()
    await page.getByRole('alert').getByText('POR CONFIRMAR').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Pendientes' }).click()
    await page.getByText('Todo está subido.').waitFor()
    const shown = page.getByRole('listitem').filter({ hasText: 'Ana Ruiz' })
    assert.doesNotMatch(await shown.innerText(), /POR CONFIRMAR/)
    await page.getByLabel('Solo en línea').check()
    await page.getByRole('button', { name: 'Escanear' }).click()
    await page.context().setOffline(true)
    await typeCode(page, party.guests[1]!.code)
    await answer(page, 'SIN RESPUESTA')
    await page.context().setOffline(false)
    await page.getByRole('button', { name: 'Reintentar' }).click()
    await answer(page, 'PASA')

    assert.equal((await readCounts(site, party)).inside, 2)
  })

  await t.test(
    'with their own login, staff find a guest by name with two taps; a supervisor takes it back',
    async (t) => {
      const party = await anEvent(site, [
        ['Mariana López', 1],
        ['Raúl Díaz', 1],
      ])
      const page = await site.open(t, 'organizer', '/door', PHONE)
      await page.getByLabel('Evento').selectOption(party.eventId)
      await page.getByLabel('Puerta o acceso').fill('Jardín')
      await page.getByRole('button', { name: 'Empezar' }).last().click()
      await page.getByRole('heading', { level: 1, name: 'Boda de prueba Jardín' }).waitFor()
      await page.getByRole('navigation').getByRole('button', { name: 'Buscar' }).click()
      const search = page.getByRole('searchbox', { name: 'Nombre del invitado' })
      await search.fill('m')
      await page.getByText('Escribe al menos dos letras.').waitFor()
      await search.fill('lopez ma')
      await page.getByRole('button', { name: /Mariana López/ }).click()
      await answer(page, 'Queda 1 lugar')
      assert.equal((await readCounts(site, party)).inside, 0, 'one tap admits nobody')
      await page.getByRole('button', { name: 'Entra 1' }).click()
      await answer(page, 'PASA')
      await next(page)
      assert.equal((await readCounts(site, party)).inside, 1)

      await page.getByRole('button', { name: 'Pendientes' }).click()
      await page.getByRole('button', { name: 'Deshacer' }).click()
      const dialog = page.getByRole('dialog', { name: 'Deshacer la entrada de Mariana López' })
      await dialog.getByRole('button', { name: 'Deshacer' }).click()
      await dialog.getByText('Escribe el motivo.').waitFor()
      await dialog.getByLabel('Motivo').fill('Era otra Mariana')
      await dialog.getByRole('button', { name: 'Deshacer' }).click()
      await page.getByText('Deshecha').waitFor()
      await until(
        () => readCounts(site, party),
        ({ inside }) => inside === 0,
        5000,
      )
    },
  )

  await t.test('a door that counts who leaves: online, without a network, and taken back', async (t) => {
    const party = await anEvent(site, [['Mariana López', 3]], { reentry: 'exit_then_entry' })
    const code = party.guests[0]!.code
    const page = await aPhone(t, site, party, 'Norte')
    await typeCode(page, code)
    await page.getByRole('button', { name: 'Entran 3' }).click()
    await answer(page, 'PASA', '3 de 3 adentro')
    await next(page)

    await page.getByRole('button', { name: 'Salidas' }).click()
    await page.getByText('Registrando salidas').waitFor()
    await typeCode(page, code)
    await answer(page, '3 adentro', '¿Cuántos salen ahora?')
    await page.getByRole('button', { name: 'Salen 2' }).click()
    await answer(page, 'SALIDA', '1 de 3 adentro')
    await next(page)
    assert.equal((await readCounts(site, party)).inside, 1)

    await page.context().setOffline(true)
    await typeCode(page, code)
    await answer(page, 'SALIDA', 'POR CONFIRMAR', '0 de 3 adentro')
    await next(page)
    await typeCode(page, code)
    await answer(page, 'SIN REGISTRAR', 'No hay tantas personas de esta invitación adentro.')
    await next(page)
    await page.getByRole('status').getByText('0 adentro').waitFor()
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('0 pendientes').waitFor()
    assert.equal((await readCounts(site, party)).inside, 0)

    await page.getByRole('button', { name: 'Entradas' }).click()
    await typeCode(page, code)
    await page.getByRole('button', { name: 'Entra 1', exact: true }).click()
    await answer(page, 'PASA', '1 de 3 adentro')
    await next(page)
    assert.equal((await readCounts(site, party)).inside, 1)

    await page.getByRole('button', { name: 'Salidas' }).click()
    await page.getByText('Registrando salidas').waitFor()
    await page.reload()
    await page.getByText('Registrando salidas').waitFor()
    await site.ask('organizer', 'PATCH', `/events/${party.eventId}`, { reentry: 'none' })
    await page.evaluate(`dispatchEvent(new Event('online'))`)
    await page.getByText('Registrando salidas').waitFor({ state: 'detached' })
  })

  await t.test('the server is not asked about a guest whose exit still waits here', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]], { reentry: 'exit_then_entry' })
    const code = party.guests[0]!.code
    const page = await aPhone(t, site, party, 'Norte', { serviceWorkers: 'block' })
    await typeCode(page, code)
    await answer(page, 'PASA', '1 de 1 adentro')
    await next(page)
    await page.getByRole('button', { name: 'Salidas' }).click()
    await page.route('**/scan/validate', (route) => route.fulfill({ status: 503 }))
    await page.route('**/scan/sync', (route) => route.fulfill({ status: 503 }))
    await typeCode(page, code)
    await answer(page, 'SALIDA', 'POR CONFIRMAR')
    await next(page)
    await page.unroute('**/scan/validate')

    await page.getByRole('button', { name: 'Entradas' }).click()
    await typeCode(page, code)
    await answer(page, 'PASA', 'POR CONFIRMAR', '1 de 1 adentro')
    await next(page)
    await page.unroute('**/scan/sync')
    await page.evaluate(`dispatchEvent(new Event('online'))`)
    await page.getByRole('status').getByText('0 pendientes').waitFor()

    assert.deepEqual(await readCounts(site, party), { inside: 1, duplicates: 0, conflicts: 0 })
  })

  await t.test('a clock that is fast is said to be, and the times of its scans are corrected', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]])
    const page = await aPhone(t, site, party, 'Norte')
    await page.clock.setSystemTime(Date.now() + 6.5 * 60_000)
    await page.evaluate(`dispatchEvent(new Event('online'))`)
    await page.getByText('El reloj va 6 min adelantado').waitFor()
    await page.context().setOffline(true)
    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'POR CONFIRMAR')
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('0 pendientes').waitFor()

    type Scans = { data: { offlineAt: string; scannedAt: string }[] }
    const { data } = await site.ask<Scans>('organizer', 'GET', `/events/${party.eventId}/scans`)
    assert.ok(Date.parse(data[0]!.scannedAt) > Date.now() + 5 * 60_000)
    assert.ok(Math.abs(Date.parse(data[0]!.offlineAt) - Date.now()) < 30_000)
  })

  await t.test('a login that ran out keeps what waits, and asks to sign in', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]])
    const page = await site.open(t, 'organizer', '/door', PHONE)
    await page.getByLabel('Evento').selectOption(party.eventId)
    await begin(page, 'login')
    await page.getByRole('status').getByText('0 adentro').waitFor()
    await page.context().setOffline(true)
    await typeCode(page, party.guests[0]!.code)
    await answer(page, 'POR CONFIRMAR')
    await next(page)
    const cookies = await page.context().cookies()
    await page.context().clearCookies()
    await page.context().setOffline(false)
    await page.getByRole('status').getByText('Sesión terminada').waitFor()
    await page.getByRole('button', { name: 'Pendientes' }).click()
    await page.getByText('Inicia sesión para subir lo pendiente. Nada se pierde.').waitFor()
    assert.equal((await readCounts(site, party)).inside, 0)

    await page.context().addCookies(cookies)
    await page.reload()
    await page.getByRole('status').getByText('0 pendientes').waitFor()

    assert.equal((await readCounts(site, party)).inside, 1)
  })

  await t.test('whose account has lost the event is told so, and can log out at once', async (t) => {
    const party = await anEvent(site, [['Ana Ruiz', 1]])
    const page = await site.open(t, 'organizer', '/door', { ...PHONE, serviceWorkers: 'block' })
    await page.getByLabel('Evento').selectOption(party.eventId)
    await page.getByRole('button', { name: 'Empezar' }).last().click()
    await page.getByRole('status').getByText('0 adentro').waitFor()
    const problem = { ...{ code: 'event_not_found', title: '', type: '', status: 404, detail: '', requestId: 'r' } }
    const lost = { status: 404, contentType: 'application/problem+json', body: JSON.stringify(problem) }
    await page.route('**/scan/manifest/**', (route) => route.fulfill(lost))
    await page.evaluate(`dispatchEvent(new Event('online'))`)
    await page.getByRole('status').getByText('Sesión terminada').waitFor()
    await page.getByRole('button', { name: 'Pendientes' }).click()
    await page.getByText('Ya no tienes este evento.').waitFor()

    await page.getByRole('button', { name: 'Entrar con otra cuenta' }).click()
    await page.waitForURL('**/login')
  })
})

/** In milliseconds, oldest first. */
const readTimes = (page: Page) =>
  page.evaluate<number[]>(`performance.getEntriesByName('door-answer').map(({ duration }) => duration)`)
