/**
 * Admission at the door. One conditional UPDATE admits people, so a code never admits more than its places, however
 * many devices scan it at the same time.
 *
 * Most scans admit somebody at once: these share one statement with the scans of the same moment. Every other scan is judged
 * by rules.ts in a transaction of its own, in which its invitation is locked.
 *
 * This path uses no cache and no queue: without PostgreSQL the answer is 503, never an admission.
 */
import { hash } from 'node:crypto'
import {
  findCode,
  findRenewedCode,
  lockInvitation,
  passDoor,
  type Admission,
  type CodeReading,
} from '../events/events.ts'
import { batching } from '../platform/batching.ts'
import { newId, violatedConstraint, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { reachOf, type User } from '../http/access.ts'
import type { Keyring } from './keyring.ts'
import {
  describeAdmission,
  describeAgreed,
  describeFirst,
  describeGuest,
  describeRefusal,
  type ScanAnswer,
  type TurnedAway,
} from './answers.ts'
import { findChosen, readWhom, type Scannable, type Whom } from './passes.ts'
import { admitWhoCameBack, findAdmissionElsewhere, takeLaterPlaces } from './ranking.ts'
import {
  judgeDoor,
  judgeInvitation,
  judgePass,
  judgeUnknown,
  REASON_TEXTS,
  type EventFacts,
  type Refusal,
} from './rules.ts'
import {
  admitScans,
  findAdmission,
  findStoredScan,
  insertScan,
  isOfSiblingEvent,
  settleScan,
  type Asked,
  type Door,
  type NewScan,
  type StoredScan,
} from './sql.ts'

type Context = { db: Db; now: () => Date; keyring: Keyring }

export { issuePass } from './passes.ts'
export { eraseScanNotes } from './erasing.ts'
export { deleteScansOf } from './scans-sql.ts'

export type ScanInput = Whom & {
  eventId: string
  admit: number
  direction: 'in' | 'out'
  gate?: string
  device?: string
  scanId?: string
  scannedAt?: string
  lastTookMs?: number
  user: User
  requestId: string
}

/** Two statements at a time, because scans of one invitation or one scanId may wait for another process. */
const admitTogether = batching(({ db }: Pick<Context, 'db'>, asked: Asked[]) => admitScans(db, asked), {
  max: 64,
  lanes: 2,
})

/** `isConflict`: two gates let the same people in, and this one came second. */
export type Scanned = { answer: ScanAnswer; isRetry: boolean; isConflict: boolean }

/**
 * Checks one scan and stores it, also when it is invalid. A retry with the same `scanId` gets the first answer again.
 * Throws `event_not_found`, `invalid_date` and `scan_id_reused` (the id was used with another code).
 */
export async function scan({ db, now, keyring }: Context, input: ScanInput): Promise<Scanned> {
  const chosen = await findChosen(db, input.eventId, [input])
  const reading = await readWhom(keyring, input, { eventId: input.eventId, chosen })
  const row = describeScan(input, reading, now())
  const admission = mayEnterAtOnce(row, reading) ? await admitAtOnce(db, row, reading, input.user) : null
  if (admission) return { answer: describeAdmission(row, admission), isRetry: false, isConflict: false }
  return withTx(db, (tx) => checkInTransaction(tx, row, reading, input.user))
}

/** Whether the statement that only admits may be asked: an exit and a refused pass are judged by themselves. */
export const mayEnterAtOnce = (row: NewScan, { pass }: Scannable): boolean =>
  row.direction === 'in' && (pass === null || judgePass(pass, factsOf(row)) === null)

const factsOf = ({ offlineAt, receivedAt, requested: count, direction }: NewScan) => ({
  ...{ atMs: (offlineAt ?? receivedAt).getTime(), count, direction },
})

export const askFor = (row: NewScan, { exact: codes, pass }: Scannable, user: User): Asked => ({
  ...row,
  ...reachOf(user),
  ...{ codes, passVersion: pass?.version ?? null },
})

async function admitAtOnce(db: Db, row: NewScan, reading: Scannable, user: User): Promise<Admission | null> {
  try {
    return await admitTogether({ db }, askFor(row, reading, user))
  } catch (error) {
    if (violatedConstraint(error) === 'scans_once') return null // a concurrent scan has the same scanId
    throw error
  }
}

export function describeScan(input: ScanInput, { code }: CodeReading, receivedAt: Date): NewScan {
  const id = newId('scn')
  return {
    id,
    eventId: input.eventId,
    scanId: input.scanId ?? id,
    // The code admits people, so only its hash is stored: of the reading, so that a retry may spell it differently.
    codeHash: hash('sha256', code, 'buffer'),
    direction: input.direction,
    requested: input.admit,
    // Those of a device are its own, whatever it says.
    gate: input.user.device?.gate ?? input.gate ?? null,
    device: input.user.device?.name ?? input.device ?? null,
    scannedBy: input.user.id,
    scannedAt: readDeviceTime(input.scannedAt) ?? receivedAt,
    receivedAt,
    offlineAt: null,
    clockSkewMs: null,
    lastTookMs: input.lastTookMs ?? null,
    requestId: input.requestId,
  }
}

/** The schema accepts a leap second (23:59:60), which JavaScript cannot represent. */
function readDeviceTime(text: string | undefined): Date | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new Failure('invalid_date', { detail: 'scannedAt is not an instant.' })
  return at
}

/** Stores a scan, judges it and does what it says, with its invitation locked. Whoever was turned away is only stored. */
export async function checkInTransaction(
  tx: Tx,
  row: NewScan,
  reading: Scannable,
  user: User,
  turnedAway: TurnedAway | null = null,
): Promise<Scanned> {
  const door = await insertScan(tx, reachOf(user), row)
  if (!door) throw new Failure('event_not_found')
  if (!door.isNew) return { ...(await repeatAnswer(tx, row, reading)), isRetry: true }

  const { answer, invitationId, conflictsWith } = await checkScan(tx, door, row, reading, turnedAway)
  await settleScan(tx, row.id, {
    ...{ result: answer.status, reason: answer.reason ?? null, invitationId, conflictsWith },
    admitted: answer.guest?.admitted ?? null,
    remaining: answer.guest?.remaining ?? null,
  })
  return { answer, isRetry: false, isConflict: conflictsWith !== null }
}

type Checked = { answer: ScanAnswer; invitationId: string | null; conflictsWith: string | null }

async function checkScan(
  tx: Tx,
  door: Door,
  row: NewScan,
  reading: Scannable,
  turnedAway: TurnedAway | null,
): Promise<Checked> {
  const { eventId, scanId, direction, requested: count, receivedAt: now } = row
  const at = row.offlineAt ?? now
  const { pass } = reading
  const event: EventFacts = { ...door, startsAtMs: door.startsAt.getTime(), endsAtMs: door.endsAt.getTime() }
  const facts = factsOf(row)
  const refuse = (refusal: Refusal): Checked => ({
    answer: { scanId, ...(turnedAway ? describeAgreed(turnedAway, refusal) : describeRefusal(refusal)) },
    ...{ invitationId: null, conflictsWith: null },
  })
  const refusal = judgeDoor(event, facts) ?? (pass && judgePass(pass, facts))
  if (refusal) return refuse(refusal)
  const invitation = await lockMeant(tx, reading, eventId)
  if (!invitation) return refuse(judgeUnknown(await isOfSiblingEvent(tx, eventId, reading)))

  const invitationId = invitation.id
  // Whoever was let in before the code was revoked is in, also when the device tells it later.
  const isOld = invitation.renewedAt === null ? isOtherVersion(pass, invitation) : at >= invitation.renewedAt
  const isRevoked = invitation.isRevoked || isOld
  const judgment = judgeInvitation(event, { ...invitation, isRevoked }, facts)
  if (turnedAway) {
    const standing = await findAdmission(tx, invitationId)
    const first = turnedAway === 'duplicate' ? describeFirst(standing) : {}
    const answer = { scanId, ...describeAgreed(turnedAway, judgment), guest: describeGuest(standing), ...first }
    return { answer, invitationId, conflictsWith: null }
  }
  if (judgment.status === 'valid' || (await takeLaterPlaces(tx, { row, event, invitation, judgment }))) {
    const passed = await passDoor(tx, { invitationId, passage: direction, count, at, now })
    if (!passed) throw new Error('The rules let a scan pass that the invitation does not.')
    const after = direction === 'out' ? await admitWhoCameBack(tx, { invitationId, at, now }) : null
    return { answer: describeAdmission(row, after ?? passed), invitationId, conflictsWith: null }
  }
  const standing = await findAdmission(tx, invitationId)
  const isDuplicate = judgment.status === 'duplicate'
  const first = isDuplicate ? describeFirst(standing) : {}
  return {
    answer: { scanId, ...describeRefusal(judgment), guest: describeGuest(standing), ...first },
    invitationId,
    // Offline, the other gate had let somebody in, and so had this one.
    conflictsWith: isDuplicate && row.offlineAt ? await findAdmissionElsewhere(tx, invitationId, row) : null,
  }
}

const isOtherVersion = (pass: Scannable['pass'], { passVersion }: { passVersion: number }) =>
  pass !== null && pass.version !== passVersion

/** Locks the invitation that has a code, or had it before it was revoked, perhaps a moment ago. */
async function lockMeant(tx: Tx, reading: CodeReading, eventId: string) {
  const code = await findCode(tx, reading, eventId)
  const invitation = code === null ? null : await lockInvitation(tx, eventId, code)
  if (invitation) return { ...invitation, renewedAt: null }
  const revoked = await findRenewedCode(tx, reading, eventId)
  const renewed = revoked && (await lockInvitation(tx, eventId, revoked.code))
  return renewed && { ...renewed, renewedAt: revoked.revokedAt }
}

/** A retry is the same scan when it has the same code, or another spelling of it. */
async function repeatAnswer(
  tx: Tx,
  { eventId, scanId, codeHash }: NewScan,
  reading: CodeReading,
): Promise<{ answer: ScanAnswer; isConflict: boolean }> {
  const stored = await findStoredScan(tx, eventId, scanId)
  if (!stored) throw new Failure('scan_id_reused')
  if (!stored.codeHash.equals(codeHash) && !(await meansInvitation(tx, eventId, reading, stored.invitationId))) {
    throw new Failure('scan_id_reused', { detail: 'This scanId was used with another code.' })
  }
  if (stored.undoneAt) throw new Failure('scan_undone')
  const { result, reason, conflictsWith } = stored
  const answer = {
    scanId,
    status: result,
    ...(reason ? { reason, message: REASON_TEXTS[reason] } : {}),
    ...(isAboutGuest(stored) ? { guest: describeGuest(stored) } : {}),
    ...(result === 'duplicate' ? describeFirst(stored) : {}),
  }
  return { answer, isConflict: conflictsWith !== null }
}

async function meansInvitation(
  tx: Tx,
  eventId: string,
  reading: CodeReading,
  invitationId: string | null,
): Promise<boolean> {
  return invitationId !== null && (await lockMeant(tx, reading, eventId))?.id === invitationId
}

const isAboutGuest = (stored: StoredScan): stored is StoredScan & Admission => stored.invitationId !== null
