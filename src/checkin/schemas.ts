/** The shapes of the door on the wire. */
import { CompanionSchema } from '../events/events.ts'
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

const SCAN_ID = '^[A-Za-z0-9._:-]{1,128}$'
export const ScanId = Type.String({ pattern: SCAN_ID })
export const RESULTS = ['valid', 'duplicate', 'invalid'] as const
const Label = Type.String({ minLength: 1, maxLength: 100 })
/** Here the database must not be the first to find what it cannot store. */
export const PlainLabel = Type.String({ pattern: '^[^\\u0000-\\u001f]{1,100}$' })

/** What was scanned or typed, or who was chosen from the list of names. */
export const WHOM = {
  code: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'As scanned or typed: in any case, with or without hyphens, also from a scanner of another keyboard ' +
        'layout. The address of an invitation counts as its code. Of a signed pass (`MT1…`) all. An exact code ' +
        'wins; a correction that could mean two invitations is unknown_code.',
    }),
  ),
  guestId: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_-]{1,64}$',
      description: 'In place of `code`: of the manifest, a guest whom the staff found by name. No QR can say it.',
    }),
  ),
}
export const ONE_OF_THEM = {
  oneOf: ['code', 'guestId'].map((name) => ({ required: [name], properties: { [name]: {} } })),
}

export const ScanBody = Type.Object(
  {
    eventId: Id,
    ...WHOM,
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
        pattern: SCAN_ID,
        description: "The device's own id of this scan: a retry with it gets the same answer and admits nobody twice.",
      }),
    ),
    scannedAt: Type.Optional(
      Type.String({ format: 'date-time', description: "The device's clock. It is kept; our own clock orders scans." }),
    ),
    lastTookMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 600_000,
        description: "How long the device's scan before this one took, from the reading to the answer.",
      }),
    ),
  },
  { additionalProperties: false, title: 'ScanRequest', ...ONE_OF_THEM },
)

const Reason = Type.Unsafe<ScanReason>({
  type: 'string',
  enum: Object.keys(REASON_TEXTS),
  title: 'ScanReason',
  description:
    'not_yet_open: earlier than `doorsOpenMinutes` before the start, or a draft. closed: more than 12 hours after ' +
    'the end. wrong_event: the code of another event of this organizer, or a pass of another event. not_genuine: a ' +
    'pass that was forged or misread.',
})

export const GuestAtDoor = Type.Object(
  {
    name: Type.String(),
    notes: NullableString,
    companions: Type.Array(CompanionSchema),
    partySize: Type.Integer({
      description: 'Places of the door: as invited, or as confirmed if fewer; admitted + remaining.',
    }),
    admitted: Type.Integer({ description: 'Inside now.' }),
    remaining: Type.Integer(),
    answer: Type.Enum(['pending', 'yes', 'no', 'maybe'], {
      description: 'With the `doorPolicy` `invited`, a guest who declined is admitted all the same.',
    }),
  },
  { title: 'GuestAtDoor' },
)

const FirstAdmission = Type.Object(
  { at: Instant, gate: NullableString, device: NullableString, by: NullableString },
  { title: 'FirstAdmission', description: 'The first admission that stands; `by`: who scanned.' },
)
/** What a scan was found to be, beside its status. */
export const OUTCOME = {
  reason: Type.Optional(Reason),
  message: Type.Optional(BilingualText),
  guest: Type.Optional(GuestAtDoor),
  first: Type.Optional(FirstAdmission),
}

export const ScanReply = Answer(
  { scanId: Type.String(), status: Type.Enum(RESULTS), ...OUTCOME },
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

export const count = (description?: string) => Type.Integer(description ? { description } : {})
const OfflineLag = Type.Unsafe<number | null>({
  type: ['integer', 'null'],
  description: 'The longest that a scan of the last 15 minutes of uploads had waited for its upload.',
})

export const DoorState = Type.Object(
  {
    eventId: Type.String(),
    opensAt: Instant,
    closesAt: Instant,
    persons: Type.Object({
      invited: count('Guests.'),
      places: count('People whom the door expects.'),
      admitted: count('Who came in, also if they have left.'),
      inside: count('Who is inside now.'),
    }),
    scansLastMinute: count(),
    duplicates: count(),
    conflicts: count('See `GET /events/{eventId}/door/conflicts`.'),
    offlineLagSeconds: OfflineLag,
    gates: Type.Array(
      Type.Object(
        {
          gate: NullableString,
          admitted: count('People, by scans that stand.'),
          left: count(),
          duplicates: count(),
          refused: count('Scans that were `invalid`.'),
          undone: count(),
          scansLastMinute: count(),
          lastSeenAt: Instant,
          isSilent: Type.Boolean({ description: 'No scan for three minutes.' }),
          offlineLagSeconds: OfflineLag,
          p95Ms: Type.Unsafe<number | null>({
            type: ['integer', 'null'],
            description: 'Of `lastTookMs` in the last 15 minutes; null when no device told it.',
          }),
        },
        { title: 'Gate' },
      ),
    ),
  },
  { title: 'Door' },
)

export const Arrival = Type.Object(
  { at: Instant, gate: NullableString, persons: Type.Integer() },
  { title: 'Arrival', description: '`at`: the start of five minutes. When nobody came, there is none.' },
)

const Passage = Type.Object(
  { scanId: Type.String(), at: Instant, gate: NullableString, device: NullableString, by: Type.String() },
  { title: 'Passage' },
)
export const Conflict = Type.Object(
  {
    id: Type.String(),
    guestId: Type.String(),
    guestName: Type.String(),
    persons: count('Of the later scan.'),
    first: Passage,
    second: Passage,
    receivedAt: Instant,
  },
  { title: 'DoorConflict' },
)
