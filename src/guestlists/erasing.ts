/** Erasing a guest from the rows that imports of the event rejected. The row stays rejected, with its number and codes. */
import { sql, type Tx } from '../platform/db.ts'

type Whose = { eventId: string; name: string; phone: string | null; email: string | null }

/** Rows with the name, number or address of the guest, also when the name stands in two cells. Returns how many. */
export async function eraseRejects(tx: Tx, { eventId, name, phone, email }: Whose): Promise<number> {
  const { rows } = await sql`
    update guest_import_rejects r
       set cells = '{}',
           errors = (select jsonb_agg(error || '{"value": null}') from jsonb_array_elements(r.errors) error)
      from guest_imports i
     where i.event_id = ${eventId}
       and r.import_id = i.id
       and r.cells <> '{}'
       and (strpos(' ' || search_text(array_to_string(r.cells, ' ')) || ' ', ' ' || search_text(${name}) || ' ') > 0
            or exists (
                 select from unnest(r.cells) cell
                  where lower(btrim(cell)) = ${email}
                     or length(regexp_replace(cell, '[^0-9]', '', 'g')) between 10 and 15
                    and right(regexp_replace(cell, '[^0-9]', '', 'g'), 10) = right(${phone}, 10)))
    returning r.row_number`.execute(tx)
  return rows.length
}
