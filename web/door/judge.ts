/**
 * What a scan means by our list of guests, while the server is silent: the rules of the server, its reading of codes and its
 * check of signed passes, over the entries of the last manifest and the scans that wait to be uploaded.
 *
 * A browser without Ed25519 (Chrome before 137) cannot check a signature. There a pass counts as the code that is in it, with
 * its event, its version and its expiry: whoever can write such a pass knows the code, which opens the door by itself. The
 * server checks the signature when the scan is uploaded.
 */
import {
  judgeDoor,
  judgeInvitation,
  judgePass,
  judgeUnknown,
  type EventFacts,
  type Judgment,
  type PassFacts,
} from '../../src/checkin/rules.ts'
import { nameEvent, parsePass, verifyPass, type Pass, type PublicKey } from '../../src/checkin/signed-pass.ts'
import { readCode } from '../../src/events/code-reading.ts'
import { changeOf, type Guest, type Known, type Scan, type Verdict } from './machine.ts'

/** A guest as the manifest has them. `first`: when this device let them in. */
export type Entry = {
  hash: string
  places: number
  answer: Guest['answer']
  inside: number
  version: number
  passVersion: number
  isRevoked?: boolean
  guestId?: string
  name?: string
  notes?: string
  first?: { at: string; gate: string | null; device: string | null }
}

/** `keys`: null where the browser cannot use them. `waiting`: by how many people the scans that are not uploaded change who is inside, by hash. */
export type List = {
  eventId: string
  event: EventFacts
  keys: Map<number, PublicKey> | null
  entries: Map<string, Entry>
  revoked: Set<string>
  waiting: Map<string, number>
}

/** What begins so is a guest who was chosen by name. */
const CHOSEN = 'guest:'
export const codeOfGuest = (guestId: string): string => CHOSEN + guestId
/** What was scanned or typed names no guest: anybody could print it. */
export const codeOfText = (text: string): string => (text.startsWith(CHOSEN) ? text.slice(CHOSEN.length) : text)
/** Whom the API is asked about. */
export const whomOf = (code: string): { code: string } | { guestId: string } =>
  code.startsWith(CHOSEN) ? { guestId: code.slice(CHOSEN.length) } : { code }

/** `hash`: of the entry that was meant; null when our list has none. `skewMs`: how far this device is behind the server. */
export async function judge(
  list: List,
  { code, admit: count, direction, atMs }: Omit<Scan, 'scanId'>,
  skewMs: number,
): Promise<Known & { hash: string | null }> {
  const scan = { atMs: atMs + skewMs, count, direction }
  const refuse = (judgment: Judgment) => ({ verdict: toVerdict(judgment), left: 0, hash: null })
  const { hashes, pass } = await read(list, code)
  const closed = judgeDoor(list.event, scan) ?? (pass && judgePass(pass, scan))
  if (closed) return refuse(closed)
  const [entry, other] = hashes.flatMap((hash) => list.entries.get(hash) ?? [])
  if (!entry || other) {
    const isRevoked = !entry && hashes.some((hash) => list.revoked.has(hash))
    return refuse(isRevoked ? { status: 'invalid', reason: 'revoked' } : judgeUnknown(false))
  }
  const { places, answer } = entry
  const inside = entry.inside + (list.waiting.get(entry.hash) ?? 0)
  const isRevoked = entry.isRevoked === true || (pass !== null && pass.version !== entry.passVersion)
  const judgment = judgeInvitation(list.event, { answer, places, admitted: inside, outside: 0, isRevoked }, scan)
  const change = judgment.status === 'valid' ? changeOf({ direction, admit: count }) : 0
  const verdict = { ...toVerdict(judgment), guest: describe(entry, inside + change) }
  if (judgment.status === 'duplicate' && entry.first) verdict.first = entry.first
  return { verdict, left: direction === 'out' ? inside : Math.max(0, places - inside), hash: entry.hash }
}

const toVerdict = (judgment: Judgment): Verdict =>
  judgment.status === 'valid' ? { status: 'valid' } : { status: judgment.status, reason: judgment.reason }

const describe = ({ name = '', notes, places, answer }: Entry, admitted: number): Guest => ({
  ...{
    name,
    notes: notes ?? null,
    companions: [],
    partySize: places,
    admitted,
    remaining: Math.max(0, places - admitted),
    answer,
  },
})

async function read(list: List, code: string): Promise<{ hashes: string[]; pass: PassFacts | null }> {
  if (code.startsWith(CHOSEN)) {
    const guestId = code.slice(CHOSEN.length)
    const found = [...list.entries.values()].find((entry) => entry.guestId === guestId)
    return { hashes: found ? [found.hash] : [], pass: null }
  }
  const pass = parsePass(code)
  const { keys } = readCode(pass ? pass.code : code)
  const hashes = await Promise.all(keys.map((key) => hashOf(list.eventId, key)))
  return { hashes: [...new Set(hashes)], pass: pass && (await verify(list, pass)) }
}

async function verify({ eventId, keys }: List, pass: Pass): Promise<PassFacts> {
  if (keys) return verifyPass(pass, keys.get(pass.kid) ?? null, eventId)
  const { expiresAtMs, version } = pass
  return { isGenuine: true, isOfEvent: pass.event === (await nameEvent(eventId)), expiresAtMs, version }
}

/** Half of SHA-256, as `GET /scan/manifest/{eventId}` describes it. */
const HASH_BYTES = 16

export async function hashOf(eventId: string, key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${eventId}:${key}`))
  const bytes = new Uint8Array(digest, 0, HASH_BYTES)
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
