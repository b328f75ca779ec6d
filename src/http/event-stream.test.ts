import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { aCampaign } from '../../test/deliveries.ts'
import { ORGANIZER_ID, startApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'

test('every stream ends when its user is disabled', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { campaignId } = await aCampaign(app, eventId)
  const id = newId('usr')
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${id}, ${ORGANIZER_ID}, ${`${id}@example.com`}, 'Ana', 'organizer', 'none')`.execute(app.db)
  const as = { id, role: 'organizer' as const, organizerId: ORGANIZER_ID }
  const paths = Object.keys((await app.get('/openapi.json')).json().paths).filter((path) => path.endsWith('/stream'))
  assert.equal(paths.length, 3)

  let isDisabled = false
  const streams = paths.map(async (path) => {
    const url = path.replace('{eventId}', eventId).replace('{campaignId}', campaignId)
    const reply = await app.get(url, { as })
    return [path, reply.statusCode, reply.headers['content-type'], isDisabled]
  })
  await sleep(500)
  isDisabled = true
  await app.patch(`/users/${id}`, { as: 'director', body: { disabled: true } })

  assert.deepEqual(
    await Promise.all(streams),
    paths.map((path) => [path, 200, 'text/event-stream', true]),
  )
})
