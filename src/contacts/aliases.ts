/**
 * Who writes: WhatsApp shows a phone alias (52… or 521…), its own business-scoped user id, or both, and either may
 * change. wa_contacts remembers which of our guests' numbers an alias or a user id stands for.
 */
import { sql, type Tx } from '../platform/db.ts'

/** `phone` in E.164. */
export type Sender = { phone: string | null; userId: string | null }
/** `phone` is the one our guests carry; `phones` also has the one that the person writes from. */
export type Person = { phone: string | null; phones: string[] }

export async function findPerson(tx: Tx, sender: Sender): Promise<Person> {
  const aliases = [sender.phone, sender.userId].filter((alias) => alias !== null)
  const { rows } = await sql<{ alias: string; phone: string }>`
    select alias, phone from wa_contacts where alias = any(${aliases}::text[])`.execute(tx)
  const known = rows.find(({ alias }) => alias === sender.phone) ?? rows.find(({ alias }) => alias === sender.userId)
  // Whose number we never heard of under another name is who it says.
  const phone = known?.phone ?? sender.phone
  return { phone, phones: [...new Set([phone, sender.phone].filter((one) => one !== null))] }
}

/** One message of a person at a time, so that whoever comes second sees what the first did. */
export async function lockPerson(tx: Tx, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`wa_person ${name}`}, 0))`.execute(tx)
}

/** Remembers that `alias` is the person whose guests' number is `phone`. False: nothing new, or a later word is known. */
export async function learnAlias(tx: Tx, alias: string, phone: string, at: Date): Promise<boolean> {
  if (alias === phone) return false
  const { rows } = await sql`
    insert into wa_contacts as c (alias, phone, learned_at) values (${alias}, ${phone}, ${at})
    on conflict (alias) do update set phone = excluded.phone, learned_at = excluded.learned_at
      where c.phone <> excluded.phone and c.learned_at <= excluded.learned_at
    returning alias`.execute(tx)
  return rows.length === 1
}

export type Adopted = {
  id: string
  type: string
  text: string | null
  rule: string | null
  outcome: string | null
  contextMessageId: string | null
  sentAt: Date
  at: Date
}

/** Gives the messages that came under a user id alone their phone, and returns them, oldest first. */
export async function adoptMessages(tx: Tx, userId: string, phone: string): Promise<Adopted[]> {
  const { rows } = await sql<Adopted>`
    update wa_messages set phone = ${phone} where user_id = ${userId} and phone is null
    returning id, type, body as text, rule, outcome, context_message_id, sent_at, least(sent_at, received_at) as at`.execute(
    tx,
  )
  return rows.toSorted((a, b) => a.at.getTime() - b.at.getTime())
}

/** A message from the number proves that WhatsApp reaches it. */
export async function clearUnreachable(tx: Tx, phones: string[]): Promise<void> {
  await sql`delete from wa_unreachable where phone = any(${phones}::text[])`.execute(tx)
}
