/** npm run migrate — applies this product's migrations and BullMQ's own, then exits. */
import { boot, migrate, runProgram } from './boot.ts'

await runProgram(async () => {
  const started = await boot({ env: process.env, shareEmbedded: true })
  await migrate(started).finally(started.close)
})
