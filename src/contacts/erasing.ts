/** Erasing an address that no guest has any more. Its opt-outs and stops are kept under a hash (decision 34). */
import { sql, type Db, type Tx } from '../platform/db.ts'

/** The names that WhatsApp has for a number: other forms of it, and user ids. */
export async function listAliases(tx: Tx, phone: string): Promise<string[]> {
  const { rows } = await sql<{ alias: string }>`select alias from wa_contacts where phone = ${phone}`.execute(tx)
  return rows.map(({ alias }) => alias)
}

/** Returns how many rows were erased in each table. `names`: the number and its aliases. */
export async function erasePhone(tx: Tx, phone: string, names: string[]): Promise<Record<string, number>> {
  const { rows } = await sql<Record<'contacts' | 'windows' | 'unreachable' | 'optOuts' | 'promotions', number>>`
    with contacts as (
      delete from wa_contacts where phone = ${phone} or alias = any(${names}::text[]) returning alias),
    windows as (
      delete from wa_windows where phone = any(${names}::text[]) returning phone),
    unreachable as (
      delete from wa_unreachable where phone = any(${names}::text[]) returning phone),
    opted_out as (
      delete from opt_outs where phone = any(${names}::text[]) returning organizer_id, opted_out_at),
    promotions as (
      delete from wa_marketing_stops where phone = any(${names}::text[]) returning stopped_at, source, resumed_at),
    kept as (
      insert into forgotten_stops (kind, organizer_id, hash, cause, stopped_at)
      select 'opt_out', organizer_id, forgotten_hash(${phone}), null, max(opted_out_at)
        from opted_out
       group by organizer_id
      union all
      select 'promotions', '*', forgotten_hash(${phone}), max(source), max(stopped_at)
        from promotions
       where stopped_at > coalesce(resumed_at, '-infinity')
      having count(*) > 0
      on conflict do nothing)
    select (select count(*) from contacts) as contacts, (select count(*) from windows) as windows,
           (select count(*) from unreachable) as unreachable, (select count(*) from opted_out) as opt_outs,
           (select count(*) from promotions) as promotions`.execute(tx)
  const { contacts, windows, unreachable, optOuts, promotions } = rows[0]!
  return {
    wa_contacts: contacts,
    wa_windows: windows,
    wa_unreachable: unreachable,
    opt_outs: optOuts,
    wa_marketing_stops: promotions,
  }
}

/** Returns how many stops were erased. */
export async function eraseEmail(tx: Tx, email: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with stops as (
      delete from email_stops where email = ${email} returning organizer_id, reason, stopped_at),
    kept as (
      insert into forgotten_stops (kind, organizer_id, hash, cause, stopped_at)
      select 'email', organizer_id, forgotten_hash(${email}), reason, stopped_at from stops
      on conflict do nothing)
    select count(*) from stops`.execute(tx)
  return rows[0]!.count
}

/** A guest with such an address may have been added while it was being erased: the stops count. */
export async function restoreStops(db: Db, phone: string | null, email: string | null): Promise<void> {
  await sql`
    select restore_stops(e.organizer_id, g.phone, g.email)
      from guests g
      join events e on e.id = g.event_id
     where g.phone = ${phone}
        or g.email = ${email}
       and g.search like '%' || search_text(${email}) || '%'`.execute(db)
}
