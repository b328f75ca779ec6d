/**
 * Watches the resident memory of the API and of a worker, the built programs in production mode, at half of the load that
 * they can take: reads, webhooks, scans, answers, and sends that the worker delivers over the simulated channel.
 *
 *   npm run bench:soak -- [--minutes 10] [--backend redis|postgres] [--check]
 *
 * The first fifth of the time warms up. Of the rest, the mean of the last third is compared with that of the first. --check
 * exits with 1 when it differs by more than 10 %, when a request fails, or when the worker leaves messages behind.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { readArguments } from '../src/commands/usage.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { describeRow, ENVIRONMENT, type RowName } from './http-rows.ts'
import { createAccounts, logInEach, runLoad, startServer, type Accounts, type Server } from './http-site.ts'
import { createDatabase, readArgumentsOf, seedGuests, startMachine } from './machine.ts'
import { readResidentMb } from './processes.ts'

const TARGET = 0.1
const CONNECTIONS = 32
const EVENT = 'EV-SOAK'
/** Payments are not among them: each makes the next overview a miss, whose cost grows with their number. */
const MIX: RowName[] = ['session', 'overview', 'invitation', 'ingest', 'scan', 'send', 'rsvp']
/** Requests of each kind that find a guest of their own. */
const GUESTS = 150_000
const SEGMENT_SECONDS = 60
const SETTLE_SECONDS = 30

const { flags } = readArguments({
  command: 'npm run bench:soak',
  does: 'Watches the resident memory of API and worker at half of the load that they can take.',
  flags: {
    minutes: { kind: 'whole', default: '10', description: 'Minutes to watch; the first fifth warms up.' },
    backend: { kind: 'text', choices: ['redis', 'postgres'], default: 'redis', description: 'Queue backend.' },
    check: { kind: 'switch', description: 'Exits with code 1 when the memory of one of them is not flat.' },
  },
  variables: ['REDIS_URL'],
})
const seconds = Number(flags.minutes) * 60

const machine = await startMachine()
let isFlat = false
try {
  isFlat = await soak()
} finally {
  await machine.stop()
}
process.exit(flags.check && !isFlat ? 1 : 0)

type Sample = { second: number; API: number; worker: number }

async function soak(): Promise<boolean> {
  const databaseUrl = await createDatabase(machine.databaseUrl, 'bench_soak')
  const env = {
    ...ENVIRONMENT,
    DATABASE_URL: databaseUrl,
    WA_MESSAGES_PER_SECOND: '1000',
    ...(flags.backend === 'redis' && machine.redisUrl ? { REDIS_URL: machine.redisUrl } : {}),
  }
  const config = loadConfig({ ...env, LOG_LEVEL: 'error' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl, isTool: true })
  await seedGuests({ db: deps.slowDb }, EVENT, GUESTS)
  await sql`vacuum analyze`.execute(deps.slowDb)
  const accounts = await createAccounts(deps)
  const worker = await startServer(await readArgumentsOf('start:worker'), env, '/health')
  const api = await startServer(await readArgumentsOf('start'), env, '/ready')
  try {
    return await watch(deps, accounts, { API: api, worker })
  } finally {
    await Promise.all([api.stop(), worker.stop()])
    await deps.close()
  }
}

async function watch(deps: Deps, accounts: Accounts, servers: { API: Server; worker: Server }): Promise<boolean> {
  let from = 1
  const load = async (length: number, rate?: number) => {
    const tokens = await logInEach(deps, accounts)
    const [first, ...others] = MIX.map((name) => describeRow(name, EVENT, 'soak', tokens).ours)
    const load = { ...first!, others, url: servers.API.url, from, connections: CONNECTIONS, seconds: length }
    const result = await runLoad({ ...load, ...(rate ? { rate } : {}) })
    from += Math.ceil(result.numbered / MIX.length) + CONNECTIONS
    return result
  }
  await load(20) // until V8 has compiled what is hot
  const full = (await load(10)).rate
  const rate = Math.floor(Math.min(full / 2, ((GUESTS - from) / (seconds + SEGMENT_SECONDS)) * MIX.length))
  process.stdout.write(`${Math.round(full)} requests a second at full load; ${rate} from now on\n`)

  const samples: Sample[] = []
  const startedMs = performance.now()
  const elapsed = () => (performance.now() - startedMs) / 1000
  let isOver = false
  const sampling = (async () => {
    for (; elapsed() < seconds && !isOver; await sleep(1000))
      samples.push({
        second: Math.round(elapsed()),
        API: await readResidentMb(servers.API.pid),
        worker: await readResidentMb(servers.worker.pid),
      })
  })()
  let [answered, failed] = [0, 0]
  try {
    while (elapsed() < seconds) {
      const result = await load(Math.min(SEGMENT_SECONDS, Math.max(1, Math.ceil(seconds - elapsed()))), rate)
      answered += result.succeeded
      failed += result.failed
    }
  } finally {
    isOver = true
    await sampling
  }
  await sleep(SETTLE_SECONDS * 1000)
  const { rows } = await sql<{ sent: number; waiting: number }>`
    select count(*) filter (where status = 'sent') as sent, count(*) filter (where status <> 'sent') as waiting
      from deliveries`.execute(deps.slowDb)
  const { sent, waiting } = rows[0]!
  process.stdout.write(`${answered} requests answered, ${failed} failed; ${sent} messages sent, ${waiting} left\n`)
  const flat = (['API', 'worker'] as const).map((name) => report(name, samples))
  return flat.every(Boolean) && failed === 0 && waiting === 0
}

/** Prints a line for each minute and what the memory did after the warm-up. */
function report(name: 'API' | 'worker', samples: Sample[]): boolean {
  const meanOf = (some: Sample[]) => some.reduce((sum, sample) => sum + sample[name], 0) / some.length
  const minutes = Array.from({ length: Math.ceil(seconds / 60) }, (_, minute) =>
    Math.round(meanOf(samples.filter(({ second }) => Math.floor(second / 60) === minute))),
  )
  const counted = samples.filter(({ second }) => second >= seconds / 5)
  const third = Math.floor(counted.length / 3)
  const [first, last] = [meanOf(counted.slice(0, third)), meanOf(counted.slice(-third))]
  const change = last / first - 1
  const highest = Math.max(...samples.map((sample) => sample[name]))
  const verdict = `${Math.round(first)} MB, then ${Math.round(last)} MB (${(change * 100).toFixed(1)} %; at most ${TARGET * 100} %)`
  process.stdout.write(`${name}: ${verdict}; highest ${Math.round(highest)} MB; by minute ${minutes.join(' ')}\n`)
  return Math.abs(change) <= TARGET
}
