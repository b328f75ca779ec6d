/** npm run seed — loads the demo data; running it again changes nothing but the demo password. */
import { boot, prepareSchema, runProgram } from './boot.ts'
import { BootError } from '../deps.ts'
import { describeLogins, seedDemo } from './demo.ts'
import { readArguments, TOOL_VARIABLES } from './usage.ts'

readArguments({
  command: 'npm run seed',
  does: 'Loads the demo data (organizer org_demo, event ev_demo, guests, tickets) and prints its logins. Safe to run again: what exists stays as it is, and only the demo passwords are new. Refused when APP_ENV=production.',
  flags: {},
  variables: TOOL_VARIABLES,
})

await runProgram('tool', async (run) => {
  const started = await boot(run)
  try {
    if (started.config.env === 'production')
      throw new BootError('The demo data does not belong in production (APP_ENV=production).')
    const { isReady } = await prepareSchema(started)
    if (!isReady) throw new BootError('The schema is older than this program: run npm run migrate first.')
    process.stdout.write(describeLogins(await seedDemo({ ...started.deps, tickets: started.config.tickets })))
  } finally {
    await started.close()
  }
})
