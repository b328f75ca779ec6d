/**
 * Normalizes phone numbers, Mexican or international, to E.164.
 *
 * Mexico dropped the mobile `1` after +52 in 2019, but WhatsApp still uses 521… for many people, so the stored form
 * never has that 1. The old dialling prefixes 044, 045 and 01 are removed too.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { Failure } from './errors.ts'

/** Returns E.164 (`+525512345678`), or null when this cannot be a phone number. */
export function normalizePhone(input: string): string | null {
  const compact = input
    .trim()
    .replace(/^00/, '+')
    .replace(/[\s().\-–/]/g, '')
  if (!/^\+?\d{7,15}$/.test(compact)) return null
  const mexican = asMexican(compact)
  if (mexican) return mexican
  const international = compact.startsWith('+') ? compact : `+${compact}`
  const parsed = parsePhoneNumberFromString(international)
  if (!parsed?.isPossible() || !/^\+\d{7,15}$/.test(parsed.number)) return null
  // Without its trunk prefix the number may be another spelling of a Mexican number.
  return parsed.number.length < international.length ? normalizePhone(parsed.number) : parsed.number
}

/** Accepts 10 digits, also after 044, 045, 01, 52, 521, +52 or +521. */
function asMexican(compact: string): string | null {
  const national = /^(?:\+?52|\+?521|044|045|01)?(\d{10})$/.exec(compact)?.[1]
  return national ? `+52${national}` : null
}

/** Like normalizePhone, but throws `invalid_phone`. */
export function parsePhone(input: string): string {
  const phone = normalizePhone(input)
  if (!phone)
    throw new Failure('invalid_phone', { detail: 'Write the number with 10 digits (Mexico) or with its country code.' })
  return phone
}

/** Reads a number for a lookup, where any 7 to 15 digits are acceptable. Throws `invalid_phone`. */
export function readPhone(input: string): string {
  const digits = input.replace(/\D/g, '')
  if (digits.length < 7 || digits.length > 15 || !/^\+?[\d\s().-]+$/.test(input)) {
    throw new Failure('invalid_phone', { detail: 'A phone number has 7 to 15 digits.' })
  }
  return normalizePhone(input) ?? `+${digits}`
}
