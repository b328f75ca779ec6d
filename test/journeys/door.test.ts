/** An evening at the door: two gates, one of them without a network, over HTTP and the modules that a browser uses. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { DoorView } from '../../src/checkin/door.ts'
import { issuePass } from '../../src/checkin/passes.ts'
import {
  judgeDoor,
  judgeInvitation,
  judgePass,
  judgeUnknown,
  type EventFacts,
  type Judgment,
} from '../../src/checkin/rules.ts'
import { importPublicKey, parsePass, verifyPass, type PublicKey } from '../../src/checkin/signed-pass.ts'
import { ORGANIZER_ID, startApp, type TestApp } from '../harness.ts'
import { aGuest, anEvent, assignStaff, type MadeGuest } from '../make.ts'

type Entry = { hash: string; places: number; answer: 'pending'; inside: number; passVersion: number }
type Manifest = {
  event: Omit<EventFacts, 'startsAtMs' | 'endsAtMs'> & { startsAt: string; endsAt: string }
  keys: { kid: number; publicKey: string }[]
  entries: Entry[]
  revoked: string[]
}
type Queued = { scanId: string; code: string; scannedAt: string; gate: string; device: string }
type Result = { scanId: string; status: string; reason?: string; isRetry: boolean; isConflict: boolean }

const show = (judgment: { status: string; reason?: string }) =>
  [judgment.status, judgment.reason].filter(Boolean).join(' ')

/** A device without a network: it knows the manifest, judges by the rules and keeps what it scanned. */
async function openOfflineDevice(manifest: Manifest, eventId: string) {
  const { startsAt, endsAt, ...door } = manifest.event
  const event: EventFacts = { ...door, startsAtMs: Date.parse(startsAt), endsAtMs: Date.parse(endsAt) }
  const keys = new Map<number, PublicKey>()
  for (const { kid, publicKey } of manifest.keys)
    keys.set(kid, await importPublicKey(Uint8Array.from(Buffer.from(publicKey, 'base64url'))))
  const entries = new Map(manifest.entries.map((entry) => [entry.hash, { ...entry }]))
  const queue: Queued[] = []

  const hashOf = (code: string) => {
    const key = code.replace(/[^0-9A-Z]/g, '').replace(/[OIL]/g, (letter) => (letter === 'O' ? '0' : '1'))
    return createHash('sha256').update(`${eventId}:${key}`).digest().subarray(0, 16).toString('base64url')
  }

  async function judge(text: string, atMs: number): Promise<Judgment> {
    const scan = { atMs, count: 1, direction: 'in' as const }
    const pass = parsePass(text)
    const facts = pass && (await verifyPass(pass, keys.get(pass.kid) ?? null, eventId))
    const refusal = judgeDoor(event, scan) ?? (facts && judgePass(facts, scan))
    if (refusal) return refusal
    const hash = hashOf(pass?.code ?? text)
    const entry = entries.get(hash)
    const isRevoked = manifest.revoked.includes(hash) || (!!facts && !!entry && facts.version !== entry.passVersion)
    if (!entry && !isRevoked) return judgeUnknown(false)
    const { answer = 'pending', places = 0, inside = 0 } = entry ?? {}
    const judgment = judgeInvitation(event, { answer, places, admitted: inside, outside: 0, isRevoked }, scan)
    if (entry && judgment.status === 'valid') entry.inside++
    return judgment
  }

  return {
    queue,
    async scan(code: string, at: string): Promise<string> {
      queue.push({ scanId: `b-${queue.length}`, code, scannedAt: at, gate: 'Sur', device: 'B' })
      return show(await judge(code, Date.parse(at)))
    },
  }
}

async function anEvening(app: TestApp) {
  const eventId = await anEvent(app.db, { startsAt: '2030-01-01T20:00:00Z', doorsOpenMinutes: 180 })
  const guests = await Promise.all([2, 1, 1, 1, 1].map((partySize) => aGuest(app.db, eventId, { partySize })))
  const passOf = ({ code }: MadeGuest) =>
    issuePass(app.deps.keyring, { code, eventId, version: 1, endsAt: new Date('2030-01-02T02:00:00Z') })
  return { eventId, guests, passes: await Promise.all(guests.map(passOf)) }
}

test('an evening at the door with two gates, one of them offline for a while', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T18:00:00Z' })
  const { get, post, setNow } = app
  const { eventId, guests, passes } = await anEvening(app)
  const [family, eva, luz, max] = passes as [string, string, string, string]
  const supervisor = { id: 'usr_sup', role: 'staff' as const, organizerId: ORGANIZER_ID, isSupervisor: true }
  await assignStaff(app.db, eventId, supervisor.id)
  const scanAt = async (at: string, code: string, more: object = {}) => {
    setNow(at)
    const body = { eventId, code, gate: 'Norte', device: 'A', lastTookMs: 80, ...more }
    return (await post('/scan/validate', { as: 'staff', body })).json<Result>()
  }
  const at = (time: string) => `2030-01-01T${time}:00Z`

  // Max shared his pass in a group, so he gets another one before the evening.
  const revoked = await post(`/events/${eventId}/guests/${guests[3]!.guestId}/pass/revoke`, {
    ...{ as: 'organizer', body: { reason: 'Publicado en un grupo' } },
  })
  const renewed = revoked.json<{ code: string; passVersion: number }>()
  const manifest = (await get(`/scan/manifest/${eventId}`, { as: 'staff' })).json<Manifest>()
  const offline = await openOfflineDevice(manifest, eventId)

  // Gate A has a network, gate B has none any more. Eva comes to B first, and then lends her pass to somebody at A.
  const atB = [
    await offline.scan(family, at('19:00')),
    await offline.scan(eva, at('19:01')),
    await offline.scan(eva, at('19:02')),
    await offline.scan(max, at('19:03')),
    await offline.scan(guests[3]!.code, at('19:03')),
    await offline.scan(`${luz.slice(0, 25)}${luz[25] === '7' ? '8' : '7'}${luz.slice(26)}`, at('19:04')),
    await offline.scan('NADIE-LO-INVITÓ', at('19:05')),
    await offline.scan(luz, at('19:06')),
  ]
  const atA = [
    await scanAt(at('19:10'), eva),
    await scanAt(at('19:11'), family),
    await scanAt(at('19:12'), max),
    await scanAt(at('19:13'), renewed.code),
    await scanAt(at('19:14'), guests[4]!.code, { lastTookMs: 700 }),
  ]
  assert.deepEqual(atB, [
    'valid',
    'valid',
    'duplicate already_admitted',
    'invalid revoked',
    'invalid revoked',
    'invalid not_genuine',
    'invalid unknown_code',
    'valid',
  ])
  assert.deepEqual(atA.map(show), ['valid', 'valid', 'invalid revoked', 'valid', 'valid'])

  // B has a network again. Its upload is cut off after three scans, and it sends all of them again.
  setNow(at('19:30'))
  const upload = async (scans: Queued[]) =>
    (await post('/scan/sync', { as: 'staff', body: { eventId, sentAt: at('19:30'), scans } })).json<{
      results: Result[]
    }>().results
  await upload(offline.queue.slice(0, 3))
  const results = await upload(offline.queue)
  assert.deepEqual(results.map(show), atB, 'the server says what the device said')
  assert.deepEqual(
    results.map(({ isRetry }) => isRetry),
    [true, true, true, false, false, false, false, false],
  )

  // Two people came in on Eva's place: the earlier scan stands, and the organizer sees both.
  const { data: conflicts } = (await get(`/events/${eventId}/door/conflicts`, { as: 'organizer' })).json()
  assert.deepEqual(
    conflicts.map(({ guestId, first, second }: Record<string, { gate: string; device: string; at: string }>) => [
      ...[guestId, first!.gate, first!.device, first!.at],
      ...[second!.gate, second!.device, second!.at],
    ]),
    [[guests[1]!.guestId, 'Sur', 'B', '2030-01-01T19:01:00.000Z', 'Norte', 'A', '2030-01-01T19:10:00.000Z']],
  )

  // The last guest was scanned by mistake: a supervisor takes it back, and the guest comes in later.
  const undo = (as: typeof supervisor | 'staff') =>
    post(`/events/${eventId}/scans/${atA[4]!.scanId}/undo`, { as, body: { reason: 'Escaneo por error' } })
  assert.deepEqual([(await undo('staff')).statusCode, (await undo(supervisor)).statusCode], [403, 200])
  const again = [await scanAt(at('19:31'), guests[4]!.code), await scanAt(at('19:32'), passes[4]!)]
  assert.deepEqual(again.map(show), ['valid', 'duplicate already_admitted'])

  const door = (await get(`/events/${eventId}/door`, { as: 'organizer' })).json<DoorView>()
  assert.deepEqual(door.persons, { invited: 5, places: 6, admitted: 6, inside: 6 })
  assert.deepEqual([door.conflicts, door.scansLastMinute, door.offlineLagSeconds], [1, 1, 30 * 60])
  assert.deepEqual(
    door.gates.map(({ gate, admitted, duplicates, refused, undone, p95Ms, isSilent }) => [
      ...[gate, admitted, duplicates, refused, undone, p95Ms, isSilent],
    ]),
    [
      ['Norte', 3, 2, 1, 1, 80, false],
      ['Sur', 3, 1, 4, 0, null, false],
    ],
  )
})

test('a guest who went out comes back in with the same pass, and counts once', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T21:00:00Z' })
  const { get, post, db } = app
  const eventId = await anEvent(db, { startsAt: '2030-01-01T20:00:00Z', reentry: 'exit_then_entry' })
  const { code } = await aGuest(db, eventId)
  const pass = await issuePass(app.deps.keyring, {
    code,
    eventId,
    version: 1,
    endsAt: new Date('2030-01-02T02:00:00Z'),
  })
  const scan = async (direction: string) =>
    show((await post('/scan/validate', { as: 'staff', body: { eventId, code: pass, direction } })).json())

  const answers = [await scan('in'), await scan('in'), await scan('out'), await scan('out'), await scan('in')]

  assert.deepEqual(answers, ['valid', 'duplicate already_admitted', 'valid', 'invalid not_inside', 'valid'])
  const { persons } = (await get(`/events/${eventId}/door`, { as: 'organizer' })).json<DoorView>()
  assert.deepEqual(persons, { invited: 1, places: 1, admitted: 1, inside: 1 })
})
