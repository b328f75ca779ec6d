/**
 * The data of `npm run bench:seed-large`: organizers with ten events of 200 guests each over 18 months, their messages, scans
 * and payments, and the ledger that follows from them. Every value comes from the number of its row and the seed, so the same
 * seed gives the same rows. Event e belongs to organizer e % organizers, and guest n to event n / 200.
 */
import type pg from 'pg'
import { insertInBulk, prepareBulk } from './bulk.ts'
import { codePrefixOf } from './machine.ts'

const EVENTS = 10
const GUESTS_PER_EVENT = 200
const LOANS_PER_EVENT = 10
/** What an organizer has. */
const EACH = { guests: EVENTS * GUESTS_PER_EVENT, deliveries: 5000, scans: 1000, payments: 500 }

/** The first event is prepared at the start, the last one this many days later. It takes place ten days after that. */
const START = `timestamptz '2025-06-01T06:00:00Z'`
const DAYS = 530
export const LAST_DAY = '2026-11-23'

/** How large the data is, for the commands that fill it. */
export const SCALE = {
  kind: 'text',
  default: '1',
  description: 'A part of the full size: 0.1 has 100 organizers.',
} as const

/** Returns the organizers of a scale: the rest follows from them. */
export function readScale(scale: string): number {
  const organizers = Math.round(1000 * Number(scale))
  if (!(organizers >= 1)) throw new Error(`--scale must be at least 0.001, not ${scale}`)
  return organizers
}

type Size = { organizers: number; seed: number }
/** Statements by table, in the order in which they read each other. */
type Rows = [table: string, statements: string[]][]

const id = (prefix: string, n: string) => `'${prefix}_' || lpad((${n})::text, 32, '0')`

/** The expressions that statements share. */
function describe({ organizers, seed }: Size) {
  const seconds = (n: string, count: number) => `make_interval(secs => (${n})::bigint * ${DAYS * 86_400} / ${count})`
  return {
    /** From 0 to 999, another number for each prime. */
    dice: (n: string, prime: number) => `((${n} + ${seed})::bigint * ${prime} % 1000003 % 1000)`,
    organizer: (e: string) => id('org', `(${e}) % ${organizers}`),
    /** When the event's first messages leave. */
    base: (e: string) => `(${START} + ${seconds(e, organizers * EVENTS)})`,
    paidAt: (p: string) => `(${START} + ${seconds(p, organizers * EACH.payments)})`,
    series: (each: number) => `generate_series(0, ${organizers * each - 1}) n`,
  }
}
type Shared = ReturnType<typeof describe>

const listGuests = ({ dice, organizer, base, series }: Shared): Rows => [
  [
    'events',
    [
      `insert into events (id, organizer_id, name, type, status, starts_at, ends_at, archived_at, created_at, updated_at)
       select 'EV-' || n, ${organizer('n')}, 'Boda ' || n, case when ${dice('n', 7919)} < 200 then 'premium' else 'standard' end,
              case when is_past then 'archived' else 'active' end, at + interval '10 days', at + interval '10 days 8 hours',
              case when is_past then at + interval '40 days' end, at, at
         from ${series(EVENTS)}
        cross join lateral (select ${base('n')} as at, ${base('n')} < ${START} + interval '${DAYS - 45} days' as is_past) e`,
    ],
  ],
  [
    'guests',
    [
      `insert into guests (event_id, id, name, phone, email, created_at, updated_at)
       select 'EV-' || n / ${GUESTS_PER_EVENT}, 'g' || n, 'Ana Prueba ' || n, '+52' || 1000000000 + n,
              'g' || n || '@example.com', at, at
         from ${series(EACH.guests)}
        cross join lateral (select ${base(`n / ${GUESTS_PER_EVENT}`)} as at) e`,
    ],
  ],
  [
    'invitations',
    [
      // Every other guest came, of whom most had said yes; one of twenty stood at the wrong door.
      `insert into invitations (id, event_id, guest_id, code, places, answer, answered_places, answered_at, answered_by,
         admitted, first_admitted_at, created_at, updated_at)
       select ${id('inv', 'n')}, 'EV-' || n / ${GUESTS_PER_EVENT}, 'g' || n,
              '${codePrefixOf('EV-LARGE')}' || lpad(n::text, 8, '0'), places, answer,
              case when answer = 'yes' then places end,
              case when answer <> 'pending' then at + interval '2 days' end,
              case when answer <> 'pending' then 'landing' end,
              case when came then places else 0 end, case when came then at + interval '10 days' end, at, at
         from ${series(EACH.guests)}
        cross join lateral (
          select ${base(`n / ${GUESTS_PER_EVENT}`)} as at, 1 + n % 4 as places, n % 2 = 0 and n / 2 % 20 <> 19 as came,
                 case when ${dice('n', 104_729)} < case n % 2 when 0 then 800 else 300 end then 'yes'
                      when ${dice('n', 15_485)} < 500 then 'no'
                      when ${dice('n', 15_485)} < 900 then 'pending' else 'maybe' end as answer) i`,
    ],
  ],
  [
    'scans',
    [
      `insert into scans (id, event_id, scan_id, invitation_id, code_hash, requested, result, reason, admitted, remaining,
         gate, device, scanned_by, scanned_at, received_at, request_id)
       select ${id('scn', 'n')}, 'EV-' || e, 'scan-' || n, case when is_valid then ${id('inv', '2 * n')} end,
              sha256(n::text::bytea), 1 + 2 * n % 4, case when is_valid then 'valid' else 'invalid' end,
              case when not is_valid then 'other_event' end, case when is_valid then 1 + 2 * n % 4 else 0 end, 0, 'Norte',
              'lector 1', 'bench', at, at, 'bench'
         from ${series(EACH.scans)}
        cross join lateral (select 2 * n / ${GUESTS_PER_EVENT} as e, n % 20 <> 19 as is_valid) s
        cross join lateral (select ${base('e')} + interval '10 days' + n % 100 * interval '1 minute' as at) t`,
    ],
  ],
]

const listDeliveries = ({ dice, organizer, base, series }: Shared): Rows => [
  [
    'deliveries',
    [
      `insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts, attempts_max,
         provider_message_id, sent_to, predicted_category, predicted_free, pricing, requested_by, request_id, requested_at,
         first_attempt_at, sent_at, delivered_at, read_at, ended_at, updated_at)
       select ${id('dl', 'n')}, ${organizer('e')}, 'EV-' || e, 'g' || g, channel, 'event_reminder', 'es-MX', status, 1, 5,
              case when status <> 'skipped' then 'wamid.' || md5(n::text) end, '+52' || 1000000000 + g,
              case when is_priced then case when kind < 990 then category else 'marketing' end end,
              case when is_priced then (kind % 100 >= 97) <> is_free end,
              case when is_priced then jsonb_build_object('billable', not is_free, 'pricing_model', 'PMP', 'category', category,
                'type', case when is_free then 'free_customer_service' else 'regular' end) end,
              'bench', 'bench', at, at, case when status in ('sent', 'delivered', 'read') then at end,
              case when status in ('delivered', 'read') then at end, case when status = 'read' then at end,
              case when status in ('failed', 'skipped') then at end, at
         from ${series(EACH.deliveries)}
        cross join lateral (
          select n::bigint * 2 / 5 as g, case n % 5 when 4 then 'email' else 'whatsapp' end as channel, ${dice('n', 7907)} as kind,
                 (array['read', 'read', 'read', 'read', 'read', 'delivered', 'delivered', 'sent', 'failed', 'skipped'])
                   [1 + ${dice('n', 6133)} / 100] as status) d
        cross join lateral (
          select g / ${GUESTS_PER_EVENT} as e, channel = 'whatsapp' and status in ('delivered', 'read') as is_priced,
                 kind < 250 as is_free, case when kind % 4 = 0 then 'marketing' else 'utility' end as category) c
        cross join lateral (select ${base('e')} + n % 5 * interval '2 days' + n % 7200 * interval '1 second' as at) t`,
    ],
  ],
]

const listPayments = ({ dice, organizer, paidAt, series }: Shared, { organizers }: Size): Rows => [
  [
    'payments',
    [
      // In this order: by hand, confirmed, refunded, refunded in part, and three that never came.
      `insert into payments (id, kind, organizer_id, event_id, provider, mode, provider_ref, client_secret, method, reference,
         status, amount_cents, received_cents, refunded_cents, currency, paid_at, ended_at, created_by, request_id, created_at,
         updated_at)
       select ${id('pay', 'n')}, case when is_manual then 'manual' else 'intent' end, ${organizer('n')},
              case when n % 2 = 0 then 'EV-' || n % ${organizers} + ${organizers} * (n / ${organizers} / ${EACH.payments / EVENTS}) end,
              provider, case when is_manual then 'manual' else 'live' end,
              case when not is_manual then 'ref_' || n end, case when not is_manual then 'secret_' || n end,
              case when is_manual then 'transfer' end, case when is_manual then 'SPEI ' || n end, status, cents,
              case when is_paid then cents else 0 end,
              case status when 'refunded' then cents when 'partially_refunded' then cents / 2 else 0 end, 'MXN',
              case when is_paid then at + interval '5 minutes' end,
              case when status in ('failed', 'expired') then at + interval '1 day' end, 'bench', 'bench', at, at
         from ${series(EACH.payments)}
        cross join lateral (
          select ${dice('n', 7901)} as share, 20000 + 200 * ${dice('n', 9973)} as cents, ${paidAt('n')} as at) a
        cross join lateral (
          select share < 150 as is_manual, share < 930 as is_paid,
                 case when share < 150 then 'manual' when n % 3 = 0 then 'conekta' else 'stripe' end as provider,
                 case when share < 850 then 'confirmed' when share < 890 then 'refunded'
                      when share < 930 then 'partially_refunded' when share < 950 then 'requires_payment'
                      when share < 980 then 'expired' else 'failed' end as status) s`,
    ],
  ],
  [
    'payment_facts',
    [
      `insert into payment_facts (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency, occurred_at,
         created_at, updated_at)
       select provider, f.kind, f.object_id, provider_ref, p.id, f.state, f.cents, currency, f.at, f.at, f.at
         from payments p
        cross join lateral (values
          ('charge', 'ch_' || id, 'paid', received_cents, paid_at),
          ('refund', 're_' || id, 'succeeded', refunded_cents, paid_at + interval '1 day')) f (kind, object_id, state, cents, at)
        where p.kind = 'intent'
          and f.cents > 0`,
    ],
  ],
]

/** What moves money or tickets, as src/ledger/movements.ts books it: an entry and its opposite for each pair of accounts. */
const MOVES = `
  create temporary table moves as
  select 'ltx_pay' || id as id, organizer_id, event_id, 'payment' as kind, id as payment_id,
         case kind when 'intent' then 'ch_' || id end as object_id, paid_at as at, 'cash' as gains,
         'receivable' as loses, coalesce(method, provider) as method, received_cents as cents, 0::bigint as tickets
    from payments
   where received_cents > 0
   union all
  select 'ltx_ref' || id, organizer_id, event_id, 'refund', id, 're_' || id, paid_at + interval '1 day', 'receivable', 'cash',
         coalesce(method, provider), refunded_cents, 0
    from payments
   where refunded_cents > 0
   union all
  select 'ltx_use' || u.event_id, e.organizer_id, u.event_id, 'use', null, null, max(e.ends_at), 'used_loan', 'tickets_loan',
         null, 0, sum(u.tickets)
    from ticket_uses u
    join events e on e.id = u.event_id
   group by u.event_id, e.organizer_id`

const listLoans = ({ organizer, base, series }: Shared, { organizers }: Size): string => `
  insert into moves
  select ${id('ltx_loan', 'n')}, ${organizer('e')}, 'EV-' || e, 'loan', null, null, ${base('e')} + n % ${LOANS_PER_EVENT} * interval '1 day',
         side.gains, side.loses, null, side.cents, side.tickets
    from ${series(EVENTS * LOANS_PER_EVENT)}
   cross join lateral (select n / ${LOANS_PER_EVENT} as e) l
   cross join lateral (values
     ('receivable', 'sales', 400000 + 15000 * (e % ${organizers} % 21), 0),
     ('tickets_loan', 'issued_loan', 0, 80)) side (gains, loses, cents, tickets)`

const LEDGER: Rows = [
  [
    'ledger_transactions',
    [
      `insert into ledger_transactions (id, organizer_id, event_id, kind, payment_id, object_id, lines, created_by, request_id,
         effective_at, created_at)
       select id, organizer_id, event_id, kind, payment_id, object_id, 2 * count(*), 'bench', 'bench', at, at
         from moves
        group by id, organizer_id, event_id, kind, payment_id, object_id, at
        order by at, id`,
    ],
  ],
  [
    'ledger_entries',
    [
      `insert into ledger_entries (transaction_id, line, lines, organizer_id, effective_at, account, method, currency,
         amount_cents, tickets)
       select m.id, row_number() over (partition by m.id), 2 * count(*) over (partition by m.id) / 2, m.organizer_id, m.at,
              s.account, case s.account when 'cash' then m.method end, case when m.cents <> 0 then 'MXN' end, s.sign * m.cents,
              s.sign * m.tickets
         from moves m
        cross join lateral (values (m.gains, 1), (m.loses, -1)) s (account, sign)`,
    ],
  ],
]

const TICKET_USES = `
  insert into ticket_uses (event_id, guest_id, places, tickets, updated_at)
  select i.event_id, i.guest_id, i.admitted, i.admitted * case e.type when 'premium' then 2 else 1 end, e.ends_at
    from invitations i
    join events e on e.id = i.event_id
   where i.admitted > 0`

/** Fills an empty database. `onTable` is told when a table is filled. */
export async function fillLarge(client: pg.Client, size: Size, onTable: (table: string) => void): Promise<void> {
  const shared = describe(size)
  const insertAll = async (rows: Rows) => {
    for (const [table, statements] of rows) {
      await insertInBulk(client, table, statements)
      onTable(table)
    }
  }
  await prepareBulk(client)
  await client.query(`set timezone = 'UTC'; set work_mem = '256MB'`)
  await client.query(`insert into organizers (id, name, created_at)
    select ${shared.organizer('n')}, 'Organizador ' || n, ${START} from ${shared.series(1)}`)
  await insertAll([...listGuests(shared), ...listDeliveries(shared), ...listPayments(shared, size)])
  await insertAll([['ticket_uses', [TICKET_USES]]])
  await client.query(MOVES)
  await client.query(listLoans(shared, size))
  await insertAll(LEDGER)
  await client.query('insert into money_versions select id, 1 from organizers')
  await client.query('select fill_money_sums()')
  await client.query('select refresh_kpis()')
  onTable('the views')
  await client.query('vacuum analyze')
}
