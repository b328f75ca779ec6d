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

/**
 * Counts each number once: used and waiting of all organizers, who share the limit, and new ones of this campaign. The function
 * sees every organizer's deliveries, whoever asks, and tells no more than these three numbers.
 */
async function countConversations(db: Db, spec: Spec, included: Recipient[]): Promise<Counts> {
  const floor = new Date(spec.dueAt.getTime() - COUNTED_MS)
  const phones = included.flatMap(({ channel, isWindowOpen, phone }) =>
    channel === 'whatsapp' && !isWindowOpen && phone ? [phone] : [],
  )
  const { rows } = await sql<Counts>`
    select used, waiting, recipients
      from count_messaging_limit(${floor}, ${spec.dueAt}, ${spec.windowFloor}, ${phones}::text[])`.execute(db)
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
