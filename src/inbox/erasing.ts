/** Erasing a person from the webhooks that are kept as they came. The other items of a webhook stay. */
import { decodeBody } from '../platform/json.ts'
import { sql, type Db } from '../platform/db.ts'

const DAY_MS = 86_400_000

/**
 * `words`: the person's numbers, user ids, address and message ids, as providers write them. Returns how many webhooks changed.
 * One statement reads those of a day, because there may be millions.
 */
export async function eraseInbound(db: Db, words: string[], since: Date, until: Date): Promise<number> {
  const oldest = words.length === 0 ? null : await findOldest(db, since)
  let count = 0
  for (let from = oldest?.getTime() ?? Infinity; from <= until.getTime(); from += DAY_MS)
    for (const { id, body } of await listInboundWith(db, words, new Date(from), new Date(from + DAY_MS))) {
      await storeBody(db, id, withoutPerson(body, words))
      count++
    }
  return count
}

async function findOldest(db: Db, since: Date): Promise<Date | null> {
  const { rows } = await sql<{ oldest: Date | null }>`
    select min(received_at) as oldest
      from inbound_events
     where source in ('whatsapp', 'email')
       and received_at >= ${since}`.execute(db)
  return rows[0]!.oldest
}

async function listInboundWith(db: Db, words: string[], from: Date, to: Date) {
  const { rows } = await sql<{ id: string; body: Buffer }>`
    select id, body
      from inbound_events
     where source in ('whatsapp', 'email')
       and received_at >= ${from}
       and received_at < ${to}
       and exists (
             select from unnest(${words}::text[]) word
              where position(convert_to(word, 'UTF8') in body) > 0)`.execute(db)
  return rows
}

async function storeBody(db: Db, id: string, body: string): Promise<void> {
  await sql`update inbound_events set body = convert_to(${body}, 'UTF8') where id = ${id}`.execute(db)
}

/** The body without the items about the person: the smallest elements of lists that have one of the words. */
function withoutPerson(body: Buffer, words: string[]): string {
  try {
    const rest = JSON.stringify(withoutItems(JSON.parse(decodeBody(body)), words))
    return isAbout(rest, words) ? '{}' : rest
  } catch {
    return '{}' // it was never readable
  }
}

const isAbout = (text: string, words: string[]): boolean => words.some((word) => text.includes(word))

function withoutItems(value: unknown, words: string[]): unknown {
  if (Array.isArray(value))
    return value.map((one) => withoutItems(one, words)).filter((one) => !isAbout(JSON.stringify(one), words))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutItems(one, words)]))
}
