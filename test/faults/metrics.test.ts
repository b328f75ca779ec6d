/** Metrics where API and worker are two processes: each shows its own work, and both show what is in rows and queues. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openMigratedDatabase } from '../harness.ts'
import { addressOf, call, readText, runProgram, startProgram, until } from '../program.ts'

const TOKEN = 'only-for-tests'
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }

/** The value of a metric; undefined: it is not shown. */
const valueOf = (text: string, name: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}
/** What the simulated guest answers is due for a moment. */
const hasNothingDue = (text: string) => valueOf(text, 'monotickets_due_rows{table="deliveries"}') === 0
const lastSuccess = (entry: string) => `monotickets_schedule_last_success_seconds{entry="${entry}"}`

test('each process shows its own work, and both show rows, queues and the last success of the nightly job', async (t) => {
  const env = {
    ...{ DATABASE_URL: await openMigratedDatabase(), AUTH_MODE: 'demo', SIMULATOR: 'true' },
    ...{ METRICS_TOKEN: TOKEN, METRICS_PORT: '0' },
  }
  assert.equal((await runProgram(t, 'commands/seed.js', env)).code, 0)
  const server = startProgram(t, 'server.js', env)
  const worker = startProgram(t, 'worker.js', env)
  const api = await addressOf(server)
  const [, port] = await worker.waitFor(/Metrics and health at http:\/\/127\.0\.0\.1:(\d+)/)
  const own = `http://127.0.0.1:${port}`
  const ready = await until(
    () => call(own, 'GET', '/ready'),
    ({ status }) => status === 200,
    20_000,
  )
  const sent = await call(api, 'POST', '/events/ev_demo/guests/g1/send', {})
  await until(
    () => call(api, 'GET', `/deliveries/${readText(sent.body, 'deliveryId')}`),
    ({ body }) => body['status'] === 'read',
    30_000,
  )
  const began = Date.now() / 1000
  assert.equal((await runProgram(t, 'worker.js', env, ['--force'])).code, 0)

  const metricsOf = async (base: string) =>
    readText((await call(base, 'GET', '/metrics', undefined, AUTHORIZED)).body, 'text')
  const [apiText, workerText] = await until(
    async () => [await metricsOf(api), await metricsOf(own)] as const,
    (texts) => valueOf(texts[1], lastSuccess('watch-prices')) !== undefined && texts.every(hasNothingDue),
    20_000,
  )
  const refusals = [await call(own, 'GET', '/metrics'), await call(own, 'GET', '/events')]
  const health = await call(own, 'GET', '/health')

  const attempts = 'monotickets_delivery_attempts_total{channel="whatsapp",outcome="sent"}'
  assert.ok(valueOf(workerText, attempts)! >= 1)
  assert.equal(valueOf(apiText, attempts), undefined)
  assert.match(
    workerText,
    /monotickets_job_seconds_count\{queue="deliveryQueue",job="deliver-invitation",outcome="done"\}/,
  )
  assert.ok(began - valueOf(workerText, lastSuccess('sweep-deliveries'))! < 60)
  for (const text of [apiText, workerText]) {
    for (const entry of ['run-landing-ttl', 'refresh-kpis']) assert.ok(valueOf(text, lastSuccess(entry))!, entry)
    assert.ok(valueOf(text, lastSuccess('run-landing-ttl'))! >= Math.floor(began))
    assert.equal(valueOf(text, 'monotickets_dead_letters'), 0)
    assert.equal(valueOf(text, 'monotickets_due_rows{table="deliveries"}'), 0)
    assert.equal(valueOf(text, 'monotickets_channel_paused{channel="whatsapp"}'), 0)
    assert.notEqual(valueOf(text, 'monotickets_queue_jobs{queue="deliveryQueue",state="waiting"}'), undefined)
    assert.ok(text.includes('monotickets_price_prediction_drift_ratio '))
  }
  assert.deepEqual([ready.status, health.status, ...refusals.map(({ status }) => status)], [200, 200, 401, 404])
  for (const program of [worker, server]) {
    program.kill('SIGTERM')
    assert.equal(await program.ended, 0, program.output().slice(-2000))
  }
})

test('without METRICS_PORT a worker listens nowhere, and a busy one is reported', async (t) => {
  const env = { DATABASE_URL: await openMigratedDatabase(), AUTH_MODE: 'demo' }
  const blocker = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => blocker.once('listening', resolve))
  const { port } = blocker.address() as { port: number }
  t.after(() => void blocker.close())

  const silent = startProgram(t, 'worker.js', env)
  const refused = await runProgram(t, 'worker.js', { ...env, METRICS_PORT: String(port) })
  await silent.waitFor(/Workers and clock are running/)
  await sleep(100)
  silent.kill('SIGTERM')

  assert.deepEqual([refused.code, await silent.ended], [1, 0])
  assert.match(refused.output, new RegExp(`^Port ${port} is busy: .*METRICS_PORT=\\d+ npm run start:worker`, 'm'))
  assert.doesNotMatch(silent.output(), / at http:/)
})
