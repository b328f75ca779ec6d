/**
 * Measures the API over HTTP, as a ratio to a floor: the thinnest program that does the same durable work (floor-server.ts).
 * Ours is the built program in production mode. Both servers and the load generator are processes of their own; floor and
 * ours run in turns on the same PostgreSQL and Redis. µs is the processor time of the server for a request. After each run of ours the rows that it stored are counted.
 *
 *   npm run bench:http -- [--seconds 4] [--rounds 3] [--connections 32,128] [--rows empty,scan] [--backend redis|postgres] [--check]
 *
 * The first round warms up and does not count. --check exits with 1 when a median ratio is below its target, or below half of
 * the target on the PostgreSQL backend.
 */
import { readArguments, refuse, type Usage } from '../src/commands/usage.ts'
import { sql } from '../src/platform/db.ts'
import { describeRow, ROWS, type RowName } from './http-rows.ts'
import { openSite, readCpuSeconds, runLoad, seedEvent, type Backend, type Server, type Site } from './http-site.ts'
import type { Load, LoadResult } from './load.ts'
import { startMachine } from './machine.ts'

/** More than the fastest run can use. */
const GUESTS_PER_SECOND = 20_000

const usage = {
  command: 'npm run bench:http',
  does: 'Measures the API over HTTP, as a ratio to the thinnest program that does the same durable work. Takes some 20 minutes.',
  flags: {
    seconds: { kind: 'whole', default: '4', description: 'Seconds per run.' },
    rounds: { kind: 'whole', default: '3', description: 'Rounds that count.' },
    connections: { kind: 'text', default: '32,128', description: 'Connections of the load generator.' },
    rows: { kind: 'text', default: ROWS.join(','), description: 'What to measure.' },
    backend: {
      kind: 'text',
      choices: ['redis', 'postgres'],
      description: 'Queue backend. Default: both, as far as they are available.',
    },
    check: { kind: 'switch', description: 'Exits with code 1 when a median ratio is below its target.' },
  },
  variables: ['REDIS_URL'],
} as const satisfies Usage
const { flags } = readArguments(usage)
const seconds = Number(flags.seconds)
const rounds = Number(flags.rounds)
const connections = flags.connections.split(',').map(Number)
const rows = flags.rows.split(',') as RowName[]
const unknown = rows.find((row) => !ROWS.includes(row))
if (unknown) refuse(usage, `--rows: ${unknown} is unknown; there are ${ROWS.join(', ')}.`)
if (connections.some((count) => !(count > 0))) refuse(usage, '--connections: whole numbers, separated by commas.')

/** `cpuUs`: the processor time of the server, without PostgreSQL and Redis, in microseconds a request. */
type Run = LoadResult & { cpuUs: number }
type Measured = { ours: Run[]; floor: Run[] }

const machine = await startMachine()
let missed: string[] = []
try {
  const available: Backend[] = machine.redisUrl ? ['redis', 'postgres'] : ['postgres']
  const backends = available.filter((backend) => (flags.backend ?? backend) === backend)
  for (const backend of backends) {
    const site = await openSite(machine, backend)
    try {
      missed = [...missed, ...(await compareAll(site, backend))]
    } finally {
      await site.close()
    }
  }
} finally {
  await machine.stop()
}
for (const line of missed) process.stdout.write(`below its target: ${line}\n`)
process.exit(flags.check && missed.length > 0 ? 1 : 0)

async function compareAll(site: Site, backend: Backend): Promise<string[]> {
  const below: string[] = []
  for (const name of rows) {
    for (const count of connections) {
      const { measured, target } = await compare(site, name, count)
      const ratio = median(measured.ours.map(({ rate }, n) => rate / measured.floor[n]!.rate))
      const wanted = target === undefined ? undefined : backend === 'redis' ? target : target / 2
      const heading = `${backend} ${name.padEnd(10)} ${String(count).padStart(3)} connections`
      const line = `${heading}: ratio ${ratio.toFixed(2)}${wanted === undefined ? '' : ` (target ${wanted})`}`
      process.stdout.write(`${line}; ours ${describe(measured.ours)}; floor ${describe(measured.floor)}\n`)
      if (wanted !== undefined && ratio < wanted) below.push(line)
    }
  }
  return below
}

async function compare(site: Site, name: RowName, count: number) {
  const measured: Measured = { ours: [], floor: [] }
  const tokens = await site.logIn()
  let target: number | undefined
  for (let round = 0; round <= rounds; round++) {
    // A warm-up is short.
    const isWarmUp = round === 0
    const run = `${name}-${count}-${round}`
    const event = `EV-${run.toUpperCase()}`
    const row = describeRow(name, event, run, tokens)
    target = row.targets[count]
    const length = isWarmUp ? Math.min(seconds, 2) : seconds
    if (`${row.ours.path}${row.ours.body ?? ''}`.includes('{n:8}') || name === 'send')
      await seedEvent(site.deps, event, GUESTS_PER_SECOND * length)
    const load = { from: 1, connections: count, seconds: length }
    const floor = await measureRun(site.floor, { ...load, ...row.floor })
    const before = await countProof(site, row.proof)
    const ours = await measureRun(site.ours, { ...load, ...row.ours })
    const stored = (await countProof(site, row.proof)) - before
    checkRun(run, { floor, ours }, row.proof ? stored : null, count)
    if (isWarmUp) continue
    measured.ours.push(ours)
    measured.floor.push(floor)
  }
  return { measured, target }
}

async function measureRun(server: Server, load: Omit<Load, 'url'>): Promise<Run> {
  const beforeSeconds = await readCpuSeconds(server)
  const result = await runLoad({ ...load, url: server.url })
  const cpuSeconds = (await readCpuSeconds(server)) - beforeSeconds
  return { ...result, cpuUs: Math.round((cpuSeconds * 1e6) / result.succeeded) }
}

async function countProof({ deps: { db } }: Site, query: string | undefined): Promise<number> {
  if (!query) return 0
  const { rows: found } = await sql.raw<{ count: number }>(query).execute(db)
  return found[0]!.count
}

/** Every answer must be a success, and what was answered must be stored. The last requests of a run may have no answer. */
function checkRun(
  run: string,
  { floor, ours }: Record<'floor' | 'ours', LoadResult>,
  stored: number | null,
  open: number,
) {
  if (floor.failed > 0) throw new Error(`${run}: ${floor.failed} requests to the floor failed`)
  if (ours.failed > 0) throw new Error(`${run}: ${ours.failed} requests failed`)
  if (stored !== null && (stored < ours.succeeded || stored > ours.succeeded + open))
    throw new Error(`${run}: ${ours.succeeded} answers, but ${stored} rows`)
}

function describe(results: Run[]): string {
  const of = (pick: (result: Run) => number) => median(results.map(pick))
  const rate = Math.round(of((result) => result.rate)).toLocaleString('en')
  return `${rate}/s, p50 ${of(({ p50Ms }) => p50Ms)} ms, p99 ${of(({ p99Ms }) => p99Ms)} ms, ${of(({ cpuUs }) => cpuUs)} µs`
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!
}
