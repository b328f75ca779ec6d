import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { startEmbedded, type Embedded } from '../../src/platform/embedded/embedded.ts'
import { openDb } from '../../src/platform/db.ts'
import { seedDemo } from '../../src/commands/demo.ts'
import { openMigratedDatabase, REDIS_URL } from '../harness.ts'
import { addressOf, call, read, readText, runProgram, startProgram, until, type Program } from '../program.ts'

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-outage-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Sends to a demo guest and waits until the message is read. */
async function sendAndSee(base: string, guest: string): Promise<void> {
  const send = await call(base, 'POST', `/events/ev_demo/guests/${guest}/send`)
  assert.equal(send.status, 202, JSON.stringify(send.body))
  await until(
    () => call(base, 'GET', `/deliveries/${readText(send.body, 'deliveryId')}`),
    ({ body }) => body['status'] === 'read',
    60_000,
  )
}

async function seeded(url: string): Promise<string> {
  const { db, close } = openDb(url, { max: 1, statementTimeoutMs: 10_000, onError: () => {} })
  await seedDemo({ db, now: () => new Date(), tickets: { limit: 'warn', use: 'scan', premiumFactor: 1 } })
  await close()
  return url
}

/** Waits for `/ready` after an outage. When it does not come, the error shows what the worker printed last. */
async function untilReady(base: string, worker: Program): Promise<void> {
  const isReady = until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    60_000,
  )
  const hasEnded = worker.ended.then((code) => assert.fail(`the worker ended with ${code}`))
  await Promise.race([isReady, hasEnded]).catch((cause: unknown) =>
    assert.fail(`${(cause as Error).message}\nThe worker printed:\n${worker.output().slice(-5000)}`),
  )
}

async function startBoth(t: TestContext, env: Record<string, string>) {
  const shared = { AUTH_MODE: 'demo', SIMULATOR: 'true', LOG_LEVEL: 'info', ...env }
  const server = startProgram(t, 'server.js', shared)
  const worker = startProgram(t, 'worker.js', shared)
  const base = await addressOf(server)
  await until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    30_000,
  )
  return { server, worker, base }
}

test('while PostgreSQL is down requests get 503, and everything recovers when it is back', async (t) => {
  const folder = join(await aFolder(t), 'data')
  const start = (port?: number) =>
    startEmbedded({ folder, log: () => {}, ...(port ? { port } : {}), settings: { fsync: 'off' } })
  let postgres: Embedded = await start()
  t.after(() => postgres.stop())
  const { port } = postgres
  assert.equal((await runProgram(t, 'commands/migrate.js', { DATABASE_URL: postgres.url })).code, 0)
  const { server, worker, base } = await startBoth(t, { DATABASE_URL: await seeded(postgres.url) })
  await sendAndSee(base, 'g1')

  await postgres.stop()
  const during = await call(base, 'POST', '/events/ev_demo/guests/g2/send')
  const webhook = await call(base, 'POST', '/wa/webhook', { n: 1 })
  const [health, ready] = [await call(base, 'GET', '/health'), await call(base, 'GET', '/ready')]
  postgres = await start(port)
  await untilReady(base, worker)
  await sendAndSee(base, 'g3')

  for (const reply of [during, webhook]) {
    assert.deepEqual([reply.status, reply.body['code'], reply.headers.get('retry-after')], [503, 'unavailable', '5'])
  }
  assert.deepEqual([health.status, ready.status, read(ready.body, 'checks.database.ok')], [200, 503, false])
  for (const program of [worker, server]) {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0)
  }
})

async function startRedis(port: number, folder: string): Promise<ChildProcess> {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise<void>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready to accept') && resolve()),
  )
  return child
}

test(
  'Redis is killed and comes back empty: requests are taken meanwhile and nothing is lost',
  { skip: REDIS_URL ? false : 'no Redis here' },
  async (t) => {
    const folder = await aFolder(t)
    const port = 20_000 + (process.pid % 20_000)
    let redis = await startRedis(port, folder)
    t.after(() => void redis.kill())
    const { server, worker, base } = await startBoth(t, {
      DATABASE_URL: await seeded(await openMigratedDatabase()),
      REDIS_URL: `redis://127.0.0.1:${port}`,
    })
    await sendAndSee(base, 'g1')

    redis.kill('SIGKILL')
    const ready = await until(
      () => call(base, 'GET', '/ready'),
      ({ status }) => status === 503,
      10_000,
    )
    const during = await call(base, 'POST', '/events/ev_demo/guests/g2/send')
    const webhook = await call(base, 'POST', '/wa/webhook', { n: 1 })
    const overview = await call(base, 'GET', '/director/overview')
    redis = await startRedis(port, folder)
    await until(
      () => call(base, 'GET', `/deliveries/${readText(during.body, 'deliveryId')}`),
      ({ body }) => body['status'] === 'read',
      60_000,
    )

    assert.deepEqual([during.status, webhook.status, overview.status], [202, 200, 200])
    assert.equal(read(ready.body, 'checks.redis.ok'), false)
    for (const program of [worker, server]) {
      program.kill('SIGTERM')
      assert.equal(await program.ended, 0)
    }
  },
)
