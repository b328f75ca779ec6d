/**
 * The data of `npm run bench:growth`: guests in events of 250, each with an invitation, a delivery that was read, and a scan;
 * and as many webhooks and payments. Event `EV-7` has the guests `g1750` to `g1999`. All codes have one prefix and the guest's
 * number in eight digits.
 */
import type pg from 'pg'
import { insertInBulk, prepareBulk } from './bulk.ts'
import { codePrefixOf } from './machine.ts'

/** The event of a request, for the load generator. */
export const GROUP = 'EV-{group}'

export const GUESTS_PER_EVENT = 250
/** One account for so many guests. */
export const GUESTS_PER_ACCOUNT = 25

const EVENT = `'EV-' || n / ${GUESTS_PER_EVENT}`
/** As long as a real id: 32 digits after the prefix. */
const id = (prefix: string) => `'${prefix}_' || lpad(n::text, 32, '0')`
const AT = `timestamptz '2026-01-01' + n * interval '1 second'`

/** What is inserted for every n, by table: columns and values. */
const ROWS: Record<string, string> = {
  guests: `(event_id, id, name, phone, email)
    select ${EVENT}, 'g' || n, 'Ana Prueba ' || n, '+52' || 1000000000 + n, 'g' || n || '@example.com'`,
  // Twenty places, so that a guest has room left after every scan and answer of a run.
  invitations: `(id, event_id, guest_id, code, places, admitted, first_admitted_at)
    select ${id('inv')}, ${EVENT}, 'g' || n, '${codePrefixOf(GROUP)}' || lpad(n::text, 8, '0'), 20, 1, ${AT}`,
  deliveries: `(id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts, attempts_max,
      provider_message_id, sent_to, pricing, requested_by, request_id, requested_at, first_attempt_at, sent_at,
      delivered_at, read_at, updated_at)
    select ${id('dl')}, 'org_bench', ${EVENT}, 'g' || n, 'whatsapp', 'event_reminder', 'es-MX', 'read', 1, 5,
           'wamid.' || md5(n::text), '+52' || 1000000000 + n,
           '{"billable": true, "pricing_model": "PMP", "category": "utility", "type": "regular"}'::jsonb,
           'bench', 'bench', ${AT}, ${AT}, ${AT}, ${AT}, ${AT}, ${AT}`,
  delivery_attempts: `(delivery_id, n, started_at, finished_at, outcome, http_status, provider_message_id)
    select ${id('dl')}, 1, ${AT}, ${AT}, 'sent', 200, 'wamid.' || md5(n::text)`,
  delivery_events: `(delivery_id, provider_message_id, status, occurred_at, received_at)
    select ${id('dl')}, 'wamid.' || md5(n::text), 'read', ${AT}, ${AT}`,
  delivery_slots: `(event_id, guest_id, template, delivery_id, requested_at, due_at)
    select ${EVENT}, 'g' || n, 'event_reminder', ${id('dl')}, ${AT}, ${AT}`,
  scans: `(id, event_id, scan_id, invitation_id, code_hash, requested, result, admitted, remaining, gate, device,
      scanned_by, scanned_at, received_at, request_id)
    select ${id('scn')}, ${EVENT}, 'before-' || n, ${id('inv')}, sha256(n::text::bytea), 1, 'valid', 1, 19, 'Norte',
           'lector 1', 'bench', ${AT}, ${AT}, 'bench'`,
  inbound_events: `(id, source, dedupe_key, body, request_id, status, attempts, received_at, processed_at)
    select ${id('in')}, 'whatsapp', md5(n::text) || md5('b' || n), convert_to(repeat(md5(n::text), 16), 'UTF8'), 'bench',
           'done', 1, ${AT}, ${AT}`,
  payments: `(id, kind, organizer_id, provider, mode, provider_ref, client_secret, status, amount_cents,
      received_cents, currency, paid_at, created_by, request_id, created_at, updated_at)
    select ${id('pay')}, 'intent', 'org_bench', 'mock', 'mock', 'mock_' || md5(n::text), 'mock_secret_' || md5(n::text),
           case when n % 3 = 0 then 'requires_payment' else 'confirmed' end, 150000,
           case when n % 3 = 0 then 0 else 150000 end, 'MXN',
           case when n % 3 = 0 then null else ${AT} end, 'bench', 'bench', ${AT}, ${AT}`,
  payment_facts: `(provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency, occurred_at,
      created_at, updated_at)
    select 'mock', 'charge', 'mock_' || md5(n::text), 'mock_' || md5(n::text), ${id('pay')}, 'paid', 150000, 'MXN', ${AT},
           ${AT}, ${AT}`,
}

/**
 * Fills an empty database. `passwordHash` is that of every account.
 */
export async function fill(client: pg.Client, rows: number, passwordHash: string): Promise<void> {
  const run = (text: string) => client.query(text)
  await prepareBulk(client)
  await run(`insert into organizers (id, name) values ('org_bench', 'Banco de pruebas')`)
  await run(`insert into events (id, organizer_id, name, starts_at, ends_at, doors_open_minutes)
    select 'EV-' || n, 'org_bench', 'Boda', '2035-01-01T18:00:00Z', '2035-01-02T02:00:00Z', 100000000
      from generate_series(0, ${Math.ceil(rows / GUESTS_PER_EVENT) - 1}) n`)
  await client.query(
    `insert into users (id, organizer_id, email, name, role, password_hash)
     select ${id('usr')}, 'org_bench', 'user' || n || '@example.com', 'Ana', 'organizer', $1
       from generate_series(0, $2::integer - 1) n`,
    [passwordHash, rows / GUESTS_PER_ACCOUNT],
  )
  for (const [table, values] of Object.entries(ROWS))
    await insertInBulk(client, table, [`insert into ${table} ${values} from generate_series(0, ${rows - 1}) n`])
  await run(`insert into money_versions values ('org_bench', 1)`)
  await run('select fill_money_sums()')
  await run('select refresh_kpis()')
  await run('vacuum analyze')
}
