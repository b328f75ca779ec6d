/** The demo as a newcomer plays it: one command, one campaign to everybody, and every state that a message can reach. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { addressOf, call, read, readText, startProgram, until, type Reply } from '../program.ts'

type Guest = { id: string; status: string; answer: string }
type Delivery = {
  id: string
  guestId: string
  channel: string
  template: string
  status: string
  reason: string | null
  fallbackOf: string | null
  simulated: boolean
}

test('the demo shows every state of a message', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-demo-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const server = startProgram(t, 'server.js', {
    ...{ DATA_FOLDER: join(folder, 'data'), DELIVERY_QUIET_HOURS: 'off' },
    ...{ QUEUE_BACKOFF_DELAY_MS: '500', KPI_REFRESH_INTERVAL_MINUTES: '0.05' }, // the same, sooner
  })
  const base = await addressOf(server)
  await server.waitFor(/Invite everybody/)
  const ask = (method: string, path: string, body?: unknown) => call(base, method, path, body)
  const listOf = async <T>(path: string): Promise<T[]> => (await ask('GET', path)).body['data'] as T[]
  const invitation = { template: 'event_invitation' }

  const { body: plan } = await ask('POST', '/events/ev_demo/campaigns', { ...invitation, dryRun: true })
  const launch = { ...invitation, preflightId: plan['preflightId'] }
  const launched = await ask('POST', '/events/ev_demo/campaigns', launch)
  const [letter] = await until(
    () => listOf<{ id: string; reason: string; explanation: object; delivery: object }>('/ops/dead-letters'),
    (letters) => letters.length > 0,
    75_000,
  )
  const campaign = `/campaigns/${readText(launched.body, 'campaignId')}`
  const { body: progress } = await until(() => ask('GET', campaign), isSettled, 30_000)
  assert.equal(progress['status'], 'completed')

  const guests = await until(
    () => listOf<Guest>('/events/ev_demo/guests?limit=200'),
    (all) => ['g16', 'g19'].every((id) => all.some((one) => one.id === id && one.answer !== 'pending')),
    30_000, // they are asked back first
  )
  const answers = Object.fromEntries(guests.map(({ id, answer }) => [id, answer]))
  const deliveries = await until(
    () => listOf<Delivery>('/events/ev_demo/deliveries?limit=200'),
    (all) => all.every(({ status }) => ['delivered', 'read', 'failed', 'dead', 'skipped'].includes(status)),
    30_000,
  )
  const sentTo = (guestId: string) =>
    deliveries.filter((one) => one.guestId === guestId && one.template === 'event_invitation')
  const stateOf = (guestId: string) =>
    sentTo(guestId)
      .map(({ channel, status, reason }) => [channel, status, reason].filter(Boolean).join(' '))
      .sort()
      .join(', ')

  assert.deepEqual([launched.status, read(plan, 'counts.valid')], [202, 27])
  assert.ok(deliveries.every(({ simulated }) => simulated))
  assert.deepEqual(Object.fromEntries(['g1', 'g21', 'g24', 'g27'].map((id) => [id, stateOf(id)])), {
    g1: 'whatsapp read',
    g21: 'whatsapp delivered',
    g24: 'whatsapp failed whatsapp_131026',
    g27: 'whatsapp dead whatsapp_131000',
  })
  assert.match(stateOf('g23'), /^email (delivered|read opened), whatsapp failed whatsapp_131026$/)
  assert.deepEqual([stateOf('g25'), stateOf('g26')], ['email failed email_bounced', 'email delivered'])
  assert.deepEqual(
    Object.fromEntries(['g13', 'g14', 'g15', 'g16', 'g17', 'g18', 'g19', 'g20', 'g22'].map((id) => [id, answers[id]])),
    {
      ...{ g13: 'yes', g14: 'no', g15: 'maybe', g16: 'yes', g17: 'yes', g18: 'pending' },
      ...{ g19: 'no', g20: 'pending', g22: 'yes' },
    },
  )

  const failed = await ask('GET', `/deliveries/${sentTo('g24')[0]!.id}`)
  assert.match(readText(failed.body, 'explanation.es-MX'), /no está en WhatsApp/)
  const asked = deliveries.filter(({ template }) => template === 'rsvp_question').map(({ guestId }) => guestId)
  assert.deepEqual(asked.sort(), ['g16', 'g19'])
  for (const [guestId, channel, code] of [
    ['g20', 'whatsapp', 'guest_opted_out'],
    ['g25', 'email', 'email_stopped'],
    ['g26', 'email', 'email_stopped'],
  ] as const) {
    const refused = await ask('POST', `/events/ev_demo/guests/${guestId}/send`, { channel, force: true })
    assert.deepEqual([refused.status, refused.body['code']], [409, code], guestId)
  }
  assert.equal(read(progress, 'progress.total'), 27)

  assert.equal(letter!.reason, 'whatsapp_131000')
  assert.equal(read(letter, 'delivery.guestId'), 'g27')
  assert.match(readText(letter, 'explanation.es-MX'), /Falla pasajera/)
  const retried = await ask('POST', `/ops/dead-letters/${letter!.id}/retry`)
  assert.equal(retried.body['outcome'], 'retried')
  await until(
    () => ask('GET', `/deliveries/${sentTo('g27')[0]!.id}`),
    ({ body }) => body['status'] === 'read',
    20_000,
  )

  const overview = await until(
    () => ask('GET', '/director/overview?organizerId=org_demo'),
    ({ body }) => Number(read(body, 'whatsapp.free')) > 0 && Number(read(body, 'guests.confirmed')) >= 10,
    60_000,
  )
  const { freeShare, billable, estimatedSavingsCents } = read(overview.body, 'whatsapp') as Record<string, number>
  assert.ok(freeShare! > 0 && freeShare! < 1, `free share ${freeShare}`)
  assert.ok(estimatedSavingsCents! > 0 && billable! > 0)

  server.kill('SIGTERM')
  assert.equal(await server.ended, 0, server.output().slice(-2000))
  assert.doesNotMatch(server.output(), /"level":"(error|fatal)"/)
})

/** Nothing of the campaign is on its way any more. */
function isSettled({ body }: Reply): boolean {
  const counts = read(body, 'progress') as Record<string, number>
  const ended = ['delivered', 'read', 'failed', 'skipped'].map((status) => counts[status]!)
  return ended.reduce((sum, count) => sum + count) === counts['total']
}
