/**
 * Measures the resident memory of the worker while it processes 100,000 deliveries. Target: 250 MB at most.
 *
 *   npm run bench:memory -- [--jobs 100000] [--seconds 30] [--backend redis|postgres]
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { readArguments } from '../src/commands/usage.ts'
import { loadConfig } from '../src/platform/config.ts'
import { newId } from '../src/platform/db.ts'
import { deliverInvitation, deliveryJobId } from '../src/delivery/jobs.ts'
import { openDeps } from '../src/deps.ts'
import { openLog } from '../src/platform/log.ts'
import { createDatabase, readArgumentsOf, seed, startMachine } from './machine.ts'

const TARGET_MB = 250
const { flags } = readArguments({
  command: 'npm run bench:memory',
  does: `Measures the resident memory of the worker while deliveries wait. Target: at most ${TARGET_MB} MB.`,
  flags: {
    jobs: { kind: 'whole', default: '100000', description: 'Deliveries that wait.' },
    seconds: { kind: 'whole', default: '30', description: 'Seconds to watch.' },
    backend: { kind: 'text', choices: ['redis', 'postgres'], default: 'redis', description: 'Queue backend.' },
  },
  variables: ['REDIS_URL'],
})
const machine = await startMachine()
let highestMb = 0
try {
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_memory')
  const env = {
    APP_ENV: 'test',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'only-for-the-bench-only-for-the-bench-0000',
    SIMULATOR: 'false',
    LOG_LEVEL: 'error',
    ...(flags.backend === 'redis' && machine.redisUrl ? { REDIS_URL: machine.redisUrl } : {}),
  }
  const config = loadConfig(env)
  const deps = openDeps(config, openLog(config.log), { databaseUrl, isTool: true })
  await deps.queues.ready(30_000)
  const ids = Array.from({ length: Number(flags.jobs) }, () => newId('dl'))
  await seed(deps, 'ev_memory', ids)
  const items = ids.map((id) => ({ data: { deliveryId: id }, id: deliveryJobId(id, 0) }))
  for (let from = 0; from < items.length; from += 1000)
    await deps.queues.enqueueMany(deliverInvitation, items.slice(from, from + 1000))
  const { waiting } = await deps.queues.count('deliveryQueue')
  await deps.close()

  const worker = spawn(process.execPath, await readArgumentsOf('start:worker'), {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  for (let second = 0; second < Number(flags.seconds); second++) {
    await sleep(1000)
    const status = await readFile(`/proc/${worker.pid}/status`, 'utf8')
    highestMb = Math.max(highestMb, Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024)
  }
  worker.kill('SIGTERM')
  await new Promise((resolve) => worker.once('exit', resolve))
  process.stdout.write(
    `${waiting} queued on ${flags.backend}: at most ${Math.round(highestMb)} MB (target ${TARGET_MB})\n`,
  )
} finally {
  await machine.stop()
}
process.exit(highestMb > 0 && highestMb <= TARGET_MB ? 0 : 1)
