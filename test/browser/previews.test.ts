/** The preview of a send: whom it walks, and an e-mail as its reader sees it. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { openSite, type Site } from './site.ts'

const EVENT = '/events/ev_demo'
const NEW = `/organizer${EVENT}/sends/new`
const BURGUNDY = 'rgb(138, 59, 74)'

test('the preview of a send', async (t) => {
  const site = await openSite(t)
  await t.test('it walks those who get the message, and nobody else', (t) => walk(t, site))
  await t.test('it shows what a chosen guest would see, by the channel they have', (t) => look(t, site))
  await t.test('it shows an e-mail with its colours', (t) => showEmail(t, site))
  await t.test('what is hostile in an e-mail does nothing', (t) => showHostile(t, site))
})

async function walk(t: TestContext, site: Site): Promise<void> {
  const add = (name: string, phone: string | null) =>
    site.ask('organizer', 'POST', `${EVENT}/guests`, { name, phone, tags: ['Paseo'] })
  // More than the check names of those who are left out.
  for (let index = 0; index < 22; index++) await add(`Sin teléfono ${index}`, null)
  for (const [index, name] of ['Úrsula', 'beto', 'Ana'].entries()) await add(name, `55 1234 570${index}`)

  const page = await site.open(t, 'organizer', `${NEW}?tag=Paseo`)
  const preview = page.getByRole('region', { name: 'Así lo ve' })
  const next = preview.getByRole('button', { name: 'Siguiente' })
  await page.getByText('Fuera: 22').waitFor()
  for (const [index, name] of ['Ana', 'beto', 'Úrsula'].entries()) {
    if (index > 0) await next.click()
    await preview.getByRole('heading', { name: `Así lo ve ${name}` }).waitFor()
    await preview.getByText(`${index + 1} de 3`).waitFor()
    await preview.getByText(`Hola ${name}:`).waitFor()
  }
  assert.ok(await next.isDisabled())
}

async function look(t: TestContext, site: Site): Promise<void> {
  const guest = { name: 'Solo Correo', email: 'solo@example.com', tags: ['Solo'] }
  const { id } = await site.ask<{ id: string }>('organizer', 'POST', `${EVENT}/guests`, guest)
  const page = await site.open(t, 'organizer', `/organizer${EVENT}/guests?guest=${id}`)
  await page.getByRole('button', { name: 'Enviar', exact: true }).click()
  await page.getByRole('button', { name: 'Ver cómo queda' }).click()
  const preview = page.getByRole('region', { name: 'Así lo ve' })
  await preview.getByRole('article').getByText('Hola Solo Correo:').waitFor()
  // Another message is another look.
  await page.getByRole('button', { name: /^Mensaje|Invitación Mensaje/ }).click()
  await page.getByRole('option', { name: 'Recordatorio' }).click()
  await page.getByRole('button', { name: 'Ver cómo queda' }).click()
  await preview.getByText('te recordamos', { exact: false }).first().waitFor()

  // The preview stays open while a text is written.
  await page.getByRole('button', { name: /^Mensaje|Recordatorio Mensaje/ }).click()
  await page.getByRole('option', { name: 'Aviso con tu texto' }).click()
  const text = page.getByLabel('Texto del aviso')
  await text.fill('Cambia la hora')
  await page.getByRole('button', { name: 'Ver cómo queda' }).click()
  await preview.getByText('Cambia la hora').first().waitFor()
  await text.pressSequentially(' a las 8')
  await preview.getByText('Cambia la hora a las 8').first().waitFor()
}

const letterOf = (page: Page): Locator => page.getByRole('region', { name: 'Así lo ve' }).getByRole('article')

async function showEmail(t: TestContext, site: Site): Promise<void> {
  const name = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
  await site.ask('organizer', 'POST', `${EVENT}/guests`, { name, email: 'mala@example.com', tags: ['Correo'] })
  const page = await site.open(t, 'organizer', `${NEW}?tag=Correo&channel=email`, { colorScheme: 'light' })
  const letter = letterOf(page)
  await letter.getByText('Monotickets (correo simulado)').waitFor()
  await letter
    .getByText(/onerror="window\.hacked=1"/)
    .first()
    .waitFor()

  const button = letter.getByText('Ver invitación', { exact: true })
  assert.equal(await button.evaluate((link) => getComputedStyle(link.parentElement ?? link).backgroundColor), BURGUNDY)
  assert.equal(await button.evaluate((link) => getComputedStyle(link).color), 'rgb(255, 255, 255)')
  assert.equal(await letter.getByRole('link').count(), 0)
  const address = page.url()
  await button.click()
  assert.equal(page.url(), address)
  assert.equal(await letter.locator('script, img').count(), 0)
  assert.equal(await page.evaluate(() => 'hacked' in window), false)
}

const HOSTILE = `<style>.x{color:rgb(1, 2, 3)} :host{contain:none!important;overflow:visible!important;position:static!important}
.cover{position:fixed;inset:0;z-index:9;pointer-events:none}</style><div class="cover">Encima</div><script>window.hacked = 1</script><p class="x" onclick="window.hacked=1">Hola</p>
<p><img src="x" onerror="window.hacked=1" alt="una foto"></p><p><img src="https://example.com/x.png" alt="otra foto"></p>
<a href="javascript:window.hacked=1">Ver</a><form action="/logout" method="post"><button>Salir</button></form>
<iframe srcdoc="<script>parent.hacked=1</script>"></iframe><object data="/"></object><svg onload="window.hacked=1"></svg>`

async function showHostile(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', '/organizer')
  await page.route('**/templates/*/preview', async (route) => {
    const reply = await route.fetch()
    const preview = (await reply.json()) as { email: { html: string } }
    await route.fulfill({ response: reply, json: { ...preview, email: { ...preview.email, html: HOSTILE } } })
  })
  const hosts = new Set<string>()
  page.on('request', (request) => hosts.add(new URL(request.url()).host))
  await page.goto(`${NEW}?channel=email`)
  const letter = letterOf(page)
  const text = letter.getByText('Hola', { exact: true })
  await text.click()
  await letter.getByText('Ver', { exact: true }).click()

  assert.equal(await text.evaluate((one) => getComputedStyle(one).color), 'rgb(1, 2, 3)')
  await letter.getByText('otra foto').waitFor()
  const [cover, paper] = await Promise.all([letter.getByText('Encima').boundingBox(), letter.boundingBox()])
  assert.ok(cover!.y > paper!.y && cover!.x + cover!.width <= paper!.x + paper!.width, 'it covers nothing of the page')
  assert.equal(await letter.locator('script, style, form, button, iframe, object, svg, [href], [onclick]').count(), 0)
  assert.equal(await page.evaluate(() => 'hacked' in window), false)
  assert.deepEqual([...hosts], [new URL(site.url).host])
}
