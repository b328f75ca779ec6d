/** The effects of a webhook's items: unreadable items, other phone numbers, aliases, prices and times. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { newId, sql, type Db } from '../platform/db.ts'
import type { Message } from '../channels/channels.ts'
import { deliverInvitation } from '../delivery/jobs.ts'
import { refreshKpisJob } from '../finance/jobs.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anInvitation, anOrganizer, type MadeGuest } from '../../test/make.ts'
import { processWaEvent } from './jobs.ts'

const NOW = '2029-06-01T12:00:00.000Z'
const AN_HOUR_AGO = '2029-06-01T11:00:00.000Z'
const seconds = (instant: string) => String(Date.parse(instant) / 1000)
const TIMESTAMP = seconds(NOW)
const OURS = '106540352242922'

const cloud = (value: object, phoneNumberId?: string) => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      changes: [
        {
          field: 'messages',
          value: {
            messaging_product: 'whatsapp',
            ...(phoneNumberId ? { metadata: { phone_number_id: phoneNumberId } } : {}),
            ...value,
          },
        },
      ],
    },
  ],
})
const waIdOf = (phone: string | null) => phone!.replace('+52', '521')
const aText = (phone: string | null, body: string, more: object = {}) => ({
  from: waIdOf(phone),
  id: newId('wamid'),
  timestamp: TIMESTAMP,
  type: 'text',
  text: { body },
  ...more,
})

async function receive({ post, runJob }: TestApp, body: object): Promise<string> {
  const reply = await post('/wa/webhook', { body })
  assert.equal(reply.statusCode, 200)
  await runJob(processWaEvent, { inboundEventId: reply.json().eventId })
  return reply.json().eventId
}
const inboundOf = async (db: Db, id: string) =>
  (
    await sql<{ status: string; reason: string | null }>`
      select status, reason from inbound_events where id = ${id}`.execute(db)
  ).rows[0]!
const lettersOf = async (db: Db, id: string) =>
  (
    await sql<{ id: number; kind: string; reason: string; resolvedAt: Date | null }>`
      select id, kind, code as reason, resolved_at from dead_letters where ref_id = ${id} order by id`.execute(db)
  ).rows
const answerOf = async (db: Db, { invitationId }: MadeGuest) =>
  (await sql<{ answer: string }>`select answer from invitations where id = ${invitationId}`.execute(db)).rows[0]!.answer

async function sentTo(app: TestApp, guest: MadeGuest): Promise<{ deliveryId: string; messageId: string }> {
  const { deliveryId } = (
    await app.post(`/events/${guest.eventId}/guests/${guest.guestId}/send`, { as: 'director', body: { force: true } })
  ).json()
  await app.runJob(deliverInvitation, { deliveryId })
  return { deliveryId, messageId: (await shown(app, deliveryId)).providerMessageId }
}
const shown = async ({ get }: TestApp, deliveryId: string) =>
  (await get(`/deliveries/${deliveryId}`, { as: 'director' })).json()

for (const [what, body] of [
  ['a message without an id', cloud({ messages: [{ from: '5215512345678', timestamp: TIMESTAMP, type: 'text' }] })],
  ['a status without a time', cloud({ statuses: [{ id: 'wamid.no_time', status: 'read' }] })],
  ['messages that are not a list', cloud({ messages: { id: 'wamid.x' } })],
  ['a change without a value', { entry: [{ id: '1', changes: [{ field: 'messages' }] }] }],
  ['an entry without changes', { entry: [{ id: '1' }] }],
  ['entries that are not a list', { entry: 'none' }],
  ['a status of the flat shape without an id', { statuses: [{ status: 'read', timestamp: TIMESTAMP }] }],
] as const) {
  test(`${what} is a warning and a dead letter`, async (t) => {
    const app = await startApp(t, { now: NOW })

    const id = await receive(app, body)

    const { status, reason } = await inboundOf(app.db, id)
    assert.equal(status, 'dead')
    assert.match(reason!, /^items_malformed: .+: unreadable$/)
    const letters = await lettersOf(app.db, id)
    assert.deepEqual(
      letters.map(({ kind, reason: code, resolvedAt }) => [kind, code, resolvedAt]),
      [['inbound_event', 'items_malformed', null]],
    )
    const line = app.lines.find(({ msg }) => msg === 'A webhook was processed')!
    assert.deepEqual([line.level, line['malformed']], ['warn', 1])
  })
}

test('readable items next to an unreadable one are applied, once also after a replay', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const id = await receive(app, cloud({ messages: [{ type: 'text' }, aText(guest.phone, 'confirmo')] }))

  const [letter] = await lettersOf(app.db, id)
  const reply = await app.post(`/ops/dead-letters/${letter!.id}/retry`, { as: 'director' })
  await app.runJob(processWaEvent, { inboundEventId: id })

  assert.deepEqual([await answerOf(app.db, guest), reply.json().outcome], ['yes', 'retried'])
  const answers = await sql`select 1 from invitation_answers where invitation_id = ${guest.invitationId}`.execute(
    app.db,
  )
  const letters = await lettersOf(app.db, id)
  assert.deepEqual([answers.rows.length, letters.map(({ resolvedAt }) => resolvedAt === null)], [1, [false, true]])
})

test('a webhook with nothing for us is not a dead letter', async (t) => {
  const app = await startApp(t, { now: NOW })

  const ids = [await receive(app, { n: newId('n') }), await receive(app, cloud({ note: newId('n') }))]

  for (const id of ids)
    assert.deepEqual([(await inboundOf(app.db, id)).status, await lettersOf(app.db, id)], ['ignored', []])
})

test("a status of another phone number changes no delivery, even with a delivery's id", async (t) => {
  const app = await startApp(t, { now: NOW, env: { WA_PHONE_NUMBER_ID: OURS } })
  const { deliveryId, messageId } = await sentTo(app, await anInvitation(app.db))
  const status = { id: messageId, status: 'read', timestamp: TIMESTAMP, biz_opaque_callback_data: deliveryId }

  const id = await receive(app, cloud({ statuses: [status] }, '999'))
  const before = (await shown(app, deliveryId)).status
  await receive(app, cloud({ statuses: [status] }, OURS))

  assert.deepEqual(await inboundOf(app.db, id), { status: 'ignored', reason: 'other_number: 1 changes' })
  assert.deepEqual([before, (await shown(app, deliveryId)).status], ['sent', 'read'])
})

test('a flat payload of another phone number is ignored too', async (t) => {
  const app = await startApp(t, { now: NOW, env: { WA_PHONE_NUMBER_ID: OURS } })
  const [theirs, ours] = [await anInvitation(app.db), await anInvitation(app.db)]
  const flat = (phone: string | null, id: string) => ({
    metadata: { phone_number_id: id },
    messages: [aText(phone, 'confirmo')],
  })

  await receive(app, flat(theirs.phone, '999'))
  await receive(app, flat(ours.phone, OURS))

  assert.deepEqual([await answerOf(app.db, theirs), await answerOf(app.db, ours)], ['pending', 'yes'])
})

test('a reply to another phone number gives no answer, opens no window and is not stored', async (t) => {
  const app = await startApp(t, { now: NOW, env: { WA_PHONE_NUMBER_ID: OURS } })
  const [theirs, ours] = [await anInvitation(app.db), await anInvitation(app.db)]
  const foreign = cloud({ messages: [aText(theirs.phone, 'confirmo'), aText(theirs.phone, 'baja')] }, '999')
  const own = cloud({ messages: [aText(ours.phone, 'confirmo')] }, OURS)

  const id = await receive(app, { ...foreign, entry: [...foreign.entry, ...own.entry] })

  assert.deepEqual([await answerOf(app.db, theirs), await answerOf(app.db, ours)], ['pending', 'yes'])
  assert.equal((await app.get(`/wa/session/${theirs.phone}`, { as: 'director' })).json().status, 'closed')
  const { rows } = await sql`select 1 from wa_messages where inbound_event_id = ${id}`.execute(app.db)
  const optOuts = await sql`select 1 from opt_outs where phone = ${theirs.phone}`.execute(app.db)
  assert.deepEqual([rows.length, optOuts.rows.length], [1, 0])
  assert.deepEqual(await inboundOf(app.db, id), { status: 'done', reason: 'other_number: 1 changes' })
})

for (const [what, env, phoneNumberId] of [
  ['without the setting', {}, '999'],
  ['without the id in the webhook', { WA_PHONE_NUMBER_ID: OURS }, undefined],
] as const) {
  test(`${what} every change is ours`, async (t) => {
    const app = await startApp(t, { now: NOW, env })
    const guest = await anInvitation(app.db)

    await receive(app, cloud({ messages: [aText(guest.phone, 'confirmo')] }, phoneNumberId))

    assert.equal(await answerOf(app.db, guest), 'yes')
  })
}

for (const status of ['delivered', 'read']) {
  test(`a ${status} status stores the alias for the next message`, async (t) => {
    const app = await startApp(t, { now: NOW })
    const guest = await anInvitation(app.db)
    const { messageId } = await sentTo(app, guest)
    const sent: Message[] = []
    const original = app.deps.channels.whatsapp
    app.deps.channels.whatsapp = {
      ...original,
      send(message) {
        sent.push(message)
        return Promise.resolve({ kind: 'sent', providerMessageId: newId('wamid'), httpStatus: 200 })
      },
    }
    t.after(() => void (app.deps.channels.whatsapp = original))

    await sentTo(app, guest)
    await receive(
      app,
      cloud({ statuses: [{ id: messageId, status, timestamp: TIMESTAMP, recipient_id: waIdOf(guest.phone) }] }),
    )
    await sentTo(app, guest)

    assert.deepEqual(
      sent.map(({ to }) => to),
      [guest.phone, waIdOf(guest.phone)],
    )
  })
}

test('sent and failed statuses store no alias', async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const { messageId } = await sentTo(app, guest)
  const about = { id: messageId, timestamp: TIMESTAMP, recipient_id: waIdOf(guest.phone) }

  await receive(
    app,
    cloud({
      statuses: [
        { ...about, status: 'sent' },
        { ...about, status: 'failed', errors: [{ code: 131026 }] },
      ],
    }),
  )

  const { rows } = await sql`select wa_id from guests where phone = ${guest.phone}`.execute(app.db)
  assert.deepEqual(rows, [{ waId: null }])
})

test('the price of a sent status is stored unchanged, kept by a later status without one, and counted once', async (t) => {
  const app = await startApp(t, { now: NOW })
  const organizerId = await anOrganizer(app.db)
  const guest = await anInvitation(app.db, { event: { organizerId } })
  const { deliveryId, messageId } = await sentTo(app, guest)
  const pricing = { billable: false, pricing_model: 'PMP', category: 'service', type: 'free_customer_service' }
  const about = { id: messageId, timestamp: TIMESTAMP }
  const freeShare = async () => {
    await app.runJob(refreshKpisJob, {})
    const reply = await app.get(`/director/overview?organizerId=${organizerId}`, { as: 'director' })
    const { freeShare: share, free, billable } = reply.json().whatsapp
    return { share, free, billable }
  }

  await receive(app, cloud({ statuses: [{ ...about, status: 'sent', pricing }] }))
  const before = await freeShare()
  await receive(app, cloud({ statuses: [{ ...about, status: 'read' }] }))

  assert.deepEqual([before, await freeShare()], [before, { share: 1, free: 1, billable: 0 }])
  const { status, pricing: kept } = await shown(app, deliveryId)
  assert.deepEqual([status, kept], ['read', pricing])
  const { rows } = await sql<{ pricing: unknown }>`select pricing from deliveries where id = ${deliveryId}`.execute(
    app.db,
  )
  assert.deepEqual(rows, [{ pricing }])
})

test("a status counts from the provider's time, also when it arrives late", async (t) => {
  const app = await startApp(t, { now: NOW })
  const { deliveryId, messageId } = await sentTo(app, await anInvitation(app.db))

  await receive(app, cloud({ statuses: [{ id: messageId, status: 'read', timestamp: seconds(AN_HOUR_AGO) }] }))

  const { readAt, deliveredAt, events } = await shown(app, deliveryId)
  assert.deepEqual([readAt, deliveredAt], [AN_HOUR_AGO, AN_HOUR_AGO])
  assert.deepEqual([events.at(-1).occurredAt, events.at(-1).receivedAt], [AN_HOUR_AGO, NOW])
})

test('messages in the older flat shape give answers, open the window and opt out', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [guest, leaving] = [await anInvitation(app.db), await anInvitation(app.db)]

  await receive(app, {
    contacts: [{ profile: { name: 'Ana' }, wa_id: waIdOf(guest.phone) }],
    messages: [
      aText(guest.phone, 'confirmo'),
      { ...aText(leaving.phone, ''), type: 'button', button: { text: 'BAJA' } },
      { from: waIdOf(leaving.phone), id: newId('wamid'), timestamp: TIMESTAMP, type: 'hologram' },
    ],
  })

  assert.equal(await answerOf(app.db, guest), 'yes')
  assert.equal((await app.get(`/wa/session/${guest.phone}`, { as: 'director' })).json().status, 'open')
  const { rows } = await sql`select 1 from opt_outs where phone = ${leaving.phone}`.execute(app.db)
  assert.equal(rows.length, 1)
})

test('a webhook that fails after an answer leaves no outdated page in the cache', async (t) => {
  const app = await startApp(t, { now: NOW })
  const [guest, next] = [await anInvitation(app.db), await anInvitation(app.db)]
  const page = async () =>
    (await app.get(`/public/invite/${guest.code}`, { headers: { accept: 'application/json' } })).json()
  const before = (await page()).answer // and it is cached
  const cursed = aText(next.phone, 'hola')
  await sql`create function break_off() returns trigger language plpgsql as
    $$ begin if new.id = ${sql.lit(cursed.id)} then raise exception 'deadlock' using errcode = '40P01'; end if; return new; end $$`.execute(
    app.db,
  )
  await sql`create trigger break_off before insert on wa_messages for each row execute function break_off()`.execute(
    app.db,
  )
  t.after(() => sql`drop function break_off cascade`.execute(app.db).then(() => undefined))

  const { eventId } = (
    await app.post('/wa/webhook', { body: cloud({ messages: [aText(guest.phone, 'confirmo'), cursed] }) })
  ).json()
  await assert.rejects(app.runJob(processWaEvent, { inboundEventId: eventId }))

  assert.deepEqual([before, (await page()).answer], ['pending', 'yes'])
})

test("a guest's text, name and phone are not in logs, jobs or reasons of dead letters", async (t) => {
  const app = await startApp(t, { now: NOW })
  const guest = await anInvitation(app.db)
  const secrets = ['Secreto Delatado', 'confirmo mi secreto', 'MX.secreto', guest.phone!.slice(3), guest.code]
  const contacts = [{ profile: { name: secrets[0] }, wa_id: waIdOf(guest.phone), user_id: secrets[2] }]
  const from = { from: waIdOf(guest.phone), from_user_id: secrets[2] }
  const rejected = { ...aText(guest.phone, secrets[1]!), ...from }
  await sql`alter table wa_messages add constraint rejected check (id <> ${sql.lit(rejected.id)})`.execute(app.db)
  t.after(() => sql`alter table wa_messages drop constraint rejected`.execute(app.db).then(() => undefined))

  const messages = [rejected, { ...aText(guest.phone, 'confirmo'), ...from }, { ...rejected, id: null }]
  const id = await receive(app, cloud({ contacts, messages }))

  const { rows: letters } = await sql`select * from dead_letters where ref_id = ${id}`.execute(app.db)
  const { rows: jobs } = await sql<{ job: unknown }>`
    select to_jsonb(j) as job from bullmq.job j where to_jsonb(j)::text like ${`%${id}%`}`.execute(app.db)
  const traces = JSON.stringify([app.lines, letters, await inboundOf(app.db, id), jobs])
  assert.deepEqual([letters.length, jobs.length > 0, await answerOf(app.db, guest)], [1, true, 'yes'])
  assert.deepEqual(
    secrets.filter((secret) => traces.includes(secret)),
    [],
  )
})
