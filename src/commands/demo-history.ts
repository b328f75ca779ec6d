/**
 * A past for the demo, so that the Director's charts have something to show: two organizers with events of the last months,
 * whose guests were invited, answered and came, and who paid in part. Everything is made up; nobody of them can be written to.
 */
import type { TicketKind } from '../ledger/ledger.ts'
import { sql, type Tx } from '../platform/db.ts'
import { seedPayment, seedTickets } from './demo-money.ts'

const DAY_MS = 24 * 3_600_000
const HOUR_MS = 3_600_000

const ORGANIZERS = [
  ['org_demo_lucia', 'Eventos Lucía'],
  ['org_demo_norte', 'Galas del Norte'],
] as const

type PastEvent = {
  id: string
  organizerId: string
  name: string
  type: 'standard' | 'premium'
  daysAgo: number
  guests: number
  place: string
}

const EVENTS: PastEvent[] = [
  {
    id: 'ev_demo_p1',
    organizerId: 'org_demo_lucia',
    name: 'Boda de Paula y Hugo',
    type: 'standard',
    daysAgo: 9,
    guests: 90,
    place: 'Jardín Las Jacarandas, Cuernavaca',
  },
  {
    id: 'ev_demo_p2',
    organizerId: 'org_demo_norte',
    name: 'Cena de fin de año, Grupo Alba',
    type: 'premium',
    daysAgo: 16,
    guests: 70,
    place: 'Club Industrial, Monterrey',
  },
  {
    id: 'ev_demo_p3',
    organizerId: 'org_demo_lucia',
    name: 'XV años de Danna',
    type: 'standard',
    daysAgo: 30,
    guests: 110,
    place: 'Salón Los Arcos, Guadalajara',
  },
  {
    id: 'ev_demo_p4',
    organizerId: 'org_demo_lucia',
    name: 'Boda de Inés y Marco',
    type: 'standard',
    daysAgo: 44,
    guests: 80,
    place: 'Hacienda El Carmen, Puebla',
  },
  {
    id: 'ev_demo_p5',
    organizerId: 'org_demo_norte',
    name: 'Gala de beneficencia',
    type: 'premium',
    daysAgo: 65,
    guests: 60,
    place: 'Teatro de la Ciudad, Saltillo',
  },
  {
    id: 'ev_demo_p6',
    organizerId: 'org_demo_lucia',
    name: 'Boda de Abril y Tomás',
    type: 'standard',
    daysAgo: 86,
    guests: 75,
    place: 'Viñedo San Lucas, Ensenada',
  },
]

/** Tickets that were assigned, and money that came in, in days before now. */
const ASSIGNMENTS: [string, TicketKind, number, number][] = [
  ['org_demo_lucia', 'prepaid', 300, 110],
  ['org_demo_norte', 'loan', 200, 100],
  ['org_demo_lucia', 'loan', 250, 58],
  ['org_demo_norte', 'loan', 120, 24],
]
const PAYMENTS: [string, 'transfer' | 'cash' | 'card', number, number][] = [
  ['org_demo_lucia', 'transfer', 500_000, 108],
  ['org_demo_lucia', 'transfer', 250_000, 96],
  ['org_demo_norte', 'transfer', 120_000, 80],
  ['org_demo_lucia', 'cash', 90_000, 66],
  ['org_demo_norte', 'card', 150_000, 52],
  ['org_demo_lucia', 'transfer', 210_000, 38],
  ['org_demo_norte', 'cash', 60_000, 26],
  ['org_demo_lucia', 'card', 130_000, 19],
  ['org_demo_norte', 'transfer', 180_000, 11],
  ['org_demo_lucia', 'transfer', 145_000, 4],
]

const FIRST_NAMES = [
  'Alejandra',
  'Bruno',
  'Cecilia',
  'Damián',
  'Esther',
  'Fabián',
  'Gabriela',
  'Héctor',
  'Itzel',
  'Joaquín',
  'Karla',
  'Lorenzo',
  'Mónica',
  'Néstor',
  'Olivia',
  'Rubén',
  'Silvia',
]
const LAST_NAMES = [
  'Arriaga',
  'Bautista',
  'Cervantes',
  'Domínguez',
  'Escobedo',
  'Fuentes',
  'Guerrero',
  'Huerta',
  'Ibarra',
  'Juárez',
  'Lozano',
  'Macías',
  'Núñez',
]

/** Loads it once: a demo that has its second organizer keeps what it has. Returns whether it was loaded. */
export async function seedHistory(tx: Tx, now: Date): Promise<boolean> {
  const { rows } = await sql`select id from organizers where id = ${ORGANIZERS[0][0]}`.execute(tx)
  if (rows.length > 0) return false
  const before = (days: number) => new Date(now.getTime() - days * DAY_MS)
  for (const [id, name] of ORGANIZERS)
    await sql`insert into organizers (id, name, created_at) values (${id}, ${name}, ${before(120)})`.execute(tx)
  for (const event of EVENTS) await seedPastEvent(tx, event, before)
  for (const [organizerId, kind, tickets, days] of ASSIGNMENTS)
    await seedTickets(tx, { organizerId, eventId: null, kind, tickets, at: before(days) })
  for (const [n, [organizerId, method, amountCents, days]] of PAYMENTS.entries())
    await seedPayment(tx, { organizerId, reference: `DEMO-PAST-${n + 1}`, method, amountCents, at: before(days) })
  return true
}

async function seedPastEvent(tx: Tx, e: PastEvent, before: (days: number) => Date): Promise<void> {
  const startsAt = new Date(Math.floor(before(e.daysAgo).getTime() / DAY_MS) * DAY_MS) // 18:00 of the day before in Mexico City
  const endsAt = new Date(startsAt.getTime() + 8 * HOUR_MS)
  const invitedAt = before(e.daysAgo + 24)
  await sql`
    insert into events (id, organizer_id, name, type, status, starts_at, ends_at, location, capacity, archived_at,
                        created_at, updated_at)
    values (${e.id}, ${e.organizerId}, ${e.name}, ${e.type}, 'archived', ${startsAt}, ${endsAt}, ${e.place}, 300, ${endsAt},
            ${invitedAt}, ${endsAt})`.execute(tx)
  await sql`
    insert into guests (event_id, id, name, email, party_size, tags, created_at, updated_at)
    select ${e.id}, 'h' || n,
           (${FIRST_NAMES}::text[])[1 + n * 5 % ${FIRST_NAMES.length}::integer] || ' '
             || (${LAST_NAMES}::text[])[1 + n * 7 % ${LAST_NAMES.length}::integer],
           'h' || n || '.' || ${e.id} || '@demo.monotickets.mx',
           1 + n % 3,
           case when n % 4 = 0 then '{Familia}'::text[] else '{}' end,
           ${invitedAt}, ${invitedAt}
      from generate_series(1, ${e.guests}::integer) n`.execute(tx)
  await seedAnswers(tx, e, invitedAt)
  await seedEntries(tx, e, startsAt)
  await seedDeliveries(tx, e, invitedAt)
}

/** The number in the id of a guest. */
const NUMBERED = sql`cross join lateral (select substr(g.id, 2)::integer as n) numbered`

/** Of ten guests seven say yes, one says no and two do not answer. */
async function seedAnswers(tx: Tx, { id: eventId }: PastEvent, invitedAt: Date): Promise<void> {
  await sql`
    insert into invitations (id, event_id, guest_id, code, places, answer, answered_places, answered_at, answer_said_at,
                             answered_by, created_at, updated_at)
    select 'inv_' || event_id || '_' || id, event_id, id, upper(replace(gen_random_uuid()::text, '-', '')), party_size,
           answer,
           case when answer = 'yes' then party_size end,
           case when answer <> 'pending' then at end,
           case when answer <> 'pending' then at end,
           case when answer <> 'pending' then 'landing' end,
           ${invitedAt}, ${invitedAt}
      from guests g
           ${NUMBERED}
     cross join lateral (
           select case when n % 10 < 7 then 'yes' when n % 10 = 7 then 'no' else 'pending' end as answer,
                  ${invitedAt}::timestamptz + make_interval(hours => 2 + n % 200) as at) said
     where event_id = ${eventId}`.execute(tx)
  await sql`
    insert into invitation_answers (invitation_id, answer, places, source, answered_at)
    select id, answer, answered_places, 'landing', answered_at
      from invitations
     where event_id = ${eventId}
       and answer <> 'pending'`.execute(tx)
}

/** Six of seven who confirmed come, within an hour and a half. */
async function seedEntries(tx: Tx, { id: eventId }: PastEvent, startsAt: Date): Promise<void> {
  await sql`
    with came as (
      update invitations
         set admitted = answered_places,
             first_admitted_at = ${startsAt}::timestamptz + make_interval(mins => substr(guest_id, 2)::integer * 13 % 90)
       where event_id = ${eventId}
         and answer = 'yes'
         and substr(guest_id, 2)::integer % 7 <> 0
      returning id, event_id, guest_id, code, answered_places, first_admitted_at)
    insert into scans (id, event_id, scan_id, invitation_id, code_hash, requested, result, admitted, remaining, gate,
                       scanned_by, scanned_at, received_at, request_id)
    select 'scn_' || id, event_id, 'demo-' || guest_id, id, sha256(code::bytea), answered_places, 'valid', answered_places, 0,
           case when substr(guest_id, 2)::integer % 3 = 0 then 'Sur' else 'Norte' end,
           'usr_demo_staff', first_admitted_at, first_admitted_at, 'req_demo'
      from came`.execute(tx)
}

const FREE = { billable: false, category: 'utility', type: 'free_customer_service', pricing_model: 'PMP' }
const CHARGED = { billable: true, category: 'utility', type: 'regular', pricing_model: 'PMP' }

/** An invitation to each, of which WhatsApp charged two thirds. */
async function seedDeliveries(tx: Tx, { id: eventId, organizerId }: PastEvent, invitedAt: Date): Promise<void> {
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, reason, attempts,
                            attempts_max, pricing, simulated, requested_by, request_id, requested_at, sent_at,
                            delivered_at, read_at, ended_at, updated_at)
    select 'dlv_' || event_id || '_' || id, ${organizerId}, event_id, id, 'whatsapp', 'event_invitation', 'es-MX', status,
           case when status = 'failed' then 'whatsapp_131026' end,
           1, 5,
           case when status <> 'failed' then
             case when n % 3 = 0 then ${JSON.stringify(FREE)}::jsonb else ${JSON.stringify(CHARGED)}::jsonb end
           end,
           true, 'usr_demo_director', 'req_demo',
           at, at,
           case when status <> 'failed' then at end,
           case when status = 'read' then at end,
           at, at
      from guests g
           ${NUMBERED}
     cross join lateral (
           select case when n % 23 = 0 then 'failed' when n % 5 = 0 then 'delivered' else 'read' end as status,
                  ${invitedAt}::timestamptz as at) sent
     where event_id = ${eventId}`.execute(tx)
}
