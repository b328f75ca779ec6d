import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { playTheLoop, stop } from '../loop.ts'
import { addressOf, call, runProgram, startProgram, until } from '../program.ts'

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
