/** Statuses that arrive late, early or without their delivery. */
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

for (const code of [131047, 131000]) {
  test(`a late «sent» after a refusal with ${code} does not stop the retry`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const provider = withProvider(t, [app.deps])
    const guest = await aGuest(app.db, await anEvent(app.db))
    await sql`insert into wa_windows values (${guest.phone}, ${NOON}, ${NOON})`.execute(app.db)
    const deliveryId = await requested(app, guest)
    await run(app, deliveryId)

    await record(app, aStatus(provider.ids[0]!, 'failed', code))
    await record(app, aStatus(provider.ids[0]!, 'sent'))
    app.setNow('2029-06-01T18:00:30.000Z')
    const outcome = await run(app, deliveryId)

    assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
  })
}

test('a message refused by statuses for the account raises an alarm each time and dies when its attempts are spent', async (t) => {
  const app = await startApp(t, { now: NOON, env: { DELIVERY_MAX_ATTEMPTS: '3' } })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))

  const outcomes: string[] = []
  for (let round = 0; round < 6; round++) {
    app.setNow(new Date(Date.parse(NOON) + round * 400_000).toISOString())
    if ((await run(app, deliveryId)) === 'sent')
      outcomes.push(await record(app, aStatus(provider.ids.at(-1)!, 'failed', 131042)))
  }

  assert.deepEqual([provider.calls.length, outcomes], [3, ['alarmed', 'alarmed', 'alarmed']])
  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason, await lettersOf(app.db, deliveryId)], ['dead', 'whatsapp_131042', 1])
})

test('the sweep logs an error when it joins a parked status that refuses the account', async (t) => {
  const app = await startApp(t, { now: NOON, expectErrors: /refuses our account/ })
  const provider = withProvider(t, [app.deps])
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  await run(app, deliveryId)
  await sql`insert into delivery_events (provider_message_id, status, occurred_at, received_at, reason)
    values (${provider.ids[0]!}, 'failed', ${NOON}, ${NOON}, 'whatsapp_131042')`.execute(app.db)

  await sweep(app)

  assert.equal(app.lines.filter(({ level, msg }) => level === 'error' && /refuses our account/.test(msg)).length, 1)
})

test('a refusal that arrives before the call times out causes a retry that is no possible duplicate', async (t) => {
  const app = await startApp(t, { now: NOON })
  let isFirst = true
  const provider = withProvider(t, [app.deps], () => {
    const outcome: Outcome | undefined = isFirst ? { kind: 'unknown', reason: 'whatsapp_timeout' } : undefined
    isFirst = false
    return outcome
  })
  const deliveryId = await requested(app, await aGuest(app.db, await anEvent(app.db)))
  const send = app.deps.channels.whatsapp.send
  app.deps.channels.whatsapp.send = async (message) => {
    if (isFirst) await record(app, aStatus('wamid.refused_early', 'failed', 131000, deliveryId))
    return send(message)
  }

  await run(app, deliveryId)
  await sweep(app)
  app.setNow('2029-06-01T18:00:30.000Z')
  const outcome = await run(app, deliveryId)

  assert.deepEqual([outcome, provider.calls.length], ['sent', 2])
  assert.equal((await rowOf(app.db, deliveryId)).possibleDuplicate, false)
})
