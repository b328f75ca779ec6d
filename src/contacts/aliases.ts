/**
 * Who a person is on WhatsApp: it shows a phone alias (52… or 521…), its own business-scoped user id, or both, and
 * either may change. `wa_contacts` remembers which of our guests' numbers an alias or a user id stands for.
 */
import { setWaId } from '../events/events.ts'
import { sql, type Tx } from '../platform/db.ts'

/** `phone` in E.164. */
export type Sender = { phone: string | null; userId: string | null }
/** `phone` is the number that our guests carry; `phones` also holds the number that the person writes from. */
export type Person = { phone: string | null; phones: string[] }

/** What WhatsApp shows of a person. `waId`: the alias as WhatsApp wrote it (52… or 521…); answers go back to it. */
export type WaIdentity = Sender & { waId: string | null }

/** A sender we have never heard of under another name is who it says it is. */
export async function findPerson(tx: Tx, sender: Sender): Promise<Person> {
  const aliases = [sender.phone, sender.userId].filter((alias) => alias !== null)
  const { rows } = await sql<{ alias: string; phone: string }>`
    select alias, phone from wa_contacts where alias = any(${aliases}::text[])`.execute(tx)
  const known = rows.find(({ alias }) => alias === sender.phone) ?? rows.find(({ alias }) => alias === sender.userId)
  const phone = known?.phone ?? sender.phone
  return { phone, phones: [...new Set([phone, sender.phone].filter((one) => one !== null))] }
}

/** Works one message of a person at a time, so that the second sees what the first did. */
export async function lockPerson(tx: Tx, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`wa_person ${name}`}, 0))`.execute(tx)
}

/** Finds who wrote, and locks the person until this transaction ends. */
export async function identifyPerson(tx: Tx, sender: Sender): Promise<Person> {
  const before = await findPerson(tx, sender)
  const name = before.phone ?? sender.userId
  if (name === null) return before
  await lockPerson(tx, name)
  return findPerson(tx, sender) // the transaction that held the lock may have learned more
}

/** Remembers that `alias` is the person whose guests carry `phone`. False: nothing new, or a later word is known. */
export async function learnAlias(tx: Tx, alias: string, phone: string, at: Date): Promise<boolean> {
  if (alias === phone) return false
  const { rows } = await sql`
    insert into wa_contacts as c (alias, phone, learned_at) values (${alias}, ${phone}, ${at})
    on conflict (alias) do update set phone = excluded.phone, learned_at = excluded.learned_at
     where c.phone <> excluded.phone and c.learned_at <= excluded.learned_at
    returning alias`.execute(tx)
  return rows.length === 1
}

/**
 * Answers go to the alias that WhatsApp used last, by the provider's time. What was sent from the old number before
 * the person changed it does not bring the old alias back.
 */
export async function rememberAlias(tx: Tx, phone: string, waId: string, at: Date): Promise<void> {
  const { rows } = await sql`
    select 1 from wa_contacts
     where phone = ${phone} and alias like '+%' and learned_at > ${at} limit 1`.execute(tx)
  if (rows.length === 0) await setWaId(tx, phone, waId)
}

/** Whether this very number belongs to somebody on a guest list. */
export async function isGuestPhone(tx: Tx, phone: string): Promise<boolean> {
  return (await sql`select 1 from guests where phone = ${phone} limit 1`.execute(tx)).rows.length > 0
}
