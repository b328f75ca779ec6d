/** Reads fields that only WhatsApp's webhooks have; platform/json.ts reads the general ones. */
import { foldCode } from '../platform/values/text.ts'
import { asId, type Json } from '../platform/json.ts'

/** What a person wrote, cut to 8,000 characters and without NUL, which PostgreSQL cannot store. */
export const asMessageText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\u0000', '').slice(0, 8000) : null

/** A person's number as WhatsApp writes it, digits only (5215512345678). Null for anything else, such as a user id. */
export function asWaId(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null
  const number = foldCode(String(value))
  const digits = number.replace(/\D/g, '')
  return /^\+?\d[\d\s().-]*$/.test(number) && digits.length >= 7 && digits.length <= 15 ? digits : null
}

/**
 * A business-scoped user id: a country, a dot, letters and digits. The id that several businesses share has `ENT.` after the
 * country (Meta, "Business-scoped user IDs"). Its digits are no phone number.
 */
const USER_ID = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/
/** A user id in a field that may also have a number. */
export const asUserIdInsteadOfNumber = (value: unknown): string | null => {
  const id = asUserId(value)
  return id !== null && USER_ID.test(id) ? id : null
}

/** A user id in a field of its own. Its form is WhatsApp's affair, but it never looks like a number. */
export const asUserId = (value: unknown): string | null => {
  const id = asId(value)?.trim() ?? ''
  return id !== '' && id.length <= 200 && !/^[+\d\s().-]*$/.test(id) ? id : null
}

/** The id of a phone number at Meta, as text or number. */
export const asNumberId = (value: unknown): string | null => asId(typeof value === 'number' ? String(value) : value)

/** PostgreSQL stores neither NUL nor an unpaired surrogate in jsonb. */
export const asStorable = (object: Json | null): unknown =>
  object &&
  JSON.parse(JSON.stringify(object), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '') : value,
  )

/** Clocks differ by seconds. A time further ahead is wrong, and would make every later event look older. */
const AHEAD_MS = 5 * 60_000
/** A larger number is in milliseconds: as seconds it would be a date after the year 5000. */
const SECONDS_MAX = 1e11

/** A time since 1970 as text or number, in seconds or milliseconds. One too far in our future becomes the time of receipt. */
export function readTimestamp(value: unknown, receivedAt: Date): Date | null {
  const given = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  const at = Math.trunc(given > SECONDS_MAX ? given : given * 1000)
  if (!(at > 0 && at < 4_102_444_800_000)) return null
  return new Date(at > receivedAt.getTime() + AHEAD_MS ? receivedAt.getTime() : at)
}
