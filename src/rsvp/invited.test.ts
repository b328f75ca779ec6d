/** Which guest and which invitation a message belongs to: user ids that are linked later, shared phones, other people's buttons. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, aPhone, type MadeGuest } from '../../test/make.ts'
import { withProvider } from '../../test/provider.ts'
import { processInbound } from '../inbox/inbox.ts'

const NOW = '2029-06-01T12:00:00.000Z'
type Json = Record<string, unknown>
/** A timestamp of the provider, `minutes` from now. */
const at = (minutes: number) => String(Date.parse(NOW) / 1000 + minutes * 60)
const waIdOf = (phone: string | null) => phone!.replace('+52', '521')
const aText = (from: Json, body: string, more: Json = {}): Json => ({
  ...{ ...from, id: newId('wamid'), timestamp: at(0), type: 'text', text: { body } },
  ...more,
})
const aTap = (from: Json, payload: string, more: Json = {}): Json =>
  aText(from, '', { type: 'button', text: undefined, button: { payload, text: 'Sí, voy' }, ...more })
const fromPhone = (phone: string | null): Json => ({ from: waIdOf(phone) })

async function receive(app: TestApp, value: Json) {
  const body = { entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  return processInbound(app.deps, reply.json().eventId)
}
const write = (app: TestApp, ...messages: Json[]) => receive(app, { messages })

async function sentTo(app: TestApp, { eventId, guestId }: MadeGuest): Promise<string> {
  const path = `/events/${eventId}/guests/${guestId}/send`
  const { deliveryId } = (await app.post(path, { as: 'director', body: { force: true } })).json()
  await app.runJob(deliverInvitation, { deliveryId })
  return (await app.get(`/deliveries/${deliveryId}`, { as: 'director' })).json().providerMessageId
}
const answerOf = async (db: Db, { invitationId }: MadeGuest) =>
  (await sql<{ answer: string }>`select answer from invitations where id = ${invitationId}`.execute(db)).rows[0]!.answer
const outcomeOf = async (db: Db, message: Json) =>
  (await sql<{ outcome: string }>`select outcome from wa_messages where id = ${message['id']}`.execute(db)).rows[0]!
    .outcome
type ReplyRow = { id: string; template: string; status: string; variables: Record<string, string> }
const repliesTo = async (db: Db, { eventId, guestId }: MadeGuest) =>
  (
    await sql<ReplyRow>`select id, template, status, variables from deliveries
      where event_id = ${eventId} and guest_id = ${guestId} and answers_message is not null order by id`.execute(db)
  ).rows
const aStatus = (id: string, phone: string | null, userId: string): Json => ({
  ...{ id, status: 'delivered', timestamp: at(1), recipient_id: waIdOf(phone), recipient_user_id: userId },
})

test('an answer from an unknown user id counts, and gets the pass, once a status links the user id to a guest', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const [messageId, userId] = [await sentTo(app, guest), newId('MX')]
  const message = aText({ from_user_id: userId }, 'Sí, confirmo')

  await write(app, message)
  const before = [await answerOf(app.db, guest), await outcomeOf(app.db, message)]
  await receive(app, { statuses: [aStatus(messageId, guest.phone, userId)] })

  assert.deepEqual(before, ['pending', 'no_open_invitation'])
  assert.deepEqual([await answerOf(app.db, guest), await outcomeOf(app.db, message)], ['yes', 'answered'])
  assert.deepEqual(
    (await repliesTo(app.db, guest)).map(({ template }) => template),
    ['rsvp_confirmed'],
  )
  const page = (await app.get(`/public/invite/${guest.code}`, { headers: { accept: 'application/json' } })).json()
  assert.equal(page.answer, 'yes')
})

test('of two answers, one from an unknown user id, the later one counts', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const [messageId, userId] = [await sentTo(app, guest), newId('MX')]

  await write(app, aText({ from_user_id: userId }, 'Sí, confirmo', { timestamp: at(-20) }))
  await write(app, aText(fromPhone(guest.phone), 'no podré ir', { timestamp: at(-10) }))
  await receive(app, { statuses: [aStatus(messageId, guest.phone, userId)] })

  assert.equal(await answerOf(app.db, guest), 'no')
})

test('a message from an unknown user id that is more than a day old answers nothing that was sent since', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const userId = newId('MX')
  await write(app, aText({ from_user_id: userId }, 'Sí', { timestamp: at(-25 * 60) }))

  await receive(app, { statuses: [aStatus(await sentTo(app, guest), guest.phone, userId)] })

  assert.equal(await answerOf(app.db, guest), 'pending')
})

test('an answer counts when it arrives together with the status that links its user id', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const guests: MadeGuest[] = []
  for (let n = 0; n < 15; n++) guests.push(await aGuest(app.db, eventId))

  for (const guest of guests) {
    const [messageId, userId] = [await sentTo(app, guest), newId('MX')]
    await Promise.all([
      write(app, aText({ from_user_id: userId }, 'confirmo')),
      receive(app, { statuses: [aStatus(messageId, guest.phone, userId)] }),
    ])
  }

  const answers = await Promise.all(guests.map((guest) => answerOf(app.db, guest)))
  assert.deepEqual(new Set(answers), new Set(['yes']))
})

for (const [what, aReply] of [
  ['a tap on a button', (from: Json, theirs: MadeGuest) => aTap(from, `rsvp/yes/${theirs.invitationId}`)],
  ['words that quote the message', (from: Json, _: MadeGuest, id: string) => aText(from, 'Sí', { context: { id } })],
] as const) {
  test(`${what} from the former owner of the guest's number answers no invitation of the guest`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const moved = await anInvitation(app.db)
    const own = await anInvitation(app.db, { phone: moved.phone })
    const messageId = await sentTo(app, moved)
    const path = `/events/${moved.eventId}/guests/${moved.guestId}`
    await app.patch(path, { as: 'organizer', body: { phone: aPhone() } })
    const message = aReply(fromPhone(own.phone), moved, messageId)

    await write(app, message)

    assert.deepEqual([await answerOf(app.db, moved), await answerOf(app.db, own)], ['pending', 'pending'])
    assert.equal(await outcomeOf(app.db, message), 'not_theirs')
    assert.deepEqual(await repliesTo(app.db, own), [])
  })
}

test('of two open invitations the guest answers the one that was sent, and is not told about the other', async (t) => {
  const app = await startApp(t, { now: NOW })
  const surprise = await anInvitation(app.db, { event: { startsAt: '2029-07-01T00:00:00Z' } })
  const known = await anInvitation(app.db, { phone: surprise.phone })
  await sentTo(app, known)

  await write(app, aText(fromPhone(known.phone), 'Sí, confirmo'))

  assert.deepEqual([await answerOf(app.db, known), await answerOf(app.db, surprise)], ['yes', 'pending'])
  assert.deepEqual(await repliesTo(app.db, surprise), [])
})

test('«sí, gracias» to a past event does not answer an invitation that was not sent yet', async (t) => {
  const app = await startApp(t, { now: '2029-05-01T00:00:00.000Z' })
  const over = await anInvitation(app.db, { event: { startsAt: '2029-05-20T00:00:00Z' } })
  const next = await anInvitation(app.db, { phone: over.phone })
  await sentTo(app, over)
  app.setNow(NOW)

  await write(app, aText(fromPhone(next.phone), 'Sí, gracias'))

  assert.deepEqual([await answerOf(app.db, next), await repliesTo(app.db, next)], ['pending', []])
  assert.deepEqual(
    (await repliesTo(app.db, over)).map(({ template }) => template),
    ['event_over'],
  )
})

test('guests who share a phone are named in the question, and a tap answers for one of them', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const first = await aGuest(app.db, eventId)
  const second = await aGuest(app.db, eventId, { phone: first.phone })
  await sql`update guests set name = 'Luis Prueba' where event_id = ${eventId} and id = ${second.guestId}`.execute(
    app.db,
  )
  const third = await anInvitation(app.db, { phone: first.phone, event: { startsAt: '2030-02-09T00:00:00Z' } })

  await write(app, aText(fromPhone(first.phone), 'confirmo'))
  const [question] = await repliesTo(app.db, first)
  const choices: { id: string; title: string }[] = JSON.parse(question!.variables['choices']!)
  const secondChoice = choices.find(({ id }) => id.includes(second.invitationId))!
  await write(
    app,
    aText(fromPhone(first.phone), '', { type: 'button', button: { payload: secondChoice.id, text: 'x' } }),
  )

  assert.deepEqual(choices.map(({ title }) => title).toSorted(), [
    '08/02 Boda de prueba',
    'Ana Prueba: Boda de prueba',
    'Luis Prueba: Boda de prueba',
  ])
  const answers = [first, second, third].map((guest) => answerOf(app.db, guest))
  assert.deepEqual(await Promise.all(answers), ['pending', 'yes', 'pending'])
})

test('guests who share phone and name are numbered, so no two buttons are equal', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const first = await aGuest(app.db, eventId)
  await aGuest(app.db, eventId, { phone: first.phone })

  await write(app, aText(fromPhone(first.phone), 'confirmo'))

  const { rows } = await sql<{ variables: { choices: string } }>`
    select variables from deliveries where event_id = ${eventId} and template = 'event_question'`.execute(app.db)
  const titles = JSON.parse(rows[0]!.variables.choices).map(({ title }: { title: string }) => title.slice(0, 19))
  assert.deepEqual(titles, ['1. Boda de prueba', '2. Boda de prueba'])
})

test("a message with a time far in the future does not make the guest's next answer or ALTA outdated", async (t) => {
  const app = await startApp(t, { now: NOW })
  const [guest, leaving] = [await anInvitation(app.db), await anInvitation(app.db)]
  const inAYear = at(365 * 24 * 60)
  await write(
    app,
    aText(fromPhone(guest.phone), 'no podré ir', { timestamp: inAYear }),
    aText(fromPhone(leaving.phone), 'BAJA', { timestamp: inAYear }),
  )

  app.setNow('2029-06-01T12:10:00.000Z')
  await write(
    app,
    aText(fromPhone(guest.phone), 'Siempre sí voy', { timestamp: at(10) }),
    aText(fromPhone(leaving.phone), 'ALTA', { timestamp: at(10) }),
  )

  assert.equal(await answerOf(app.db, guest), 'yes')
  const optOuts = await sql`select 1 from opt_outs where phone = ${leaving.phone}`.execute(app.db)
  assert.deepEqual(optOuts.rows, [])
})

test('BAJA opts out of the organizer who wrote last, and the reply names that organizer', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [one, other] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  await sql`update organizers set name = 'Bodas Luna' where id = ${other}`.execute(app.db)
  const first = await anInvitation(app.db, { event: { organizerId: one } })
  const second = await anInvitation(app.db, { phone: first.phone, event: { organizerId: other } })
  await sentTo(app, first)
  app.setNow('2029-06-01T12:01:00.000Z')
  await sentTo(app, second)
  const { calls } = withProvider(t, [app.deps])

  app.setNow('2029-06-01T12:03:00.000Z')
  await write(app, aText(fromPhone(first.phone), 'baja', { timestamp: at(2) }))
  for (const { id } of await repliesTo(app.db, second)) await app.runJob(deliverInvitation, { deliveryId: id })

  const { rows } = await sql<{ organizerId: string }>`
    select organizer_id from opt_outs where phone = ${first.phone}`.execute(app.db)
  assert.deepEqual(
    rows.map(({ organizerId }) => organizerId),
    [other],
  )
  assert.match(JSON.stringify(calls[0]?.content), /Bodas Luna/)
})

test('ALTA reverses the last BAJA even when another organizer has written since', async (t) => {
  const app = await startApp(t, { now: NOW })
  const first = await anInvitation(app.db, { event: { organizerId: await anOrganizer(app.db) } })
  const second = await anInvitation(app.db, {
    phone: first.phone,
    event: { organizerId: await anOrganizer(app.db), startsAt: '2030-02-09T00:00:00Z' },
  })
  await sentTo(app, first)
  await write(app, aText(fromPhone(first.phone), 'BAJA', { timestamp: at(1) }))
  app.setNow('2029-06-01T12:05:00.000Z')
  await sentTo(app, second)

  await write(app, aText(fromPhone(first.phone), 'ALTA', { timestamp: at(6) }))

  const optOuts = await sql`select 1 from opt_outs where phone = ${first.phone}`.execute(app.db)
  assert.deepEqual(optOuts.rows, [])
  const told = (await repliesTo(app.db, first)).map(({ template }) => template)
  assert.deepEqual(told, ['opt_out_confirmed', 'opt_in_confirmed'])
})

for (const [payload, expected] of [
  ['cancel-button', 'pending'],
  ['Cancel', 'no'],
] as const) {
  test(`a tap on «Cancel» whose payload is ${payload} leaves the answer ${expected}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)

    await write(app, aText(fromPhone(guest.phone), '', { type: 'button', button: { payload, text: 'Cancel' } }))

    assert.equal(await answerOf(app.db, guest), expected)
  })
}

test('the same message and status in ten webhooks at once have one effect', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const messageId = await sentTo(app, guest)
  const message = aText(fromPhone(guest.phone), 'confirmo')
  const status = { id: messageId, status: 'read', timestamp: at(0), recipient_id: waIdOf(guest.phone) }

  const results = await Promise.all(
    Array.from({ length: 10 }, (_, n) => receive(app, { statuses: [status], messages: [message], n })),
  )

  const sum = (what: string) => results.reduce((total, result) => total + Number(result[what] ?? 0), 0)
  assert.deepEqual(['answers', 'messages_duplicate', 'statuses_applied', 'statuses_duplicate'].map(sum), [1, 9, 1, 9])
  const answers = await sql`select 1 from invitation_answers where invitation_id = ${guest.invitationId}`.execute(
    app.db,
  )
  const events = await sql`select 1 from delivery_events where provider_message_id = ${messageId}`.execute(app.db)
  assert.deepEqual([answers.rows.length, events.rows.length, (await repliesTo(app.db, guest)).length], [1, 1, 1])
})

for (const [text, template] of [
  ['BAJA', 'opt_out_confirmed'],
  ['confirmo', 'rsvp_confirmed'],
  ['¿cómo confirmo?', 'rsvp_question'],
] as const) {
  test(`«${text}» five times at once gets one reply`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)

    await Promise.all(Array.from({ length: 5 }, () => write(app, aText(fromPhone(guest.phone), text))))

    assert.deepEqual(
      (await repliesTo(app.db, guest)).map((answer) => answer.template),
      [template],
    )
  })
}

test('a yes is answered with the pass as an image and a link to it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const asked = withProvider(t, [app.deps])

  await write(app, aText(fromPhone(guest.phone), 'confirmo'))
  for (const { id } of await repliesTo(app.db, guest)) await app.runJob(deliverInvitation, { deliveryId: id })

  const [message] = asked.calls
  assert.ok(message?.channel === 'whatsapp' && message.content.kind === 'image')
  const urlOf = (path: string) => new URL(path, app.deps.config.http.publicBaseUrl).toString()
  assert.deepEqual(
    [message.to, message.content.link],
    [waIdOf(guest.phone), urlOf(`/public/invite/${guest.code}/qr.png`)],
  )
  assert.ok(message.content.caption.endsWith(urlOf(`/i/${guest.code}`)))
  const image = await app.get(new URL(message.content.link).pathname)
  assert.deepEqual([image.statusCode, image.headers['content-type']], [200, 'image/png'])
})

test('a guest who confirmed on the page and also here gets the pass here once, and nothing after the event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const over = await anInvitation(app.db, { answer: 'yes', event: { startsAt: '2029-05-01T00:00:00Z' } })
  await app.post(`/public/invite/${guest.code}/rsvp`, { body: { answer: 'yes' } })
  const templates = async (to: MadeGuest) => (await repliesTo(app.db, to)).map(({ template }) => template)

  await write(app, aText(fromPhone(guest.phone), 'ok gracias', { timestamp: at(1) }))
  const before = await templates(guest)
  await write(app, aText(fromPhone(guest.phone), 'Confirmo', { timestamp: at(2) }))
  await write(app, aText(fromPhone(guest.phone), 'Sí, confirmo', { timestamp: at(3) }))
  await write(app, aTap(fromPhone(over.phone), `rsvp/yes/${over.invitationId}`))

  assert.deepEqual([before, await templates(guest), await templates(over)], [[], ['rsvp_confirmed'], []])
})

test('a guest who changes the number twice is recognized under each number', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const [second, third] = [aPhone(), aPhone()]
  const change = (from: string | null, to: string, minutes: number) =>
    aText(fromPhone(from), '', {
      ...{ type: 'system', text: undefined, timestamp: at(minutes) },
      system: { type: 'user_changed_number', wa_id: waIdOf(to), body: 'x' },
    })

  await write(app, change(guest.phone, second, 0))
  await write(app, aText(fromPhone(second), 'no podré ir', { timestamp: at(1) }))
  const before = await answerOf(app.db, guest)
  await write(app, change(second, third, 2))
  await write(app, aText(fromPhone(third), 'Siempre sí voy', { timestamp: at(3) }))

  assert.deepEqual([before, await answerOf(app.db, guest)], ['no', 'yes'])
  const { rows } = await sql<{ waId: string }>`select wa_id from guests where phone = ${guest.phone}`.execute(app.db)
  assert.equal(rows[0]!.waId, waIdOf(third))
})
