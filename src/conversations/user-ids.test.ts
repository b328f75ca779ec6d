/** WhatsApp's business-scoped user ids, wherever they stand: before they are known, after they changed, and in place of numbers. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { deliverInvitation } from '../delivery/jobs.ts'
import { processInbound } from '../inbox/inbox.ts'
import { newId, sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, aPhone, type MadeGuest } from '../../test/make.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const at = (minutes: number) => String(Date.parse(NOW) / 1000 + minutes * 60)
type Json = Record<string, unknown>
const waIdOf = (phone: string | null) => phone!.replace('+52', '521')
let counter = 0
/** Digits that would be a phone number if somebody made one of them. */
const aUserId = (prefix = 'MX.') => `${prefix}52551234${String(Date.now() + counter++).slice(-4)}${counter}`
const aText = (from: Json, body: string, minutes = 0): Json => ({
  ...{ ...from, id: newId('wamid'), timestamp: at(minutes), type: 'text', text: { body } },
})
const aSystem = (from: Json, system: Json, minutes = 0): Json => ({
  ...{ ...from, id: newId('wamid'), timestamp: at(minutes), type: 'system', system: { body: 'x', ...system } },
})

async function receive(app: TestApp, value: Json, field = 'messages') {
  const change = { field, value: { messaging_product: 'whatsapp', metadata: { phone_number_id: '1' }, ...value } }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', time: Number(at(0)), changes: [change] }] }
  const reply = await app.post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  return processInbound(app.deps, reply.json().eventId)
}
/** A message that teaches that the number and the user id are one person. */
const teach = (app: TestApp, phone: string | null, userId: string, minutes = -30) =>
  receive(app, {
    contacts: [{ profile: { name: 'Ana' }, wa_id: waIdOf(phone), user_id: userId }],
    messages: [aText({ from: waIdOf(phone), from_user_id: userId }, 'hola', minutes)],
  })
async function sentTo(app: TestApp, { eventId, guestId }: MadeGuest): Promise<string> {
  const path = `/events/${eventId}/guests/${guestId}/send`
  const { deliveryId } = (await app.post(path, { as: 'organizer', body: { force: true } })).json()
  await app.runJob(deliverInvitation, { deliveryId })
  return (await app.get(`/deliveries/${deliveryId}`, { as: 'organizer' })).json().providerMessageId
}
const answerOf = async ({ db }: TestApp, { invitationId }: MadeGuest) =>
  (await sql<{ answer: string }>`select answer from invitations where id = ${invitationId}`.execute(db)).rows[0]!.answer
const windowOf = async (app: TestApp, phone: string | null) =>
  (await app.get(`/wa/session/${phone}`, { as: 'director' })).json()
const phonesOf = async ({ db }: TestApp, id: unknown) =>
  (
    await sql<{
      phone: string | null
      userId: string | null
    }>`select phone, user_id from wa_messages where id = ${id}`.execute(db)
  ).rows[0]
/** Numbers that would come of an id's digits. */
const strangers = async ({ db }: TestApp, userId: string) => {
  const digits = `%${userId.replace(/\D/g, '').slice(-10).padStart(10, 'x')}`
  const { rows } = await sql`
    select phone from wa_windows where phone like ${digits}
    union select phone from wa_messages where phone like ${digits}
    union select alias from wa_contacts where alias like ${`+${digits}`}
    union select wa_id from guests where wa_id like ${digits}`.execute(db)
  return rows
}

for (const [where, sender, contact] of [
  ['from', (id: string) => ({ from: id }), (id: string) => ({ user_id: id })],
  ['from, without contacts', (id: string) => ({ from: id }), null],
  ['from and from_user_id', (id: string) => ({ from: id, from_user_id: id }), (id: string) => ({ user_id: id })],
  ['wa_id', (id: string) => ({ from: id }), (id: string) => ({ wa_id: id })],
  ['wa_id alone', () => ({}), (id: string) => ({ wa_id: id })],
  ['from_user_id', (id: string) => ({ from_user_id: id }), null],
] as const) {
  test(`a known user id in ${where} answers for its guest, opens the window, and is no number`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const userId = aUserId()
    await teach(app, guest.phone, userId, -25 * 60)
    const before = (await windowOf(app, guest.phone)).status
    const message = aText(sender(userId), 'Sí, confirmo')

    const contacts = contact ? { contacts: [{ profile: { name: 'Ana' }, ...contact(userId) }] } : {}
    const processed = await receive(app, { ...contacts, messages: [message] })

    assert.deepEqual([processed.status, processed['answers']], ['done', 1])
    assert.deepEqual([before, (await windowOf(app, guest.phone)).status], ['closed', 'open'])
    assert.deepEqual(await phonesOf(app, message['id']), { phone: guest.phone, userId })
    assert.deepEqual([await answerOf(app, guest), await strangers(app, userId)], ['yes', []])
  })
}

for (const [how, link] of [
  [
    'a message with both',
    async (app: TestApp, guest: MadeGuest, id: string) => void (await teach(app, guest.phone, id, 1)),
  ],
  [
    'a status with both',
    async (app: TestApp, guest: MadeGuest, id: string, sent: string) =>
      void (await receive(app, {
        statuses: [
          { id: sent, status: 'delivered', timestamp: at(1), recipient_id: waIdOf(guest.phone), recipient_user_id: id },
        ],
      })),
  ],
  [
    'a status with both that was told before without the id',
    async (app: TestApp, guest: MadeGuest, id: string, sent: string) => {
      const status = { id: sent, status: 'delivered', timestamp: at(1), recipient_id: waIdOf(guest.phone) }
      await receive(app, { statuses: [status] })
      await receive(app, { statuses: [{ ...status, recipient_user_id: id }] })
    },
  ],
  [
    'a status whose recipient_id is the id',
    async (app: TestApp, _: MadeGuest, id: string, sent: string) =>
      void (await receive(app, { statuses: [{ id: sent, status: 'delivered', timestamp: at(1), recipient_id: id }] })),
  ],
  [
    'a status with the id among its contacts',
    async (app: TestApp, guest: MadeGuest, id: string, sent: string) =>
      void (await receive(app, {
        contacts: [{ wa_id: waIdOf(guest.phone), user_id: id }],
        statuses: [{ id: sent, status: 'read', timestamp: at(1), recipient_id: waIdOf(guest.phone) }],
      })),
  ],
  [
    'a change of the number',
    async (app: TestApp, guest: MadeGuest, id: string) =>
      void (await receive(app, {
        messages: [
          aSystem(
            { from: waIdOf(guest.phone) },
            { type: 'user_changed_number', wa_id: waIdOf(aPhone()), previous_user_id: id },
            1,
          ),
        ],
      })),
  ],
] as const) {
  test(`what an unknown id wrote waits, and counts after ${how}`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const [sent, userId] = [await sentTo(app, guest), aUserId()]
    const message = aText({ from: userId }, 'confirmo', -10)

    const processed = await receive(app, { contacts: [{ user_id: userId }], messages: [message] })
    const before = [await answerOf(app, guest), (await windowOf(app, guest.phone)).status]
    // Sent before the message, by the clock of this test.
    await sql`update deliveries set requested_at = ${'2029-06-01T11:00:00Z'} where provider_message_id = ${sent}`.execute(
      app.db,
    )
    await link(app, guest, userId, sent)

    assert.deepEqual([processed.status, before], ['done', ['pending', 'closed']])
    assert.deepEqual([await answerOf(app, guest), (await windowOf(app, guest.phone)).status], ['yes', 'open'])
    assert.deepEqual([(await phonesOf(app, message['id']))?.phone, await strangers(app, userId)], [guest.phone, []])
  })
}

test('what an unknown id wrote does not answer an invitation that was requested since', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const userId = aUserId()
  await receive(app, { messages: [aText({ from: userId }, 'confirmo', -10)] })

  const sent = await sentTo(app, guest)
  await receive(app, { statuses: [{ id: sent, status: 'delivered', timestamp: at(0), recipient_id: userId }] })

  assert.equal(await answerOf(app, guest), 'pending')
})

test('promotions that an unknown id stopped stay stopped once its number is known', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [byButton, bySwitch] = [await anInvitation(app.db), await anInvitation(app.db)]
  const ids = [aUserId(), aUserId()] as const
  const label = 'Detener promociones'
  const tap = {
    from: ids[0],
    id: newId('wamid'),
    timestamp: at(-5),
    type: 'button',
    button: { text: label, payload: label },
  }
  await receive(app, { contacts: [{ user_id: ids[0] }], messages: [tap] })
  const preference = { user_id: ids[1], category: 'marketing_messages', value: 'stop', timestamp: Number(at(-5)) }
  await receive(app, { contacts: [{ user_id: ids[1] }], user_preferences: [preference] }, 'user_preferences')

  await teach(app, byButton.phone, ids[0], -1)
  await teach(app, bySwitch.phone, ids[1], -1)

  const { rows } = await sql<{ phone: string; source: string }>`
    select phone, source from wa_marketing_stops
     where phone = any(${[byButton.phone, bySwitch.phone, ...ids]}::text[]) and stopped_at is not null`.execute(app.db)
  assert.deepEqual(
    rows.toSorted((a, b) => (a.source < b.source ? -1 : 1)),
    [
      { phone: byButton.phone, source: 'message' },
      { phone: bySwitch.phone, source: 'preference' },
    ],
  )
})

const CHANGES: [string, (old: string, id: string, phone: string) => [Json, string]][] = [
  [
    'user_changed_user_id',
    (old, id) => [
      { messages: [aSystem({}, { type: 'user_changed_user_id', previous_user_id: old, user_id: id }, -10)] },
      'messages',
    ],
  ],
  [
    'user_changed_user_id with the old id in from',
    (old, id) => [
      { messages: [aSystem({ from: old }, { type: 'user_changed_user_id', user_id: id }, -10)] },
      'messages',
    ],
  ],
  [
    'user_changed_user_id with the old id in its sentence only',
    (old, id) => [
      {
        messages: [
          aSystem(
            {},
            { type: 'user_changed_user_id', user_id: id, body: `User Ana changed from ${old} to ${id}` },
            -10,
          ),
        ],
      },
      'messages',
    ],
  ],
  [
    'user_changed_user_id with the new id in wa_id',
    (old, id) => [{ messages: [aSystem({ from: old }, { type: 'user_changed_user_id', wa_id: id }, -10)] }, 'messages'],
  ],
  [
    'user_changed_number with both ids',
    (old, id) => [
      {
        messages: [
          aSystem(
            { from_user_id: old },
            { type: 'user_changed_number', wa_id: waIdOf(aPhone()), previous_user_id: old, user_id: id },
            -10,
          ),
        ],
      },
      'messages',
    ],
  ],
  [
    'user_id_update',
    (old, id) => [
      { user_id_update: [{ user_id: { previous: old, current: id }, timestamp: at(-10) }] },
      'user_id_update',
    ],
  ],
  [
    'user_id_update with one object and a number',
    (old, id, phone) => [
      { user_id_update: { wa_id: waIdOf(phone), user_id: { previous: old, current: id }, timestamp: at(-10) } },
      'user_id_update',
    ],
  ],
]
for (const [what, change] of CHANGES) {
  test(`${what}: the new id is the same guest, and so is the old one`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const [old, id] = [aUserId(), aUserId()]
    await teach(app, guest.phone, old)

    const [value, field] = change(old, id, guest.phone!)
    const processed = await receive(app, value, field)
    await receive(app, { messages: [aText({ from: id }, 'no podré ir', -5)] })
    const first = await answerOf(app, guest)
    await receive(app, { messages: [aText({ from: old }, 'sí confirmo', -4)] })

    assert.deepEqual([processed.status, first, await answerOf(app, guest)], ['done', 'no', 'yes'])
    assert.deepEqual([await strangers(app, old), await strangers(app, id)], [[], []])
  })
}

test('an id that changes before its number is known takes its messages along', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const [old, id] = [aUserId(), aUserId()]
  await receive(app, { messages: [aText({ from: old }, 'confirmo', -20)] })
  await receive(app, {
    messages: [aSystem({}, { type: 'user_changed_user_id', previous_user_id: old, user_id: id }, -10)],
  })

  await teach(app, guest.phone, id, -5)

  assert.equal(await answerOf(app, guest), 'yes')
})

test('the id that several businesses share is the same guest, also before it is known', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const [userId, parent] = [aUserId(), aUserId('MX.ENT.')]
  const message = aText({ from_user_id: userId, from_parent_user_id: parent }, 'confirmo', -20)
  await receive(app, { contacts: [{ user_id: userId, parent_user_id: parent }], messages: [message] })

  await receive(app, {
    contacts: [{ wa_id: waIdOf(guest.phone), parent_user_id: parent }],
    messages: [aText({ from: waIdOf(guest.phone) }, 'hola', -10)],
  })
  const joined = await answerOf(app, guest)
  await receive(app, { messages: [aText({ from: parent }, 'no podré ir', -5)] })

  assert.deepEqual([joined, await answerOf(app, guest)], ['yes', 'no'])
})

test('an id that comes with the number of another guest belongs to that guest from then on', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [first, second] = [await anInvitation(app.db), await anInvitation(app.db)]
  const userId = aUserId()
  await teach(app, first.phone, userId, -30)

  await teach(app, second.phone, userId, -20)
  await teach(app, first.phone, userId, -25) // older, comes late
  await receive(app, { messages: [aText({ from: userId }, 'confirmo', -10)] })

  assert.deepEqual([await answerOf(app, first), await answerOf(app, second)], ['pending', 'yes'])
})

for (const from of [
  ...['mx.13491208655302741918', 'MEX.13491208655302741918', 'MX.', 'MX.5512 345678', 'MX-5512345678', '.5512345678'],
  ...[
    `MX.${'1'.repeat(129)}`,
    'MX.ENT.',
    'mx.ent.5512345678',
    'MX.5512345678\n',
    'MX5512345678',
    '55.MX',
    'MX.55.12345678',
  ],
]) {
  test(`${JSON.stringify(from.slice(0, 30))} in from is nobody, and the other messages count`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)

    const processed = await receive(app, {
      messages: [aText({ from }, 'confirmo'), aText({ from: waIdOf(guest.phone) }, 'confirmo')],
    })

    assert.deepEqual([processed['malformed'], processed['answers'], await answerOf(app, guest)], [1, 1, 'yes'])
    assert.deepEqual(await strangers(app, from), [])
  })
}
