import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newId } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation } from '../../test/make.ts'

type Texts = Record<'title' | 'greeting' | 'body' | 'dressCode' | 'gifts' | 'thanks', string | null>
const NONE: Texts = { title: null, greeting: null, body: null, dressCode: null, gifts: null, thanks: null }

async function aPage(t: TestContext) {
  const app = await startApp(t, { now: '2029-06-01T18:00:00.000Z' })
  const path = (eventId: string, locale = 'es-MX') => `/events/${eventId}/texts/${locale}`
  const write = async (eventId: string, locale: string, body: Partial<Texts>) => {
    const reply = await app.put(path(eventId, locale), { as: 'organizer', body })
    assert.equal(reply.statusCode, 200, reply.body)
    return reply.json<Texts>()
  }
  const look = async (code: string) => (await app.get(`/i/${code}`)).body
  const read = async (code: string) =>
    (await app.get(`/public/invite/${code}`, { headers: { accept: 'application/json' } })).json<{ texts: Texts }>()
      .texts
  return { ...app, path, write, look, read }
}

test('texts are replaced as a whole, and one that is absent, null or invisible is removed', async (t) => {
  const { db, get, path, write } = await aPage(t)
  const eventId = await anEvent(db)
  const before = (await get(path(eventId), { as: 'viewer' })).json<Texts>()

  const written = await write(eventId, 'es-MX', {
    title: '  Ana\u200b y\nLuis ',
    body: 'Uno\r\n\r\nDos ',
    dressCode: 'Formal',
  })
  const read = (await get(path(eventId), { as: 'viewer' })).json<Texts>()
  const replaced = await write(eventId, 'es-MX', { title: null, body: '\u200b \u202e', gifts: 'Liverpool 123' })

  const saved = { eventId, locale: 'es-MX', updatedAt: '2029-06-01T18:00:00.000Z' }
  const plain = (texts: Texts) => ({ ...texts, requestId: '' })
  assert.deepEqual(plain(before), { ...NONE, ...saved, updatedAt: null, requestId: '' })
  assert.deepEqual(plain(written), {
    ...NONE,
    ...saved,
    title: 'Ana y Luis',
    body: 'Uno\n\nDos',
    dressCode: 'Formal',
    requestId: '',
  })
  assert.deepEqual(plain(read), plain(written))
  assert.deepEqual(plain(replaced), { ...NONE, ...saved, gifts: 'Liverpool 123', requestId: '' })
})

test('only the people of the event write its texts', async (t) => {
  const { db, get, put, path } = await aPage(t)
  const eventId = await anEvent(db)
  const stranger = { id: 'usr_x', role: 'organizer' as const, organizerId: newId('org') }
  const body = { title: 'Robo' }

  const replies = [
    await put(path(eventId), { as: stranger, body }),
    await get(path(eventId), { as: stranger }),
    await put(path('ev_unknown'), { as: 'director', body }),
    await put(path(eventId), { as: 'viewer', body }),
    await put(path(eventId), { as: 'staff', body }),
    await put(path(eventId), { body }),
    await put(path(eventId), { as: 'director', body: {} }),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json<{ code?: string }>().code]),
    [
      [404, 'event_not_found'],
      [404, 'event_not_found'],
      [404, 'event_not_found'],
      [403, 'forbidden'],
      [403, 'forbidden'],
      [401, 'unauthorized'],
      [200, undefined],
    ],
  )
  assert.equal((await get(path(eventId), { as: 'organizer' })).json<Texts>().title, null)
})

test('a text that is too long, an unknown text or language is 400 and changes nothing', async (t) => {
  const { db, get, put, path, write } = await aPage(t)
  const eventId = await anEvent(db)
  await write(eventId, 'es-MX', { title: 'Antes' })

  const long = await put(path(eventId), {
    as: 'organizer',
    body: { title: 'x'.repeat(121), body: 'y'.repeat(2001), gifts: 7 },
  })
  const unknown = await put(path(eventId), { as: 'organizer', body: { title: 'Después', html: '<b>' } })
  const language = await put(path(eventId, 'fr'), { as: 'organizer', body: { title: 'Après' } })

  assert.deepEqual(
    [long, unknown, language].map((reply) => [reply.statusCode, reply.json<{ code: string }>().code]),
    Array.from({ length: 3 }, () => [400, 'invalid_request']),
  )
  assert.deepEqual(
    long
      .json<{ errors: { path: string }[] }>()
      .errors.map((error) => error.path)
      .toSorted(),
    ['body.body', 'body.gifts', 'body.title'],
  )
  assert.equal((await get(path(eventId), { as: 'organizer' })).json<Texts>().title, 'Antes')
})

test('each guest reads their language, and what is missing in it comes from the other one', async (t) => {
  const { db, write, look, read } = await aPage(t)
  const eventId = await anEvent(db)
  const [ana, joe] = [await aGuest(db, eventId), await aGuest(db, eventId, { locale: 'en' })]
  const untouched = await read(ana.code)

  await write(eventId, 'es-MX', {
    title: '¡Nos casamos!',
    body: 'Con mucho gusto.\n\nTe esperamos.',
    dressCode: 'Guayabera',
  })
  await write(eventId, 'en', { title: 'We are getting married!', greeting: 'Dear friend' })
  const [spanish, english] = [await look(ana.code), await look(joe.code)]

  assert.deepEqual(untouched, NONE)
  assert.deepEqual(await read(ana.code), {
    ...NONE,
    title: '¡Nos casamos!',
    greeting: 'Dear friend',
    body: 'Con mucho gusto.\n\nTe esperamos.',
    dressCode: 'Guayabera',
  })
  assert.equal((await read(joe.code)).title, 'We are getting married!')
  assert.match(spanish, /<h1>¡Nos casamos!<\/h1>/)
  assert.match(spanish, /<p>Con mucho gusto\.<\/p><p>Te esperamos\.<\/p>/)
  assert.match(spanish, /<dt>Vestimenta<\/dt><dd>Guayabera<\/dd>/)
  assert.match(spanish, /property="og:title" content="¡Nos casamos!"/)
  assert.match(english, /<p class="eyebrow">Dear friend<\/p>\s*<h1>We are getting married!<\/h1>/)
  assert.match(english, /<dt>Dress code<\/dt><dd>Guayabera<\/dd>/)
})

test('what looks like a script is shown as it was written', async (t) => {
  const { db, write, look, read } = await aPage(t)
  const { eventId, code } = await anInvitation(db)
  const evil = `"><script>alert('x')</script><img src=x onerror=alert(1)> \${7*7} {{name}}`

  await write(eventId, 'es-MX', { title: evil, greeting: evil, body: evil, dressCode: evil, gifts: `a\n${evil}` })
  const page = await look(code)

  assert.equal((await read(code)).title, evil)
  assert.doesNotMatch(page, /<script|<img/)
  assert.match(page, /<h1>&quot;&gt;&lt;script&gt;alert\(&#39;x&#39;\)/)
  assert.match(page, /\$\{7\*7\} \{\{name\}\}/)
  assert.match(page, /<dd>a<br>&quot;/)
})

test('once the event is over, its page says the thanks of the organizer', async (t) => {
  const { db, write, look } = await aPage(t)
  const [thanked, plain] = [
    await anInvitation(db, { event: { status: 'archived' } }),
    await anInvitation(db, { event: { status: 'archived' } }),
  ]

  await write(thanked.eventId, 'es-MX', { body: 'Ven', thanks: 'Gracias de corazón.\nAna & Luis' })

  const page = await look(thanked.code)
  assert.match(page, /<p>Gracias de corazón\.<br>Ana &amp; Luis<\/p>/)
  assert.doesNotMatch(page, /<p>Ven<\/p>/)
  assert.match(await look(plain.code), /El evento ya terminó/)
})

test('the texts of an event change its page and its card, and those of no other event', async (t) => {
  const { db, get, write, look } = await aPage(t)
  const [changing, quiet] = [await anInvitation(db), await anInvitation(db)]
  const cardOf = (page: string) => /og:image" content="https?:\/\/[^/]+([^"]+)"/.exec(page)![1]!
  const [before, other] = [await look(changing.code), await look(quiet.code)]

  await write(changing.eventId, 'es-MX', { title: 'Nuestra boda' })
  const after = await look(changing.code)

  assert.notEqual(cardOf(after), cardOf(before))
  assert.equal((await get(cardOf(after))).statusCode, 200)
  assert.equal((await get(cardOf(before))).statusCode, 404)
  assert.equal(await look(quiet.code), other)
  assert.equal((await get(cardOf(other))).statusCode, 200)
})
