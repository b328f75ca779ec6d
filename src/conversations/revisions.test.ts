/** Edits, withdrawals, reactions, echoes and imports: what the organizer sees, and what the guest's answer becomes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { deliverInvitation } from '../delivery/jobs.ts'
import { processInbound } from '../inbox/inbox.ts'
import { newId, sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, anOrganizer, aPhone, type MadeGuest } from '../../test/make.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const OWN = '5215550000000'
const at = (minutes: number) => String(Date.parse(NOW) / 1000 + minutes * 60)
const isoAt = (minutes: number) => new Date(Date.parse(NOW) + minutes * 60_000).toISOString()
type Json = Record<string, unknown>
const waIdOf = (phone: string | null) => phone!.replace('+52', '521')
const from = (phone: string | null, minutes: number, more: Json): Json => ({
  ...{ from: waIdOf(phone), id: newId('wamid'), timestamp: at(minutes), ...more },
})
const aText = (phone: string | null, body: string, minutes: number, more: Json = {}) =>
  from(phone, minutes, { type: 'text', text: { body }, ...more })
const anEdit = (phone: string | null, original: Json, body: string, minutes: number) =>
  from(phone, minutes, {
    type: 'edit',
    edit: { original_message_id: original['id'], message: { type: 'text', text: { body }, context: { id: 'M0' } } },
  })
const aRevoke = (phone: string | null, original: Json, minutes: number) =>
  from(phone, minutes, { type: 'revoke', revoke: { original_message_id: original['id'] } })
const aReaction = (phone: string | null, messageId: string, emoji: string | undefined, minutes: number) =>
  from(phone, minutes, {
    type: 'reaction',
    reaction: { message_id: messageId, ...(emoji === undefined ? {} : { emoji }) },
  })

async function receive(app: TestApp, value: Json, field = 'messages') {
  const metadata = { display_phone_number: OWN, phone_number_id: '1' }
  const change = { field, value: { messaging_product: 'whatsapp', metadata, ...value } }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [change] }] }
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  return processInbound(app.deps, reply.json().eventId)
}
const write = (app: TestApp, ...messages: Json[]) => receive(app, { messages })

type Shown = {
  intent: string | null
  direction: string
  type: string
  origin: string
  text: string | null
  editedAt: string | null
  withdrawnAt: string | null
  reactionTo: string | null
}
/** What came through WhatsApp, without what we sent. */
const thread = async (app: TestApp, { eventId, guestId }: MadeGuest): Promise<Shown[]> => {
  const reply = await app.get(`/events/${eventId}/conversations/${guestId}`, { as: 'organizer' })
  return reply.json().data.filter(({ template }: { template: string | null }) => template === null)
}
const textsOf = async (app: TestApp, guest: MadeGuest) => (await thread(app, guest)).map(({ text }) => text)
const answerOf = async ({ db }: TestApp, { invitationId }: MadeGuest) => {
  const { rows } = await sql<{ answer: string; answeredPlaces: number | null }>`
    select answer, answered_places from invitations where id = ${invitationId}`.execute(db)
  return [rows[0]!.answer, rows[0]!.answeredPlaces]
}
const isOut = async ({ db }: TestApp, { phone }: MadeGuest) =>
  (await sql`select 1 from opt_outs where phone = ${phone}`.execute(db)).rows.length > 0
const windowOf = async (app: TestApp, phone: string | null) =>
  (await app.get(`/wa/session/${phone}`, { as: 'director' })).json()
async function sentTo(app: TestApp, { eventId, guestId }: MadeGuest) {
  const path = `/events/${eventId}/guests/${guestId}/send`
  const { deliveryId } = (await app.post(path, { as: 'organizer', body: { force: true } })).json()
  await app.runJob(deliverInvitation, { deliveryId })
  const show = async () => (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json()
  return { show, messageId: (await show()).providerMessageId as string }
}

for (const order of ['in order', 'edit first'] as const) {
  test(`an edit replaces the text and is the newest word, ${order}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db, { partySize: 4 })
    const original = aText(guest.phone, 'sí vamos 4', -10)
    const edit = anEdit(guest.phone, original, 'sí vamos 2', -8)

    for (const one of order === 'in order' ? [original, edit] : [edit, original]) await write(app, one)

    assert.deepEqual(await answerOf(app, guest), ['yes', 2])
    const shown = await thread(app, guest)
    assert.deepEqual(
      shown.map(({ text, editedAt, intent }) => [text, editedAt, intent]),
      [['sí vamos 2', isoAt(-8), 'yes']],
    )
  })

  test(`the last of two edits is shown and counts, ${order}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const original = aText(guest.phone, 'sí', -10)
    const edits = [anEdit(guest.phone, original, 'tal vez', -9), anEdit(guest.phone, original, 'no podré ir', -8)]

    for (const one of order === 'in order' ? [original, ...edits] : [...edits.toReversed(), original])
      await write(app, one)

    assert.deepEqual([await answerOf(app, guest), await textsOf(app, guest)], [['no', null], ['no podré ir']])
    assert.equal((await thread(app, guest))[0]!.intent, 'no')
  })

  test(`a withdrawn message is shown without its text, and the answer stays, ${order}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const original = aText(guest.phone, 'confirmo', -10)
    const later = [anEdit(guest.phone, original, 'sí confirmo', -9), aRevoke(guest.phone, original, -8)]

    for (const one of order === 'in order' ? [original, ...later] : [...later.toReversed(), original])
      await write(app, one)

    const shown = await thread(app, guest)
    assert.deepEqual(
      [(await answerOf(app, guest))[0], shown.map(({ text, withdrawnAt }) => [text, withdrawnAt])],
      ['yes', [[null, isoAt(-8)]]],
    )
    const kept = await sql`select 1 from wa_messages where phone = ${guest.phone} and body is not null`.execute(app.db)
    assert.equal(kept.rows.length, 0)
  })
}

test('an edit that says nothing about coming leaves the answer; one into BAJA opts out; BAJA that is edited away stays', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [talker, leaver, regretter] = [
    await anInvitation(app.db),
    await anInvitation(app.db),
    await anInvitation(app.db),
  ]
  const originals = [
    aText(talker.phone, 'confirmo', -10),
    aText(leaver.phone, 'hola', -10),
    aText(regretter.phone, 'baja', -10),
  ] as const

  await write(app, ...originals)
  await write(
    app,
    anEdit(talker.phone, originals[0], 'hola, buenas tardes', -9),
    anEdit(leaver.phone, originals[1], 'BAJA', -9),
    anEdit(regretter.phone, originals[2], 'baja la música', -9),
  )

  assert.equal((await answerOf(app, talker))[0], 'yes')
  assert.deepEqual(
    [await isOut(app, talker), await isOut(app, leaver), await isOut(app, regretter)],
    [false, true, true],
  )
})

test("nobody edits or withdraws somebody else's words, and an edited forward is still somebody else's", async (t) => {
  const app = await startApp(t, { now: NOW })
  const [guest, stranger] = [await anInvitation(app.db), await anInvitation(app.db)]
  const original = aText(guest.phone, 'confirmo', -10)
  const forward = aText(guest.phone, 'no podré ir', -7, { context: { forwarded: true } })
  await write(app, original, forward)

  await write(app, anEdit(stranger.phone, original, 'no podré ir', -9), aRevoke(stranger.phone, original, -8))
  await write(app, anEdit(guest.phone, forward, 'no voy', -6))

  assert.deepEqual([(await answerOf(app, guest))[0], (await answerOf(app, stranger))[0]], ['yes', 'pending'])
  assert.deepEqual(await textsOf(app, guest), ['no voy', 'confirmo'])
})

test('a reaction to the invitation is shown with its emoji, the last one counts, and none removes it', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const { show, messageId } = await sentTo(app, guest)
  const seen: unknown[] = []
  const look = async () => seen.push((await show()).reactions.map(({ emoji }: { emoji: string }) => emoji))

  await write(app, aReaction(guest.phone, messageId, '👍', -10))
  await look()
  await write(app, aReaction(guest.phone, messageId, '❤️', -8))
  await write(app, aReaction(guest.phone, messageId, '😡', -9)) // older, comes late
  await look()
  const shown = await thread(app, guest)
  await write(app, aReaction(guest.phone, messageId, undefined, -7))
  await look()
  await write(app, aReaction(guest.phone, messageId, '👎', -6), aReaction(guest.phone, messageId, '', -5))
  await look()

  assert.deepEqual(seen, [['👍'], ['❤️'], [], []])
  assert.deepEqual(
    shown.map(({ type, text, reactionTo }) => [type, text, reactionTo]),
    [['reaction', '❤️', messageId]],
  )
  assert.deepEqual([(await answerOf(app, guest))[0], (await windowOf(app, guest.phone)).status], ['pending', 'closed'])
  assert.deepEqual(await thread(app, guest), [])
})

test('an echo is our own words: shown as ours, and its edits and withdrawals are ours too', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const echo = (more: Json, minutes: number): Json => ({
    ...{ from: OWN, to: waIdOf(guest.phone), id: newId('wamid'), timestamp: at(minutes), ...more },
  })
  const first = echo({ type: 'text', text: { body: 'BAJA de precio, confirmo' } }, -10)
  const second = echo({ type: 'text', text: { body: 'sí' } }, -9)

  const processed = await receive(app, { message_echoes: [first, second] }, 'smb_message_echoes')
  const edit = { original_message_id: first['id'], message: { type: 'text', text: { body: 'no podré ir' } } }
  await receive(
    app,
    {
      message_echoes: [
        echo({ type: 'edit', edit }, -8),
        echo({ type: 'revoke', revoke: { original_message_id: second['id'] } }, -7),
      ],
    },
    'smb_message_echoes',
  )

  assert.deepEqual([processed.status, processed['messages_echoed']], ['done', 2])
  assert.deepEqual(
    (await thread(app, guest)).map(({ direction, text }) => [direction, text]),
    [
      ['out', null],
      ['out', 'no podré ir'],
    ],
  )
  assert.deepEqual([(await answerOf(app, guest))[0], await isOut(app, guest)], ['pending', false])
  assert.equal((await windowOf(app, guest.phone)).status, 'closed')
  const { rows } = await sql`select 1 from wa_windows where phone in ('+525550000000', ${guest.phone})`.execute(app.db)
  assert.equal(rows.length, 0)
})

for (const [minutes, status] of [
  [-60, 'open'],
  [-24 * 60 + 1, 'open'],
  [-24 * 60, 'closed'],
  [-170 * 24 * 60, 'closed'],
] as const) {
  test(`an imported message of ${-minutes} minutes ago leaves the window ${status} and decides nothing`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const thread = {
      id: waIdOf(guest.phone),
      messages: [aText(guest.phone, 'confirmo', minutes), aText(guest.phone, 'baja', minutes, { to: OWN })],
    }

    const processed = await receive(app, { history: [{ metadata: { phase: 0 }, threads: [thread] }] }, 'history')

    assert.deepEqual([processed.status, processed['messages_imported']], ['done', 2])
    const window = await windowOf(app, guest.phone)
    assert.deepEqual([window.status, window.lastInboundAt], [status, status === 'open' ? isoAt(minutes) : null])
    assert.deepEqual([(await answerOf(app, guest))[0], await isOut(app, guest)], ['pending', false])
  })
}

test('history that the business does not share is ignored', async (t) => {
  const app = await startApp(t, { now: NOW })

  const processed = await receive(app, { history: [{ errors: [{ code: 2593109, title: newId('x') }] }] }, 'history')

  assert.equal(processed.status, 'ignored')
})

test('words about no event are shown to no organizer while another one has the number', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const other = { organizerId: await anOrganizer(app.db) }
  const elsewhere = await anInvitation(app.db, { phone: guest.phone, event: other })
  const { messageId } = await sentTo(app, guest)

  await write(
    app,
    aText(guest.phone, 'hola', -10),
    aText(guest.phone, '¿dónde es?', -9, { context: { id: messageId } }),
  )
  const path = `/events/${elsewhere.eventId}/conversations/${elsewhere.guestId}`
  const foreign = await app.get(path, { as: 'organizer' })
  const byDirector = await app.get(path, { as: 'director' })
  const nobody = await app.get(`/events/${guest.eventId}/conversations/g_nobody`, { as: 'organizer' })

  assert.deepEqual(await textsOf(app, guest), ['¿dónde es?'])
  assert.deepEqual([foreign.statusCode, foreign.json().code], [404, 'guest_not_found'])
  assert.deepEqual([byDirector.json().data, nobody.statusCode], [[], 404])
})

test('the guest of one message in a batch without or with shuffled contacts is found, with any form of number and time', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guests = await Promise.all([1, 2, 3, 4, 5].map(() => anInvitation(app.db)))
  const [plus, spaced, milliseconds, number, nameless] = guests.map(({ phone }) => waIdOf(phone))
  const messages = [
    { ...aText(guests[0]!.phone, 'confirmo', -5), from: `+${plus}` },
    {
      ...aText(guests[1]!.phone, 'confirmo', -5),
      from: `\u202a+52 1 ${spaced!.slice(3, 5)} ${spaced!.slice(5, 9)}\u2011${spaced!.slice(9)}\u202c`,
    },
    { ...aText(guests[2]!.phone, 'confirmo', -5), from: milliseconds, timestamp: Number(at(-5)) * 1000 },
    { ...aText(guests[3]!.phone, 'confirmo', -5), from: Number(number), timestamp: Number(at(-5)) },
    { ...aText(guests[4]!.phone, 'confirmo', -5), from: nameless, timestamp: `${at(-5)}000` },
  ]
  const contacts = [
    { profile: { name: '\u200b' }, wa_id: nameless },
    { profile: null },
    7,
    { wa_id: waIdOf(aPhone()) },
    { wa_id: plus },
  ]

  const processed = await receive(app, { contacts, messages })

  assert.deepEqual([processed.status, processed['answers']], ['done', 5])
  for (const guest of guests) {
    assert.equal((await answerOf(app, guest))[0], 'yes')
    assert.equal((await windowOf(app, guest.phone)).lastInboundAt, isoAt(-5))
  }
})
