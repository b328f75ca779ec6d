/**
 * Scans of devices that were offline. Each is judged by the time at which it took place, one after the other, so it does not
 * matter when and in which order they arrive. An upload that was cut off is sent again: what is stored already gets its answer
 * again.
 *
 * Whoever a device turned away did not come in, so such a scan is stored with the judgement of the device and changes nothing.
 * Whoever it would not let out has left all the same, so an exit is judged here.
 */
import { Check, Errors } from 'typebox/value'
import { reachOf, type User } from '../http/access.ts'
import type { Admission } from '../events/events.ts'
import { withTx, type Db } from '../platform/db.ts'
import { Failure, isConnectionLost, readInstant } from '../platform/errors.ts'
import { describeAdmission, type ScanAnswer, type TurnedAway } from './answers.ts'
import { askFor, checkInTransaction, describeScan, mayEnterAtOnce } from './checkin.ts'
import type { Keyring } from './keyring.ts'
import { findChosen, readWhom, type Scannable } from './passes.ts'
import { OfflineScan, type OfflineScanInput } from './offline-schemas.ts'
import { isEventThere } from './scans-sql.ts'
import { admitScans, type NewScan } from './sql.ts'

type Context = { db: Db; now: () => Date; keyring: Keyring }

/** A clock that is off by more is corrected; less may be the time that the upload took. */
const SKEW_MAX_MS = 60_000

/** `isClockOff` of a scan: its clock was wrong at the upload, or says a time that is still to come. */
type Judged = ScanAnswer & { at: Date; isRetry: boolean; isConflict: boolean; isClockOff: boolean }
type Rejected = { scanId: string | null; status: 'rejected'; code: string; errors: { path: string; message: string }[] }
export type SyncResult = Judged | Rejected
export type Synced = { clock: { skewMs: number | null; isOff: boolean }; results: SyncResult[] }

type Upload = { eventId: string; sentAt?: string; scans: unknown[]; user: User; requestId: string }
/** `turnedAway`: how the device refused; null when it let people in. */
type Read = {
  n: number
  row: NewScan
  at: Date
  isClockOff: boolean
  reading: Scannable
  turnedAway: TurnedAway | null
}

/**
 * Judges uploaded scans and stores them. One that is malformed, or whose id belongs to another scan, is `rejected` alone.
 * Throws `event_not_found` and `invalid_date`.
 */
export async function syncScans({ db, now, keyring }: Context, upload: Upload): Promise<Synced> {
  const { eventId, sentAt, scans, user } = upload
  const receivedAt = now()
  const skewMs = sentAt === undefined ? null : receivedAt.getTime() - readInstant(sentAt, 'sentAt').getTime()
  const clock = { skewMs, isOff: skewMs !== null && Math.abs(skewMs) > SKEW_MAX_MS }
  if (!(await isEventThere(db, reachOf(user), eventId))) throw new Failure('event_not_found')

  const results: SyncResult[] = []
  const read: Read[] = []
  const chosen = await findChosen(db, eventId, scans.filter(isOfflineScan))
  for (const [n, given] of scans.entries()) {
    const one = await readScan(keyring, given, { n, upload, clock, receivedAt, chosen })
    if ('row' in one) read.push(one)
    else results[n] = one
  }
  read.sort((a, b) => a.at.getTime() - b.at.getTime() || a.n - b.n)
  const admissions = await admitTogether(db, read, user)
  for (const [index, one] of read.entries()) results[one.n] = await judge(db, one, admissions[index] ?? null, user)
  return { clock, results }
}

type Place = { n: number; upload: Upload; clock: Synced['clock']; receivedAt: Date; chosen: Map<string, string> }

async function readScan(
  keyring: Keyring,
  given: unknown,
  { n, upload, clock, receivedAt, chosen }: Place,
): Promise<Read | Rejected> {
  const reject = (path: string, message: string, code = 'invalid_request'): Rejected => ({
    ...{ scanId: readId(given), status: 'rejected', code },
    errors: [{ path: `body.scans.${n}${path}`, message }],
  })
  if (!isOfflineScan(given)) {
    const [first] = Errors(OfflineScan, given)
    return reject((first?.instancePath ?? '').replaceAll('/', '.'), first?.message ?? 'is not a scan')
  }
  const scannedAt = new Date(given.scannedAt)
  if (!INSTANT.test(given.scannedAt) || !(scannedAt.getTime() >= 0))
    return reject('.scannedAt', 'is not an instant such as 2026-12-24T18:00:00Z', 'invalid_date')
  const { eventId, user, requestId } = upload
  const reading = await readWhom(keyring, given, { eventId, chosen })
  const corrected = scannedAt.getTime() + (clock.isOff ? (clock.skewMs ?? 0) : 0)
  const at = new Date(Math.max(0, Math.min(corrected, receivedAt.getTime())))
  const input = { admit: 1, direction: 'in' as const, ...given, eventId, user, requestId }
  const row = { ...describeScan(input, reading, receivedAt), offlineAt: at, clockSkewMs: clock.skewMs }
  const turnedAway =
    given.shown === undefined || given.shown === 'valid' || row.direction === 'out' ? null : given.shown
  return { n, row, at, reading, turnedAway, isClockOff: clock.isOff || corrected > receivedAt.getTime() + SKEW_MAX_MS }
}

/** ISO 8601 with an offset, as the schema of other bodies demands. */
const INSTANT = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)$/

const isOfflineScan = (given: unknown): given is OfflineScanInput => Check(OfflineScan, given)

const readId = (given: unknown): string | null =>
  typeof given === 'object' && given !== null && 'scanId' in given && typeof given.scanId === 'string'
    ? given.scanId.slice(0, 128)
    : null

/**
 * Admits in one statement whoever comes in for the first time. An exit may have to come before an entry, so the scans of its
 * invitation are judged one by one; so are all that the statement refuses as a whole, such as a retry beside its first try.
 */
async function admitTogether(db: Db, read: Read[], user: User): Promise<(Admission | null)[]> {
  const codeOf = ({ row }: Read) => row.codeHash.toString('hex')
  const leaving = new Set(read.filter(({ row }) => row.direction === 'out').map(codeOf))
  const able = read.filter(
    (one) => !one.turnedAway && !leaving.has(codeOf(one)) && mayEnterAtOnce(one.row, one.reading),
  )
  if (able.length === 0) return []
  try {
    const admissions = await admitScans(
      db,
      able.map(({ row, reading }) => askFor(row, reading, user)),
    )
    const found = new Map(able.map((one, index) => [one, admissions[index] ?? null]))
    return read.map((one) => found.get(one) ?? null)
  } catch (error) {
    if (isConnectionLost(error)) throw error
    return []
  }
}

async function judge(db: Db, one: Read, admission: Admission | null, user: User): Promise<SyncResult> {
  const { row, reading, at, isClockOff, turnedAway } = one
  if (admission) return { ...describeAdmission(row, admission), at, isClockOff, isRetry: false, isConflict: false }
  try {
    const { answer, isRetry, isConflict } = await withTx(db, (tx) =>
      checkInTransaction(tx, row, reading, user, turnedAway),
    )
    return { ...answer, at, isClockOff, isRetry, isConflict }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return {
      scanId: row.scanId,
      status: 'rejected',
      code: error.code,
      errors: [{ path: `body.scans.${one.n}`, message: error.message }],
    }
  }
}
