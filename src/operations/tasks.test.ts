import assert from 'node:assert/strict'
import test from 'node:test'
import { newId, sql } from '../platform/db.ts'
import { insertDeadJob } from '../platform/dead-letters.ts'
import { startApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'

const NOW = '2029-06-02T02:00:00.000Z'
const NOTHING = { reviews: 0, differences: 0, deadLetters: 0, doorConflicts: [] }

test('the Director sees what is open, and no conflict that is older than 30 days', async (t) => {
  const app = await startApp(t, { now: NOW })
  const read = async () => {
    const { requestId: _, ...tasks } = (await app.get('/director/tasks', { as: 'director' })).json()
    return tasks
  }
  assert.deepEqual(await read(), NOTHING)
  const { eventId, code } = await anInvitation(app.db, {
    event: { startsAt: NOW },
  })
  const upload = (device: string, time: string) =>
    app.post('/scan/sync', {
      as: 'staff',
      body: { eventId, scans: [{ scanId: newId('dev'), code, scannedAt: time, gate: device, device }] },
    })

  await insertDeadJob(app.db, { name: 'refresh-kpis', data: {}, attempts: 1, reason: 'failed' }, new Date(NOW))
  await sql`
    insert into payment_reviews (id, provider, kind, object_id, provider_ref, reason, state, amount_cents, currency, mode,
                                 occurred_at, request_id, created_at)
    values ('rev_open', 'mock', 'charge', 'ch_1', 'ref_1', 'unknown_payment', 'done', 1000, 'MXN', 'mock', ${NOW}, 'req', ${NOW})`.execute(
    app.db,
  )
  await upload('A', '2029-06-02T01:00:00.000Z')
  await upload('B', '2029-06-02T01:05:00.000Z')

  assert.deepEqual(await read(), {
    reviews: 1,
    differences: 0,
    deadLetters: 1,
    doorConflicts: [{ eventId, name: 'Boda de prueba', conflicts: 1 }],
  })
  app.setNow('2029-07-03T02:00:00.000Z')
  assert.deepEqual((await read()).doorConflicts, [])
})

test('only the Director asks what waits for the Director', async (t) => {
  const app = await startApp(t)

  for (const as of ['organizer', 'viewer', 'staff'] as const)
    assert.equal((await app.get('/director/tasks', { as })).statusCode, 403)
})
