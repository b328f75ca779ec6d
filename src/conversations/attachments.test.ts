import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fetchMedia } from '../channels/channels.ts'
import { newId, sql } from '../platform/db.ts'
import { aMessage, hear } from '../../test/conversations.ts'
import { startServer } from '../../test/fakes/http.ts'
import { startFakeWhatsApp, WHATSAPP_KEY } from '../../test/fakes/whatsapp.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const fake = startFakeWhatsApp({ hasCallbacks: false })
test.after(async () => (await fake).close())

/** A guest who sent a file. `env` without the key: the simulated channel. */
async function aFile(t: TestContext, more: { file?: object; type?: string; isSimulated?: boolean } = {}) {
  const { media, env } = await fake
  const app = await startApp(t, { now: NOW, env: more.isSimulated ? {} : env })
  const eventId = await anEvent(app.db, { startsAt: NOW })
  const guest = await aGuest(app.db, eventId)
  const bytes = Buffer.from([0, 255, 254, 10, 13, 128, ...Buffer.from('¡Hola!')])
  const id = media.store(bytes, 'image/jpeg')
  const type = more.type ?? 'document'
  const file = { id, mime_type: 'application/pdf', filename: 'menú.pdf', ...more.file }
  const message = aMessage(guest.phone, NOW, '', { type, text: undefined, [type]: file })
  await hear(app, message)
  const pathOf = (messageId: string, guestId = guest.guestId) =>
    `/events/${eventId}/conversations/${guestId}/messages/${encodeURIComponent(messageId)}/attachment`
  const download = () => app.get(pathOf(message.id), { as: 'organizer' })
  return { ...app, media, id, bytes, eventId, guest, message, pathOf, download }
}

type Reply = Awaited<ReturnType<TestApp['get']>>
const codeOf = (reply: Reply) => [reply.statusCode, reply.json<{ code: string }>().code]

test('the file is what the guest sent, to keep and not to open, and it is not stored', async (t) => {
  const { get, db, eventId, guest, message, bytes, download, pathOf } = await aFile(t)

  const file = await download()
  const thread = await get(`/events/${eventId}/conversations/${guest.guestId}`, { as: 'organizer' })
  const again = await get(pathOf(message.id), { as: 'viewer' })

  assert.equal(file.statusCode, 200)
  assert.deepEqual(file.rawPayload, bytes)
  assert.deepEqual(again.rawPayload, bytes)
  assert.equal(file.headers['content-type'], 'application/octet-stream')
  assert.equal(file.headers['content-disposition'], "attachment; filename*=UTF-8''men%C3%BA.pdf")
  assert.equal(file.headers['x-content-type-options'], 'nosniff')
  assert.equal(file.headers['content-security-policy'], "default-src 'none'; sandbox")
  assert.equal(file.headers['cache-control'], 'private, no-store')
  assert.deepEqual(thread.json().data[0].attachment, { mediaType: 'application/pdf', name: 'menú.pdf' })
  const { rows } = await sql`select 1 from kv where value like '%Hola%'`.execute(db)
  assert.deepEqual(rows, [])
})

test('whatever a file is called, its name stays a name', async (t) => {
  const filename = `"../../a'(b)*\r\nSet-Cookie: x=1\u202e.html`
  const { download } = await aFile(t, { file: { filename, mime_type: 'text/html\r\nx: y' } })

  const file = await download()

  assert.equal(file.headers['set-cookie'], undefined)
  assert.equal(file.headers['content-type'], 'application/octet-stream')
  assert.equal(
    file.headers['content-disposition'],
    "attachment; filename*=UTF-8''%22..%2F..%2Fa%27%28b%29%2A%20Set-Cookie%3A%20x%3D1.html",
  )
})

test('a file of another conversation, of another organizer, or of a text is not found', async (t) => {
  const { get, db, eventId, guest, message, pathOf, ...app } = await aFile(t)
  const other = await aGuest(db, eventId)
  const text = aMessage(guest.phone, NOW, 'Hola')
  await hear({ ...app, get, db }, text)
  const stranger = { id: 'usr_x', role: 'organizer' as const, organizerId: newId('org') }

  for (const reply of [
    await get(pathOf(text.id), { as: 'organizer' }),
    await get(pathOf('wamid.unknown'), { as: 'organizer' }),
    await get(pathOf(message.id, other.guestId), { as: 'organizer' }),
    await get(pathOf(message.id), { as: stranger }),
  ])
    assert.deepEqual(codeOf(reply), [404, 'attachment_not_found'])
  assert.deepEqual(codeOf(await get(pathOf(message.id), { as: 'staff' })), [403, 'forbidden'])
  assert.deepEqual(codeOf(await get(pathOf(message.id))), [401, 'unauthorized'])
})

test('a file that WhatsApp no longer has, that was withdrawn or is too old is gone', async (t) => {
  const forgotten = await aFile(t)
  forgotten.media.forget(forgotten.id)
  assert.deepEqual(codeOf(await forgotten.download()), [404, 'attachment_gone'])

  const late = await aFile(t)
  late.media.next(null, { status: 404, text: 'gone' })
  assert.deepEqual(codeOf(await late.download()), [404, 'attachment_gone'])

  const withdrawn = await aFile(t)
  const { id: original_message_id } = withdrawn.message
  await hear(withdrawn, aMessage(withdrawn.guest.phone, NOW, '', { type: 'revoke', revoke: { original_message_id } }))
  assert.deepEqual(codeOf(await withdrawn.download()), [404, 'attachment_gone'])

  const strange = await aFile(t, { file: { id: '../v1/configs/webhook' } })
  assert.deepEqual(codeOf(await strange.download()), [404, 'attachment_gone'])
})

test('the simulated channel has no files', async (t) => {
  const { download } = await aFile(t, { isSimulated: true })

  const reply = await download()

  assert.deepEqual(codeOf(reply), [404, 'attachment_gone'])
  assert.match(reply.json<{ detail: string }>().detail, /simulated/)
})

test('what WhatsApp refuses is 502, and what may pass is 503 with the time to come back', async (t) => {
  const { media, download } = await aFile(t)
  const refusal = { error: { code: 190, message: 'Access token expired' } }

  for (const [answers, code, status] of [
    [[{ status: 401, json: { error: 'Invalid API key' } }], 'media_refused', 502],
    [[{ status: 400, json: refusal }], 'media_refused', 502],
    [[{ status: 200, json: { id: '1' } }], 'media_refused', 502],
    [[null, { status: 403, text: 'no' }], 'media_refused', 502],
    [[{ status: 500, text: '<html>' }], 'unavailable', 503],
    [[{ status: 429, json: { error: { code: 130429 } } }], 'unavailable', 503],
    [['reset'], 'unavailable', 503],
    [[null, { status: 503, text: '' }], 'unavailable', 503],
    [[null, 'reset'], 'unavailable', 503],
  ] as const) {
    media.next(...answers)
    const reply = await download()
    assert.deepEqual(codeOf(reply), [status, code], JSON.stringify(answers))
    assert.equal(reply.headers['retry-after'], status === 503 ? '10' : undefined, JSON.stringify(answers))
  }
  assert.equal((await download()).statusCode, 200)
})

test('no answer leads to another host', async (t) => {
  const { media, download } = await aFile(t)
  const asked: string[] = []
  const evil = await startServer(0, ({ path }) => {
    asked.push(path)
    return { status: 200, text: 'secret' }
  })
  t.after(() => evil.close())

  media.next({ status: 200, json: { url: `${evil.url}/latest/meta-data` } })
  const named = await download()
  media.next(null, { status: 302, text: '', headers: { location: `${evil.url}/moved` } })
  const redirected = await download()
  // Joined to our address, these would name a host of their own.
  const host = new URL(evil.url).host
  media.next({ status: 200, json: { url: `x:@${host}/steal` } })
  const disguised = await download()

  assert.deepEqual(
    [codeOf(named), codeOf(redirected), codeOf(disguised)],
    [
      [502, 'media_refused'],
      [502, 'media_refused'],
      [502, 'media_refused'],
    ],
  )
  assert.deepEqual(asked, [])
})

test('a file that is too large is refused before it is read, and one of unknown length is cut off', async (t) => {
  const { media, download } = await aFile(t)
  const { url } = await fake
  const settings = { apiKey: WHATSAPP_KEY, apiUrl: url, timeoutMs: 5000, now: () => new Date(NOW), maxBytes: 10 }
  const address = 'https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1'
  const chunked = { 'transfer-encoding': 'chunked' }

  media.next({ status: 200, json: { url: address, file_size: 200_000_000 } })
  const announced = await download()
  media.next({ status: 200, json: { url: address } }, { status: 200, text: 'x'.repeat(11), headers: chunked })
  const endless = await fetchMedia(settings, '1', 'req')
  media.next({ status: 200, json: { url: address } }, { status: 200, text: 'x'.repeat(10), headers: chunked })
  const fitting = await fetchMedia(settings, '1', 'req')

  assert.deepEqual(codeOf(announced), [502, 'media_refused'])
  assert.ok(endless.kind === 'fetched' && fitting.kind === 'fetched')
  await assert.rejects(endless.body.toArray(), { code: 'unavailable' })
  assert.equal(Buffer.concat(await fitting.body.toArray()).toString(), 'x'.repeat(10))
})
