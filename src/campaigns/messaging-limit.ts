/**
 * How many people may still be written to first. WhatsApp limits how many different people one business portfolio
 * begins to write to within 24 hours: 250, 2,000, 10,000, 100,000, or no limit (Meta, Cloud API, messaging limits).
 * Answers inside an open window do not count.
 */
import type { Config } from '../platform/config.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Recipient, Spec } from './recipients.ts'

const COUNTED_MS = 86_400_000

/** `recipients` null: no limit. */
export type MessagingLimit = { recipients: number | null; toldAt: Date }

/** An older word than the one we have changes nothing. */
export async function rememberMessagingLimit(db: Db, { recipients: most, toldAt }: MessagingLimit): Promise<void> {
  await sql`
    insert into wa_messaging_limit as l (recipients, told_at) values (${most}, ${toldAt})
    on conflict (is_only) do update set recipients = excluded.recipients, told_at = excluded.told_at
     where l.told_at <= excluded.told_at`.execute(db)
}

async function findMessagingLimit(db: Db): Promise<MessagingLimit | null> {
  const { rows } = await sql<MessagingLimit>`select recipients, told_at from wa_messaging_limit`.execute(db)
  return rows[0] ?? null
}

type Counts = { used: number; waiting: number; recipients: number }

/**
 * Different numbers, each once: of all organizers, since they share the limit, and of this campaign those that come on
 * top.
 */
async function countConversations(db: Db, spec: Spec, included: Recipient[]): Promise<Counts> {
  const floor = new Date(spec.dueAt.getTime() - COUNTED_MS)
  const phones = included.flatMap(({ channel, isWindowOpen, phone }) =>
    channel === 'whatsapp' && !isWindowOpen && phone ? [phone] : [],
  )
  const { rows } = await sql<Counts>`
    with used as (
      select distinct sent_to as phone from deliveries
       where channel = 'whatsapp' and not simulated and session_message is false and sent_to is not null
         and sent_at > ${floor}),
    waiting as (
      select distinct g.phone
        from deliveries d
        join guests g on g.event_id = d.event_id and g.id = d.guest_id
       where d.channel = 'whatsapp' and d.status in ('queued', 'scheduled') and d.next_attempt_at <= ${spec.dueAt}
         and d.answers_message is null and g.phone is not null
         and not exists (
               select 1 from wa_windows w where w.phone = g.phone and w.last_inbound_at > ${spec.windowFloor})
      except select phone from used),
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
  /** Null: no limit, or none that anybody has told us. */
  limit: number | null
  isUnlimited: boolean
  /** `whatsapp`: its webhook told; `setting`: WA_MESSAGING_LIMIT; null: nobody. */
  source: 'whatsapp' | 'setting' | null
  toldAt: Date | null
  /** Before this campaign; null where there is no limit to subtract from. */
  remaining: number | null
  /** The campaign would begin more conversations than are left; null when the limit is unknown. */
  isBeyond: boolean | null
}

export async function measureMessagingLimit(
  { db, config }: { db: Db; config: Config },
  spec: Spec,
  included: Recipient[],
): Promise<MessagingLimitUse> {
  const told = await findMessagingLimit(db)
  const setting = config.whatsapp.messagingLimit
  const source = told ? 'whatsapp' : setting === undefined ? null : 'setting'
  const limit = told ? told.recipients : (setting ?? null)
  const counts = await countConversations(db, spec, included)
  const remaining = limit === null ? null : Math.max(0, limit - counts.used - counts.waiting)
  return {
    ...counts,
    ...{ limit, isUnlimited: source !== null && limit === null, source, toldAt: told?.toldAt ?? null, remaining },
    isBeyond: source === null ? null : remaining !== null && counts.recipients > remaining,
  }
}
