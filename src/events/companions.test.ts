/** Who comes with a guest: named by the organizer or the guest, shown at the door. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'

const named = (...names: string[]) => names.map((name) => ({ name }))
const seen = async (app: TestApp, { eventId, guestId }: { eventId: string; guestId: string }) =>
  (await app.get(`/events/${eventId}/guests/${guestId}`, { as: 'organizer' })).json().companions
const submit = (app: TestApp, code: string, form: string) =>
  app.post(`/public/invite/${code}/rsvp`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    payload: form,
  })

test('the organizer names companions, fewer than the party; a smaller party keeps the first ones', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const path = `/events/${eventId}/guests`
  const body = { name: 'Ana', partySize: 3, companions: named(' Beto\u200b ', 'Caro') }

  const made = (await app.post(path, { as: 'organizer', body })).json()
  const change = (changes: object) => app.patch(`${path}/${made.id}`, { as: 'organizer', body: changes })
  const many = await app.post(path, { as: 'organizer', body: { ...body, partySize: 2 } })
  const more = await change({ companions: named('Beto', 'Caro', 'Dani') })
  const unnamed = await change({ companions: named('\u200b') })
  const renamed = (await change({ name: 'Ana López' })).json()
  const smaller = (await change({ partySize: 2 })).json()

  assert.deepEqual(made.companions, named('Beto', 'Caro'))
  for (const refused of [many, more, unnamed])
    assert.deepEqual([refused.statusCode, refused.json().code], [400, 'invalid_request'])
  assert.deepEqual(many.json().errors[0].path, 'body.companions')
  assert.deepEqual(renamed.companions, named('Beto', 'Caro'))
  assert.deepEqual(smaller.companions, named('Beto'))
  assert.deepEqual((await change({ companions: [] })).json().companions, [])
})

test('a guest who says yes names companions, as JSON or in the form, and the door shows them', async (t) => {
  const app = await startApp(t)
  const guest = await aGuest(app.db, await anEvent(app.db), { partySize: 3 })
  const answer = (body: object) => app.post(`/public/invite/${guest.code}/rsvp`, { body })

  const yes = (await answer({ answer: 'yes', companions: named('Beto') })).json()
  const kept = (await answer({ answer: 'yes', partySize: 2 })).json()
  const form = await submit(app, guest.code, 'answer=yes&partySize=3&companion=Caro&companion=')
  const page = (await app.get(`/i/${guest.code}`)).body
  const scan = await app.post('/scan/validate', { as: 'staff', body: { eventId: guest.eventId, code: guest.code } })
  const again = await app.post('/scan/validate', {
    as: 'staff',
    body: { eventId: guest.eventId, code: guest.code, admit: 3 },
  })

  assert.deepEqual([yes.guest.companions, kept.guest.companions], [named('Beto'), named('Beto')])
  assert.equal(form.statusCode, 303)
  assert.ok(page.includes('name="companion" maxlength="200" value="Caro"'))
  assert.deepEqual(await seen(app, guest), named('Caro'))
  assert.deepEqual(scan.json().guest.companions, named('Caro'))
  assert.deepEqual([again.json().status, again.json().guest.companions], ['duplicate', named('Caro')])
})

test('more names than people change neither names nor answer; a no leaves the names', async (t) => {
  const app = await startApp(t)
  const guest = await aGuest(app.db, await anEvent(app.db), { partySize: 3 })
  const answer = (body: object) => app.post(`/public/invite/${guest.code}/rsvp`, { body })
  await answer({ answer: 'yes', companions: named('Beto', 'Caro') })

  for (const body of [
    { answer: 'yes', partySize: 2, companions: named('Dani', 'Eva') },
    { answer: 'yes', companions: named('Dani', 'Eva', 'Fer') },
  ]) {
    const reply = await answer(body)
    assert.deepEqual([reply.statusCode, reply.json().code], [409, 'companions_exceeded'])
  }
  const form = await submit(app, guest.code, 'answer=yes&partySize=1&companion=Dani')
  assert.equal(form.statusCode, 409)
  assert.ok(form.body.includes('Escribiste más nombres'))
  const no = (await answer({ answer: 'no', companions: [] })).json()
  assert.deepEqual([no.answer, no.guest.companions], ['no', named('Beto', 'Caro')])
})

test('after an answer for fewer people the door shows no more companions than come, and the others are not forgotten', async (t) => {
  const app = await startApp(t)
  const guest = await aGuest(app.db, await anEvent(app.db), { partySize: 3 })
  const { eventId, guestId, code } = guest
  const write = (partySize: number) =>
    app.post(`/events/${eventId}/guests/${guestId}/rsvp`, { as: 'organizer', body: { answer: 'yes', partySize } })
  const scan = (body: object) => app.post('/scan/validate', { as: 'staff', body: { eventId, code, ...body } })
  await app.post(`/public/invite/${code}/rsvp`, { body: { answer: 'yes', companions: named('Beto', 'Caro') } })

  await write(2)
  const scanId = '0197f1a0-0000-7000-8000-000000000001'
  const first = (await scan({ scanId })).json()
  const [repeated, duplicate] = [(await scan({ scanId })).json(), (await scan({ admit: 2 })).json()]
  await write(3)

  assert.deepEqual([first.status, duplicate.status], ['valid', 'duplicate'])
  for (const { guest: shown } of [first, repeated, duplicate]) assert.deepEqual(shown.companions, named('Beto'))
  assert.deepEqual((await scan({})).json().guest.companions, named('Beto', 'Caro'))
  assert.deepEqual(await seen(app, guest), named('Beto', 'Caro'))
})

test('a name is shown as it was written and is no markup', async (t) => {
  const app = await startApp(t)
  const guest = await aGuest(app.db, await anEvent(app.db), { partySize: 2 })
  const name = '"><script>alert(1)</script>'

  await submit(app, guest.code, new URLSearchParams({ answer: 'yes', companion: name }).toString())
  const page = (await app.get(`/i/${guest.code}`)).body

  assert.deepEqual(await seen(app, guest), named(name))
  assert.ok(!page.includes('<script'))
})
