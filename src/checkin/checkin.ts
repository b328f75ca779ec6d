/**
 * Who may enter. A code opens the door for as many people as the invitation holds, and not for one
 * more, however many phones scan it together: one conditional UPDATE decides.
 *
 * No cache and no queue on this path: without PostgreSQL the answer is 503, never "welcome".
 */
import { createHash } from 'node:crypto'
import { admit, type Admission } from '../events/events.ts'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { findAdmission, findStoredScan, insertScan, settleScan, type Door, type First, type StoredScan } from './sql.ts'

type Context = { db: Db; now: () => Date }

/** Parties last longer than their invitation says; whether the landing is archived does not matter here. */
const OPEN_AFTER_END_MS = 12 * 3_600_000

export const SCAN_REASONS = [
  'unknown_code',
  'already_admitted',
  'not_enough_places',
  'event_over',
  'event_draft',
] as const

export type ScanInput = {
  eventId: string
  code: string
  admit: number
  gate?: string
  device?: string
  scanId?: string
  scannedAt?: string
  user: User
  requestId: string
}

export type ScanAnswer = {
  status: 'valid' | 'duplicate' | 'invalid'
  reason?: (typeof SCAN_REASONS)[number]
  /** partySize = admitted + remaining: the places of the door, which are fewer when fewer were confirmed. */
  guest?: {
    name: string
    partySize: number
    admitted: number
    remaining: number
    /** The door decides about a guest who had declined; it is told. */
    answer: Admission['answer']
  }
  /** Who came first; only beside `duplicate`. */
  first?: { at: Date; gate: string | null; device: string | null }
}

/** A code as people and scanners give it: any case, spaces around it, or the address of its landing page. */
export function readCode(text: string): string {
  const path = /\/public\/invite\/([^/?#\s]+)/i.exec(text)
  return (path?.[1] ?? text).trim().toUpperCase()
}

/** False: no invitation can have this code, so nobody needs to look (and NUL cannot reach PostgreSQL). */
export const isCode = (code: string): boolean => /^[\x21-\x7e]{1,200}$/.test(code)

/**
 * Judges one scan and keeps it, also when it is refused. A retry with the same `scanId` gets the answer
 * of the first time. Throws `event_not_found`, `invalid_date` and `scan_id_reused` (that id came with another code).
 */
export function scan({ db, now }: Context, input: ScanInput): Promise<{ answer: ScanAnswer; isRetry: boolean }> {
  const receivedAt = now()
  const code = readCode(input.code)
  const id = newId('scn')
  const row = {
    id,
    eventId: input.eventId,
    scanId: input.scanId ?? id,
    codeHash: createHash('sha256').update(code).digest(), // the code itself opens the door: not kept
    requested: input.admit,
    gate: input.gate ?? null,
    device: input.device ?? null,
    scannedBy: input.user.id,
    scannedAt: readDeviceTime(input.scannedAt) ?? receivedAt,
    receivedAt,
    requestId: input.requestId,
  }
  return withTx(db, async (tx) => {
    const door = await insertScan(tx, input.user.organizerId, row)
    if (!door) throw new Failure('event_not_found')
    if (!door.isNew) return { answer: await answerAgain(tx, row), isRetry: true }

    const { answer, invitationId } = await judge(tx, door, { ...input, code }, receivedAt)
    await settleScan(tx, id, {
      result: answer.status,
      reason: answer.reason ?? null,
      invitationId,
      admitted: answer.guest?.admitted ?? null,
      remaining: answer.guest?.remaining ?? null,
    })
    return { answer, isRetry: false }
  })
}

/** The schema lets a leap second pass (23:59:60), which JavaScript cannot hold. */
function readDeviceTime(text: string | undefined): Date | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new Failure('invalid_date', { detail: 'scannedAt is not an instant.' })
  return at
}

type Verdict = { answer: ScanAnswer; invitationId: string | null }

async function judge(tx: Tx, door: Door, input: ScanInput, now: Date): Promise<Verdict> {
  const refuse = (reason: ScanAnswer['reason']): Verdict => ({
    answer: { status: 'invalid', ...(reason ? { reason } : {}) },
    invitationId: null,
  })
  if (door.eventStatus === 'draft') return refuse('event_draft')
  if (now.getTime() > door.endsAt.getTime() + OPEN_AFTER_END_MS) return refuse('event_over')

  const { eventId, code, admit: count } = input
  if (!isCode(code)) return refuse('unknown_code')
  const admission = await admit(tx, { eventId, code, count, now })
  if (admission) {
    return { answer: { status: 'valid', guest: describeGuest(admission) }, invitationId: admission.invitationId }
  }
  const standing = await findAdmission(tx, eventId, code)
  if (!standing) return refuse('unknown_code') // the code of another event looks the same
  const reason = standing.remaining === 0 ? 'already_admitted' : 'not_enough_places'
  const answer: ScanAnswer = {
    status: 'duplicate',
    reason,
    guest: describeGuest(standing),
    ...describeFirst(standing),
  }
  return { answer, invitationId: standing.invitationId }
}

async function answerAgain(
  tx: Tx,
  { eventId, scanId, codeHash }: { eventId: string; scanId: string; codeHash: Buffer },
): Promise<ScanAnswer> {
  const stored = await findStoredScan(tx, eventId, scanId)
  if (!stored?.codeHash.equals(codeHash)) {
    throw new Failure('scan_id_reused', { detail: 'This scanId came with another code before.' })
  }
  const { result, reason } = stored
  return {
    status: result,
    ...(reason ? { reason: reason as NonNullable<ScanAnswer['reason']> } : {}),
    ...(isAboutGuest(stored) ? { guest: describeGuest(stored) } : {}),
    ...(result === 'duplicate' ? describeFirst(stored) : {}),
  }
}

const isAboutGuest = (stored: StoredScan): stored is StoredScan & Admission => stored.invitationId !== null

const describeGuest = ({ guestName: name, admitted, remaining, answer }: Admission) => ({
  name,
  partySize: admitted + remaining,
  admitted,
  remaining,
  answer,
})

const describeFirst = ({ firstAt: at, firstGate: gate, firstDevice: device }: First) =>
  at ? { first: { at, gate, device } } : {}
