/**
 * Whether a guest may be written to, and by which channel. This is the only copy of the rule: `reachColumns` reads the
 * facts in any statement about guests, and `chooseChannel` decides. Requests, campaigns, claims and fallbacks use it.
 */
import { CHANNELS } from '../http/schemas.ts'
import { sql } from '../platform/db.ts'

export { CHANNELS }
export type ChannelName = (typeof CHANNELS)[number]

/** The facts about one guest and one organizer. */
export type Reach = {
  phone: string | null
  email: string | null
  /** The guest wrote BAJA to this organizer. */
  isOptedOut: boolean
  /** The guest has an address that is neither suppressed nor unsubscribed. */
  canEmail: boolean
  /** WhatsApp could not reach the number within the last 90 days. */
  isUnreachable: boolean
  /** The guest stopped promotions in WhatsApp. */
  isMarketingStopped: boolean
  /** WhatsApp withholds promotions to the guest until then. */
  withheldUntil: Date | null
  /** The 24-hour window is open, so free-form messages may be sent. */
  isWindowOpen: boolean
}

/** Error 131026 also means an old app or terms not accepted yet, so a number is retried after 90 days. */
const UNREACHABLE_MS = 90 * 86_400_000

/**
 * The columns of `Reach` for a statement with the guest as `g`. `organizerId`: an expression of that statement.
 * `windowFloor`: a guest who wrote after it has an open window.
 */
export const reachColumns = (
  organizerId: ReturnType<typeof sql>,
  { now, windowFloor }: { now: Date; windowFloor: Date },
) => sql`
  g.phone, g.email,
  exists (select 1 from opt_outs x
           where x.organizer_id = ${organizerId} and x.phone = g.phone) as is_opted_out,
  -- '*' stops the address for every organizer.
  g.email is not null and not exists (
    select 1 from email_stops x
     where x.email = g.email and x.organizer_id in ('*', ${organizerId})) as can_email,
  exists (select 1 from wa_unreachable u
           where u.phone = g.phone and u.since > ${new Date(now.getTime() - UNREACHABLE_MS)}) as is_unreachable,
  exists (select 1 from wa_marketing_stops m
           where m.phone = g.phone and m.stopped_at > coalesce(m.resumed_at, '-infinity')) as is_marketing_stopped,
  (select m.withheld_until from wa_marketing_stops m
    where m.phone = g.phone and m.withheld_until > ${now}) as withheld_until,
  exists (select 1 from wa_windows w
           where w.phone = g.phone and w.last_inbound_at > ${windowFloor}) as is_window_open`

/** Why an e-mail may replace a WhatsApp message before it is sent. */
export type FallbackCause = 'no_phone' | 'unreachable' | 'promotion'

export type Wish = {
  channel: ChannelName | 'auto'
  /** The causes for which an e-mail may replace WhatsApp. `auto` implies `no_phone` and `unreachable`. */
  fallsBackFor: readonly FallbackCause[]
  /** WhatsApp categorizes the message as marketing. */
  isPromotion: boolean
  /** It would be sent as free-form text, which WhatsApp never withholds. */
  isFreeForm?: boolean
}

export type Choice =
  | { kind: 'channel'; channel: ChannelName; reason: string }
  | { kind: 'excluded'; reason: 'guest_opted_out' | 'no_address_for_channel' | 'email_stopped' | 'marketing_stopped' }
  | { kind: 'later'; until: Date; reason: 'marketing_withheld' }

/** Chooses the channel of a message, with a stable reason that is stored with it. Pure. */
export function chooseChannel(reach: Reach, wish: Wish): Choice {
  if (reach.isOptedOut) return { kind: 'excluded', reason: 'guest_opted_out' }
  if (wish.channel === 'email') return byEmail(reach, 'requested')
  const isAuto = wish.channel === 'auto'
  const mayFallBack = (cause: FallbackCause) => (isAuto && cause !== 'promotion') || wish.fallsBackFor.includes(cause)
  if (reach.phone === null) {
    if (mayFallBack('no_phone') && (isAuto || reach.canEmail))
      return byEmail(reach, isAuto ? 'auto_no_phone' : 'no_phone')
    return { kind: 'excluded', reason: 'no_address_for_channel' }
  }
  if (reach.isUnreachable && reach.canEmail && mayFallBack('unreachable'))
    return byEmail(reach, isAuto ? 'auto_whatsapp_unreachable' : 'whatsapp_unreachable')
  const obstacle = wish.isPromotion ? obstacleOfPromotion(reach, wish.isFreeForm === true) : null
  if (obstacle && reach.canEmail && mayFallBack('promotion')) return byEmail(reach, obstacle.reason)
  return obstacle ?? { kind: 'channel', channel: 'whatsapp', reason: isAuto ? 'auto_has_phone' : 'requested' }
}

function byEmail(reach: Reach, reason: string): Choice {
  if (reach.email === null) return { kind: 'excluded', reason: 'no_address_for_channel' }
  if (!reach.canEmail) return { kind: 'excluded', reason: 'email_stopped' }
  return { kind: 'channel', channel: 'email', reason }
}

function obstacleOfPromotion({ isMarketingStopped, withheldUntil }: Reach, isFreeForm: boolean) {
  if (isMarketingStopped) return { kind: 'excluded', reason: 'marketing_stopped' } as const
  if (withheldUntil === null || isFreeForm) return null
  return { kind: 'later', until: withheldUntil, reason: 'marketing_withheld' } as const
}
