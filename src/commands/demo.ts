/** Demo data for a newcomer: one organizer, a wedding that is being invited to, and two events of the past. */
import { randomBytes } from 'node:crypto'
import { DateTime } from 'luxon'
import { hashPassword } from '../auth/auth.ts'
import { sql, withTx, type Tx } from '../platform/db.ts'
import type { Deps } from '../deps.ts'

export type Demo = { email: string; password: string; role: string }[]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const GUESTS = [
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
] as const

const LOGINS = [
  ['usr_demo_director', 'director@demo.monotickets.mx', 'Dirección (demo)', 'director', null],
  ['usr_demo_organizer', 'organizador@demo.monotickets.mx', 'Organización (demo)', 'organizer', 'org_demo'],
  ['usr_demo_staff', 'puerta@demo.monotickets.mx', 'Puerta (demo)', 'staff', 'org_demo'],
] as const

/** Loads what is missing; existing rows stay as they are. The demo logins get a new password each time. */
export async function seedDemo({ db, now }: Pick<Deps, 'db' | 'now'>): Promise<Demo> {
  const password = randomBytes(9).toString('base64url')
  const passwordHash = await hashPassword(password)
  await withTx(db, async (tx) => {
    const at = now()
    await sql`insert into organizers (id, name, created_at) values ('org_demo', 'Bodas y Fiestas Demo', ${at}) on conflict do nothing`.execute(
      tx,
    )
    await seedLogins(tx, passwordHash)
    await seedEvents(tx, at)
    await seedGuests(tx, at)
    await seedLedger(tx, at)
  })
  return LOGINS.map(([, email, , role]) => ({ email, password, role }))
}

async function seedLogins(tx: Tx, passwordHash: string): Promise<void> {
  for (const [id, email, name, role, organizerId] of LOGINS) {
    await sql`insert into users (id, organizer_id, email, name, role, password_hash)
      values (${id}, ${organizerId}, ${email}, ${name}, ${role}, ${passwordHash})
      on conflict (id) do update set password_hash = excluded.password_hash`.execute(tx)
  }
}

/** The two past events are for the nightly job: one to archive, one to archive and expire. */
async function seedEvents(tx: Tx, now: Date): Promise<void> {
  const events = [
    ['ev_demo', 'Boda de Ana y Luis', 'standard', 30 * DAY_MS, 'Hacienda San Gabriel, Querétaro'],
    ['ev_demo_xv', 'XV años de Renata', 'premium', -3 * DAY_MS, 'Salón Los Arcos, Guadalajara'],
    ['ev_demo_gala', 'Gala anual 2025', 'premium', -400 * DAY_MS, 'Club Industrial, Monterrey'],
  ] as const
  for (const [id, name, type, offsetMs, location] of events) {
    const day = DateTime.fromMillis(now.getTime() + offsetMs, { zone: 'America/Mexico_City' })
    const startsAt = day.set({ hour: 18, minute: 0, second: 0, millisecond: 0 }).toJSDate()
    const endsAt = new Date(startsAt.getTime() + 8 * HOUR_MS)
    await sql`insert into events (id, organizer_id, name, type, starts_at, ends_at, location, capacity, created_at, updated_at)
      values (${id}, 'org_demo', ${name}, ${type}, ${startsAt}, ${endsAt}, ${location}, 200, ${now}, ${now}) on conflict do nothing`.execute(
      tx,
    )
  }
}

async function seedGuests(tx: Tx, now: Date): Promise<void> {
  for (const [index, [id, name, partySize]] of GUESTS.entries()) {
    const number = String(index + 1).padStart(4, '0')
    await sql`insert into guests (event_id, id, name, phone, email, party_size, created_at, updated_at)
      values ('ev_demo', ${id}, ${name}, ${`+52551000${number}`}, ${`${id}@demo.monotickets.mx`}, ${partySize}, ${now}, ${now})
      on conflict do nothing`.execute(tx)
    await sql`insert into invitations (id, event_id, guest_id, code, places, created_at, updated_at)
      values (${`inv_demo_${id}`}, 'ev_demo', ${id}, ${`MONO-DEMO-${number}`}, ${partySize}, ${now}, ${now})
      on conflict do nothing`.execute(tx)
  }
}

/** 100 prepaid and 150 lent tickets at $25.00, of which $1,500.00 are paid: $2,250.00 are owed. */
async function seedLedger(tx: Tx, now: Date): Promise<void> {
  const { rows } = await sql`select 1 from ledger_entries where organizer_id = 'org_demo' limit 1`.execute(tx)
  if (rows.length > 0) return
  await sql`insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, currency, method, reference, reference_key, paid_at,
      created_by, request_id, created_at, updated_at)
    values ('pay_demo_1', 'manual', 'org_demo', 'manual', 'manual', 'confirmed', 150000, 'MXN', 'transfer', 'SPEI-DEMO-1', 'SPEI-DEMO-1', ${now},
      'usr_demo_director', 'req_demo', ${now}, ${now}) on conflict do nothing`.execute(tx)
  await sql`insert into ledger_entries (organizer_id, event_id, kind, tickets, amount_cents, currency, payment_id, created_by, effective_at, created_at)
    values ('org_demo', 'ev_demo', 'prepaid', 100, 250000, 'MXN', null, 'usr_demo_director', ${now}, ${now}),
           ('org_demo', 'ev_demo', 'loan', 150, 375000, 'MXN', null, 'usr_demo_director', ${now}, ${now}),
           ('org_demo', null, 'payment', 0, 150000, 'MXN', 'pay_demo_1', 'usr_demo_director', ${now}, ${now})`.execute(
    tx,
  )
}

/** What a newcomer reads after the start. */
export function describeDemo(
  demo: Demo,
  { host, port, isDemoMode, isSimulated }: { host: string; port: number; isDemoMode: boolean; isSimulated: boolean },
): string {
  const base = `http://${host === '0.0.0.0' || host === '127.0.0.1' ? 'localhost' : host}:${port}`
  const lines = [
    '',
    `  Monotickets runs at ${base}`,
    `  API reference       ${base}/docs`,
    `  Director's numbers  ${base}/director/overview`,
    `  An invitation       ${base}/public/invite/MONO-DEMO-0001`,
    isDemoMode
      ? '  Requests without credentials act as the demo director. Logins of this start:'
      : '  Logins of this start:',
    ...demo.map(({ email, password, role }) => `    ${email}  ${password}  (${role})`),
    '',
    ...(isSimulated
      ? ['  Send an invitation and watch it become "read" (the provider is simulated):']
      : [
          '  Provider keys are set: messages leave for real. The numbers and addresses of the demo guests are made up and',
          "  may be somebody's: put your own on g1 first (PATCH /events/ev_demo/guests/g1), then:",
        ]),
    `    curl -sS -X POST ${base}/events/ev_demo/guests/g1/send -H "Content-Type: application/json" -d '{"channel":"whatsapp"}'`,
    `    curl -sS ${base}/deliveries/<deliveryId, or duplicateOf, of that answer>`,
    '',
  ]
  return `${lines.join('\n')}\n`
}

export function describeLogins(demo: Demo): string {
  return `The demo data is loaded. Logins (earlier demo passwords do not work any more):\n${demo.map(({ email, password, role }) => `  ${email}  ${password}  (${role})`).join('\n')}\n`
}
