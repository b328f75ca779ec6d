/** One channel has a key and the other is simulated: no message to a guest is only simulated. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, type MadeGuest } from '../../test/make.ts'

const EMAIL_ONLY = { RESEND_API_KEY: 're_only_mail', RESEND_FROM_EMAIL: 'Bodas <hola@example.com>' }
const WHATSAPP_ONLY = { WA_360DIALOG_API_KEY: 'only-whatsapp' }

const send = (app: TestApp, { eventId, guestId }: MadeGuest, body: object) =>
  app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body })
const rowsOf = async (app: TestApp, eventId: string) =>
  (
    await sql<{ channel: string; channelReason: string; mayFallBack: boolean }>`
      select channel, channel_reason, may_fall_back from deliveries where event_id = ${eventId}`.execute(app.db)
  ).rows

test('auto means e-mail if only e-mail has a key', async (t) => {
  const app = await startApp(t, { env: EMAIL_ONLY })
  const guest = await aGuest(app.db, await anEvent(app.db))

  const reply = await send(app, guest, { channel: 'auto' })

  assert.deepEqual([reply.statusCode, reply.json().channel], [202, 'email'])
  assert.deepEqual(await rowsOf(app, guest.eventId), [
    { channel: 'email', channelReason: 'auto_whatsapp_not_configured', mayFallBack: false },
  ])
})

test('a guest without an e-mail address does not get a simulated WhatsApp message', async (t) => {
  const app = await startApp(t, { env: EMAIL_ONLY })
  const eventId = await anEvent(app.db)
  const guest = await aGuest(app.db, eventId, { email: null })
  await aGuest(app.db, eventId)

  const reply = await send(app, guest, { channel: 'auto' })
  const preflight = await app.post(`/events/${eventId}/campaigns`, {
    as: 'organizer',
    body: { template: 'event_invitation', channel: 'auto', filter: {}, dryRun: true },
  })

  assert.deepEqual([reply.statusCode, reply.json().code], [422, 'no_address_for_channel'])
  const { counts } = preflight.json()
  assert.deepEqual([counts.valid, counts.withoutAddress], [1, 1])
})

test('a simulated e-mail never replaces a real WhatsApp message', async (t) => {
  const app = await startApp(t, { env: WHATSAPP_ONLY })
  const guest = await aGuest(app.db, await anEvent(app.db))

  await send(app, guest, { channel: 'whatsapp' })

  assert.deepEqual(await rowsOf(app, guest.eventId), [
    { channel: 'whatsapp', channelReason: 'requested', mayFallBack: false },
  ])
})

test('without any key both channels are simulated, and WhatsApp may fall back to e-mail', async (t) => {
  const app = await startApp(t)
  const guest = await aGuest(app.db, await anEvent(app.db))

  await send(app, guest, { channel: 'auto' })

  assert.deepEqual(await rowsOf(app, guest.eventId), [
    { channel: 'whatsapp', channelReason: 'auto_has_phone', mayFallBack: true },
  ])
})
