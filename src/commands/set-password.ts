/** npm run set-password — gives an account a new password and prints it once. The way back in when nobody else can help. */
import { setPassword } from '../auth/users.ts'
import { boot, hasSchema, runProgram } from './boot.ts'
import { BootError } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { readArguments, TOOL_VARIABLES } from './usage.ts'

const { flags } = readArguments({
  command: 'npm run set-password',
  does: 'Gives an account a new random password, prints it once and ends every session of the account; the database keeps only a hash.',
  flags: {
    email: { kind: 'text', value: 'ADDRESS', isRequired: true, description: 'E-mail address of the login.' },
  },
  variables: TOOL_VARIABLES,
})

await runProgram('tool', async (run) => {
  const started = await boot(run, { logTo: process.stderr })
  try {
    if (!(await hasSchema(started)))
      throw new BootError('The schema is older than this program: run npm run migrate first.')
    const { email, password, disabled } = await setPassword(started.deps, flags.email)
    process.stdout.write(`${email}  ${password}${disabled ? '  (the account is disabled)' : ''}\n`)
  } catch (error) {
    if (error instanceof Failure) throw new BootError(`${error.message}.`)
    throw error
  } finally {
    await started.close()
  }
})
