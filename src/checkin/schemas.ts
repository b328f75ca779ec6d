/** The shapes of the door on the wire. */
import { Type } from 'typebox'
import {
  Answer,
  BilingualText,
  Id,
  Instant,
  NullableInstant,
  NullableInteger,
  NullableString,
} from '../http/schemas.ts'
import { REASON_TEXTS, type ScanReason } from './rules.ts'

export const RESULTS = ['valid', 'duplicate', 'invalid'] as const
const Label = Type.String({ minLength: 1, maxLength: 100 })

export const ScanBody = Type.Object(
  {
    eventId: Id,
    code: Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'As scanned or typed: in any case, with or without hyphens, also from a scanner of another keyboard layout. The address ' +
        'of an invitation counts as its code. An exact code wins; a correction that could mean two invitations is unknown_code.',
    }),
    admit: Type.Integer({
      minimum: 1,
      maximum: 20,
      default: 1,
      description: 'How many people of the party enter or leave now.',
    }),
    direction: Type.Enum(['in', 'out'], { default: 'in' }),
    gate: Type.Optional(Label),
    device: Type.Optional(Label),
    scanId: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._:-]{1,128}$',
        description: "The device's own id of this scan: a retry with it gets the same answer and admits nobody twice.",
      }),
    ),
    scannedAt: Type.Optional(
      Type.String({ format: 'date-time', description: "The device's clock. It is kept; our own clock orders scans." }),
    ),
  },
  { additionalProperties: false, title: 'ScanRequest' },
)

const Reason = Type.Unsafe<ScanReason>({
  type: 'string',
  enum: Object.keys(REASON_TEXTS),
  title: 'ScanReason',
  description:
    'not_yet_open: earlier than `doorsOpenMinutes` before the start, or a draft. closed: more than 12 hours after the end. ' +
    'wrong_event: the code of another event of this organizer.',
})

export const ScanReply = Answer(
  {
    scanId: Type.String(),
    status: Type.Enum(RESULTS),
    reason: Type.Optional(Reason),
    message: Type.Optional(BilingualText),
    guest: Type.Optional(
      Type.Object({
        name: Type.String(),
        notes: NullableString,
        partySize: Type.Integer({
          description: 'Places of the door: as invited, or as confirmed if fewer; admitted + remaining.',
        }),
        admitted: Type.Integer({ description: 'Inside now.' }),
        remaining: Type.Integer(),
        answer: Type.Enum(['pending', 'yes', 'no', 'maybe'], {
          description: 'With the `doorPolicy` `invited`, a guest who declined is admitted all the same.',
        }),
      }),
    ),
    first: Type.Optional(
      Type.Object(
        { at: Instant, gate: NullableString, device: NullableString, by: NullableString },
        { description: 'The first admission that stands; `by`: who scanned.' },
      ),
    ),
  },
  { title: 'ScanResult' },
)

export const ScanItem = Type.Object(
  {
    id: Type.String(),
    scanId: Type.String(),
    guestId: NullableString,
    guestName: NullableString,
    result: Type.Enum(RESULTS),
    reason: NullableString,
    requested: Type.Integer(),
    admitted: NullableInteger,
    remaining: NullableInteger,
    direction: Type.Enum(['in', 'out']),
    gate: NullableString,
    device: NullableString,
    scannedBy: Type.String(),
    scannedAt: Instant,
    receivedAt: Instant,
    offlineAt: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When a scan that was uploaded later took place, corrected by the error of its clock.',
    }),
    clockSkewMs: NullableInteger,
    undoneAt: NullableInstant,
    undoneBy: NullableString,
    undoReason: NullableString,
  },
  { title: 'Scan' },
)
