/**
 * Admission at the door. One conditional UPDATE admits people, so a code never admits more than its places, however
 * many devices scan it at the same time.
 *
 * Most scans admit somebody at once: these share one statement with the scans of the same moment. Every other scan is checked
 * in a transaction of its own, which finds out why.
 *
 * This path uses no cache and no queue: without PostgreSQL the answer is 503, never an admission.
 */
import { hash } from 'node:crypto'
import { admit, findCode, readCode, type Admission, type CodeReading } from '../events/events.ts'
import { batching } from '../platform/batching.ts'
import { newId, violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import {
  admitScans,
  findAdmission,
  findStoredScan,
  insertScan,
  settleScan,
  type Asked,
  type Door,
  type First,
  type NewScan,
  type StoredScan,
} from './sql.ts'

type Context = { db: Db; now: () => Date }

/** Parties run late, so the door stays open this long after the end, also when the landing is archived. */
const OPEN_AFTER_END_MS = 12 * 3_600_000

export { deleteScansOf } from './sql.ts'

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
  /** partySize = admitted + remaining: the places at the door, which are fewer when the guest confirmed fewer. */
  guest?: {
    name: string
    partySize: number
    admitted: number
    remaining: number
    /** Shown so that the staff can decide about a guest who had declined. */
    answer: Admission['answer']
  }
  /** The first admission; only with `duplicate`. */
  first?: { at: Date; gate: string | null; device: string | null }
}

/** Two statements at a time, because scans of one invitation or one scanId may wait for another process. */
const admitTogether = batching(({ db }: Context, asked: Asked[]) => admitScans(db, asked, OPEN_AFTER_END_MS), {
  max: 64,
  lanes: 2,
})

type Scanned = { answer: ScanAnswer; isRetry: boolean }

/**
 * Checks one scan and stores it, also when it is invalid. A retry with the same `scanId` gets the first answer again.
 * Throws `event_not_found`, `invalid_date` and `scan_id_reused` (the id was used with another code).
 */
export async function scan({ db, now }: Context, input: ScanInput): Promise<Scanned> {
  const reading = readCode(input.code)
  const row = describeScan(input, reading, now())
  const asked = { scope: input.user.organizerId, codes: reading.exact, ...row }
  const admission = await admitTogether({ db, now }, asked).catch((error: unknown) => {
    if (violatedConstraint(error) === 'scans_once') return null // a concurrent scan has the same scanId
    throw error
  })
  if (admission) return { answer: { status: 'valid', guest: describeGuest(admission) }, isRetry: false }
  return withTx(db, (tx) => checkInTransaction(tx, row, reading, input))
}

function describeScan(input: ScanInput, { code }: CodeReading, receivedAt: Date): NewScan {
  const id = newId('scn')
  return {
    id,
    eventId: input.eventId,
    scanId: input.scanId ?? id,
    // The code admits people, so only its hash is stored: of the reading, so that a retry may spell it differently.
    codeHash: hash('sha256', code, 'buffer'),
    requested: input.admit,
    gate: input.gate ?? null,
    device: input.device ?? null,
    scannedBy: input.user.id,
    scannedAt: readDeviceTime(input.scannedAt) ?? receivedAt,
    receivedAt,
    requestId: input.requestId,
  }
}

async function checkInTransaction(tx: Tx, row: NewScan, reading: CodeReading, input: ScanInput): Promise<Scanned> {
  const door = await insertScan(tx, input.user.organizerId, row)
  if (!door) throw new Failure('event_not_found')
  if (!door.isNew) return { answer: await repeatAnswer(tx, row, reading), isRetry: true }

  const { answer, invitationId } = await checkScan(tx, door, row, reading)
  await settleScan(tx, row.id, {
    result: answer.status,
    reason: answer.reason ?? null,
    invitationId,
    admitted: answer.guest?.admitted ?? null,
    remaining: answer.guest?.remaining ?? null,
  })
  return { answer, isRetry: false }
}

/** The schema accepts a leap second (23:59:60), which JavaScript cannot represent. */
function readDeviceTime(text: string | undefined): Date | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new Failure('invalid_date', { detail: 'scannedAt is not an instant.' })
  return at
}

type Checked = { answer: ScanAnswer; invitationId: string | null }

async function checkScan(tx: Tx, door: Door, row: NewScan, reading: CodeReading): Promise<Checked> {
  const reject = (reason: ScanAnswer['reason']): Checked => ({
    answer: { status: 'invalid', ...(reason ? { reason } : {}) },
    invitationId: null,
  })
  if (door.eventStatus === 'draft') return reject('event_draft')
  const { eventId, requested: count, receivedAt: now } = row
  if (now.getTime() > door.endsAt.getTime() + OPEN_AFTER_END_MS) return reject('event_over')

  const code = await findCode(tx, reading, eventId)
  if (code === null) return reject('unknown_code') // a code of another event gets the same answer
  const admission = await admit(tx, { eventId, code, count, now })
  if (admission) {
    return { answer: { status: 'valid', guest: describeGuest(admission) }, invitationId: admission.invitationId }
  }
  const current = await findAdmission(tx, eventId, code)
  if (!current) return reject('unknown_code')
  const reason = current.remaining === 0 ? 'already_admitted' : 'not_enough_places'
  const answer: ScanAnswer = {
    status: 'duplicate',
    reason,
    guest: describeGuest(current),
    ...describeFirst(current),
  }
  return { answer, invitationId: current.invitationId }
}

/** A retry is the same scan when it has the same code, or another spelling of it. */
async function repeatAnswer(tx: Tx, { eventId, scanId, codeHash }: NewScan, reading: CodeReading): Promise<ScanAnswer> {
  const stored = await findStoredScan(tx, eventId, scanId)
  if (!stored) throw new Failure('scan_id_reused')
  if (!stored.codeHash.equals(codeHash) && !(await meansInvitation(tx, eventId, reading, stored.invitationId))) {
    throw new Failure('scan_id_reused', { detail: 'This scanId was used with another code.' })
  }
  const { result, reason } = stored
  return {
    status: result,
    ...(reason ? { reason: reason as NonNullable<ScanAnswer['reason']> } : {}),
    ...(isAboutGuest(stored) ? { guest: describeGuest(stored) } : {}),
    ...(result === 'duplicate' ? describeFirst(stored) : {}),
  }
}

async function meansInvitation(
  tx: Tx,
  eventId: string,
  reading: CodeReading,
  invitationId: string | null,
): Promise<boolean> {
  if (invitationId === null) return false
  const code = await findCode(tx, reading, eventId)
  return code !== null && (await findAdmission(tx, eventId, code))?.invitationId === invitationId
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
