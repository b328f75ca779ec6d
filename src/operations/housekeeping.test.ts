import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'
import { newId, sql, type Db } from '../platform/db.ts'
import { deleteOldRows } from './housekeeping.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const daysAgo = (days: number) => new Date(Date.parse(NOW) - days * 86_400_000)

async function anInboundEvent(db: Db, status: string, processedAt: Date, source = 'whatsapp'): Promise<string> {
  const id = newId('ie')
  await sql`insert into inbound_events (id, source, dedupe_key, body, request_id, status, received_at, processed_at)
    values (${id}, ${source}, ${id}, ${Buffer.from('{}')}, 'req', ${status}, ${processedAt}, ${processedAt})`.execute(
    db,
  )
  return id
}
async function aLetter(db: Db, refId: string, resolvedAt: Date | null): Promise<void> {
  await sql`insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at, resolved_at)
    values ('inbound_event', ${refId}, 'items_malformed', 1, ${NOW}, ${NOW}, ${resolvedAt})`.execute(db)
}
const keptOf = async (db: Db, ids: string[]) => {
  const { rows } = await sql<{ id: string }>`select id from inbound_events where id = any(${ids}::text[])`.execute(db)
  return ids.map((id) => rows.some((row) => row.id === id))
}

test('a webhook is deleted after 30 days, but not while its dead letter is open', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [young, old, open, closed] = [
    await anInboundEvent(app.db, 'done', daysAgo(29)),
    await anInboundEvent(app.db, 'done', daysAgo(31)),
    await anInboundEvent(app.db, 'dead', daysAgo(31)),
    await anInboundEvent(app.db, 'dead', daysAgo(31)),
  ]
  await aLetter(app.db, open, null)
  await aLetter(app.db, closed, daysAgo(1))

  await app.runJob(deleteOldRows, {})

  assert.deepEqual(await keptOf(app.db, [young, old, open, closed]), [true, false, true, false])
})

test('the text of a message is deleted after WA_MESSAGE_TEXT_DAYS; its id and interpretation stay', async (t) => {
  const app = await startApp(t, { now: NOW, env: { WA_MESSAGE_TEXT_DAYS: '10' } })
  const [young, old] = [newId('wamid'), newId('wamid')]
  for (const [id, at] of [
    [young, daysAgo(9.9)],
    [old, daysAgo(10.1)],
  ] as const) {
    await sql`insert into wa_messages (id, phone, type, body, intent, sent_at, received_at, inbound_event_id)
      values (${id}, '+525512345678', 'text', 'confirmo', 'yes', ${at}, ${at}, 'ie')`.execute(app.db)
  }

  await app.runJob(deleteOldRows, {})

  const { rows } =
    await sql`select id, body, intent from wa_messages where id in (${young}, ${old}) order by body`.execute(app.db)
  assert.deepEqual(rows, [
    { id: young, body: 'confirmo', intent: 'yes' },
    { id: old, body: null, intent: 'yes' },
  ])
})

test('a slot is deleted a week after its dedupe window, which starts when its message is due', async (t) => {
  const app = await startApp(t, { now: NOW, env: { DELIVERY_DEDUPE_WINDOW_MIN: '1440' } })
  const guest = await anInvitation(app.db)
  const slots: [string, Date, Date][] = [
    ['event_invitation', daysAgo(8.1), daysAgo(8.1)],
    ['event_reminder', daysAgo(7.9), daysAgo(7.9)],
    ['event_update', daysAgo(40), daysAgo(-3)],
  ]
  for (const [template, requestedAt, dueAt] of slots) {
    await sql`insert into delivery_slots (event_id, guest_id, template, delivery_id, requested_at, due_at)
      values (${guest.eventId}, ${guest.guestId}, ${template}, ${newId('dl')}, ${requestedAt}, ${dueAt})`.execute(
      app.db,
    )
  }

  await app.runJob(deleteOldRows, {})

  const { rows } = await sql<{ template: string }>`
    select template from delivery_slots where event_id = ${guest.eventId} order by 1`.execute(app.db)
  assert.deepEqual(
    rows.map(({ template }) => template),
    ['event_reminder', 'event_update'],
  )
})

test('a payment webhook is kept longer, and as long as a person must decide about its money', async (t) => {
  const app = await startApp(t, { now: NOW, env: { PAYMENT_WEBHOOKS_KEPT_DAYS: '60' } })
  const ids = [
    await anInboundEvent(app.db, 'done', daysAgo(59), 'stripe'),
    await anInboundEvent(app.db, 'done', daysAgo(61), 'stripe'),
    await anInboundEvent(app.db, 'done', daysAgo(61), 'conekta'),
  ]
  await sql`insert into payment_reviews (id, provider, kind, object_id, provider_ref, reason, state, amount_cents, currency,
      mode, occurred_at, request_id, created_at)
    values ('rev', 'conekta', 'charge', 'ch', 'ref', 'unknown_payment', 'paid', 100, 'MXN', 'live', ${NOW}, ${ids[2]}, ${NOW})`.execute(
    app.db,
  )

  await app.runJob(deleteOldRows, {})

  assert.deepEqual(await keptOf(app.db, ids), [true, false, true])
})

/** An event that ended so many days ago, with a delivery, its attempt and status, and a scan. Returns its id. */
async function anOldEvent(db: Db, days: number, status = 'read'): Promise<{ eventId: string; deliveryId: string }> {
  const { eventId, guestId } = await anInvitation(db)
  const [deliveryId, at] = [newId('dl'), daysAgo(days)]
  await sql`update events set starts_at = ${daysAgo(days + 1)}, ends_at = ${at} where id = ${eventId}`.execute(db)
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
      requested_by, request_id, requested_at, updated_at)
    select ${deliveryId}, organizer_id, ${eventId}, ${guestId}, 'whatsapp', 'event_reminder', 'es-MX', ${status}, 5, 'usr',
           'req', ${at}, ${at} from events where id = ${eventId}`.execute(db)
  await sql`insert into delivery_attempts (delivery_id, n, started_at) values (${deliveryId}, 1, ${at})`.execute(db)
  await sql`insert into delivery_events (delivery_id, provider_message_id, status, occurred_at, received_at)
    values (${deliveryId}, ${deliveryId}, 'read', ${at}, ${at})`.execute(db)
  await sql`insert into scans (id, event_id, scan_id, code_hash, requested, scanned_by, scanned_at, received_at, request_id)
    values (${newId('scn')}, ${eventId}, 'scan', '', 1, 'usr', ${at}, ${at}, 'req')`.execute(db)
  return { eventId, deliveryId }
}
/** How many attempts, statuses and scans are left. */
async function logsOf(db: Db, { eventId, deliveryId }: { eventId: string; deliveryId: string }): Promise<number[]> {
  const { rows } = await sql<{ attempts: number; statuses: number; scans: number }>`
    select (select count(*) from delivery_attempts where delivery_id = ${deliveryId}) as attempts,
           (select count(*) from delivery_events where delivery_id = ${deliveryId}) as statuses,
           (select count(*) from scans where event_id = ${eventId}) as scans`.execute(db)
  return [rows[0]!.attempts, rows[0]!.statuses, rows[0]!.scans]
}

test('each log of an event is deleted so many days after its end', async (t) => {
  const env = { DELIVERY_ATTEMPTS_KEPT_DAYS: '40', DELIVERY_EVENTS_KEPT_DAYS: '50', SCANS_KEPT_DAYS: '60' }
  const app = await startApp(t, { now: NOW, env })
  const events = []
  for (const days of [39, 41, 51, 61]) events.push(await anOldEvent(app.db, days))

  await app.runJob(deleteOldRows, {})

  assert.deepEqual(await Promise.all(events.map((event) => logsOf(app.db, event))), [
    [1, 1, 1],
    [0, 1, 1],
    [0, 0, 1],
    [0, 0, 0],
  ])
})

test('a message that waits or needs a person keeps the logs of its event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [waiting, dead] = [await anOldEvent(app.db, 500, 'queued'), await anOldEvent(app.db, 500, 'dead')]
  await sql`insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at)
    values ('delivery', ${dead.deliveryId}, 'unknown_outcome', 1, ${NOW}, ${NOW})`.execute(app.db)

  await app.runJob(deleteOldRows, {})
  assert.deepEqual(
    [await logsOf(app.db, waiting), await logsOf(app.db, dead)],
    [
      [1, 1, 1],
      [1, 1, 1],
    ],
  )

  await sql`update dead_letters set resolved_at = ${NOW} where ref_id = ${dead.deliveryId}`.execute(app.db)
  await app.runJob(deleteOldRows, {})
  assert.deepEqual(await logsOf(app.db, dead), [0, 0, 0])
})

test('an event that takes place again loses its new logs after its new end', async (t) => {
  const app = await startApp(t, { now: NOW })
  const event = await anOldEvent(app.db, 500)
  await app.runJob(deleteOldRows, {})
  await sql`update deleted_logs set deleted_at = ${daysAgo(460)}`.execute(app.db)
  await sql`update events set ends_at = ${daysAgo(450)} where id = ${event.eventId}`.execute(app.db)
  await sql`insert into delivery_attempts (delivery_id, n, started_at)
    values (${event.deliveryId}, 2, ${daysAgo(451)})`.execute(app.db)

  await app.runJob(deleteOldRows, {})

  assert.deepEqual(await logsOf(app.db, event), [0, 0, 0])
})
