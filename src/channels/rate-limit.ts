/**
 * The rate limit of a channel, shared by all workers: one token bucket per channel. A claim takes one token for each
 * message.
 */
import { sql, type Db } from '../platform/db.ts'
import type { ChannelName } from '../contacts/contacts.ts'

/** The bucket holds the tokens of this many seconds: the burst that may be sent after an idle time. */
const BURST_SECONDS = 0.2

type Rate = { channel: ChannelName; messagesPerSecond: number; now: Date }

const capacityOf = (messagesPerSecond: number): number => Math.max(1, messagesPerSecond * BURST_SECONDS)

/** The tokens in the bucket at `now`. The clocks of workers differ, so a time before the last refill adds nothing. */
const tokensNow = ({ messagesPerSecond, now }: Rate) => sql`
  least(${capacityOf(messagesPerSecond)}::double precision,
        tokens + greatest(0, extract(epoch from ${now}::timestamptz - refilled_at)) * ${messagesPerSecond})`

/** Takes up to `wanted` tokens. Returns how many it took. */
export async function takeTokens(db: Db, rate: Rate, wanted: number): Promise<number> {
  const { rows } = await sql<{ granted: number }>`/* prepared take_tokens */
    -- the refilled bucket, locked until commit
    with bucket as (
      select channel, ${tokensNow(rate)} as tokens
        from channel_limits
       where channel = ${rate.channel}
         for update),
    -- whole tokens only
    taken as (
      select channel, tokens, least(${wanted}::integer, floor(tokens)::integer) as granted
        from bucket)
    update channel_limits l
       set tokens = taken.tokens - taken.granted,
           refilled_at = greatest(l.refilled_at, ${rate.now}),
           updated_at = ${rate.now}
      from taken
     where l.channel = taken.channel
    returning taken.granted`.execute(db)
  return rows[0]?.granted ?? 0
}

/** How many tokens a claim could take at `now`. */
export async function countTokens(db: Db, rate: Rate): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`
    select floor(${tokensNow(rate)})::integer as tokens
      from channel_limits
     where channel = ${rate.channel}`.execute(db)
  return rows[0]?.tokens ?? 0
}

/** Starts a new interval, until `until`, for each address whose interval is over. Returns those: they may be sent to. */
export async function takeRecipients(db: Db, addresses: string[], now: Date, until: Date): Promise<Set<string>> {
  const { rows } = await sql<{ address: string }>`/* prepared take_recipients */
    insert into recipient_limits as r (address, next_free_at)
    select a, ${until}::timestamptz
      from unnest(${addresses.toSorted()}::text[]) a
    on conflict (address) do update
       set next_free_at = excluded.next_free_at
     -- only an interval that is over
     where r.next_free_at <= ${now}
    returning address`.execute(db)
  return new Set(rows.map(({ address }) => address))
}

/** Deletes intervals that ended more than an hour ago. */
export async function deleteOldIntervals(db: Db, now: Date): Promise<void> {
  await sql`delete from recipient_limits where next_free_at < ${now}::timestamptz - interval '1 hour'`.execute(db)
}
