/**
 * Measures what each part of the API costs for a request to an empty route: a bare Fastify first, then with one more part at
 * a time. Each variant is a process, and all run in turns.
 *
 *   npm run bench:parts -- [--seconds 3] [--rounds 3] [--connections 32]
 */
import { readArguments } from '../src/commands/usage.ts'
import { readCpuSeconds, runLoad, startServer } from './http-site.ts'
import { PARTS } from './parts-list.ts'

const { flags } = readArguments({
  command: 'npm run bench:parts',
  does: 'Measures what each part of the API costs for a request to an empty route.',
  flags: {
    seconds: { kind: 'whole', default: '3', description: 'Seconds per run.' },
    rounds: { kind: 'whole', default: '3', description: 'Rounds that count.' },
    connections: { kind: 'whole', default: '32', description: 'Connections of the load generator.' },
  },
  variables: [],
})
const variants = [
  { name: 'a bare Fastify', args: ['0'], path: '/health' },
  ...PARTS.map((part, n) => ({
    name: `+ ${part}`,
    args: [String(n + 1)],
    path: part === 'rate limit' ? '/limited' : '/health',
  })),
  { name: 'all of it, with compiled serializers', args: [String(PARTS.length), 'serializer'], path: '/limited' },
]
/** Microseconds of processor time per answer, which other programs on the machine change less than the rate. */
const costs = variants.map((): number[] => [])
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const [n, { args, path }] of variants.entries()) {
    const server = await startServer(['--import', 'tsx', 'bench/parts-server.ts', ...args], {}, path)
    const load = { url: server.url, method: 'GET', path, headers: {}, from: 1 } as const
    const run = { ...load, connections: Number(flags.connections) }
    await runLoad({ ...run, seconds: 1 })
    const before = await readCpuSeconds(server)
    const { succeeded } = await runLoad({ ...run, seconds: Number(flags.seconds) })
    const used = (await readCpuSeconds(server)) - before
    await server.stop()
    if (round > 0) costs[n]!.push((used / succeeded) * 1e6)
  }
}
const medians = costs.map((row) => row.toSorted((a, b) => a - b)[Math.floor(row.length / 2)]!)
for (const [n, { name }] of variants.entries()) {
  const added = n === 0 ? '' : `, ${(medians[n]! - medians[n - 1]!).toFixed(1)} more`
  process.stdout.write(`${name.padEnd(40)} ${medians[n]!.toFixed(1)} µs of processor time${added}\n`)
}
