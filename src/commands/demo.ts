/** Demo data for a newcomer: one organizer, a wedding that is being invited to, and two events of the past. */
import { randomBytes } from 'node:crypto'
import { DateTime } from 'luxon'
import { hashPassword } from '../auth/auth.ts'
import { sql, withTx, type Tx } from '../platform/db.ts'
import type { Deps } from '../deps.ts'
import type { Role } from '../http/access.ts'
import type { Config } from '../platform/config.ts'
import { bookUses } from '../ledger/uses.ts'
import { quietUntil } from '../templates/templates.ts'
import { seedHistory } from './demo-history.ts'
import { demoCause, seedPayment, seedTickets } from './demo-money.ts'

/** `tickets`: how uses are booked. */
type Tickets = { tickets: Config['tickets'] }

export type Demo = { email: string; password: string; role: Role }[]

const ZONE = 'America/Mexico_City'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const DOORS_OPEN_MINUTES = 60 * 24 * 60

/** The phone or the address of a guest whose messages have a fate (README.md); null: none. Absent: one of their own. */
type Fate = { phone?: string | null; email?: string | null }
const ends = (digits: string, more: Fate = {}): Fate => ({ phone: `+52551000${digits}`, ...more })
const byMail = (tag: string, name: string): Fate => ({ phone: null, email: `${name}+${tag}@demo.monotickets.mx` })

const GUESTS: [string, string, number, Fate?][] = [
  ['g1', 'Mariana López', 2],
  ['g2', 'José Ñúñez', 4],
  ['g3', 'Sofía Hernández', 1],
  ['g4', 'Diego Ramírez', 2],
  ['g5', 'Valeria Castillo', 1],
  ['g6', 'Emiliano Torres', 3],
  ['g7', 'Regina Flores', 2],
  ['g8', 'Santiago Vega', 1],
  ['g9', 'Camila Ortiz', 2],
  ['g10', 'Leonardo Ruiz', 1],
  ['g11', 'Ximena Aguilar', 5],
  ['g12', 'Mateo Sánchez', 2],
  ['g13', 'Paola Méndez', 2, ends('9989')],
  ['g14', 'Rodrigo Peña', 2, ends('9988')],
  ['g15', 'Fernanda Solís', 1, ends('9987')],
  ['g16', 'Jorge Navarro', 2, ends('9986')],
  ['g17', 'Lucía Campos', 1, ends('9985')],
  ['g18', 'Andrés Molina', 2, ends('9984')],
  ['g19', 'Elena Rivas', 1, ends('9983')],
  ['g20', 'Tomás Herrera', 1, ends('9982')],
  ['g21', 'Beatriz Luna', 2, ends('9990')],
  ['g22', 'Pablo Cruz', 1, ends('9981')],
  ['g23', 'Carmen Ríos', 2, ends('9999')],
  ['g24', 'Hugo Salas', 1, ends('9998', { email: null })],
  ['g25', 'Irma Vidal', 1, byMail('bounce', 'irma')],
  ['g26', 'Óscar León', 2, byMail('spam', 'oscar')],
  ['g27', 'Nadia Soto', 1, ends('9991', { email: null })],
]

const LOGINS = [
  ['usr_demo_director', 'director@demo.monotickets.mx', 'Dirección (demo)', 'director', null],
  ['usr_demo_organizer', 'organizador@demo.monotickets.mx', 'Organización (demo)', 'organizer', 'org_demo'],
  ['usr_demo_staff', 'puerta@demo.monotickets.mx', 'Puerta (demo)', 'staff', 'org_demo'],
] as const

/** Loads what is missing; existing rows stay as they are. The demo logins get a new password each time. */
export async function seedDemo({ db, now, tickets }: Pick<Deps, 'db' | 'now'> & Tickets): Promise<Demo> {
  const password = randomBytes(9).toString('base64url')
  const passwordHash = await hashPassword(password)
  const hasNewPast = await withTx(db, async (tx) => {
    const at = now()
    await sql`
      insert into organizers (id, name, created_at)
      values ('org_demo', 'Bodas y Fiestas Demo', ${at})
      on conflict do nothing`.execute(tx)
    await seedLogins(tx, passwordHash)
    await seedEvents(tx, at)
    await seedStaff(tx, at)
    await seedGuests(tx, at)
    await seedLedger(tx, at)
    return seedHistory(tx, at)
  })
  // The job that books uses looks at recent events alone.
  if (hasNewPast) await bookUses(db, tickets, null, demoCause(now()))
  return LOGINS.map(([, email, , role]) => ({ email, password, role }))
}

async function seedLogins(tx: Tx, passwordHash: string): Promise<void> {
  for (const [id, email, name, role, organizerId] of LOGINS) {
    await sql`insert into users (id, organizer_id, email, name, role, password_hash)
      values (${id}, ${organizerId}, ${email}, ${name}, ${role}, ${passwordHash})
      on conflict (id) do update set password_hash = excluded.password_hash`.execute(tx)
  }
}

/**
 * The two past events are for the nightly job: one to archive, one to archive and expire. The doors of the demo are open long
 * before the start, so that a newcomer can scan at once.
 */
async function seedEvents(tx: Tx, now: Date): Promise<void> {
  const events = [
    ['ev_demo', 'Boda de Ana y Luis', 'standard', 30 * DAY_MS, 'Hacienda San Gabriel, Querétaro'],
    ['ev_demo_xv', 'XV años de Renata', 'premium', -3 * DAY_MS, 'Salón Los Arcos, Guadalajara'],
    ['ev_demo_gala', 'Gala anual 2025', 'premium', -400 * DAY_MS, 'Club Industrial, Monterrey'],
  ] as const
  for (const [id, name, type, offsetMs, location] of events) {
    const day = DateTime.fromMillis(now.getTime() + offsetMs, { zone: ZONE })
    const startsAt = day.set({ hour: 18, minute: 0, second: 0, millisecond: 0 }).toJSDate()
    const endsAt = new Date(startsAt.getTime() + 8 * HOUR_MS)
    await sql`
      insert into events (id, organizer_id, name, type, starts_at, ends_at, location, capacity, doors_open_minutes,
                          created_at, updated_at)
      values (${id}, 'org_demo', ${name}, ${type}, ${startsAt}, ${endsAt}, ${location}, 200, ${DOORS_OPEN_MINUTES},
              ${now}, ${now})
      on conflict do nothing`.execute(tx)
  }
}

async function seedStaff(tx: Tx, now: Date): Promise<void> {
  await sql`
    insert into event_staff (event_id, user_id, gate, added_by, added_at)
    values ('ev_demo', 'usr_demo_staff', 'Entrada principal', 'seed', ${now})
    on conflict do nothing`.execute(tx)
}

async function seedGuests(tx: Tx, now: Date): Promise<void> {
  for (const [index, [id, name, partySize, fate = {}]] of GUESTS.entries()) {
    const number = String(index + 1).padStart(4, '0')
    const { phone = `+52551000${number}`, email = `${id}@demo.monotickets.mx` } = fate
    await sql`insert into guests (event_id, id, name, phone, email, party_size, created_at, updated_at)
      values ('ev_demo', ${id}, ${name}, ${phone}, ${email}, ${partySize}, ${now}, ${now})
      on conflict do nothing`.execute(tx)
    await sql`insert into invitations (id, event_id, guest_id, code, places, created_at, updated_at)
      values (${`inv_demo_${id}`}, 'ev_demo', ${id}, ${`MONO-DEMO-${number}`}, ${partySize}, ${now}, ${now})
      on conflict do nothing`.execute(tx)
  }
}

/** 100 prepaid tickets that are paid, and 150 lent ones of which $1,500.00 are paid: $2,250.00 are owed. */
async function seedLedger(tx: Tx, at: Date): Promise<void> {
  const { rows } = await sql`select 1 from ledger_transactions where organizer_id = 'org_demo' limit 1`.execute(tx)
  if (rows.length > 0) return
  const payer = { organizerId: 'org_demo', method: 'transfer', at }
  const buyer = { organizerId: 'org_demo', eventId: 'ev_demo', at }
  await seedPayment(tx, { ...payer, reference: 'SPEI-DEMO-1', amountCents: 250_000 })
  await seedTickets(tx, { ...buyer, kind: 'prepaid', tickets: 100 })
  await seedTickets(tx, { ...buyer, kind: 'loan', tickets: 150 })
  await seedPayment(tx, { ...payer, reference: 'SPEI-DEMO-2', amountCents: 150_000 })
}

type Shown = { base: string; config: Config; isSimulated: boolean; now: Date }

/** What a newcomer reads after the start. */
export function describeDemo(demo: Demo, { base, config, isSimulated, now }: Shown): string {
  const post = (path: string, body: string) =>
    `    curl -sS -X POST ${base}${path} -H "Content-Type: application/json" -d '${body}'`
  const lines = [
    '',
    `  Monotickets runs. Start here: ${base}/`,
    `  Director's panel    ${base}/panel`,
    `  Organizers          ${base}/organizer`,
    `  Door                ${base}/door`,
    `  An invitation       ${base}/i/MONO-DEMO-0001`,
    `  API reference       ${base}/docs`,
    config.auth.mode === 'demo'
      ? `  Requests without credentials act as the demo director. Logins of this start, for ${base}/login:`
      : `  Logins of this start, for ${base}/login:`,
    ...demo.map(({ email, password, role }) => `    ${email}  ${password}  (${role})`),
    '',
    ...(isSimulated
      ? ['  Send an invitation and watch it become "read" (the provider is simulated):']
      : [
          '  Provider keys are set: messages leave for real. The numbers and addresses of the demo guests are made up and',
          "  may be somebody's: put your own on g1 first (PATCH /events/ev_demo/guests/g1), then:",
        ]),
    post('/events/ev_demo/guests/g1/send', '{"channel":"whatsapp"}'),
    `    curl -sS ${base}/deliveries/<deliveryId, or duplicateOf, of that answer>`,
    '',
    ...(config.simulator.isOn ? describeLives(base, post, findQuietEnd(now, config)) : []),
  ]
  return `${lines.join('\n')}\n`
}

/** The local time at which a campaign to the demo event would begin to leave; null: at once. */
function findQuietEnd(now: Date, { delivery }: Config): string | null {
  const startsAt = new Date(now.getTime() + 30 * DAY_MS)
  const event = { timeZone: ZONE, startsAt, endsAt: startsAt, template: 'event_invitation' }
  const end = quietUntil(now, event, delivery.quietHours)
  return end && DateTime.fromJSDate(end, { zone: ZONE }).toFormat('HH:mm')
}

/** How to see every state: the guests from g13 on reply, fail, bounce and die. */
const describeLives = (
  base: string,
  post: (path: string, body: string) => string,
  quietEnd: string | null,
): string[] => [
  '  Invite everybody and see, within a minute, every reply, an e-mail instead of WhatsApp, a failure, a bounce and a',
  '  dead letter (guests g13 to g27). First what it would do, then the same with its preflightId:',
  ...(quietEnd
    ? [
        `  (It is night at the event, and campaigns wait until ${quietEnd}, unless started with DELIVERY_QUIET_HOURS=off.)`,
      ]
    : []),
  post('/events/ev_demo/campaigns', '{"template":"event_invitation","dryRun":true}'),
  post('/events/ev_demo/campaigns', '{"template":"event_invitation","preflightId":"<preflightId of that answer>"}'),
  `    curl -sS ${base}/campaigns/<campaignId of that answer>`,
  `    curl -sS "${base}/events/ev_demo/guests?limit=50"`,
  `    curl -sS "${base}/events/ev_demo/deliveries?limit=50"`,
  `    curl -sS ${base}/ops/dead-letters`,
  '',
]

export function describeLogins(demo: Demo): string {
  return `The demo data is loaded. Logins (earlier demo passwords do not work any more):\n${demo.map(({ email, password, role }) => `  ${email}  ${password}  (${role})`).join('\n')}\n`
}
