import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openDb, sql, withTx } from '../../src/platform/db.ts'
import { backends, openMigratedDatabase, REDIS_URL } from '../harness.ts'
import { addressOf, call, startProgram, until, type Program } from '../program.ts'

const SENDS = 198
const KILLS = 2

/** Sends SENDS messages and kills the worker KILLS times during calls to the provider. */
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

  const share = SENDS / (KILLS + 1)
  const send = (from: number) =>
    Promise.all(Array.from({ length: share }, (_, i) => call(base, 'POST', `/events/ev_kill/guests/g${from + i}/send`)))
  const killed: string[] = []
  for (let kill = 0; kill < KILLS; kill++) killed.push(...(await killInTheCall(db, start, () => send(kill * share))))
  start()
  await send(KILLS * share)
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
  const { rows: recovered } = await sql`
    select 1 from deliveries where id = any(${killed}::text[]) and (status = 'read' or answers_message is not null)`.execute(
    db,
  )
  assert.equal(recovered.length, new Set(killed).size)
  const { rows: open } = await sql`select 1 from delivery_attempts a join deliveries d on d.id = a.delivery_id
    where a.finished_at is null and d.answers_message is null`.execute(db)
  assert.equal(open.length, 0)
}

/**
 * Locks the table of the simulated provider, so that the worker blocks in its calls, and kills it there. Returns the
 * deliveries of those calls, at least one. PostgreSQL may still commit an insert of the dead worker; then the provider has
 * a message whose outcome is unknown.
 */
function killInTheCall(db: Reader, start: () => Program, send: () => Promise<unknown>): Promise<string[]> {
  return withTx(db, async (tx) => {
    await sql`lock table simulated_messages in exclusive mode`.execute(tx)
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(tx)
    const worker = start()
    await send()
    const hit = await until(
      () => listOpenCalls(db, rows[0]!.at),
      (calls) => calls.length > 0,
      30_000,
    )
    worker.kill('SIGKILL')
    await worker.ended
    return hit
  })
}

const listOpenCalls = async (db: Reader, since: Date) =>
  (
    await sql<{ deliveryId: string }>`
      select delivery_id from delivery_attempts where finished_at is null and started_at > ${since}`.execute(db)
  ).rows.map(({ deliveryId }) => deliveryId)

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
/** The states of requested deliveries. Replies to guests are left out. */
const listStates = async (db: Reader) =>
  (
    await sql<{ status: string; n: number }>`select status, count(*) as n from deliveries
    where answers_message is null group by 1`.execute(db)
  ).rows

for (const backend of backends) {
  test(`a worker killed ${KILLS} times in ${SENDS} sends on ${backend} loses nothing and sends nothing twice`, async (t) => {
    await sendThroughKills(t, {
      DATABASE_URL: await openMigratedDatabase(),
      ...(backend === 'redis' ? { REDIS_URL: REDIS_URL! } : {}),
    })
  })
}
