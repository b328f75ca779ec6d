/** The shapes of the door on the wire. */
import { Type, type Static } from 'typebox'
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
const PlainLabel = Type.String({ pattern: '^[^\\u0000-\\u001f]{1,100}$' })

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
        pattern: SCAN_ID,
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

export const GuestAtDoor = Type.Object(
  {
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
  },
  { title: 'GuestAtDoor' },
)

const FirstAdmission = Type.Object(
  { at: Instant, gate: NullableString, device: NullableString, by: NullableString },
  { title: 'FirstAdmission', description: 'The first admission that stands; `by`: who scanned.' },
)
/** What a scan was found to be, beside its status. */
const outcome = {
  reason: Type.Optional(Reason),
  message: Type.Optional(BilingualText),
  guest: Type.Optional(GuestAtDoor),
  first: Type.Optional(FirstAdmission),
}

export const ScanReply = Answer(
  { scanId: Type.String(), status: Type.Enum(RESULTS), ...outcome },
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

const count = (description?: string) => Type.Integer(description ? { description } : {})
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
        },
        { title: 'Gate' },
      ),
    ),
  },
  { title: 'Door' },
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

/** A scan of an offline device. It needs an id and a time of its own. */
export const OfflineScan = Type.Object(
  {
    scanId: ScanId,
    code: Type.String({ minLength: 1, maxLength: 2048 }),
    scannedAt: Type.String({ maxLength: 40, description: "An instant, by the device's clock." }),
    admit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    direction: Type.Optional(Type.Unsafe<'in' | 'out'>({ type: 'string', enum: ['in', 'out'] })),
    gate: Type.Optional(PlainLabel),
    device: Type.Optional(PlainLabel),
  },
  { additionalProperties: false, title: 'OfflineScan' },
)
export type OfflineScanInput = Static<typeof OfflineScan>

/** So that one broken scan does not refuse the others; sync.ts says what is wrong with it. */
const Anything = Type.Unsafe<unknown>({ type: ['object', 'array', 'string', 'number', 'boolean', 'null'] })

export const SyncBody = Type.Object(
  {
    eventId: Id,
    sentAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: "The device's clock at the upload: it shows how far it is off.",
      }),
    ),
    scans: Type.Array(Type.Union([OfflineScan, Anything]), {
      minItems: 1,
      maxItems: 500,
      description: 'In any order. One that does not fit is rejected alone.',
    }),
  },
  { additionalProperties: false, title: 'ScanUpload' },
)

export const SyncReply = Answer(
  {
    clock: Type.Object({
      skewMs: Type.Unsafe<number | null>({
        type: ['integer', 'null'],
        description: 'How far the device was behind our clock at the upload; null without `sentAt`.',
      }),
      isOff: Type.Boolean({ description: 'By more than a minute: the times of the scans are corrected.' }),
    }),
    results: Type.Array(
      Type.Object(
        {
          scanId: NullableString,
          status: Type.Enum([...RESULTS, 'rejected']),
          ...outcome,
          at: Type.Optional(Instant),
          isRetry: Type.Optional(Type.Boolean({ description: 'It was stored before; this is the answer of then.' })),
          isConflict: Type.Optional(Type.Boolean({ description: 'Another gate had let these people in before.' })),
          isClockOff: Type.Optional(Type.Boolean()),
          code: Type.Optional(Type.String({ description: 'Why it is `rejected`.' })),
          errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
        },
        { title: 'OfflineScanResult' },
      ),
      { description: 'One for each scan, in the order of the upload.' },
    ),
  },
  { title: 'ScanUploadResult' },
)

export const Manifest = Type.Object(
  {
    eventId: Type.String(),
    generatedAt: Instant,
    event: Type.Object({
      status: Type.Enum(['draft', 'active', 'archived', 'expired']),
      startsAt: Instant,
      endsAt: Instant,
      doorsOpenMinutes: Type.Integer(),
      doorPolicy: Type.Enum(['invited', 'confirmed']),
      reentry: Type.Enum(['none', 'exit_then_entry']),
    }),
    guests: count('Of the whole event.'),
    entries: Type.Array(
      Type.Object(
        {
          hash: Type.String(),
          places: count(),
          answer: Type.Enum(['pending', 'yes', 'no', 'maybe']),
          inside: count(),
          version: Type.Integer({ description: 'Grows with every change.' }),
          isRevoked: Type.Optional(Type.Boolean({ description: 'Only where the code has been withdrawn.' })),
          name: Type.Optional(Type.String()),
        },
        { title: 'ManifestEntry' },
      ),
    ),
    hasMore: Type.Boolean(),
    cursor: Type.String(),
  },
  { title: 'Manifest' },
)
