/** Every chart of the overview has its table, its files and what is behind it, by mouse and by keyboard. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import type { Locator, Page } from 'playwright-core'
import { openSite } from './site.ts'

type Totals = { totals: { rows: number } }
const dayIn = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
/** In which the demo has a past, so that no chart is empty. */
const [FROM, TO] = [dayIn(-100), dayIn(30)]
const word = (url: URL, name: string) => url.searchParams.get(name) ?? ''
const isPart = (url: URL) => word(url, 'from') >= FROM && word(url, 'to') < TO

/** `behind`: where a row and a mark lead. */
type Chart = { title: string | RegExp; report: string; behind: (url: URL) => boolean }
const CHARTS: Chart[] = [
  {
    title: /^Cobros por/,
    report: 'payments',
    behind: (url) => url.pathname === '/panel/money' && word(url, 'group') === 'confirmed' && isPart(url),
  },
  {
    title: 'Deuda por día',
    report: 'debt',
    behind: (url) => url.pathname === '/panel/organizers' && word(url, 'to') >= FROM,
  },
  { title: 'Antigüedad de la deuda', report: 'debt-aging', behind: (url) => /\/organizers\/org_/.test(url.pathname) },
  {
    title: 'Quién usa más boletos',
    report: 'top-organizers',
    behind: (url) => /\/organizers\/org_/.test(url.pathname),
  },
  {
    title: 'Boletos usados por evento',
    report: 'tickets-usage',
    behind: (url) => url.pathname === '/panel/attendance' && word(url, 'eventId').startsWith('ev_'),
  },
  {
    title: 'Confirmación y asistencia',
    report: 'confirmation',
    behind: (url) => url.pathname === '/panel/attendance' && word(url, 'from') === word(url, 'to'),
  },
  {
    title: 'Mensajes de WhatsApp',
    report: 'whatsapp-cost',
    behind: (url) => url.pathname === '/panel/messages/whatsapp' && isPart(url),
  },
]

async function save(page: Page, figure: Locator, format: 'CSV' | 'XLSX'): Promise<{ name: string; bytes: Buffer }> {
  const coming = page.waitForEvent('download')
  await figure.getByRole('button', { name: new RegExp(`^Bajar ${format}`) }).click()
  const file = await coming
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

test('the charts', async (t) => {
  const site = await openSite(t)

  for (const { title, report, behind } of CHARTS)
    await t.test(`${report}: table, files and what is behind it`, async (t) => {
      const page = await site.open(t, 'director', `/panel?from=${FROM}&to=${TO}`)
      const figure = page.getByRole('figure', { name: title })
      await figure.getByRole('img').first().waitFor()
      const mark = figure.locator('svg title').last().locator('..')
      await mark.click()
      await page.waitForURL(behind)
      await page.locator('h1:focus').waitFor()
      await page.goBack()

      const asked = page.waitForRequest((request) => request.url().includes('format=csv'))
      const csv = await save(page, figure, 'CSV')
      const query = new URL((await asked).url()).search.replace('format=csv', 'limit=1')
      const { totals } = await site.ask<Totals>('director', 'GET', `/director/reports/${report}${query}`)
      const rows = parse(csv.bytes, { bom: true, columns: true })
      assert.ok(totals.rows > 0, 'the demo has rows of it')
      assert.deepEqual([csv.name, rows.length], [`${report}.csv`, totals.rows])
      const xlsx = await save(page, figure, 'XLSX')
      assert.deepEqual([xlsx.name, xlsx.bytes.subarray(0, 2).toString()], [`${report}.xlsx`, 'PK'])

      await figure.getByRole('button', { name: 'Ver tabla' }).press('Enter')
      const row = figure.getByRole('table').getByRole('row').nth(1)
      await row.getByRole('link').press('Enter')

      await page.waitForURL(behind)
      await page.locator('h1:focus').waitFor()
    })

  await t.test('the debt of one organizer leads to the same sum on that day', async (t) => {
    const page = await site.open(t, 'director', `/panel?from=${FROM}&to=${TO}&organizerId=org_demo`)
    const figure = page.getByRole('figure', { name: 'Deuda por día' })
    await figure.getByRole('button', { name: 'Ver tabla' }).click()
    const row = figure.getByRole('table').getByRole('row').last()
    const owed = await row.getByRole('cell').nth(1).innerText()
    await row.getByRole('link').click()

    const list = page.getByRole('grid', { name: 'Organizadores' })
    await list.getByRole('row', { name: 'Bodas y Fiestas Demo' }).filter({ hasText: owed }).waitFor()
    assert.equal(await list.getByRole('row').count(), 1 + 1)
    assert.equal(word(new URL(page.url()), 'organizerId'), 'org_demo')

    // Of a day to come nobody knows the debt.
    const day = page.getByLabel('Deuda al')
    const shown = await day.inputValue()
    await day.fill('2099-01-01')
    await day.press('Enter')
    assert.equal(await day.inputValue(), shown)
  })

  await t.test('an event with messages leads to its guests and what each got', async (t) => {
    const page = await site.open(t, 'director', `/panel/messages/whatsapp?from=${FROM}&to=${TO}`)
    const link = page.getByRole('grid').getByRole('link').first()
    const name = await link.innerText()
    await link.click()

    await page.getByRole('heading', { level: 1, name: 'Invitados' }).waitFor()
    await page.getByText(name, { exact: true }).first().waitFor()
    await page.getByRole('grid', { name: 'Invitados' }).getByRole('row').nth(1).waitFor()
  })

  await t.test('a report of too many rows for one answer is written by the server, and comes by itself', async (t) => {
    const page = await site.open(t, 'director', `/panel?from=${FROM}&to=${TO}`)
    const tooMany = { status: 409, json: { code: 'export_required', requestId: 'req_1', detail: '' } }
    await page.route(/\/reports\/payments\?.*format=csv/, (route) => route.fulfill(tooMany))
    let isHeld = true
    await page.route(/\/director\/exports\/exp_[^/]+$/, async (route) => {
      const reply = await route.fetch()
      const found = (await reply.json()) as { status: string; downloadUrl: string | null }
      const half = { ...found, status: 'running', downloadUrl: null, rowsTotal: 200, rowsDone: 90 }
      await route.fulfill({ response: reply, json: isHeld ? half : found })
    })
    const figure = page.getByRole('figure', { name: /^Cobros por/ })
    const asked = page.waitForRequest((request) => request.url().includes('format=csv'))
    const coming = save(page, figure, 'CSV')
    await figure.getByText('Son muchas filas: estamos escribiendo el archivo. 45.0%').waitFor()
    await page.getByRole('status').filter({ hasText: 'Son muchas filas: estamos escribiendo el archivo.' }).waitFor()
    assert.equal(await page.getByRole('status').filter({ hasText: '%' }).count(), 0)
    isHeld = false
    const { name, bytes } = await coming

    const query = new URL((await asked).url()).search.replace('format=csv', 'limit=1')
    const { totals } = await site.ask<Totals>('director', 'GET', `/director/reports/payments${query}`)
    assert.deepEqual([name, parse(bytes, { bom: true, columns: true }).length], ['payments.csv', totals.rows])
    await figure.getByText('Son muchas filas').waitFor({ state: 'detached' })
  })
})
