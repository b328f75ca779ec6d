/**
 * What every program does with its arguments. `--help` prints what it does, its flags and its environment and acts on
 * nothing; an unknown flag or a stray argument ends it with exit code 2 and one sentence that names it.
 */
import { parseArgs } from 'node:util'
import { closestName } from '../platform/environment/spelling.ts'
import { VARIABLES } from '../platform/environment/environment.ts'
import { describeForm, wrap } from '../platform/environment/variables.ts'

export type Flag = {
  /** `switch` takes no value, `whole` takes a whole number, `text` anything. */
  kind: 'switch' | 'text' | 'whole'
  /** What the value is called in the help: ADDRESS. */
  value?: string
  choices?: readonly string[]
  default?: string
  isRequired?: boolean
  description: string
}
type Flags = Record<string, Flag>
export type Usage<F extends Flags = Flags> = {
  /** As it is typed: `npm run seed`. */
  command: string
  /** One or two sentences. */
  does: string
  flags: F
  /** Names of environment variables that matter to it. */
  variables: readonly string[]
  /** What the arguments without a flag are called; without it there are none. */
  operands?: { name: string; description: string }
  /** More to know, printed as it stands. */
  more?: string
}
type Value<T extends Flag> = T['kind'] extends 'switch'
  ? boolean
  : T extends { default: string } | { isRequired: true }
    ? string
    : string | undefined
export type Arguments<F extends Flags> = { flags: { [K in keyof F]: Value<F[K]> }; operands: string[] }

const WIDTH = 100

/** The flags of this run. Ends the process when help was asked for or an argument is wrong. */
export function readArguments<const F extends Flags>(usage: Usage<F>, argv = process.argv.slice(2)): Arguments<F> {
  const read = parse(usage, argv)
  if (read === 'help') {
    process.stdout.write(renderHelp(usage))
    process.exit(0)
  }
  if ('problem' in read) return refuse(usage, read.problem)
  return read as unknown as Arguments<F>
}

/** Ends the process because of its arguments, with exit code 2. */
export function refuse(usage: Usage, problem: string): never {
  process.stderr.write(`${problem}\n\n${renderHelp(usage, { isShort: true })}`)
  process.exit(2)
}

type Read = { flags: Record<string, string | boolean | undefined>; operands: string[] }

/** What the arguments say; `help` goes before whatever else is wrong with them. */
export function parse(usage: Usage, argv: string[]): Read | { problem: string } | 'help' {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  }
  for (const [name, { kind }] of Object.entries(usage.flags))
    options[name] = { type: kind === 'switch' ? 'boolean' : 'string' }
  const { tokens } = parseArgs({ args: argv, options, strict: false, allowPositionals: true, tokens: true })
  if (tokens.some((token) => token.kind === 'option' && token.name === 'help')) return 'help'
  const flags: Read['flags'] = Object.fromEntries(
    Object.entries(usage.flags).map(([name, flag]) => [name, flag.kind === 'switch' ? false : flag.default]),
  )
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      if (!usage.operands)
        return { problem: `"${token.value}" is a stray argument: ${usage.command} takes flags only.` }
      operands.push(token.value)
      continue
    }
    const problem = problemOf(usage, token)
    if (problem) return { problem }
    flags[token.name] = usage.flags[token.name]!.kind === 'switch' ? true : token.value
  }
  const missing = Object.entries(usage.flags).find(([name, flag]) => flag.isRequired && flags[name] === undefined)
  return missing ? { problem: `--${missing[0]} is needed.` } : { flags, operands }
}

function problemOf(usage: Usage, given: { name: string; rawName: string; value?: string; inlineValue?: boolean }) {
  const flag = usage.flags[given.name]
  if (!flag) {
    const meant = closestName(given.name, [...Object.keys(usage.flags), 'help'])
    return `${given.rawName} is not a flag of ${usage.command}${meant ? `: did you mean --${meant}?` : '.'}`
  }
  if (flag.kind === 'switch') return given.value === undefined ? null : `${given.rawName} takes no value.`
  // In `--email --role x` the value was forgotten. A value that begins with dashes is written --name=--x.
  if (!given.value || (!given.inlineValue && given.value.startsWith('--'))) return `${given.rawName} needs a value.`
  if (flag.choices && !flag.choices.includes(given.value))
    return `${given.rawName} must be one of ${flag.choices.join(', ')}, not "${given.value}".`
  if (flag.kind === 'whole' && !/^\d{1,9}$/.test(given.value))
    return `${given.rawName} must be a whole number, not "${given.value}".`
  return null
}

/** `isShort`: without the environment, for whoever mistyped a flag. */
export function renderHelp(usage: Usage, { isShort = false } = {}): string {
  const required = Object.entries(usage.flags).filter(([, flag]) => flag.isRequired)
  const call = [
    usage.command,
    ...(Object.keys(usage.flags).length > 0 || usage.operands ? ['--'] : []),
    ...required.map(([name, flag]) => `--${name} ${valueOf(flag)}`),
    ...(Object.keys(usage.flags).length > required.length ? ['[flags]'] : []),
    ...(usage.operands ? [`[${usage.operands.name}…]`] : []),
  ]
  const rows = Object.entries(usage.flags).map(([name, flag]) => [`--${name} ${valueOf(flag)}`.trim(), describe(flag)])
  rows.push(['--help, -h', 'Prints this text and does nothing else.'])
  if (usage.operands) rows.push([`${usage.operands.name}…`, usage.operands.description])
  const lines = [`Usage: ${call.join(' ')}`, '', ...wrap(usage.does, WIDTH), '', 'Flags:', ...table(rows)]
  if (usage.more && !isShort) lines.push('', usage.more.trim())
  if (isShort) lines.push('', `${usage.command} -- --help says more.`)
  else if (usage.variables.length > 0)
    lines.push(
      '',
      'Environment (docs/docker-env.md describes every variable):',
      ...table(usage.variables.map(variable)),
    )
  return `${lines.join('\n')}\n`
}

const valueOf = ({ kind, value, choices }: Flag): string =>
  kind === 'switch' ? '' : (choices?.join('|') ?? value ?? (kind === 'whole' ? 'N' : 'TEXT'))

const describe = ({ description, default: value }: Flag): string =>
  value === undefined ? description : `${description} Default: ${value}.`

function variable(name: string): string[] {
  const one = VARIABLES[name]!
  const form = describeForm(one)
  const value = one.default === undefined || String(one.default).length > 60 ? '' : ` Default: ${one.default}.`
  return [name, `${one.description}${form === 'text' ? '' : ` Must be ${form}.`}${value}`]
}

/** Two columns; a long left one has a line of its own. */
function table(rows: string[][]): string[] {
  const width = Math.min(32, Math.max(...rows.map(([left]) => left!.length))) + 2
  return rows.flatMap(([left = '', right = '']) => {
    const lines = wrap(right, WIDTH - width - 2)
    const first = left.length + 2 > width ? [`  ${left}`] : [`  ${left.padEnd(width)}${lines.shift() ?? ''}`]
    return [...first, ...lines.map((line) => `  ${' '.repeat(width)}${line}`)]
  })
}

/** What every program that uses the stores reads. */
const STORES = Object.keys(VARIABLES).filter((name) => VARIABLES[name]!.section === 'PostgreSQL and Redis')
export const TOOL_VARIABLES: readonly string[] = ['APP_ENV', 'LOG_FORMAT', 'LOG_LEVEL', 'BOOT_WAIT_SECONDS', ...STORES]
