/** When the reconciler reads a payment at its provider again. */
import type { PaymentStatus } from './sql.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** After these waits an intent whose call got no answer is looked for, and then daily. */
const UNKNOWN_WAITS_MS = [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS]
/** Cash that was paid before the end may be told a working day later, and after a holiday later still. */
const AFTER_END_MS = [30 * MINUTE_MS, DAY_MS, 4 * DAY_MS]
/** Nobody pays an intent that was left alone for so long. */
const OPEN_DAYS_MAX = 30

type Checked = { status: PaymentStatus; checks: number; createdAt: Date; expiresAt: Date | null }

/**
 * The next time to read it; null: never. `checks`: how often it was read since its status changed. A payment with money is
 * read once, a day later; one that waits is read near the end of its voucher and after it, or daily.
 */
export function planCheck({ status, checks, createdAt, expiresAt }: Checked, now: Date): Date | null {
  const after = (ms: number) => new Date(now.getTime() + ms)
  switch (status) {
    case 'creating':
    case 'unknown':
      return after(UNKNOWN_WAITS_MS[checks] ?? DAY_MS)
    case 'requires_payment':
    case 'requires_action':
    case 'processing':
    case 'expired': {
      const times = expiresAt ? [-HOUR_MS, ...AFTER_END_MS].map((ms) => new Date(expiresAt.getTime() + ms)) : []
      if (expiresAt) return times.find((at) => at > now) ?? null
      return now.getTime() - createdAt.getTime() > OPEN_DAYS_MAX * DAY_MS ? null : after(DAY_MS)
    }
    default:
      return null
  }
}
