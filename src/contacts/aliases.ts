/**
 * Who a person is on WhatsApp. WhatsApp shows a phone alias (52… or 521…), a business-scoped user id, or both, and either
 * may change. `wa_contacts` maps aliases and user ids to the numbers on our guest lists.
 */
import { setWaId } from '../events/events.ts'
import { sql, type Tx } from '../platform/db.ts'

/** `phone` in E.164. `userIds`: the business-scoped user id, then the one that several businesses share. */
export type Sender = { phone: string | null; userIds: string[] }
/** `phone`: the number on our guest lists. `phones`: that number and the one the person writes from. */
export type Person = { phone: string | null; phones: string[] }

/** What WhatsApp shows of a person. `waId`: the alias as WhatsApp writes it (52… or 521…), to which we reply. */
export type WaIdentity = Sender & { waId: string | null }

/**
 * Finds the person behind a sender; a sender without a known alias is taken as it is. A number on a guest list counts more than
 * what a user id meant before, because ids and numbers change hands.
 */
export async function findPerson(tx: Tx, sender: Sender): Promise<Person> {
  const aliases = [sender.phone, ...sender.userIds].filter((alias) => alias !== null)
  const { rows } = await sql<{ alias: string; phone: string }>`
    select alias, phone from wa_contacts where alias = any(${aliases}::text[])`.execute(tx)
  const byPhone = rows.find(({ alias }) => alias === sender.phone)?.phone
  const byId = sender.userIds.flatMap((id) => rows.find(({ alias }) => alias === id)?.phone ?? [])[0]
  const isElsewhere = sender.phone !== null && byId !== undefined && byId !== sender.phone
  const phone =
    byPhone ?? (isElsewhere && (await isGuestPhone(tx, sender.phone!)) ? sender.phone : (byId ?? sender.phone))
  return { phone, phones: [...new Set([phone, sender.phone].filter((one) => one !== null))] }
}

/** Serializes the work on a person's messages until this transaction ends. */
export async function lockPerson(tx: Tx, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`wa_person ${name}`}, 0))`.execute(tx)
}

/** Finds who wrote and locks the person until this transaction ends. */
export async function identifyPerson(tx: Tx, sender: Sender): Promise<Person> {
  const before = await findPerson(tx, sender)
  const names = before.phone === null ? sender.userIds.toSorted() : [before.phone]
  if (names.length === 0) return before
  for (const name of names) await lockPerson(tx, name)
  return findPerson(tx, sender) // the transaction that had the lock may have stored an alias
}

/** Stores that `alias` belongs to the person with `phone`. Returns false if that is known or a later mapping exists. */
export async function learnAlias(tx: Tx, alias: string, phone: string, at: Date): Promise<boolean> {
  if (alias === phone) return false
  const { rows } = await sql`
    insert into wa_contacts as c (alias, phone, learned_at)
    values (${alias}, ${phone}, ${at})
    on conflict (alias) do update
      set phone = excluded.phone, learned_at = excluded.learned_at
     where c.phone <> excluded.phone and c.learned_at <= excluded.learned_at
    returning alias`.execute(tx)
  return rows.length === 1
}

/**
 * Stores the alias that replies go to, by the provider's time. An old message from before a change of number does not
 * restore the old alias.
 */
export async function rememberAlias(tx: Tx, phone: string, waId: string, at: Date): Promise<void> {
  const { rows } = await sql`
    select 1 from wa_contacts
     where phone = ${phone}
       and alias like '+%' -- a phone alias, not a user id
       and learned_at > ${at}
     limit 1`.execute(tx)
  if (rows.length === 0) await setWaId(tx, phone, waId)
}

/** Whether a guest has this number. */
export async function isGuestPhone(tx: Tx, phone: string): Promise<boolean> {
  return (await sql`select 1 from guests where phone = ${phone} limit 1`.execute(tx)).rows.length > 0
}
