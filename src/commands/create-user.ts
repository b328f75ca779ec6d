/** npm run create-user — makes a login and prints its password once. The way to the first director of a new system. */
import { createAccount } from '../auth/auth.ts'
import { boot, hasSchema, runProgram } from './boot.ts'
import { BootError } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { readArguments, TOOL_VARIABLES } from './usage.ts'

const { flags } = readArguments({
  command: 'npm run create-user',
  does: 'Creates a login and prints its password once; the database keeps only a hash. This is how the first director of a new system gets in.',
  flags: {
    email: { kind: 'text', value: 'ADDRESS', isRequired: true, description: 'E-mail address of the login.' },
    role: {
      kind: 'text',
      choices: ['director', 'organizer', 'staff', 'viewer'],
      isRequired: true,
      description: 'What the login may do.',
    },
    organizer: {
      kind: 'text',
      value: 'ID',
      description: 'Organizer that the login belongs to (org_…). Needed for every role but director.',
    },
    name: { kind: 'text', description: 'Name of the person. Default: the address.' },
  },
  variables: TOOL_VARIABLES,
})

await runProgram('tool', async (run) => {
  const started = await boot(run, { logTo: process.stderr })
  try {
    if (!(await hasSchema(started)))
      throw new BootError('The schema is older than this program: run npm run migrate first.')
    const { email, role, organizer = null, name = flags.email } = flags
    const account = await createAccount(started.deps, { email, role, organizerId: organizer, name })
    process.stdout.write(`${account.email}  ${account.password}  (${role})\n`)
  } catch (error) {
    if (error instanceof Failure) throw new BootError(`${error.message}.`)
    throw error
  } finally {
    await started.close()
  }
})
