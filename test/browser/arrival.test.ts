/** How people come in: over plain http on a network, by a link of another site, and long after they logged in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSite } from './site.ts'

const LAN = 'monotickets.lan'

test('arrivals', async (t) => {
  const site = await openSite(t, { args: [`--host-resolver-rules=MAP ${LAN} 127.0.0.1`] })
  const { port } = new URL(site.url)

  await t.test('over plain http on a network people read why they cannot log in', async (t) => {
    // Chromium complains of http in the console, where site.open would see it.
    const context = await site.browser.newContext({ locale: 'es-MX' })
    t.after(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://${LAN}:${port}/login`)

    await page.getByRole('heading', { name: 'Aquí no se puede entrar' }).waitFor()
    await page
      .getByRole('alert')
      .filter({ hasText: `http://${LAN}:${port} usa http` })
      .waitFor()
    assert.equal(await page.getByLabel('Contraseña').count(), 0)
  })

  await t.test('a link of another site arrives logged in, and the page loads itself again once', async (t) => {
    const page = await site.open(t, 'organizer', '/login')
    const loads: string[] = []
    page.on('request', (request) => {
      if (request.isNavigationRequest()) loads.push(`${request.headers()['sec-fetch-site']} ${request.url()}`)
    })
    await page.route(`http://localhost:${port}/elsewhere`, (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a href="${site.url}/">Monotickets</a>` }),
    )
    await page.goto(`http://localhost:${port}/elsewhere`)
    await page.getByRole('link', { name: 'Monotickets' }).click()

    await page.getByText('Entraste como').waitFor()
    await page.waitForLoadState('networkidle')

    assert.equal(loads.filter((load) => load.endsWith(`${site.url}/`)).length, 2)
  })

  await t.test('whoever is nobody is not sent in circles', async (t) => {
    const page = await site.open(t, null, '/login')
    await page.route(`http://localhost:${port}/elsewhere`, (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a href="${site.url}/">Monotickets</a>` }),
    )
    await page.goto(`http://localhost:${port}/elsewhere`)
    await page.getByRole('link', { name: 'Monotickets' }).click()
    await page.getByRole('heading', { name: 'Invitaciones por WhatsApp y correo' }).waitFor()

    await page.getByRole('button', { name: 'Entrar', exact: true }).click()

    await page.getByLabel('Contraseña').waitFor()
  })

  await t.test('after the access token has ended, Entrar on the first page needs no password', async (t) => {
    const page = await site.open(t, 'organizer', '/login')
    await page.context().clearCookies({ name: 'mt_access' })
    await page.goto('/')
    await page.getByRole('button', { name: 'Entrar', exact: true }).click()

    await page.locator('h1', { hasText: 'Eventos' }).waitFor()
  })
})
