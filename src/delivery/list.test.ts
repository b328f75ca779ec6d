import assert from 'node:assert/strict'
import test from 'node:test'
import { aCampaign, fallbackOf, NOON, requested, run } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { withProvider } from '../../test/provider.ts'

async function list(app: TestApp, eventId: string, query = '') {
  const reply = await app.get(`/events/${eventId}/deliveries?${query}`, { as: 'viewer' })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json<{ data: { id: string; guestName: string; fallbackId: string; explanation: { en: string } }[] }>()
    .data
}

test('deliveries are filtered, and each row has its guest, its explanation and its fallback', async (t) => {
  const app = await startApp(t, { now: NOON })
  withProvider(t, [app.deps], () => ({
    kind: 'refused',
    verdict: 'fall_back',
    reason: 'whatsapp_131026',
    httpStatus: 400,
  }))
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  const other = await aGuest(app.db, eventId)
  const single = await requested(app, other, { scheduledAt: '2029-06-02T18:00:00Z' })
  await run(app, ids[0]!)
  const fallback = (await fallbackOf(app.db, ids[0]!))!.id
  await app.post(`/campaigns/${campaignId}/pause`, { as: 'organizer' })
  await run(app, fallback)

  const rows = await list(app, eventId)
  for (const [query, expected] of [
    ['', [fallback, single, ids[0]]],
    ['status=failed', [ids[0]]],
    ['status=queued', [fallback]],
    ['channel=email', [fallback]],
    [`campaignId=${campaignId}`, [fallback, ids[0]]],
    ['campaignId=cmp_nobody', []],
    [`guestId=${other.guestId}`, [single]],
    ['reason=whatsapp_131026', [ids[0]]],
    ['reason=campaign_paused', [fallback]],
    ['reason=unheard_of', []],
    [`campaignId=${campaignId}&channel=whatsapp&status=failed&reason=whatsapp_131026`, [ids[0]]],
    [`guestId=${other.guestId}&status=failed`, []],
  ] as const)
    assert.deepEqual((await list(app, eventId, query)).map(({ id }) => id).toSorted(), [...expected].toSorted(), query)

  const original = rows.find(({ id }) => id === ids[0])!
  assert.deepEqual([original.guestName, original.fallbackId], ['Ana Prueba', fallback])
  assert.match(original.explanation.en, /WhatsApp/)
  assert.equal(rows.find(({ id }) => id === fallback)!.explanation.en, 'The campaign is paused.')
  assert.equal(rows.find(({ id }) => id === single)!.explanation, null)
  const shown = (await app.get(`/deliveries/${ids[0]}`, { as: 'viewer' })).json()
  for (const [name, value] of Object.entries(original)) assert.deepEqual(shown[name], value, name)
})

test('pages of a filtered list have every delivery once', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 5; n++) await aGuest(app.db, eventId)
  const { campaignId, ids } = await aCampaign(app, eventId)
  await requested(app, await aGuest(app.db, eventId))
  const found: string[] = []

  let cursor: string | null = ''
  while (cursor !== null) {
    const query = new URLSearchParams({ campaignId, status: 'queued', limit: '2', ...(cursor ? { cursor } : {}) })
    const page = (await app.get(`/events/${eventId}/deliveries?${query.toString()}`, { as: 'viewer' })).json()
    found.push(...page.data.map(({ id }: { id: string }) => id))
    cursor = page.page.nextCursor
  }

  assert.deepEqual(found.toSorted(), ids)
})

for (const query of ['status=cancelled', 'channel=sms', 'campaignId=a%20b', 'guestId=', 'reason=%25', 'template=x'])
  test(`deliveries?${query} is 400`, async (t) => {
    const app = await startApp(t)

    const reply = await app.get(`/events/${await anEvent(app.db)}/deliveries?${query}`, { as: 'viewer' })

    assert.equal(reply.statusCode, 400)
  })
