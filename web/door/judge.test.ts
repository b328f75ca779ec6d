import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import { importPublicKey, nameEvent, writeBody, writePass } from '../../src/checkin/signed-pass.ts'
import { codeOfGuest, codeOfText, hashOf, judge, whomOf, type Entry, type List } from './judge.ts'

const NOW_MS = Date.UTC(2030, 0, 1)
const HOUR_MS = 3_600_000
const CODE = 'ABCDEFGHJKMNPQRSTVWXYZ0123'
const EVENT = { status: 'active', startsAtMs: NOW_MS, endsAtMs: NOW_MS + 6 * HOUR_MS, doorsOpenMinutes: 180 } as const
const ENTRY = { places: 3, answer: 'yes', inside: 0, version: 1, passVersion: 1, guestId: 'g1', name: 'Ana' } as const

async function aList(entry: Partial<Entry> = {}, more: Partial<List> = {}): Promise<List> {
  const hash = await hashOf('ev1', CODE)
  return {
    eventId: 'ev1',
    event: { ...EVENT, doorPolicy: 'invited', reentry: 'none' },
    ...{ keys: new Map(), revoked: new Set(), waiting: new Map(), ...more },
    entries: new Map([[hash, { ...ENTRY, hash, ...entry }]]),
  }
}
const at = { atMs: NOW_MS, admit: 1, direction: 'in' as 'in' | 'out' }

async function judged(list: List, code = CODE, scan = at): Promise<string> {
  const { verdict } = await judge(list, { ...scan, code }, 0)
  return [verdict.status, verdict.reason].filter(Boolean).join(' ')
}

test('a hash is the one that the manifest has', async () => {
  const expected = createHash('sha256').update(`ev1:${CODE}`).digest().subarray(0, 16).toString('base64url')

  assert.equal(await hashOf('ev1', CODE), expected)
})

test('a code is read as the server reads it, and its places are counted with those that wait', async () => {
  const list = await aList()
  const [hash] = list.entries.keys()
  const first = { at: '2030-01-01T00:00:00Z', gate: 'Norte', device: null }

  for (const code of [CODE, CODE.toLowerCase(), `https://example.com/i/${CODE}`, codeOfGuest('g1')])
    assert.deepEqual(await judge(list, { ...at, code, admit: 2, atMs: NOW_MS - 1000 }, 1000), {
      verdict: {
        status: 'valid',
        guest: { name: 'Ana', notes: null, companions: [], partySize: 3, admitted: 2, remaining: 1, answer: 'yes' },
      },
      left: 3,
      hash,
    })
  assert.equal(await judged(await aList({ inside: 1 }, { waiting: new Map([[hash!, 1]]) }), CODE), 'valid')
  assert.equal(
    await judged(await aList({ inside: 2 }, { waiting: new Map([[hash!, 1]]) })),
    'duplicate already_admitted',
  )
  const twice = await judge(await aList({ inside: 3, first }), { ...at, code: CODE }, 0)
  assert.deepEqual([twice.verdict.status, twice.verdict.first, twice.left], ['duplicate', first, 0])
})

test('what is not on the list, is revoked, comes too early, or has not confirmed stays outside', async () => {
  const list = await aList()
  const revoked = await hashOf('ev1', 'AAAAAAAAAAAAAAAAAAAAAAAAAA')
  const confirmed = await aList({ answer: 'pending' })
  confirmed.event = { ...confirmed.event, doorPolicy: 'confirmed' }

  assert.equal(await judged(list, 'ZZZZZZZZZZZZZZZZZZZZZZZZZZ'), 'invalid unknown_code')
  assert.equal(await judged(list, codeOfGuest('g2')), 'invalid unknown_code')
  assert.equal(await judged(await aList({}, { revoked: new Set([revoked]) }), 'A'.repeat(26)), 'invalid revoked')
  assert.equal(await judged(await aList({ isRevoked: true })), 'invalid revoked')
  assert.equal(await judged(list, CODE, { ...at, atMs: NOW_MS - 4 * HOUR_MS }), 'invalid not_yet_open')
  assert.equal(await judged(confirmed), 'invalid not_confirmed')
})

test('who leaves is counted where the event records it, and may come in again', async () => {
  const out = { ...at, direction: 'out' as const }
  const withExits = async (inside: number, waiting = 0) => {
    const list = await aList({ inside })
    list.event = { ...list.event, reentry: 'exit_then_entry' }
    for (const hash of list.entries.keys()) list.waiting.set(hash, waiting)
    return list
  }
  const leaving = await judge(await withExits(3), { ...out, code: CODE, admit: 2 }, 0)

  assert.deepEqual([leaving.verdict.status, leaving.left], ['valid', 3])
  assert.deepEqual([leaving.verdict.guest?.admitted, leaving.verdict.guest?.remaining], [1, 2])
  assert.equal(await judged(await withExits(3)), 'duplicate already_admitted')
  assert.equal(await judged(await withExits(3, -2)), 'valid')
  assert.equal(await judged(await withExits(3, -3), CODE, out), 'invalid not_inside')
  assert.equal(await judged(await aList({ inside: 3 }), CODE, out), 'invalid exit_not_allowed')
})

test('a signed pass is checked with the keys of the manifest; a browser without Ed25519 takes it for its code', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = await importPublicKey(Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)))
  const keys = new Map([[1, key]])
  const issue = async (claims: { version?: number; event?: string; expiresAtMs?: number } = {}) => {
    const event = await nameEvent(claims.event ?? 'ev1')
    const expiresAtMs = claims.expiresAtMs ?? NOW_MS + HOUR_MS
    const body = writeBody({ kid: 1, version: claims.version ?? 1, expiresAtMs, event, code: CODE })!
    return writePass(body, sign(null, Buffer.from(body), privateKey))
  }
  const forged = (await issue()).replace(/.$/, (last) => (last === '0' ? 'G' : '0')).replace(/...$/, 'GGG')

  for (const [pass, withKeys, without] of [
    [await issue(), 'valid', 'valid'],
    [forged, 'invalid not_genuine', 'valid'],
    [await issue({ version: 2 }), 'invalid revoked', 'invalid revoked'],
    [await issue({ event: 'ev2' }), 'invalid wrong_event', 'invalid wrong_event'],
    [await issue({ expiresAtMs: NOW_MS - HOUR_MS }), 'invalid expired', 'invalid expired'],
  ] as const) {
    assert.equal(await judged(await aList({}, { keys }), pass), withKeys)
    assert.equal(await judged(await aList({}, { keys: null }), pass), without)
  }
  assert.equal(await judged(await aList(), await issue()), 'invalid not_genuine', 'a key that we do not have')
})

test('a text that was scanned names no guest', () => {
  assert.deepEqual(whomOf(codeOfGuest('g1')), { guestId: 'g1' })
  assert.deepEqual(whomOf(codeOfText('guest:g1')), { code: 'g1' })
  assert.deepEqual(whomOf(codeOfText(CODE)), { code: CODE })
})
