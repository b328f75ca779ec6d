/**
 * Fills an empty database with the data of a large installation: 1,000 organizers, 10,000 events, 2,000,000 guests, 5,000,000
 * deliveries, 1,000,000 scans, and 500,000 payments with their facts and their ledger. Messages have neither attempts nor
 * statuses, and payments no history. The same scale and seed give the same rows.
 *
 *   DATABASE_URL=postgres://… npm run bench:seed-large -- [--scale 1] [--seed 1]
 */
import pg from 'pg'
import { boot, migrate, runProgram } from '../src/commands/boot.ts'
import { readArguments, TOOL_VARIABLES } from '../src/commands/usage.ts'
import { listLedgerFaults } from '../src/ledger/checks.ts'
import { fillLarge, readScale, SCALE } from './large-data.ts'

const { flags } = readArguments({
  command: 'npm run bench:seed-large',
  does: 'Fills an empty database with the data of a large installation. The full scale takes some ten minutes and 10 GB.',
  flags: {
    scale: SCALE,
    seed: { kind: 'whole', default: '1', description: 'Another number gives other rows of the same kind.' },
  },
  variables: TOOL_VARIABLES,
})
const size = { organizers: readScale(flags.scale), seed: Number(flags.seed) }

await runProgram('tool', async (run) => {
  const started = await boot(run)
  const client = new pg.Client({ connectionString: started.deps.databaseUrl })
  try {
    await migrate(started)
    await client.connect()
    const { rows } = await client.query('select from organizers limit 1')
    if (rows.length > 0) throw new Error('The database has organizers: only an empty one is filled.')
    const startedMs = performance.now()
    const say = (text: string) =>
      process.stdout.write(`${Math.round((performance.now() - startedMs) / 1000)} s: ${text}\n`)
    await fillLarge(client, size, say)
    const faults = await listLedgerFaults(started.deps.slowDb)
    say(`${faults.length} faults in the ledger`)
    if (faults.length > 0) throw new Error(JSON.stringify(faults.slice(0, 10)))
  } finally {
    await client.end()
    await started.close()
  }
})
