/** What every screen says when its data are slow, old or cut off from the network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Ending } from '../program.ts'
import { openSite, type Site, type Who } from './site.ts'

type App = { who: Who; path: string; title: string; calls: RegExp; elsewhere: string }
const APPS: App[] = [
  { who: 'director', path: '/panel', title: 'Resumen', calls: /:\d+\/director\//, elsewhere: 'Auditoría' },
  { who: 'organizer', path: '/organizer', title: 'Eventos', calls: /:\d+\/events(\?|$)/, elsewhere: 'Saldo' },
]

/** A page with a clock that tests move, from before its first script. */
async function withClock(t: Ending, site: Site, who: Who, time?: string): Promise<Page> {
  const page = await site.open(t, who, '/login')
  await page.clock.install(time === undefined ? {} : { time })
  return page
}
const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
const clockOf = (atMs: number) =>
  new Date(atMs).toLocaleTimeString('es-MX', {
    ...({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'America/Mexico_City' } as const),
  })

test('the age of what is shown', async (t) => {
  const site = await openSite(t)

  for (const { who, path, title: name, calls, elsewhere } of APPS) {
    await t.test(`${path}: an answer that takes long is waited for in words`, async (t) => {
      const page = await withClock(t, site, who)
      let answer = () => {}
      const isAwaited = new Promise<void>((resolve) => (answer = resolve))
      await page.route(calls, async (route) => {
        await isAwaited
        await route.continue()
      })
      await page.goto(path)
      await title(page, name)
      await page.locator('[aria-busy=true]').first().waitFor()
      assert.equal(await page.getByText('Está tardando.').count(), 0)

      await page.clock.fastForward('00:09')
      await page.getByText('Está tardando.').first().waitFor()
      answer()

      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
      assert.equal(await page.getByText('Está tardando.').count(), 0)
    })

    await t.test(`${path}: data that could not be renewed say how old they are`, async (t) => {
      const page = await withClock(t, site, who)
      await page.goto(path)
      await title(page, name)
      await page.waitForLoadState('networkidle')
      await page.clock.fastForward('04:00')
      assert.equal(await page.locator('span', { hasText: /^Datos de hace \d+ min$/ }).count(), 0)
      await page.route(calls, (route) => route.fulfill({ status: 503, json: { code: 'unavailable', requestId: 'r' } }))
      await page.clock.fastForward('10:00')
      const age = page.getByText('Datos de hace 14 min', { exact: true })
      await age.waitFor()

      await page.unroute(calls)
      await page.getByRole('button', { name: 'Actualizar', exact: true }).first().click()

      await age.waitFor({ state: 'detached' })
    })

    await t.test(`${path}: without a network the data stay, with their time, and the next screen waits`, async (t) => {
      const page = await site.open(t, who, path)
      await title(page, name)
      await page.waitForLoadState('networkidle')
      const loadedMs = Date.now()
      await page.context().setOffline(true)
      const line = page.getByText(/^Sin conexión\. Datos de las \d\d:\d\d\.$/)
      const text = await line.textContent()
      assert.ok(
        [clockOf(loadedMs), clockOf(loadedMs - 60_000)].some((clock) => text!.includes(clock)),
        text!,
      )
      await title(page, name)
      await page.getByRole('link', { name: elsewhere, exact: true }).click()
      const awaited = 'La pantalla que elegiste se abre en cuanto vuelva.'
      await page.locator('span', { hasText: awaited }).waitFor()
      await page.getByRole('status').filter({ hasText: awaited }).waitFor()
      await title(page, name)

      await page.context().setOffline(false)

      await title(page, elsewhere)
      await line.waitFor({ state: 'detached' })
      assert.equal(await page.locator('span', { hasText: awaited }).count(), 0)
    })
  }

  await t.test('what never changes is asked for once', async (t) => {
    const page = await withClock(t, site, 'organizer')
    let previews = 0
    page.on('request', (request) => {
      if (request.url().endsWith('/preview')) previews++
    })
    await page.goto('/organizer/events/ev_demo/sends/new?channel=email')
    await page.getByRole('region', { name: 'Así lo ve' }).getByRole('article').waitFor()
    for (let again = 0; again < 3; again++) {
      const renewed = page.waitForResponse(/\/events\/ev_demo$/)
      await page.clock.fastForward('05:01')
      await renewed
    }
    assert.equal(previews, 1)
  })

  await t.test('without a network the data of the evening before have their day', async (t) => {
    const page = await withClock(t, site, 'director', '2029-06-02T05:50:00Z')
    await page.goto('/panel/users')
    await page.getByRole('row').nth(1).waitFor()
    await page.context().setOffline(true)
    await page.getByText('Sin conexión. Datos de las 23:50.', { exact: true }).waitFor()

    await page.clock.fastForward('08:10:00')

    await page.getByText('Sin conexión. Datos del vie 1 jun 2029, 23:50 h.', { exact: true }).waitFor()
  })

  await t.test('without a network a list that was never read says so, and comes by itself', async (t) => {
    const page = await site.open(t, 'director', '/panel/audit')
    await page.getByText('Nadie cambió nada así en estas fechas.').waitFor()
    await page.context().setOffline(true)
    await page.getByRole('button', { name: /Tipo/ }).last().click()
    await page.getByRole('option', { name: 'Evento', exact: true }).click()
    await page.getByText('Sin conexión. Se carga en cuanto vuelva.').waitFor()

    await page.context().setOffline(false)

    await page.getByText('Nadie cambió nada así en estas fechas.').waitFor()
  })

  await t.test('an address that is no screen says so, with a way back', async (t) => {
    const page = await site.open(t, 'director', '/panel/nada/aqui')
    await title(page, 'Esta página no existe')
    await page.getByRole('navigation', { name: 'Secciones' }).waitFor()

    await page.getByRole('link', { name: 'Ir al inicio' }).click()

    await title(page, 'Resumen')
  })

  await t.test('a screen whose files do not come says so, and loads when they do', async (t) => {
    const cookies = await (await site.open(t, 'director', '/login')).context().cookies()
    // React writes what failed into the console, where site.open would see it.
    const context = await site.browser.newContext({ baseURL: site.url, locale: 'es-MX' })
    t.after(() => context.close())
    await context.addCookies(cookies)
    const page = await context.newPage()
    await page.route(/\/assets\/AuditPage/, (route) => route.abort())
    await page.goto('/panel/audit')
    await title(page, 'Algo falló en esta página')

    await page.unroute(/\/assets\/AuditPage/)
    await page.getByRole('button', { name: 'Reintentar' }).click()

    await title(page, 'Auditoría')
  })
})
