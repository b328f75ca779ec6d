import assert from 'node:assert/strict'
import { call, read, readText, until, type Program } from './program.ts'

/** The smoke test of the seed and the whole loop: requested, delivered, answered, scanned, counted. */
export async function playTheLoop(base: string, headers: Record<string, string>): Promise<void> {
  const ask = (method: string, path: string, body?: unknown) => call(base, method, path, body, headers)

  const send = await ask('POST', '/events/ev_demo/guests/g1/send', { channel: 'whatsapp' })
  const webhook = await ask('POST', '/wa/webhook', {})
  const session = await ask('GET', '/wa/session/5215550000')
  const overview = await ask('GET', '/director/overview')
  const intent = await ask('POST', '/payments/intent', { amount: 1000, currency: 'mxn' })
  assert.deepEqual(
    [send, webhook, session, overview, intent].map(({ status }) => status),
    [202, 200, 200, 200, 201],
  )

  const delivery = await until(
    () => ask('GET', `/deliveries/${readText(send.body, 'deliveryId')}`),
    ({ body }) => body['status'] === 'read',
    30_000,
  )
  assert.deepEqual(
    (delivery.body['events'] as { status: string }[]).map(({ status }) => status),
    ['sent', 'delivered', 'read'],
  )

  const rsvp = await call(base, 'POST', '/public/invite/MONO-DEMO-0002/rsvp', { answer: 'yes', partySize: 3 })
  assert.equal(rsvp.status, 200)
  const scan = () =>
    ask('POST', '/scan/validate', { eventId: 'ev_demo', code: 'MONO-DEMO-0002', admit: 3, gate: 'Norte' })
  assert.deepEqual([(await scan()).body['status'], (await scan()).body['status']], ['valid', 'duplicate'])

  const confirm = await call(base, 'POST', '/payments/webhook', {
    id: `evt_${Date.now()}`,
    providerRef: intent.body['providerRef'],
    status: 'confirmed',
  })
  assert.equal(confirm.status, 200)
  const paid = await ask('POST', '/director/payments', {
    organizerId: 'org_demo',
    amount: 250.5,
    currency: 'MXN',
    method: 'transfer',
    reference: `T-${Date.now()}`,
  })
  assert.deepEqual([paid.status, read(paid.body, 'balance.openDebt')], [201, '1999.50'])

  const counted = await until(
    () => ask('GET', '/director/overview?organizerId=org_demo'),
    ({ body }) =>
      Number(read(body, 'deliveries.read')) >= 1 &&
      Number(read(body, 'guests.scanned')) >= 1 &&
      Number(read(body, 'payments.confirmed.count')) >= 3,
    30_000,
  )
  assert.deepEqual([read(counted.body, 'tickets.used'), read(counted.body, 'finance.openDebtCents')], [3, 199_950])
}

export async function stop(program: Program): Promise<void> {
  program.kill('SIGTERM')
  assert.equal(await program.ended, 0, program.output().slice(-2000))
}
