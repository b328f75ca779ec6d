/** Outcomes of calls that meet statuses, and failures that the circuit breaker counts. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import type { Outcome } from '../channels/channels.ts'
import { aStatus, NOON, record, requested, rowOf, run, sweep } from '../../test/deliveries.ts'
import { withProvider } from '../../test/provider.ts'

const lettersOf = async (db: Db, id: string): Promise<number> =>
  (await sql`select 1 from dead_letters where ref_id = ${id} and resolved_at is null`.execute(db)).rows.length

test('failures between successes do not open the circuit', async (t) => {
  const app = await startApp(t, { now: NOON })
  let n = 0
  withProvider(t, [app.deps], () =>
    n++ % 2 === 0 ? { kind: 'refused', verdict: 'retry', reason: 'whatsapp_131000', httpStatus: 500 } : undefined,
  )
  const eventId = await anEvent(app.db)
  const ids: string[] = []
  for (let i = 0; i < 20; i++) ids.push(await requested(app, await aGuest(app.db, eventId)))

  await Promise.all(ids.map((id) => run(app, id)))

  const { rows } = await sql<{ failures: number; pauses: number }>`
    select failures, (select count(*) from pauses where scope = 'channel') as pauses
      from channel_limits where channel = 'whatsapp'`.execute(app.db)
  assert.equal(rows[0]!.pauses, 0)
  assert.ok(rows[0]!.failures <= 1, `${rows[0]!.failures} in a row`)
})

test('a message that a status has refused stays dead when the call answers later', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '1' } })
  withProvider(t, [app.deps], async ({ deliveryId }) => {
    await record(app, aStatus(`wamid.slow_${deliveryId}`, 'sent', null, deliveryId))
    await record(app, aStatus(`wamid.slow_${deliveryId}`, 'failed', 131000, deliveryId))
    return { kind: 'sent', providerMessageId: `wamid.slow_${deliveryId}`, httpStatus: 200 }
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const outcome = await run(app, deliveryId)

  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([outcome, status, reason], ['dead', 'dead', 'whatsapp_131000'])
  assert.equal(await lettersOf(app.db, deliveryId), 1)
})

test('a late answer to a refused message does not stop the retry', async (t) => {
  const app = await startApp(t, { now: NOON })
  let answer: (outcome: Outcome) => void = () => {}
  let isTaken = () => {}
  const taken = new Promise<void>((resolve) => (isTaken = resolve))
  const provider = withProvider(t, [app.deps], (_, position) => {
    isTaken()
    return position === 1 ? new Promise<Outcome>((resolve) => (answer = resolve)) : undefined
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  const slow = run(app, deliveryId)
  await taken
  for (const now of ['2029-06-01T18:01:01.000Z', '2029-06-01T18:12:00.000Z']) {
    app.setNow(now)
    await sweep(app)
  }

  await record(app, aStatus('wamid.slow', 'failed', 131000, deliveryId))
  answer({ kind: 'sent', providerMessageId: 'wamid.slow', httpStatus: 200 })
  await slow
  const outcome = await run(app, deliveryId)

  assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
})
