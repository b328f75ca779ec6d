/** npm run migrate — applies this product's migrations and BullMQ's own, then exits. */
import { boot, migrate, runProgram } from './boot.ts'
import { readEnvironment } from '../platform/config.ts'

await runProgram(async () => {
  const started = await boot({ env: readEnvironment(), role: 'tool' })
  try {
    await migrate(started)
  } finally {
    await started.close()
  }
})
