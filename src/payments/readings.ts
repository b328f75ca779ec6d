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
const ENDED_DAYS_MAX = 7

type Read = {
  status: PaymentStatus
  /** How often it was read since its status changed. */
  checks: number
  createdAt: Date
  expiresAt: Date | null
  /** Whether something changed or differs, a refund is pending or a dispute is open. */
  isUnsettled: boolean
}

/**
 * The next time to read it; null: never. One that waits is read near the end of its voucher and after it, or daily; one that
 * failed or was cancelled for some days, because a webhook of a second try may be lost; one with money until it is settled.
 */
export function planReading({ status, checks, createdAt, expiresAt, isUnsettled }: Read, now: Date): Date | null {
  const after = (ms: number) => new Date(now.getTime() + ms)
  const ageDays = (now.getTime() - createdAt.getTime()) / DAY_MS
  switch (status) {
    case 'creating':
    case 'unknown':
      return after(UNKNOWN_WAITS_MS[checks] ?? DAY_MS)
    case 'requires_payment':
    case 'requires_action':
    case 'processing':
    case 'expired': {
      if (!expiresAt) return ageDays > OPEN_DAYS_MAX ? null : after(DAY_MS)
      const times = [-HOUR_MS, ...AFTER_END_MS].map((ms) => new Date(expiresAt.getTime() + ms))
      return times.find((at) => at > now) ?? null
    }
    case 'failed':
    case 'cancelled':
      return ageDays > ENDED_DAYS_MAX ? null : after(DAY_MS)
    default:
      return isUnsettled ? after(DAY_MS) : null
  }
}
