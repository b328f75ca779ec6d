/**
 * WhatsApp's messaging limit: how many different people a business portfolio may write to outside an open window in 24
 * hours: 250, 2,000, 10,000, 100,000, or no limit (Meta, Cloud API, messaging limits).
 */
import type { Config } from '../platform/config.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Recipient, Spec } from './recipients.ts'

const COUNTED_MS = 86_400_000

/** `recipients` null: no limit. */
export type MessagingLimit = { recipients: number | null; toldAt: Date }

/** Stores the limit, unless a later one is stored. */
export async function rememberMessagingLimit(db: Db, { recipients: max, toldAt }: MessagingLimit): Promise<void> {
  await sql`
    insert into wa_messaging_limit as l (recipients, told_at)
    values (${max}, ${toldAt})
    on conflict (is_only) do update
      set recipients = excluded.recipients, told_at = excluded.told_at
     where l.told_at <= excluded.told_at`.execute(db)
}

async function findMessagingLimit(db: Db): Promise<MessagingLimit | null> {
  const { rows } = await sql<MessagingLimit>`select recipients, told_at from wa_messaging_limit`.execute(db)
  return rows[0] ?? null
}

type Counts = { used: number; waiting: number; recipients: number }

/** Counts each number once: used and waiting of all organizers, who share the limit, and new ones of this campaign. */
async function countConversations(db: Db, spec: Spec, included: Recipient[]): Promise<Counts> {
  const floor = new Date(spec.dueAt.getTime() - COUNTED_MS)
  const phones = included.flatMap(({ channel, isWindowOpen, phone }) =>
    channel === 'whatsapp' && !isWindowOpen && phone ? [phone] : [],
  )
  const { rows } = await sql<Counts>`
    -- Numbers that got a template in the 24 hours before the campaign.
    with used as (
      select distinct sent_to as phone
        from deliveries
       where channel = 'whatsapp' and not simulated
         and session_message is false
         and sent_to is not null
         and sent_at > ${floor}),
    -- Other numbers that will get one before the campaign.
    waiting as (
      select distinct g.phone
        from deliveries d
        join guests g on g.event_id = d.event_id and g.id = d.guest_id
       where d.channel = 'whatsapp'
         and d.status in ('queued', 'scheduled') and d.next_attempt_at <= ${spec.dueAt}
         and d.answers_message is null
         and g.phone is not null
         -- A message into an open window does not count.
         and not exists (
               select 1 from wa_windows w
                where w.phone = g.phone and w.last_inbound_at > ${spec.windowFloor})
      except select phone from used),
    -- Numbers that only the campaign adds.
    asked as (
      select unnest(${phones}::text[]) as phone
      except select phone from used
      except select phone from waiting)
    select (select count(*) from used) as used,
           (select count(*) from waiting) as waiting,
           (select count(*) from asked) as recipients`.execute(db)
  return rows[0]!
}

export type MessagingLimitUse = Counts & {
  /** Null: there is no limit, or it is unknown. */
  limit: number | null
  isUnlimited: boolean
  /** Where the limit comes from: WhatsApp's webhook or WA_MESSAGING_LIMIT. Null: it is unknown. */
  source: 'whatsapp' | 'setting' | null
  toldAt: Date | null
  /** What is left before this campaign; null without a limit. */
  remaining: number | null
  /** The campaign has more new recipients than are left; null when the limit is unknown. */
  isBeyond: boolean | null
}

export async function measureMessagingLimit(
  { db, config }: { db: Db; config: Config },
  spec: Spec,
  included: Recipient[],
): Promise<MessagingLimitUse> {
  const stored = await findMessagingLimit(db)
  const setting = config.whatsapp.messagingLimit
  const source = stored ? 'whatsapp' : setting === undefined ? null : 'setting'
  const limit = stored ? stored.recipients : (setting ?? null)
  const counts = await countConversations(db, spec, included)
  const remaining = limit === null ? null : Math.max(0, limit - counts.used - counts.waiting)
  return {
    ...counts,
    ...{ limit, isUnlimited: source !== null && limit === null, source, toldAt: stored?.toldAt ?? null, remaining },
    isBeyond: source === null ? null : remaining !== null && counts.recipients > remaining,
  }
}
