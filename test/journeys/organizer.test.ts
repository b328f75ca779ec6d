/**
 * An organizer runs a whole event over HTTP alone: guest list, invitations, what guests write, the door, the numbers. The test
 * plays the provider, whose messages and statuses come by its webhook, and the worker, which runs the jobs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deliverInvitation } from '../../src/delivery/jobs.ts'
import { refreshKpisJob } from '../../src/finance/jobs.ts'
import type { Role, User } from '../../src/http/access.ts'
import { processInbound } from '../../src/inbox/inbox.ts'
import { newId } from '../../src/platform/db.ts'
import { aMessage, hear } from '../conversations.ts'
import { startApp, type TestApp } from '../harness.ts'
import { assignStaff } from '../make.ts'
import { upload } from '../uploads.ts'

const NOW = '2029-06-01T18:00:00.000Z' // noon in Mexico City
const LIST = `nombre;teléfono;correo;lugares;mesa
José Ángel Ñúñez;55 1234 5678;;4;Mesa 1
María López;+52 1 33 8765 4321;;2;Mesa 1
Luis Pérez;81 2345 6789;;1;Mesa 2
Ana Gómez;656 123 4567;;2;Mesa 2
;55 0000 0000;;2;Mesa 3
Sin número;hoy;;1;Mesa 3
Mil personas;55 9999 0000;;1000;Mesa 3
`

type Sent = { id: string; status: string; template: string; guestId: string; providerMessageId: string | null }

/** Requests of one caller, whose answers must be 2xx. */
const caller = (app: TestApp, as: Role | User) => ({
  async get(path: string) {
    const reply = await app.get(path, { as })
    assert.equal(reply.statusCode, 200, `${path}: ${reply.body}`)
    return reply.json()
  },
  async post(path: string, body: object = {}) {
    const reply = await app.post(path, { as, body })
    assert.ok(reply.statusCode < 300, `${path}: ${reply.statusCode} ${reply.body}`)
    return reply.json()
  },
})

/** The worker sends what is queued; then WhatsApp tells that it was delivered and read. Returns what was sent. */
async function sendAndRead(app: TestApp, as: User, eventId: string): Promise<Sent[]> {
  const organizer = caller(app, as)
  const { data: queued } = await organizer.get(`/events/${eventId}/deliveries?status=queued`)
  for (const { id: deliveryId } of queued) await app.runJob(deliverInvitation, { deliveryId })
  const sent: Sent[] = []
  for (const { id } of queued) sent.push(await organizer.get(`/deliveries/${id}`))
  const statuses = sent.flatMap(({ providerMessageId: id }) =>
    ['delivered', 'read'].map((status) => ({ id, status, timestamp: String(Date.parse(NOW) / 1000) })),
  )
  const changes = [{ field: 'messages', value: { messaging_product: 'whatsapp', statuses } }]
  const reply = await app.post('/wa/webhook', {
    body: { object: 'whatsapp_business_account', entry: [{ id: '1', changes }] },
  })
  await processInbound(app.deps, reply.json().eventId)
  return sent
}

test('an organizer runs an event, from the guest list to the numbers', async (t) => {
  const app = await startApp(t, { now: NOW })
  const director = caller(app, 'director')
  const organizerId = newId('org')
  await director.post('/organizers', { id: organizerId, name: 'Bodas del Valle' })
  const as = { id: 'usr_journey', role: 'organizer' as const, organizerId }
  const organizer = caller(app, as)
  const { id: eventId } = await organizer.post('/events', {
    name: 'Boda de Ana y Luis',
    startsAt: '2029-06-01T20:00:00Z',
    endsAt: '2029-06-02T04:00:00Z',
    location: 'Hacienda San José',
  })

  // The guest list: three of seven rows are refused, each with its reason, and the others are guests.
  const imported = (await upload(app, eventId, LIST, { as })).json()
  const rejected = await app.get(`/events/${eventId}/imports/${imported.importId}/rejected.csv`, { as })
  const { data: guests } = await organizer.get(`/events/${eventId}/guests`)
  const find = (name: string) => guests.find((guest: { name: string }) => guest.name.startsWith(name))
  const [jose, maria, luis] = [find('José'), find('María'), find('Luis')]
  assert.deepEqual([imported.created, imported.rejected, guests.length], [4, 3, 4])
  assert.match(rejected.body, /Sin número/)
  assert.deepEqual([jose.phone, jose.partySize, maria.phone], ['+525512345678', 4, '+523387654321'])

  // The campaign: what the preflight counted is what is sent, delivered and read.
  const campaign = { template: 'event_invitation', channel: 'whatsapp', filter: {} }
  const { preflightId, counts } = await organizer.post(`/events/${eventId}/campaigns`, {
    ...campaign,
    dryRun: true,
  })
  const { campaignId } = await organizer.post(`/events/${eventId}/campaigns`, { ...campaign, preflightId })
  const invitations = await sendAndRead(app, as, eventId)
  const progress = await organizer.get(`/campaigns/${campaignId}`)
  const invited = await organizer.get(`/events/${eventId}/summary`)
  const { data: reached } = await organizer.get(`/events/${eventId}/guests?deliveryStatus=read`)
  assert.deepEqual([counts.valid, invitations.length, progress.progress.read, progress.status], [4, 4, 4, 'completed'])
  assert.deepEqual([invited.read.guests, invited.guests.persons, invited.answered.pending.guests], [4, 9, 4])
  assert.deepEqual(
    reached.map((guest: { deliveries: { whatsapp: { status: string } } }) => guest.deliveries.whatsapp.status),
    ['read', 'read', 'read', 'read'],
  )

  // A guest answers in words and asks something; the others answer on their pages, or not at all.
  await hear(app, aMessage(jose.phone, NOW, 'sí, vamos 3'))
  await hear(app, aMessage(jose.phone, NOW, '¿Hay estacionamiento en la hacienda?'))
  const page = await app.get(`/i/${maria.code}`)
  await caller(app, 'viewer').post(`/public/invite/${maria.code}/rsvp`, { answer: 'yes' })
  await caller(app, 'viewer').post(`/public/invite/${luis.code}/rsvp`, { answer: 'no' })
  assert.match(page.body, /Boda de Ana y Luis/)

  // What was written is unread until somebody reads it, and is answered by a person while the window is open.
  const talk = `/events/${eventId}/conversations`
  const { data: unread } = await organizer.get(`${talk}?unread=true`)
  assert.deepEqual(
    unread.map((one: { guestId: string; unread: number }) => [one.guestId, one.unread]),
    [[jose.id, 2]],
  )
  await organizer.post(`${talk}/${jose.id}/read`)
  await organizer.post(`${talk}/${jose.id}/messages`, { text: 'Sí, y es gratis.' })
  const replies = await sendAndRead(app, as, eventId)
  const thread = await organizer.get(`${talk}/${jose.id}`)
  const said = thread.data.map(({ source, text }: { source: string; text: string }) => [source, text])
  const understood = thread.data.find(({ text }: { text: string }) => text === 'sí, vamos 3')
  assert.ok(replies.some(({ template }) => template === 'personal_reply'))
  assert.ok(said.some(([source, text]: [string, string]) => source === 'person' && text === 'Sí, y es gratis.'))
  assert.deepEqual([understood.partySize, understood.changed], [3, { answer: 'yes', places: 3 }])
  assert.deepEqual((await organizer.get(`${talk}?unread=true`)).data, [])
  assert.equal(thread.conversation.unread, 0)

  // The door: a code opens once, for as many as were confirmed.
  await assignStaff(app.db, eventId, 'usr_gate')
  const staff = caller(app, { id: 'usr_gate', role: 'staff', organizerId })
  const scan = (code: string, admit: number) => staff.post('/scan/validate', { eventId, code, admit, gate: 'Norte' })
  const scans = [await scan(jose.code, 3), await scan(jose.code, 1), await scan(maria.code, 2)]
  assert.deepEqual(
    scans.map(({ status }) => status),
    ['valid', 'duplicate', 'valid'],
  )
  assert.equal(scans[1].first.gate, 'Norte')

  // Summary, door and the Director's overview tell the same.
  await app.runJob(refreshKpisJob, {})
  const summary = await organizer.get(`/events/${eventId}/summary`)
  const door = await organizer.get(`/events/${eventId}/door`)
  const overview = await director.get(`/director/overview?organizerId=${organizerId}`)
  const { yes, no, pending } = summary.answered
  assert.deepEqual([yes.guests, yes.persons, no.guests, pending.guests], [2, 5, 1, 1])
  assert.deepEqual([summary.admitted.guests, summary.admitted.persons], [2, 5])
  assert.deepEqual([door.persons.admitted, door.persons.inside, door.duplicates], [5, 5, 1])
  assert.deepEqual([door.gates[0].gate, door.gates[0].admitted], ['Norte', summary.admitted.persons])
  const { total, pending: open, declined, scanned } = overview.guests
  assert.deepEqual([total, scanned, declined, open], [summary.guests.guests, summary.admitted.guests, no.guests, 1])
  assert.equal(overview.events.total, 1)
  assert.equal(overview.deliveries.read, invitations.length + replies.length)
})
