import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openDb, sql } from '../../src/db.ts'
import { backends, openMigratedDatabase, REDIS_URL } from '../harness.ts'
import { addressOf, call, startProgram, until } from '../program.ts'

const SENDS = 200
const KILLS = 2

/** Kills the worker three times in the middle of 200 sends and lets it start again. */
async function sendThroughKills(t: TestContext, env: Record<string, string>): Promise<void> {
  const shared = {
    AUTH_MODE: 'demo',
    SIMULATOR: 'true',
    DELIVERY_LEASE_SECONDS: '3',
    DELIVERY_UNKNOWN_WAIT_SECONDS: '10',
    LOG_LEVEL: 'warn',
    ...env,
  }
  const server = startProgram(t, 'server.js', { ...shared, LOG_LEVEL: 'info' })
  const base = await addressOf(server)
  const { db, close } = openDb(env['DATABASE_URL']!, { max: 2, statementTimeoutMs: 10_000, onError: () => {} })
  t.after(close)
  await addGuests(base)
  const start = () => startProgram(t, 'worker.js', shared)

  let worker = start()
  for (let n = 0; n < SENDS; n += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => call(base, 'POST', `/events/ev_kill/guests/g${n + i}/send`)))
  }
  for (let kill = 1; kill <= KILLS; kill++) {
    const goal = (SENDS / (KILLS + 2)) * kill
    await until(
      () => countAttempts(db),
      (attempts) => attempts >= goal,
      60_000,
    )
    worker.kill('SIGKILL')
    await worker.ended
    worker = start()
  }
  const states = await until(
    () => listStates(db),
    (rows) => rows.every(({ status }) => ['read', 'failed', 'dead', 'skipped'].includes(status)),
    90_000,
  )

  const { rows: twice } = await sql<{ callbackData: string; times: number }>`
    select callback_data, count(*) as times from simulated_messages group by 1 having count(*) > 1`.execute(db)
  const { rows: accepted } = await sql`select distinct s.callback_data from simulated_messages s
    join deliveries d on d.id = s.callback_data and d.answers_message is null`.execute(db)
  assert.deepEqual(states, [{ status: 'read', n: SENDS }])
  assert.deepEqual([accepted.length, twice], [SENDS, []])
  const { rows: open } = await sql`select 1 from delivery_attempts where finished_at is null`.execute(db)
  assert.equal(open.length, 0)
}

async function addGuests(base: string): Promise<void> {
  await call(base, 'POST', '/organizers', { id: 'org_kill', name: 'Kill' })
  await call(base, 'POST', '/events', {
    id: 'ev_kill',
    organizerId: 'org_kill',
    name: 'Boda',
    startsAt: '2035-01-01T00:00:00Z',
    endsAt: '2035-01-01T06:00:00Z',
  })
  for (let n = 0; n < SENDS; n += 20) {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        call(base, 'POST', '/events/ev_kill/guests', {
          id: `g${n + i}`,
          name: 'Ana',
          phone: `+52559000${String(n + i).padStart(4, '0')}`,
        }),
      ),
    )
  }
}

type Reader = ReturnType<typeof openDb>['db']
const countAttempts = async (db: Reader) =>
  (await sql<{ n: number }>`select count(*) as n from delivery_attempts`.execute(db)).rows[0]!.n
/** Of what was asked for: guests who say yes get their pass beside it. */
const listStates = async (db: Reader) =>
  (
    await sql<{ status: string; n: number }>`select status, count(*) as n from deliveries
    where answers_message is null group by 1`.execute(db)
  ).rows

for (const backend of backends) {
  test(`a worker killed ${KILLS} times in ${SENDS} sends on ${backend}: all end read, none twice`, async (t) => {
    await sendThroughKills(t, {
      DATABASE_URL: await openMigratedDatabase(),
      ...(backend === 'redis' ? { REDIS_URL: REDIS_URL! } : {}),
    })
  })
}
