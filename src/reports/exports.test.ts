import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aLoan } from '../../test/ledger.ts'
import { anOrganizer } from '../../test/make.ts'
import { deleteOldRows } from '../operations/housekeeping.ts'
import { sql } from '../platform/db.ts'
import { sweepExports, writeExportJob } from './jobs.ts'
import { claimExport, completeExport, findDueExport, insertChunk } from './sql.ts'

const as = 'director'
const NOW = '2030-06-15T18:00:00.000Z'
const later = (seconds: number) => new Date(Date.parse(NOW) + seconds * 1000)

async function ask(app: TestApp, body: object = {}): Promise<string> {
  const reply = await app.post('/director/exports', { as, body: { report: 'debt-aging', format: 'csv', ...body } })
  assert.equal(reply.statusCode, 202, reply.body)
  const { exportId } = reply.json()
  assert.equal(reply.headers['location'], `/director/exports/${exportId}`)
  return exportId
}
const show = async (app: TestApp, id: string) => (await app.get(`/director/exports/${id}`, { as })).json()
const download = (app: TestApp, id: string) => app.get(`/director/exports/${id}/download`, { as })
const write = (app: TestApp, exportId: string) => app.runJob(writeExportJob, { exportId })
/** Nothing that another test left open takes the turn of this one. */
const clear = (app: TestApp) => sql`delete from exports`.execute(app.db)

async function countChunks(app: TestApp, id: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from export_chunks where export_id = ${id}`.execute(app.db)
  return rows[0]!.count
}

for (const format of ['csv', 'xlsx']) {
  test(`an export as ${format} is written by a job and is the file that the report answers`, async (t) => {
    const app = await startApp(t, { now: NOW })
    await clear(app)
    const organizerId = await anOrganizer(app.db)
    await aLoan(app.db, organizerId, 12_345)
    const query = `organizerId=${organizerId}&to=2030-06-15`

    const id = await ask(app, { format, filters: { organizerId, to: '2030-06-15T12:00:00Z', type: 'standard' } })
    const queued = await show(app, id)
    const early = await download(app, id)
    await write(app, id)
    const completed = await show(app, id)
    const file = await download(app, id)
    const answer = await app.get(`/director/reports/debt-aging?format=${format}&type=standard&${query}`, { as })

    assert.deepEqual([queued.status, queued.rowsTotal, queued.downloadUrl], ['queued', null, null])
    assert.deepEqual(queued.filters, {
      ...{ from: null, to: '2030-06-15', organizerId, eventId: null, type: 'standard', method: null, groupBy: null },
      currency: 'MXN',
    })
    assert.deepEqual([early.statusCode, early.json().code], [409, 'export_not_ready'])
    const { status, rowsDone, rowsTotal, bytes, downloadUrl, endedAt, expiresAt } = completed
    assert.deepEqual([status, rowsDone, rowsTotal], ['completed', 0, 0])
    assert.deepEqual([downloadUrl, endedAt], [`/director/exports/${id}/download`, NOW])
    assert.equal(expiresAt, '2030-06-22T18:00:00.000Z')
    assert.equal(file.rawPayload.length, bytes)
    assert.equal(file.headers['content-length'], String(bytes))
    for (const name of ['content-type', 'content-disposition']) assert.equal(file.headers[name], answer.headers[name])
    if (format === 'csv') assert.equal(file.body, answer.body)
  })
}

test('a report of more than 50,000 rows needs an export, which has them all', async (t) => {
  const app = await startApp(t, { now: NOW })
  await clear(app)
  await sql`insert into organizers (id, name) select 'org_many_' || n, md5(n::text) from generate_series(1, 50001) n`.execute(
    app.db,
  )
  await sql`
    with t as (
      insert into ledger_transactions (id, organizer_id, kind, lines, created_by, request_id, effective_at, created_at)
      select 'ltx_many_' || n, 'org_many_' || n, 'loan', 2, 'usr_x', 'req_x', '2030-01-01', ${NOW} from generate_series(1, 50001) n
      returning id, organizer_id)
    insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, currency, amount_cents)
    select id, line, 2, organizer_id, '2030-01-01', account, 'MXN', cents
      from t
     cross join (values (1, 'receivable', 100), (2, 'sales', -100)) e (line, account, cents)`.execute(app.deps.slowDb)
  // As autovacuum does soon after: without statistics PostgreSQL may plan for a handful of rows.
  await sql`analyze organizers, ledger_transactions, ledger_entries, ledger_sums, ledger_months`.execute(
    app.deps.slowDb,
  )

  for (const format of ['csv', 'xlsx']) {
    const refused = await app.get(`/director/reports/debt-aging?format=${format}`, { as })
    assert.deepEqual([refused.statusCode, refused.json().code], [409, 'export_required'])
    assert.match(refused.json().detail, /POST \/director\/exports/)
  }
  const id = await ask(app)
  await write(app, id)
  const lines = parse<{ id: string }>((await download(app, id)).body, { bom: true, columns: true })

  const { totals } = (await app.get('/director/reports/debt-aging?limit=1', { as })).json()
  assert.ok(totals.rows > 50_000)
  assert.equal(new Set(lines.map((line) => line.id)).size, totals.rows)
  assert.equal(lines.length, totals.rows)
  assert.equal((await show(app, id)).rowsDone, totals.rows)
  assert.ok((await countChunks(app, id)) > 3)
})

test('an export whose worker died is written again, and the old worker can add nothing more', async (t) => {
  const app = await startApp(t, { now: NOW })
  await clear(app)
  const organizerId = await anOrganizer(app.db)
  await aLoan(app.db, organizerId, 100)
  const id = await ask(app, { filters: { organizerId } })
  const first = (await claimExport(app.db, id, later(0)))!
  const chunk = { number: 0, bytes: Buffer.from('half of a file'), rowsDone: 1 }
  assert.equal(await insertChunk(app.db, first, chunk, later(0)), true)

  assert.equal(await claimExport(app.db, id, later(59)), null, 'the lease still holds')
  assert.equal(await findDueExport(app.db, later(59)), null)
  assert.deepEqual(await findDueExport(app.db, later(61)), { id, attempt: 1 })
  app.setNow(later(61).toISOString())
  await app.runJob(sweepExports, {})
  await write(app, id)

  assert.equal((await show(app, id)).status, 'completed')
  assert.equal(await insertChunk(app.db, first, { ...chunk, number: 1 }, later(62)), false)
  assert.equal(await completeExport(app.db, first, 1, later(62)), false)
  assert.equal(await countChunks(app, id), 1)
  assert.match((await download(app, id)).body, /^\ufeffid,organizer.*\r\norg_.*,1\.00,.*\r\n$/)
})

test('exports take turns, the oldest first', async (t) => {
  const app = await startApp(t, { now: NOW })
  await clear(app)
  const first = await ask(app)
  app.setNow(later(1).toISOString())
  const second = await ask(app)

  assert.equal((await findDueExport(app.db, later(2)))!.id, first)
  const claimed = (await claimExport(app.db, first, later(2)))!
  assert.match(String(await write(app, second)), /another export is being written/)
  assert.equal((await show(app, second)).status, 'queued')
  assert.equal(await completeExport(app.db, claimed, 0, later(3)), true)
  assert.equal((await findDueExport(app.db, later(3)))!.id, second)
})

test('an export that fails three times is given up, whether by an error or with its workers', async (t) => {
  const app = await startApp(t, { now: NOW, expectErrors: /export failed/ })
  await clear(app)
  const id = await ask(app)
  await sql`update exports set report = 'gone' where id = ${id}`.execute(app.db)
  for (const status of ['queued', 'queued', 'failed', 'failed']) {
    await write(app, id)
    assert.equal((await show(app, id)).status, status)
  }
  assert.deepEqual((await download(app, id)).json().detail, 'It failed: ask for another.')

  const other = await ask(app)
  for (const seconds of [0, 100, 200]) assert.ok(await claimExport(app.db, other, later(seconds)))
  app.setNow(later(300).toISOString())
  assert.equal(await claimExport(app.db, other, later(300)), null)
  await app.runJob(sweepExports, {})
  assert.equal((await show(app, other)).status, 'failed')
  assert.equal(await findDueExport(app.db, later(300)), null)
})

test('an export and its file are deleted after seven days', async (t) => {
  const app = await startApp(t, { now: NOW })
  await clear(app)
  const old = await ask(app)
  await write(app, old)
  app.setNow(later(2).toISOString())
  const young = await ask(app)

  app.setNow(later(7 * 86_400 + 1).toISOString())
  await app.runJob(deleteOldRows, {})

  assert.equal((await show(app, old)).code, 'export_not_found')
  assert.deepEqual([(await download(app, old)).statusCode, await countChunks(app, old)], [404, 0])
  assert.equal((await show(app, young)).status, 'queued')
})

test('an export refuses what its report refuses, and is for the Director alone', async (t) => {
  const app = await startApp(t, { now: NOW })
  const codeOf = async (body: object) => (await app.post('/director/exports', { as, body })).json().code
  const debt = { report: 'debt', format: 'csv' }

  assert.deepEqual(
    [
      await codeOf({ ...debt, filters: { eventId: 'ev_x' } }),
      await codeOf({ ...debt, filters: { organizerId: 'org_nobody' } }),
      await codeOf({ ...debt, filters: { from: '1990-01-01' } }),
      await codeOf({ ...debt, filters: { currency: 'ABC' } }),
      await codeOf({ ...debt, report: 'payroll' }),
      await codeOf({ ...debt, format: 'json' }),
      await codeOf({ format: 'csv' }),
    ],
    [
      ...['invalid_request', 'organizer_not_found', 'period_too_long', 'unsupported_currency'],
      ...['invalid_request', 'invalid_request', 'invalid_request'],
    ],
  )
  const body = { ...debt, filters: { eventId: 'ev_x' } }
  const refused = (await app.post('/director/exports', { as, body })).json()
  assert.deepEqual(refused.errors, [{ path: 'body.filters.eventId', message: 'debt does not take it' }])
  const id = await ask(app, { filters: {} })
  for (const url of [`/director/exports/${id}`, `/director/exports/${id}/download`])
    assert.equal((await app.get(url, { as: 'organizer' })).statusCode, 403)
  const key = { 'idempotency-key': 'export-1' }
  const twice = await Promise.all([1, 2].map(() => app.post('/director/exports', { as, body: debt, headers: key })))
  const again = await app.post('/director/exports', { as, body: debt, headers: key })
  assert.equal(again.json().exportId, twice.find(({ statusCode }) => statusCode === 202)!.json().exportId)
})
