/** Passes: what the QR of an invitation says, and what the door reads. */
import { findCodesOfGuests, keyOf, readCode, type CodeReading } from '../events/events.ts'
import type { Db } from '../platform/db.ts'
import type { Keyring } from './keyring.ts'
import { closesAtMs, type PassFacts } from './rules.ts'
import { nameEvent, parsePass, verifyPass, writeBody, writePass } from './signed-pass.ts'

/** A pass outlives its door by two months, so that one that was saved still opens an event that was postponed. */
const MARGIN_MS = 60 * 24 * 3_600_000

export type PassOf = { code: string; version: number; eventId: string; endsAt: Date }

/** The signed pass of an invitation; the code itself when it does not fit into one. */
export async function issuePass(keyring: Keyring, { code, version, eventId, endsAt }: PassOf): Promise<string> {
  const { kid, sign } = await keyring.signer()
  const expiresAtMs = closesAtMs({ endsAtMs: endsAt.getTime() }) + MARGIN_MS
  const body = writeBody({ kid, version, expiresAtMs, event: await nameEvent(eventId), code })
  return body === null ? code : writePass(body, sign(body))
}

/** `pass`: null when a plain code was scanned or typed. */
export type Scannable = CodeReading & { pass: PassFacts | null }

/** Reads what was scanned or typed at the door of an event. */
export async function readScanned(keyring: Keyring, text: string, eventId: string): Promise<Scannable> {
  const pass = parsePass(text)
  if (!pass) return { ...readCode(text), pass: null }
  return { ...readCode(pass.code), pass: await verifyPass(pass, await keyring.find(pass.kid), eventId) }
}

/** Either what was scanned or typed, or the guest whom the staff chose: the list of names (manifest.ts) has ids, and no codes. */
export type Whom = { code?: string | undefined; guestId?: string | undefined }

/** Finds the codes of all who were chosen, in one statement. */
export async function findChosen(db: Db, eventId: string, whoms: Whom[]): Promise<Map<string, string>> {
  const guestIds = whoms.flatMap(({ guestId }) => guestId ?? [])
  return guestIds.length === 0 ? new Map() : findCodesOfGuests(db, eventId, guestIds)
}

/** Reads whom a scan means. `chosen`: the codes by the ids of guests. */
export async function readWhom(
  keyring: Keyring,
  { code = '', guestId }: Whom,
  { eventId, chosen }: { eventId: string; chosen: Map<string, string> },
): Promise<Scannable> {
  if (guestId === undefined) return readScanned(keyring, code, eventId)
  const found = chosen.get(guestId)
  return { ...(found === undefined ? unknown(guestId) : readOwn(found)), pass: null }
}

/** It means nobody, and is stored as the code that it is not. */
const unknown = (guestId: string): CodeReading => ({ code: `guest:${guestId}`, exact: [], keys: [] })
const readOwn = (code: string): CodeReading => ({ code, exact: [code], keys: [keyOf(code)] })
