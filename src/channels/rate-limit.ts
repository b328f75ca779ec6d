/**
 * The rate limit: how fast a channel may be used, by all workers together. Each channel has one token bucket, and a claim
 * takes a token for every message.
 */
import { sql, type Db } from '../platform/db.ts'
import type { ChannelName } from '../contacts/contacts.ts'

/** The bucket holds the tokens of this long: what may leave at once after a quiet time. */
const BURST_SECONDS = 0.2

type Rate = { channel: ChannelName; messagesPerSecond: number; now: Date }

const capacityOf = (messagesPerSecond: number): number => Math.max(1, messagesPerSecond * BURST_SECONDS)

/** Tokens in the bucket now. Clocks of workers differ, so the bucket never runs backwards. */
const tokensNow = ({ messagesPerSecond, now }: Rate) => sql`
  least(${capacityOf(messagesPerSecond)}::double precision,
        tokens + greatest(0, extract(epoch from ${now}::timestamptz - refilled_at)) * ${messagesPerSecond})`

/** Takes up to `wanted` tokens and returns how many there were. */
export async function takeTokens(db: Db, rate: Rate, wanted: number): Promise<number> {
  const { rows } = await sql<{ granted: number }>`/* prepared take_tokens */
    with bucket as (
      select channel, ${tokensNow(rate)} as tokens
        from channel_limits where channel = ${rate.channel} for update),
    taken as (
      select channel, tokens, least(${wanted}::integer, floor(tokens)::integer) as granted from bucket)
    update channel_limits l
       set tokens = taken.tokens - taken.granted, refilled_at = greatest(l.refilled_at, ${rate.now}),
           updated_at = ${rate.now}
      from taken where l.channel = taken.channel
    returning taken.granted`.execute(db)
  return rows[0]?.granted ?? 0
}

/** Tokens that a claim would find now. */
export async function countTokens(db: Db, rate: Rate): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`
    select floor(${tokensNow(rate)})::integer as tokens
      from channel_limits where channel = ${rate.channel}`.execute(db)
  return rows[0]?.tokens ?? 0
}

/** Takes the recipients whose interval is over and begins the next one. Returns the addresses that may be written to. */
export async function takeRecipients(db: Db, addresses: string[], now: Date, until: Date): Promise<Set<string>> {
  const { rows } = await sql<{ address: string }>`/* prepared take_recipients */
    insert into recipient_limits as r (address, next_free_at)
    select a, ${until}::timestamptz from unnest(${addresses.toSorted()}::text[]) a
    on conflict (address) do update set next_free_at = excluded.next_free_at where r.next_free_at <= ${now}
    returning address`.execute(db)
  return new Set(rows.map(({ address }) => address))
}

/** Intervals that ended long ago say nothing. */
export async function deleteOldIntervals(db: Db, now: Date): Promise<void> {
  await sql`delete from recipient_limits where next_free_at < ${now}::timestamptz - interval '1 hour'`.execute(db)
}
