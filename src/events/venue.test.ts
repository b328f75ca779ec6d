import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'

const change = (app: TestApp, eventId: string, body: object) =>
  app.patch(`/events/${eventId}`, { as: 'organizer', body })
const NOWHERE = { name: null, address: null, mapUrl: null, latitude: null, longitude: null }
const HALL = { ...NOWHERE, name: 'Hacienda San José', address: 'Carr. 5, Cholula' }

test('the location of an event follows its venue, unless it has a text of its own', async (t) => {
  const app = await startApp(t)
  const body = { name: 'Boda', startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-01-01T06:00:00Z' }
  const eventId = await anEvent(app.db) // makes the organizer, too
  const made = (await app.post('/events', { as: 'organizer', body: { ...body, venue: HALL } })).json()

  const moved = (await change(app, made.id, { venue: { name: 'Jardín\u200b Sur' } })).json()
  const own = (await change(app, made.id, { location: 'Por la puerta 3' })).json()
  const both = (await change(app, made.id, { venue: HALL })).json()
  const back = (await change(app, made.id, { location: null })).json()
  const none = (await change(app, made.id, { venue: null })).json()

  assert.deepEqual([made.venue, made.location], [HALL, 'Hacienda San José, Carr. 5, Cholula'])
  assert.deepEqual([moved.venue, moved.location], [{ ...NOWHERE, name: 'Jardín Sur' }, 'Jardín Sur'])
  assert.deepEqual([own.venue, own.location], [moved.venue, 'Por la puerta 3'])
  assert.deepEqual([both.venue, both.location], [HALL, 'Por la puerta 3'])
  assert.equal(back.location, 'Hacienda San José, Carr. 5, Cholula')
  assert.deepEqual([none.venue, none.location], [null, null])
  const old = (await change(app, eventId, { location: 'Salón Azul' })).json()
  assert.deepEqual([old.venue, old.location], [null, 'Salón Azul'])
})

for (const [what, body, query] of [
  [
    'a link of their own',
    { ...HALL, mapUrl: 'https://maps.app.goo.gl/x?a=1&b=2' },
    'https://maps.app.goo.gl/x?a=1&b=2',
  ],
  ['a point', { ...HALL, latitude: 19.0413, longitude: -98.2062 }, '19.0413%2C-98.2062'],
  ['an address', HALL, 'Carr.%205%2C%20Cholula'],
  ['a name', { name: 'Salón "Azul"' }, 'Sal%C3%B3n%20%22Azul%22'],
] as const) {
  test(`the page and the API have one map link: of ${what}`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)
    const { code } = await aGuest(app.db, eventId)
    await change(app, eventId, { venue: body })

    const { event } = (await app.get(`/public/invite/${code}`, { headers: { accept: 'application/json' } })).json()
    const page = (await app.get(`/i/${code}`)).body
    const calendar = (await app.get(`/public/invite/${code}/event.ics`)).body

    const link = query.startsWith('https') ? query : `https://www.google.com/maps/search/?api=1&query=${query}`
    assert.equal(event.mapLink, link)
    assert.ok(page.includes(`href="${link.replaceAll('&', '&amp;')}"`))
    assert.equal(calendar.includes('GEO:19.0413;-98.2062\r\n'), what === 'a point')
  })
}

test('a venue that nobody could find is 400, and a map link is a web address', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  for (const venue of [
    {},
    { name: '\u200b ' },
    { ...HALL, latitude: 19 },
    { ...HALL, latitude: 91, longitude: 0 },
    { ...HALL, mapUrl: 'javascript:alert(1)' },
    { ...HALL, mapUrl: 'maps' },
    { ...HALL, floor: 3 },
  ]) {
    const reply = await change(app, eventId, { venue })
    assert.deepEqual([reply.statusCode, reply.json().code], [400, 'invalid_request'], JSON.stringify(venue))
  }
  assert.equal((await app.get(`/events/${eventId}`, { as: 'organizer' })).json().venue, null)
})
