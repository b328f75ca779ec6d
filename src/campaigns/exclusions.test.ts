import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer, aPhone } from '../../test/make.ts'
import { newId, sql } from '../platform/db.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const INVITATION = { template: 'event_invitation', channel: 'auto', filter: {} }

async function preflight(app: TestApp, eventId: string, body: object = INVITATION) {
  const reply = await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...body, dryRun: true } })
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json()
}
const csvOf = (eventId: string, preflightId: string) =>
  `/events/${eventId}/campaigns/preflights/${preflightId}/exclusions.csv`
const linesOf = (csv: string) => csv.replace('\uFEFF', '').trimEnd().split('\r\n')

test('the file lists exactly the excluded guests, with the reason and what to do', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const silent = await aGuest(app.db, eventId, { phone: null, email: null })
  const optedOut = await aGuest(app.db, eventId)
  await sql`insert into opt_outs (organizer_id, phone, opted_out_at) values ('org_test', ${optedOut.phone}, now())`.execute(
    app.db,
  )
  const { preflightId } = await preflight(app, eventId)

  const reply = await app.get(csvOf(eventId, preflightId), { as: 'organizer' })

  assert.equal(reply.statusCode, 200)
  assert.equal(reply.headers['content-type'], 'text/csv; charset=utf-8')
  assert.match(String(reply.headers['content-disposition']), /^attachment; filename="cmp_\w+-exclusions\.csv"$/)
  const [heading, ...rows] = linesOf(reply.body)
  assert.ok(reply.body.startsWith('\uFEFF'))
  assert.equal(heading, 'Invitado,Nombre,Motivo,Qué hacer,Clave')
  assert.deepEqual(
    new Map(rows.map((row) => [row.split(',')[0], row.split(',').at(-1)])),
    new Map(
      [
        [silent.guestId, 'no_address_for_channel'],
        [optedOut.guestId, 'guest_opted_out'],
      ].toSorted(([a], [b]) => (a! < b! ? -1 : 1)) as [string, string][],
    ),
  )
})

test('the recipients are all others, by name and page by page, with the channel and language of each', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const [zoe, angela, silent, beto] = [
    await aGuest(app.db, eventId),
    await aGuest(app.db, eventId, { phone: null, email: 'angela@example.com' }),
    await aGuest(app.db, eventId, { phone: null, email: null }),
    await aGuest(app.db, eventId),
  ]
  for (const [guest, name] of [
    ...([
      [zoe, 'Zoé'],
      [angela, 'Ángela'],
      [silent, 'Ana'],
      [beto, 'beto'],
    ] as const),
  ])
    await sql`update guests set name = ${name} where id = ${guest.guestId}`.execute(app.db)
  const { preflightId, counts } = await preflight(app, eventId)
  const url = `/events/${eventId}/campaigns/preflights/${preflightId}/recipients`

  const first = (await app.get(`${url}?limit=2`, { as: 'organizer' })).json()
  const second = (await app.get(`${url}?limit=2&cursor=${first.page.nextCursor}`, { as: 'organizer' })).json()
  const stranger = { id: 'usr_stranger', role: 'organizer' as const, organizerId: await anOrganizer(app.db) }
  const foreign = await app.get(url, { as: stranger })
  const wrong = await app.get(`${url}?cursor=x`, { as: 'organizer' })

  assert.equal(counts.valid, 3)
  assert.deepEqual(first.data, [
    { guestId: angela.guestId, name: 'Ángela', locale: 'es-MX', channel: 'email', isWindowOpen: false },
    { guestId: beto.guestId, name: 'beto', locale: 'es-MX', channel: 'whatsapp', isWindowOpen: false },
  ])
  assert.deepEqual(
    second.data.map(({ name }: { name: string }) => name),
    ['Zoé'],
  )
  assert.equal(second.page.nextCursor, null)
  assert.deepEqual([foreign.statusCode, wrong.statusCode], [404, 400])
})

test('headings and texts are English if requested', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId, { phone: null, email: null })
  const { preflightId } = await preflight(app, eventId)

  const reply = await app.get(`${csvOf(eventId, preflightId)}?locale=en`, { as: 'director' })

  assert.match(linesOf(reply.body)[0]!, /^Guest,Name,Reason,What to do,Code$/)
  assert.match(linesOf(reply.body)[1]!, /,Has no address for this channel,Add a WhatsApp number/)
})

for (const name of ['=HYPERLINK("http://x.mx")', '+52 55', '-1+1', '@SUM(A1)', '\tAna', '\rAna']) {
  test(`a spreadsheet does not run the name ${JSON.stringify(name)}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const eventId = await anEvent(app.db)
    const { guestId } = await aGuest(app.db, eventId, { phone: null, email: null })
    await sql`update guests set name = ${name} where event_id = ${eventId} and id = ${guestId}`.execute(app.db)
    const { preflightId } = await preflight(app, eventId)

    const { body } = await app.get(csvOf(eventId, preflightId), { as: 'organizer' })

    const cell = body.slice(body.indexOf(`${guestId},`) + guestId.length + 1)
    assert.match(cell, /^"?'/)
  })
}

test('names with commas, quotes and line breaks remain one value', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const { guestId } = await aGuest(app.db, eventId, { phone: null, email: null })
  await sql`update guests set name = ${'Ana "La Jefa", Ñúñez\nviuda'} where id = ${guestId}`.execute(app.db)
  const { preflightId } = await preflight(app, eventId)

  const { body } = await app.get(csvOf(eventId, preflightId), { as: 'organizer' })

  assert.ok(body.includes(`${guestId},"Ana ""La Jefa"", Ñúñez\nviuda",`), body)
})

test('a long list is complete, and each guest is in it once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await sql`
    insert into guests (event_id, id, name, party_size, locale)
    select ${eventId}, 'g_' || lpad(n::text, 5, '0'), 'Invitado ' || n, 1, 'es-MX'
      from generate_series(1, 2001) n`.execute(app.db)
  await sql`
    insert into invitations (id, event_id, guest_id, code, answer, places)
    select ${newId('inv')} || id, event_id, id, ${newId('CODE')} || id, 'pending', 1
      from guests
     where event_id = ${eventId}`.execute(app.db)
  const { preflightId } = await preflight(app, eventId)

  const { body } = await app.get(csvOf(eventId, preflightId), { as: 'organizer' })

  const ids = linesOf(body)
    .slice(1)
    .map((line) => line.split(',')[0])
  assert.deepEqual([ids.length, new Set(ids).size, ids.at(-1)], [2001, 2001, 'g_02001'])
})

test('an unknown preflight, or one of another event or organizer, is not found', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const otherEvent = await anEvent(app.db)
  const stranger = { id: 'usr_stranger', role: 'organizer' as const, organizerId: await anOrganizer(app.db) }
  const { preflightId } = await preflight(app, eventId)

  for (const [url, as] of [
    [csvOf(eventId, 'cmp_none'), 'organizer'],
    [csvOf(otherEvent, preflightId), 'organizer'],
    [csvOf(eventId, preflightId), stranger],
  ] as const) {
    const reply = await app.get(url, { as })
    assert.deepEqual([reply.statusCode, reply.json().code], [404, 'campaign_not_found'])
  }
})

test('staff, viewers and anonymous callers may not read the file', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { preflightId } = await preflight(app, eventId)
  const statusFor = async (as: 'staff' | 'viewer' | null) =>
    (await app.get(csvOf(eventId, preflightId), { as })).statusCode

  assert.deepEqual([await statusFor('staff'), await statusFor('viewer'), await statusFor(null)], [403, 403, 401])
})

test('an unknown language is refused', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { preflightId } = await preflight(app, eventId)

  const reply = await app.get(`${csvOf(eventId, preflightId)}?locale=fr`, { as: 'organizer' })

  assert.equal(reply.statusCode, 400)
})

test('a launched preflight has no exclusions file', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  await aGuest(app.db, eventId)
  const { preflightId } = await preflight(app, eventId)
  await app.post(`/events/${eventId}/campaigns`, { as: 'organizer', body: { ...INVITATION, preflightId } })

  const reply = await app.get(csvOf(eventId, preflightId), { as: 'organizer' })

  assert.deepEqual([reply.statusCode, reply.json().code], [409, 'preflight_launched'])
})

test('guests who stopped e-mail and guests who wrote BAJA are counted separately', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const optedOut = await aGuest(app.db, eventId)
  const stopped = await aGuest(app.db, eventId, { phone: null })
  await sql`insert into opt_outs (organizer_id, phone, opted_out_at) values ('org_test', ${optedOut.phone}, now())`.execute(
    app.db,
  )
  await sql`insert into email_stops values (${`${stopped.guestId}@example.com`}, 'org_test', 'unsubscribed', now())`.execute(
    app.db,
  )

  const { counts } = await preflight(app, eventId)

  assert.deepEqual([counts.optedOut, counts.emailStopped, counts.valid], [1, 1, 0])
})

test('an unreachable number is retried after ninety days', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const { phone } = await aGuest(app.db, eventId)
  const single = await aGuest(app.db, eventId, { phone: aPhone() })
  for (const one of [phone, single.phone])
    await sql`insert into wa_unreachable values (${one}, 'whatsapp_131026', ${NOW})`.execute(app.db)
  const ask = async () => (await preflight(app, eventId)).byChannel
  const send = async () =>
    (
      await app.post(`/events/${eventId}/guests/${single.guestId}/send`, {
        as: 'organizer',
        body: { channel: 'auto', force: true },
      })
    ).json().channel

  const soon = [await ask(), await send()]
  app.setNow('2029-08-30T17:59:59.000Z')
  const before = [await ask(), await send()]
  app.setNow('2029-08-30T18:00:01.000Z')
  await sql`delete from delivery_slots where event_id = ${eventId}`.execute(app.db)
  const after = [await ask(), await send()]

  assert.deepEqual(soon, [{ whatsapp: 0, email: 2 }, 'email'])
  assert.equal(before[1], 'email')
  assert.deepEqual(after, [{ whatsapp: 2, email: 0 }, 'whatsapp'])
})
