import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openEmptyDatabase, REDIS_URL } from '../harness.ts'
import { addressOf, call, read, readText, runProgram, startProgram, until, type Program } from '../program.ts'

/** The smoke test of the seed and the whole loop: requested, delivered, answered, scanned, counted. */
async function playTheLoop(base: string, headers: Record<string, string>): Promise<void> {
  const ask = (method: string, path: string, body?: unknown) => call(base, method, path, body, headers)

  const send = await ask('POST', '/events/ev_demo/guests/g1/send', { channel: 'whatsapp' })
  const webhook = await ask('POST', '/wa/webhook', {})
  const session = await ask('GET', '/wa/session/5215550000')
  const overview = await ask('GET', '/director/overview')
  const intent = await ask('POST', '/payments/intent', { amount: 1000, currency: 'mxn' })
  assert.deepEqual(
    [send, webhook, session, overview, intent].map(({ status }) => status),
    [202, 200, 200, 200, 201],
  )

  const delivery = await until(
    () => ask('GET', `/deliveries/${readText(send.body, 'deliveryId')}`),
    ({ body }) => body['status'] === 'read',
    30_000,
  )
  assert.deepEqual(
    (delivery.body['events'] as { status: string }[]).map(({ status }) => status),
    ['sent', 'delivered', 'read'],
  )

  const rsvp = await call(base, 'POST', '/public/invite/MONO-DEMO-0002/rsvp', { answer: 'yes', partySize: 3 })
  assert.equal(rsvp.status, 200)
  const scan = () =>
    ask('POST', '/scan/validate', { eventId: 'ev_demo', code: 'MONO-DEMO-0002', admit: 3, gate: 'Norte' })
  assert.deepEqual([(await scan()).body['status'], (await scan()).body['status']], ['valid', 'duplicate'])

  const confirm = await call(base, 'POST', '/payments/webhook', {
    id: `evt_${Date.now()}`,
    providerRef: intent.body['providerRef'],
    status: 'confirmed',
  })
  assert.equal(confirm.status, 200)
  const paid = await ask('POST', '/director/payments', {
    organizerId: 'org_demo',
    amount: 250.5,
    currency: 'MXN',
    method: 'transfer',
    reference: `T-${Date.now()}`,
  })
  assert.deepEqual([paid.status, read(paid.body, 'balance.openDebt')], [201, '1999.50'])

  const counted = await until(
    () => ask('GET', '/director/overview'),
    ({ body }) =>
      Number(read(body, 'deliveries.read')) >= 1 &&
      Number(read(body, 'guests.scanned')) >= 1 &&
      Number(read(body, 'payments.confirmed.count')) >= 3,
    30_000,
  )
  assert.deepEqual([read(counted.body, 'tickets.used'), read(counted.body, 'finance.openDebtCents')], [3, 199_950])
}

async function stop(program: Program): Promise<void> {
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0, program.output().slice(-2000))
}

test('one command starts the embedded database, runs the loop, and a restart keeps the data', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-loop-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true }))
  const env = { DATA_FOLDER: join(folder, 'data') }

  const first = startProgram(t, 'server.js', env)
  const base = await addressOf(first)
  await until(
    () => call(base, 'GET', '/ready'),
    ({ status }) => status === 200,
    15_000,
  )
  await playTheLoop(base, {})
  const plan = await runProgram(t, 'worker.js', env, ['--dry-run'])
  await stop(first)
  const second = startProgram(t, 'server.js', env)
  const kept = await call(await addressOf(second), 'GET', '/events/ev_demo/guests/g2')
  await stop(second)

  assert.equal(plan.code, 0)
  assert.match(plan.output, /ev_demo_xv/)
  assert.equal(kept.body['status'], 'scanned')
})

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
