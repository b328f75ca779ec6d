/** What a form says before it asks the API: an import before it writes, and a field before it is sent. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { openSite, type Site } from './site.ts'

const EVENT = '/events/ev_demo'
const PAGE = `/organizer${EVENT}`
const LIST = `Nombre,Correo,Lugares
Ana Uno,ana@example.com,2
Daniel Cuatro,daniel@example,1
Eva Cinco,,40
`

test('what forms say before they ask', async (t) => {
  const site = await openSite(t)
  await t.test('the review of an import begins at its first error and gives the rows as a file', (t) => review(t, site))
  await t.test('a list that is too long for a review shows its first rows', (t) => reviewLong(t, site))
  await t.test('a field that is wrong says so, and nothing is sent', (t) => checkField(t, site))
})

async function review(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/import`)
  await choose(page, LIST)
  const errors = page.getByRole('grid', { name: 'Filas con error' })
  await errors.waitFor()
  await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'row')
  const focused = await page.locator('[role=row]:focus').innerText()
  assert.match(focused, /^3\s+Correo\s+«daniel@example»\s+Escribe un solo correo/)
  assert.deepEqual(await errors.getByRole('columnheader').allInnerTexts(), ['Fila', 'Columna', 'Valor', 'Qué pasa'])

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Bajar 2 filas con error' }).click()
  const file = await download
  assert.equal(file.suggestedFilename(), 'filas-con-error.csv')
  const rows = (await text(await file.createReadStream())).trim().split('\r\n')
  assert.equal(rows.length, 1 + 2)
  assert.match(rows[1]!, /^3,.*invalid_email,Daniel Cuatro,daniel@example,1$/)
}

async function reviewLong(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', `${PAGE}/import`)
  const names = Array.from({ length: 10_050 }, (_, index) => `Invitada ${index},${index === 3 ? 'no es' : ''}`)
  await choose(page, `Nombre,Correo\n${names.join('\n')}\n`)
  await page.getByText('La lista tiene 10,050 filas. Aquí están las primeras 10,000').waitFor()
  await page.getByRole('button', { name: 'Bajar 1 fila con error' }).waitFor()
  assert.ok(await page.getByRole('button', { name: 'Importar las 10,050 filas' }).isEnabled())
}

async function checkField(t: TestContext, site: Site): Promise<void> {
  const page = await site.open(t, 'organizer', PAGE)
  const asked: string[] = []
  page.on('request', (request) => (request.url().endsWith('/cancel') ? asked.push(request.url()) : undefined))
  await page.getByRole('button', { name: 'Cancelar el evento' }).click()
  const dialog = page.getByRole('dialog')
  const reason = dialog.getByRole('textbox')
  await reason.fill('x'.repeat(1001))
  await dialog.getByRole('button', { name: /^Cancelar y/ }).click()
  await dialog.getByText('Es demasiado largo.').waitFor()
  assert.equal(await reason.getAttribute('aria-invalid'), 'true')
  assert.deepEqual(asked, [])
}

async function choose(page: Page, list: string): Promise<void> {
  const file = { name: 'lista.csv', mimeType: 'text/csv', buffer: Buffer.from(list) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Revisar' }).click()
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
