import assert from 'node:assert/strict'
import { test } from 'node:test'
import xlsx from '@e965/xlsx'
import { parse } from 'csv-parse/sync'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { upload } from '../../test/uploads.ts'

const GUESTS = [
  {
    id: 'g1',
    name: 'Ana Pérez',
    phone: '5512345678',
    email: 'ana@example.com',
    partySize: 4,
    tags: ['a, b', 'c;d\\', 'e|f'],
  },
  { id: 'g2', name: 'Luis', phone: '5512345678', notes: '- sin gluten\n\n=1+1\n«fin»' },
  { id: 'g3', name: '=cmd|calc', locale: 'en', tags: ['-x', '@y'] },
  { id: 'g4', name: "'=cmd" },
  { id: 'g5', name: "''+1" },
  { id: 'g6', name: 'Juan "El Güero", el de _x0041_' },
  { id: 'g7', name: 'Juan "El Güero", el de _x0041_', notes: "'comillas'" },
  { id: 'g8', name: '👨‍👩‍👧 Ñandú; <b>&amp;</b>' },
  { id: 'g9', name: '0012', notes: '2026-12-24' },
  { id: 'g10', name: 'true', notes: "'" },
]

async function anEventOfGuests(app: TestApp): Promise<string> {
  const eventId = await anEvent(app.db)
  for (const body of GUESTS) {
    const reply = await app.post(`/events/${eventId}/guests`, { as: 'organizer', body })
    assert.equal(reply.statusCode, 201, reply.body)
  }
  return eventId
}

const listGuests = async (app: TestApp, eventId: string) =>
  (await app.get(`/events/${eventId}/guests?limit=200`, { as: 'organizer' })).json<{ data: { id: string }[] }>().data

for (const format of ['csv', 'xlsx']) {
  test(`a ${format} export that is imported again changes nothing`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEventOfGuests(app)
    const before = await listGuests(app, eventId)

    const file = await app.get(`/events/${eventId}/guests/export?format=${format}`, { as: 'viewer' })
    const again = await upload(app, eventId, file.rawPayload)

    assert.equal(file.statusCode, 200)
    assert.match(String(file.headers['content-disposition']), new RegExp(`${eventId}-guests\\.${format}`))
    const { created, updated, unchanged, rejected, rows } = again.json()
    assert.deepEqual([created, updated, unchanged, rejected], [0, 0, GUESTS.length, 0], JSON.stringify(rows))
    assert.deepEqual(await listGuests(app, eventId), before)
  })

  test(`a ${format} export that is imported into another event makes the same guests`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEventOfGuests(app)
    const other = await anEvent(app.db)

    const file = await app.get(`/events/${eventId}/guests/export?format=${format}`, { as: 'organizer' })
    const result = (await upload(app, other, file.rawPayload)).json()

    assert.equal(result.created, GUESTS.length)
    const plain = async (id: string) =>
      (await listGuests(app, id))
        .map((guest) => ({ ...guest, eventId: null, code: null, createdAt: null }))
        .toSorted((a, b) => a.id.localeCompare(b.id))
    assert.deepEqual(await plain(other), await plain(eventId))
  })
}

test('an export has every guest once, in CSV and as a sheet, whatever their number', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = ['nombre', ...Array.from({ length: 2001 }, (_, n) => `Invitado ${n}`)].join('\n')
  await upload(app, eventId, list)

  const csv = await app.get(`/events/${eventId}/guests/export`, { as: 'organizer' })
  const sheet = await app.get(`/events/${eventId}/guests/export?format=xlsx`, { as: 'organizer' })

  const rows = parse<Record<string, string>>(csv.body, { bom: true, columns: true })
  const cells = xlsx.utils.sheet_to_json<Record<string, unknown>>(xlsx.read(sheet.rawPayload).Sheets['guests']!)
  for (const names of [rows.map((row) => row['name']), cells.map((row) => row['name'])])
    assert.equal(new Set(names).size, 2001)
  assert.deepEqual([rows.length, cells.length, cells[0]!['partySize']], [2001, 2001, 1])
  assert.deepEqual([rows[0]!['status'], rows[0]!['answer'], rows[0]!['admitted']], ['pending', 'pending', '0'])
})

test('an export of another organizer is 404, one of an unknown format 400', async (t) => {
  const app = await startApp(t)
  const theirs = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })
  await aGuest(app.db, theirs)

  assert.equal((await app.get(`/events/${theirs}/guests/export`, { as: 'organizer' })).json().code, 'event_not_found')
  assert.equal((await app.get(`/events/${theirs}/guests/export?format=pdf`, { as: 'director' })).statusCode, 400)
  assert.equal((await app.get(`/events/${theirs}/guests/export`, { as: 'staff' })).statusCode, 403)
})
