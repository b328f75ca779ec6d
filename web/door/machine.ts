/**
 * What the door shows, as a pure machine: an event comes in, a state and what is to be done go out. It knows neither clock nor
 * network, so every way through it is a line of a table (machine.test.ts). Each state returns to `idle`: by a tap, after four
 * seconds, or because the next code cuts in. None cuts in while somebody chooses how many enter: their tap would be for others.
 */
import type { ScanReason } from '../../src/checkin/rules.ts'

export type Guest = {
  name: string
  notes: string | null
  companions: { name: string | null }[]
  partySize: number
  admitted: number
  remaining: number
  answer: 'pending' | 'yes' | 'no' | 'maybe'
}
export type Passage = { at: string; gate: string | null; device: string | null }
/** What a scan was found to be, by the server or by our list of guests. `first`: the first admission, of a duplicate. */
export type Verdict = {
  status: 'valid' | 'duplicate' | 'invalid'
  reason?: ScanReason
  /** Why the server did not take the scan at all, in words. */
  text?: string
  guest?: Guest
  first?: Passage
  isConflict?: boolean
}
/** `atMs`: by this device's clock. `isChosen`: found by name, so that nobody is admitted by one tap. */
export type Scan = {
  scanId: string
  code: string
  admit: number
  direction: 'in' | 'out'
  atMs: number
  isChosen?: boolean
}
/** What our list says before anybody is asked. */
export type Known = { verdict: Verdict; left: number }

export type View =
  | { kind: 'idle' }
  | { kind: 'party'; scan: Scan; guest: Guest | undefined; left: number }
  | { kind: 'checking'; scan: Scan }
  | { kind: 'valid' | 'duplicate' | 'invalid' | 'provisional'; scan: Scan; verdict: Verdict }
  /** Nobody answered, and no list may stand in. */
  | { kind: 'unanswered'; scan: Scan }
  | Correction
export type Correction = { kind: 'correction'; scan: Scan; before: Verdict; verdict: Verdict }

/**
 * `misses`: scans in a row without an answer. After three, nobody is asked until a probe arrives; where no list may stand in
 * (`isOnlineOnly`), the server is asked all the same.
 */
export type Door = {
  view: View
  corrections: Correction[]
  misses: number
  isOffline: boolean
  isOnlineOnly: boolean
}

export type DoorEvent =
  | { kind: 'decoded'; scan: Scan; known: Known | null }
  | { kind: 'chosen'; admit: number }
  | { kind: 'answered'; scanId: string; verdict: Verdict }
  /** 800 ms without an answer, or no network. `verdict`: by our list; null where it may not stand in. `hash`: of the entry meant. */
  | { kind: 'silent'; scanId: string; verdict: Verdict | null; hash: string | null }
  /** The server's word about a scan whose verdict was provisional. `ageMs`: since that scan. */
  | { kind: 'settled'; scan: Scan; before: Verdict; verdict: Verdict; ageMs: number }
  /** More people of the party that stands there, the same way. */
  | { kind: 'more'; scan: Scan }
  | { kind: 'retried' }
  | { kind: 'dismissed' }
  | { kind: 'timedOut'; scanId: string }
  | { kind: 'reached' }
  | { kind: 'limited'; isOnlineOnly: boolean }

export type Tone = 'valid' | 'duplicate' | 'invalid'
export type Effect =
  /** `isAsked`: ask the server; otherwise our list answers. */
  | { kind: 'check'; scan: Scan; isAsked: boolean }
  | { kind: 'keep'; scan: Scan; verdict: Verdict; hash: string | null }
  | { kind: 'signal'; tone: Tone }

export const START: Door = { view: { kind: 'idle' }, corrections: [], misses: 0, isOffline: false, isOnlineOnly: false }
const MISSES_MAX = 3
/** Afterwards the guest is somewhere inside: the difference waits among those to upload, and stops nobody at the door. */
const CORRECTION_MAX_MS = 2 * 60_000

type Step = [Door, Effect[]]

export function advance(door: Door, event: DoorEvent): Step {
  const { view } = door
  switch (event.kind) {
    case 'decoded':
      return decode(door, event)
    case 'chosen':
      return view.kind === 'party' ? check(door, { ...view.scan, admit: event.admit }) : [door, []]
    case 'answered':
      return (view.kind === 'checking' || view.kind === 'unanswered') && view.scan.scanId === event.scanId
        ? answer({ ...door, misses: 0, isOffline: false }, view.scan, event.verdict)
        : [door, []]
    case 'silent':
      return view.kind === 'checking' && view.scan.scanId === event.scanId
        ? standIn(door, view.scan, event)
        : [door, []]
    case 'settled':
      return settle(door, event)
    case 'more':
      return askParty(door, event.scan)
    case 'retried':
      return view.kind === 'unanswered' ? check(door, view.scan) : [door, []]
    case 'dismissed':
      return view.kind === 'checking' ? [door, []] : next(door)
    case 'timedOut':
      return 'verdict' in view && view.kind !== 'correction' && view.scan.scanId === event.scanId
        ? next(door)
        : [door, []]
    case 'limited':
      return [{ ...door, isOnlineOnly: event.isOnlineOnly }, []]
    case 'reached':
  }
  return [{ ...door, misses: 0, isOffline: false }, []]
}

/** Whether a code that the camera sees now would be taken. One that is not stays in view and comes again. */
export const takesCodes = ({ view }: Door): boolean => !['party', 'checking', 'correction'].includes(view.kind)

function decode(door: Door, { scan, known }: { scan: Scan; known: Known | null }): Step {
  if (!takesCodes(door)) return [door, []]
  const { view } = door
  // Our answer may have been lost: the same scan again, or the guest would be «already in».
  if (view.kind === 'unanswered' && view.scan.code === scan.code) return check(door, view.scan)
  const isFree = known?.verdict.status === 'valid'
  if (isFree && (known.left > 1 || scan.isChosen))
    return [{ ...door, view: { kind: 'party', scan, guest: known.verdict.guest, left: known.left } }, []]
  return check(door, scan)
}

const check = (door: Door, scan: Scan): Step => [
  { ...door, view: { kind: 'checking', scan } },
  [{ kind: 'check', scan, isAsked: !door.isOffline || door.isOnlineOnly }],
]

const answer = (door: Door, scan: Scan, verdict: Verdict): Step => [
  { ...door, view: { kind: verdict.status, scan, verdict } },
  [{ kind: 'signal', tone: verdict.status }],
]

function standIn(door: Door, scan: Scan, { verdict, hash }: Extract<DoorEvent, { kind: 'silent' }>): Step {
  const misses = door.misses + 1
  const missed = { ...door, misses, isOffline: door.isOffline || misses >= MISSES_MAX }
  if (verdict === null)
    return [{ ...missed, view: { kind: 'unanswered', scan } }, [{ kind: 'signal', tone: 'invalid' }]]
  return [
    { ...missed, view: { kind: 'provisional', scan, verdict } },
    [
      { kind: 'keep', scan, verdict, hash },
      { kind: 'signal', tone: verdict.status },
    ],
  ]
}

type Settled = Extract<DoorEvent, { kind: 'settled' }>

function settle(door: Door, { scan, before, verdict, ageMs }: Settled): Step {
  const { view } = door
  const isShown = view.kind === 'provisional' && view.scan.scanId === scan.scanId
  if (isSame(before, verdict)) return [isShown ? { ...door, view: { kind: verdict.status, scan, verdict } } : door, []]
  if (ageMs > CORRECTION_MAX_MS && !isShown) return [door, []]
  const correction: Correction = { kind: 'correction', scan, before, verdict }
  const isBusy = view.kind === 'party' || view.kind === 'checking' || view.kind === 'correction'
  if (isBusy) return [{ ...door, corrections: [...door.corrections, correction] }, []]
  return [{ ...door, view: correction }, [{ kind: 'signal', tone: verdict.status }]]
}

export const isSame = (before: Verdict, verdict: Verdict): boolean =>
  before.status === verdict.status && !verdict.isConflict

function askParty(door: Door, scan: Scan): Step {
  const { view } = door
  const guest = 'verdict' in view && view.kind !== 'correction' ? view.verdict.guest : undefined
  const left = guest ? leftOf(guest, scan) : 0
  return left < 1 ? [door, []] : [{ ...door, view: { kind: 'party', scan, guest, left } }, []]
}

/** By how many people a scan that lets them pass changes who is inside. */
export const changeOf = ({ direction, admit }: Pick<Scan, 'direction' | 'admit'>): number =>
  direction === 'out' ? -admit : admit

/** How many more of a party can pass this way. */
export const leftOf = ({ admitted, remaining }: Guest, { direction }: Scan): number =>
  direction === 'out' ? admitted : remaining

/** The next correction that waits, or the camera. */
function next(door: Door): Step {
  const [correction, ...corrections] = door.corrections
  if (!correction) return [{ ...door, view: { kind: 'idle' } }, []]
  return [{ ...door, view: correction, corrections }, [{ kind: 'signal', tone: correction.verdict.status }]]
}

export type SyncState = 'online' | 'slow' | 'offline' | 'syncing' | 'blocked' | 'conflict'

/** One word for the state of the connection: the worst that is true. `isBlocked`: the server wants us to sign in. */
export function syncStateOf(facts: {
  isOffline: boolean
  misses: number
  isBlocked: boolean
  isUploading: boolean
  conflicts: number
}): SyncState {
  if (facts.isBlocked) return 'blocked'
  if (facts.isOffline) return 'offline'
  if (facts.isUploading) return 'syncing'
  if (facts.conflicts > 0) return 'conflict'
  return facts.misses > 0 ? 'slow' : 'online'
}
