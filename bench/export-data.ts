/** The rows of a large export: as many events with used tickets, each of which is a line of the report on tickets. */
import type pg from 'pg'
import { insertInBulk, prepareBulk } from './bulk.ts'

const START = `timestamptz '2025-06-01T18:00:00Z'`
/** A tenth of the uses is booked until then. */
export const FIRST_TENTH = '2025-06-10'
const AT = `${START} + n % 100 * interval '1 day'`

const ROWS: Record<string, string> = {
  events: `(id, organizer_id, name, starts_at, ends_at)
    select 'EV-' || n, 'org_bench', 'Boda de Ana y Luis ' || n, '2035-01-01T18:00:00Z', '2035-01-02T02:00:00Z'`,
  ledger_transactions: `(id, organizer_id, event_id, kind, lines, created_by, request_id, effective_at, created_at)
    select 'ltx_' || lpad(n::text, 32, '0'), 'org_bench', 'EV-' || n, 'use', 2, 'bench', 'bench', ${AT}, ${AT}`,
  ledger_entries: `(transaction_id, line, lines, organizer_id, effective_at, account, tickets)
    select 'ltx_' || lpad(n::text, 32, '0'), s.line, 2, 'org_bench', ${AT}, s.account, s.sign * (1 + n % 200)`,
}
const SIDES: Record<string, string> = {
  ledger_entries: `cross join (values (1, 'used_loan', 1), (2, 'tickets_loan', -1)) s (line, account, sign)`,
}

export async function fillUses(client: pg.Client, rows: number): Promise<void> {
  await prepareBulk(client)
  await client.query(`insert into organizers (id, name) values ('org_bench', 'Banco de pruebas')`)
  for (const [table, values] of Object.entries(ROWS)) {
    const from = `from generate_series(0, ${rows - 1}) n ${SIDES[table] ?? ''}`
    await insertInBulk(client, table, [`insert into ${table} ${values} ${from}`])
  }
  await client.query('vacuum analyze')
}
