import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { sql } from '../platform/db.ts'
import type { User } from '../http/access.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { newCode } from '../events/codes.ts'
import { viewManifest } from './manifest.ts'

type Entry = {
  hash: string
  places: number
  answer: string
  inside: number
  version: number
  passVersion: number
  guestId?: string
  name?: string
  notes?: string
}
type Manifest = {
  guests: number
  entries: Entry[]
  revoked: string[]
  cursor: string
  hasMore: boolean
  event: { doorPolicy: string }
}

/** As a device computes it. */
const hashOf = (eventId: string, code: string) => {
  const key = code
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
  return createHash('sha256').update(`${eventId}:${key}`).digest().subarray(0, 16).toString('base64url')
}

test('a manifest has a hash of each code with its places, and names only on request', async (t) => {
  const { db, get } = await startApp(t)
  const eventId = await anEvent(db, { doorPolicy: 'confirmed' })
  const ana = await aGuest(db, eventId, { partySize: 3, answer: 'yes' })
  await sql`update invitations set answered_places = 2 where id = ${ana.invitationId}`.execute(db)
  await sql`update guests set notes = 'Silla de ruedas' where id = ${ana.guestId}`.execute(db)

  const response = await get(`/scan/manifest/${eventId}`, { as: 'staff' })
  const named = (await get(`/scan/manifest/${eventId}?names=true`, { as: 'organizer' })).json<Manifest>()

  const { guests, entries, event } = response.json<Manifest>()
  const [{ version, ...entry } = { version: 0 }] = entries
  assert.deepEqual([guests, entries.length, event.doorPolicy], [1, 1, 'confirmed'])
  assert.deepEqual(entry, {
    hash: hashOf(eventId, ana.code.toLowerCase()),
    places: 2,
    answer: 'yes',
    inside: 0,
    passVersion: 1,
  })
  assert.ok(version > 0)
  assert.ok(!response.body.includes(ana.code) && !response.body.includes('Ana'))
  assert.deepEqual(
    [named.entries[0]!.name, named.entries[0]!.notes, named.entries[0]!.guestId],
    ['Ana Prueba', 'Silla de ruedas', ana.guestId],
  )
})

test('a guest who was found by name is admitted by id, once for each place, and only at the door of their event', async (t) => {
  const { db, post } = await startApp(t)
  const [eventId, otherId] = [await anEvent(db), await anEvent(db)]
  const ana = await aGuest(db, eventId)
  const { guestId } = ana
  const scan = async (body: object) => {
    const { status, reason } = (await post('/scan/validate', { as: 'staff', body })).json<Record<string, string>>()
    return [status, reason]
  }

  assert.deepEqual(await scan({ eventId: otherId, guestId }), ['invalid', 'unknown_code'])
  assert.deepEqual(await scan({ eventId, guestId: 'nobody' }), ['invalid', 'unknown_code'])
  assert.deepEqual(await scan({ eventId, code: guestId }), ['invalid', 'unknown_code'], 'a QR that says an id')
  assert.deepEqual(await scan({ eventId, guestId, scanId: 'by-name' }), ['valid', undefined])
  assert.deepEqual(await scan({ eventId, guestId, scanId: 'by-name' }), ['valid', undefined])
  assert.deepEqual(await scan({ eventId, code: ana.code }), ['duplicate', 'already_admitted'])
  const upload = await post('/scan/sync', {
    as: 'staff',
    body: { eventId, scans: [{ scanId: 'later', guestId, scannedAt: new Date().toISOString() }] },
  })
  assert.equal(upload.json().results[0].status, 'duplicate')
  for (const whom of [{}, { code: ana.code, guestId }])
    assert.equal((await post('/scan/validate', { as: 'staff', body: { eventId, ...whom } })).statusCode, 400)
})

test('what changed since the last manifest is all that the next one lists', async (t) => {
  const { db, get, post, setNow } = await startApp(t, { now: '2030-01-01T00:00:00Z' })
  const eventId = await anEvent(db)
  const guests = [await aGuest(db, eventId), await aGuest(db, eventId), await aGuest(db, eventId)]
  await sql`update guests set updated_at = '2029-12-01' where event_id = ${eventId}`.execute(db)
  await sql`update invitations set updated_at = '2029-12-01' where event_id = ${eventId}`.execute(db)
  const read = async (since?: string) =>
    (await get(`/scan/manifest/${eventId}${since ? `?since=${since}` : ''}`, { as: 'staff' })).json<Manifest>()

  const all = await read()
  setNow('2030-01-01T00:05:00Z')
  await post('/scan/validate', { as: 'staff', body: { eventId, code: guests[1]!.code } })
  const changed = await read(all.cursor)
  setNow('2030-01-01T00:10:00Z')
  const nothing = await read((await read(changed.cursor)).cursor)

  assert.deepEqual([all.entries.length, all.hasMore], [3, false])
  assert.deepEqual(
    changed.entries.map(({ hash, inside }) => [hash, inside]),
    [[hashOf(eventId, guests[1]!.code), 1]],
  )
  assert.deepEqual([nothing.entries, nothing.guests], [[], 3])
})

test('a revoked code is told, with the new one as a change', async (t) => {
  const { db, get, post, setNow } = await startApp(t, { now: '2030-01-01T00:00:00Z' })
  const eventId = await anEvent(db)
  const ana = await aGuest(db, eventId)
  await aGuest(db, eventId)
  await sql`update guests set updated_at = '2029-12-01' where event_id = ${eventId}`.execute(db)
  await sql`update invitations set updated_at = '2029-12-01' where event_id = ${eventId}`.execute(db)
  const read = async (since = '') =>
    (await get(`/scan/manifest/${eventId}?${since && `since=${since}`}`, { as: 'staff' })).json<Manifest>()
  const before = await read()
  setNow('2030-01-01T00:05:00Z')
  const path = `/events/${eventId}/guests/${ana.guestId}/pass/revoke`
  const { code } = (await post(path, { as: 'organizer', body: {} })).json<{ code: string }>()

  const [changed, all] = [await read(before.cursor), await read()]

  assert.deepEqual([before.revoked, changed.revoked], [[], [hashOf(eventId, ana.code)]])
  assert.deepEqual(
    changed.entries.map(({ hash, passVersion }) => [hash, passVersion]),
    [[hashOf(eventId, code), 2]],
  )
  assert.deepEqual([all.entries.length, all.guests, all.revoked], [2, 2, changed.revoked])
})

test('a large event comes in parts, and none of its guests is left out', async (t) => {
  const { db, deps } = await startApp(t)
  const eventId = await anEvent(db)
  const guests = await Promise.all(Array.from({ length: 7 }, () => aGuest(db, eventId)))
  await sql`update invitations set updated_at = '2029-12-01' where event_id = ${eventId}`.execute(db)

  const seen: string[] = []
  let since: { at: Date; id: string } | null = null
  for (let hasMore = true; hasMore;) {
    const part: Awaited<ReturnType<typeof viewManifest>> = await viewManifest(deps, {
      ...{ scope: null, staffId: null, eventId, since, hasNames: false, limit: 3 },
    })
    const [at, id] = JSON.parse(Buffer.from(part.cursor, 'base64url').toString()) as [string, string]
    since = { at: new Date(at), id }
    seen.push(...part.entries.map(({ hash }) => hash))
    hasMore = part.hasMore
  }

  assert.deepEqual(seen.toSorted(), guests.map(({ code }) => hashOf(eventId, code)).toSorted())
})

test('the manifest of 5,000 guests with names is at most 300 KB when compressed', async (t) => {
  const { db, get } = await startApp(t)
  const eventId = await anEvent(db)
  const codes = Array.from({ length: 5000 }, newCode)
  await sql`insert into guests (event_id, id, name, updated_at)
    select ${eventId}, 'g' || n, 'Invitada ' || md5(n::text), now() - n * interval '1.237 seconds'
      from generate_series(1, 5000) n`.execute(db)
  await sql`insert into invitations (id, event_id, guest_id, code, places)
    select ${eventId} || n, ${eventId}, 'g' || n, code, 1 + n % 6
      from unnest(${codes}::text[]) with ordinality c (code, n)`.execute(db)

  const { body, ...response } = await get(`/scan/manifest/${eventId}?names=true`, { as: 'staff' })

  assert.equal((JSON.parse(body) as Manifest).entries.length, 5000, String(response.statusCode))
  const size = gzipSync(body).length
  assert.ok(size <= 300 * 1024, `${size} bytes`)
})

test("the manifest of another organizer's event is 404, a viewer gets 403, and a wrong cursor is 400", async (t) => {
  const { db, get } = await startApp(t)
  const eventId = await anEvent(db)
  const stranger: User = { id: 'usr_x', role: 'staff', organizerId: await anOrganizer(db) }

  const replies = [
    await get(`/scan/manifest/${eventId}`, { as: stranger }),
    await get('/scan/manifest/ev_none', { as: 'staff' }),
    await get(`/scan/manifest/${eventId}`, { as: 'viewer' }),
    await get(`/scan/manifest/${eventId}`),
    await get(`/scan/manifest/${eventId}?since=x`, { as: 'staff' }),
  ]

  assert.deepEqual(
    replies.map((reply) => reply.json().code),
    ['event_not_found', 'event_not_found', 'forbidden', 'unauthorized', 'invalid_cursor'],
  )
})
