import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimDelivery } from '../delivery/claiming.ts'
import { sql, withTx, type Db } from '../platform/db.ts'
import { aMessage, hear, store } from '../../test/conversations.ts'
import { requested, rowOf, run } from '../../test/deliveries.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer, aPhone, type MadeGuest } from '../../test/make.ts'
import { upload } from '../../test/uploads.ts'

const NOW = '2029-06-01T18:00:00.000Z' // noon in Mexico City
const LATER = '2029-06-01T19:00:00.000Z'
const OTHER = { id: 'usr_other', role: 'organizer', organizerId: 'org_other' } as const

const anonymize = (app: TestApp, { eventId, guestId }: Pick<MadeGuest, 'eventId' | 'guestId'>, body?: object) =>
  app.post(`/events/${eventId}/guests/${guestId}/anonymize`, { as: 'organizer', ...(body ? { body } : {}) })

/** Every row of every table with one of the words, as `table: row`. */
async function findWords(db: Db, words: string[]): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string; bytes: string[] }>`
    select quote_ident(table_schema) || '.' || quote_ident(table_name) as name,
           array_agg(quote_ident(column_name)) filter (where data_type = 'bytea') as bytes
      from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
     where table_type = 'BASE TABLE'
       and table_schema not in ('pg_catalog', 'information_schema')
     group by 1`.execute(db)
  const found: string[] = []
  for (const { name, bytes } of tables) {
    const columns = ['r::text', ...(bytes ?? []).map((column) => `encode(r.${column}, 'escape')`)]
    const { rows } = await sql<{ text: string }>`
      select concat_ws(' ', ${sql.raw(columns.join(', '))}) as text from ${sql.raw(name)} r`.execute(db)
    for (const { text } of rows)
      if (words.some((word) => text.toLowerCase().includes(word))) found.push(`${name}: ${text}`)
  }
  return found
}

/** The figures that anonymising must not change. Places are none: those of who did not come are free for others. */
async function readFigures(app: TestApp, eventId: string) {
  const {
    requestId: _,
    places: __,
    ...summary
  } = (await app.get(`/events/${eventId}/summary`, { as: 'organizer' })).json()
  const { persons } = (await app.get(`/events/${eventId}/door`, { as: 'organizer' })).json()
  const { rows } = await sql<{ id: string; status: string }>`
    select id, status from deliveries where event_id = ${eventId} order by id`.execute(app.db)
  return { summary, persons, statuses: rows.map(({ id, status }) => [id, status]) }
}

test('of an anonymised guest no table keeps a word, and the figures stay', async (t) => {
  const app = await startApp(t, { now: NOW, env: { SIMULATOR: 'true' } })
  const { db } = app
  const as = 'organizer' as const
  const eventId = await anEvent(db, { startsAt: '2029-06-01T20:00:00Z' })
  const phone = '+525587654321'
  const made = await app.post(`/events/${eventId}/guests`, {
    as,
    headers: { 'idempotency-key': 'added-1' },
    body: {
      name: 'Zqname Pérez',
      phone,
      email: 'zqmail@example.com',
      notes: 'zqnota',
      tags: ['zqtag'],
      partySize: 3,
      companions: [{ name: 'Zqcompa Ruiz' }],
    },
  })
  assert.equal(made.statusCode, 201, made.body)
  const guest = { eventId, guestId: made.json().id, code: made.json().code, phone, invitationId: '' }
  const neighbour = await aGuest(db, eventId)
  await upload(
    app,
    eventId,
    'nombre,tel,correo,nota\nZqname Pérez,,sin arroba,zqrechazo\nZqname Pérez,55 8765 4321,mal,zqrechazo\n',
    {
      as,
      headers: { 'idempotency-key': 'import-1' },
    },
  )
  // messages out, with text of the organizer; in, with text, a file and a reaction; a reply by a person; an e-mail
  await run(app, await requested(app, guest))
  await run(app, await requested(app, guest, { channel: 'email', template: 'event_reminder' }))
  await hear(
    app,
    aMessage(phone, NOW, 'sí, zqtexto'),
    aMessage(phone, NOW, '', {
      type: 'document',
      document: { filename: 'zqfile.pdf', mime_type: 'application/pdf', caption: 'zqcaption' },
    }),
    aMessage(neighbour.phone, NOW, 'soy otra persona'),
  )
  const replied = await app.post(`/events/${eventId}/conversations/${guest.guestId}/messages`, {
    as,
    headers: { 'idempotency-key': 'reply-1' },
    body: { text: 'zqreply' },
  })
  assert.equal(replied.statusCode, 202, replied.body)
  await run(app, replied.json().deliveryId)
  const said = await app.post(`/events/${eventId}/guests/${guest.guestId}/rsvp`, {
    as,
    body: { answer: 'yes', partySize: 2, note: 'zqrsvp' },
  })
  assert.equal(said.statusCode, 200, said.body)
  const waiting = await requested(app, guest, { channel: 'email', scheduledAt: '2029-06-01T19:30:00Z', force: true })
  await hear(app, aMessage(phone, LATER, 'BAJA'))
  assert.equal((await app.post(`/public/unsubscribe/${guest.code}`, { body: {} })).statusCode, 200)
  const scanned = await app.post('/scan/validate', {
    as,
    headers: { 'idempotency-key': 'scan-1' },
    body: { eventId, code: guest.code, scanId: 'scan-1' },
  })
  assert.equal(scanned.json().status, 'valid')
  await app.post(`/events/${eventId}/scans/scan-1/undo`, { as, body: { reason: 'zqundo' } })
  await app.post('/scan/validate', { as, body: { eventId, code: guest.code, scanId: 'scan-2' } })
  await sql`
    insert into audit_entries (id, at, actor, action, entity, entity_id, organizer_id, before, after, request_id)
    values ('aud_1', ${NOW}, 'usr_x', 'guest.updated', 'guest', ${guest.guestId}, 'org_test',
            ${JSON.stringify({ event_id: eventId, name: 'Zqname Pérez', phone, party_size: 2 })}::jsonb,
            ${JSON.stringify({ event_id: eventId, name: 'Zqname Pérez', phone, party_size: 3 })}::jsonb, 'req_1')`.execute(
    db,
  )
  const words =
    'zqname zqmail zqnota zqtag zqcompa zqrechazo zqtexto zqfile zqcaption zqreply zqrsvp zqundo 5587654321'.split(' ')
  const planted = (await findWords(db, words)).map((row) => /^\w+\.(\w+): /.exec(row)?.[1])
  for (const table of [
    'guests',
    'invitation_answers',
    'wa_messages',
    'inbound_events',
    'deliveries',
    'simulated_messages',
    'wa_windows',
    'opt_outs',
    'guest_import_rejects',
    'idempotency_keys',
    'scans',
    'audit_entries',
    'email_stops',
  ])
    assert.ok(planted.includes(table), `${table} has no marker before: ${[...new Set(planted)].join(' ')}`)
  const before = await readFigures(app, eventId)

  const reply = await anonymize(app, guest, { reason: 'ARCO-17' })

  assert.equal(reply.statusCode, 200, reply.body)
  assert.deepEqual(await findWords(db, words), [])
  const after = await readFigures(app, eventId)
  const skipped = before.statuses.map(([id, status]) => [
    id,
    status === 'queued' || id === waiting ? 'skipped' : status,
  ])
  assert.deepEqual(after, { ...before, statuses: skipped })
  const { erased } = reply.json()
  assert.equal(erased.deliveries, before.statuses.length)
  assert.ok(erased.wa_messages >= 3 && erased.inbound_events >= 1 && erased.opt_outs === 1, reply.body)
  assert.equal((await findWords(db, ['soy otra persona'])).length, 2) // the neighbour's words, in the message and in the webhook
  const shown = (await app.get(`/events/${eventId}/guests/${guest.guestId}`, { as })).json()
  assert.deepEqual(
    [shown.name, shown.phone, shown.email, shown.notes, shown.tags, shown.anonymizedAt],
    ['Invitado anónimo', null, null, null, [], NOW],
  )
})

test('the code of an anonymised guest opens neither the page nor the door', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db, { startsAt: NOW }), { answer: 'yes', partySize: 2 })
  await anonymize(app, guest)

  const path = `/public/invite/${guest.code}`
  const page = await app.get(`/i/${guest.code}`)
  assert.deepEqual([page.statusCode, /ya no es v/.test(page.body)], [410, true])
  for (const reply of [
    await app.get(path, { headers: { accept: 'application/json' } }),
    await app.get(`${path}/qr.svg`),
    await app.post(`${path}/rsvp`, { body: { answer: 'no' } }),
  ])
    assert.deepEqual([reply.statusCode, reply.json().code], [410, 'invitation_revoked'])
  const scan = { eventId: guest.eventId, code: guest.code }
  const scanned = (await app.post('/scan/validate', { as: 'staff', body: scan })).json()
  assert.deepEqual([scanned.status, scanned.reason, scanned.guest.name], ['invalid', 'revoked', 'Invitado anónimo'])
  const manifest = (await app.get(`/scan/manifest/${guest.eventId}`, { as: 'organizer' })).json()
  assert.equal(manifest.entries[0].isRevoked, true)
})

test('a stop is honoured when the address of an anonymised guest is imported again, and only by its organizer', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [phone, email] = [aPhone(), 'alto@example.com']
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId, { phone, email })
  await hear(app, aMessage(phone, NOW, 'hola'), aMessage(phone, LATER, 'BAJA'))
  await sql`insert into email_stops (email, reason, stopped_at) values (${email}, 'bounced', ${NOW})`.execute(app.db)
  await sql`insert into wa_marketing_stops (phone, stopped_at, source) values (${phone}, ${NOW}, 'preference')`.execute(
    app.db,
  )
  assert.equal((await anonymize(app, guest)).statusCode, 200)
  assert.deepEqual(await findWords(app.db, [phone.slice(3), email]), [])

  await upload(app, eventId, `nombre,tel,correo\nOtra vez,${phone},${email}\n`)
  await aGuest(app.db, await anEvent(app.db, { organizerId: 'org_other' }), { phone, email })

  const { rows } = await sql`
    select (select array_agg(organizer_id) from opt_outs where phone = ${phone}) as organizers,
           (select reason from email_stops where email = ${email}) as reason,
           (select source from wa_marketing_stops where phone = ${phone}) as source`.execute(app.db)
  assert.deepEqual(rows[0], { organizers: ['org_test'], reason: 'bounced', source: 'preference' })
})

test('what another guest with the same number said and stopped stays', async (t) => {
  const app = await startApp(t, { now: NOW })
  const phone = aPhone()
  const guest = await aGuest(app.db, await anEvent(app.db), { phone })
  const other = await aGuest(app.db, await anEvent(app.db, { organizerId: 'org_other' }), { phone })
  await run(app, await requested(app, guest))
  const { providerMessageId } = (
    await sql<{ providerMessageId: string }>`
    select provider_message_id from deliveries where guest_id = ${guest.guestId}`.execute(app.db)
  ).rows[0]!
  await hear(
    app,
    aMessage(phone, NOW, 'palabras de aqui', { context: { id: providerMessageId } }),
    aMessage(phone, NOW, 'palabras de siempre'),
  )
  await sql`insert into opt_outs (organizer_id, phone, opted_out_at) values ('org_other', ${phone}, ${NOW})`.execute(
    app.db,
  )

  assert.equal((await anonymize(app, guest)).statusCode, 200)

  assert.deepEqual(await findWords(app.db, ['palabras de aqui']), [])
  assert.equal((await findWords(app.db, ['palabras de siempre'])).length, 2)
  const { rows } = await sql`
    select phone from opt_outs where phone = ${phone}
    union all
    select phone from wa_windows where phone = ${phone}
    union all
    select phone from guests where id = ${other.guestId}`.execute(app.db)
  assert.equal(rows.length, 3)
})

test('a guest to whom a message is being sent is not anonymised yet', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  assert.equal((await claimDelivery(app.deps, await requested(app, guest))).kind, 'go')

  const reply = await anonymize(app, guest)

  assert.deepEqual([reply.statusCode, reply.json().code], [409, 'delivery_in_progress'])
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.equal((await app.get(`/i/${guest.code}`)).statusCode, 200) // nothing was erased
})

/** Waits until a statement of this database waits for a lock. */
async function untilBlocked(db: Db): Promise<void> {
  for (;;) {
    const { rows } = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('a guest whose row has been changed is anonymised, and what the audit log says of another with the same id stays', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [eventId, elsewhere] = [await anEvent(app.db), await anEvent(app.db)]
  for (const id of [eventId, elsewhere]) {
    const added = await app.post(`/events/${id}/guests`, { as: 'organizer', body: { id: 'zq1', name: 'Ana' } })
    assert.equal(added.statusCode, 201, added.body)
    const path = `/events/${id}/guests/zq1`
    const changes = [{ phone: aPhone() }, { name: 'Otra', locale: 'en' }]
    for (const body of changes) assert.equal((await app.patch(path, { as: 'organizer', body })).statusCode, 200)
  }

  const reply = await anonymize(app, { eventId, guestId: 'zq1' })

  assert.equal(reply.statusCode, 200, reply.body)
  const { data } = (await app.get('/audit?entity=zq1', { as: 'organizer' })).json()
  const ofEvent = (id: string) =>
    data.filter(({ after }: { after: { eventId: string } }) => after.eventId === id).length
  assert.deepEqual([ofEvent(eventId), ofEvent(elsewhere)], [4, 3])
})

test('nothing is erased while a list is imported, or while what the guest wrote has not been read', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  await store(app, aMessage(guest.phone, NOW, 'BAJA'))

  const unread = await anonymize(app, guest)
  await sql`update inbound_events set status = 'ignored', next_attempt_at = null`.execute(app.db)
  await sql`
    insert into guest_imports (id, event_id, format, headings, created, updated, unchanged, rejected, requested_by, request_id,
                               created_at, status)
    values ('imp_open', ${guest.eventId}, 'csv', '{}', 0, 0, 0, 0, 'usr_x', 'req_x', ${NOW}, 'queued')`.execute(app.db)
  const importing = await anonymize(app, guest)
  await sql`delete from guest_imports where id = 'imp_open'`.execute(app.db)

  assert.deepEqual([unread.json().code, importing.json().code], ['webhook_in_progress', 'import_in_progress'])
  assert.equal((await anonymize(app, guest)).statusCode, 200)
})

test('a worker that has read the number before it was erased sends nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const deliveryId = await requested(app, guest)
  let claiming: ReturnType<typeof claimDelivery> | undefined
  await withTx(app.db, async (tx) => {
    await sql`lock table channel_limits in exclusive mode`.execute(tx) // between reading the facts and taking the row
    claiming = claimDelivery(app.deps, deliveryId)
    await untilBlocked(app.db)
    assert.equal((await anonymize(app, guest)).statusCode, 200)
  })

  assert.equal((await claiming!).kind, 'nothing')
  const { status, reason } = await rowOf(app.db, deliveryId)
  assert.deepEqual([status, reason], ['skipped', 'guest_anonymized'])
})

test('a message that waits for its outcome is given up, and a new one finds no address', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await aGuest(app.db, await anEvent(app.db))
  const deliveryId = await requested(app, guest)
  await sql`update deliveries set status = 'sending' where id = ${deliveryId}`.execute(app.db)
  await sql`update deliveries set status = 'unknown' where id = ${deliveryId}`.execute(app.db)

  assert.equal((await anonymize(app, guest)).statusCode, 200)

  assert.equal((await rowOf(app.db, deliveryId)).status, 'skipped')
  const again = await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'organizer', body: {} })
  assert.deepEqual([again.statusCode, again.json().code], [422, 'no_address_for_channel'])
})

test('a guest is anonymised once, by their organizer or a director, and can be filled again by nobody', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId)
  const path = `/events/${eventId}/guests/${guest.guestId}`
  await anOrganizer(app.db, OTHER.organizerId)
  assert.equal((await app.post(`${path}/anonymize`, { as: OTHER })).statusCode, 404)
  assert.equal((await app.post(`${path}/anonymize`, { as: 'staff' })).statusCode, 403)
  assert.equal((await app.post(`${path}/anonymize`, { as: 'organizer', body: { reason: '' } })).statusCode, 400)
  const file = await app.get(`/events/${eventId}/guests/export?format=csv`, { as: 'organizer' })

  const [first, second] = await Promise.all([anonymize(app, guest), app.post(`${path}/anonymize`, { as: 'director' })])

  const { requestId: _, ...one } = first.json()
  const { requestId: __, ...same } = second.json()
  assert.deepEqual([first.statusCode, second.statusCode, one], [200, 200, same])
  const changed = await app.patch(path, { as: 'organizer', body: { name: 'Ana' } })
  assert.deepEqual([changed.statusCode, changed.json().code], [409, 'guest_anonymized'])
  const imported = (await upload(app, eventId, file.body)).json()
  assert.deepEqual([imported.rejected, imported.rows[0].errors[0].code], [1, 'conflicting_row'])
  const exported = await app.get(`/events/${eventId}/guests/export?format=csv`, { as: 'organizer' })
  assert.equal(exported.body.trim().split('\n').length, 1)
})

test('every column of a guest is erased or says nothing of a person', async (t) => {
  const { db } = await startApp(t, { now: NOW })
  const { rows } = await sql<{ name: string }>`
    select column_name as name from information_schema.columns where table_name = 'guests' order by 1`.execute(db)
  const erased = ['companions', 'email', 'name', 'notes', 'phone', 'tags', 'wa_id', 'search']
  const kept = ['anonymized_at', 'created_at', 'event_id', 'id', 'locale', 'party_size', 'updated_at']
  assert.deepEqual(
    rows.map(({ name }) => name).filter((name) => ![...erased, ...kept].includes(name)),
    [],
    'a new column: erase it in eraseGuest of events/erasing.ts, or list it here',
  )
})
