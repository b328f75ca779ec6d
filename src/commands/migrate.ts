/** npm run migrate — applies this product's migrations and BullMQ's own, then exits. */
import { boot, migrate, runProgram } from './boot.ts'
import { readArguments, TOOL_VARIABLES } from './usage.ts'

readArguments({
  command: 'npm run migrate',
  does: 'Applies the pending migrations of the database, its own and those of the queues, then exits. Safe to run again, and by several processes at once: they wait for each other.',
  flags: {},
  variables: TOOL_VARIABLES,
})

await runProgram('tool', async (run) => {
  const started = await boot(run)
  try {
    await migrate(started)
  } finally {
    await started.close()
  }
})
