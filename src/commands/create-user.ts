/** npm run create-user — makes a login and prints its password once. The way to the first director of a new system. */
import { parseArgs } from 'node:util'
import { createAccount } from '../auth/auth.ts'
import { boot, hasSchema, runProgram } from './boot.ts'
import { readEnvironment } from '../platform/config.ts'
import { BootError } from '../deps.ts'
import { Failure } from '../platform/errors.ts'

const HELP = `Usage: npm run create-user -- --email ana@example.com --role director|organizer|staff|viewer
                             [--organizer org_…] [--name "Ana López"]

Every role but director belongs to an organizer. The password is printed once and stored hashed.
`

await runProgram(async () => {
  const input = readFlags()
  if (!input) {
    process.stdout.write(HELP)
    return
  }
  const started = await boot({ env: readEnvironment(), role: 'tool', logTo: process.stderr })
  try {
    if (!(await hasSchema(started)))
      throw new BootError('The schema is older than this program: run npm run migrate first.')
    const { email, password } = await createAccount(started.deps, input)
    process.stdout.write(`${email}  ${password}  (${input.role})\n`)
  } catch (error) {
    if (error instanceof Failure) throw new BootError(`${error.message}.`)
    throw error
  } finally {
    await started.close()
  }
})

function readFlags() {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      options: { email: text, role: text, organizer: text, name: text, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) return null
    if (!values.email || !values.role) throw new Error('--email and --role are needed')
    return {
      email: values.email,
      role: values.role,
      organizerId: values.organizer ?? null,
      name: values.name ?? values.email,
    }
  } catch (error) {
    throw new BootError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  }
}
