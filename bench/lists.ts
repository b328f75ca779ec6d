/**
 * Measures lists of guests on one PostgreSQL: importing 10,000 rows beside a floor (one INSERT … SELECT unnest of the same
 * guests and invitations), searching among 50,000 guests of one event, listing the conversations of 5,000 guests, and how much
 * memory an import of many rows needs.
 *
 *   npm run bench:lists -- [--guests 50000] [--rounds 3] [--long 200000]
 *
 * CPU time is that of this process; other programs on the machine change it less than the time on the clock.
 */
import { readArguments } from '../src/commands/usage.ts'
import { listConversations } from '../src/conversations/list-sql.ts'
import { openDeps, type Deps } from '../src/deps.ts'
import { listGuests } from '../src/events/sql.ts'
import { newCode } from '../src/events/codes.ts'
import { importGuests } from '../src/guestlists/imports.ts'
import { continueImport, requestImport } from '../src/guestlists/long-imports.ts'
import { claimImport } from '../src/guestlists/queue-sql.ts'
import { loadConfig } from '../src/platform/config.ts'
import { applyMigrations, MIGRATIONS_FOLDER, newId, sql } from '../src/platform/db.ts'
import { openLog } from '../src/platform/log.ts'
import { startMachine } from './machine.ts'

const { flags } = readArguments({
  command: 'npm run bench:lists',
  does: 'Measures imports of guests, the search among them and the list of conversations.',
  flags: {
    guests: { kind: 'whole', default: '50000', description: 'Guests of the event that is searched.' },
    rounds: { kind: 'whole', default: '3', description: 'Rounds that count.' },
    long: { kind: 'whole', default: '0', description: 'Rows of a long import whose memory is measured; 0: none.' },
  },
  variables: [],
})
const NAMES = 'José María,Ana Sofía,Juan Carlos,Ximena,Guadalupe,Luis Ángel,Fernanda,Iñaki,Renata,Héctor'.split(',')
const LAST =
  'Hernández,García,Martínez,Núñez,López,González,Pérez,Rodríguez,Sánchez,Ramírez,Muñoz,Ibáñez,Treviño'.split(',')
const pick = (list: string[], n: number) => list[n % list.length]!
const nameOf = (n: number) => `${pick(NAMES, n)} ${pick(LAST, n * 7)} ${pick(LAST, n * 11 + 3)} ${n}`
const phoneOf = (n: number) => `+5255${String(10_000_000 + n)}`
const MEGABYTE = 1024 * 1024
const median = (times: number[], share = 0.5) =>
  times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) * share)]!
const say = (text: string) => void process.stdout.write(`${text}\n`)

async function timed(work: () => Promise<unknown>): Promise<{ ms: number; cpuMs: number }> {
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { ms: performance.now() - startedMs, cpuMs: (user + system) / 1000 }
}

function* listRows(count: number, first = 0) {
  yield 'nombre,teléfono,correo,pases,etiquetas,notas\n'
  for (let n = first; n < first + count; n++)
    yield `${nameOf(n)},${phoneOf(n)},invitado${n}@example.com,${1 + (n % 4)},Familia,Mesa ${n % 40}\n`
}
const fileOf = (count: number, first?: number) => Buffer.from([...listRows(count, first)].join(''))

async function addEvent({ db }: Deps): Promise<string> {
  const id = newId('ev')
  await sql`insert into organizers (id, name) values ('org_b', 'Bench') on conflict do nothing`.execute(db)
  await sql`
    insert into events (id, organizer_id, name, starts_at, ends_at)
    values (${id}, 'org_b', 'Boda', '2035-01-01', '2035-01-02')`.execute(db)
  return id
}

async function insertAtOnce({ db }: Deps, count: number): Promise<void> {
  const [eventId, ns] = [await addEvent({ db } as Deps), Array.from({ length: count }, (_, n) => n)]
  await sql`
    with added as (
      insert into guests (event_id, id, name, phone, email)
      select ${eventId}, 'g' || n, name, phone, email
        from unnest(${ns}::integer[], ${ns.map(nameOf)}::text[], ${ns.map(phoneOf)}::text[],
                    ${ns.map((n) => `invitado${n}@example.com`)}::text[]) r (n, name, phone, email)
      returning id)
    insert into invitations (id, event_id, guest_id, code, places)
    select ${eventId} || id, ${eventId}, id, ${newCode()} || id, 1 from added`.execute(db)
}

const ask = { scope: 'org_b', mapping: {}, requestedBy: 'usr_b', requestId: 'req_b' }

async function measureImport(deps: Deps): Promise<void> {
  const file = fileOf(10_000)
  const rows: [string, () => Promise<unknown>][] = [
    ['floor: one insert', () => insertAtOnce(deps, 10_000)],
    [
      'import of new guests',
      async () => importGuests(deps, { ...ask, eventId: await addEvent(deps), bytes: file, isDryRun: false }),
    ],
  ]
  const kept = await addEvent(deps)
  await importGuests(deps, { ...ask, eventId: kept, bytes: file, isDryRun: false })
  rows.push([
    'import of the same again',
    () => importGuests(deps, { ...ask, eventId: kept, bytes: file, isDryRun: false }),
  ])
  const results = rows.map((): { ms: number; cpuMs: number }[] => [])
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const [n, [, work]] of rows.entries()) results[n]!.push(await timed(work))
  const floor = median(results[0]!.map(({ ms }) => ms))
  for (const [n, [name]] of rows.entries()) {
    const ms = median(results[n]!.map((one) => one.ms))
    const cpuMs = median(results[n]!.map((one) => one.cpuMs))
    say(
      `10,000 rows, ${name}: ${ms.toFixed(0)} ms (${(ms / floor).toFixed(1)} × floor), CPU of this process ${cpuMs.toFixed(0)} ms`,
    )
  }
}

async function measureSearch(deps: Deps): Promise<void> {
  const eventId = await addEvent(deps)
  const count = Number(flags.guests)
  for (let first = 0; first < count; first += 10_000)
    await importGuests(deps, {
      ...ask,
      eventId,
      bytes: fileOf(Math.min(10_000, count - first), first),
      isDryRun: false,
    })
  await sql`vacuum analyze guests`.execute(deps.db)
  await sql`vacuum analyze invitations`.execute(deps.db)
  const list = (q: string) => () => listGuests(deps.db, { scope: 'org_b', eventId, q, before: null, limit: 51 })
  const floor = () => sql`select 1 from guests where event_id = ${eventId} and id = 'x'`.execute(deps.db)
  const words = [
    'hernandez',
    'jose maria',
    'munoz ana',
    'an',
    'a',
    String(count - 7),
    'invitado123@example.com',
    '5510000123',
    '0123',
    'nadie así',
    'garcia lopez 4',
  ]
  const floorMs = await timeMany(floor)
  say(`search among ${count} guests, floor (one row by its key): p95 ${floorMs.p95.toFixed(1)} ms`)
  for (const q of words) {
    const { p50, p95 } = await timeMany(list(q))
    say(`search «${q}»: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${(p50 / floorMs.p50).toFixed(0)} × floor`)
  }
}

async function timeMany(work: () => Promise<unknown>): Promise<{ p50: number; p95: number }> {
  const times: number[] = []
  for (let n = 0; n < 20; n++) times.push((await timed(work)).ms)
  return { p50: median(times.slice(2)), p95: median(times.slice(2), 0.95) }
}

async function measureConversations(deps: Deps): Promise<void> {
  const eventId = await addEvent(deps)
  await importGuests(deps, { ...ask, eventId, bytes: fileOf(5000, 1_000_000), isDryRun: false })
  await sql`
    insert into wa_messages (id, inbound_event_id, phone, type, body, sent_at, received_at, event_id, guest_id)
    select g.id || n, 'ie', g.phone, 'text', 'sí vamos ' || n, now() - n * interval '1 hour', now() - n * interval '1 hour',
           g.event_id, g.id
      from guests g, generate_series(1, 2) n
     where g.event_id = ${eventId}`.execute(deps.db)
  await sql`
    insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
                            provider_message_id, requested_by, request_id, requested_at, sent_at, updated_at)
    select 'dl' || g.id || n, 'org_b', g.event_id, g.id, 'whatsapp', 'event_invitation', 'es-MX', 'read', 5, 'wamid' || g.id || n,
           'usr', 'req', now() - interval '1 day', now() - interval '1 day', now()
      from guests g, generate_series(1, 2) n
     where g.event_id = ${eventId}`.execute(deps.db)
  for (const table of ['wa_messages', 'deliveries', 'guests'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(deps.db)
  const times = { now: deps.now(), windowMs: 86_400_000, baseUrl: 'http://localhost' }
  const { p50, p95 } = await timeMany(() =>
    listConversations(deps.db, { scope: 'org_b', eventId, before: null, limit: 51 }, times),
  )
  say(`conversations of 5,000 guests: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`)
}

/** Imports as the job does, and watches the heap after collections. */
async function measureMemory(deps: Deps, count: number): Promise<void> {
  const eventId = await addEvent(deps)
  const { id } = await requestImport(deps, { ...ask, eventId, bytes: fileOf(count) })
  const heaps: number[] = []
  const now = () => {
    globalThis.gc?.()
    heaps.push(process.memoryUsage().heapUsed / MEGABYTE)
    return deps.now()
  }
  const { ms, cpuMs } = await timed(async () =>
    continueImport({ db: deps.db, now }, (await claimImport(deps.db, id, deps.now()))!),
  )
  const tenth = Math.ceil(heaps.length / 10)
  const [early, late] = [heaps.slice(1, tenth + 1), heaps.slice(-tenth)].map((some) => median(some))
  say(
    `a long import of ${count} rows: ${(ms / 1000).toFixed(1)} s, CPU ${(cpuMs / 1000).toFixed(1)} s; heap ${early!.toFixed(0)} MB in the first ` +
      `tenth, ${late!.toFixed(0)} MB in the last, at most ${Math.max(...heaps).toFixed(0)} MB`,
  )
}

const machine = await startMachine()
const config = loadConfig({ APP_ENV: 'test', DATABASE_URL: machine.databaseUrl, LOG_LEVEL: 'warn' })
const deps = openDeps(config, openLog(config.log), { databaseUrl: machine.databaseUrl, now: () => new Date() })
try {
  await applyMigrations(deps.db, MIGRATIONS_FOLDER)
  if (Number(flags.long) > 0) await measureMemory(deps, Number(flags.long))
  await measureImport(deps)
  await measureSearch(deps)
  await measureConversations(deps)
} finally {
  await deps.close()
  await machine.stop()
}
