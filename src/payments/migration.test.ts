/** Migration 0014 on a database that has payments. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmptyDatabase } from '../../test/harness.ts'
import { applyMigrations, MIGRATIONS_FOLDER, openDb, sql } from '../platform/db.ts'

const AT = '2029-06-01T12:00:00.000Z'

test('references that differ by case alone survive the migration, and new ones are compared in capitals', async (t) => {
  const { db, close } = openDb(await openEmptyDatabase(), { max: 2, statementTimeoutMs: 20_000, onError: () => {} })
  const before = await mkdtemp(join(tmpdir(), 'migrations-'))
  t.after(async () => {
    await close()
    await rm(before, { recursive: true })
  })
  for (const file of await readdir(MIGRATIONS_FOLDER))
    if (/^00(0\d|1[0-3])_/.test(file)) await cp(join(MIGRATIONS_FOLDER, file), join(before, file))
  await applyMigrations(db, before)
  await sql`insert into organizers (id, name) values ('o1', 'Uno'), ('o2', 'Dos')`.execute(db)
  const insert = (id: string, organizerId: string, reference: string | null, status = 'confirmed') =>
    sql`insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, currency, reference, paid_at, created_by, request_id, created_at, updated_at)
      values (${id}, 'manual', ${organizerId}, 'manual', 'manual', ${status}, 100, 'MXN', ${reference}, '2029-05-01T12:00:00Z', 'u', 'r', ${AT}, ${AT})`.execute(
      db,
    )
  await insert('p1', 'o1', 'spei 1')
  await insert('p2', 'o1', 'ref')
  await insert('p3', 'o1', 'REF')
  await insert('p4', 'o2', 'Ref')
  await insert('p5', 'o1', 'Ref', 'reversed')
  await insert('p6', 'o1', null)

  await applyMigrations(db, MIGRATIONS_FOLDER)

  const { rows } = await sql<{ id: string; referenceKey: string | null; countedAt: Date }>`
    select id, reference_key, counted_at from payments order by id`.execute(db)
  assert.deepEqual(
    rows.map(({ id, referenceKey }) => [id, referenceKey]),
    [
      ['p1', 'SPEI 1'],
      ['p2', 'ref'],
      ['p3', 'REF'],
      ['p4', 'REF'],
      ['p5', 'Ref'],
      ['p6', null],
    ],
  )
  for (const { countedAt } of rows) assert.equal(countedAt.toISOString(), '2029-05-01T12:00:00.000Z')
})
