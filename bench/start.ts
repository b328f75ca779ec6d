/**
 * Measures how long API and worker take from the start of the process to the first 200 of /ready, against a PostgreSQL and a
 * Redis that run and a schema that is there. /ready of the API needs a worker, so one runs already.
 *
 *   npm run bench:start -- [--rounds 5] [--backend redis|postgres] [--check]
 *
 * The fastest start counts, because whatever else the machine does only adds to it; the CPU time stands beside it. --check exits
 * with 1 when it is above 2 s.
 */
import { readArguments } from '../src/commands/usage.ts'
import { ENVIRONMENT } from './http-rows.ts'
import { startServer } from './http-site.ts'
import { createDatabase, readArgumentsOf, startMachine } from './machine.ts'
import { readCpuMs } from './processes.ts'

const TARGET_MS = 2000
const PROGRAMS = { API: 'start', worker: 'start:worker' } as const

const { flags } = readArguments({
  command: 'npm run bench:start',
  does: 'Measures how long API and worker take from the start of the process to the first 200 of /ready.',
  flags: {
    rounds: { kind: 'whole', default: '5', description: 'Starts of each program.' },
    backend: { kind: 'text', choices: ['redis', 'postgres'], default: 'redis', description: 'Queue backend.' },
    check: { kind: 'switch', description: `Exits with code 1 when the fastest start is above ${TARGET_MS} ms.` },
  },
  variables: ['REDIS_URL'],
})
const rounds = Number(flags.rounds)
const machine = await startMachine()
let isTooSlow = false
try {
  isTooSlow = await measure()
} finally {
  await machine.stop()
}
process.exit(flags.check && isTooSlow ? 1 : 0)

async function measure(): Promise<boolean> {
  const env = {
    ...ENVIRONMENT,
    DATABASE_URL: await createDatabase(machine.databaseUrl, 'bench_start'),
    ...(flags.backend === 'redis' && machine.redisUrl ? { REDIS_URL: machine.redisUrl } : {}),
  }
  const start = async (script: 'start' | 'start:worker') => startServer(await readArgumentsOf(script), env, '/ready')
  const running = await start('start:worker')
  const best: number[] = []
  try {
    for (const [name, program] of Object.entries(PROGRAMS)) {
      const times: number[] = []
      const cpu: number[] = []
      for (let round = 0; round < rounds; round++) {
        const server = await start(program)
        times.push(Math.round(server.startMs))
        cpu.push(await readCpuMs(server.pid))
        await server.stop()
      }
      best.push(Math.min(...times))
      const all = times.map((ms, n) => `${ms} (${Math.round(cpu[n]!)})`).join(', ')
      process.stdout.write(
        `${flags.backend} ${name}: ${Math.min(...times)} ms (target ${TARGET_MS}); all (CPU): ${all}\n`,
      )
    }
  } finally {
    await running.stop()
  }
  return Math.max(...best) > TARGET_MS
}
