/**
 * Every operation that changes something leaves an entry in the audit log, with its actor and its request; what leaves none
 * says why. A new operation fails here until it is told.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '../src/platform/db.ts'
import { startApp, type TestApp } from './harness.ts'
import { aGuest, anEvent, anOrganizer, aPhone } from './make.ts'
import { aMessage, hear } from './conversations.ts'
import { upload } from './uploads.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const HOME = 'org_audited'
const OWNER = { id: 'usr_audited', role: 'organizer' as const, organizerId: HOME }

/** Operations that leave no entry. */
const SILENT: Record<string, string> = {
  changeCurrentUser: 'what people decide about themselves',
  endSession: 'logins have a list of their own (GET /auth/sessions)',
  endOtherSessions: 'as endSession',
  readConversation: 'reading changes nothing that others see, but who has read',
  previewTemplate: 'changes nothing',
  previewRejectedRows: 'changes nothing',
  sendInvitation: 'the delivery names who asked for it',
  replyToGuest: 'the delivery names who wrote it',
  validateScan: 'the scan names who scanned',
  syncScans: 'as validateScan',
  createPaymentIntent: 'the payment names who asked for it',
  applyPaymentReview: 'as dismissPaymentReview: one trigger writes both',
  rotateDoorKey: 'the key names who made it',
  retryDeadLetter: 'as discardDeadLetter: one trigger writes both',
  retryDeadLetters: 'as discardDeadLetter',
  discardDeadLetters: 'as discardDeadLetter',
  refundPayment: 'the trigger is that of enterPayment; refunds are tested with their providers',
  // auth/audit.ts writes these, and users.test.ts tests them.
  inviteUser: 'users.test.ts',
  updateUser: 'users.test.ts',
  disableUser: 'users.test.ts',
  resetPassword: 'users.test.ts',
}

type Entry = {
  action: string
  entity: string
  entityId: string
  organizerId: string | null
  actor: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}
type Made = { operation: string; requestId: string; entries: Entry[] }

/** Calls operations and reads what the log says of each request. */
function openWalk(app: TestApp) {
  const made: Made[] = []
  const call = async (
    operation: string,
    method: 'post' | 'put' | 'patch' | 'delete',
    url: string,
    body?: object,
    as: 'director' | typeof OWNER = OWNER,
  ) => {
    const reply = await app[method](url, { as, ...(body ? { body } : {}) })
    assert.ok(reply.statusCode < 300, `${operation} ${reply.statusCode} ${reply.body}`)
    const requestId = String(reply.headers['x-request-id'])
    const { rows } = await sql<Entry>`select * from audit_entries where request_id = ${requestId} order by id`.execute(
      app.db,
    )
    for (const entry of rows) assert.equal(entry.actor, as === 'director' ? 'usr_test_director' : OWNER.id, operation)
    made.push({ operation, requestId, entries: rows })
    return { json: reply.json(), entries: rows, of: (action: string) => rows.find((entry) => entry.action === action)! }
  }
  return { made, call }
}

test('each operation that changes something leaves an entry', async (t) => {
  const app = await startApp(t, { now: NOW })
  await anOrganizer(app.db, HOME)
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values (${OWNER.id}, ${HOME}, 'audited@example.com', 'Dueña', 'organizer', 'none'),
           ('usr_audited_staff', ${HOME}, 'audited.staff@example.com', 'Puerta', 'staff', 'none')`.execute(app.db)
  const { made, call } = openWalk(app)

  const { json: organizer } = await call('createOrganizer', 'post', '/organizers', { name: 'Otra' }, 'director')
  const created = await call('createEvent', 'post', '/events', {
    name: 'Boda',
    startsAt: '2029-07-01T00:00:00Z',
    endsAt: '2029-07-01T06:00:00Z',
  })
  const eventId = created.json.id
  const changed = await call('updateEvent', 'patch', `/events/${eventId}`, { capacity: 80 })
  assert.deepEqual(
    changed.entries.map(({ before, after }) => [before, after]),
    [[{ capacity: null }, { capacity: 80 }]],
  )
  assert.equal(changed.entries[0]!.organizerId, HOME)

  // Of a guest, the log names what changed of their personal data and does not keep it.
  const guest = await call('createGuest', 'post', `/events/${eventId}/guests`, { name: 'Ana Secreta', phone: aPhone() })
  const guestUrl = `/events/${eventId}/guests/${guest.json.id}`
  const renamed = await call('updateGuest', 'patch', guestUrl, { name: 'Otra Secreta', partySize: 3 })
  assert.deepEqual(
    [renamed.of('guest_changed').before, renamed.of('guest_changed').after],
    [{ partySize: 1 }, { eventId, partySize: 3, changed: ['name'] }],
  )
  const nothing = await app.patch(guestUrl, { as: OWNER, body: { partySize: 3 } })
  const { rows: none } =
    await sql`select from audit_entries where request_id = ${nothing.headers['x-request-id']}`.execute(app.db)
  assert.deepEqual(none, [], 'what stays as it was is no change')
  const answered = await call('writeDownAnswer', 'post', `${guestUrl}/rsvp`, {
    answer: 'yes',
    partySize: 2,
    note: 'Secreta',
  })
  assert.deepEqual(answered.of('answer_created').after, { answer: 'yes', places: 2 })
  const { id: goneId } = (await app.post(`/events/${eventId}/guests`, { as: OWNER, body: { name: 'Se va' } })).json()
  await call('deleteGuest', 'delete', `/events/${eventId}/guests/${goneId}`)

  const list = await upload(app, eventId, 'nombre,correo\nUna Secreta,una@example.com\nDos Secreta,dos@example.com\n', {
    as: OWNER,
  })
  const { rows: listed } = await sql<Entry>`
    select * from audit_entries where request_id = ${list.headers['x-request-id']}`.execute(app.db)
  assert.deepEqual(
    listed.map(({ action, after }) => [action, after?.['created']]),
    [['guest_import_created', 2]],
  )
  made.push({ operation: 'importGuests', requestId: '', entries: listed })

  const open = await anEvent(app.db, { organizerId: HOME, startsAt: NOW })
  const scanned = await aGuest(app.db, open)
  await app.post('/scan/validate', { as: OWNER, body: { eventId: open, code: scanned.code, scanId: 'audited' } })
  await call('undoScan', 'post', `/events/${open}/scans/audited/undo`, { reason: 'Se equivocó' })
  await hear(app, aMessage(scanned.phone, NOW, 'Hola'))
  await call('assignConversation', 'post', `/events/${open}/conversations/${scanned.guestId}/assign`, {
    userId: OWNER.id,
  })

  const doorkeeper = await call('addEventStaff', 'post', `/events/${open}/staff`, {
    userId: 'usr_audited_staff',
    gate: 'Norte',
  })
  assert.deepEqual(doorkeeper.of('event_staff_created').after?.['gate'], 'Norte')
  await call('removeEventStaff', 'delete', `/events/${open}/staff/usr_audited_staff`)
  const key = await call('createApiKey', 'post', '/api-keys', { name: 'Integración', scopes: ['read'] })
  assert.ok(!JSON.stringify(key.entries).includes(key.json.key), 'the log has no key')
  const { json: next } = await call('rotateApiKey', 'post', `/api-keys/${key.json.apiKey.id}/rotate`)
  await call('deleteApiKey', 'delete', `/api-keys/${next.apiKey.id}`)
  const { json: device } = await call('addDevice', 'post', '/devices', {
    eventId: open,
    gate: 'Norte',
    name: 'Teléfono 1',
  })
  await call('deleteDevice', 'delete', `/devices/${device.device.id}`)
  await call('writeEventTexts', 'put', `/events/${eventId}/texts/es-MX`, { title: 'Nuestra boda' })
  await call('revokePass', 'post', `/events/${open}/guests/${scanned.guestId}/pass/revoke`, { reason: 'Secreta' })
  const full = await anEvent(app.db, { organizerId: HOME, startsAt: '2029-08-01T00:00:00Z', capacity: 1 })
  await aGuest(app.db, full, { answer: 'yes' })
  const { guestId: waiting } = await aGuest(app.db, full)
  await call('addToWaitlist', 'post', `/events/${full}/waitlist`, { guestId: waiting })
  await call('removeFromWaitlist', 'delete', `/events/${full}/waitlist/${waiting}`)
  await call('anonymizeGuest', 'post', guestUrl + '/anonymize', { reason: 'Secreta' })

  const launch = { template: 'event_invitation', channel: 'auto', filter: {} }
  const { preflightId } = (
    await app.post(`/events/${open}/campaigns`, { as: OWNER, body: { ...launch, dryRun: true } })
  ).json()
  const { json: campaign } = await call('launchCampaign', 'post', `/events/${open}/campaigns`, {
    ...launch,
    preflightId,
  })
  for (const step of ['pause', 'resume', 'cancel'])
    await call(`${step}Campaign`, 'post', `/campaigns/${campaign.campaignId}/${step}`)
  await call('pauseEventSending', 'post', `/events/${open}/deliveries/pause`)
  await call('resumeEventSending', 'post', `/events/${open}/deliveries/resume`)
  await call('pauseOrganizerSending', 'post', `/organizers/${HOME}/deliveries/pause`, undefined, 'director')
  await call('resumeOrganizerSending', 'post', `/organizers/${HOME}/deliveries/resume`, undefined, 'director')
  await call('pauseChannel', 'post', '/ops/channels/email/pause', { reason: 'Prueba' }, 'director')
  await call('resumeChannel', 'post', '/ops/channels/email/resume', undefined, 'director')

  await call('cancelEvent', 'post', `/events/${full}/cancel`, { reason: 'Lluvia' })

  const money = { organizerId: HOME, amountCents: 50_000, currency: 'MXN' }
  const paid = await call('enterPayment', 'post', '/director/payments', { ...money, method: 'transfer' }, 'director')
  assert.equal(paid.of('payment_created').after?.['amountCents'], 50_000)
  assert.equal(paid.of('payment_created').organizerId, HOME)
  const reason = { reason: 'Error' }
  await call('reversePayment', 'post', `/director/payments/${paid.json.payment.id}/reverse`, reason, 'director')
  const tickets = { organizerId: HOME, kind: 'loan', tickets: 10, unitPriceCents: 1000, currency: 'MXN' }
  const { json: assigned } = await call('assignTickets', 'post', '/director/assignments', tickets, 'director')
  await call('reverseAssignment', 'post', `/director/assignments/${assigned.assignment.id}/reverse`, reason, 'director')
  await app.post('/director/assignments', { as: 'director', body: tickets })
  const debt = { amountCents: 100, currency: 'MXN', ...reason }
  await call('writeDebtOff', 'post', `/director/organizers/${HOME}/write-offs`, debt, 'director')
  await call('createExport', 'post', '/director/exports', { report: 'payments', format: 'csv' }, 'director')
  await sql`insert into payment_reviews (id, provider, kind, object_id, provider_ref, reason, state, amount_cents, currency, mode,
      occurred_at, request_id, created_at)
    values ('rev_audited', 'stripe', 'charge', 'ch_audited', 'pi_audited', 'unknown_payment', 'done', 100, 'MXN', 'test', ${NOW}, 'req', ${NOW})`.execute(
    app.db,
  )
  await call('dismissPaymentReview', 'post', '/payments/reviews/rev_audited/dismiss', reason, 'director')
  const { rows: letters } = await sql<{ id: number }>`
    insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at)
    values ('delivery', 'dl_audited', 'attempts_spent', 5, ${NOW}, ${NOW}) returning id`.execute(app.db)
  await call('discardDeadLetter', 'post', `/ops/dead-letters/${letters[0]!.id}/discard`, undefined, 'director')

  for (const { operation, entries } of made) assert.ok(entries.length > 0, `${operation} leaves no entry`)
  const document = (await app.get('/openapi.json')).json()
  const unsafe = Object.values<Record<string, { operationId: string; security?: [] }>>(document.paths)
    .flatMap((methods) => Object.entries(methods))
    .filter(([method, { security }]) => method !== 'get' && security?.length !== 0)
    .map(([, { operationId }]) => operationId)
  const told = [...made.map(({ operation }) => operation), ...Object.keys(SILENT)]
  assert.deepEqual(
    unsafe.filter((id) => !told.includes(id)),
    [],
    'say what these leave in the audit log',
  )

  // The director reads everything, and the organizer what is theirs.
  const { rows: all } = await sql<{ text: string }>`select audit_entries::text as text from audit_entries`.execute(
    app.db,
  )
  assert.ok(!all.some(({ text }) => text.includes('Secreta')), 'personal data in the audit log')
  const own = (await app.get('/audit?limit=200', { as: OWNER })).json<{ data: Entry[] }>().data
  assert.ok(own.length > 10)
  assert.deepEqual([...new Set(own.map(({ organizerId }) => organizerId))], [HOME])
  assert.ok(!own.some(({ entityId }) => entityId === organizer.id))
})

test('every column that a trigger of the audit log names is a column of its table', async (t) => {
  const { db } = await startApp(t, { now: NOW })
  const { rows } = await sql<{ name: string; args: string; columns: string[] }>`
    select t.tgrelid::regclass::text as name, encode(t.tgargs, 'escape') as args,
           array(select attname::text from pg_attribute where attrelid = t.tgrelid and not attisdropped) as columns
      from pg_trigger t
     where t.tgname in ('audit', 'audit_end')`.execute(db)
  assert.ok(rows.length > 20)
  for (const { name, args, columns } of rows) {
    const [, id, kept, personal] = args.split('\\000')
    const named = [id!, ...kept!.split(' '), ...personal!.split(' ').filter(Boolean)]
    assert.deepEqual(
      named.filter((column) => !columns.includes(column)),
      [],
      name,
    )
  }
})
