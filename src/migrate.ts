/** npm run migrate — applies this product's migrations and BullMQ's own, then exits. */
import { boot, migrate, runProgram } from './boot.ts'
import { readEnvironment } from './config.ts'

await runProgram(async () => {
  const started = await boot({ env: readEnvironment(), shareEmbedded: true })
  await migrate(started).finally(started.close)
})
