import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import { backends, startApp, type AppOptions } from '../../test/harness.ts'
import { anEvent, type EventFacts } from '../../test/make.ts'
import { catchUpLandingTtl, runLandingTtlJob } from './jobs.ts'
import { describePlan, planLandingTtl, runLandingTtl } from './ttl.ts'

const NOW = '2026-03-10T09:15:00.000Z' // 03:15 in Mexico City
const LOCK = 'lock:landing-ttl'

const statusOf = async (db: Db, id: string) =>
  (await sql<{ status: string }>`select status from events where id = ${id}`.execute(db)).rows[0]!.status

const listRuns = async (db: Db) =>
  (
    await sql<{ runOn: string; forced: boolean; finishedAt: Date | null; counts: object; fence: number }>`
      select run_on, forced, finished_at, counts, fence from job_runs order by id`.execute(db)
  ).rows

const readFence = async (db: Db) =>
  (await sql<{ fence: number }>`select fence from fences where name = 'landing-ttl'`.execute(db)).rows[0]?.fence ?? 0

/** The job reads every event, so each test begins without the events of earlier tests. */
async function aNight(t: TestContext, options: AppOptions = {}) {
  const app = await startApp(t, { now: NOW, ...options })
  await withTx(app.db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx) // the ledger refuses to be emptied
    await sql`truncate events, job_runs, kv cascade`.execute(tx)
  })
  await sql`update kysely_migration set timestamp = '2020-01-01T00:00:00.000Z'`.execute(app.db) // installed long ago
  for (const prefix of ['landing:', 'lock:']) await app.deps.kv.deleteByPrefix(prefix)
  const run = () => runLandingTtl(app.deps, { forced: false })
  const force = () => runLandingTtl(app.deps, { forced: true })
  return { ...app, run, force, plan: () => planLandingTtl(app.deps) }
}

/** Inserts an event of four hours that ends at this instant. */
const ending = (endsAt: string, facts: EventFacts = {}): EventFacts => ({
  startsAt: new Date(new Date(endsAt).getTime() - 4 * 3_600_000).toISOString(),
  endsAt,
  ...facts,
})

/** Simulates a process that was suspended before a batch: `meanwhile` runs before the batch continues. */
function frozenBefore(deps: Deps, batch: number, meanwhile: () => Promise<unknown>): Deps {
  let batches = 0
  const renewLock: Deps['kv']['renewLock'] = async (...lock) => {
    if (++batches === batch) await meanwhile()
    return deps.kv.renewLock(...lock)
  }
  return { ...deps, kv: { ...deps.kv, renewLock } }
}

/** A kv store whose lock never gets lost, so that only the fence can stop the run. */
const believing = (deps: Deps): Deps => ({
  ...deps,
  kv: { ...deps.kv, renewLock: async (...lock) => (await deps.kv.renewLock(...lock)) || true },
})

async function manyEnded(db: Db, count: number): Promise<void> {
  await anEvent(db)
  await sql`insert into events (id, organizer_id, name, starts_at, ends_at)
    select 'many_' || n, 'org_test', 'Muchos', '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z' from generate_series(1, ${count}::integer) n`.execute(
    db,
  )
}

const countByStatus = async (db: Db) =>
  Object.fromEntries(
    (
      await sql<{ status: string; count: number }>`select status, count(*) from events group by 1 order by 1`.execute(
        db,
      )
    ).rows.map(({ status, count }) => [status, count]),
  )

/** Reads every row of every table with the transaction that wrote it. */
async function snapshot(db: Db): Promise<Record<string, unknown>> {
  const tables = await sql<{ name: string }>`
    select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
     order by 1`.execute(db)
  const content: Record<string, unknown> = {}
  for (const { name } of tables.rows) {
    const { rows } = await sql`select t.*, t.xmin::text as xmin from ${sql.table(name)} t order by t::text`.execute(db)
    content[name] = rows
  }
  return content
}

for (const [what, at, expected] of [
  ['one millisecond before its end', '2026-03-10T09:15:00.001Z', 'active'],
  ['at its end', '2026-03-10T09:15:00.000Z', 'archived'],
  ['one millisecond after', '2026-03-10T09:14:59.999Z', 'archived'],
] as const) {
  test(`an active event is ${expected} ${what}`, async (t) => {
    const { db, run } = await aNight(t)
    const id = await anEvent(db, ending(at))

    const report = await run()

    assert.equal(await statusOf(db, id), expected)
    assert.deepEqual(report.archived, expected === 'archived' ? [id] : [])
    assert.deepEqual(report.expired, [])
  })
}

test('drafts and expired events stay as they are', async (t) => {
  const { db, run } = await aNight(t)
  const draft = await anEvent(db, ending('2020-01-01T00:00:00Z', { status: 'draft' }))
  const expired = await anEvent(db, ending('2020-01-01T00:00:00Z', { status: 'expired' }))

  const report = await run()

  assert.deepEqual(report.changes, [])
  assert.deepEqual([await statusOf(db, draft), await statusOf(db, expired)], ['draft', 'expired'])
})

test('one run archives and expires an old active event and records both instants', async (t) => {
  const { db, run } = await aNight(t)
  const id = await anEvent(db, ending('2024-01-01T00:00:00Z'))

  const report = await run()

  const { rows } = await sql<{ status: string; archivedAt: Date; expiredAt: Date }>`
    select status, archived_at, expired_at from events where id = ${id}`.execute(db)
  assert.equal(rows[0]!.status, 'expired')
  assert.deepEqual([rows[0]!.archivedAt.toISOString(), rows[0]!.expiredAt.toISOString()], [NOW, NOW])
  assert.deepEqual([report.archived, report.expired], [[id], [id]])
})

/** An event expires at the local time of its end, the given number of days later, across daylight saving changes. */
const ZONES: [zone: string, endsAt: string, days: number, expiresAt: string][] = [
  // Mexico City has had no daylight saving since 2022: -06:00 all year.
  ['America/Mexico_City', '2026-01-16T05:30:00Z', 180, '2026-07-15T05:30:00Z'],
  ['America/Mexico_City', '2025-07-12T05:30:00Z', 30, '2025-08-11T05:30:00Z'],
  // The northern border follows the United States: 23:30 at -08:00 in January is 23:30 at -07:00 in July.
  ['America/Tijuana', '2026-01-16T07:30:00Z', 180, '2026-07-15T06:30:00Z'],
  ['America/Tijuana', '2025-07-12T06:30:00Z', 180, '2026-01-08T07:30:00Z'],
  ['America/Ciudad_Juarez', '2026-01-16T06:30:00Z', 180, '2026-07-15T05:30:00Z'],
  ['America/Hermosillo', '2026-01-16T06:30:00Z', 180, '2026-07-15T06:30:00Z'],
  ['America/Cancun', '2026-01-16T04:30:00Z', 180, '2026-07-15T04:30:00Z'],
  // A local time that does not exist on the last day moves forward by the gap.
  ['America/Tijuana', '2026-01-07T10:30:00Z', 60, '2026-03-08T10:30:00Z'],
]
test('days are counted in the time zone of the event, to the millisecond', async (t) => {
  const { db, run, setNow } = await aNight(t)

  for (const [timeZone, endsAt, landingTtlDays, expiresAt] of ZONES) {
    const id = await anEvent(db, ending(endsAt, { timeZone, landingTtlDays, status: 'archived' }))

    setNow(new Date(new Date(expiresAt).getTime() - 1).toISOString())
    await run()
    const before = await statusOf(db, id)
    await sql`truncate job_runs`.execute(db)
    setNow(expiresAt)
    await run()
    const after = await statusOf(db, id)
    await sql`truncate job_runs`.execute(db)

    assert.deepEqual([before, after], ['archived', 'expired'], `${timeZone} ${endsAt} + ${landingTtlDays}`)
  }
})

for (const [what, own, fallback, days] of [
  ['10 days of an event are raised to 30', 10, '180', 30],
  ['1000 days of an event are lowered to 365', 1000, '180', 365],
  ['45 days of an event are kept', 45, '180', 45],
  ['an event without days of its own uses the configured default', null, '60', 60],
  ['a configured default of 1 is raised to 30', null, '1', 30],
  ['a configured default of 9999 is lowered to 365', null, '9999', 365],
] as const) {
  test(what, async (t) => {
    const { db, run, setNow } = await aNight(t, { env: { LANDING_TTL_DEFAULT_DAYS: fallback } })
    const id = await anEvent(db, ending('2025-01-01T12:00:00Z', { landingTtlDays: own, status: 'archived' }))
    const expiresAt = Date.parse('2025-01-01T12:00:00Z') + days * 86_400_000

    setNow(new Date(expiresAt - 1).toISOString())
    await run()
    const before = await statusOf(db, id)
    await sql`truncate job_runs`.execute(db)
    setNow(new Date(expiresAt).toISOString())
    await run()

    assert.deepEqual([before, await statusOf(db, id)], ['archived', 'expired'])
  })
}

test('an event with a time zone that PostgreSQL does not know does not block the others', async (t) => {
  const { db, run } = await aNight(t)
  const odd = await anEvent(db, ending('2024-01-01T00:00:00Z', { timeZone: 'Mars/Olympus_Mons' }))
  const other = await anEvent(db, ending('2024-01-02T00:00:00Z'))

  const report = await run()

  assert.deepEqual(report.expired, [odd, other])
})

for (const backend of backends) {
  test(`[${backend}] a dry run writes nothing, takes no lock, and predicts the next run`, async (t) => {
    const { db, plan, run, deps } = await aNight(t, { backend })
    await anEvent(db)
    await anEvent(db, ending('2026-03-09T00:00:00Z'))
    await anEvent(db, ending('2026-03-08T00:00:00Z'))
    await anEvent(db, ending('2024-03-09T00:00:00Z'))
    await anEvent(db, ending('2023-03-09T00:00:00Z', { status: 'archived' }))
    await deps.kv.set('landing:invite:x', 'kept', 60_000)
    const before = await snapshot(db)

    const planned = await plan()

    assert.deepEqual(await snapshot(db), before)
    assert.equal(await deps.kv.findLockHolder(LOCK), null)
    assert.equal(await deps.kv.get('landing:invite:x'), 'kept')
    assert.deepEqual([planned.archived.length, planned.expired.length], [3, 2])
    const done = await run()
    assert.deepEqual({ ...done, mode: 'dry-run' }, planned)
    assert.notDeepEqual(await snapshot(db), before)
  })

  test(`[${backend}] a run clears only the landing caches and releases its lock`, async (t) => {
    const { run, deps } = await aNight(t, { backend })
    for (const key of ['landing:invite:x', 'landing:dashboard:y', 'director:overview:z'])
      await deps.kv.set(key, '1', 60_000)

    await run()

    const left = await Promise.all(['landing:invite:x', 'landing:dashboard:y', 'director:overview:z'].map(deps.kv.get))
    assert.deepEqual(left, [null, null, '1'])
    assert.equal(await deps.kv.findLockHolder(LOCK), null)
  })

  test(`[${backend}] of five concurrent runs one does the work, and the day has one record`, async (t) => {
    const { db, run } = await aNight(t, { backend })
    await manyEnded(db, 30)

    const reports = await Promise.all(Array.from({ length: 5 }, run))

    assert.deepEqual(
      reports.map(({ archived }) => archived.length).toSorted((a, b) => a - b),
      [0, 0, 0, 0, 30],
    )
    assert.ok(reports.every(({ archived, skipped }) => (archived.length === 30) === (skipped === undefined)))
    const runs = await listRuns(db)
    assert.equal(runs.length, 1)
    assert.equal(runs[0]!.runOn, '2026-03-10')
    assert.deepEqual(runs[0]!.counts, { archived: 30, expired: 0 })
  })

  test(`[${backend}] the lock stops other runs, but not --force`, async (t) => {
    const { db, run, force, deps } = await aNight(t, { backend })
    const id = await anEvent(db, ending('2026-03-09T00:00:00Z'))
    await deps.kv.acquireLock(LOCK, 'somebody', 60_000)

    const kept = await run()
    const statusThen = await statusOf(db, id)
    const forced = await force()

    assert.equal(kept.skipped, 'locked')
    assert.equal(statusThen, 'active')
    assert.deepEqual([forced.mode, forced.archived], ['forced', [id]])
    assert.deepEqual(
      (await listRuns(db)).map(({ forced: wasForced }) => wasForced),
      [true],
    )
  })

  test(`[${backend}] the lock of a dead process expires`, async (t) => {
    const { run, deps } = await aNight(t, { backend })
    await deps.kv.acquireLock(LOCK, 'dead', 400)

    const early = await run()
    await sleep(500)
    const late = await run()

    assert.equal(early.skipped, 'locked')
    assert.equal(late.skipped, undefined)
  })

  test(`[${backend}] a run whose fence was raised by a later run writes nothing more`, async (t) => {
    const { db, deps, force } = await aNight(t, { backend })
    await manyEnded(db, 250)
    const late = frozenBefore(deps, 2, async () => {
      const overtaking = await force()
      assert.equal(overtaking.archived.length, 50)
      await sql`update events set status = 'active' where id = 'many_1'`.execute(db) // something for a late writer
    })

    const report = await runLandingTtl(believing(late), { forced: false })

    assert.equal(report.stopped, 'lock_lost')
    assert.equal(report.archived.length, 200)
    assert.equal(await statusOf(db, 'many_1'), 'active')
    const runs = await listRuns(db)
    assert.deepEqual(
      runs.map(({ forced, finishedAt }) => [forced, finishedAt !== null]),
      [
        [false, false],
        [true, true],
      ],
    )
    assert.equal(runs[1]!.fence, runs[0]!.fence + 1)
  })

  test(`[${backend}] a run that has lost its lock stops before its next batch`, async (t) => {
    const { db, deps, lines } = await aNight(t, { backend })
    await manyEnded(db, 250)
    const runner = frozenBefore(deps, 2, async () => {
      const holder = await deps.kv.findLockHolder(LOCK)
      await deps.kv.releaseLock(LOCK, holder!)
      await deps.kv.acquireLock(LOCK, 'the next', 60_000)
    })

    const report = await runLandingTtl(runner, { forced: false })

    assert.deepEqual([report.stopped, report.archived.length], ['lock_lost', 200])
    assert.equal(await deps.kv.findLockHolder(LOCK), 'the next')
    assert.ok(lines.some(({ level, msg }) => level === 'warn' && msg.includes('lost its lock')))
  })

  test(`[${backend}] an interrupted run is resumed, and its record counts both parts`, async (t) => {
    const { db, deps, run } = await aNight(t, { backend })
    await manyEnded(db, 250)
    const dying = frozenBefore(deps, 2, () => Promise.reject(new Error('killed')))

    await assert.rejects(runLandingTtl(dying, { forced: false }), /killed/)
    const half = await countByStatus(db)
    const rest = await run()

    assert.deepEqual(half, { active: 51, archived: 200 })
    assert.equal(rest.archived.length, 50)
    const runs = await listRuns(db)
    assert.equal(runs.length, 1)
    assert.deepEqual(runs[0]!.counts, { archived: 250, expired: 0 })
    assert.notEqual(runs[0]!.finishedAt, null)
  })
}

test('the lock is renewed while the job runs', async (t) => {
  const { db, deps } = await aNight(t, { env: { LANDING_TTL_LOCK_TTL_SECONDS: '1' } })
  await manyEnded(db, 250)
  const slow = frozenBefore(deps, 2, () => sleep(700))
  const slower = frozenBefore(slow, 3, () => sleep(700))

  const report = await runLandingTtl(slower, { forced: false })

  assert.equal(report.stopped, undefined)
  assert.equal(report.archived.length, 250)
})

test('a second nightly run is skipped and does not raise the fence', async (t) => {
  const { db, run } = await aNight(t)
  await anEvent(db, ending('2026-03-09T00:00:00Z'))
  await run()
  const late = await anEvent(db, ending('2026-03-09T00:00:00Z'))
  const fence = await readFence(db)

  const second = await run()

  assert.equal(second.skipped, 'already_ran')
  assert.equal(await statusOf(db, late), 'active')
  assert.equal(await readFence(db), fence)
})

test('--force runs after the nightly run and has its own record', async (t) => {
  const { db, run, force } = await aNight(t)
  await run()
  const id = await anEvent(db, ending('2026-03-09T00:00:00Z'))

  const report = await force()
  await force()

  assert.deepEqual(report.archived, [id])
  assert.deepEqual(
    (await listRuns(db)).map(({ forced }) => forced),
    [false, true, true],
  )
})

test('an event that was postponed is left alone', async (t) => {
  const { db, deps } = await aNight(t)
  const id = await anEvent(db, ending('2026-03-09T00:00:00Z'))
  const runner = frozenBefore(deps, 1, () =>
    sql`update events set ends_at = '2026-05-01T00:00:00Z' where id = ${id}`.execute(db),
  )

  const report = await runLandingTtl(runner, { forced: false })

  assert.deepEqual(report.archived, [])
  assert.equal(await statusOf(db, id), 'active')
})

test('the nightly job runs once, and its second run is skipped', async (t) => {
  const { db, runJob } = await aNight(t)
  await anEvent(db, ending('2026-03-09T00:00:00Z'))

  assert.equal(await runJob(runLandingTtlJob, {}), '1 archived, 0 expired')
  assert.equal(await runJob(runLandingTtlJob, {}), 'already_ran')
})

test('the catch-up runs a missed nightly job once, and not before its scheduled time', async (t) => {
  const { db, runJob, setNow } = await aNight(t)
  const id = await anEvent(db, ending('2026-03-09T00:00:00Z'))

  setNow('2026-03-10T09:14:59.999Z')
  const early = await runJob(catchUpLandingTtl, {})
  const statusThen = await statusOf(db, id)
  setNow('2026-03-10T09:15:00.000Z')
  const inTime = await runJob(catchUpLandingTtl, {})
  const again = await runJob(catchUpLandingTtl, {})
  setNow('2026-03-11T05:59:00.000Z') // still the 10th in Mexico City
  const lateThatDay = await runJob(catchUpLandingTtl, {})
  setNow('2026-03-11T20:00:00.000Z')
  const nextDay = await runJob(catchUpLandingTtl, {})

  assert.deepEqual([early, statusThen], ['nothing to do', 'active'])
  assert.equal(inTime, '1 archived, 0 expired')
  assert.deepEqual([again, lateThatDay], ['nothing to do', 'nothing to do'])
  assert.equal(nextDay, '0 archived, 0 expired')
  assert.deepEqual(
    (await listRuns(db)).map(({ runOn }) => runOn),
    ['2026-03-10', '2026-03-11'],
  )
})

test('a new installation has missed no run', async (t) => {
  const { db, runJob } = await aNight(t)
  await sql`update kysely_migration set timestamp = '2026-03-10T09:15:00.001Z'`.execute(db)
  await anEvent(db, ending('2026-03-09T00:00:00Z'))

  assert.equal(await runJob(catchUpLandingTtl, {}), 'nothing to do')
})

test("the job's day and hour are in its own time zone", async (t) => {
  const env = { LANDING_JOB_TIME_ZONE: 'America/Tijuana', LANDING_JOB_HOUR: '23', LANDING_JOB_MINUTE: '30' }
  const { db, runJob, setNow } = await aNight(t, { env })

  setNow('2026-07-11T06:29:59.999Z') // 23:29:59.999 of the 10th in Tijuana, in summer time
  const early = await runJob(catchUpLandingTtl, {})
  setNow('2026-07-11T06:30:00.000Z')
  const inTime = await runJob(catchUpLandingTtl, {})

  assert.deepEqual([early, inTime], ['nothing to do', '0 archived, 0 expired'])
  assert.equal((await listRuns(db))[0]!.runOn, '2026-07-10')
})

test('the report is a summary and one line per change', async (t) => {
  const { db, plan, run, force } = await aNight(t)
  await anEvent(db, ending('2024-01-01T00:00:00Z'))
  await sql`delete from event_staff`.execute(db)
  await sql`update events set id = 'ev_old'`.execute(db)

  const planned = describePlan(await plan())
  const done = describePlan(await run())
  const skipped = describePlan(await run())

  assert.match(
    planned,
    /^Landing TTL at 2026-03-10T09:15:00.000Z: would archive 1, expire 1 \(nothing was changed; plan [0-9a-f]{12}\)\n/,
  )
  const lines =
    'ev_old active → archived (ended 2024-01-01T00:00:00.000Z)\n' +
    'ev_old archived → expired (ended 2024-01-01T00:00:00.000Z, kept 180 days)\n'
  assert.equal(planned.slice(planned.indexOf('\n') + 1), lines)
  assert.equal(done.slice(done.indexOf('\n') + 1), lines)
  assert.match(skipped, /archived 0, expired 0 \(skipped: already_ran; plan [0-9a-f]{12}\)\n$/)
  assert.match(describePlan(await force()), /archived 0, expired 0 \(done, forced; /)
})
