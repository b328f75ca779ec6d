import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anEvent } from '../../test/make.ts'
import { upload } from '../../test/uploads.ts'
import { importGuestList, sweepImports } from './jobs.ts'
import { continueImport } from './long-imports.ts'
import { claimImport } from './queue-sql.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const LATER = '2029-06-01T18:05:00.000Z'
const OTHER = { id: 'usr_other', role: 'organizer', organizerId: 'org_other' } as const

const listOf = (names: string[]) => `nombre,pases\n${names.map((name) => `${name},2`).join('\n')}\n`
const namesTo = (count: number) => Array.from({ length: count }, (_, n) => `Invitado ${n}`)
const show = async (app: TestApp, eventId: string, importId: string) => {
  const { requestId: _, ...shown } = (
    await app.get(`/events/${eventId}/imports/${importId}`, { as: 'organizer' })
  ).json()
  return shown
}
const countGuests = async (db: Db, eventId: string) =>
  (await sql<{ count: number }>`select count(*) from guests where event_id = ${eventId}`.execute(db)).rows[0]!.count
const leftovers = async (db: Db, importId: string) =>
  (
    await sql<{ count: number }>`
      select (select count(*) from guest_import_chunks where import_id = ${importId})
             + (select count(*) from guest_import_seen where import_id = ${importId}) as count`.execute(db)
  ).rows[0]!.count

test('a list of more than 10,000 rows waits for a job', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)

  const reply = await upload(app, eventId, listOf(namesTo(10_001)))

  assert.equal(reply.statusCode, 202, reply.body)
  const { importId, status, rowsDone, rowsTotal } = reply.json()
  assert.deepEqual([status, rowsDone, rowsTotal], ['queued', 0, 10_001])
  assert.equal(reply.headers.location, `/events/${eventId}/imports/${importId}`)
})

test('a job imports a list batch by batch, says what it did, and keeps nothing of the file', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const file = listOf([...namesTo(1100), '', 'Invitado 7'])
  const { importId } = (await upload(app, eventId, file, { isAsync: true })).json()
  assert.ok((await leftovers(app.db, importId)) > 0)

  assert.equal(await app.runJob(importGuestList, { importId }), 'imported')

  const done = await show(app, eventId, importId)
  assert.deepEqual(
    [done.status, done.rowsDone, done.created, done.unchanged, done.rejected, done.endedAt],
    ['completed', 1102, 1100, 1, 1, NOW],
  )
  const rejected = await app.get(done.rejectedUrl, { as: 'organizer' })
  assert.match(rejected.body, /1102,nombre: .*name_missing/)
  assert.deepEqual([await countGuests(app.db, eventId), await leftovers(app.db, importId)], [1100, 0])
  const page = (await app.get(`/events/${eventId}/imports?limit=1`, { as: 'organizer' })).json()
  assert.deepEqual([page.data[0].importId, page.data[0].rowsTotal], [importId, 1102])
  assert.equal(
    await app.runJob(importGuestList, { importId }),
    'it is not due, or an older import of its event is open',
  )
})

test('an import whose worker dies goes on where it stopped, and the dead worker changes nothing more', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  // The last row says something else of a guest of the first batch, and the first row counts.
  const file = `${listOf(namesTo(2_500))}Invitado 3,5\n`
  const { importId } = (await upload(app, eventId, file, { isAsync: true })).json()
  const claimed = (await claimImport(app.db, importId, app.deps.now()))!
  let batches = 0
  const dying = {
    ...app.deps,
    now() {
      if (batches++ === 1) throw new Error('killed')
      return app.deps.now()
    },
  }
  await assert.rejects(continueImport(dying, claimed), /killed/)
  const half = await show(app, eventId, importId)
  assert.deepEqual([half.status, half.rowsDone, half.created], ['running', 1000, 1000])
  assert.equal(
    await app.runJob(importGuestList, { importId }),
    'it is not due, or an older import of its event is open',
  )

  app.setNow(LATER)
  await app.runJob(sweepImports, {})
  assert.equal(await app.runJob(importGuestList, { importId }), 'imported')

  const done = await show(app, eventId, importId)
  assert.deepEqual([done.status, done.rowsDone, done.created, done.rejected], ['completed', 2501, 2500, 1])
  assert.match((await app.get(done.rejectedUrl, { as: 'organizer' })).body, /Fila 5: .*conflicting_row/)
  assert.equal(await countGuests(app.db, eventId), 2500)
  assert.equal(await continueImport(app.deps, claimed), false)
  assert.deepEqual(await show(app, eventId, importId), done)
})

test('a worker that lost its import to another writes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const { importId } = (await upload(app, eventId, listOf(['Ana', 'Beto']), { isAsync: true })).json()
  const lost = (await claimImport(app.db, importId, app.deps.now()))!
  app.setNow(LATER)
  assert.ok(await claimImport(app.db, importId, app.deps.now()))

  assert.equal(await continueImport(app.deps, lost), false)

  assert.equal(await countGuests(app.db, eventId), 0)
})

test('two lists for one event are imported one after the other, in the order in which they came', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const send = async (party: number) =>
    (await upload(app, eventId, `nombre,pases\nAna,${party}\n`, { isAsync: true })).json().importId as string
  const first = await send(2)
  app.setNow(LATER)
  const second = await send(3)
  const run = (importId: string) => app.runJob(importGuestList, { importId })

  assert.equal(await run(second), 'it is not due, or an older import of its event is open')
  assert.deepEqual([await run(first), await run(second)], ['imported', 'imported'])

  assert.deepEqual([(await show(app, eventId, first)).created, (await show(app, eventId, second)).updated], [1, 1])
  const { rows } = await sql`select party_size from guests where event_id = ${eventId}`.execute(app.db)
  assert.deepEqual(rows, [{ partySize: 3 }])
})

test('an import that fails again and again is given up, and its file is deleted', async (t) => {
  const app = await startApp(t, { now: NOW, expectErrors: /failed for the last time/ })
  const eventId = await anEvent(app.db)
  const { importId } = (await upload(app, eventId, listOf(['Ana']), { isAsync: true })).json()
  await sql`update guest_imports set attempt = 10 where id = ${importId}`.execute(app.db)

  await app.runJob(sweepImports, {})

  const failed = await show(app, eventId, importId)
  assert.deepEqual([failed.status, failed.rowsDone, await leftovers(app.db, importId)], ['failed', 0, 0])
})

test('a partial dry run of a long list looks at its first rows, and says how many it has not seen', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const names = Array.from({ length: 60_000 }, (_, index) => (index === 7 || index === 10_002 ? '?' : `Ana ${index}`))
  const list = `nombre,correo\n${names.map((name) => (name === '?' ? 'Eva,no' : `${name},`)).join('\n')}\n`

  const whole = await upload(app, eventId, list, { dryRun: true })
  const partial = await upload(app, eventId, list, { dryRun: true, isPartial: true })
  const rejected = await upload(app, eventId, list, { path: '/rejected.csv' })

  assert.equal(whole.statusCode, 413)
  const { created, rejected: count, rowsUnread, importId } = partial.json()
  assert.deepEqual([created, count, rowsUnread, importId], [9999, 1, 50_000, null])
  assert.equal(rejected.body.trim().split('\r\n').length, 1 + 1)
  assert.equal((await app.get(`/events/${eventId}/guests`, { as: 'organizer' })).json().data.length, 0)
})

test('what a job would not read is refused at once, and another organizer sees no import', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const rows = (count: number) => `nombre\n${'A\n'.repeat(count)}`
  const refusals = [
    await upload(app, eventId, 'mesa,lugar\n1,2\n', { isAsync: true }),
    await upload(app, eventId, rows(200_001), { isAsync: true }),
    await upload(app, eventId, rows(10_001), { dryRun: true }),
    await upload(app, eventId, listOf(['Ana']), { isAsync: true, as: OTHER }),
    await app.get(`/events/${eventId}/imports`, { as: OTHER }),
  ]
  assert.deepEqual(
    refusals.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [400, 'columns_not_found'],
      [413, 'too_many_rows'],
      [413, 'too_many_rows'],
      [404, 'event_not_found'],
      [404, 'event_not_found'],
    ],
  )
  const page = (await app.get(`/events/${eventId}/imports`, { as: 'organizer' })).json()
  assert.deepEqual(page.data, [])
})
