import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDb, sql } from '../../src/platform/db.ts'
import { backends, openEmptyDatabase, openMigratedDatabase, REDIS_URL } from '../harness.ts'
import { addressOf, call, readText, runProgram, startProgram, until, type Program } from '../program.ts'

const JWT_SECRET = 'only-for-tests-only-for-tests-only-for-tests'

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-boot-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return join(folder, 'data')
}

test('an invalid environment stops the start and lists every problem', async (t) => {
  const { code, output } = await runProgram(t, 'server.js', {
    PORT: 'eighty',
    LOG_FORMAT: 'xml',
    LANDING_JOB_HOUR: '24',
  })

  assert.equal(code, 1)
  for (const name of ['PORT', 'LOG_FORMAT', 'LANDING_JOB_HOUR']) assert.match(output, new RegExp(`- ${name} `))
  assert.doesNotMatch(output, /^ +at /m)
})

test('production refuses an unsafe start', async (t) => {
  const { code, output } = await runProgram(t, 'server.js', { APP_ENV: 'production' })

  assert.equal(code, 1)
  for (const name of ['AUTH_MODE', 'JWT_SECRET', 'DATABASE_URL', 'WA_WEBHOOK_SECRET'])
    assert.match(output, new RegExp(name))
})

test('with PostgreSQL down the start retries, then exits with 1 and says what to do', async (t) => {
  for (const program of ['server.js', 'worker.js']) {
    const { code, output } = await runProgram(t, program, {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      JWT_SECRET,
      BOOT_WAIT_SECONDS: '1',
    })

    assert.equal(code, 1)
    assert.match(output, /PostgreSQL does not answer yet; trying again/)
    assert.match(output, /^PostgreSQL does not answer after \d+ s \(.*\)\. Start it, or check DATABASE_URL/m)
  }
})

test('with Redis down the start exits with 1 and says what to do', async (t) => {
  const { code, output } = await runProgram(t, 'server.js', {
    DATABASE_URL: await openEmptyDatabase(),
    JWT_SECRET,
    REDIS_URL: 'redis://127.0.0.1:1',
    BOOT_WAIT_SECONDS: '1',
  })

  assert.equal(code, 1)
  assert.match(output, /^Redis does not answer after \d+ s .*check REDIS_URL/m)
})

test('a migration waits for another process that has been migrating for eleven seconds', async (t) => {
  const databaseUrl = await openEmptyDatabase()
  const other = openDb(databaseUrl, { max: 1, statementTimeoutMs: 5000, onError: () => {} })
  t.after(() => other.close())
  const migrating = other.db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(3853314791062309107)`.execute(tx) // what Kysely's migrator locks
    await sleep(11_000)
  })

  const { code, output } = await runProgram(t, 'commands/migrate.js', { DATABASE_URL: databaseUrl })

  await migrating
  assert.equal(code, 0, output)
  assert.match(output, /Migrations were applied/)
})

test('a busy port is reported, and the embedded database is stopped', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  t.after(() => void blocker.close())

  const { code, output } = await runProgram(t, 'server.js', { PORT: String(port), DATA_FOLDER: await aFolder(t) })

  assert.equal(code, 1)
  assert.match(output, new RegExp(`^Port ${port} is busy: .*PORT=`, 'm'))
})

test('a second start on the same folder is refused, and a start after kill -9 keeps the data', async (t) => {
  const folder = await aFolder(t)
  const first = startProgram(t, 'server.js', { DATA_FOLDER: folder })
  const base = await addressOf(first)
  await call(base, 'POST', '/events/ev_demo/guests', { id: 'g_kept', name: 'Ana' })

  const second = await runProgram(t, 'server.js', { DATA_FOLDER: folder })
  first.kill('SIGKILL')
  await first.ended
  const third = startProgram(t, 'server.js', { DATA_FOLDER: folder })
  const kept = await call(await addressOf(third), 'GET', '/events/ev_demo/guests/g_kept')
  third.kill('SIGTERM')

  assert.deepEqual([second.code, kept.status, await third.ended], [1, 200, 0])
  assert.match(second.output, /Another Monotickets \(pid \d+\) already uses .*DATA_FOLDER/)
  assert.equal((await stat(join(folder, 'postgres.json'))).mode & 0o777, 0o600)
})

test('a login of the embedded demo survives a restart, and the log says what signs it', async (t) => {
  const folder = await aFolder(t)
  const start = async (more: Record<string, string> = {}) => {
    const server = startProgram(t, 'server.js', { DATA_FOLDER: folder, ...more })
    const base = await addressOf(server)
    const [, email, password] = await server.waitFor(/(director@\S+) {2}(\S+)/)
    return { server, base, login: { email, password } }
  }
  const stop = async (server: Program) => {
    server.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  }

  const first = await start()
  const { body } = await call(first.base, 'POST', '/auth/login', first.login)
  await stop(first.server)
  const second = await start({ JWT_SECRET: 'short' })
  const me = await call(second.base, 'GET', '/auth/me', undefined, {
    authorization: `Bearer ${readText(body, 'accessToken')}`,
  })
  await stop(second.server)

  assert.equal(me.status, 200)
  assert.equal((await stat(join(folder, 'jwt-secret'))).mode & 0o777, 0o600)
  assert.match(first.server.output(), /"info".*JWT_SECRET is not set: a secret in the data folder signs the logins/)
  assert.match(second.server.output(), /"warn".*JWT_SECRET has fewer than 32 bytes and is not used/)
})

test('demo mode with a database of its own says that logins end with the process', async (t) => {
  const env = { DATABASE_URL: await openMigratedDatabase(), AUTH_MODE: 'demo' }
  const server = startProgram(t, 'server.js', env)
  await addressOf(server)
  server.kill('SIGTERM')

  assert.equal(await server.ended, 0)
  assert.match(server.output(), /"warn".*JWT_SECRET is not set: a new secret signs the logins/)
})

test('with pending migrations the server is not ready, says so, and becomes ready after npm run migrate', async (t) => {
  const env = { DATABASE_URL: await openEmptyDatabase(), AUTH_MODE: 'demo', SIMULATOR: 'false' }
  const server = startProgram(t, 'server.js', env)
  const worker = startProgram(t, 'worker.js', env)
  const base = await addressOf(server)

  const before = await call(base, 'GET', '/ready')
  const request = await call(base, 'GET', '/events')
  await runProgram(t, 'commands/migrate.js', env)
  const after = await until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    30_000,
  )

  assert.match(server.output(), /Migrations are pending: run npm run migrate/)
  assert.match(JSON.stringify(before.body), /pending.*npm run migrate/)
  assert.deepEqual(
    [before.status, request.status, request.body['code'], request.headers.get('retry-after')],
    [503, 503, 'unavailable', '30'],
  )
  assert.equal(after.status, 200)
  for (const program of [server, worker]) {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  }
})

const PROGRAMS = [
  'server.js',
  'worker.js',
  'commands/migrate.js',
  'commands/seed.js',
  'commands/create-user.js',
  'commands/set-password.js',
]
/** A database URL that cannot work, because --help must not connect. */
const BROKEN = { PORT: 'eighty', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', BOOT_WAIT_SECONDS: '0' }
for (const file of PROGRAMS) {
  test(`${file} --help prints flags and environment and does nothing else`, async (t) => {
    const { code, output } = await runProgram(t, file, BROKEN, ['--help'])

    assert.equal(code, 0)
    for (const words of [/^Usage: npm /, /^Flags:$/m, /--help, -h/, /^ {2}DATABASE_URL /m]) assert.match(output, words)
    assert.doesNotMatch(output, /eighty|does not answer/)
  })

  test(`${file} refuses an unknown flag and a stray argument with exit code 2 and its usage`, async (t) => {
    const flag = await runProgram(t, file, BROKEN, ['--hepl'])
    const argument = await runProgram(t, file, BROKEN, ['now'])

    assert.deepEqual([flag.code, argument.code], [2, 2])
    assert.match(flag.output, /^--hepl is not a flag of npm .*: did you mean --help\?\n\nUsage: npm /)
    assert.match(argument.output, /^"now" is a stray argument: npm .* takes flags only\.\n\nUsage: npm /)
  })
}

test('the worker refuses --dry-run together with --force', async (t) => {
  const { code, output } = await runProgram(t, 'worker.js', BROKEN, ['--dry-run', '--force'])

  assert.equal(code, 2)
  assert.match(output, /^--dry-run and --force exclude each other\.\n/)
})

test('the start warns about a misspelled variable', async (t) => {
  const { output } = await runProgram(t, 'commands/migrate.js', {
    ...{ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', BOOT_WAIT_SECONDS: '0' },
    RESEND_APIKEY: 're_secret',
  })

  assert.match(output, /"warn".*RESEND_APIKEY is not known: did you mean RESEND_API_KEY\?/)
  assert.doesNotMatch(output, /re_secret/)
})

/** When the program is stopped: early in the boot, while it migrates, when it listens, and while jobs run. */
const MOMENTS: [string, RegExp][] = [
  ['when PostgreSQL is up', /delivery_mock_mode/],
  ['after the migrations', /Migrations were applied/],
  ['when it listens', /Listening at/],
  ['when its workers run', /Workers and clock are running/],
]
for (const [moment, pattern] of MOMENTS) {
  test(`a stop of the embedded start ${moment} is clean: exit code 0, no stack, no PostgreSQL left`, async (t) => {
    const folder = await aFolder(t)
    const server = startProgram(t, 'server.js', { DATA_FOLDER: folder })
    await server.waitFor(pattern)
    server.kill('SIGINT')
    server.kill('SIGINT') // npm forwards the terminal's signal a second time

    assert.equal(await server.ended, 0, server.output())
    assertClean(server.output())
    await assert.rejects(stat(join(folder, 'postgres', 'postmaster.pid')))
  })
}

for (const backend of backends) {
  test(`server and worker stop cleanly on ${backend}`, async (t) => {
    const env = {
      ...{ DATABASE_URL: await openEmptyDatabase(), MIGRATE_ON_START: 'true', AUTH_MODE: 'demo' },
      ...(backend === 'redis' ? { REDIS_URL: REDIS_URL! } : {}),
    }
    const server = startProgram(t, 'server.js', env)
    await addressOf(server)
    const worker = startProgram(t, 'worker.js', env)
    await worker.waitFor(/Workers and clock are running/)

    for (const program of [worker, server]) {
      program.kill('SIGTERM')
      assert.equal(await program.ended, 0, program.output())
      assertClean(program.output())
      assert.doesNotMatch(program.output(), /does not answer|not reachable/) // the stores run all the time
    }
  })
}

test('a stop while waiting for PostgreSQL ends the wait with exit code 0 for a server and 143 for a tool', async (t) => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', JWT_SECRET }
  for (const [file, expected] of [
    ['server.js', 0],
    ['worker.js', 0],
    ['commands/migrate.js', 143],
  ] as const) {
    const program = startProgram(t, file, env)
    await program.waitFor(/PostgreSQL does not answer yet/)
    program.kill('SIGTERM')

    assert.equal(await program.ended, expected, program.output())
    assert.match(program.output(), /"Stopped"/)
  }
})

test('a worker that is waiting for migrations stops at once', async (t) => {
  const worker = startProgram(t, 'worker.js', { DATABASE_URL: await openEmptyDatabase(), JWT_SECRET })
  await worker.waitFor(/Migrations are pending/)
  worker.kill('SIGTERM')

  assert.equal(await worker.ended, 0)
  assertClean(worker.output())
})

function assertClean(output: string): void {
  assert.match(output, /"Stopping: .*"Stopped"/s)
  assert.doesNotMatch(output, /\bat \S+ \(|"level":"(error|fatal)"/)
}
