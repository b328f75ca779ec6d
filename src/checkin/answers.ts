/** What the door is told about a scan. */
import type { Admission, Companion } from '../events/events.ts'
import { REASON_TEXTS, type Judgment, type Refusal, type ScanReason } from './rules.ts'
import type { First, NewScan } from './sql.ts'

export type ScanAnswer = {
  scanId: string
  status: 'valid' | 'duplicate' | 'invalid'
  reason?: ScanReason
  message?: { 'es-MX': string; en: string }
  /** partySize = admitted + remaining: the places at the door, which are fewer when the guest confirmed fewer. */
  guest?: {
    name: string
    /** What the organizer wrote for the door. */
    notes: string | null
    /** Who was named to come along. */
    companions: Companion[]
    partySize: number
    /** How many are inside now. */
    admitted: number
    remaining: number
    /** Shown so that the staff can decide about a guest who had declined. */
    answer: Admission['answer']
  }
  /** The first admission; only with `duplicate`. */
  first?: { at: Date; gate: string | null; device: string | null; by: string | null }
}

export const describeAdmission = ({ scanId }: NewScan, admission: Admission): ScanAnswer => ({
  scanId,
  status: 'valid',
  guest: describeGuest(admission),
})

/** How a device without a network refused somebody. */
export type TurnedAway = 'duplicate' | 'invalid'

/** What the device said, with our reason for it where we would have said the same. */
export const describeAgreed = (
  status: TurnedAway,
  judgment: Judgment,
): Pick<ScanAnswer, 'status' | 'reason' | 'message'> =>
  judgment.status === status ? describeRefusal(judgment) : { status }

export const describeRefusal = ({ status, reason }: Refusal) => ({ status, reason, message: REASON_TEXTS[reason] })

export const describeGuest = ({ guestName: name, notes, companions, admitted, remaining, answer }: Admission) => ({
  name,
  notes,
  companions,
  partySize: admitted + remaining,
  admitted,
  remaining,
  answer,
})

export const describeFirst = ({ firstAt: at, firstGate: gate, firstDevice: device, firstBy: by }: First) =>
  at ? { first: { at, gate, device, by } } : {}
