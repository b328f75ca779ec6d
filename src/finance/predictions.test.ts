import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, anOrganizer } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'
import { watchPrices } from './jobs.ts'
import { refreshKpis } from './refresh.ts'

const NOW = '2030-06-15T18:00:00.000Z'
const MARKETING = { type: 'regular', category: 'marketing', billable: true }
const FREE_SERVICE = { type: 'free_customer_service', category: 'service', billable: false }

type Facts = {
  category?: string | null
  isFree?: boolean | null
  pricing?: object | null
  simulated?: boolean
  at?: string
  isSession?: boolean
  count?: number
}

/** Inserts sent messages of one organizer; by default they were predicted as paid marketing. */
async function someMessages({ db }: TestApp, organizerId: string, facts: Facts = {}) {
  const { category = 'marketing', isFree = false, pricing = MARKETING, simulated = false, at = NOW } = facts
  const { eventId, guestId } = await anInvitation(db, { event: { organizerId } })
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max, pricing, simulated,
      session_message, predicted_category, predicted_free, sent_at, request_id, requested_by, requested_at, updated_at)
    select ${newId('dl')} || n, ${organizerId}, ${eventId}, ${guestId}, 'whatsapp', 'event_invitation', 'es-MX', 'read', 5,
      ${pricing === null ? null : JSON.stringify(pricing)}::jsonb, ${simulated}, ${facts.isSession ?? false}, ${category}, ${isFree}::boolean,
      ${at}::timestamptz, 'req_x', 'usr_x', ${at}::timestamptz, ${at}::timestamptz
      from generate_series(1, ${facts.count ?? 1}::integer) n`.execute(db)
}

async function driftOf(app: TestApp, organizerId: string) {
  await refreshKpis(app.deps, { ifBusy: 'wait' })
  const reply = await app.get(`/director/overview?organizerId=${organizerId}`, { as: 'director' })
  assert.equal(reply.statusCode, 200)
  return reply.json().whatsapp.predictionDrift
}

test('the drift is the share of messages billed in another category or with another charge', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  await someMessages(app, organizerId, { count: 5 })
  await someMessages(app, organizerId, { pricing: { ...MARKETING, category: 'marketing_lite' } }) // marketing too
  await someMessages(app, organizerId, { pricing: { ...MARKETING, category: 'utility' } })
  await someMessages(app, organizerId, { pricing: { ...MARKETING, type: 'free_entry_point' } })
  await someMessages(app, organizerId, { pricing: { ...FREE_SERVICE, category: 'utility' } }) // both at once

  assert.deepEqual(await driftOf(app, organizerId), {
    ...{ days: 30, compared: 9, drifted: 3, otherCategory: 2, otherCharge: 2, share: 3 / 9 },
  })
})

test('simulated, unbilled, unpredicted, old and other organizers’ messages are not compared', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const wrong = { pricing: FREE_SERVICE }
  await someMessages(app, organizerId, { ...wrong, simulated: true })
  await someMessages(app, organizerId, { pricing: null })
  await someMessages(app, organizerId, { ...wrong, category: null, isFree: null })
  await someMessages(app, organizerId, { ...wrong, at: '2030-05-16T05:59:59.000Z' }) // 15 May there
  await someMessages(app, await anOrganizer(app.db), wrong)

  const nothing = await driftOf(app, organizerId)
  await someMessages(app, organizerId, { ...wrong, at: '2030-05-17T06:00:00.000Z' }) // 17 May: the thirtieth day

  assert.deepEqual([nothing.compared, nothing.share], [0, null])
  assert.equal((await driftOf(app, organizerId)).compared, 1)
})

for (const [what, right, wrong, isWarned] of [
  ['more than 2 % of a hundred', 97, 3, true],
  ['2 %', 98, 2, false],
  ['fewer than a hundred', 0, 99, false],
] as const) {
  test(`${what} wrong predictions ${isWarned ? 'are warned about' : 'are not warned about'}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    await sql`delete from deliveries`.execute(app.db) // the job reads every organizer's deliveries
    const organizerId = await anOrganizer(app.db)
    await someMessages(app, organizerId, { count: right })
    await someMessages(app, organizerId, { count: wrong, pricing: FREE_SERVICE })
    await refreshKpis(app.deps, { ifBusy: 'wait' })

    await app.runJob(watchPrices, {})

    const warned = app.lines.filter(({ msg }) => msg.startsWith("WhatsApp's charges differ"))
    assert.deepEqual(
      warned.map(({ level, compared, drifted }) => [level, compared, drifted]),
      isWarned ? [['warn', right + wrong, wrong]] : [],
    )
    const share = /^monotickets_price_prediction_drift_ratio (\S+)$/m.exec((await app.get('/metrics')).body)?.[1]
    assert.equal(Number(share), wrong / (right + wrong))
  })
}

test('real free-form messages are counted by calendar month in Mexico City', async (t) => {
  const app = await startApp(t, { now: NOW })
  await sql`delete from deliveries`.execute(app.db)
  const organizerId = await anOrganizer(app.db)
  await someMessages(app, organizerId, { isSession: true, count: 3, at: '2030-06-01T06:00:00.000Z' })
  await someMessages(app, organizerId, { isSession: true, at: '2030-06-01T05:59:59.000Z' }) // 31 May there
  await someMessages(app, organizerId, { isSession: true, simulated: true })
  await someMessages(app, organizerId)

  await app.runJob(watchPrices, {})

  const { rows } = await sql`select month::text, messages from wa_service_months`.execute(app.db)
  assert.deepEqual(rows, [{ month: '2030-06-01', messages: 3 }])
})
