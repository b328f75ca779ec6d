/** Single fields of a webhook, which may hold anything. */

export type Json = Record<string, unknown>
export const asObject = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null
export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
/** PostgreSQL stores no NUL, and nothing that WhatsApp means to say is longer. */
export const asText = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.replaceAll('\u0000', '').slice(0, 8000) : null
/** An id is taken whole or not at all. */
export const asId = (value: unknown): string | null =>
  typeof value === 'string' && /^[\x20-\x7e]{1,512}$/.test(value) ? value : null
export const asWaId = (value: unknown): string | null => asId(typeof value === 'number' ? String(value) : value)

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
export const asStorable = (object: Json | null): unknown =>
  object &&
  JSON.parse(JSON.stringify(object), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/[\0\p{Surrogate}]/gu, '') : value,
  )

/** Clocks differ by seconds. What is further ahead is wrong, and whatever came after it would look older for ever. */
const AHEAD_MS = 5 * 60_000

/** Seconds since 1970, as text or number. What the provider's clock puts into our future happened when it came. */
export function readTimestamp(value: unknown, receivedAt: Date): Date | null {
  const seconds = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  if (!(Number.isFinite(seconds) && seconds > 0 && seconds < 4_102_444_800)) return null
  const at = seconds * 1000
  return new Date(at > receivedAt.getTime() + AHEAD_MS ? receivedAt.getTime() : at)
}
