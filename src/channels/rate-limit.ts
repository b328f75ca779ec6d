/**
 * The rate limits of a channel, shared by all workers: one token bucket per channel, of which a claim takes one token for each
 * message, and a minimum interval between two messages to one address.
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

/** `addresses`: of the messages in their order, or none when the channel has no minimum interval. */
type Wanted = { messages: number; addresses: string[]; until: Date }
/** `free`: the addresses that may be sent to. */
type Taken = { tokens: number; free: Set<string> }

/**
 * Takes a token for each of the messages, as far as there are any, and starts a new interval, until `until`, for each address
 * of those messages whose interval is over. One statement, because each costs a claim a round trip and a commit.
 */
export async function takeTokens(db: Db, rate: Rate, { messages, addresses, until }: Wanted): Promise<Taken> {
  const { rows } = await sql<{ tokens: number; free: string[] }>`/* prepared take_tokens */
    -- the refilled bucket, locked until commit
    with bucket as (
      select channel, ${tokensNow(rate)} as tokens
        from channel_limits
       where channel = ${rate.channel}
         for update),
    -- whole tokens only
    taken as (
      select channel, tokens, least(${messages}::integer, floor(tokens)::integer) as granted
        from bucket),
    rest as (
      update channel_limits l
         set tokens = taken.tokens - taken.granted,
             refilled_at = greatest(l.refilled_at, ${rate.now}),
             updated_at = ${rate.now}
        from taken
       where l.channel = taken.channel),
    free as (
      insert into recipient_limits as r (address, next_free_at)
      select distinct a.address, ${until}::timestamptz
        from taken
        join unnest(${addresses}::text[]) with ordinality a (address, n) on a.n <= taken.granted
       order by a.address
      on conflict (address) do update
         set next_free_at = excluded.next_free_at
       -- only an interval that is over
       where r.next_free_at <= ${rate.now}
      returning address)
    select granted as tokens, array(select address from free) as free
      from taken`.execute(db)
  return { tokens: rows[0]?.tokens ?? 0, free: new Set(rows[0]?.free) }
}

/** How many tokens a claim could take at `now`. */
export async function countTokens(db: Db, rate: Rate): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`
    select floor(${tokensNow(rate)})::integer as tokens
      from channel_limits
     where channel = ${rate.channel}`.execute(db)
  return rows[0]?.tokens ?? 0
}

/** Deletes intervals that ended more than an hour ago. */
export async function deleteOldIntervals(db: Db, now: Date): Promise<void> {
  await sql`delete from recipient_limits where next_free_at < ${now}::timestamptz - interval '1 hour'`.execute(db)
}
