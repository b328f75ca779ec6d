import assert from 'node:assert/strict'
import test from 'node:test'
import { sql, type Db } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { anInvitation } from '../../test/make.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const listStops = async (db: Db, code: string) =>
  (
    await sql<{ organizerId: string; reason: string }>`
      select s.organizer_id, s.reason from email_stops s
        join guests g on g.email = s.email
        join invitations i on i.event_id = g.event_id and i.guest_id = g.id
       where i.code = ${code}`.execute(db)
  ).rows

test('opening the link shows a page with one button and changes nothing', async (t) => {
  const { get, db } = await startApp(t)
  const { code } = await anInvitation(db)

  const page = await get(`/public/unsubscribe/${code}`)

  assert.equal(page.statusCode, 200)
  assert.match(page.body, /<html lang="es-MX">/)
  assert.equal(page.body.match(/<button/g)?.length, 1)
  assert.match(page.body, /Eventos de prueba/)
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'; style-src 'sha256-/)
  assert.equal(page.headers['cache-control'], 'no-store')
  assert.deepEqual(await listStops(db, code), [])
})

for (const [what, headers, payload] of [
  ['the one click of a mailbox', FORM, 'List-Unsubscribe=One-Click'],
  [
    'a multipart form',
    { 'content-type': 'multipart/form-data; boundary=b' },
    '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
  ],
  ['an empty POST', {}, ''],
] as [string, Record<string, string>, string][]) {
  test(`${what} stops this organizer's e-mail, and repeating it changes nothing`, async (t) => {
    const { post, db } = await startApp(t)
    const { code } = await anInvitation(db, { locale: 'en' })

    const first = await post(`/public/unsubscribe/${code}`, { headers, payload })
    const second = await post(`/public/unsubscribe/${code.toLowerCase()}`, { headers, payload })

    assert.deepEqual([first.statusCode, second.statusCode], [200, 200])
    assert.match(first.body, /<html lang="en">[^]*Done/)
    assert.deepEqual(await listStops(db, code), [{ organizerId: 'org_test', reason: 'unsubscribed' }])
  })
}

test("the link in an e-mail stops only the address it was sent to, not the guest's new address", async (t) => {
  const app = await startApp(t)
  const { code, eventId, guestId } = await anInvitation(app.db)
  const preview = await app.post('/templates/event_invitation/preview', {
    as: 'organizer',
    body: { channel: 'email', eventId, guestId },
  })
  const { pathname, search } = new URL(preview.json().email.unsubscribeUrl)
  const click = () => app.post(`${pathname}${search}`, { headers: FORM, payload: 'List-Unsubscribe=One-Click' })
  await sql`update guests set email = ${`other-${guestId}@example.com`} where id = ${guestId}`.execute(app.db)

  const stranger = await click()
  const afterwards = await listStops(app.db, code)
  await sql`update guests set email = ${`${guestId}@example.com`} where id = ${guestId}`.execute(app.db)
  await click()

  assert.match(search, /^\?to=[0-9a-f]{16}$/)
  assert.deepEqual([stranger.statusCode, afterwards], [200, []])
  assert.deepEqual(await listStops(app.db, code), [{ organizerId: 'org_test', reason: 'unsubscribed' }])
})

test('unsubscribing works after the event and for a guest without an address', async (t) => {
  const { post, db } = await startApp(t)
  const over = await anInvitation(db, { event: { status: 'expired' } })
  const silent = await anInvitation(db, { email: null })

  const replies = [over, silent].map(({ code }) => post(`/public/unsubscribe/${code}`, { headers: FORM, payload: '' }))

  assert.deepEqual(
    (await Promise.all(replies)).map(({ statusCode }) => statusCode),
    [200, 200],
  )
  assert.equal((await listStops(db, over.code)).length, 1)
})

test("an unknown code is 404 with a page in the reader's language", async (t) => {
  const { get, post } = await startApp(t)

  const shown = await get('/public/unsubscribe/NOBODY', { headers: { 'accept-language': 'en' } })
  const posted = await post('/public/unsubscribe/A%00B', { headers: FORM, payload: 'List-Unsubscribe=One-Click' })

  assert.deepEqual([shown.statusCode, posted.statusCode], [404, 404])
  assert.match(shown.body, /Unknown link/)
  assert.match(posted.body, /Enlace desconocido/)
})

test('names are escaped in the page', async (t) => {
  const { get, db } = await startApp(t)
  const { code, eventId } = await anInvitation(db)
  await sql`update organizers set name = '<b>$&' where id = (select organizer_id from events where id = ${eventId})`.execute(
    db,
  )
  t.after(() => sql`update organizers set name = 'Eventos de prueba' where id = 'org_test'`.execute(db))

  const page = await get(`/public/unsubscribe/${code}`)

  assert.match(page.body, /&lt;b&gt;\$&amp;/)
})

test('an IP address that tries many codes gets 429 for wrong ones, and its own link still works', async (t) => {
  const { get, db } = await startApp(t)
  const { code } = await anInvitation(db)
  t.after(() => sql`delete from kv where key like 'limit:invite:%'`.execute(db))

  const guesses = await Promise.all(Array.from({ length: 40 }, (_, n) => get(`/public/unsubscribe/GUESS-${n}`)))
  const own = await get(`/public/unsubscribe/${code}`)

  const refused = guesses.filter(({ statusCode }) => statusCode === 429)
  assert.ok(refused.length >= 10 && Number(refused[0]!.headers['retry-after']) > 0)
  assert.equal(own.statusCode, 200)
})

test('what a mail or chat program glues to the link is forgiven', async (t) => {
  const { get, post, db } = await startApp(t)
  const { code } = await anInvitation(db)

  const page = await get(`/public/unsubscribe/${code}).`)
  const done = await post(`/public/unsubscribe/${code}%E2%80%8B`, { headers: FORM, payload: '' })

  assert.deepEqual([page.statusCode, done.statusCode], [200, 200])
  assert.deepEqual(await listStops(db, code), [{ organizerId: 'org_test', reason: 'unsubscribed' }])
})
