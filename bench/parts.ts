/**
 * Measures what each part of the API costs for a request to an empty route: a bare Fastify first, then with one more part at
 * a time. Each variant is a process, and all run in turns.
 *
 *   npm run bench:parts -- [--seconds 3] [--rounds 3] [--connections 32]
 */
import { readArguments } from '../src/commands/usage.ts'
import { readCpuSeconds, runLoad, startServer } from './http-site.ts'
import type { Load } from './load.ts'
import { BODY_PARTS, PARTS } from './parts-list.ts'

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
const BODY = JSON.stringify({ eventId: 'ev_1', code: 'AB12-CD34', admit: 2, gate: 'Norte', scanId: 'lector-1-0001' })
type Variant = { name: string; args: string[]; path: string; body?: string }
const all = String(PARTS.length)
const variants: Variant[] = [
  { name: 'a bare Fastify', args: ['0', '0'], path: '/health' },
  ...PARTS.map((part, n) => ({
    name: `+ ${part}`,
    args: [String(n + 1), '0'],
    path: part === 'rate limit' ? '/limited' : '/health',
  })),
  { name: 'compiled serializers instead', args: [all, '0', 'serializer'], path: '/limited' },
  ...BODY_PARTS.map((part, n) => ({ name: `+ ${part}`, args: [all, String(n + 1)], path: '/limited', body: BODY })),
]
/** Microseconds of processor time per answer, which other programs on the machine change less than the rate. */
const costs = variants.map((): number[] => [])
for (let round = 0; round <= Number(flags.rounds); round++) {
  for (const [n, { args, path, body }] of variants.entries()) {
    const server = await startServer(['--import', 'tsx', 'bench/parts-server.ts', ...args], {}, path)
    const load: Omit<Load, 'connections' | 'seconds'> = {
      ...{ url: server.url, path, from: 1 },
      ...(body
        ? { method: 'POST', headers: { 'content-type': 'application/json' }, body }
        : { method: 'GET', headers: {} }),
    }
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
  // The variant with compiled serializers is a side branch: what follows it is compared with what stood before it.
  const before = medians[name === `+ ${BODY_PARTS[0]}` ? n - 2 : n - 1]
  const added = before === undefined ? '' : `, ${(medians[n]! - before).toFixed(1)} more`
  process.stdout.write(`${name.padEnd(40)} ${medians[n]!.toFixed(1)} µs of processor time${added}\n`)
}
