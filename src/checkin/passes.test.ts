import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { sql, withTx } from '../platform/db.ts'
import { revokeCode } from '../events/events.ts'
import type { User } from '../http/access.ts'
import { startApp, type AppOptions } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer, type MadeGuest } from '../../test/make.ts'
import { openKeyring } from './keyring.ts'
import { issuePass, readScanned } from './passes.ts'
import { parsePass } from './signed-pass.ts'

const NOW = '2030-01-01T01:00:00.000Z'
const ENDS_AT = new Date('2030-01-01T06:00:00Z')
type Answer = { status: string; reason?: string; guest?: { name: string; admitted: number } }
type Renewed = { guestId: string; code: string; passVersion: number }

async function aDoor(t: TestContext, options: AppOptions = { now: NOW }) {
  const app = await startApp(t, options)
  const passOf = ({ eventId, code }: MadeGuest, version = 1) =>
    issuePass(app.deps.keyring, { eventId, code, version, endsAt: ENDS_AT })
  const scan = async (eventId: string, code: string, more: object = {}) => {
    const { status, reason } = (
      await app.post('/scan/validate', { as: 'staff', body: { eventId, code, ...more } })
    ).json<Answer>()
    return [status, reason].filter(Boolean).join(' ')
  }
  const revoke = (
    guest: MadeGuest,
    as: User | 'organizer' | 'director' | 'staff' | 'viewer' = 'organizer',
    body: object = {},
  ) => app.post(`/events/${guest.eventId}/guests/${guest.guestId}/pass/revoke`, { as, body })
  return { ...app, passOf, scan, revoke }
}

test('a signed pass admits like its plain code, once for both', async (t) => {
  const { db, scan, passOf } = await aDoor(t)
  const guest = await anInvitation(db)
  const pass = await passOf(guest)

  const answers = [
    await scan(guest.eventId, pass.toLowerCase(), { scanId: 'a' }),
    await scan(guest.eventId, pass, { scanId: 'a' }),
    await scan(guest.eventId, guest.code, { scanId: 'a' }),
    await scan(guest.eventId, guest.code),
    await scan(guest.eventId, pass),
  ]

  assert.match(pass, /^MT1[0-9A-Z-]+$/)
  assert.deepEqual(answers, [...Array<string>(3).fill('valid'), ...Array<string>(2).fill('duplicate already_admitted')])
})

test('whoever an offline gate let in before the pass was revoked is in', async (t) => {
  const { db, post, setNow, scan, passOf, revoke } = await aDoor(t)
  const guest = await anInvitation(db, { partySize: 4 })
  const pass = await passOf(guest)
  const offline = (scanId: string, scannedAt: string, code: string) => ({ scanId, scannedAt, code, admit: 2 })
  const [before, after] = [new Date(Date.parse(NOW) + 60_000), new Date(Date.parse(NOW) + 180_000)].map((at) =>
    at.toISOString(),
  )
  setNow(new Date(Date.parse(NOW) + 120_000).toISOString())
  const { code } = (await revoke(guest)).json<Renewed>()

  setNow(new Date(Date.parse(NOW) + 240_000).toISOString())
  const scans = [offline('a', before!, pass), offline('b', after!, pass)]
  const { results } = (await post('/scan/sync', { as: 'staff', body: { eventId: guest.eventId, scans } })).json()

  const show = ({ status, reason }: Answer) => [status, reason].filter(Boolean).join(' ')
  assert.deepEqual(results.map(show), ['valid', 'invalid revoked'])
  assert.equal(await scan(guest.eventId, code, { admit: 3 }), 'duplicate not_enough_places')
  assert.equal(await scan(guest.eventId, code, { admit: 2 }), 'valid')
})

test('twenty passes and codes of one guest at once admit one', async (t) => {
  const { db, scan, passOf } = await aDoor(t)
  const guest = await anInvitation(db)
  const pass = await passOf(guest)

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => scan(guest.eventId, n % 2 === 0 ? pass : guest.code)),
  )

  assert.equal(answers.filter((answer) => answer === 'valid').length, 1)
})

test('after a revocation the old pass and the old code are refused as revoked, and the new ones admit', async (t) => {
  const { db, get, scan, passOf, revoke } = await aDoor(t)
  const guest = await anInvitation(db, { partySize: 3, answer: 'yes' })
  const { eventId, guestId, code: former } = guest
  const pass = await passOf(guest)
  const before = await get(`/public/invite/${former}/qr.svg`, { as: null })

  const revoked = await revoke(guest, 'organizer', { reason: 'Se publicó en un grupo' })
  const { code, passVersion } = revoked.json<Renewed>()
  const renewed = { ...guest, code }

  assert.deepEqual([revoked.statusCode, passVersion], [200, 2], revoked.body)
  assert.notEqual(code, former)
  const answers = [
    await scan(eventId, pass),
    await scan(eventId, former),
    await scan(eventId, former.replaceAll('-', ' ')),
    await scan(eventId, await passOf(renewed, 1)),
    await scan(eventId, pass, { direction: 'out' }),
  ]
  assert.deepEqual(answers, Array<string>(5).fill('invalid revoked'))
  assert.deepEqual([await scan(eventId, await passOf(renewed, 2)), await scan(eventId, code)], ['valid', 'valid'])
  const page = await get(`/public/invite/${code}/qr.svg`, { as: null })
  const old = await get(`/public/invite/${former}`, { as: null, headers: { accept: 'application/json' } })
  assert.deepEqual([before.statusCode, page.statusCode, old.statusCode], [200, 200, 404])
  assert.notEqual(page.body, before.body)
  const { rows } = await sql<object>`
    select code, version, revoked_by, reason from revoked_codes where event_id = ${eventId}`.execute(db)
  assert.deepEqual(rows, [
    { code: former, version: 1, revokedBy: 'usr_test_organizer', reason: 'Se publicó en un grupo' },
  ])
  const listed = await get(`/events/${eventId}/guests/${guestId}`, { as: 'organizer' })
  assert.equal(listed.json<{ code: string }>().code, code)
})

test('ten revocations at once leave one code that admits, and all others are revoked', async (t) => {
  const { db, scan, revoke } = await aDoor(t)
  const guest = await anInvitation(db, { partySize: 20 })

  const replies = await Promise.all(Array.from({ length: 10 }, () => revoke(guest)))

  const renewed = replies.map((reply) => reply.json<Renewed>()).toSorted((a, b) => a.passVersion - b.passVersion)
  assert.deepEqual(
    renewed.map(({ passVersion }) => passVersion),
    Array.from({ length: 10 }, (_, n) => n + 2),
  )
  const answers = await Promise.all(
    [guest.code, ...renewed.map(({ code }) => code)].map((code) => scan(guest.eventId, code)),
  )
  assert.deepEqual(answers, [...Array<string>(10).fill('invalid revoked'), 'valid'])
})

test('a scan that waits for a revocation says revoked, not unknown', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, guestId, code } = await anInvitation(db)
  const isWaiting = async () => {
    const { rows } = await sql<object>`select 1 from pg_locks where not granted and locktype = 'transactionid'`.execute(
      db,
    )
    return rows.length > 0
  }

  const waiting = await withTx(db, async (tx) => {
    await revokeCode(tx, { scope: null, eventId, guestId, by: 'usr_x', reason: null, now: new Date(NOW) })
    const answer = scan(eventId, code)
    while (!(await isWaiting()));
    return { answer }
  })

  assert.equal(await waiting.answer, 'invalid revoked')
})

test('an e-mail that was sent before a revocation still unsubscribes', async (t) => {
  const { db, get, revoke } = await aDoor(t)
  const guest = await anInvitation(db, { email: 'ana@example.com' })
  await revoke(guest)

  const page = await get(`/public/unsubscribe/${guest.code}`, { as: null })

  assert.equal(page.statusCode, 200, page.body)
})

test('revoking is for those who organize: staff and viewers 403, an unknown guest or organizer 404', async (t) => {
  const { db, scan, revoke } = await aDoor(t)
  const guest = await anInvitation(db)
  const stranger: User = { id: 'usr_x', role: 'organizer', organizerId: await anOrganizer(db) }

  const replies = [
    await revoke(guest, 'staff'),
    await revoke(guest, 'viewer'),
    await revoke(guest, stranger),
    await revoke({ ...guest, guestId: 'g_none' }),
    await revoke(guest, 'organizer', { reason: ' ' }),
  ]

  assert.deepEqual(
    replies.map((reply) => reply.json().code),
    ['forbidden', 'forbidden', 'guest_not_found', 'guest_not_found', 'invalid_request'],
  )
  assert.equal(await scan(guest.eventId, guest.code), 'valid')
})

test('a code of 4 KB is refused before it is read', async (t) => {
  const { db, post } = await aDoor(t)
  const eventId = await anEvent(db)

  const code = `MT1${'0'.repeat(4096)}`
  const online = await post('/scan/validate', { as: 'staff', body: { eventId, code } })
  const scans = [{ scanId: 'a', code, scannedAt: NOW }]
  const offline = await post('/scan/sync', { as: 'staff', body: { eventId, scans } })

  assert.deepEqual([online.statusCode, online.json().code], [400, 'invalid_request'])
  assert.equal(offline.json().results[0].status, 'rejected')
})

test('a forged pass is stored as not genuine, without the guest whose code it names', async (t) => {
  const { db, get, scan, passOf } = await aDoor(t)
  const guest = await anInvitation(db)
  const pass = await passOf(guest)
  const forged = pass.slice(0, -3) + (pass.at(-3) === '0' ? '1' : '0') + pass.slice(-2)

  assert.equal(await scan(guest.eventId, forged), 'invalid not_genuine')

  const { data } = (await get(`/events/${guest.eventId}/scans`, { as: 'staff' })).json()
  assert.deepEqual([data[0].reason, data[0].guestId], ['not_genuine', null])
  assert.equal(await scan(guest.eventId, pass), 'valid')
})

test('offline, passes are judged as at the door: neither a forged one nor a revoked one admits anybody', async (t) => {
  const { db, post, passOf, revoke } = await aDoor(t)
  const eventId = await anEvent(db)
  const [ana, eva, luz] = [await aGuest(db, eventId), await aGuest(db, eventId), await aGuest(db, eventId)]
  const pass = await passOf(eva)
  const texts = [await passOf(ana), `${pass.slice(0, 30)}7${pass.slice(31)}`, await passOf(luz)]
  await revoke(luz)

  const scans = texts.map((code, n) => ({ scanId: `s${n}`, code, scannedAt: NOW }))
  const { results } = (await post('/scan/sync', { as: 'staff', body: { eventId, scans } })).json()

  assert.deepEqual(
    results.map(({ status, reason }: Answer) => [status, reason]),
    [
      ['valid', undefined],
      ['invalid', 'not_genuine'],
      ['invalid', 'revoked'],
    ],
  )
})

test('a rotated key signs new passes after an hour, old passes stay valid, and the manifest lists both keys', async (t) => {
  const { db, deps, get, post, scan, passOf } = await aDoor(t)
  const eventId = await anEvent(db)
  const [ana, eva] = [await aGuest(db, eventId), await aGuest(db, eventId)]
  const old = await passOf(ana)

  const rotated = await post('/door-keys/rotate', { as: 'director', body: {} })
  const refused = await post('/door-keys/rotate', { as: 'organizer', body: {} })
  const soon = await passOf(eva)
  const inAnHour = openKeyring({ db, now: () => new Date(deps.now().getTime() + 3_600_000) }, deps.signingKey)
  const fresh = await issuePass(inAnHour, { eventId, code: eva.code, version: 1, endsAt: ENDS_AT })

  const { kid, publicKey } = rotated.json<{ kid: number; publicKey: string }>()
  assert.deepEqual([rotated.statusCode, refused.statusCode], [201, 403])
  assert.deepEqual([parsePass(soon)?.kid, parsePass(fresh)?.kid], [parsePass(old)!.kid, kid])
  assert.ok(parsePass(old)!.kid < kid)
  assert.deepEqual([await scan(eventId, old), await scan(eventId, fresh)], ['valid', 'valid'])
  const { keys } = (await get(`/scan/manifest/${eventId}`, { as: 'staff' })).json()
  assert.deepEqual(keys[0], { kid, publicKey, createdAt: NOW })
  assert.ok(keys.some((key: { kid: number }) => key.kid === parsePass(old)!.kid))
})

test('no private key is stored: with another secret a process signs with a key of its own, and each verifies the other', async (t) => {
  const { db, deps } = await aDoor(t)
  const guest = await anInvitation(db)
  const other = openKeyring(deps, createHash('sha256').update('another secret').digest())
  const claims = { eventId: guest.eventId, code: guest.code, version: 1, endsAt: ENDS_AT }

  const passes = [await issuePass(other, claims), await issuePass(deps.keyring, claims), await issuePass(other, claims)]

  const kids = passes.map((pass) => parsePass(pass)!.kid)
  assert.equal(kids[0], kids[2])
  assert.notEqual(kids[0], kids[1])
  const third = openKeyring(deps, deps.signingKey)
  for (const pass of passes) {
    const { code, ...facts } = await readScanned(third, pass, guest.eventId)
    assert.deepEqual([code, facts.pass?.isGenuine], [guest.code, true])
  }
})
