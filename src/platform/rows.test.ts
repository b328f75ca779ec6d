import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../test/harness.ts'
import { sql, type Db } from './db.ts'
import { openRows } from './rows.ts'

async function countSleeping(db: Db): Promise<number> {
  const { rows } = await sql<{ running: number }>`
    select count(*) as running
      from pg_stat_activity
     where datname = current_database()
       and wait_event = 'PgSleep'`.execute(db)
  return rows[0]!.running
}

async function countOpen(db: Db): Promise<number> {
  const { rows } = await sql<{ open: number }>`
    select count(*) as open
      from pg_stat_activity
     where datname = current_database()
       and state = 'idle in transaction'`.execute(db)
  return rows[0]!.open
}

test('rows that nobody wants any more end their statement and give the connection back', async (t) => {
  const app = await startApp(t)
  const slow = sql<{ n: number }>`select n, pg_sleep(0.02) from generate_series(1, 100000) n`
  const rows = await openRows(app.deps, slow)
  const reading = rows.read().then(
    () => 'rows',
    (error: Error) => error.message,
  )
  await sleep(100)
  assert.equal(await countSleeping(app.db), 1)

  const started = performance.now()
  await rows.close()

  assert.ok(performance.now() - started < 2000, 'it waited for the whole statement')
  assert.match(await reading, /canceling statement/)
  assert.equal(await countSleeping(app.db), 0)
  assert.deepEqual(await rows.read(), [])
  for (let n = 0; n < 3; n++) {
    const next = await openRows(app.deps, sql<{ n: number }>`select ${n}::integer as n from generate_series(1, 1200)`)
    const counts = [(await next.read()).length, (await next.read()).length, (await next.read()).length]
    assert.deepEqual(counts, [500, 500, 200])
    assert.equal(await countOpen(app.db), 0, 'the last part gives the connection back')
    assert.equal((await next.read()).length, 0)
    await next.close()
  }
})
