/**
 * The kinds of environment variables, and how their values are described to people.
 *
 * `section` and `description` are for the reader of docs/docker-env.md and of `--help`; `form` says in words what a
 * `pattern` or a check says in code. `secret: true` marks what is never printed and where a placeholder (`your_…`,
 * `change_me…`, `local_…`) counts as absent.
 */
import { Type } from 'typebox'

/** A variable as its readers see it. */
export type Variable = {
  section: string
  description: string
  type?: string
  enum?: string[]
  default?: string | number
  minimum?: number
  maximum?: number
  maxLength?: number
  secret?: boolean
  form?: string
}

export const text = (section: string, description: string, more: object = {}) =>
  Type.Optional(Type.String({ section, description, ...more }))
export const textWithDefault = (section: string, value: string, description: string, more: object = {}) =>
  Type.String({ section, description, default: value, ...more })
export const secret = (section: string, description: string, more: object = {}) =>
  Type.Optional(Type.String({ section, description, secret: true, ...more }))
export const whole = (section: string, value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ section, description, default: value, minimum, maximum })
export const decimal = (section: string, value: number, minimum: number, maximum: number, description: string) =>
  Type.Number({ section, description, default: value, minimum, maximum })
export const flag = (section: string, description: string) => Type.Optional(Type.Boolean({ section, description }))
export const oneOf = <const T extends string>(section: string, values: T[], value: T, description: string) =>
  Type.Enum(values, { section, description, default: value })

/** What goes into a header: an invisible character pasted along would make every call fail before it leaves. */
export const HEADER_VALUE = {
  pattern: '^[!-~]+$',
  form: 'printable ASCII without spaces (no invisible character pasted along)',
}
export const HTTP_ADDRESS = { pattern: '^https?://[^\\s]+$', form: 'an http:// or https:// address', isAddress: true }

/** What a value must be, as the end of «PORT must be …». */
export function describeForm({ type, enum: values, minimum, maximum, maxLength, form }: Variable): string {
  if (values) return `one of ${values.join(', ')}`
  if (type === 'boolean') return 'true or false'
  if (type === 'integer') return `a whole number from ${minimum} to ${maximum}`
  if (type === 'number') return `a number from ${minimum} to ${maximum}`
  return form ?? (maxLength ? `text of at most ${maxLength} characters` : 'text')
}

export function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line && line.length + word.length >= width) lines.push(word)
    else lines[lines.length - 1] = line ? `${line} ${word}` : word
  }
  return lines
}
