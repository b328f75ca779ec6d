/** Who a campaign reaches, by which channel, and who is left out and why: told by the preflight, frozen by the launch. */
import { chooseChannel, reachColumns, type ChannelName, type Reach } from '../contacts/contacts.ts'
import { isTaken, requestDeliveries, type SlotTimes } from '../delivery/delivery.ts'
import { newId, sql, type Db, type Tx } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'

export type GuestStatus = 'pending' | 'confirmed' | 'declined' | 'scanned'
/** Absent: everybody. `tags`: guests with at least one of them. */
export type Filter = { status?: GuestStatus[]; tags?: string[]; hasChannel?: ChannelName }

export type Spec = {
  organizerId: string
  eventId: string
  template: string
  channel: ChannelName | 'auto'
  /** An e-mail may replace a WhatsApp message that cannot arrive. */
  mayFallBack: boolean
  filter: Filter
  /** The variables that only the request gives: another text is another message, and no duplicate. */
  news: Record<string, string>
  /** When the messages are due. */
  dueAt: Date
  requestedAt: Date
  dedupeWindowMs: number
  /** The request lacks a variable, so nobody can get the message. */
  lacksVariable: boolean
  /** Locales whose WhatsApp template the provider has not approved. */
  unapproved: Locale[]
  /** Locales in which WhatsApp counts it as a promotion. */
  promotions: Locale[]
  /** Guests who wrote after this have an open window when the messages are due. */
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
  /** The delivery that took the slot of this message lately. */
  holder: string | null
  /** The holder says the same. */
  isSame: boolean
}
/** A guest that the filter names. `exclusion` null: gets the message by `channel`. */
export type Recipient = Pick<Guest, 'guestId' | 'name' | 'locale' | 'phone' | 'holder' | 'isWindowOpen'> & {
  channel: ChannelName | null
  channelReason: string | null
  exclusion: Exclusion | null
}

const timesOf = ({ requestedAt, dueAt, dedupeWindowMs: windowMs }: Spec): SlotTimes => ({
  requestedAt,
  dueAt,
  windowMs,
})

/** Everybody whom the filter names, in the order of their ids. */
export async function listRecipients(db: Db, s: Spec): Promise<Recipient[]> {
  const { status = null, tags = null, hasChannel = null } = s.filter
  const { rows } = await sql<Guest>`
    select g.id as guest_id, g.name, g.locale, s.delivery_id as holder,
           coalesce((select d.variables @> ${JSON.stringify(s.news)}::jsonb
                       from deliveries d where d.id = s.delivery_id), false) as is_same,
           ${reachColumns(sql`${s.organizerId}`, { now: s.dueAt, windowFloor: s.windowFloor })}
      from guests g
      join invitations i on i.event_id = g.event_id and i.guest_id = g.id
      left join delivery_slots s
        on s.event_id = g.event_id and s.guest_id = g.id and s.template = ${s.template} and ${isTaken(timesOf(s))}
     where g.event_id = ${s.eventId}
       and (${status}::text[] is null or guest_status(i.answer, i.admitted) = any(${status}::text[]))
       and (${tags}::text[] is null or g.tags && ${tags}::text[])
       and (${hasChannel}::text is null
            or case ${hasChannel}::text when 'whatsapp' then g.phone is not null else g.email is not null end)
     order by g.id`.execute(db)
  return rows.map((guest) => judge(guest, s))
}

function judge(guest: Guest, spec: Spec): Recipient {
  const choice = chooseChannel(guest, {
    channel: spec.channel,
    fallsBackFor: ['unreachable', 'promotion'],
    isPromotion: spec.promotions.includes(guest.locale),
  })
  const channel = choice.kind === 'excluded' ? null : choice.kind === 'later' ? 'whatsapp' : choice.channel
  const { guestId, name, locale, phone, holder, isWindowOpen } = guest
  return {
    ...{ guestId, name, locale, phone, holder, isWindowOpen, channel },
    channelReason:
      choice.kind === 'channel' ? choice.reason : channel && (spec.channel === 'auto' ? 'auto_has_phone' : 'requested'),
    exclusion: choice.kind === 'excluded' ? choice.reason : exclusionOf(guest, channel!, spec),
  }
}

function exclusionOf({ locale, isSame }: Guest, channel: ChannelName, spec: Spec): Exclusion | null {
  if (channel === 'whatsapp' && spec.unapproved.includes(locale)) return 'template_not_approved'
  if (spec.lacksVariable) return 'template_variable_missing'
  return isSame ? 'duplicate' : null
}

/** A few of each channel, language and reason before more of the same. */
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
  /** Null: at once. */
  scheduledAt: Date | null
}
export type Frozen = { deliveryIds: string[]; matched: number; leftOut: Partial<Record<Exclusion, number>> }

/**
 * Freezes the recipients: takes the slots of all who may get the message and inserts their rows. A guest for whom another
 * request was faster is a duplicate. A slot that was taken lately passes only from a holder that says something else.
 */
export async function freezeRecipients(tx: Tx, spec: Spec, batch: Batch): Promise<Frozen> {
  const recipients = await listRecipients(tx, spec)
  const included = recipients.filter(({ exclusion }) => exclusion === null)
  const { organizerId, eventId, template, requestedAt, mayFallBack } = spec
  const request = { ...batch, organizerId, eventId, template, requestedAt, isEnqueued: false }
  const deliveries = included.map(({ guestId, channel, channelReason, locale }) => ({
    ...{ id: newId('dl', requestedAt), guestId, channel: channel!, channelReason: channelReason!, locale },
    mayFallBack: channel === 'whatsapp' && mayFallBack,
  }))
  const replaceable = included.flatMap(({ holder }) => holder ?? [])
  const deliveryIds = await requestDeliveries(tx, request, deliveries, timesOf(spec), replaceable)
  const leftOut: Frozen['leftOut'] = {}
  for (const { exclusion } of recipients) if (exclusion) leftOut[exclusion] = (leftOut[exclusion] ?? 0) + 1
  const faster = included.length - deliveryIds.length
  if (faster > 0) leftOut.duplicate = (leftOut.duplicate ?? 0) + faster
  return { deliveryIds, matched: recipients.length, leftOut }
}
