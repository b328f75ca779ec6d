/** Reads JSON from providers. Its shape is not guaranteed, so each reader returns null for an unexpected value. */
import { isUtf8 } from 'node:buffer'
import { Failure, GiveUp } from './errors.ts'

export type Json = Record<string, unknown>

/**
 * The text of a body. A leading byte order mark is ignored. Throws `invalid_json` for bytes that are not UTF-8: decoding
 * them anyway would store «Jos�» for José. JSON is UTF-8 (RFC 8259, section 8.1).
 */
export function decodeBody(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Failure('invalid_json', { detail: 'The body is not UTF-8.' })
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}

/** Throws `GiveUp(reason)` when the bytes are not JSON, since a retry would read the same bytes. */
export function parseJson(bytes: Buffer, reason: string): unknown {
  try {
    return JSON.parse(decodeBody(bytes))
  } catch (cause) {
    throw new GiveUp(reason, cause)
  }
}

/** Throws `GiveUp(reason)` when the bytes are not a JSON object. */
export function parseObject(bytes: Buffer, reason: string): Json {
  const object = asObject(parseJson(bytes, reason))
  if (!object) throw new GiveUp(reason)
  return object
}

/** Returns null for arrays too, because callers read named fields. */
export const asObject = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null

export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** A code or reference of 1 to 255 characters without NUL, which PostgreSQL cannot store. */
export const asText = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 255 && !value.includes('\0') ? value : null

/** An identifier of 1 to 512 printable ASCII characters. */
export const asId = (value: unknown): string | null =>
  typeof value === 'string' && /^[\x20-\x7e]{1,512}$/.test(value) ? value : null

/** A whole number, or one that a vendor wrote as text: `1000`, `"1000"`. */
export function asInteger(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return Number.isSafeInteger(number) ? (number as number) : null
}

/** A boolean, or one that a vendor wrote as text: `true`, `"true"`. */
export function asFlag(value: unknown): boolean | null {
  const flag = value === 'true' ? true : value === 'false' ? false : value
  return typeof flag === 'boolean' ? flag : null
}

/** An instant given in whole seconds since 1970. */
export function asUnixTime(value: unknown): Date | null {
  const seconds = asInteger(value)
  return seconds !== null && seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : null
}

/** An instant of this century given as ISO 8601. */
export function asIsoTime(value: unknown): Date | null {
  const at = new Date(typeof value === 'string' ? value : Number.NaN)
  return at.getUTCFullYear() > 2000 && at.getUTCFullYear() < 2100 ? at : null
}
