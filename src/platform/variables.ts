/**
 * The kinds of environment variables. `section` and `description` are for the reader of docs/docker-env.md.
 * `secret: true` marks what is never printed and where a placeholder (`your_…`, `change_me`, `local_…`) counts as absent.
 */
import { Type } from 'typebox'

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
export const HEADER_PATTERN = '^[!-~]+$'
export const URL_PATTERN = '^https?://[^\\s]+$'
