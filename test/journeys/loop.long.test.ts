/** The loop of loop.test.ts with API and worker in processes of their own, on PostgreSQL alone and with Redis. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openEmptyDatabase, REDIS_URL } from '../harness.ts'
import { playTheLoop, stop } from '../loop.ts'
import { addressOf, call, readText, runProgram, startProgram, until } from '../program.ts'

async function twoProcesses(t: TestContext, env: Record<string, string>): Promise<void> {
  const shared = {
    AUTH_MODE: 'required',
    JWT_SECRET: 'a-secret-of-the-journey-of-32-bytes-or-more',
    SIMULATOR: 'true',
    WA_WEBHOOK_SECRET: '',
    ...env,
  }
  const migrated = await runProgram(t, 'commands/migrate.js', shared)
  assert.equal(migrated.code, 0, migrated.output)
  const seeded = await runProgram(t, 'commands/seed.js', shared)
  const [, email, password] = /(director@\S+) {2}(\S+)/.exec(seeded.output)!
  const server = startProgram(t, 'server.js', shared)
  const base = await addressOf(server)
  const idle = await call(base, 'GET', '/ready')
  const worker = startProgram(t, 'worker.js', shared)
  await until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    20_000,
  )

  const anonymous = await call(base, 'GET', '/director/overview')
  const login = await call(base, 'POST', '/auth/login', { email, password })
  await playTheLoop(base, { authorization: `Bearer ${readText(login.body, 'accessToken')}` })
  await stop(worker)
  await stop(server)

  assert.equal(anonymous.status, 401)
  // BullMQ counts the workers of a whole Redis server, so those of another test would count too.
  if (!env['REDIS_URL']) assert.equal(idle.status, 503)
}

test('two processes on PostgreSQL alone run the same loop', async (t) => {
  await twoProcesses(t, { DATABASE_URL: await openEmptyDatabase() })
})

test(
  'two processes on PostgreSQL and Redis play the same loop',
  { skip: REDIS_URL ? false : 'no Redis here' },
  async (t) => {
    await twoProcesses(t, { DATABASE_URL: await openEmptyDatabase(), REDIS_URL: REDIS_URL! })
  },
)
