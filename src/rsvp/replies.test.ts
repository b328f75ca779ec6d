/** What we reply to a guest whose message is unclear, comes too late, or asks for no more messages. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import { insertPause } from '../platform/pauses.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, type MadeGuest } from '../../test/make.ts'
import { withProvider } from '../../test/provider.ts'
import { processInbound } from '../inbox/inbox.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const PAST = { startsAt: '2029-05-01T00:00:00Z' }

async function write(app: TestApp, phone: string | null, body: string, at = NOW, more: object = {}): Promise<string> {
  const id = newId('wamid')
  const message = { from: phone!.replace('+52', '521'), id, timestamp: String(Date.parse(at) / 1000), type: 'text' }
  const value = { messages: [{ ...message, text: { body }, ...more }] }
  const webhook = { entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
  const reply = await app.post('/wa/webhook', { body: webhook })
  await processInbound(app.deps, reply.json().eventId)
  return id
}
type Reply = { id: string; template: string; status: string; reason: string | null }
const repliesTo = async (db: Db, { eventId, guestId }: MadeGuest) =>
  (
    await sql<Reply>`select id, template, status, reason from deliveries
      where event_id = ${eventId} and guest_id = ${guestId} and answers_message is not null order by id`.execute(db)
  ).rows
const templatesTo = async (db: Db, guest: MadeGuest) => (await repliesTo(db, guest)).map(({ template }) => template)
const answerOf = async (db: Db, { invitationId }: MadeGuest) => {
  const { rows } = await sql<{ answer: string; answeredPlaces: number | null }>`
    select answer, answered_places from invitations where id = ${invitationId}`.execute(db)
  return [rows[0]!.answer, rows[0]!.answeredPlaces]
}
const meaningOf = async (db: Db, id: string) =>
  (await sql<{ rule: string; outcome: string }>`select rule, outcome from wa_messages where id = ${id}`.execute(db))
    .rows[0]!
/** Sends all queued replies to a guest and returns their template, status and reason. */
async function sendAll(app: TestApp, guest: MadeGuest): Promise<[string, string, string | null][]> {
  for (const { id } of await repliesTo(app.db, guest)) await app.runJob(deliverInvitation, { deliveryId: id })
  return (await repliesTo(app.db, guest)).map(({ template, status, reason }) => [template, status, reason])
}

for (const text of [
  'creo que sí',
  'no creo',
  'no voy solo',
  'yo sí, mi esposa no',
  'sí, pero no',
  'ya dije que sí',
  'me puedes apartar 3 lugares',
]) {
  test(`«${text}» is unclear, so the guest is asked with buttons once`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { partySize: 4 })

    const id = await write(app, guest.phone, text)
    await write(app, guest.phone, text)

    assert.deepEqual(
      [await answerOf(app.db, guest), await templatesTo(app.db, guest), (await meaningOf(app.db, id)).outcome],
      [['pending', null], ['rsvp_question'], 'asked'],
    )
  })
}

for (const [text, answer] of [
  ['si 2', ['yes', 2]],
  ['2 sí', ['yes', 2]],
  ['cuenten con 2', ['yes', 2]],
  ['no voy sola, vamos 2', ['yes', 2]],
  ['apártame 3 lugares', ['yes', 3]],
  ['con mucho gusto pero no puedo', ['no', null]],
] as const) {
  test(`«${text}» is recorded as ${answer.join(' ').trim()}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { partySize: 4 })

    await write(app, guest.phone, text)

    assert.deepEqual(await answerOf(app.db, guest), answer)
  })
}

test('a guest who has answered is asked again after a contradiction, but not after a stray number', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { partySize: 4, answer: 'yes' })

  await write(app, guest.phone, 'llegamos a las 9')
  const before = await templatesTo(app.db, guest)
  await write(app, guest.phone, 'yo sí, mi esposa no')

  assert.deepEqual([before, await templatesTo(app.db, guest)], [[], ['rsvp_question']])
})

test('with two open invitations a contradiction asks for the event first', async (t) => {
  const app = await startApp(t, { now: NOW })
  const first = await anInvitation(app.db)
  const second = await anInvitation(app.db, { phone: first.phone })

  await write(app, first.phone, 'yo sí, mi esposa no')

  assert.deepEqual([...(await templatesTo(app.db, first)), ...(await templatesTo(app.db, second))], ['event_question'])
})

test('a yes to a full event gets one reply that says so', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, { capacity: 1 })
  await aGuest(app.db, eventId, { answer: 'yes' })
  const guest = await aGuest(app.db, eventId)

  const id = await write(app, guest.phone, 'confirmo')
  await write(app, guest.phone, 'sí voy')

  assert.deepEqual(await answerOf(app.db, guest), ['pending', null])
  assert.equal((await meaningOf(app.db, id)).outcome, 'refused_capacity_reached')
  assert.deepEqual(await sendAll(app, guest), [['rsvp_full', 'sent', null]])
})

for (const [what, event] of [
  ['is over', PAST],
  ['is archived', { ...PAST, status: 'archived' }],
  ['has expired', { ...PAST, status: 'expired' }],
] as const) {
  test(`a yes to an event that ${what} gets one reply that says so`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { event })

    await write(app, guest.phone, 'confirmo')
    await write(app, guest.phone, 'sí voy')

    assert.deepEqual(await answerOf(app.db, guest), ['pending', null])
    assert.deepEqual(await sendAll(app, guest), [['event_over', 'sent', null]])
  })
}

test('a closed event replies to a tapped yes, but not to a no, and not outside the window', async (t) => {
  const app = await startApp(t, { now: NOW })
  const tapped = await anInvitation(app.db, { event: { ...PAST, status: 'archived' } })
  const no = await anInvitation(app.db, { event: PAST })
  const late = await anInvitation(app.db, { event: PAST })
  const tap = { type: 'button', button: { payload: `rsvp/yes/${tapped.invitationId}`, text: 'Sí, voy' } }

  await write(app, tapped.phone, '', NOW, tap)
  await write(app, no.phone, 'no podré ir')
  await write(app, late.phone, 'confirmo', '2029-05-30T12:00:00.000Z')

  const told = [tapped, no, late].map((guest) => templatesTo(app.db, guest))
  assert.deepEqual(await Promise.all(told), [['event_over'], [], []])
})

for (const text of [
  'baja por favor',
  'quiero darme de baja',
  'dar de baja',
  'ya no me escriban',
  'stop please',
  'no quiero mensajes',
  'me doy de baja',
  'stop messages',
  'no, baja por favor',
]) {
  test(`«${text}» is no opt-out, and the guest is told about BAJA once a day`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const other = await anInvitation(app.db, { phone: guest.phone })

    const id = await write(app, guest.phone, text)
    await write(app, guest.phone, text)
    const onTheDay = [...(await templatesTo(app.db, guest)), ...(await templatesTo(app.db, other))]
    app.setNow('2029-06-02T12:00:01.000Z')
    await write(app, guest.phone, text, '2029-06-02T12:00:01.000Z')

    assert.deepEqual([onTheDay, (await meaningOf(app.db, id)).outcome], [['opt_out_help'], 'helped'])
    assert.equal([...(await templatesTo(app.db, guest)), ...(await templatesTo(app.db, other))].length, 2)
    const optOuts = await sql`select 1 from opt_outs where phone = ${guest.phone}`.execute(app.db)
    assert.equal(optOuts.rows.length, 0)
  })
}

for (const text of [
  'me equivoqué, sí voy',
  'no pude, me di de baja del gym',
  'la música está muy alta',
  "don't stop the music",
  'sí voy, aunque esté de bajada',
]) {
  test(`«${text}» is not read as a wish to opt out`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)

    await write(app, guest.phone, text)

    assert.ok(!(await templatesTo(app.db, guest)).includes('opt_out_help'))
  })
}

test('an answer in a message that asks for no more messages is not recorded; the guest is told about BAJA', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)

  await write(app, guest.phone, 'no voy. Por favor, ya no me escriban')

  assert.deepEqual(
    [await answerOf(app.db, guest), await templatesTo(app.db, guest)],
    [['pending', null], ['opt_out_help']],
  )
})

test('the guest is told about BAJA in their language, even after the event is archived', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { locale: 'en', event: { ...PAST, status: 'archived' } })
  const { calls } = withProvider(t, [app.deps])

  await write(app, guest.phone, 'please stop')
  const sent = await sendAll(app, guest)

  assert.deepEqual(sent, [['opt_out_help', 'sent', null]])
  assert.match(JSON.stringify(calls[0]?.content), /"body":"Write STOP, just that word/)
})

for (const [before, text] of [
  ['yes', 'Luego te digo'],
  ['yes', 'depende'],
  ['no', 'no sé'],
  ['no', '👍'],
  ['no', 'gracias 👍'],
  ['yes', '❌'],
] as const) {
  test(`«${text}» does not change a ${before}: the guest is asked`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { answer: before })

    await write(app, guest.phone, text)

    assert.deepEqual(
      [(await answerOf(app.db, guest))[0], await templatesTo(app.db, guest)],
      [before, ['rsvp_question']],
    )
  })
}

test('a tapped maybe changes a yes', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { answer: 'yes' })
  const button = { payload: `rsvp/maybe/${guest.invitationId}`, text: 'Tal vez' }

  await write(app, guest.phone, '', NOW, { type: 'button', button })

  assert.deepEqual(await answerOf(app.db, guest), ['maybe', null])
})

test('a message that was written before an answer on the page but arrives later changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await app.post(`/public/invite/${guest.code}/rsvp`, { body: { answer: 'no' } })
  const afterPage = await answerOf(app.db, guest)

  const late = await write(app, guest.phone, 'Sí', '2029-06-01T11:50:00.000Z')
  const afterLate = await answerOf(app.db, guest)
  await write(app, guest.phone, 'Sí', '2029-06-01T12:00:01.000Z')

  assert.deepEqual([afterPage[0], afterLate[0], (await answerOf(app.db, guest))[0]], ['no', 'no', 'yes'])
  assert.equal((await meaningOf(app.db, late)).outcome, 'outdated')
})

/** One person with open invitations of two organizers, the earlier event first. */
async function invitedByTwo(app: TestApp, answer: 'pending' | 'yes' = 'pending') {
  const sooner = { organizerId: await anOrganizer(app.db), startsAt: '2029-12-01T00:00:00Z' }
  const first = await anInvitation(app.db, { answer, event: sooner })
  const later = { organizerId: await anOrganizer(app.db), startsAt: '2029-12-09T00:00:00Z' }
  const second = await anInvitation(app.db, { answer, phone: first.phone, event: later })
  return { first, second, sooner, later }
}

test('a guest who opted out of one organizer answers the other', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { first, second, sooner } = await invitedByTwo(app)
  await sql`insert into opt_outs (organizer_id, phone, opted_out_at)
    values (${sooner.organizerId}, ${first.phone}, ${NOW})`.execute(app.db)

  await write(app, first.phone, 'Sí, confirmo')

  assert.deepEqual([(await answerOf(app.db, first))[0], (await answerOf(app.db, second))[0]], ['pending', 'yes'])
  assert.deepEqual(await templatesTo(app.db, first), [])
})

for (const what of ['organizer', 'event'] as const) {
  test(`while one ${what} is paused, the question about the event is sent for the other`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const { first, second, sooner } = await invitedByTwo(app)
    const scopeId = what === 'event' ? first.eventId : sooner.organizerId
    const pause = { scope: what, scopeId, source: 'person', reason: 'paused', pausedBy: 'usr', until: null } as const
    await withTx(app.db, (tx) => insertPause(tx, { ...pause, now: new Date(NOW) }))

    await write(app, first.phone, 'Sí, confirmo')

    assert.deepEqual([await templatesTo(app.db, first), await templatesTo(app.db, second)], [[], ['event_question']])
  })
}

test('a guest who has said yes to every event and repeats it is not asked which', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { first, second } = await invitedByTwo(app, 'yes')

  await write(app, first.phone, 'Gracias 👍')
  const id = await write(app, first.phone, 'Sí')

  assert.deepEqual([...(await templatesTo(app.db, first)), ...(await templatesTo(app.db, second))], [])
  assert.equal((await meaningOf(app.db, id)).outcome, 'unchanged')
})

test('with two events the same answer is asked about once an hour, a different one at once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const { first } = await invitedByTwo(app)

  for (const text of ['Sí', 'confirmo', 'Sí', 'no puedo']) await write(app, first.phone, text)

  assert.deepEqual(await templatesTo(app.db, first), ['event_question', 'event_question'])
})
