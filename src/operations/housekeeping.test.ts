import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'
import { newId, sql, type Db } from '../platform/db.ts'
import { deleteOldRows } from './housekeeping.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const daysAgo = (days: number) => new Date(Date.parse(NOW) - days * 86_400_000)

async function anInboundEvent(db: Db, status: string, processedAt: Date): Promise<string> {
  const id = newId('ie')
  await sql`insert into inbound_events (id, source, dedupe_key, body, request_id, status, received_at, processed_at)
    values (${id}, 'whatsapp', ${id}, ${Buffer.from('{}')}, 'req', ${status}, ${processedAt}, ${processedAt})`.execute(
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
