/** `rsvpUntil`: from then on guests cannot answer, and people of the organizer can. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { aMessage, hear } from '../../test/conversations.ts'
import { NOON } from '../../test/deliveries.ts'

const after = (ms: number) => new Date(Date.parse(NOON) + ms).toISOString()

async function anEventWithCutoff(app: TestApp, rsvpUntil = NOON) {
  const eventId = await anEvent(app.db)
  const reply = await app.patch(`/events/${eventId}`, { as: 'organizer', body: { rsvpUntil } })
  assert.equal(reply.json().rsvpUntil, rsvpUntil)
  return eventId
}
const answer = (app: TestApp, code: string, said: string) =>
  app.post(`/public/invite/${code}/rsvp`, { body: { answer: said } })
const answerOf = async (app: TestApp, invitationId: string) =>
  (await sql<{ answer: string }>`select answer from invitations where id = ${invitationId}`.execute(app.db)).rows[0]!
    .answer

test('guests answer until the millisecond of the cutoff, and are told when it was', async (t) => {
  const app = await startApp(t, { now: after(-1) })
  const { code, invitationId } = await aGuest(app.db, await anEventWithCutoff(app))

  assert.equal((await answer(app, code, 'yes')).statusCode, 200)
  app.setNow(NOON)
  const late = await answer(app, code, 'no')

  assert.deepEqual([late.statusCode, late.json().code], [409, 'rsvp_closed'])
  assert.ok(late.json().detail.includes(NOON))
  assert.equal(await answerOf(app, invitationId), 'yes')
})

test('after the cutoff the page shows the pass and the time, and no form; a form that was open gets the reason', async (t) => {
  const app = await startApp(t, { now: after(-1) })
  const eventId = await anEventWithCutoff(app)
  const [yes, pending] = [await aGuest(app.db, eventId, { answer: 'yes' }), await aGuest(app.db, eventId)]
  const open = async (code: string) => (await app.get(`/i/${code}`)).body

  const early = await open(pending.code)
  app.setNow(NOON)
  const [ofYes, ofPending] = [await open(yes.code), await open(pending.code)]
  const posted = await app.post(`/public/invite/${pending.code}/rsvp`, {
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    payload: 'answer=yes',
  })
  const view = (await app.get(`/public/invite/${yes.code}`, { headers: { accept: 'application/json' } })).json()

  assert.ok(early.includes('Responde a más tardar el Viernes 1 de junio de 2029, 12:00 h') && early.includes('<form'))
  for (const page of [ofYes, ofPending])
    assert.ok(page.includes('Ya no se reciben respuestas') && !page.includes('<form'))
  assert.ok(ofYes.includes('<svg') && !ofPending.includes('<svg') && ofYes.includes('event.ics'))
  assert.equal(posted.statusCode, 409)
  assert.ok(posted.body.includes('Ya pasó la fecha límite para responder'))
  assert.deepEqual([view.isOpen, view.isPastCutoff, view.event.rsvpUntil], [false, true, NOON])
})

for (const words of ['sí, vamos', 'no podremos ir']) {
  test(`«${words}» by WhatsApp after the cutoff is kept, changes nothing, and is told so once`, async (t) => {
    const app = await startApp(t, { now: NOON })
    const eventId = await anEventWithCutoff(app)
    const { phone, invitationId, guestId } = await aGuest(app.db, eventId)

    await hear(app, aMessage(phone, NOON, words), aMessage(phone, NOON, words))

    const replies = await sql<{ template: string }>`
      select template from deliveries where event_id = ${eventId} and guest_id = ${guestId}`.execute(app.db)
    const kept = await sql`select id from wa_messages where phone = ${phone}`.execute(app.db)
    assert.equal(await answerOf(app, invitationId), 'pending')
    assert.deepEqual([replies.rows, kept.rows.length], [[{ template: 'event_over' }], 2])
  })
}

test('people of the organizer still write down an answer after the cutoff, until the event ends', async (t) => {
  const app = await startApp(t, { now: NOON })
  const { eventId, guestId, invitationId } = await aGuest(app.db, await anEventWithCutoff(app))
  const write = (said: string) =>
    app.post(`/events/${eventId}/guests/${guestId}/rsvp`, { as: 'organizer', body: { answer: said } })

  assert.equal((await write('yes')).statusCode, 200)
  app.setNow('2031-01-01T00:00:00Z')

  assert.equal((await write('no')).json().code, 'event_not_open')
  assert.equal(await answerOf(app, invitationId), 'yes')
})

test('a cutoff can be taken back, and one after the end of the event changes nothing', async (t) => {
  const app = await startApp(t, { now: NOON })
  const eventId = await anEventWithCutoff(app)
  const { code } = await aGuest(app.db, eventId)
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { rsvpUntil: null } })
  assert.equal((await answer(app, code, 'yes')).statusCode, 200)

  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { rsvpUntil: '2035-01-01T00:00:00Z' } })
  app.setNow('2034-01-01T00:00:00Z')

  assert.equal((await answer(app, code, 'no')).json().code, 'event_not_open')
  const wrong = await app.patch(`/events/${eventId}`, { as: 'organizer', body: { rsvpUntil: 'mañana' } })
  assert.equal(wrong.json().code, 'invalid_request')
})

test('after the cutoff a guest confirmed from the waiting list, or who still waits, may say no and nothing else', async (t) => {
  const app = await startApp(t, { now: after(-1) })
  const eventId = await anEventWithCutoff(app)
  await app.patch(`/events/${eventId}`, { as: 'organizer', body: { capacity: 2 } })
  const confirm = async () => {
    const guest = await aGuest(app.db, eventId, { answer: 'yes' })
    await sql`update invitations set answered_by = 'waitlist' where id = ${guest.invitationId}`.execute(app.db)
    return guest
  }
  const [onPage, onPhone] = [await confirm(), await confirm()]
  const [waiting, waitingOnPhone] = [await aGuest(app.db, eventId), await aGuest(app.db, eventId)]
  for (const { code } of [waiting, waitingOnPhone])
    assert.equal((await app.post(`/public/invite/${code}/waitlist`, { body: {} })).statusCode, 200)
  app.setNow(NOON)
  const open = async (code: string) => (await app.get(`/i/${code}`)).body
  const buttons = (page: string) => [...page.matchAll(/name="answer" value="(\w+)"/g)].map(([, said]) => said)

  for (const { code } of [onPage, waiting]) {
    assert.deepEqual(buttons(await open(code)), ['no'])
    assert.equal((await answer(app, code, 'maybe')).json().code, 'rsvp_closed')
  }
  assert.ok((await open(waiting.code)).includes('Estás en la lista de espera'))
  for (const { code } of [onPage, waiting]) {
    const said = await answer(app, code, 'no')
    assert.deepEqual([said.statusCode, said.json().waitlist, said.json().mayDecline], [200, null, false])
  }
  await hear(app, aMessage(onPhone.phone, NOON, 'no podremos ir'))
  await hear(app, aMessage(waitingOnPhone.phone, NOON, 'no podremos ir'))

  for (const { invitationId, code } of [onPage, onPhone, waiting, waitingOnPhone]) {
    assert.equal(await answerOf(app, invitationId), 'no')
    assert.deepEqual(buttons(await open(code)), [])
  }
  assert.deepEqual((await app.get(`/events/${eventId}/waitlist`, { as: 'organizer' })).json().data, [])
})
