/** Reads fields that only WhatsApp's webhooks have; platform/json.ts reads the general ones. */
import { asId, type Json } from '../platform/json.ts'

/** What a person wrote, cut to 8,000 characters and without NUL, which PostgreSQL cannot store. */
export const asMessageText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\u0000', '').slice(0, 8000) : null

export const asWaId = (value: unknown): string | null => asId(typeof value === 'number' ? String(value) : value)

/** PostgreSQL stores neither NUL nor an unpaired surrogate in jsonb. */
export const asStorable = (object: Json | null): unknown =>
  object &&
  JSON.parse(JSON.stringify(object), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '') : value,
  )

/** Clocks differ by seconds. A time further ahead is wrong, and would make every later event look older. */
const AHEAD_MS = 5 * 60_000

/** Seconds since 1970, as text or number. A time too far in our future becomes the time of receipt. */
export function readTimestamp(value: unknown, receivedAt: Date): Date | null {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (!(Number.isFinite(seconds) && seconds > 0 && seconds < 4_102_444_800)) return null
  const at = seconds * 1000
  return new Date(at > receivedAt.getTime() + AHEAD_MS ? receivedAt.getTime() : at)
}
