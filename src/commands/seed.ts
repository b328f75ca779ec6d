/** npm run seed — loads the demo data; running it again changes nothing but the demo password. */
import { boot, prepareSchema, runProgram } from './boot.ts'
import { readEnvironment } from '../platform/config.ts'
import { BootError } from '../deps.ts'
import { describeLogins, seedDemo } from './demo.ts'

await runProgram(async () => {
  const started = await boot({ env: readEnvironment(), role: 'tool' })
  try {
    if (started.config.env === 'production')
      throw new BootError('The demo data does not belong into production (APP_ENV=production).')
    const { isReady } = await prepareSchema(started)
    if (!isReady) throw new BootError('The schema is older than this program: run npm run migrate first.')
    process.stdout.write(describeLogins(await seedDemo(started.deps)))
  } finally {
    await started.close()
  }
})
