/** Migration 0029 on a database that has staff. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmptyDatabase } from '../../test/harness.ts'
import { applyMigrations, MIGRATIONS_FOLDER, openDb, sql } from '../platform/db.ts'

test('the upgrade assigns staff to every event of their organizer that has not expired', async (t) => {
  const { db, close } = openDb(await openEmptyDatabase(), { max: 2, statementTimeoutMs: 20_000, onError: () => {} })
  const before = await mkdtemp(join(tmpdir(), 'migrations-'))
  t.after(async () => {
    await close()
    await rm(before, { recursive: true })
  })
  for (const file of await readdir(MIGRATIONS_FOLDER))
    if (/^00([01]\d|2[0-8])_/.test(file)) await cp(join(MIGRATIONS_FOLDER, file), join(before, file))
  await applyMigrations(db, before)
  await sql`insert into organizers (id, name) values ('o1', 'Uno'), ('o2', 'Dos')`.execute(db)
  await sql`insert into users (id, organizer_id, email, name, role)
    values ('s1', 'o1', 's1@x.mx', 'Puerta', 'staff'), ('v1', 'o1', 'v1@x.mx', 'Vista', 'viewer'),
           ('s2', 'o2', 's2@x.mx', 'Puerta', 'staff')`.execute(db)
  await sql`insert into events (id, organizer_id, name, status, starts_at, ends_at)
    select organizer_id || status, organizer_id, 'Boda', status, '2029-01-01', '2029-01-02'
      from unnest(array['o1', 'o2']) organizer_id, unnest(array['draft', 'active', 'archived', 'expired']) status`.execute(
    db,
  )

  await applyMigrations(db, MIGRATIONS_FOLDER)

  const { rows } = await sql<{ who: string }>`
    select user_id || ' ' || event_id as who from event_staff order by 1`.execute(db)
  assert.deepEqual(
    rows.map(({ who }) => who),
    ['s1 o1active', 's1 o1archived', 's1 o1draft', 's2 o2active', 's2 o2archived', 's2 o2draft'],
  )
})
