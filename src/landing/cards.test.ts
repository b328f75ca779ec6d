import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation } from '../../test/make.ts'

async function aPreview(t: TestContext) {
  const app = await startApp(t)
  /** The path of the picture that the page of an invitation names. */
  const findCard = async (code: string) => {
    const { body } = await app.get(`/i/${code}`)
    return /<meta property="og:image" content="https?:\/\/[^/]+([^"]+)">/.exec(body)![1]!
  }
  /** What is kept of the cards of an event, and the transaction that wrote it. */
  const listKept = async (eventId: string) =>
    (
      await sql<{ key: string; xmin: string }>`
        select key, xmin::text from kv where key like ${`card:${eventId}:%`} order by key`.execute(app.db)
    ).rows
  const rename = (eventId: string, name: string) =>
    sql`update events set name = ${name} where id = ${eventId}`.execute(app.db)
  return { ...app, findCard, listKept, rename }
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

test('a card is a PNG that anybody may keep, and its version is its ETag', async (t) => {
  const { db, get, findCard } = await aPreview(t)
  const { code } = await anInvitation(db)
  const path = await findCard(code)

  const picture = await get(path)
  const again = await get(path, { headers: { 'if-none-match': String(picture.headers['etag']) } })

  assert.deepEqual([picture.statusCode, picture.headers['content-type']], [200, 'image/png'])
  assert.deepEqual(picture.rawPayload.subarray(0, 8), PNG)
  assert.deepEqual([picture.rawPayload.readUInt32BE(16), picture.rawPayload.readUInt32BE(20)], [1200, 630])
  assert.ok(picture.rawPayload.length > 5000 && picture.rawPayload.length < 300_000, `${picture.rawPayload.length}`)
  assert.equal(picture.headers['cache-control'], 'public, max-age=86400')
  assert.equal(picture.headers['cross-origin-resource-policy'], 'cross-origin')
  assert.equal(picture.headers['x-robots-tag'], 'noindex')
  assert.equal(picture.headers['set-cookie'], undefined)
  assert.deepEqual([again.statusCode, again.rawPayload.length], [304, 0])
})

test('every guest of one language sees the same card, and the other language has its own', async (t) => {
  const { db, get, findCard } = await aPreview(t)
  const eventId = await anEvent(db)
  const [ana, eva, joe] = [
    await aGuest(db, eventId),
    await aGuest(db, eventId),
    await aGuest(db, eventId, { locale: 'en' }),
  ]

  const [first, second, english] = [await findCard(ana.code), await findCard(eva.code), await findCard(joe.code)]

  assert.equal(first, second)
  assert.notEqual(english, first)
  assert.notDeepEqual((await get(english)).rawPayload, (await get(first)).rawPayload)
  for (const { code, guestId } of [ana, eva, joe]) assert.ok(!first.includes(code) && !first.includes(guestId))
})

test('a card is drawn once, and again for what it shows: the card of another event is left alone', async (t) => {
  const { db, get, findCard, listKept, rename } = await aPreview(t)
  const [changing, quiet] = [await anInvitation(db), await anInvitation(db)]
  const [before, other] = [await findCard(changing.code), await findCard(quiet.code)]
  const pictures = await Promise.all([before, other, before, other].map((path) => get(path)))
  const keptOther = await listKept(quiet.eventId)

  await rename(changing.eventId, 'Otro nombre')
  const after = await findCard(changing.code)
  const redrawn = await get(after)
  const old = await get(before)
  const otherAgain = await get(other)

  assert.deepEqual(pictures[2]!.rawPayload, pictures[0]!.rawPayload)
  assert.equal(redrawn.statusCode, 200)
  assert.notDeepEqual(redrawn.rawPayload, pictures[0]!.rawPayload)
  assert.deepEqual([old.statusCode, old.json().code], [404, 'card_not_found'])
  assert.equal(await findCard(quiet.code), other)
  assert.deepEqual(otherAgain.rawPayload, pictures[1]!.rawPayload)
  assert.equal(keptOther.length, 1)
  assert.deepEqual(await listKept(quiet.eventId), keptOther)
})

test('day, place and time zone change the card, and what it does not show changes nothing', async (t) => {
  const { db, findCard } = await aPreview(t)
  const { code, eventId } = await anInvitation(db)
  const seen = [await findCard(code)]

  for (const change of [
    sql`location = 'Hacienda'`,
    sql`starts_at = starts_at - interval '1 day'`,
    sql`time_zone = 'America/Tijuana'`,
  ]) {
    await sql`update events set ${change} where id = ${eventId}`.execute(db)
    seen.push(await findCard(code))
  }
  await sql`update events set capacity = 100, landing_ttl_days = 40 where id = ${eventId}`.execute(db)

  assert.equal(new Set(seen).size, 4)
  assert.equal(await findCard(code), seen.at(-1))
})

test('whoever has seen no invitation cannot tell whether an event exists', async (t) => {
  const { db, get, findCard } = await aPreview(t)
  const { code, eventId } = await anInvitation(db)
  const another = await anInvitation(db)
  const draft = await anEvent(db, { status: 'draft' })
  const version = new URL(await findCard(another.code), 'http://x').searchParams.get('v')!

  const replies = [
    await get(`/public/events/${eventId}/card.png?v=guess`),
    await get(`/public/events/${eventId}/card.png?v=${version}`),
    await get(`/public/events/ev_unknown/card.png?v=${version}`),
    await get(`/public/events/${draft}/card.png?v=${version}`),
  ]
  const without = [
    await get(`/public/events/${eventId}/card.png`),
    await get('/public/events/ev_unknown/card.png'),
    await get(`/public/events/${eventId}/card.png?v=${'x'.repeat(4000)}`),
  ]

  const problems = replies.map((reply) => ({ ...reply.json<object>(), requestId: '' }))
  for (const problem of problems) assert.deepEqual(problem, problems[0])
  assert.deepEqual([replies[0]!.statusCode, replies[0]!.json().code], [404, 'card_not_found'])
  assert.equal((await get(await findCard(code))).statusCode, 200)
  assert.deepEqual(
    without.map(({ statusCode }) => statusCode),
    [400, 400, 400],
  )
})

test('the card stays while the page says thank you, and is gone with the invitation', async (t) => {
  const { db, get, findCard } = await aPreview(t)
  const { code, eventId } = await anInvitation(db)
  const path = await findCard(code)

  const answers: [number, string | undefined][] = []
  for (const status of ['archived', 'expired']) {
    await sql`update events set status = ${status} where id = ${eventId}`.execute(db)
    const reply = await get(path)
    answers.push([reply.statusCode, status === 'expired' ? reply.json<{ code: string }>().code : undefined])
  }

  assert.deepEqual(answers, [
    [200, undefined],
    [410, 'invitation_expired'],
  ])
})

test('names of any kind are drawn within the limit of a preview', async (t) => {
  const { db, get, findCard, rename } = await aPreview(t)
  const { code, eventId } = await anInvitation(db)
  await sql`update events set location = ${'Hacienda de los Ángeles «Ñandú», '.repeat(15).slice(0, 500)} where id = ${eventId}`.execute(
    db,
  )

  for (const name of [
    'Ñ',
    'Boda de José Ángel & María 🎉❤️👨‍👩‍👧',
    'XV años de Ximena Guadalupe y muchísimas palabras más '.repeat(4).slice(0, 200),
    'W'.repeat(200),
    '🎉'.repeat(100),
    '<script>alert(1)</script><image href="file:///etc/passwd"/>',
    'Свадьба 婚礼 زفاف',
  ]) {
    await rename(eventId, name)
    const picture = await get(await findCard(code))
    assert.equal(picture.statusCode, 200, name)
    assert.ok(picture.rawPayload.length < 300_000, `${name}: ${picture.rawPayload.length}`)
  }
})

test('while the kv store is down, a card is drawn for each request', async (t) => {
  const { db, get, findCard } = await aPreview(t)
  const { code } = await anInvitation(db)
  const path = await findCard(code)

  await sql`alter table kv rename to kv_away`.execute(db)
  const picture = await get(path)
  await sql`alter table kv_away rename to kv`.execute(db)

  assert.equal(picture.statusCode, 200)
})
