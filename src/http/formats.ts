/**
 * Formats of texts that people enter. A schema that names one is checked together with the rest of the body, so that a 400 lists
 * every field that must be changed. The domain reads the text again and stores what was read.
 */
import type { Ajv, SchemaValidateFunction } from 'ajv'
import { isTimeZone } from '../platform/config.ts'
import { parseEmail } from '../platform/values/email-address.ts'
import { Failure } from '../platform/errors.ts'
import { parsePhone } from '../platform/values/phone.ts'
import { parseName } from '../platform/values/text.ts'

/** An IANA name. Throws `invalid_time_zone`. */
export function parseTimeZone(name: string): string {
  if (isTimeZone(name)) return name
  throw new Failure('invalid_time_zone', {
    detail: 'timeZone must be an IANA name with its region, such as America/Mexico_City, or UTC.',
  })
}

const READERS: Record<string, (text: string) => string> = {
  phone: parsePhone,
  'email-address': parseEmail,
  name: parseName,
  'time-zone': parseTimeZone,
}

export function addFormatsOfPeople(ajv: Ajv): void {
  for (const format of Object.keys(READERS)) ajv.addFormat(format, (text) => readFormat(format, text) === null)
  ajv.addKeyword({ keyword: 'x-ordered', type: 'object', errors: true, validate: isOrdered })
}

/** `'x-ordered': ['startsAt', 'endsAt']`: the second instant must be after the first, when both are given. */
const isOrdered: SchemaValidateFunction = (
  [first, second]: [string, string],
  body: Record<string, unknown>,
): boolean => {
  const [earlier, later] = [first, second].map((field) => Date.parse(String(body[field])))
  if (!(later! <= earlier!)) return true // also when one of them is no instant
  const refusal = new Failure('invalid_date', { detail: `${second} must be after ${first}.` })
  isOrdered.errors = [{ instancePath: `/${second}`, params: { refusal } }]
  return false
}

/** Why the text does not have this format; null when it does, when nobody wrote anything, or for formats of others. */
export function readFormat(format: unknown, text: unknown): Failure | null {
  const read = READERS[String(format)]
  if (!read || typeof text !== 'string' || (text.trim() === '' && format !== 'time-zone')) return null
  try {
    read(text)
    return null
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
}
