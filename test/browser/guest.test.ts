/** A guest answers on a page without JavaScript, and the organizer sees it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSite } from './site.ts'

test('a guest without JavaScript says who comes, gets a pass, and changes the answer', async (t) => {
  const site = await openSite(t)
  const page = await site.open(t, null, '/i/MONO-DEMO-0002', {
    javaScriptEnabled: false,
    viewport: { width: 360, height: 740 },
  })

  await page.getByLabel('¿Cuántos vienen?').selectOption('3')
  await page.getByLabel(/acompañante 1/).fill('Rosa Ñúñez')
  await page.getByRole('button', { name: 'Sí, ahí estaré' }).click()

  await page.getByText('Asistencia confirmada para 3 personas').waitFor()
  assert.equal(new URL(page.url()).pathname, '/i/MONO-DEMO-0002')
  await page.getByRole('img', { name: /QR/ }).waitFor()
  const confirmed = await site.ask<{ status: string; companions: { name: string }[] }>(
    'organizer',
    'GET',
    '/events/ev_demo/guests/g2',
  )
  assert.equal(confirmed.status, 'confirmed')
  assert.deepEqual(
    confirmed.companions.map(({ name }) => name),
    ['Rosa Ñúñez'],
  )

  await page.getByText('Cambiar mi respuesta').click()
  await page.getByRole('button', { name: 'No podré ir' }).click()

  await page.locator('.given.no').waitFor()
  assert.equal(await page.getByRole('img', { name: /QR/ }).count(), 0)
  const declined = await site.ask<{ status: string }>('organizer', 'GET', '/events/ev_demo/guests/g2')
  assert.equal(declined.status, 'declined')
})

test('the page has the guest’s language, a calendar file and a picture for link previews', async (t) => {
  const site = await openSite(t)
  await site.ask('organizer', 'PATCH', '/events/ev_demo/guests/g3', { locale: 'en' })
  const page = await site.open(t, null, '/i/MONO-DEMO-0003', { javaScriptEnabled: false })

  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await page.getByRole('button', { name: 'Yes, I will be there' }).waitFor()
  const calendar = await page.request.get((await page.getByRole('link', { name: /calendar/i }).getAttribute('href'))!)
  const image = new URL((await page.locator('meta[property="og:image"]').getAttribute('content'))!)
  const picture = await page.request.get(image.pathname + image.search)

  assert.match(await calendar.text(), /^BEGIN:VCALENDAR/)
  assert.equal(picture.headers()['content-type'], 'image/png')
})
