import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import xlsx from '@e965/xlsx'
import { parse } from 'csv-parse/sync'
import { startApp, tokenFor, type TestApp } from '../../test/harness.ts'
import { aLoan, anAssignment } from '../../test/ledger.ts'
import { anEvent, anOrganizer } from '../../test/make.ts'
import { sql, withTx } from '../platform/db.ts'
import { refreshKpisJob } from '../finance/jobs.ts'
import { openFile } from './files.ts'
import { REPORTS } from './list.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'

async function readSheet(app: TestApp, name: string, query = '') {
  const reply = await app.get(`/director/reports/${name}?format=xlsx&${query}`, { as })
  assert.equal(reply.statusCode, 200)
  assert.equal(reply.headers['content-type'], 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
  assert.equal(reply.headers['content-disposition'], `attachment; filename="${name}.xlsx"`)
  const book = xlsx.read(reply.rawPayload, { cellNF: true, cellDates: false })
  assert.deepEqual(book.SheetNames, [name])
  return { sheet: book.Sheets[name]!, parts: listParts(reply.rawPayload) }
}

/** The files of the archive by name. */
function listParts(bytes: Buffer): Map<string, string> {
  const { FullPaths, FileIndex } = xlsx.CFB.read(bytes, { type: 'buffer' }) as {
    FullPaths: string[]
    FileIndex: { content?: Uint8Array }[]
  }
  const parts = new Map<string, string>()
  for (const [n, { content }] of FileIndex.entries())
    if (content?.length && !FullPaths[n]!.includes('Sh33tJ5'))
      parts.set(FullPaths[n]!.replace('Root Entry/', ''), Buffer.from(content).toString())
  return parts
}

const linesOf = (sheet: xlsx.WorkSheet) =>
  xlsx.utils.sheet_to_json<unknown[]>(sheet, { header: 1, defval: null, UTC: true })

test('a sheet has money and counts as numbers, days as days, and the totals last', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 3, cents: 123_456, at: '2030-06-01T18:00:00Z' })

  const { sheet, parts } = await readSheet(app, 'debt-aging', `organizerId=${organizerId}`)

  const money = [1234.56, 1234.56, 0, 0, 0]
  assert.deepEqual(linesOf(sheet), [
    [
      'Id',
      'Organizador',
      'Adeudo',
      '0 a 30 días',
      '31 a 60 días',
      '61 a 90 días',
      'Más de 90 días',
      'Adeudo más antiguo',
    ],
    [organizerId, 'Eventos de prueba', ...money, new Date('2030-06-01T00:00:00Z')],
    ['Total', null, ...money, null],
  ])
  const cells = ['A2', 'C2', 'H2', 'C3'].map((ref) => sheet[ref] as xlsx.CellObject)
  assert.deepEqual(
    cells.map(({ t: type, z: format }) => [type, format]),
    [
      ['s', 'General'],
      ['n', '#,##0.00'],
      ['n', 'yyyy-mm-dd'],
      ['n', '#,##0.00'],
    ],
  )
  const xml = parts.get('xl/worksheets/sheet1.xml')!
  assert.match(xml, /<pane ySplit="1" topLeftCell="A2" state="frozen" activePane="bottomLeft"\/>/)
  assert.equal([...xml.matchAll(/<col [^>]*width="\d+"/g)].length, 8)
  assert.deepEqual(listBold(parts), [
    'A1',
    'B1',
    'C1',
    'D1',
    'E1',
    'F1',
    'G1',
    'H1',
    'A3',
    ...'BCDEFGH'.split('').map((c) => `${c}3`),
  ])
})

/** The cells whose style has a bold font. */
function listBold(parts: Map<string, string>): string[] {
  const styles = parts.get('xl/styles.xml')!
  const between = (tag: string) => styles.split(`<${tag}`)[1]!.split(`</${tag}>`)[0]!
  const fonts = between('fonts').split('<font').slice(1)
  const formats = [...between('cellXfs').matchAll(/<xf [^>]*fontId="(\d+)"/g)].map(([, id]) => Number(id))
  const cells = [
    ...parts.get('xl/worksheets/sheet1.xml')!.matchAll(/<c r="([A-Z]+\d+)"[^>]*?(?: s="(\d+)")?(?=[ />])[^>]*>/g),
  ]
  return cells
    .filter(([cell]) => /<b[ /]/.test(fonts[formats[Number(/ s="(\d+)"/.exec(cell)?.[1] ?? 0)]!]!))
    .map(([, ref]) => ref!)
}

test('the archive has every part that Excel looks for, and each refers to what is there', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { parts } = await readSheet(app, 'payments')

  for (const [name, text] of parts) assert.match(text, /^<\?xml version="1.0" encoding="UTF-8"/, name)
  const types = parts.get('[Content_Types].xml')!
  const named = [...types.matchAll(/PartName="\/([^"]+)"/g)].map(([, name]) => name!)
  for (const name of named) assert.ok(parts.has(name), `${name} is named and missing`)
  assert.ok(named.includes('xl/worksheets/sheet1.xml') && named.includes('xl/styles.xml'))
  assert.match(parts.get('_rels/.rels')!, /Target="xl\/workbook.xml"/)
  const targets = [...parts.get('xl/_rels/workbook.xml.rels')!.matchAll(/Target="([^"]+)"/g)].map(([, one]) => one!)
  for (const target of targets) assert.ok(parts.has(`xl/${target}`), `${target} is referred to and missing`)
})

const HOSTILE: [name: string, shown: string][] = [
  ['=cmd|calc', '=cmd|calc'],
  ['+52 55 1234 5678', '+52 55 1234 5678'],
  ['-1+1', '-1+1'],
  ['@SUM(A1)', '@SUM(A1)'],
  ['\t=1+1', '=1+1'],
  ['\r=1+1', '=1+1'],
  ['a\u0000b\u0007c\u200bd\ue000'.replace('\u0000', ''), 'abcd\ue000'],
  ['Bodas & <Fiestas> "Ñ" 👰', 'Bodas & <Fiestas> "Ñ" 👰'],
  ['_x0041_ \ufffe', '_x0041_'],
  ['0055', '0055'],
]
test('a text stays a text, whatever it begins with, and nothing of it breaks the file', async (t) => {
  const app = await startApp(t, { now: NOW })
  const ids = await Promise.all(HOSTILE.map(() => anOrganizer(app.db)))
  for (const [n, [name]] of HOSTILE.entries()) {
    await sql`update organizers set name = ${name} where id = ${ids[n]!}`.execute(app.db)
    await aLoan(app.db, ids[n]!, 100 * (n + 1))
  }

  const { sheet } = await readSheet(app, 'debt-aging')
  const csv = (await app.get('/director/reports/debt-aging?format=csv', { as })).body
  const lines = parse<Record<string, string>>(csv, { bom: true, columns: true })

  const inSheet = new Map(linesOf(sheet).map(([id, name]) => [id, name]))
  for (const [n, [, shown]] of HOSTILE.entries()) {
    assert.equal(String(inSheet.get(ids[n]!)).trim(), shown)
    const inCsv = lines.find(({ id }) => id === ids[n])!['organizer']!
    assert.equal(inCsv.replace('\ufffe', '').trim(), /^[=+\-@]/.test(shown) ? `'${shown}` : shown)
  }
  const formulas = Object.values(sheet).filter((cell) => (cell as xlsx.CellObject).f !== undefined)
  assert.deepEqual(formulas, [])
})

test('money below zero is a number in both files', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const id = (
    await app.post('/director/payments', { as, body: { organizerId, amountCents: 5000, paidAt: '2030-06-01' } })
  ).json().payment.id
  await app.post(`/director/payments/${id}/reverse`, { as, body: { reason: 'typo' } })
  const query = `organizerId=${organizerId}&from=2030-06-15`

  const { sheet } = await readSheet(app, 'top-organizers', query)
  const csv = (await app.get(`/director/reports/top-organizers?format=csv&${query}`, { as })).body

  assert.equal(linesOf(sheet)[1]![4], -50)
  assert.equal(parse<{ paid: string }>(csv, { bom: true, columns: true })[0]!.paid, '-50.00')
})

for (const { name } of REPORTS) {
  test(`the report ${name} has the same rows and totals as JSON, CSV and XLSX`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const organizerId = await anOrganizer(app.db)
    await anEvent(app.db, { organizerId, startsAt: '2030-06-10T18:00:00Z' })
    await aLoan(app.db, organizerId, 5001)
    await app.post('/director/payments', { as, body: { organizerId, amountCents: 1999, paidAt: '2030-06-03' } })
    await app.runJob(refreshKpisJob, {})

    const { totals, data } = (await app.get(`/director/reports/${name}?limit=200`, { as })).json()
    const csv = parse((await app.get(`/director/reports/${name}?format=csv`, { as })).body, { bom: true })
    const [header, ...lines] = linesOf((await readSheet(app, name)).sheet)

    assert.equal(new Set(header).size, csv[0]!.length, `${name}: a heading for every column`)
    assert.deepEqual(
      lines.map(([id]) => id),
      [...csv.slice(1).map(([id]) => id), 'Total'],
    )
    assert.deepEqual(
      data.map(({ id }: { id: string }) => id),
      csv.slice(1).map(([id]) => id),
    )
    for (const [n, column] of csv[0]!.entries())
      if (column in totals) assert.equal(lines.at(-1)![n], totals[column] === null ? null : Number(totals[column]))
  })
}

/** The reports that run, and the cursors that are open. */
async function countOpen(app: TestApp): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open
      from pg_stat_activity
     where datname = current_database()
       and (state = 'idle in transaction' or wait_event_type = 'Lock')`.execute(app.db)
  return rows[0]!.open
}
async function waitUntilOpen(app: TestApp, count: number): Promise<void> {
  for (let tries = 0; tries < 60 && (await countOpen(app)) !== count; tries++) await sleep(50)
  assert.equal(await countOpen(app), count)
}

for (const format of ['csv', 'xlsx'] as const) {
  test(`a ${format} that nobody reads to its end gives its connection back`, async (t) => {
    const app = await startApp(t, { now: NOW })
    await sql`
      insert into organizers (id, name)
      select 'org_many_' || n, repeat(md5(n::text), 6) from generate_series(1, 20000) n
          on conflict do nothing`.execute(app.db)
    await sql`
      with t as (
        insert into ledger_transactions (id, organizer_id, kind, lines, created_by, request_id, effective_at, created_at)
        select 'ltx_many_' || n, 'org_many_' || n, 'loan', 2, 'usr_x', 'req_x', ${NOW}, ${NOW} from generate_series(1, 20000) n
            on conflict do nothing
        returning id, organizer_id)
      insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, currency, amount_cents)
      select id, line, 2, organizer_id, ${NOW}, account, 'MXN', cents
        from t
       cross join (values (1, 'receivable', 100), (2, 'sales', -100)) e (line, account, cents)`.execute(app.db)
    // As autovacuum does soon after: without statistics PostgreSQL may plan for a handful of rows.
    await sql`analyze organizers, ledger_transactions, ledger_entries, ledger_sums, ledger_months`.execute(app.db)
    const report = REPORTS.find(({ name }) => name === 'debt-aging')!
    const extras = { eventId: null, type: null, method: null, groupBy: null }
    const filter = { from: null, to: null, organizerId: null, ...extras, currency: 'MXN', today: '2030-06-15' }

    const { bytes, rowsRead, rowsTotal } = await openFile(app.deps, report, filter, format)
    while (rowsRead() === 0) if (bytes.read() === null) await once(bytes, 'readable')
    await sleep(300) // time enough to run ahead
    assert.ok(rowsRead() > 0 && rowsRead() < rowsTotal / 2, `${rowsRead()} of ${rowsTotal} rows were read for nobody`)
    assert.equal(await countOpen(app), 1)
    bytes.destroy()

    await waitUntilOpen(app, 0)
  })

  test(`a client that goes away before the first byte of a ${format} ends the query`, async (t) => {
    const app = await startApp(t, { now: NOW })
    if (!app.app.server.listening) await app.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.app.server.address() as AddressInfo
    const headers = { authorization: `Bearer ${await tokenFor(app.deps, as)}` }

    await withTx(app.db, async (tx) => {
      await sql`lock table ledger_sums in access exclusive mode`.execute(tx)
      const call = request({ port, path: `/director/reports/top-organizers?format=${format}`, headers }).end()
      call.on('error', () => {})
      await waitUntilOpen(app, 2) // the lock and who waits for it
      call.destroy()
      await waitUntilOpen(app, 1)
    })
  })
}
