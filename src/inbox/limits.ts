/** How many people a business may begin to write to in 24 hours, as Meta's webhooks tell it. */

/** `recipients` null: no limit. */
export type LimitUpdate = { recipients: number | null; at: Date | null }

const QUALITY = 'phone_number_quality_update'

export const isAboutLimits = (field: unknown): boolean => field === 'business_capability_update' || field === QUALITY

/**
 * Meta's reference of both webhooks: a number (-1: no limit) or a name (TIER_2K) in `max_daily_conversations_per_business`;
 * before February 2026 under older names. In an update of a number's quality TIER_UNLIMITED may only mean a higher
 * throughput, so there it says nothing. undefined: nothing that we can read.
 */
export function readMessagingLimit(field: unknown, value: Record<string, unknown>): number | null | undefined {
  const told =
    value['max_daily_conversations_per_business'] ?? value['max_daily_conversation_per_phone'] ?? value['current_limit']
  const limit = typeof told === 'number' ? String(told) : told
  if (typeof limit !== 'string') return undefined
  if (limit === '-1' || limit === 'TIER_UNLIMITED') return field === QUALITY ? undefined : null
  const [, digits, thousand] = /^(?:TIER_)?(\d{1,6})(K?)$/.exec(limit) ?? []
  const count = Number(digits ?? 0) * (thousand ? 1000 : 1)
  return count > 0 ? count : undefined
}
