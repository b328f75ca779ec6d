/** `Retry-After` of RFC 9110 §10.2.3: seconds, or an HTTP date. */

/** A longer wait is not respected: after an hour the provider is asked again. */
const LONGEST_MS = 3_600_000

/** How long to wait, in milliseconds, at most one hour. Undefined when the header is absent or unreadable. */
export function readRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  const text = header?.trim()
  if (!text) return undefined
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime()
  if (Number.isNaN(waitMs)) return undefined
  return Math.min(LONGEST_MS, Math.max(0, Math.ceil(waitMs)))
}
