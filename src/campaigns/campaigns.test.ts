import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { buildApp } from '../app.ts'
import { backends, startApp, tokenFor, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { pauseSending } from '../delivery/delivery.ts'
import { watchCampaign } from './stream.ts'
import { deliverInvitation } from '../delivery/jobs.ts'

const NOW = '2029-06-01T18:00:00.000Z' // noon in Mexico City
const INVITATION = { template: 'event_invitation', channel: 'auto', filter: {} }

async function preflight({ post }: TestApp, eventId: string, body: object = INVITATION) {
  const reply = await post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...body, dryRun: true } })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json()
}

/** Runs a preflight, launches it and returns the campaign id. */
async function launched(app: TestApp, eventId: string, body: object = INVITATION): Promise<string> {
  const { preflightId } = await preflight(app, eventId, body)
  const reply = await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...body, preflightId } })
  assert.equal(reply.statusCode, 202, reply.body)
  return reply.json().campaignId
}

type Row = {
  id: string
  guestId: string
  channel: string
  status: string
  reason: string | null
  waitingFor: string | null
  nextAttemptAt: Date | null
}
const listRows = async (db: Db, campaignId: string) =>
  (
    await sql<Row>`select id, guest_id, channel, status, reason, waiting_for, next_attempt_at from deliveries
      where campaign_id = ${campaignId} order by guest_id`.execute(db)
  ).rows
const setStatus = (db: Db, id: string, status: string) =>
  sql`update deliveries set status = ${status}, next_attempt_at = null where id = ${id}`.execute(db)
const enqueuedAt = async (db: Db, id: string) =>
  (await sql<{ enqueuedAt: Date | null }>`select enqueued_at from deliveries where id = ${id}`.execute(db)).rows[0]!
    .enqueuedAt
const showProgress = async ({ get }: TestApp, id: string) => (await get(`/campaigns/${id}`, { as: 'viewer' })).json()

test('a preflight counts each guest once, for its first reason, shows samples and sends nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const both = await aGuest(app.db, eventId)
  const emailOnly = await aGuest(app.db, eventId, { phone: null })
  const nothing = await aGuest(app.db, eventId, { phone: null, email: null })
  const optedOut = await aGuest(app.db, eventId)
  const stopped = await aGuest(app.db, eventId, { phone: null })
  const asked = await aGuest(app.db, eventId)
  const english = await aGuest(app.db, eventId, { locale: 'en' })
  await sql`insert into opt_outs (organizer_id, phone, opted_out_at) values ('org_test', ${optedOut.phone}, now())`.execute(
    app.db,
  )
  await sql`insert into email_stops values (${`${stopped.guestId}@example.com`}, 'org_test', 'unsubscribed', now())`.execute(
    app.db,
  )
  await sql`
    insert into wa_templates
    values ('event_invitation', 'es_MX', 'APPROVED', now()),
           ('event_invitation', 'en', 'PAUSED', now())`.execute(app.db)
  t.after(() => sql`delete from wa_templates`.execute(app.db))
  await app.post(`/events/${eventId}/guests/${asked.guestId}/send`, { as: 'organizer' })

  const report = await preflight(app, eventId)

  assert.deepEqual(report.counts, {
    ...{
      matched: 7,
      valid: 2,
      duplicate: 1,
      withoutAddress: 1,
      optedOut: 1,
      emailStopped: 1,
      marketingStopped: 0,
      missingVariables: 0,
      templateNotApproved: 1,
    },
  })
  assert.deepEqual(report.byChannel, { whatsapp: 1, email: 1 })
  assert.deepEqual(
    Object.fromEntries(report.exclusions.map((one: { guestId: string; reason: string }) => [one.guestId, one.reason])),
    {
      [nothing.guestId]: 'no_address_for_channel',
      [optedOut.guestId]: 'guest_opted_out',
      [stopped.guestId]: 'email_stopped',
      [asked.guestId]: 'duplicate',
      [english.guestId]: 'template_not_approved',
    },
  )
  const samples = report.sample as {
    guestId: string
    channel: string
    whatsapp: { buttons: { suffix?: string }[] } | null
    shown: { text: string } | null
  }[]
  assert.deepEqual(new Set(samples.map(({ guestId }) => guestId)), new Set([both.guestId, emailOnly.guestId]))
  assert.equal(samples.find(({ guestId }) => guestId === both.guestId)?.whatsapp?.buttons[0]?.suffix, both.code)
  assert.match(
    samples.find(({ guestId }) => guestId === both.guestId)!.shown!.text,
    /^Hola Ana Prueba: .*¿Nos acompañas\?$/,
  )
  const { rows } = await sql`select 1 from deliveries where event_id = ${eventId} and campaign_id is not null`.execute(
    app.db,
  )
  assert.equal(rows.length, 0)
})

test('a guest with an open window gets free-form text, priced as service', async (t) => {
  const app = await startApp(t, { now: '2026-10-02T12:00:00.000Z' })
  const eventId = await anEvent(app.db)
  const [open] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  await sql`insert into wa_windows values (${open.phone}, '2026-10-01T12:00:01Z', '2026-10-01T12:00:01Z')`.execute(
    app.db,
  )

  const { byCategory } = (await preflight(app, eventId)).estimatedCost

  const counted = byCategory.map(({ category, messages }: { category: string; messages: number }) => [
    category,
    messages,
  ])
  assert.deepEqual(counted, [
    ['marketing', 1],
    ['service', 1],
  ])
})

test('a template that WhatsApp categorizes as marketing counts as a promotion', async (t) => {
  const app = await startApp(t)
  const { eventId, phone } = await anInvitation(app.db)
  await sql`insert into wa_marketing_stops (phone, stopped_at) values (${phone}, now())`.execute(app.db)
  await sql`insert into wa_templates (name, language, status, category, synced_at)
    values ('event_reminder', 'es_MX', 'APPROVED', 'marketing', now())`.execute(app.db)
  t.after(() => sql`delete from wa_templates`.execute(app.db))

  const { byChannel } = await preflight(app, eventId, { ...INVITATION, template: 'event_reminder' })

  assert.deepEqual(byChannel, { whatsapp: 0, email: 1 })
})

test('a preflight counts guests without a required variable, and the launch is refused', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const body = { ...INVITATION, template: 'event_update' }

  const report = await preflight(app, eventId, body)
  const launch = await app.post(`/events/${eventId}/campaigns`, {
    as: 'organizer',
    body: { ...body, preflightId: report.preflightId },
  })

  assert.deepEqual([report.counts.valid, report.counts.missingVariables], [0, 1])
  assert.deepEqual([launch.statusCode, launch.json().code], [422, 'template_variable_missing'])
})

for (const [now, template, category, perMessage, amountMinor] of [
  ['2026-09-30T23:59:59.999Z', 'event_invitation', 'marketing', 0.0305, 122],
  ['2026-09-30T23:59:59.999Z', 'event_reminder', 'utility', 0.0085, 34],
  ['2026-10-01T00:00:00.000Z', 'event_invitation', 'marketing', 0.0397, 159],
  ['2026-10-01T00:00:00.000Z', 'event_reminder', 'utility', 0.0085, 34],
] as const) {
  test(`forty ${template} cost ${amountMinor} cents at ${now}, and e-mails cost nothing`, async (t) => {
    const app = await startApp(t, { now })
    const eventId = await anEvent(app.db)
    for (let n = 0; n < 41; n++) await aGuest(app.db, eventId, n === 0 ? { phone: null } : {})

    const { estimatedCost } = await preflight(app, eventId, { ...INVITATION, template })

    const { currency, isEstimate, ...cost } = estimatedCost
    assert.deepEqual([currency, isEstimate, cost.category, cost.messages], ['USD', true, category, 40])
    assert.deepEqual([cost.perMessage, cost.amountMinor, cost.amount], [perMessage, amountMinor, amountMinor / 100])
  })
}

test('a preflight at night says that every message waits for the morning', async (t) => {
  const app = await startApp(t, { now: '2029-06-02T06:00:00.000Z', env: { DELIVERY_QUIET_HOURS: '22:00-09:00' } })
  const { eventId } = await anInvitation(app.db)

  const night = await preflight(app, eventId)
  const noon = await preflight(app, eventId, { ...INVITATION, scheduledAt: '2029-06-02T18:00:00Z' })

  assert.deepEqual([night.quietHoursShift, night.quietHoursUntil], [1, '2029-06-02T15:00:00.000Z'])
  assert.deepEqual([noon.quietHoursShift, noon.quietHoursUntil], [0, null])
})

test('a launch needs a preflight of the same request', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const other = await anInvitation(app.db)
  const { preflightId } = await preflight(app, eventId, { ...INVITATION, filter: { status: ['pending', 'declined'] } })
  const same = { ...INVITATION, filter: { status: ['declined', 'pending'] }, preflightId }
  const post = (event: string, body: object) => app.post(`/events/${event}/campaigns`, { as: 'organizer', body })

  const refusals = [
    await post(eventId, { ...INVITATION, filter: same.filter }),
    await post(eventId, { ...same, template: 'event_reminder' }),
    await post(eventId, { ...same, filter: {} }),
    await post(eventId, { ...same, channel: 'email' }),
    await post(eventId, { ...same, scheduledAt: '2029-07-01T00:00:00Z' }),
    await post(other.eventId, same),
    await post(eventId, { ...same, preflightId: 'cmp_nobody' }),
  ]
  app.setNow('2029-06-02T18:00:00.001Z')
  const late = await post(eventId, same)
  app.setNow('2029-06-01T18:01:00.000Z')
  const launch = await post(eventId, same)
  const used = await post(eventId, { ...same, channel: 'email' })
  const others = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })
  const path = `/events/${others}/campaigns`
  const theirs = (await app.post(path, { as: 'director', body: { ...INVITATION, dryRun: true } })).json().preflightId
  const stolen = await post(eventId, { ...INVITATION, preflightId: theirs })

  assert.deepEqual(
    [...refusals, late, used, stolen].map((reply) => [reply.statusCode, reply.json().code]),
    [[422, 'preflight_required'], ...Array.from({ length: 9 }, () => [409, 'preflight_mismatch'])],
  )
  assert.deepEqual([launch.statusCode, launch.json().total], [202, 1])
})

test('a launch is answered although the queue hangs, and the release enqueues its messages later', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const { preflightId } = await preflight(app, eventId)
  const enqueue = t.mock.method(app.deps.queues, 'enqueueMany', () => new Promise(() => {}))
  const startedMs = performance.now()

  const reply = await app.post(`/events/${eventId}/campaigns`, {
    as: 'organizer',
    body: { ...INVITATION, preflightId },
  })

  const tookMs = performance.now() - startedMs
  assert.deepEqual([reply.statusCode, reply.json().total, enqueue.mock.callCount()], [202, 1, 1])
  assert.ok(tookMs < 3000, `${Math.round(tookMs)} ms`)
})

test('of eight concurrent identical launches one makes the campaign and seven return it', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 5; n++) await aGuest(app.db, eventId)
  const { preflightId } = await preflight(app, eventId)
  const body = { ...INVITATION, preflightId }
  const launch = (n: number) => {
    const headers: Record<string, string> = n % 2 === 0 ? { 'idempotency-key': newId('key') } : {}
    return app.post(`/events/${eventId}/campaigns`, { as: 'organizer', headers, body })
  }

  const replies = await Promise.all(Array.from({ length: 8 }, (_, n) => launch(n)))

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [
    ...Array.from({ length: 7 }, () => 200),
    202,
  ])
  assert.deepEqual(new Set(replies.map((reply) => reply.json().campaignId)), new Set([preflightId]))
  assert.deepEqual(new Set(replies.map((reply) => reply.json().total)), new Set([5]))
  const { rows } = await sql`select 1 from deliveries where event_id = ${eventId}`.execute(app.db)
  assert.equal(rows.length, 5)
})

test('two preflights of the same request, launched at once, send no message twice', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 20; n++) await aGuest(app.db, eventId)
  const made = [await preflight(app, eventId), await preflight(app, eventId)]

  const replies = await Promise.all(
    made.map(({ preflightId }) =>
      app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, preflightId } }),
    ),
  )

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [202, 409])
  assert.equal(replies.find(({ statusCode }) => statusCode === 409)!.json().code, 'campaign_empty')
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from deliveries where event_id = ${eventId} group by guest_id having count(*) > 1`.execute(
    app.db,
  )
  assert.deepEqual(rows, [])
})

const news = (text: string) => ({ ...INVITATION, template: 'event_update', variables: { update_text: text } })

test('other variables on the same day are another message; the same variables are a duplicate', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 3; n++) await aGuest(app.db, eventId)
  const first = await launched(app, eventId, news('Cambió el salón.'))
  const same = await preflight(app, eventId, news('Cambió el salón.'))
  const other = await preflight(app, eventId, news('La misa empieza a las 18:30.'))

  const second = await launched(app, eventId, news('La misa empieza a las 18:30.'))
  for (const { id } of [...(await listRows(app.db, first)), ...(await listRows(app.db, second))])
    await app.runJob(deliverInvitation, { deliveryId: id })

  assert.deepEqual([same.counts.valid, same.counts.duplicate, other.counts.valid], [0, 3, 3])
  for (const id of [first, second]) assert.equal((await showProgress(app, id)).progress.sent, 3)
})

test('two concurrent launches with the same variables send no message twice, even after other variables', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 20; n++) await aGuest(app.db, eventId)
  await launched(app, eventId, news('Cambió el salón.'))
  const body = news('La misa empieza a las 18:30.')
  const made = [await preflight(app, eventId, body), await preflight(app, eventId, body)]

  const replies = await Promise.all(
    made.map(({ preflightId }) =>
      app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...body, preflightId } }),
    ),
  )

  assert.deepEqual(replies.map(({ statusCode }) => statusCode).toSorted(), [202, 409])
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from deliveries where event_id = ${eventId} group by guest_id`.execute(app.db)
  assert.deepEqual(
    rows.map(({ count }) => count),
    Array.from({ length: 20 }, () => 2),
  )
})

test('a guest deleted during the launch is left out, and all others get the message', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const [gone] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  const { preflightId } = await preflight(app, eventId)
  const single = { as: 'organizer', body: { template: 'event_reminder' } } as const

  const replies = await withTx(app.db, async (tx) => {
    await sql`delete from guests where event_id = ${eventId} and id = ${gone.guestId}`.execute(tx)
    const asked = [
      app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, preflightId } }),
      app.post(`/events/${eventId}/guests/${gone.guestId}/send`, single),
    ]
    await sleep(500) // both wait for the guest's lock now
    return () => Promise.all(asked)
  })
  const [launch, send] = await replies()

  assert.deepEqual([launch?.statusCode, launch?.json().total], [202, 1])
  assert.deepEqual([send?.statusCode, send?.json().code], [404, 'guest_not_found'])
})

test('samples include each channel and language before a second of one', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 4; n++) await aGuest(app.db, eventId)
  for (const facts of [{ phone: null }, { locale: 'en' }, { phone: null, locale: 'en' }] as const)
    await aGuest(app.db, eventId, facts)

  const { sample } = await preflight(app, eventId)

  assert.deepEqual(
    sample.map(({ channel, locale }: { channel: string; locale: string }) => `${channel} ${locale}`).toSorted(),
    ['email en', 'email es-MX', 'whatsapp en', 'whatsapp es-MX'],
  )
})

test('a campaign of a draft event has a preflight but cannot be launched', async (t) => {
  const app = await startApp(t)
  const guest = await anInvitation(app.db, { event: { status: 'draft' } })
  const path = `/events/${guest.eventId}`
  const report = await preflight(app, guest.eventId)
  const body = { ...INVITATION, preflightId: report.preflightId }

  const early = await app.post(`${path}/campaigns`, { as: 'organizer', body })
  const single = await app.post(`${path}/guests/${guest.guestId}/send`, { as: 'organizer' })
  await app.patch(path, { as: 'organizer', body: { status: 'active' } })
  const launch = await app.post(`${path}/campaigns`, { as: 'organizer', body })

  assert.deepEqual(
    [report.counts.valid, report.warnings.map(({ code }: { code: string }) => code)],
    [1, ['event_draft']],
  )
  assert.deepEqual(
    [early, single].map((reply) => [reply.statusCode, reply.json().code]),
    [
      [409, 'event_draft'],
      [409, 'event_draft'],
    ],
  )
  assert.equal(launch.statusCode, 202)
})

test('recipients are frozen: a guest who is added or answers later changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const id = await launched(app, guest.eventId, { ...INVITATION, filter: { status: ['pending'] } })

  const late = await aGuest(app.db, guest.eventId)
  await sql`update invitations set answer = 'no' where id = ${guest.invitationId}`.execute(app.db)

  const rows = await listRows(app.db, id)
  assert.deepEqual(
    rows.map(({ guestId, status }) => [guestId, status]),
    [[guest.guestId, 'queued']],
  )
  assert.ok(rows.every(({ guestId }) => guestId !== late.guestId))
  assert.match(rows[0]!.id, /^dl_[0-9a-f]{32}$/)
  assert.equal(Number.parseInt(rows[0]!.id.slice(3, 15), 16), new Date(NOW).getTime())
})

test('guests who got the message within the dedupe window are left out and counted', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const asked = await aGuest(app.db, eventId)
  const fresh = await aGuest(app.db, eventId)
  await app.post(`/events/${eventId}/guests/${asked.guestId}/send`, { as: 'organizer' })

  const id = await launched(app, eventId)
  const again = await app.post(`/events/${eventId}/guests/${fresh.guestId}/send`, { as: 'organizer' })

  assert.deepEqual(
    (await listRows(app.db, id)).map(({ guestId }) => guestId),
    [fresh.guestId],
  )
  const { leftOut, progress } = await showProgress(app, id)
  assert.deepEqual(leftOut, { duplicate: 1 })
  assert.deepEqual([progress.total, progress.queued, progress.skipped], [2, 1, 1])
  assert.equal(again.json().status, 'duplicate')
})

for (const [what, channel, facts, expected] of [
  ['auto chooses WhatsApp for a guest with a phone', 'auto', {}, ['whatsapp', 'auto_has_phone', true]],
  ['auto chooses e-mail for a guest without a phone', 'auto', { phone: null }, ['email', 'auto_no_phone', false]],
  [
    'auto chooses e-mail for an unreachable phone',
    'auto',
    { phone: '+525500000001' },
    ['email', 'auto_whatsapp_unreachable', false],
  ],
  [
    'auto tries an unreachable phone if there is no e-mail address',
    'auto',
    { phone: '+525500000001', email: null },
    ['whatsapp', 'auto_has_phone', true],
  ],
  ['e-mail is sent by e-mail', 'email', {}, ['email', 'requested', false]],
  [
    'WhatsApp falls back to e-mail for an unreachable phone',
    'whatsapp',
    { phone: '+525500000001' },
    ['email', 'whatsapp_unreachable', false],
  ],
  [
    'WhatsApp tries an unreachable phone if there is no e-mail address',
    'whatsapp',
    { phone: '+525500000001', email: null },
    ['whatsapp', 'requested', true],
  ],
  ['WhatsApp is sent by WhatsApp', 'whatsapp', {}, ['whatsapp', 'requested', true]],
] as const) {
  test(what, async (t) => {
    const app = await startApp(t)
    const { eventId } = await anInvitation(app.db, facts)
    await sql`insert into wa_unreachable values ('+525500000001', 'whatsapp_131026', now()) on conflict do nothing`.execute(
      app.db,
    )

    const id = await launched(app, eventId, { ...INVITATION, channel })

    const { rows } = await sql<{ channel: string; channelReason: string; mayFallBack: boolean }>`
      select channel, channel_reason, may_fall_back from deliveries where campaign_id = ${id}`.execute(app.db)
    assert.deepEqual(
      rows.map((row) => [row.channel, row.channelReason, row.mayFallBack]),
      [expected],
    )
  })
}

for (const [what, filter, expected] of [
  ['all guests', {}, ['a', 'b', 'c', 'd']],
  ['a status', { status: ['confirmed'] }, ['b']],
  ['two statuses', { status: ['confirmed', 'declined'] }, ['b', 'c']],
  ['any of several tags', { tags: ['novia', 'mesa 1'] }, ['a', 'c']],
  ['guests with an e-mail address', { hasChannel: 'email' }, ['a', 'b', 'c']],
  ['guests with a phone', { hasChannel: 'whatsapp' }, ['b', 'c', 'd']],
  ['all criteria together', { status: ['declined'], tags: ['mesa 1'], hasChannel: 'email' }, ['c']],
] as const) {
  test(`the filter matches ${what}`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)
    const guests = {
      a: await aGuest(app.db, eventId, { phone: null }),
      b: await aGuest(app.db, eventId, { answer: 'yes' }),
      c: await aGuest(app.db, eventId, { answer: 'no' }),
      d: await aGuest(app.db, eventId, { email: null }),
    }
    await sql`update guests set tags = '{novia}' where id = ${guests.a.guestId}`.execute(app.db)
    await sql`update guests set tags = '{"mesa 1",novio}' where id = ${guests.c.guestId}`.execute(app.db)

    const id = await launched(app, eventId, { ...INVITATION, filter })

    const reached = new Set((await listRows(app.db, id)).map(({ guestId }) => guestId))
    const names = Object.entries(guests).filter(([, { guestId }]) => reached.has(guestId))
    assert.deepEqual(
      names.map(([name]) => name),
      expected,
    )
  })
}

test('a paused campaign parks due messages, resuming restores their due times, and repeating either is refused', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 3; n++) await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  const [gone, next] = await listRows(app.db, id)
  await sql`update deliveries set status = 'sending', next_attempt_at = null where id = ${gone!.id}`.execute(app.db)
  await setStatus(app.db, gone!.id, 'sent')
  const steer = (step: string) => app.post(`/campaigns/${id}/${step}`, { as: 'organizer' })

  const early = await steer('resume')
  const paused = await steer('pause')
  const untouched = await listRows(app.db, id)
  const outcome = await app.runJob(deliverInvitation, { deliveryId: next!.id })
  const parked = await listRows(app.db, id)
  const twice = await steer('pause')
  app.setNow('2029-06-01T19:00:00.000Z')
  const resumed = await steer('resume')
  const afterPause = await listRows(app.db, id)

  const look = (rows: Row[]) =>
    rows.map((row) => [row.status, row.waitingFor, row.nextAttemptAt?.toISOString() ?? null])
  const due = ['queued', null, NOW]
  assert.deepEqual([early.statusCode, early.json().code], [409, 'campaign_not_paused'])
  assert.deepEqual([paused.json().status, paused.json().reason, paused.json().pausedAt], ['paused', null, NOW])
  assert.deepEqual(look(untouched), [['sent', null, null], due, due])
  assert.equal(outcome, 'campaign_paused')
  // The first claim that meets the pause parks all due messages.
  const waits = ['queued', 'campaign_paused', null]
  assert.deepEqual(look(parked), [['sent', null, null], waits, waits])
  assert.deepEqual([twice.statusCode, twice.json().code], [409, 'campaign_not_running'])
  assert.equal(resumed.json().status, 'running')
  assert.deepEqual(look(afterPause), [['sent', null, null], due, due])
})

test('a scheduled campaign is due and enqueued at its time, even after a pause', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId, { ...INVITATION, scheduledAt: '2029-06-05T18:00:00Z' })
  const before = await listRows(app.db, id)

  await app.post(`/campaigns/${id}/pause`, { as: 'organizer' })
  await app.post(`/campaigns/${id}/resume`, { as: 'organizer' })

  for (const rows of [before, await listRows(app.db, id)])
    assert.deepEqual(
      [rows[0]!.status, rows[0]!.nextAttemptAt?.toISOString()],
      ['scheduled', '2029-06-05T18:00:00.000Z'],
    )
  assert.equal((await showProgress(app, id)).progress.scheduled, 1)
})

test('cancelling skips unsent messages, frees their slots and is final', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const id = await launched(app, guest.eventId)

  const cancelled = await app.post(`/campaigns/${id}/cancel`, { as: 'organizer' })
  const again = await app.post(`/campaigns/${id}/cancel`, { as: 'organizer' })
  const resumed = await app.post(`/campaigns/${id}/resume`, { as: 'organizer' })
  const single = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer' })

  const { status, isDone, progress } = cancelled.json()
  assert.deepEqual([status, isDone, progress.skipped, progress.total], ['cancelled', true, 1, 1])
  assert.equal((await listRows(app.db, id))[0]!.reason, 'campaign_cancelled')
  assert.deepEqual(
    [again, resumed].map((reply) => [reply.statusCode, reply.json().code]),
    [
      [409, 'campaign_not_running'],
      [409, 'campaign_not_paused'],
    ],
  )
  assert.equal(single.statusCode, 202)
})

test('a worker sends nothing of a paused campaign and the rest after it is resumed', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 2; n++) await aGuest(app.db, eventId)
  const id = await launched(app, eventId)
  const [first, second] = await listRows(app.db, id)

  const sent = await app.runJob(deliverInvitation, { deliveryId: first!.id })
  await app.post(`/campaigns/${id}/pause`, { as: 'organizer' })
  await app.runJob(deliverInvitation, { deliveryId: second!.id })
  const duringPause = (await listRows(app.db, id))[1]!
  await app.post(`/campaigns/${id}/resume`, { as: 'organizer' })
  const afterResume = await enqueuedAt(app.db, second!.id)
  await app.runJob(deliverInvitation, { deliveryId: second!.id })

  assert.deepEqual([sent, duringPause.status, duringPause.nextAttemptAt], ['sent', 'queued', null])
  assert.equal(afterResume?.toISOString(), NOW)
  assert.deepEqual((await showProgress(app, id)).progress.sent, 2)
})

test('a refusal that would hit every message pauses the campaign with its reason', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  const refusal = {
    ...({ scope: 'campaign', scopeId: id, source: 'system', reason: 'whatsapp_132001', pausedBy: 'system' } as const),
    ...{ until: null, now: app.deps.now() },
  }
  const pause = () => withTx(app.db, (tx) => pauseSending(tx, refusal))

  await Promise.all([pause(), pause()])

  const { status, reason } = await showProgress(app, id)
  assert.deepEqual([status, reason], ['paused', 'whatsapp_132001'])
})

test('progress counts each guest once: a replaced message counts as its fallback', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  for (let n = 0; n < 8; n++) await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { phone: null, email: null })
  const id = await launched(app, eventId)
  const rows = await listRows(app.db, id)
  for (const [n, ...steps] of [
    [0, 'sending', 'failed'],
    [1, 'sending', 'dead'],
    [2, 'sending', 'unknown'],
    [3, 'sending', 'sent'],
    [4, 'sending', 'sent', 'delivered'],
    [5, 'sending', 'sent', 'delivered', 'read'],
    [6, 'skipped'],
  ] as [number, ...string[]][])
    for (const status of steps) await setStatus(app.db, rows[n]!.id, status)
  // It waits for a status and does not need review.
  await sql`update deliveries set next_attempt_at = ${NOW} where id = ${rows[2]!.id}`.execute(app.db)
  await sql`insert into deliveries (id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts_max,
      request_id, requested_by, requested_at, updated_at, campaign_id, fallback_of)
    select ${newId('dl')}, organizer_id, event_id, guest_id, 'email', template, locale, 'sent', 5, request_id, requested_by,
      requested_at, updated_at, campaign_id, id from deliveries where id = ${rows[0]!.id}`.execute(app.db)

  const { progress, isDone } = await showProgress(app, id)

  assert.deepEqual(progress, {
    total: 9,
    scheduled: 0,
    queued: 2,
    sent: 2,
    delivered: 1,
    read: 1,
    failed: 1,
    skipped: 2,
  })
  assert.equal(isDone, false)
})

test('the list shows the campaigns of the event in pages, newest first, without preflights', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const first = await launched(app, eventId, { ...INVITATION, template: 'event_reminder' })
  app.setNow('2029-06-01T18:00:01.000Z')
  const { preflightId } = await preflight(app, eventId, { ...INVITATION, name: 'Invitaciones' })
  await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, preflightId } })
  await preflight(app, eventId, { ...INVITATION, channel: 'email' })

  const page = await app.get(`/events/${eventId}/campaigns?limit=1`, { as: 'viewer' })
  const rest = await app.get(`/events/${eventId}/campaigns?cursor=${page.json().page.nextCursor}`, { as: 'viewer' })

  const [shown] = page.json().data
  assert.deepEqual([shown.id, shown.name, shown.progress.total], [preflightId, 'Invitaciones', 1])
  assert.deepEqual(
    rest.json().data.map((one: { id: string }) => one.id),
    [first],
  )
})

for (const [what, body, status, code] of [
  ['an unknown template', { template: 'party_time' }, 404, 'template_not_found'],
  ['an answer of the conversation', { template: 'rsvp_question' }, 404, 'template_not_found'],
  ['an unknown variable', { variables: { gest_name: 'Ana' } }, 422, 'template_variable_unknown'],
  ['a variable too long', { variables: { guest_name: 'x'.repeat(61) } }, 422, 'template_variable_invalid'],
  ['a date years ahead', { scheduledAt: '2099-01-01T00:00:00Z' }, 400, 'invalid_date'],
  ['an unknown status', { filter: { status: ['asleep'] } }, 400, 'invalid_request'],
  ['an unknown filter', { filter: { age: 3 } }, 400, 'invalid_request'],
  ['an extra field', { force: true }, 400, 'invalid_request'],
] as const) {
  test(`a campaign with ${what} is refused`, async (t) => {
    const { post, db } = await startApp(t)
    const { eventId } = await anInvitation(db)

    const reply = await post(`/events/${eventId}/campaigns`, {
      as: 'organizer',
      body: { ...INVITATION, ...body, dryRun: true },
    })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
  })
}

for (const [what, event, body, status, warnings] of [
  ['thanks before the event', {}, { template: 'event_thanks' }, 'event_not_over', null],
  [
    'thanks for a time before its end',
    {},
    { template: 'event_thanks', scheduledAt: '2030-01-01T05:59:59Z' },
    'event_not_over',
    null,
  ],
  ['thanks for its end', {}, { template: 'event_thanks', scheduledAt: '2030-01-01T06:00:00Z' }, 200, []],
  [
    'thanks that follow its end',
    {},
    { template: 'event_thanks', schedule: { anchor: 'endsAt', offsetMinutes: 60 } },
    ...[200, []],
  ],
  [
    'thanks that follow its start',
    {},
    { template: 'event_thanks', schedule: { anchor: 'startsAt', offsetMinutes: 60 } },
    ...['event_not_over', null],
  ],
  ['a reminder while it goes on', {}, { scheduledAt: '2030-01-01T00:00:00Z' }, 200, ['event_started']],
  ['a reminder before it', {}, { scheduledAt: '2029-12-31T23:59:59Z' }, 200, []],
  ['a reminder of yesterday', { startsAt: '2029-05-31T00:00:00Z' }, {}, 'event_closed', null],
  [
    'news after it',
    { startsAt: '2029-05-31T00:00:00Z' },
    { template: 'event_update', variables: { update_text: 'Hay fotos.' } },
    200,
    [],
  ],
] as [string, object, object, string | number, string[] | null][]) {
  test(`the time of a message decides: ${what}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const { eventId } = await anInvitation(app.db, { event })
    const asked = { ...INVITATION, template: 'event_reminder', ...body, dryRun: true }

    const reply = await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: asked })

    const { code, warnings: found } = reply.json()
    assert.deepEqual(
      [code ?? reply.statusCode, found?.map((one: { code: string }) => one.code) ?? null],
      [status, warnings],
    )
  })
}

test('a preflight says how many guests share a phone or a mailbox', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const { phone } = await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { phone })
  const { phone: other } = await aGuest(app.db, eventId)
  for (const _ of [1, 2]) await aGuest(app.db, eventId, { phone: other })
  for (const _ of [1, 2]) await aGuest(app.db, eventId, { phone: null, email: 'pareja@example.com' })
  await aGuest(app.db, eventId)

  const report = await preflight(app, eventId)

  assert.deepEqual(report.sharedPhones, { addresses: 2, guests: 5 })
  assert.deepEqual(report.sharedEmails, { addresses: 1, guests: 2 })
  assert.deepEqual([report.counts.valid, report.estimatedCost.messages, report.messagingLimit.recipients], [8, 6, 3])
  const texts = report.warnings.map(({ text }: { text: { 'es-MX': string } }) => text['es-MX'])
  assert.deepEqual(texts, [
    'Invitados que comparten número de WhatsApp: 5 (números: 2). A cada uno le llega su propio mensaje.',
    'Invitados que comparten correo: 2 (correos: 1). A cada uno le llega su propio mensaje.',
  ])
})

test('a campaign for a closed, past or unknown event or for no guest is refused', async (t) => {
  const app = await startApp(t, { now: NOW })
  const closed = await anInvitation(app.db, { event: { status: 'archived' } })
  const short = await anInvitation(app.db, {
    event: { startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-01-01T06:00:00Z' },
  })
  const afterwards = { ...INVITATION, scheduledAt: '2030-01-01T06:00:00Z', dryRun: true }
  const empty = await anEvent(app.db)
  const { preflightId } = await preflight(app, empty)
  const post = (eventId: string, body: object) => app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body })

  const replies = [
    await post(closed.eventId, { ...INVITATION, dryRun: true }),
    await post(short.eventId, afterwards),
    await post('ev_nowhere', { ...INVITATION, dryRun: true }),
    await post(empty, { ...INVITATION, preflightId }),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [409, 'event_closed'],
      [409, 'event_closed'],
      [404, 'event_not_found'],
      [409, 'campaign_empty'],
    ],
  )
  const thanks = await post(short.eventId, { ...afterwards, template: 'event_thanks' })
  assert.equal(thanks.json().counts.valid, 1)
})

test("another organizer's event and campaign are 404, staff is refused, and a viewer may only read", async (t) => {
  const app = await startApp(t)
  const theirs = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })
  const body = { ...INVITATION, dryRun: true }
  const path = `/events/${theirs.eventId}/campaigns`
  const { preflightId } = (await app.post(path, { as: 'director', body })).json()
  await app.post(path, { as: 'director', body: { ...INVITATION, preflightId } })

  const replies = [
    await app.post(path, { as: 'organizer', body }),
    await app.get(`/campaigns/${preflightId}`, { as: 'organizer' }),
    await app.get(`/campaigns/${preflightId}/stream`, { as: 'organizer' }),
    ...(await Promise.all(
      ['pause', 'resume', 'cancel'].map((step) => app.post(`/campaigns/${preflightId}/${step}`, { as: 'organizer' })),
    )),
    await app.post(path, { as: 'viewer', body }),
    await app.post(`/campaigns/${preflightId}/pause`, { as: 'viewer' }),
    await app.get(`/campaigns/${preflightId}`, { as: 'staff' }),
    await app.get(`/campaigns/${preflightId}/stream`),
  ]

  assert.deepEqual(
    replies.map(({ statusCode }) => statusCode),
    [404, 404, 404, 404, 404, 404, 403, 403, 403, 401],
  )
  assert.equal((await app.get(path, { as: 'organizer' })).json().code, 'event_not_found')
  assert.equal((await app.get(`/campaigns/${preflightId}`, { as: 'director' })).json().status, 'running')
})

test('a launch repeated with its Idempotency-Key returns the stored answer', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const { preflightId } = await preflight(app, eventId)
  const headers = { 'idempotency-key': newId('key') }
  const launch = () =>
    app.post(`/events/${eventId}/campaigns`, { as: 'organizer', headers, body: { ...INVITATION, preflightId } })

  const first = await launch()
  const second = await launch()

  assert.deepEqual([first.statusCode, second.statusCode, second.headers['idempotent-replayed']], [202, 202, 'true'])
  assert.equal(first.body, second.body)
})

for (const backend of backends) {
  test(`10,000 recipients are accepted in one request and each has a row (${backend})`, async (t) => {
    const app = await startApp(t, { backend })
    const eventId = await anEvent(app.db)
    await sql`
      insert into guests (event_id, id, name, phone, email)
      select ${eventId}, 'g' || n, 'Ana Prueba', '+5233' || (10000000 + n), 'g' || n || '@example.com'
        from generate_series(1, 10000) n`.execute(app.db)
    await sql`
      insert into invitations (id, event_id, guest_id, code, places)
      select ${eventId} || n, ${eventId}, 'g' || n, upper(${eventId}) || '-' || n, 1
        from generate_series(1, 10000) n`.execute(app.db)
    // As autovacuum does within a minute: without statistics the planner may compare every guest with every invitation.
    await sql`analyze guests, invitations`.execute(app.db)
    const { preflightId, counts } = await preflight(app, eventId)

    const reply = await app.post(`/events/${eventId}/campaigns`, {
      as: 'organizer',
      body: { ...INVITATION, preflightId },
    })

    assert.deepEqual([reply.statusCode, reply.json().total, counts.valid], [202, 10_000, 10_000])
    const { rows } = await sql<{ rows: number; ids: number }>`
      select count(*) as rows, count(distinct id) as ids from deliveries where event_id = ${eventId}`.execute(app.db)
    assert.deepEqual(rows[0], { rows: 10_000, ids: 10_000 })
  })
}

type Streamed = { response: IncomingMessage; next(pattern: RegExp): Promise<string>; close(): void }

/** Opens a stream over a real socket. */
async function openStream(address: AddressInfo, path: string, token: string): Promise<Streamed> {
  const call = httpRequest({ port: address.port, path, headers: { authorization: `Bearer ${token}` } }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  response.on('error', () => {})
  return {
    response,
    async next(pattern) {
      for (let tries = 0; tries < 100; tries++) {
        const found = pattern.exec(text)
        if (found) return found[0]
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return assert.fail(`${pattern} did not come: ${text}`)
    },
    close: () => call.destroy(),
  }
}

test('the stream sends progress at once and on changes, then done, and ends with the client or the server', async (t) => {
  const shared = await startApp(t)
  const { eventId } = await anInvitation(shared.db)
  const id = await launched(shared, eventId)
  const app = await buildApp(shared.deps)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address() as AddressInfo
  const token = await tokenFor(shared.deps, 'viewer')
  const path = `/campaigns/${id}/stream`
  const [watching, leaving] = await Promise.all([openStream(address, path, token), openStream(address, path, token)])

  const first = await watching.next(/event: progress\ndata: .*\n\n/)
  await leaving.next(/"queued":1/)
  leaving.close()
  const [row] = await listRows(shared.db, id)
  await setStatus(shared.db, row!.id, 'sending')
  await setStatus(shared.db, row!.id, 'sent')
  await watching.next(/"sent":1[^]*event: done\ndata: .*\n\n$/)
  if (!watching.response.complete) await once(watching.response, 'end')

  const data = JSON.parse(first.split('data: ')[1]!)
  assert.match(String(watching.response.headers['content-type']), /^text\/event-stream/)
  assert.equal(data.requestId, watching.response.headers['x-request-id'])
  assert.deepEqual([data.campaignId, data.status, data.progress.queued], [id, 'running', 1])

  const { eventId: other } = await anInvitation(shared.db)
  const open = await openStream(address, `/campaigns/${await launched(shared, other)}/stream`, token)
  await open.next(/event: progress/)
  const closedMs = performance.now()
  await Promise.all([app.close(), once(open.response, 'close')])
  assert.ok(performance.now() - closedMs < 5000)
})

test('a client that reconnects after done gets 204; before done it gets a stream', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  await app.post(`/campaigns/${id}/cancel`, { as: 'organizer' })
  const look = (headers: Record<string, string>) => app.get(`/campaigns/${id}/stream`, { as: 'viewer', headers })

  const first = await look({})
  const again = await look({ 'last-event-id': /id: (.*)/.exec(first.body)![1]! })
  const other = await look({ 'last-event-id': 'something' })

  assert.deepEqual([first.statusCode, again.statusCode, again.body, other.statusCode], [200, 204, '', 200])
  for (const { body } of [first, other])
    assert.match(body, /^event: progress\ndata: .*\n\nid: done\nevent: done\ndata: /)
})

test('a stream ends when its access token expires', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  const authorization = `Bearer ${await tokenFor(app.deps, 'viewer')}` // for fifteen minutes
  app.setNow('2029-06-01T18:14:59.900Z')

  const stream = app.get(`/campaigns/${id}/stream`, { headers: { authorization } })
  const ended = await Promise.race([stream, sleep(5000, null)])

  assert.match(ended?.body ?? 'it goes on', /^event: progress\ndata: .*\n\n$/)
})

test('a stream stops querying when its client has left', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  const hasLeft = new AbortController()
  const events = watchCampaign(app.deps, { scope: null, id, requestId: 'req_1', signal: hasLeft.signal })

  const first = await events.next()
  const waiting = events.next()
  hasLeft.abort()

  assert.equal(first.done, false)
  assert.deepEqual(await waiting, { value: undefined, done: true })
})

test('a quiet stream sends heartbeat comments, and progress only on changes', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  const { signal } = new AbortController()
  const events = watchCampaign(
    app.deps,
    { scope: null, id, requestId: 'req_1', signal },
    { pollMs: 5, heartbeatMs: 10, lifeMs: 60_000, quietMs: 60_000 },
  )

  const first = await events.next()
  const second = await events.next()
  await app.post(`/campaigns/${id}/pause`, { as: 'organizer' })
  let third = await events.next()
  while (third.value === ': still here\n\n') third = await events.next()

  assert.match(String(first.value), /^event: progress\n.*"status":"running"/)
  assert.equal(second.value, ': still here\n\n')
  assert.match(String(third.value), /^event: progress\n.*"status":"paused"/)
})

test('a stream ends before its access token expires', async (t) => {
  const app = await startApp(t)
  const { eventId } = await anInvitation(app.db)
  const id = await launched(app, eventId)
  const { signal } = new AbortController()

  const lines = []
  const pace = { pollMs: 5, heartbeatMs: 1000, lifeMs: 15, quietMs: 1000 }
  for await (const line of watchCampaign(app.deps, { scope: null, id, requestId: 'req_1', signal }, pace))
    lines.push(line)

  assert.equal(lines.length, 1)
  assert.match(lines[0]!, /^event: progress/)
})
