/** Who gets a campaign, by which channel, and who is left out and why. */
import { chooseChannel, reachColumns, type ChannelName, type Reach } from '../contacts/contacts.ts'
import { isTaken, requestDeliveries, type SlotTimes } from '../delivery/delivery.ts'
import { newId, sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

export type GuestStatus = 'pending' | 'confirmed' | 'declined' | 'scanned'
/** An absent field matches every guest. `tags`: guests with at least one of them. */
export type Filter = { status?: GuestStatus[]; tags?: string[]; hasChannel?: ChannelName }

export type Spec = {
  organizerId: string
  eventId: string
  template: string
  channel: ChannelName | 'auto'
  /** An e-mail may replace a WhatsApp message that fails. */
  mayFallBack: boolean
  filter: Filter
  /** Variables that only the request gives. A message with other values is no duplicate. */
  requestVariables: Record<string, string>
  /** When the messages are due. */
  dueAt: Date
  requestedAt: Date
  dedupeWindowMs: number
  /** The request lacks a required variable, so no message can be composed. */
  lacksVariable: boolean
  /** Locales whose template WhatsApp has not approved. */
  unapproved: Locale[]
  /** Locales in which WhatsApp categorizes the template as marketing. */
  promotions: Locale[]
  /** A guest who wrote after this has an open window when the message is due. */
  windowFloor: Date
}

/** Why a guest is left out. */
export type Exclusion =
  | 'guest_opted_out'
  | 'email_stopped'
  | 'marketing_stopped'
  | 'no_address_for_channel'
  | 'template_not_approved'
  | 'template_variable_missing'
  | 'duplicate'

type Guest = Reach & {
  guestId: string
  name: string
  locale: Locale
  /** The delivery whose slot makes this message a possible duplicate. */
  holder: string | null
  /** The holder's message has the same variables. */
  isSameMessage: boolean
}
/** A guest that matches the filter. `exclusion` null: the guest gets the message by `channel`. */
export type Recipient = Pick<Guest, 'guestId' | 'name' | 'locale' | 'phone' | 'email' | 'holder' | 'isWindowOpen'> & {
  channel: ChannelName | null
  channelReason: string | null
  exclusion: Exclusion | null
}

const timesOf = ({ requestedAt, dueAt, dedupeWindowMs: windowMs }: Spec): SlotTimes => ({
  requestedAt,
  dueAt,
  windowMs,
})

/** Lists the guests that match the filter, in the order of their ids. */
export async function listRecipients(db: Db, s: Spec): Promise<Recipient[]> {
  const { status = null, tags = null, hasChannel = null } = s.filter
  const { rows } = await sql<Guest>`
    select g.id as guest_id, g.name, g.locale, s.delivery_id as holder,
           coalesce((select d.variables @> ${JSON.stringify(s.requestVariables)}::jsonb
                       from deliveries d
                      where d.id = s.delivery_id), false) as is_same_message,
           ${reachColumns(sql`${s.organizerId}`, { now: s.dueAt, windowFloor: s.windowFloor })}
      from guests g
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
      left join delivery_slots s
        on s.event_id = g.event_id and s.guest_id = g.id and s.template = ${s.template}
       and ${isTaken(timesOf(s))}
     where g.event_id = ${s.eventId}
       and (${status}::text[] is null or guest_status(i.answer, i.admitted) = any(${status}::text[]))
       and (${tags}::text[] is null or g.tags && ${tags}::text[])
       and (${hasChannel}::text is null
            or case ${hasChannel}::text when 'whatsapp' then g.phone is not null
                                        else g.email is not null end)
     order by g.id`.execute(db)
  return rows.map((guest) => toRecipient(guest, s))
}

function toRecipient(guest: Guest, spec: Spec): Recipient {
  const choice = chooseChannel(guest, {
    channel: spec.channel,
    fallsBackFor: ['unreachable', 'promotion'],
    isPromotion: spec.promotions.includes(guest.locale),
  })
  const channel = choice.kind === 'excluded' ? null : choice.kind === 'later' ? 'whatsapp' : choice.channel
  const { guestId, name, locale, phone, email, holder, isWindowOpen } = guest
  return {
    ...{ guestId, name, locale, phone, email, holder, isWindowOpen, channel },
    channelReason:
      choice.kind === 'channel' ? choice.reason : channel && (spec.channel === 'auto' ? 'auto_has_phone' : 'requested'),
    exclusion: choice.kind === 'excluded' ? choice.reason : exclusionOf(guest, channel!, spec),
  }
}

function exclusionOf({ locale, isSameMessage }: Guest, channel: ChannelName, spec: Spec): Exclusion | null {
  if (channel === 'whatsapp' && spec.unapproved.includes(locale)) return 'template_not_approved'
  if (spec.lacksVariable) return 'template_variable_missing'
  return isSameMessage ? 'duplicate' : null
}

/** Picks at most `limit` recipients, alternating between channels, languages and reasons. */
export function pickVaried(recipients: Recipient[], limit: number): Recipient[] {
  const seen = new Map<string, number>()
  const ranked = recipients.map((recipient) => {
    const { channel, locale, exclusion } = recipient
    const kind = `${channel} ${locale} ${exclusion}`
    const rank = seen.get(kind) ?? 0
    seen.set(kind, rank + 1)
    return { recipient, rank }
  })
  return ranked
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, limit)
    .map(({ recipient }) => recipient)
}

export type Batch = {
  campaignId: string
  variables: Record<string, string>
  attemptsMax: number
  requestId: string
  requestedBy: string
  /** Null: due at once. */
  scheduledAt: Date | null
}
export type Frozen = { deliveryIds: string[]; matched: number; leftOut: Partial<Record<Exclusion, number>> }

/**
 * Freezes the recipients: takes the slots of all guests who get the message and inserts their deliveries. A slot that a
 * concurrent request took is a duplicate. A recent slot is replaced only if its message differs.
 */
export async function freezeRecipients(tx: Tx, spec: Spec, batch: Batch): Promise<Frozen> {
  const recipients = await listRecipients(tx, spec)
  const included = recipients.filter(({ exclusion }) => exclusion === null)
  const { organizerId, eventId, template, requestedAt, mayFallBack } = spec
  const request = { ...batch, organizerId, eventId, template, requestedAt, isEnqueued: false }
  const deliveries = included.map(({ guestId, channel, channelReason, locale }) => ({
    ...request,
    ...{ id: newId('dl', requestedAt), guestId, channel: channel!, channelReason: channelReason!, locale },
    mayFallBack: channel === 'whatsapp' && mayFallBack,
  }))
  const replaceable = included.flatMap(({ holder }) => holder ?? [])
  const deliveryIds = [...(await requestDeliveries(tx, deliveries, timesOf(spec).windowMs, replaceable))]
  const leftOut: Frozen['leftOut'] = {}
  for (const { exclusion } of recipients) if (exclusion) leftOut[exclusion] = (leftOut[exclusion] ?? 0) + 1
  const lostSlots = included.length - deliveryIds.length
  if (lostSlots > 0) leftOut.duplicate = (leftOut.duplicate ?? 0) + lostSlots
  return { deliveryIds, matched: recipients.length, leftOut }
}
