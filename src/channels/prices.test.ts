import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'
import { sql } from '../platform/db.ts'
import { estimateCost, predictPrice } from './prices.ts'
import { deliverInvitation } from '../delivery/jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const PRICES = [
  { from: '2025-07-01', currency: 'USD', marketing: 0.03, utility: 0.01, authentication: 0.01, service: 0 },
  {
    ...{ from: '2026-10-01', currency: 'USD', marketing: 0.04, utility: 0.02, authentication: 0.03, service: 0.005 },
    freeServicePerMonth: 1000,
  },
]
const TEMPLATE = { isTemplate: true, category: 'utility', approved: null, serviceThisMonth: 0 } as const
const TEXT = { ...TEMPLATE, isTemplate: false } as const

const CASES: [string, Parameters<typeof predictPrice>[1], string, string, boolean][] = [
  ['a template that WhatsApp has not categorized', TEMPLATE, '2026-11-01', 'utility', false],
  [
    'a template that WhatsApp put under marketing',
    { ...TEMPLATE, approved: 'marketing' },
    '2026-11-01',
    'marketing',
    false,
  ],
  ['a template in a category without a price', { ...TEMPLATE, approved: 'novel' }, '2026-11-01', 'utility', false],
  ['text before WhatsApp charged for it', { ...TEXT, serviceThisMonth: 5000 }, '2026-09-30', 'service', true],
  ["text within the month's free messages", { ...TEXT, serviceThisMonth: 999 }, '2026-10-01', 'service', true],
  ["text beyond the month's free messages", { ...TEXT, serviceThisMonth: 1000 }, '2026-10-01', 'service', false],
]
for (const [what, message, day, category, isFree] of CASES) {
  test(`the predicted category of ${what} is ${category}${isFree ? ', free' : ''}`, () => {
    assert.deepEqual(predictPrice(PRICES, message, new Date(`${day}T12:00:00Z`)), { category, isFree })
  })
}

test('an estimate adds up messages by category and rounds only the total', () => {
  const parts = [
    { category: 'utility', messages: 30 },
    { category: 'marketing', messages: 10 },
    { category: 'utility', messages: 3 },
  ] as const

  const cost = estimateCost(PRICES, [...parts], new Date('2026-10-01T00:00:00Z'))

  assert.deepEqual(cost, {
    ...{ isEstimate: true, currency: 'USD', amount: 1.06, amountMinor: 106, messages: 43 },
    ...{ category: 'utility', perMessage: 0.02 },
    byCategory: [
      { category: 'utility', messages: 33, perMessage: 0.02, amountMinor: 66 },
      { category: 'marketing', messages: 10, perMessage: 0.04, amountMinor: 40 },
    ],
  })
})

async function predictionOfSend(app: TestApp, facts: { isWindowOpen?: boolean; channel?: string } = {}) {
  const { isWindowOpen = false, channel = 'whatsapp' } = facts
  const guest = await anInvitation(app.db)
  if (isWindowOpen) await sql`insert into wa_windows values (${guest.phone}, ${NOW}, ${NOW})`.execute(app.db)
  const reply = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, {
    as: 'organizer',
    body: { channel },
  })
  const { deliveryId } = reply.json()
  assert.equal(await app.runJob(deliverInvitation, { deliveryId }), 'sent')
  const { rows } = await sql<{ predictedCategory: string | null; predictedFree: boolean | null }>`
    select predicted_category, predicted_free from deliveries where id = ${deliveryId}`.execute(app.db)
  return rows[0]
}

test('the predicted category of a message is stored when it is sent', async (t) => {
  const app = await startApp(t, { now: NOW })
  await sql`insert into wa_service_months values ('2029-06-01', 999, ${NOW}), ('2029-05-01', 5000, ${NOW})`.execute(
    app.db,
  )

  const template = await predictionOfSend(app)
  await sql`insert into wa_templates (name, language, status, category, synced_at)
    values ('event_invitation', 'es_MX', 'APPROVED', 'utility', ${NOW})`.execute(app.db)
  t.after(() => sql`delete from wa_templates`.execute(app.db).then(() => undefined))
  const recategorized = await predictionOfSend(app)
  const free = await predictionOfSend(app, { isWindowOpen: true })
  await sql`update wa_service_months set messages = 1000`.execute(app.db)
  const beyond = await predictionOfSend(app, { isWindowOpen: true })
  const email = await predictionOfSend(app, { channel: 'email' })

  assert.deepEqual(
    [template, recategorized, free, beyond, email].map((one) => [one?.predictedCategory, one?.predictedFree]),
    [
      ['marketing', false],
      ['utility', false],
      ['service', true],
      ['service', false],
      [null, null],
    ],
  )
})
