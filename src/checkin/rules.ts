/**
 * What a scan at the door means, judged from facts alone: no clock, no database, no imports, so that a browser without a network
 * judges as the server does. `admitScans` states the admitting part of it in SQL; rules.test.ts compares the two.
 */

/** What is known about an event. Instants are milliseconds. */
export type EventFacts = {
  status: 'draft' | 'active' | 'archived' | 'expired' | 'cancelled'
  startsAtMs: number
  endsAtMs: number
  doorsOpenMinutes: number
  doorPolicy: 'invited' | 'confirmed'
  reentry: 'none' | 'exit_then_entry'
}

/** What is known about an invitation. `places`: how many may be inside. `admitted` came in, and `outside` of them have left. */
export type InvitationFacts = {
  answer: 'pending' | 'yes' | 'no' | 'maybe'
  places: number
  admitted: number
  outside: number
  /** The pass or the code has been withdrawn. */
  isRevoked?: boolean
}

/** What is known about a signed pass (signed-pass.ts). `version`: of the invitation when it was signed. */
export type PassFacts = { isGenuine: boolean; isOfEvent: boolean; expiresAtMs: number; version: number }

/** `atMs`: when the scan took place. */
export type ScanFacts = { atMs: number; count: number; direction: 'in' | 'out' }

/** Why nobody comes in, and nobody goes out; texts for the staff. */
export const REASON_TEXTS = {
  already_admitted: {
    'es-MX': 'Este código ya se usó: no quedan lugares.',
    en: 'This code has been used: no places are left.',
  },
  not_enough_places: {
    'es-MX': 'Quedan menos lugares de los que se piden.',
    en: 'Fewer places are left than were asked for.',
  },
  not_confirmed: {
    'es-MX': 'El invitado no confirmó su asistencia.',
    en: 'The guest has not confirmed.',
  },
  cancelled: { 'es-MX': 'El evento se canceló.', en: 'The event is cancelled.' },
  wrong_event: { 'es-MX': 'El código es de otro evento.', en: 'The code is for another event.' },
  not_yet_open: { 'es-MX': 'La puerta todavía no abre.', en: 'The door is not open yet.' },
  closed: { 'es-MX': 'La puerta ya cerró.', en: 'The door is closed.' },
  revoked: { 'es-MX': 'El código fue anulado.', en: 'The code has been revoked.' },
  not_genuine: { 'es-MX': 'El pase no es auténtico.', en: 'The pass is not genuine.' },
  expired: {
    'es-MX': 'El pase venció: el invitado tiene uno nuevo en su invitación.',
    en: "The pass has expired: the guest's invitation has a new one.",
  },
  unknown_code: { 'es-MX': 'El código no existe en este evento.', en: 'This event has no such code.' },
  exit_not_allowed: {
    'es-MX': 'Este evento no registra salidas.',
    en: 'This event does not record exits.',
  },
  not_inside: {
    'es-MX': 'No hay tantas personas de esta invitación adentro.',
    en: 'Fewer people of this invitation are inside.',
  },
} as const

export type ScanReason = keyof typeof REASON_TEXTS
export type Refusal = { status: 'duplicate' | 'invalid'; reason: ScanReason }
export type Judgment = { status: 'valid' } | Refusal

/** Parties run late, so the door stays open this long after the end, also when the landing is archived. */
export const OPEN_AFTER_END_MS = 12 * 3_600_000

const MINUTE_MS = 60_000

export const opensAtMs = ({ startsAtMs, doorsOpenMinutes }: EventFacts): number =>
  startsAtMs - doorsOpenMinutes * MINUTE_MS
export const closesAtMs = ({ endsAtMs }: Pick<EventFacts, 'endsAtMs'>): number => endsAtMs + OPEN_AFTER_END_MS

const refuse = (status: Refusal['status'], reason: ScanReason): Refusal => ({ status, reason })

/** Why the door is closed to everybody; null when it is open. */
export function judgeDoor(event: EventFacts, { atMs }: ScanFacts): Refusal | null {
  if (event.status === 'cancelled') return refuse('invalid', 'cancelled')
  if (event.status === 'draft' || atMs < opensAtMs(event)) return refuse('invalid', 'not_yet_open')
  if (atMs > closesAtMs(event)) return refuse('invalid', 'closed')
  return null
}

/** Why a signed pass opens no door, whoever has it; null when it may. */
export function judgePass({ isGenuine, isOfEvent, expiresAtMs }: PassFacts, { atMs }: ScanFacts): Refusal | null {
  if (!isGenuine) return refuse('invalid', 'not_genuine')
  if (!isOfEvent) return refuse('invalid', 'wrong_event')
  if (atMs > expiresAtMs) return refuse('invalid', 'expired')
  return null
}

/** A code that the event does not have. `isOfSibling`: another event of its organizer has it. */
export const judgeUnknown = (isOfSibling: boolean): Refusal =>
  refuse('invalid', isOfSibling ? 'wrong_event' : 'unknown_code')

/** What a scan means while the door is open. Nothing but `valid` changes anything. */
export function judgeInvitation(event: EventFacts, invitation: InvitationFacts, scan: ScanFacts): Judgment {
  if (invitation.isRevoked) return refuse('invalid', 'revoked')
  return scan.direction === 'out' ? judgeExit(event, invitation, scan) : judgeEntry(event, invitation, scan)
}

function judgeEntry({ doorPolicy }: EventFacts, invitation: InvitationFacts, { count }: ScanFacts): Judgment {
  const { answer, places, admitted, outside } = invitation
  const remaining = places - (admitted - outside)
  if (doorPolicy === 'confirmed' && answer !== 'yes') return refuse('invalid', 'not_confirmed')
  if (remaining <= 0) return refuse('duplicate', 'already_admitted')
  if (count > remaining) return refuse('duplicate', 'not_enough_places')
  return { status: 'valid' }
}

function judgeExit({ reentry }: EventFacts, { admitted, outside }: InvitationFacts, { count }: ScanFacts): Judgment {
  if (reentry === 'none') return refuse('invalid', 'exit_not_allowed')
  if (count > admitted - outside) return refuse('invalid', 'not_inside')
  return { status: 'valid' }
}
