/**
 * Measures how fast deliveries are processed (claim, attempt row, call, settlement), as a ratio to a floor: a bare BullMQ
 * worker on the same backend that makes the same call and the same two commits per delivery and does nothing else
 * (bare-worker.ts). Both run at concurrency 64, in turns, on an embedded PostgreSQL with its default durability.
 *
 * Two channels: `whatsapp` talks HTTP to a fake provider in another process, which is what production does; `simulated`
 * makes no call. Harder opponents run too: one that updates only the delivery's row and writes no attempt, one whose
 * statements are prepared once per connection as ours are, and one that also calls through our HTTP client.
 *
 * Each round ends with a check that every row is sent under the id that the provider gave to it, with one call each. The first
 * round is a warm-up and does not count.
 *
 *   npm run bench -- [--jobs 8000] [--rounds 3] [--backend redis|postgres] [--channel whatsapp|simulated] [--check]
 *
 * PostgreSQL gets half of the jobs, because its queue is slower. --check exits with 1 when a median ratio is below its target:
 * on Redis 1.5 for whatsapp and 2.5 for simulated, on PostgreSQL 0.75 and 1.3.
 */
import { openSync, writeSync } from 'node:fs'
import { readArguments } from '../src/commands/usage.ts'
import { loadConfig } from '../src/platform/config.ts'
import { newId, sql } from '../src/platform/db.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { deliverInvitation, deliveryJobId } from '../src/delivery/jobs.ts'
import { openLog } from '../src/platform/log.ts'
import type { Job } from '../src/platform/queue.ts'
import { startWorkers } from '../src/platform/queue-workers.ts'
import { listOpponents, measureBare, type Backend, type Place } from './bare-worker.ts'
import { KEY } from './fake-protocol.ts'
import { createDatabase, seed, startMachine } from './machine.ts'
import { bodyOf, measureAlone, startProvider, type Provider } from './provider.ts'

const CONCURRENCY = 64
const TARGETS = { redis: { whatsapp: 1.5, simulated: 2.5 }, postgres: { whatsapp: 0.75, simulated: 1.3 } }
type ChannelKind = 'whatsapp' | 'simulated'

const { flags } = readArguments({
  command: 'npm run bench',
  does: 'Measures how fast deliveries are processed, as a ratio to a bare BullMQ worker that makes the same call and the same commits. Takes some minutes.',
  flags: {
    jobs: { kind: 'whole', default: '8000', description: 'Deliveries per round. PostgreSQL gets half of them.' },
    rounds: { kind: 'whole', default: '3', description: 'Rounds that count.' },
    backend: {
      kind: 'text',
      choices: ['redis', 'postgres'],
      description: 'Queue backend. Default: both, as far as they are available.',
    },
    channel: {
      kind: 'text',
      choices: ['whatsapp', 'simulated'],
      description: 'whatsapp talks HTTP to a fake provider, simulated makes no call. Default: both.',
    },
    check: { kind: 'switch', description: 'Exits with code 1 when a median ratio is below its target.' },
  },
  variables: ['REDIS_URL'],
})
const rounds = Number(flags.rounds)
const say = (line: string) => process.stdout.write(`${line}\n`)

const machine = await startMachine()
const provider = await startProvider()
let isBelow = false
try {
  say(`The fake provider alone answers ${Math.round(await measureAlone(provider, 20_000))} calls a second.`)
  await provider.takeCalls()
  const { databaseUrl: serverUrl, redisUrl } = machine
  const backends = (flags.backend ? [flags.backend] : redisUrl ? ['redis', 'postgres'] : ['postgres']) as Backend[]
  const channels = (flags.channel ? [flags.channel] : ['whatsapp', 'simulated']) as ChannelKind[]
  for (const backend of backends)
    for (const channel of channels) {
      const databaseUrl = await createDatabase(serverUrl, `bench_${backend}_${channel}`)
      isBelow = (await compare({ backend, databaseUrl, redisUrl }, channel)) || isBelow
    }
} finally {
  provider.stop()
  await machine.stop()
}
process.exit(flags.check && isBelow ? 1 : 0)

/** Returns whether ours is below its target. */
async function compare(place: Place, channel: ChannelKind): Promise<boolean> {
  const { backend } = place
  const jobs = Math.ceil(Number(flags.jobs) / (backend === 'postgres' ? 2 : 1))
  const called = channel === 'whatsapp' ? provider : null
  const deps = await openWorkerDeps(place, called)
  const opponents = listOpponents(called)
  const ratios = opponents.map((): number[] => [])
  for (let round = 0; round <= rounds; round++) {
    const run = async (name: string, measure: (ids: string[]) => Promise<number>) => {
      const eventId = `ev_${channel}_${round}_${name.replace(/\W/g, '_')}`
      const ids = Array.from({ length: jobs }, () => newId('dl'))
      await seed(deps, eventId, ids)
      const rate = await measure(ids)
      await check(deps, called, eventId, ids)
      return rate
    }
    const rates: number[] = []
    for (const one of opponents) rates.push(await run(one.name, (ids) => measureBare(place, one, ids, CONCURRENCY)))
    const ours = await run('ours', (ids) => measureOurs(deps, ids))
    if (round === 0) continue
    rates.forEach((rate, n) => ratios[n]!.push(ours / rate))
    const others = opponents.map(
      ({ name }, n) => `${name} ${Math.round(rates[n]!)} (${(ours / rates[n]!).toFixed(2)} x)`,
    )
    say(`${backend}, ${channel}, round ${round}: deliveries ${Math.round(ours)} a second; ${others.join(', ')}`)
  }
  await deps.close()
  const [toFloor, ...toHarder] = ratios.map(median)
  const harder = opponents.slice(1).map(({ name }, n) => `${name} ${toHarder[n]!.toFixed(2)}`)
  const target = TARGETS[backend][channel]
  say(
    `${backend}, ${channel}: median ratio to the floor ${toFloor!.toFixed(2)} (target ${target}); ${harder.join(', ')}`,
  )
  return toFloor! < target
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}

/** A worker's dependencies, with a log as in production but to nowhere. */
async function openWorkerDeps({ backend, databaseUrl, redisUrl }: Place, called: Provider | null): Promise<Deps> {
  const config = loadConfig({
    APP_ENV: 'test',
    DATABASE_URL: databaseUrl,
    JWT_SECRET: 'only-for-the-bench-only-for-the-bench-0000',
    WORKER_CONCURRENCY: String(CONCURRENCY),
    SIMULATOR: 'false',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
    ...(called ? { WA_360DIALOG_API_KEY: KEY, WA_360DIALOG_API_URL: called.url } : {}),
    ...(backend === 'redis' ? { REDIS_URL: redisUrl! } : {}),
  })
  const nowhere = openSync('/dev/null', 'w')
  const stream = { write: (line: string) => writeSync(nowhere, line) } as unknown as NodeJS.WritableStream
  const deps = openDeps(config, openLog(config.log, stream), { databaseUrl })
  await deps.queues.ready(30_000)
  // Above the 1,000 a second that WhatsApp allows at most, so that the bucket is used and does not decide.
  const whatsapp = { ...deps.channels.whatsapp, messagesPerSecond: 100_000 }
  return { ...deps, channels: { ...deps.channels, whatsapp } }
}

/** Deliveries per second. */
async function measureOurs(deps: Deps, ids: string[]): Promise<number> {
  await sql`truncate recipient_limits`.execute(deps.db) // every round has the same numbers
  const items = ids.map((id) => ({ data: { deliveryId: id }, id: deliveryJobId(id, 0) }))
  for (let from = 0; from < ids.length; from += 1000)
    await deps.queues.enqueueMany(deliverInvitation, items.slice(from, from + 1000))
  let done = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const counted: Job = {
    ...(deliverInvitation as unknown as Job),
    async run(...args) {
      const outcome = await (deliverInvitation as unknown as Job).run(...args)
      if (++done === ids.length) finish()
      return outcome
    },
  }
  const startedMs = performance.now()
  const workers = await startWorkers(deps, [counted], async () => {})
  await finished
  const seconds = (performance.now() - startedMs) / 1000
  await workers.close()
  return ids.length / seconds
}

/**
 * Throws unless every delivery is sent, with one call and under the id that the provider gave to it, in a body as long as a
 * bare worker's.
 */
async function check(deps: Deps, called: Provider | null, eventId: string, ids: string[]): Promise<void> {
  const { rows } = await sql<{ id: string; providerMessageId: string }>`
    select id, provider_message_id
      from deliveries
     where event_id = ${eventId} and status = 'sent' and attempts = 1 and sent_at is not null`.execute(deps.db)
  if (rows.length !== ids.length) throw new Error(`${rows.length} of ${ids.length} deliveries are sent: ${eventId}`)
  if (!called) return
  const { calls, refused, bytes, ids: given } = await called.takeCalls()
  if (calls !== ids.length || refused > 0) throw new Error(`${calls} calls for ${ids.length}, ${refused} refused`)
  if (!rows.every(({ id, providerMessageId }) => given[id] === providerMessageId))
    throw new Error(`${eventId} has an id that the provider did not give to that delivery`)
  const difference = bytes / calls / Buffer.byteLength(bodyOf(ids[0]!)) - 1
  if (Math.abs(difference) > 0.02) throw new Error(`bodies of ${eventId} differ by ${(100 * difference).toFixed(1)} %`)
}
