import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { refreshKpisJob } from './jobs.ts'
import { refreshKpis } from './refresh.ts'

/** Inserts a guest with one sent message, which two views count. */
async function aReached(db: Db, eventId: string): Promise<void> {
  const { guestId } = await aGuest(db, eventId)
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, request_id, requested_by, requested_at, updated_at)
    select ${newId('dl')}, organizer_id, id, ${guestId}, 'email', 'event_invitation', 'es-MX', 'sent', 5, 'req_x', 'usr_x', now(), now()
      from events where id = ${eventId}`.execute(db)
}

/** Reads the same guests from two views: as places and as deliveries. */
async function readBoth(db: Db, eventId: string): Promise<number[]> {
  const { rows } = await sql<{ places: number; deliveries: number }>`
    select (select coalesce(sum(places_delivered), 0)::bigint from kpi_events where event_id = ${eventId}) as places,
           (select coalesce(sum(deliveries), 0)::bigint from kpi_deliveries where event_id = ${eventId}) as deliveries`.execute(
    db,
  )
  return [rows[0]!.places, rows[0]!.deliveries]
}

/** Takes the refresh's lock in another connection and keeps it until `release`. */
async function takeLock({ deps }: TestApp): Promise<{ release: () => void; done: Promise<void> }> {
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  let taken = () => {}
  const isTaken = new Promise<void>((resolve) => (taken = resolve))
  const done = deps.db.transaction().execute(async (tx) => {
    await sql`lock table kpi_refreshes in share update exclusive mode`.execute(tx)
    taken()
    await released
  })
  await isTaken
  return { release, done }
}

const waitUntil = async (isTrue: () => Promise<boolean>) => {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20))
}

test('the job refreshes every view, also one without data', async (t) => {
  const { db, runJob, lines } = await startApp(t)

  const first = await runJob(refreshKpisJob, {})
  const second = await runJob(refreshKpisJob, {})

  assert.deepEqual([first, second], ['4 views refreshed', '4 views refreshed'])
  const { rows } = await sql<{ viewName: string }>`select view_name from kpi_refreshes order by 1`.execute(db)
  const names = ['kpi_deliveries', 'kpi_delivery_days', 'kpi_events', 'kpi_predictions']
  assert.deepEqual(
    rows.map((row) => row.viewName),
    names,
  )
  const line = lines.find(({ msg }) => msg === 'The views were refreshed')
  assert.deepEqual(Object.keys(line?.['tookMs'] as object), names)
})

test('of two concurrent refreshes one runs and the other is skipped', async (t) => {
  const app = await startApp(t)
  await app.runJob(refreshKpisJob, {})
  const lock = await takeLock(app)

  const outcome = await app.runJob(refreshKpisJob, {})
  lock.release()
  await lock.done

  assert.equal(outcome, 'another refresh is running')
  assert.equal(await app.runJob(refreshKpisJob, {}), '4 views refreshed')
})

test('a refresh that waited sees what was committed meanwhile', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  await app.runJob(refreshKpisJob, {})
  const lock = await takeLock(app)

  const waiting = refreshKpis(app.deps, { ifBusy: 'wait' })
  await waitUntil(async () => {
    const { rows } = await sql`select 1 from pg_locks where not granted and relation = 'kpi_refreshes'::regclass
      and database = (select oid from pg_database where datname = current_database())`.execute(app.db)
    return rows.length > 0
  })
  await aReached(app.db, eventId)
  lock.release()
  await Promise.all([lock.done, waiting])

  assert.deepEqual(await readBoth(app.db, eventId), [1, 1])
})

test('views refreshed during writes are one snapshot: never a delivery without its places', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  await app.runJob(refreshKpisJob, {})
  let isWriting = true
  let written = 0
  const writing = (async () => {
    for (; isWriting; written++) await withTx(app.db, (tx) => aReached(tx, eventId))
  })()

  // The writer stops after the reader, so that every refresh runs during writes on any machine.
  const seen: number[][] = []
  try {
    for (let n = 0; n < 100 && new Set(seen.map(String)).size < 5; n++) {
      await refreshKpis(app.deps, { ifBusy: 'wait' })
      seen.push(await readBoth(app.db, eventId))
    }
  } finally {
    isWriting = false
    await writing
  }
  await refreshKpis(app.deps, { ifBusy: 'wait' })

  for (const [places, deliveries] of seen) assert.equal(places, deliveries)
  assert.equal(new Set(seen.map(String)).size, 5, 'the writes and the refreshes must have overlapped')
  assert.deepEqual(await readBoth(app.db, eventId), [written, written])
})

test('a failed refresh is logged as an error', async (t) => {
  const { db, runJob, lines } = await startApp(t, { expectErrors: /could not be refreshed/ })
  await sql`alter function refresh_kpis rename to refresh_kpis_away`.execute(db)
  t.after(() => sql`alter function refresh_kpis_away rename to refresh_kpis`.execute(db).catch(() => {}))

  await assert.rejects(runJob(refreshKpisJob, {}), /refresh_kpis/)

  await sql`alter function refresh_kpis_away rename to refresh_kpis`.execute(db)
  assert.equal(lines.find(({ level }) => level === 'error')?.['job'], 'refresh-kpis')
})

const HAS_PSQL = spawnSync('psql', ['--version']).status === 0
const skip = HAS_PSQL ? false : 'psql is not on the PATH'
const SCRIPT = new URL('../../infra/refresh-kpis.sh', import.meta.url).pathname

function runScript(
  env: Record<string, string>,
  args: string[] = [],
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn('bash', [SCRIPT, ...args], { env: { PATH: process.env['PATH'], ...env } })
    let [out, err] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

test(
  'infra/refresh-kpis.sh refreshes with DATABASE_URL or DB_*, and prints every view with its time',
  { skip },
  async (t) => {
    const { db, deps } = await startApp(t)
    const eventId = await anEvent(db)
    await aReached(db, eventId)
    const url = new URL(deps.databaseUrl)

    const byUrl = await runScript({ DATABASE_URL: deps.databaseUrl })
    const byDirectUrl = await runScript({
      ...{ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/pooler', DATABASE_DIRECT_URL: deps.databaseUrl },
    })
    await aReached(db, eventId)
    const byParts = await runScript({
      DB_HOST: url.hostname,
      DB_PORT: url.port,
      DB_USER: decodeURIComponent(url.username),
      DB_PASSWORD: decodeURIComponent(url.password),
      DB_NAME: url.pathname.slice(1),
    })

    for (const { code, out, err } of [byUrl, byDirectUrl, byParts]) {
      assert.deepEqual([code, err], [0, ''])
      assert.match(
        out,
        /^kpi_deliveries \d+ ms\nkpi_delivery_days \d+ ms\nkpi_events \d+ ms\nkpi_predictions \d+ ms\n$/,
      )
    }
    assert.deepEqual(await readBoth(db, eventId), [2, 2])
  },
)

test('infra/refresh-kpis.sh exits with a message when it cannot run', { skip }, async (t) => {
  const { db, deps } = await startApp(t)

  const help = await runScript({}, ['--help'])
  const unknown = await runScript({}, ['--now'])
  const nowhere = await runScript({})
  const wrong = await runScript({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  const noPsql = spawnSync('/bin/bash', [SCRIPT], { env: { PATH: '/nowhere' }, encoding: 'utf8' })
  await sql`alter function refresh_kpis rename to refresh_kpis_away`.execute(db)
  const broken = await runScript({ DATABASE_URL: deps.databaseUrl })
  await sql`alter function refresh_kpis_away rename to refresh_kpis`.execute(db)

  assert.equal(help.code, 0)
  assert.match(help.out, /^Usage:/)
  assert.equal(unknown.code, 2)
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.err, /DATABASE_URL/)
  assert.notEqual(wrong.code, 0)
  assert.notEqual(broken.code, 0)
  assert.match(broken.err, /refresh_kpis/)
  assert.equal(noPsql.status, 127)
  assert.match(noPsql.stderr, /psql is not on the PATH/)
})
