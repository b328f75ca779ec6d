/** The programs behind a real PgBouncer in transaction mode, whose few sessions they share, and what a start refuses. */
import assert from 'node:assert/strict'
import test from 'node:test'
import pg from 'pg'
import { openDb, sql, withTx } from '../../src/platform/db.ts'
import { isConnectionLost } from '../../src/platform/errors.ts'
import { findPoolingProblem } from '../../src/platform/pooling.ts'
import { backends, openEmptyDatabase, REDIS_URL } from '../harness.ts'
import { skipWithoutPgBouncer, startPgBouncer, type PgBouncer } from '../pgbouncer.ts'
import { addressOf, call, read, readText, runProgram, startProgram, until, type Reply } from '../program.ts'

const JWT_SECRET = 'only-for-tests-only-for-tests-only-for-tests'
const SESSIONS = 3
const GUESTS = 30

for (const backend of backends) {
  test(
    `API, worker and commands work through ${SESSIONS} shared sessions, with the queues on ${backend}`,
    { skip: skipWithoutPgBouncer },
    async (t) => {
      const databaseUrl = await openEmptyDatabase()
      const pooler = await startPgBouncer(t, databaseUrl, { default_pool_size: String(SESSIONS) })
      const env = {
        ...{ DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: databaseUrl, JWT_SECRET },
        ...{
          AUTH_MODE: 'demo',
          SIMULATOR: 'true',
          KPI_REFRESH_INTERVAL_MINUTES: '0.05',
          DIRECTOR_CACHE_TTL_SECONDS: '1',
        },
        ...(backend === 'redis' ? { REDIS_URL: REDIS_URL! } : {}),
      }
      for (const args of [['commands/migrate.js'], ['commands/seed.js'], CREATE_USER]) {
        const { code, output } = await runProgram(t, args[0]!, env, args.slice(1))
        assert.equal(code, 0, output)
      }
      const server = startProgram(t, 'server.js', env)
      const worker = startProgram(t, 'worker.js', env)
      const base = await addressOf(server)
      await untilReady(base)

      await playThrough(base)
      const nightly = await runProgram(t, 'worker.js', env, ['--force'])
      assert.equal(nightly.code, 0, nightly.output)
      await assertShared(pooler)
      for (const { output } of [worker, server]) assert.doesNotMatch(output(), /"level":"(error|fatal)"/)
      await restart(pooler, base)

      for (const program of [worker, server]) {
        program.kill('SIGTERM')
        assert.equal(await program.ended, 0, program.output())
      }
      assert.doesNotMatch(pooler.output(), /unsupported|prepared statement/)
    },
  )
}

const CREATE_USER = ['commands/create-user.js', '--email', 'jefa@monotickets.test', '--role', 'director']

const untilReady = (base: string): Promise<Reply> =>
  until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    30_000,
  )

/** Event, guests, invitations, statuses by webhook, answers, scans, payments and the Director's numbers, all at once. */
async function playThrough(base: string): Promise<void> {
  const everyGuest = <T>(ask: (guest: string, n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: GUESTS }, (_, n) => ask(`g_pool_${n}`, n)))
  const event = {
    ...{ id: 'ev_pool', organizerId: 'org_demo', name: 'Boda' },
    ...{ startsAt: new Date(Date.now() + 3_600_000), endsAt: new Date(Date.now() + 7_200_000) },
  }
  assert.equal((await call(base, 'POST', '/events', event)).status, 201)
  const created = await everyGuest((id, n) =>
    call(base, 'POST', '/events/ev_pool/guests', { id, name: 'Ana', phone: `+52559000${String(n).padStart(4, '0')}` }),
  )
  const codes = created.map(({ body }) => readText(body, 'code'))

  const sent = await everyGuest(async (id) => {
    const send = () => call(base, 'POST', `/events/ev_pool/guests/${id}/send`, {}, { 'idempotency-key': `send ${id}` })
    const [first, again] = [await send(), await send()]
    assert.deepEqual([first.status, again.status, again.body], [202, 202, first.body])
    return readText(first.body, 'deliveryId')
  })
  const webhooks = await everyGuest((_, n) => call(base, 'POST', '/wa/webhook', { n }))
  const answers = await everyGuest((_, n) =>
    call(base, 'POST', `/public/invite/${codes[n]}/rsvp`, { answer: 'yes', partySize: 1 }),
  )
  const scan = () =>
    everyGuest((_, n) =>
      call(base, 'POST', '/scan/validate', { eventId: 'ev_pool', code: codes[n], admit: 1, gate: 'A' }),
    )
  const scans = [await scan(), await scan()].map((replies) => new Set(replies.map(({ body }) => body['status'])))
  const paid = await call(base, 'POST', '/director/payments', {
    ...{ organizerId: 'org_demo', amount: 250.5, currency: 'MXN', method: 'transfer', reference: 'T-1' },
  })

  for (const replies of [webhooks, answers])
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]))
  assert.deepEqual(scans, [new Set(['valid']), new Set(['duplicate'])])
  assert.equal(paid.status, 201)
  for (const id of sent)
    await until(
      () => call(base, 'GET', `/deliveries/${id}`),
      ({ body }) => body['status'] === 'read',
      60_000,
    )
  await until(
    () => call(base, 'GET', '/director/overview?organizerId=org_demo'),
    ({ body }) => Number(read(body, 'deliveries.read')) >= GUESTS && Number(read(body, 'guests.scanned')) >= GUESTS,
    30_000,
  )
}

/** More clients than sessions did many transactions, and no session has kept anything from one of them. */
async function assertShared(pooler: PgBouncer): Promise<void> {
  const [clients, servers] = await Promise.all(
    ['show clients', 'show servers'].map((text) => ask(pooler.consoleUrl, text)),
  )
  const database = new URL(pooler.url).pathname.slice(1)
  const ours = (rows: Row[]) => rows.filter((row) => row['database'] === database)
  const [stats] = ours(await ask(pooler.consoleUrl, 'show stats'))
  assert.ok(ours(clients!).length > SESSIONS, `${ours(clients!).length} clients`)
  assert.equal(ours(servers!).length, SESSIONS)
  assert.ok(Number(stats!['total_xact_count']) > GUESTS * 10)

  const db = openDb(pooler.url, { max: SESSIONS, statementTimeoutMs: 5000, isPooled: true, onError: () => {} })
  const found = await Promise.all(
    Array.from({ length: SESSIONS }, () =>
      withTx(db.db, async (tx) => {
        await sql`select pg_sleep(0.2)`.execute(tx) // all sessions at once
        const { rows } = await sql<{ pid: number; prepared: number; timeout: string; locks: number }>`
          select pg_backend_pid() as pid,
                 (select count(*) from pg_prepared_statements) as prepared,
                 current_setting('statement_timeout') as timeout,
                 (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks`.execute(
          tx,
        )
        return rows[0]!
      }),
    ),
  )
  await db.close()
  assert.equal(new Set(found.map(({ pid }) => pid)).size, SESSIONS)
  for (const { prepared, timeout, locks } of found) assert.deepEqual([prepared, timeout, locks], [0, '10s', 0])
}

type Row = Record<string, unknown>
/** The console of PgBouncer knows simple statements only. */
async function ask(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<Row>(text)
  await client.end()
  return rows
}

/** While PgBouncer is away callers get 503; everything goes on when it is back. */
async function restart(pooler: PgBouncer, base: string): Promise<void> {
  await pooler.stop()
  const during = await call(base, 'POST', '/events/ev_demo/guests/g2/send')
  assert.deepEqual([during.status, during.headers.get('retry-after')], [503, '5'])
  await pooler.start()
  await untilReady(base)
  const send = await call(base, 'POST', '/events/ev_demo/guests/g2/send')
  await until(
    () => call(base, 'GET', `/deliveries/${readText(send.body, 'deliveryId')}`),
    ({ body }) => body['status'] === 'read',
    60_000,
  )
}

test('the pooler ends a statement that runs too long', { skip: skipWithoutPgBouncer }, async (t) => {
  const pooler = await startPgBouncer(t, await openEmptyDatabase(), { connect_query: 'set statement_timeout = 300' })
  const { db, close } = openDb(pooler.url, { max: 1, statementTimeoutMs: 10_000, isPooled: true, onError: () => {} })
  t.after(close)

  await assert.rejects(sql`select pg_sleep(5)`.execute(db), { code: '57014' }) // query_canceled
})

test(
  'the statement_timeout of the role is enough, also in session mode, and a direct connection has its own',
  { skip: skipWithoutPgBouncer },
  async (t) => {
    const databaseUrl = await openEmptyDatabase()
    const pooler = await startPgBouncer(t, databaseUrl, { pool_mode: 'session', connect_query: '' })
    const addresses = { databaseUrl, poolerUrl: pooler.url }
    const { db, close } = openDb(databaseUrl, { max: 1, statementTimeoutMs: 120_000, onError: () => {} })
    t.after(close)
    const before = await findPoolingProblem(addresses)
    await pooler.stop() // and with it the sessions that are open
    const [role, database] = [new URL(databaseUrl).username, new URL(databaseUrl).pathname.slice(1)]
    await sql`alter role ${sql.id(role)} in database ${sql.id(database)} set statement_timeout = '10s'`.execute(db)
    await pooler.start()

    assert.match(before ?? '', /no statement_timeout/)
    for (const _ of ['first', 'second']) assert.equal(await findPoolingProblem(addresses), undefined)
    const later = openDb(databaseUrl, { max: 1, statementTimeoutMs: 120_000, onError: () => {} })
    t.after(later.close)
    assert.deepEqual((await sql`show statement_timeout`.execute(later.db)).rows, [{ statementTimeout: '2min' }])
  },
)

test(
  'a caller who waits too long for a session gets an outage, and the next one a session',
  { skip: skipWithoutPgBouncer },
  async (t) => {
    const settings = { default_pool_size: '1', query_wait_timeout: '1' }
    const pooler = await startPgBouncer(t, await openEmptyDatabase(), settings)
    const { db, close } = openDb(pooler.url, { max: 2, statementTimeoutMs: 10_000, isPooled: true, onError: () => {} })
    t.after(close)

    let begin = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const busy = withTx(db, async (tx) => {
      await sql`select 1`.execute(tx)
      begin()
      await sql`select pg_sleep(2.5)`.execute(tx)
    })
    await begun
    const refused = await sql`select 1`.execute(db).catch((error: unknown) => error)
    await busy

    assert.ok(isConnectionLost(refused), String(refused))
    assert.deepEqual((await sql`select 1 as n`.execute(db)).rows, [{ n: 1 }])
  },
)

type Case = {
  what: string
  /** Settings that replace those of the documented pgbouncer.ini. */
  sets?: Record<string, string>
  env: (direct: string, pooled: string) => Record<string, string>
  says: RegExp
}
const NEEDS_DIRECT = /^DATABASE_URL \(or DB_HOST\) leads to a pooler .*: set DATABASE_DIRECT_URL to .*$/m
const REFUSED: Case[] = [
  {
    what: 'a pooler without the address of PostgreSQL itself',
    env: (_, pooled) => ({ DATABASE_URL: pooled }),
    says: NEEDS_DIRECT,
  },
  {
    what: 'the same pooler when it swallows start-up parameters',
    sets: { ignore_startup_parameters: 'statement_timeout,options' },
    env: (_, pooled) => ({ DATABASE_URL: pooled }),
    says: NEEDS_DIRECT,
  },
  {
    what: 'a direct address that leads to a pooler too',
    env: (_, pooled) => ({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: pooled }),
    says: /^DATABASE_DIRECT_URL leads to a pooler: it must be the address of PostgreSQL itself .*$/m,
  },
  {
    what: 'sessions without a statement_timeout',
    sets: { connect_query: '' },
    env: (direct, pooled) => ({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: direct }),
    says: /^The sessions of the pooler have no statement_timeout.*connect_query='set statement_timeout = 10000'.*$/m,
  },
  {
    what: 'a pooler of single statements',
    sets: { pool_mode: 'statement' },
    env: (direct, pooled) => ({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: direct }),
    says: /^The pooler refuses this program \(«transaction blocks not allowed in statement pooling mode»\): .*$/m,
  },
  {
    what: 'an address with parameters that the pooler does not know',
    env: (direct, pooled) => ({ DATABASE_URL: `${pooled}?options=-c%20jit%3Doff`, DATABASE_DIRECT_URL: direct }),
    says: /^The pooler refuses this program \(«unsupported startup parameter: options»\): .*$/m,
  },
]
for (const { what, sets, env, says } of REFUSED) {
  test(`a start refuses ${what}, at once and in one line`, { skip: skipWithoutPgBouncer }, async (t) => {
    const databaseUrl = await openEmptyDatabase()
    const pooler = await startPgBouncer(t, databaseUrl, sets)
    const files = what === REFUSED[0]!.what ? ['server.js', 'worker.js', 'commands/migrate.js'] : ['server.js']

    for (const file of files) {
      const { code, output } = await runProgram(t, file, { ...env(databaseUrl, pooler.url), JWT_SECRET })

      assert.equal(code, 1)
      assert.match(output, says)
      assert.doesNotMatch(output, /trying again|^\s+at /m)
    }
  })
}
