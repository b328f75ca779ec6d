/** Reads WhatsApp's messaging limit, the number of recipients in 24 hours, from Meta's webhooks. */

/** `recipients`: the limit, or null for no limit. */
export type LimitUpdate = { recipients: number | null; at: Date | null }

const QUALITY = 'phone_number_quality_update'

export const isAboutLimits = (field: unknown): boolean => field === 'business_capability_update' || field === QUALITY

/**
 * Returns the limit, null for no limit, or undefined when the value has none. Source: Meta's webhook reference. The
 * field `max_daily_conversations_per_business` (other names before February 2026) is a number (-1: no limit) or a tier
 * (TIER_2K). In a quality update TIER_UNLIMITED may only mean a higher throughput, so it is ignored there.
 */
export function readMessagingLimit(field: unknown, value: Record<string, unknown>): number | null | undefined {
  const given =
    value['max_daily_conversations_per_business'] ?? value['max_daily_conversation_per_phone'] ?? value['current_limit']
  const limit = typeof given === 'number' ? String(given) : given
  if (typeof limit !== 'string') return undefined
  if (limit === '-1' || limit === 'TIER_UNLIMITED') return field === QUALITY ? undefined : null
  const [, digits, thousand] = /^(?:TIER_)?(\d{1,6})(K?)$/.exec(limit) ?? []
  const count = Number(digits ?? 0) * (thousand ? 1000 : 1)
  return count > 0 ? count : undefined
}
