import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, aPhone, type MadeGuest } from '../../test/make.ts'
import { processInbound } from '../inbox/inbox.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const unique = () => Math.random().toString(36).slice(2)
/** A timestamp of the provider, `minutes` from now. */
const at = (minutes: number) => String(Date.parse(NOW) / 1000 + minutes * 60)

type Json = Record<string, unknown>
const waIdOf = (phone: string) => phone.replace('+52', '521')
const messageFrom = (from: Json, more: Json): Json => ({ ...from, id: `wamid.${unique()}`, timestamp: at(0), ...more })
const aText = (phone: string | null, body: string, more: Json = {}): Json =>
  messageFrom({ from: waIdOf(phone!) }, { type: 'text', text: { body }, ...more })
const aTap = (phone: string | null, payload: string, more: Json = {}): Json =>
  messageFrom(
    { from: waIdOf(phone!) },
    {
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: payload, title: 'Sí, voy' } },
      ...more,
    },
  )
const valueOf = (value: Json) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', ...value } }] }],
})

async function receiveBody(app: TestApp, body: object) {
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  return processInbound(app.deps, reply.json().eventId)
}
const receive = (app: TestApp, ...messages: Json[]) => receiveBody(app, valueOf({ messages }))

/** Inserts a sent delivery and returns its WhatsApp message id. */
async function wasSent(db: Db, guest: MadeGuest, sentAt = '2029-06-01T11:00:00Z'): Promise<string> {
  const id = `wamid.${unique()}`
  await sql`
    insert into deliveries (
      id, organizer_id, event_id, guest_id, channel, template, locale, status, attempts, attempts_max,
      provider_message_id, request_id, requested_by, requested_at, sent_at, updated_at)
    select ${`dl_${unique()}`}, organizer_id, id, ${guest.guestId}, 'whatsapp', 'event_invitation', 'es-MX', 'sent',
           1, 5, ${id}, 'req', 'usr', ${sentAt}, ${sentAt}, ${sentAt}
      from events
     where id = ${guest.eventId}`.execute(db)
  return id
}

type ReplyRow = { template: string; status: string; variables: Record<string, string> }
const repliesTo = async (db: Db, { eventId, guestId }: MadeGuest) =>
  (
    await sql<ReplyRow>`select template, status, variables from deliveries
      where event_id = ${eventId} and guest_id = ${guestId} and answers_message is not null order by id`.execute(db)
  ).rows
const templatesTo = async (db: Db, guest: MadeGuest) => (await repliesTo(db, guest)).map(({ template }) => template)
const answerOf = async (db: Db, { invitationId }: MadeGuest) => {
  const { rows } = await sql<{
    answer: string
    answeredPlaces: number | null
  }>`select answer, answered_places from invitations where id = ${invitationId}`.execute(db)
  return [rows[0]!.answer, rows[0]!.answeredPlaces]
}
const messageRow = async (db: Db, message: Json) =>
  (
    await sql<{
      phone: string | null
      userId: string | null
      intent: string | null
      partySize: number | null
      confidence: number | null
      rule: string | null
      outcome: string | null
    }>`select phone, user_id, intent, party_size, confidence, rule, outcome from wa_messages where id = ${message['id']}`.execute(
      db,
    )
  ).rows[0]!
const windowOf = async (app: TestApp, phone: string | null) =>
  (await app.get(`/wa/session/${phone}`, { as: 'director' })).json()

test('a yes in words is recorded with its places, stored with its interpretation, and answered with the pass once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { partySize: 4 })
  const message = aText(guest.phone, 'Sí, vamos tres')

  await receive(app, message)
  await receive(app, aText(guest.phone, 'confirmo 3'), aText(guest.phone, 'sí'))

  assert.deepEqual(await answerOf(app.db, guest), ['yes', 3])
  const { intent, partySize, confidence, rule, outcome } = await messageRow(app.db, message)
  assert.deepEqual([intent, partySize, confidence, rule, outcome], ['yes', 3, 1, 'plain', 'answered'])
  assert.deepEqual(await repliesTo(app.db, guest), [{ template: 'rsvp_confirmed', status: 'queued', variables: {} }])
})

test('a reply is due at once and takes no slot', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const message = aText(guest.phone, 'confirmo')

  await receive(app, message)

  const { rows } =
    await sql`select next_attempt_at, enqueued_at, requested_by, answers_message, attempts_max from deliveries
    where event_id = ${guest.eventId}`.execute(app.db)
  const attemptsMax = app.deps.config.delivery.attemptsMax
  assert.deepEqual(rows, [
    {
      nextAttemptAt: new Date(NOW),
      enqueuedAt: null,
      requestedBy: 'reply',
      answersMessage: message['id'],
      attemptsMax,
    },
  ])
  const slots = await sql`select 1 from delivery_slots where event_id = ${guest.eventId}`.execute(app.db)
  assert.equal(slots.rows.length, 0)
})

test('neither a repeated webhook nor the same message in another webhook has a second effect', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const message = aText(guest.phone, 'confirmo')

  await receive(app, message)
  const again = await receiveBody(app, { ...valueOf({ messages: [message] }), note: unique() })

  assert.equal(again['messages_duplicate'], 1)
  assert.deepEqual(await templatesTo(app.db, guest), ['rsvp_confirmed'])
  const answers = await sql`select 1 from invitation_answers where invitation_id = ${guest.invitationId}`.execute(
    app.db,
  )
  assert.equal(answers.rows.length, 1)
})

test('no and maybe are recorded without a reply', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [no, maybe] = [await anInvitation(app.db), await anInvitation(app.db)]

  await receive(app, aText(no.phone, 'no podré ir'), aText(maybe.phone, 'tal vez'))

  assert.deepEqual(
    [await answerOf(app.db, no), await answerOf(app.db, maybe)],
    [
      ['no', null],
      ['maybe', null],
    ],
  )
  assert.deepEqual([...(await templatesTo(app.db, no)), ...(await templatesTo(app.db, maybe))], [])
})

for (const [what, more, rule] of [
  ['a guess', { type: 'text', text: { body: 'sí voy pero llego después de la misa' } }, 'in_a_sentence'],
  ['a voice message', { type: 'audio', audio: { id: '1', voice: true } }, 'media'],
  ['a sticker', { type: 'sticker', sticker: { id: '1' } }, 'media'],
  ['the question how to confirm', { type: 'text', text: { body: '¿cómo confirmo?' } }, 'how_to_confirm'],
] as const) {
  test(`${what} changes nothing, and the guest is asked once with two buttons`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const message = messageFrom({ from: waIdOf(guest.phone!) }, more)

    await receive(app, message)
    await receive(app, messageFrom({ from: waIdOf(guest.phone!) }, more))

    assert.deepEqual(await answerOf(app.db, guest), ['pending', null])
    assert.deepEqual(await templatesTo(app.db, guest), ['rsvp_question'])
    const row = await messageRow(app.db, message)
    assert.deepEqual([row.rule, row.outcome], [rule, 'asked'])
  })
}

for (const body of ['hola', '¿dónde es?', 'todavía no confirmo', 'gracias']) {
  test(`«${body}» is stored, and the guest is not asked`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const message = aText(guest.phone, body)

    await receive(app, message)

    assert.deepEqual([await answerOf(app.db, guest), await templatesTo(app.db, guest)], [['pending', null], []])
    assert.equal((await messageRow(app.db, message)).outcome, 'not_understood')
  })
}

for (const [kind, tap] of [
  ['a template', (payload: string) => ({ type: 'button', button: { payload, text: 'Sí, voy' } })],
  [
    'a button message',
    (payload: string) => ({
      type: 'interactive',
      interactive: { type: 'button_reply', button_reply: { id: payload, title: 'x' } },
    }),
  ],
  [
    'a list',
    (payload: string) => ({
      type: 'interactive',
      interactive: { type: 'list_reply', list_reply: { id: payload, title: 'x' } },
    }),
  ],
] as const) {
  test(`a tap on ${kind} answers the invitation that it names, even when others are open`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const other = await anInvitation(app.db)
    const named = await anInvitation(app.db, { phone: other.phone, partySize: 5 })
    const from = { from: waIdOf(other.phone!) }

    await receive(app, messageFrom(from, tap(`rsvp/yes/${named.invitationId}/2`)))
    const afterYes = await answerOf(app.db, named)
    await receive(app, messageFrom(from, { ...tap(`rsvp/no/${named.invitationId}`), timestamp: at(1) }))

    assert.deepEqual(
      [afterYes, await answerOf(app.db, named)],
      [
        ['yes', 2],
        ['no', null],
      ],
    )
    assert.deepEqual(await answerOf(app.db, other), ['pending', null])
  })
}

test("a button that names somebody else's invitation is ignored", async (t) => {
  const app = await startApp(t, { now: NOW })
  const victim = await anInvitation(app.db)
  const stranger = aPhone()

  await receive(app, aTap(stranger, `rsvp/no/${victim.invitationId}`), aTap(stranger, 'rsvp/no/inv_nobody'))
  await receive(
    app,
    messageFrom(
      { from_user_id: `MX.${unique()}` },
      { type: 'button', button: { payload: `rsvp/no/${victim.invitationId}`, text: 'No' } },
    ),
  )

  assert.deepEqual(await answerOf(app.db, victim), ['pending', null])
})

test('with two open invitations the guest chooses the event, and the choice carries the answer', async (t) => {
  const app = await startApp(t, { now: NOW })
  const first = await anInvitation(app.db, { partySize: 3, event: { startsAt: '2029-12-01T00:00:00Z' } })
  const second = await anInvitation(app.db, {
    partySize: 3,
    phone: first.phone,
    event: { startsAt: '2029-12-09T00:00:00Z' },
  })
  const message = aText(first.phone, 'sí vamos 2')

  await receive(app, message)

  const [question, ...more] = await repliesTo(app.db, first)
  assert.deepEqual(
    [question!.template, more.length, (await messageRow(app.db, message)).outcome],
    ['event_question', 0, 'asked_event'],
  )
  const choices = JSON.parse(question!.variables['choices']!)
  assert.deepEqual(
    choices.map(({ id }: Json) => id),
    [`rsvp/yes/${first.invitationId}/2`, `rsvp/yes/${second.invitationId}/2`],
  )
  assert.equal(new Set(choices.map(({ title }: { title: string }) => title.slice(0, 20))).size, 2)

  await receive(app, aTap(first.phone, choices[1].id))

  assert.deepEqual(
    [await answerOf(app.db, first), await answerOf(app.db, second)],
    [
      ['pending', null],
      ['yes', 2],
    ],
  )
})

test('with two open invitations an uncertain message is asked first about the event, then about the answer', async (t) => {
  const app = await startApp(t, { now: NOW })
  const first = await anInvitation(app.db)
  const second = await anInvitation(app.db, { phone: first.phone })

  await receive(app, aText(first.phone, 'ok'))
  const asked = [...(await repliesTo(app.db, first)), ...(await repliesTo(app.db, second))]
  const ids = JSON.parse(asked[0]!.variables['choices']!).map(({ id }: Json) => id)
  await receive(app, aTap(first.phone, `rsvp/ask/${second.invitationId}`))

  assert.deepEqual(ids.toSorted(), [first, second].map(({ invitationId }) => `rsvp/ask/${invitationId}`).toSorted())
  assert.ok((await templatesTo(app.db, second)).includes('rsvp_question'))
  assert.deepEqual(await answerOf(app.db, second), ['pending', null])
})

test('a reply that quotes a message of a past event is refused and does not answer another event', async (t) => {
  const app = await startApp(t, { now: NOW })
  const over = await anInvitation(app.db, { event: { status: 'archived', startsAt: '2029-05-01T00:00:00Z' } })
  const open = await anInvitation(app.db, { phone: over.phone })
  const quoted = await wasSent(app.db, over)
  const message = aText(over.phone, 'confirmo', { context: { id: quoted } })

  await receive(app, message)

  assert.equal((await messageRow(app.db, message)).outcome, 'refused_event_not_open')
  assert.deepEqual(
    [await answerOf(app.db, over), await answerOf(app.db, open)],
    [
      ['pending', null],
      ['pending', null],
    ],
  )
})

test('a message from an unknown number opens its window and has no other effect', async (t) => {
  const app = await startApp(t, { now: NOW })
  const phone = aPhone()
  const message = aText(phone, 'confirmo')

  await receive(app, message)

  assert.equal((await messageRow(app.db, message)).outcome, 'no_open_invitation')
  assert.equal((await windowOf(app, phone)).status, 'open')
})

test('more people than invited are refused, other messages of the webhook count, and the guest is asked', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { partySize: 2 })
  const neighbour = await anInvitation(app.db, { partySize: 2 })
  const message = aText(guest.phone, 'vamos 7')

  await receive(app, message, aText(neighbour.phone, 'vamos 2'))

  const { outcome, partySize } = await messageRow(app.db, message)
  assert.deepEqual([outcome, partySize], ['refused_places_exceeded', 7])
  assert.deepEqual(
    [await answerOf(app.db, guest), await answerOf(app.db, neighbour)],
    [
      ['pending', null],
      ['yes', 2],
    ],
  )
  assert.deepEqual(await templatesTo(app.db, guest), ['rsvp_question'])
})

test('an answer in a webhook that comes two days late counts but gets no reply', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)

  await receive(app, aText(guest.phone, 'confirmo', { timestamp: at(-2 * 24 * 60) }))

  assert.deepEqual([await answerOf(app.db, guest), await templatesTo(app.db, guest)], [['yes', 1], []])
  assert.equal((await windowOf(app, guest.phone)).status, 'closed')
})

test('statuses, reactions, group, system and unsupported messages open no window; an image does', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [silent, writing] = [await anInvitation(app.db), await anInvitation(app.db)]
  const from = { from: waIdOf(silent.phone!) }

  await receiveBody(
    app,
    valueOf({
      statuses: [
        { id: await wasSent(app.db, silent), status: 'read', timestamp: at(0), recipient_id: waIdOf(silent.phone!) },
      ],
      messages: [
        messageFrom(from, { type: 'reaction', reaction: { message_id: 'x', emoji: '👍' } }),
        messageFrom(from, { type: 'unsupported', errors: [{ code: 131051 }] }),
        messageFrom(from, { type: 'system', system: { type: 'customer_identity_changed', body: 'x' } }),
        messageFrom(from, { type: 'text', text: { body: 'confirmo' }, group_id: 'g' }),
        messageFrom({ from: waIdOf(writing.phone!) }, { type: 'image', image: { id: '1' } }),
      ],
    }),
  )

  assert.deepEqual(
    [(await windowOf(app, silent.phone)).status, (await windowOf(app, writing.phone)).status],
    ['closed', 'open'],
  )
  assert.deepEqual(await answerOf(app.db, silent), ['pending', null])
})

test('a message from a number marks it reachable again', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  await sql`insert into wa_unreachable (phone, reason, since) values (${guest.phone}, 'whatsapp_131026', ${NOW})`.execute(
    app.db,
  )

  await receive(app, aText(guest.phone, 'hola'))

  assert.deepEqual((await sql`select 1 from wa_unreachable where phone = ${guest.phone}`.execute(app.db)).rows, [])
})

test('521… and 52… are one guest, and the form that WhatsApp used last is kept', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)

  await receive(app, aText(guest.phone, 'no podré ir'))
  await receive(app, { ...aText(guest.phone, 'sí', { timestamp: at(1) }), from: guest.phone!.slice(1) })

  assert.deepEqual(await answerOf(app.db, guest), ['yes', 1])
  const { rows } = await sql<{ waId: string }>`select wa_id from guests where phone = ${guest.phone}`.execute(app.db)
  assert.deepEqual(rows, [{ waId: guest.phone!.slice(1) }])
})

test('a user id that once came with a phone is the same guest when it comes alone', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const userId = `MX.${unique()}`
  const contacts = [{ profile: { name: 'x' }, wa_id: waIdOf(guest.phone!), user_id: userId }]

  await receiveBody(app, valueOf({ contacts, messages: [aText(guest.phone, 'hola')] }))
  const alone = messageFrom({ from_user_id: userId }, { type: 'text', text: { body: 'confirmo' } })
  await receive(app, alone)

  assert.deepEqual(await answerOf(app.db, guest), ['yes', 1])
  const { phone, userId: kept } = await messageRow(app.db, alone)
  assert.deepEqual([phone, kept], [guest.phone, userId])
})

for (const [how, more] of [
  ['quotes our message', (quoted: string) => ({ context: { id: quoted }, type: 'text', text: { body: 'confirmo' } })],
  [
    'taps our button',
    (_quoted: string, invitationId: string) => ({
      type: 'button',
      button: { payload: `rsvp/yes/${invitationId}`, text: 'Sí' },
    }),
  ],
] as const) {
  test(`an unknown user id that ${how} is linked to our guest, and its earlier messages open the window`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const quoted = await wasSent(app.db, guest)
    const from = { from_user_id: `MX.${unique()}` }

    await receive(app, messageFrom(from, { type: 'text', text: { body: 'hola' }, timestamp: at(-60) }))
    const before = (await windowOf(app, guest.phone)).status
    await receive(app, messageFrom(from, { ...more(quoted, guest.invitationId), timestamp: at(-30) }))

    const { openedAt, lastInboundAt } = await windowOf(app, guest.phone)
    assert.deepEqual(
      [before, openedAt, lastInboundAt],
      ['closed', '2029-06-01T11:00:00.000Z', '2029-06-01T11:30:00.000Z'],
    )
    assert.deepEqual(await answerOf(app.db, guest), ['yes', 1])
  })
}

test('a status with user id and phone links the two and opens no window', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const userId = `MX.${unique()}`
  const status = {
    id: await wasSent(app.db, guest),
    status: 'delivered',
    timestamp: at(0),
    recipient_id: waIdOf(guest.phone!),
    recipient_user_id: userId,
  }

  await receiveBody(app, valueOf({ statuses: [status] }))
  const before = (await windowOf(app, guest.phone)).status
  await receive(app, messageFrom({ from_user_id: userId }, { type: 'text', text: { body: 'no voy' } }))

  assert.deepEqual([before, await answerOf(app.db, guest)], ['closed', ['no', null]])
})

test('a guest who changed the number is recognized under the new one, and messages are sent to it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const newPhone = aPhone()
  const system = { type: 'user_changed_number', wa_id: waIdOf(newPhone), body: 'x' }

  await receive(app, messageFrom({ from: waIdOf(guest.phone!) }, { type: 'system', system }))
  const closed = (await windowOf(app, guest.phone)).status
  await receive(app, aText(guest.phone, 'hola', { timestamp: at(-10) })) // sent before the change, comes after it
  const waId = async () =>
    (await sql<{ waId: string }>`select wa_id from guests where phone = ${guest.phone}`.execute(app.db)).rows[0]!.waId
  const before = await waId()
  await receive(app, aText(newPhone, 'confirmo', { timestamp: at(1) }))

  assert.deepEqual(
    [closed, await answerOf(app.db, guest), (await windowOf(app, guest.phone)).status],
    ['closed', ['yes', 1], 'open'],
  )
  assert.deepEqual([before, await waId()], [waIdOf(newPhone), waIdOf(newPhone)])
})

const optOutsOf = async (db: Db, phone: string | null) =>
  (
    await sql<{ organizerId: string }>`select organizer_id from opt_outs where phone = ${phone} order by 1`.execute(db)
  ).rows.map(({ organizerId }) => organizerId)

test('BAJA opts out of the organizer who wrote last, ALTA opts in again, and each gets one reply', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [one, other] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  const guest = await anInvitation(app.db, { event: { organizerId: one } })
  const elsewhere = await anInvitation(app.db, { phone: guest.phone, event: { organizerId: other } })
  await wasSent(app.db, elsewhere, '2029-06-01T09:00:00Z')
  await wasSent(app.db, guest, '2029-06-01T11:00:00Z')

  await receive(app, aText(guest.phone, 'BAJA'))
  await receive(app, aText(guest.phone, '¡baja!', { timestamp: at(1) }))
  const stopped = await optOutsOf(app.db, guest.phone)
  await receive(app, aText(guest.phone, 'Alta', { timestamp: at(2) }))
  await receive(app, aText(guest.phone, 'ALTA', { timestamp: at(3) }))

  assert.deepEqual([stopped, await optOutsOf(app.db, guest.phone)], [[one], []])
  assert.deepEqual(await templatesTo(app.db, guest), ['opt_out_confirmed', 'opt_in_confirmed'])
  assert.deepEqual([await templatesTo(app.db, elsewhere), await answerOf(app.db, guest)], [[], ['pending', null]])
})

test('BAJA that quotes a message opts out of its organizer; before any message, of every organizer who has the number', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [one, other] = [await anOrganizer(app.db), await anOrganizer(app.db)]
  const quotedGuest = await anInvitation(app.db, { event: { organizerId: one } })
  const latest = await anInvitation(app.db, { phone: quotedGuest.phone, event: { organizerId: other } })
  const quoted = await wasSent(app.db, quotedGuest, '2029-06-01T08:00:00Z')
  await wasSent(app.db, latest)
  const neverWritten = await anInvitation(app.db, { event: { organizerId: one } })
  await anInvitation(app.db, { phone: neverWritten.phone, event: { organizerId: other } })

  await receive(
    app,
    aText(quotedGuest.phone, 'stop', { context: { id: quoted } }),
    aText(neverWritten.phone, 'cancelar suscripción'),
  )

  assert.deepEqual(await optOutsOf(app.db, quotedGuest.phone), [one])
  assert.deepEqual(await optOutsOf(app.db, neverWritten.phone), [one, other].toSorted())
})

for (const [older, newer, isStopped] of [
  ['baja', 'alta', false],
  ['alta', 'baja', true],
] as const) {
  test(`${older} that arrives after a later ${newer} changes nothing`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    await wasSent(app.db, guest)
    if (newer === 'alta') await receive(app, aText(guest.phone, 'baja', { timestamp: at(-30) }))

    await receive(app, aText(guest.phone, newer, { timestamp: at(-10) }))
    const before = await templatesTo(app.db, guest)
    const late = aText(guest.phone, older, { timestamp: at(-20) })
    await receive(app, late)

    assert.equal((await optOutsOf(app.db, guest.phone)).length, isStopped ? 1 : 0)
    assert.deepEqual([(await messageRow(app.db, late)).outcome, await templatesTo(app.db, guest)], ['outdated', before])
  })
}

test('a BAJA from an unknown user id opts out once the user id is linked to a guest', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const quoted = await wasSent(app.db, guest)
  const from = { from_user_id: `MX.${unique()}` }

  await receive(app, messageFrom(from, { type: 'text', text: { body: 'baja' } }))
  const before = (await optOutsOf(app.db, guest.phone)).length
  await receive(
    app,
    messageFrom(from, { type: 'text', text: { body: 'hola' }, context: { id: quoted }, timestamp: at(1) }),
  )

  assert.deepEqual([before, (await optOutsOf(app.db, guest.phone)).length], [0, 1])
})

test('an item that the database refuses is a dead letter, all others are done, and a retry repeats nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db)
  const guests = await Promise.all(Array.from({ length: 12 }, () => aGuest(app.db, eventId)))
  const cursed = aText(guests[3]!.phone, 'confirmo', { id: `wamid.cursed.${unique()}` })
  const statuses = []
  for (const guest of guests) statuses.push({ id: await wasSent(app.db, guest), status: 'delivered', timestamp: at(0) })
  const cursedStatus = statuses[5]!
  // A reference that violates a constraint stands for any item that the schema refuses.
  await sql`alter table wa_messages add constraint cursed check (id <> ${sql.lit(cursed['id'])})`.execute(app.db)
  await sql`alter table delivery_events add constraint cursed_status check (provider_message_id <> ${sql.lit(cursedStatus.id)})`.execute(
    app.db,
  )
  const messages = guests.map((guest, n) => (n === 3 ? cursed : aText(guest.phone, 'confirmo')))

  const { json } = await app.post('/wa/webhook', { body: valueOf({ statuses, messages }) })
  const inboundEventId: string = json().eventId
  const processed = await processInbound(app.deps, inboundEventId)

  assert.deepEqual(
    [processed.status, processed['failed'], processed['answers'], processed['statuses_applied']],
    ['dead', 2, 11, 11],
  )
  const { rows } = await sql<{ reason: string }>`select reason from inbound_events where id = ${inboundEventId}
    union all select code as reason from dead_letters where ref_id = ${inboundEventId}`.execute(app.db)
  const where = 'entry 0 change 0'
  assert.equal(rows[0]!.reason, `items_failed: ${where} status 5: cursed_status; ${where} message 3: cursed`)
  assert.equal(rows[1]!.reason, 'items_failed')

  await sql`alter table wa_messages drop constraint cursed`.execute(app.db)
  await sql`alter table delivery_events drop constraint cursed_status`.execute(app.db)
  await sql`update inbound_events set status = 'received', next_attempt_at = ${NOW} where id = ${inboundEventId}`.execute(
    app.db,
  )
  const replayed = await processInbound(app.deps, inboundEventId)

  assert.deepEqual(
    [
      replayed.status,
      replayed['answers'],
      replayed['messages_duplicate'],
      replayed['statuses_applied'],
      replayed['statuses_duplicate'],
    ],
    ['done', 1, 11, 1, 11],
  )
})

test('of a hundred guests who confirm at once for the last ten places, ten succeed', async (t) => {
  const app = await startApp(t, { now: NOW })
  const eventId = await anEvent(app.db, { capacity: 10 })
  const guests = await Promise.all(Array.from({ length: 100 }, () => aGuest(app.db, eventId)))

  const results: Awaited<ReturnType<typeof receive>>[] = []
  const waiting = [...guests]
  const work = async () => {
    for (let guest = waiting.pop(); guest; guest = waiting.pop())
      results.push(await receive(app, aText(guest.phone, 'Confirmo')))
  }
  await Promise.all(Array.from({ length: 25 }, work)) // as many at once as workers of two machines

  const count = (what: string) => results.filter((result) => result[what] === 1).length
  assert.deepEqual([count('answers'), count('answers_refused_capacity_reached')], [10, 90])
  const { rows } = await sql`select 1 from invitations where event_id = ${eventId} and answer = 'yes'`.execute(app.db)
  const passes =
    await sql`select 1 from deliveries where event_id = ${eventId} and template = 'rsvp_confirmed'`.execute(app.db)
  assert.deepEqual([rows.length, passes.rows.length], [10, 10])
})

test("of two concurrent answers of one guest, the later one by the provider's clock counts", async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)

  await Promise.all([
    receive(app, aText(guest.phone, 'no podré ir', { timestamp: at(0) })),
    receive(app, aText(guest.phone, 'confirmo', { timestamp: at(-1) })),
    receive(app, aText(guest.phone, 'tal vez', { timestamp: at(-2) })),
  ])

  assert.deepEqual(await answerOf(app.db, guest), ['no', null])
})

test('a template status from a webhook is stored, and an older one does not replace it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const name = `t_${unique()}`
  const update = (event: string, minutes: number) => ({
    entry: [
      {
        time: Number(at(minutes)),
        changes: [
          {
            field: 'message_template_status_update',
            value: {
              event,
              message_template_id: 1,
              message_template_name: name,
              message_template_language: 'es_MX',
              reason: 'NONE',
            },
          },
        ],
      },
    ],
  })

  const first = await receiveBody(app, update('PAUSED', 0))
  await receiveBody(app, update('APPROVED', -5))

  const { rows } = await sql`select language, status from wa_templates where name = ${name}`.execute(app.db)
  assert.deepEqual([first.status, rows], ['done', [{ language: 'es_MX', status: 'PAUSED' }]])
})

test('an unknown kind of change is counted as ignored', async (t) => {
  const app = await startApp(t, { now: NOW })

  const processed = await receiveBody(app, {
    entry: [{ id: '1', changes: [{ field: 'account_alerts', value: { alert: unique() } }, { field: 'x' }] }],
  })

  assert.deepEqual(processed.status, 'ignored')
})

test('every reply is sent, including the confirmation of a BAJA to a guest who has opted out', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [yes, unclear] = [await anInvitation(app.db), await anInvitation(app.db)]
  const twice = await anInvitation(app.db)
  await anInvitation(app.db, { phone: twice.phone })
  const [out, back] = [await anInvitation(app.db), await anInvitation(app.db)]

  await receive(
    app,
    aText(yes.phone, 'confirmo'),
    aText(unclear.phone, 'ok'),
    aText(twice.phone, 'confirmo'),
    aText(out.phone, 'baja'),
    aText(back.phone, 'baja', { timestamp: at(-2) }),
    aText(back.phone, 'alta', { timestamp: at(-1) }),
  )
  const phones = [yes, unclear, twice, out, back].map(({ phone }) => phone)
  const answers = async () =>
    (
      await sql<{ id: string; template: string; status: string }>`
        select d.id, d.template, d.status from deliveries d join guests g on g.event_id = d.event_id and g.id = d.guest_id
         where g.phone = any(${phones}::text[]) and d.answers_message is not null order by d.template, d.id`.execute(
        app.db,
      )
    ).rows
  for (const { id } of await answers()) await app.runJob(deliverInvitation, { deliveryId: id })

  assert.deepEqual(
    (await answers()).map(({ template, status }) => [template, status]),
    [
      ['event_question', 'sent'],
      ['opt_in_confirmed', 'sent'],
      ['opt_out_confirmed', 'sent'],
      ['opt_out_confirmed', 'sent'],
      ['rsvp_confirmed', 'sent'],
      ['rsvp_question', 'sent'],
    ],
  )
})

test('a reply from a number that was corrected since is not from our guest and gets no reply', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const wrong = guest.phone
  const path = `/events/${guest.eventId}/guests/${guest.guestId}`
  const reply = await app.post(`${path}/send`, { as: 'organizer' })
  await app.runJob(deliverInvitation, { deliveryId: reply.json().deliveryId })
  const { providerMessageId: id } = (
    await app.get(`/deliveries/${reply.json().deliveryId}`, { as: 'organizer' })
  ).json()
  const corrected = aPhone()
  await app.patch(path, { as: 'organizer', body: { phone: corrected } })

  await receive(
    app,
    aText(wrong, 'no puedo ir', { context: { id } }),
    aText(wrong, 'baja', { context: { id }, timestamp: at(1) }),
  )

  const { rows } = await sql<{ waId: string | null; answer: string }>`
    select g.wa_id, i.answer from guests g join invitations i on i.event_id = g.event_id and i.guest_id = g.id
     where g.event_id = ${guest.eventId} and g.id = ${guest.guestId}`.execute(app.db)
  assert.deepEqual(rows, [{ waId: null, answer: 'pending' }])
  assert.deepEqual(await optOutsOf(app.db, corrected), [])
})

const aPreference = (phone: string | null, value: string, minutes: number, more: Json = {}): object => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      changes: [
        {
          field: 'user_preferences',
          value: {
            messaging_product: 'whatsapp',
            contacts: [{ profile: { name: 'Ana' }, wa_id: waIdOf(phone!) }],
            user_preferences: [
              {
                ...{ wa_id: waIdOf(phone!), detail: unique(), category: 'marketing_messages', value },
                ...{ timestamp: Number(at(minutes)), ...more },
              },
            ],
          },
        },
      ],
    },
  ],
})
/** Sends a promotion to this guest, who has no e-mail address, and returns its outcome. */
async function promote(app: TestApp, { eventId, guestId }: MadeGuest): Promise<unknown> {
  const path = `/events/${eventId}/guests/${guestId}/send`
  const reply = (await app.post(path, { as: 'organizer', body: { force: true } })).json()
  return reply.code ?? app.runJob(deliverInvitation, { deliveryId: reply.deliveryId })
}

test('a guest who stops promotions in WhatsApp gets none until they resume, in any order of the webhooks', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { email: null })

  const first = await receiveBody(app, aPreference(guest.phone, 'stop', -10))
  const stopped = await promote(app, guest)
  const last = await receiveBody(app, aPreference(guest.phone, 'resume', -5))
  await receiveBody(app, aPreference(guest.phone, 'stop', -7)) // comes late
  const resumed = await promote(app, guest)

  assert.deepEqual([stopped, resumed], ['marketing_stopped', 'sent'])
  assert.deepEqual([first['preferences_stopped'], last['preferences_resumed']], [1, 1])
})

test('after a stop only ALTA resumes promotions, no other message does', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { email: null })
  await receiveBody(app, aPreference(guest.phone, 'stop', -10))

  await receive(app, aText(guest.phone, 'hola', { timestamp: at(-3) }))
  const outcomes = [await promote(app, guest)]
  await receive(app, aText(guest.phone, 'ALTA', { timestamp: at(-2) }))
  outcomes.push(await promote(app, guest))

  assert.deepEqual(outcomes, ['marketing_stopped', 'sent'])
})

test('an ALTA that was written before the stop but arrives after it changes nothing', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db, { email: null })
  await receiveBody(app, aPreference(guest.phone, 'stop', -10))

  await receive(app, aText(guest.phone, 'ALTA', { timestamp: at(-20) }))

  assert.equal(await promote(app, guest), 'marketing_stopped')
})

for (const [what, more, status, count] of [
  ['of another kind', { category: 'other_messages' }, 'ignored', 'ignored'],
  ['of somebody without a number', { wa_id: undefined, user_id: 'MX.nobody' }, 'done', 'preferences_unmatched'],
  ['without a time', { timestamp: 'soon' }, 'dead', 'malformed'],
  ['that is neither stop nor resume', { value: 'maybe' }, 'dead', 'malformed'],
] as const) {
  test(`a preference ${what} stops nothing`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { email: null })
    const body = aPreference(guest.phone, 'stop', -10, more) as { entry: { changes: { value: Json }[] }[] }
    delete body.entry[0]!.changes[0]!.value['contacts']

    const processed = await receiveBody(app, body)

    assert.deepEqual([processed.status, processed[count]], [status, 1])
    assert.equal(await promote(app, guest), 'sent')
  })
}

for (const context of [
  { forwarded: true },
  { frequently_forwarded: true },
  { forwarded: 'true', from: '5215550000001' },
]) {
  for (const [body, more] of [
    ['confirmo', {}],
    ['BAJA', {}],
    ['no podré ir', { type: 'image', image: { id: '1', caption: 'no podré ir' }, text: undefined }],
    ['Detener promociones', {}],
    ['quiero darme de baja', {}],
    ['¿cómo confirmo?', {}],
  ] as const) {
    test(`«${body}» with ${JSON.stringify(context)} is somebody else's: it only opens the window`, async (t) => {
      const app = await startApp(t, { now: NOW })
      const guest = await anInvitation(app.db, { email: null })
      await wasSent(app.db, guest)
      const message = aText(guest.phone, body, { ...more, context })

      const processed = await receive(app, message)

      assert.deepEqual([processed.status, (await windowOf(app, guest.phone)).status], ['done', 'open'])
      assert.deepEqual([await answerOf(app.db, guest), await templatesTo(app.db, guest)], [['pending', null], []])
      assert.deepEqual([await optOutsOf(app.db, guest.phone), await promote(app, guest)], [[], 'sent'])
    })
  }
}

for (const [label, payload] of [
  ['Detener promociones', 'Detener promociones'],
  ['Detener promociones', 'STOP'],
  ['DETENER PROMOCIONES', 'baja'],
  ['Stop promotions', 'Stop promotions'],
  ['stop promotions', 'x'],
  ['Parar promoções', 'Parar promoções'],
  ['Parar promocoes', undefined],
  ['\u200eDetener\u00a0promociones', undefined],
] as const) {
  test(`the button «${label}» with the payload ${payload} stops promotions and nothing else, until they are resumed`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { email: null, answer: 'yes' })
    const sent = await wasSent(app.db, guest)
    const tap = (text: string, minutes: number, more: Json = {}) =>
      messageFrom(
        { from: waIdOf(guest.phone!) },
        {
          type: 'button',
          button: { text, ...(payload === undefined ? {} : { payload }) },
          timestamp: at(minutes),
          ...more,
        },
      )
    const message = tap(label, -9, { context: { id: sent, from: '5215550000001' } })

    await receive(app, message)
    const stopped = [await promote(app, guest), (await messageRow(app.db, message)).outcome]
    const path = `/events/${guest.eventId}/guests/${guest.guestId}/send`
    const reminder = await app.post(path, { as: 'organizer', body: { template: 'event_reminder' } })
    await receive(app, tap('Reanudar promociones', -8))

    assert.deepEqual(stopped, ['marketing_stopped', 'promotions_stopped'])
    assert.deepEqual([await optOutsOf(app.db, guest.phone), await answerOf(app.db, guest)], [[], ['yes', 1]])
    assert.deepEqual([await templatesTo(app.db, guest), (await windowOf(app, guest.phone)).status], [[], 'open'])
    assert.equal(await app.runJob(deliverInvitation, { deliveryId: reminder.json().deliveryId }), 'sent')
    assert.equal(await promote(app, guest), 'sent')
  })
}

for (const type of ['text', 'button'] as const) {
  test(`«stop» in a ${type} is still BAJA`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    await wasSent(app.db, guest)

    await receive(
      app,
      messageFrom(
        { from: waIdOf(guest.phone!) },
        type === 'text' ? { type, text: { body: 'STOP' } } : { type, button: { text: 'Stop', payload: 'Stop' } },
      ),
    )

    assert.equal((await optOutsOf(app.db, guest.phone)).length, 1)
  })
}
