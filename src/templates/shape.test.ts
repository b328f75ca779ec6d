import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { listProductTemplates } from '../../test/fakes/templates.ts'
import { startFakeWhatsApp } from '../../test/fakes/whatsapp.ts'
import type { FakeTemplate } from '../../test/fakes/whatsapp-rules.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { sql } from '../platform/db.ts'
import { syncTemplates } from './jobs.ts'
import { readShape } from './shape.ts'

const NOW = '2029-06-01T18:00:00.000Z' // noon in Mexico City
const INVITATION = { template: 'event_invitation', channel: 'whatsapp', filter: {} }
const approved = listProductTemplates()
const whatsapp = await startFakeWhatsApp({ templates: approved })

/** An app that has synced its templates. `drift` is how event_invitation in es_MX was approved differently from ours. */
async function synced(t: TestContext, drift: Partial<FakeTemplate> | 'gone' = {}): Promise<TestApp> {
  const app = await startApp(t, { now: NOW, env: whatsapp.env })
  const isMeant = (one: FakeTemplate) => one.name === 'event_invitation' && one.language === 'es_MX'
  whatsapp.useTemplates(
    drift === 'gone'
      ? approved.filter((one) => !isMeant(one))
      : approved.map((one) => (isMeant(one) ? { ...one, ...drift } : one)),
  )
  t.after(() => sql`delete from wa_templates`.execute(app.db).then(() => undefined))
  await app.runJob(syncTemplates, {})
  return app
}
test.after(() => whatsapp.close())

async function templateStatusOf({ get }: TestApp, language = 'es_MX') {
  const reply = await get('/templates/event_invitation', { as: 'viewer' })
  assert.equal(reply.statusCode, 200)
  return reply.json().templateStatuses.find((one: { language: string }) => one.language === language)
}

test('templates that match the approved ones are APPROVED, without a warning', async (t) => {
  const app = await synced(t)

  const listed = (await app.get('/templates', { as: 'viewer' })).json().data as {
    isApproved: boolean
    templateStatuses: { status: string; differences: object[]; category: string; syncedAt: string }[]
    category: string
  }[]

  for (const { isApproved, templateStatuses, category } of listed)
    assert.deepEqual(
      templateStatuses.map((one) => [one.status, one.differences, one.category, one.syncedAt]),
      isApproved ? [1, 2].map(() => ['APPROVED', [], category, NOW]) : [],
    )
  assert.deepEqual(
    app.lines.filter(({ level }) => level === 'warn').map(({ msg }) => msg),
    [],
  )
})

const DRIFTS: [string, Partial<FakeTemplate>, string, RegExp][] = [
  [
    'one variable fewer',
    { body: 4, text: 'Hola {{1}} {{2}} {{3}} {{4}}.' },
    'variables',
    /lleva 4 variables; enviamos 5/,
  ],
  ['one variable more', { body: 6, text: '. {{1}} {{2}} {{3}} {{4}} {{5}} {{6}} .' }, 'variables', /lleva 6 variables/],
  [
    'named variables',
    { body: ['a', 'b', 'c', 'd', 'e'], text: 'Hola {{a}} {{b}} {{c}} {{d}} {{e}}.' },
    'naming',
    /llevan nombre/,
  ],
  ['a header with an image', { header: 'image' }, 'header', /es una imagen; enviamos ninguno/],
  ['a header with a variable', { header: 'text' }, 'header', /un texto con variable/],
  [
    'one button fewer',
    { buttons: ['url', 'quick_reply'] },
    'buttons',
    /aprobados son: enlace con variable, respuesta rápida; /,
  ],
  [
    'buttons in another order',
    { buttons: ['quick_reply', 'quick_reply', 'url'] },
    'buttons',
    /respuesta rápida, respuesta/,
  ],
  ['a link without a variable', { buttons: ['url_static', 'quick_reply', 'quick_reply'] }, 'buttons', /enlace fijo/],
]
for (const [what, drift, part, sentence] of DRIFTS) {
  test(`a template that was approved with ${what} is a MISMATCH that names the difference`, async (t) => {
    const app = await synced(t, drift)

    const { status, differences } = await templateStatusOf(app)

    assert.deepEqual([status, differences.map((one: { part: string }) => one.part)], ['MISMATCH', [part]])
    assert.match(differences[0].text['es-MX'], sentence)
    assert.ok(differences[0].text.en.length > 20)
    const warned = app.lines.find(({ msg }) => msg.startsWith('Some approved templates differ'))
    assert.deepEqual([warned?.level, warned?.['templates']], ['warn', ['event_invitation/es_MX']])
    assert.equal((await templateStatusOf(app, 'en')).status, 'APPROVED')
  })
}

test('a button that WhatsApp appends is no difference, unless it has a variable', async (t) => {
  const app = await synced(t, { buttons: ['url', 'quick_reply', 'quick_reply', 'quick_reply'] })
  const added = await templateStatusOf(app)
  whatsapp.useTemplates(
    approved.map((one) =>
      one.name === 'event_invitation' ? { ...one, buttons: ['url', 'quick_reply', 'quick_reply', 'url'] } : one,
    ),
  )
  await app.runJob(syncTemplates, {})

  assert.deepEqual([added.status, added.differences], ['APPROVED', []])
  assert.equal((await templateStatusOf(app)).status, 'MISMATCH')
})

for (const [word, isSent] of [
  ['FLAGGED', true],
  ['REINSTATED', true],
  ['LIMIT_EXCEEDED', true],
  ['PAUSED', false],
  ['REJECTED', false],
  ['PENDING_DELETION', false],
] as const) {
  test(`a template that WhatsApp calls ${word} is ${isSent ? 'sent' : 'not sent'}`, async (t) => {
    const app = await synced(t)
    const eventId = await anEvent(app.db)
    await aGuest(app.db, eventId, { email: null })
    await sql`update wa_templates set status = ${word} where name = 'event_invitation'`.execute(app.db)

    const body = { template: 'event_invitation', channel: 'whatsapp', filter: {}, dryRun: true }
    const { counts } = (await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body })).json()

    assert.deepEqual([counts.valid, counts.templateNotApproved], isSent ? [1, 0] : [0, 1])
  })
}

test('preflight and launch leave out guests whose language has a template that differs', async (t) => {
  const app = await synced(t, { buttons: ['url'] })
  const eventId = await anEvent(app.db)
  const spanish = await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { locale: 'en' })
  const ask = (body: object) =>
    app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, ...body } })

  const report = (await ask({ dryRun: true })).json()
  const launch = (await ask({ preflightId: report.preflightId })).json()

  assert.deepEqual([report.counts.valid, report.counts.templateNotApproved], [1, 1])
  assert.deepEqual(report.exclusions, [{ guestId: spanish.guestId, reason: 'template_not_approved' }])
  const [warning] = report.warnings
  assert.deepEqual([report.warnings.length, warning.code], [1, 'template_mismatch'])
  assert.match(warning.text['es-MX'], /^es_MX: .*aprobó otra plantilla.*botones aprobados/)
  const { leftOut } = (await app.get(`/campaigns/${launch.campaignId}`, { as: 'organizer' })).json()
  assert.deepEqual(leftOut, { template_not_approved: 1 })
})

test('a webhook that says APPROVED does not hide a difference; the next sync ends it', async (t) => {
  const app = await synced(t, { header: 'document' })
  await sql`update wa_templates set status = 'APPROVED'`.execute(app.db)
  const before = await templateStatusOf(app)

  whatsapp.useTemplates(approved)
  await app.runJob(syncTemplates, {})

  assert.deepEqual([before.status, (await templateStatusOf(app)).status], ['MISMATCH', 'APPROVED'])
})

for (const [what, drift, status] of [
  ['that WhatsApp does not list is MISSING', 'gone', 'MISSING'],
  ['that is paused is PAUSED even when it differs', { status: 'paused', body: 1 }, 'PAUSED'],
] as const) {
  test(`a template ${what}`, async (t) => {
    const app = await synced(t, drift)

    assert.equal((await templateStatusOf(app)).status, status)
    const warned = app.lines.find(({ msg }) => msg.startsWith('Some templates are not approved'))
    assert.deepEqual(warned?.['templates'], ['event_invitation/es_MX'])
  })
}

test('a category that WhatsApp changed is shown, reported, and used for the price', async (t) => {
  const app = await synced(t, { category: 'utility' })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { locale: 'en' })

  const { estimatedCost, warnings } = (
    await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, dryRun: true } })
  ).json()

  assert.deepEqual(
    [(await templateStatusOf(app)).status, (await templateStatusOf(app)).category],
    ['APPROVED', 'utility'],
  )
  assert.ok(app.lines.some(({ msg, level }) => level === 'warn' && msg.startsWith('WhatsApp put some templates')))
  assert.deepEqual(
    warnings.map((one: { code: string }) => one.code),
    ['other_category'],
  )
  // 2 × 0.0085 + 1 × 0.0397 USD
  assert.deepEqual(estimatedCost.byCategory, [
    { category: 'utility', messages: 2, perMessage: 0.0085, amountMinor: 2 },
    { category: 'marketing', messages: 1, perMessage: 0.0397, amountMinor: 4 },
  ])
  assert.deepEqual([estimatedCost.amountMinor, estimatedCost.category, estimatedCost.messages], [6, 'utility', 3])
})

test('a template status that was never fetched is null', async (t) => {
  const app = await startApp(t, { now: NOW })

  const templateStatus = await templateStatusOf(app)

  assert.deepEqual([templateStatus.status, templateStatus.category, templateStatus.syncedAt], [null, null, null])
})

test('the components of a template are read in any case and order', () => {
  const components = [
    {
      type: 'buttons',
      buttons: [
        { type: 'Quick_Reply', text: 'Sí' },
        { type: 'PHONE_NUMBER' },
        { type: 'URL', url: 'https://x.mx/{{1}}' },
      ],
    },
    { type: 'FOOTER', text: 'No {{9}} contesta' },
    { type: 'Body', text: '{{ 2 }} y {{1}} y otra vez {{1}}' },
    { type: 'HEADER', format: 'TEXT', text: 'Fijo' },
    null,
    'x',
  ]

  assert.deepEqual(readShape(components), {
    header: 'none',
    variables: 2,
    isNamed: false,
    buttons: ['quick_reply', 'phone_number', 'url'],
  })
})
