/** The shapes of a door without a network: its uploads, and its manifest. */
import { Type, type Static } from 'typebox'
import { Answer, Id, Instant, NullableString } from '../http/schemas.ts'
import { count, ONE_OF_THEM, OUTCOME, PlainLabel, RESULTS, ScanId, WHOM } from './schemas.ts'

/** A scan of an offline device. It needs an id and a time of its own. */
export const OfflineScan = Type.Object(
  {
    scanId: ScanId,
    ...WHOM,
    scannedAt: Type.String({ maxLength: 40, description: "An instant, by the device's clock." }),
    admit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })),
    direction: Type.Optional(Type.Unsafe<'in' | 'out'>({ type: 'string', enum: ['in', 'out'] })),
    gate: Type.Optional(PlainLabel),
    device: Type.Optional(PlainLabel),
    shown: Type.Optional(
      Type.Unsafe<(typeof RESULTS)[number]>({
        type: 'string',
        enum: [...RESULTS],
        description:
          'What the device showed. Whoever was turned away (`duplicate`, `invalid`) did not come in: the scan is stored as ' +
          'such, and admits nobody. Without it the scan is judged as if it had let people in.',
      }),
    ),
  },
  { additionalProperties: false, title: 'OfflineScan', ...ONE_OF_THEM },
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
          ...OUTCOME,
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

/** `publicKey`: base64url, without padding, of the 32 bytes. */
export const DoorKey = Type.Object(
  {
    kid: Type.Integer(),
    publicKey: Type.String({ description: 'Ed25519; base64url of 32 bytes.' }),
    createdAt: Instant,
  },
  { title: 'DoorKey' },
)

export const Manifest = Type.Object(
  {
    eventId: Type.String(),
    generatedAt: Instant,
    event: Type.Object({
      status: Type.Enum(['draft', 'active', 'archived', 'expired', 'cancelled']),
      startsAt: Instant,
      endsAt: Instant,
      doorsOpenMinutes: Type.Integer(),
      doorPolicy: Type.Enum(['invited', 'confirmed']),
      reentry: Type.Enum(['none', 'exit_then_entry']),
    }),
    keys: Type.Array(DoorKey),
    guests: count('Of the whole event.'),
    revoked: Type.Array(Type.String(), {
      description: 'Hashes of codes that were revoked: they are no entries any more.',
    }),
    entries: Type.Array(
      Type.Object(
        {
          hash: Type.String(),
          places: count(),
          answer: Type.Enum(['pending', 'yes', 'no', 'maybe']),
          inside: count(),
          version: Type.Integer({ description: 'Grows with every change.' }),
          passVersion: Type.Integer({ description: 'A signed pass of another version is `revoked`.' }),
          isRevoked: Type.Optional(Type.Boolean({ description: 'Only where the guest was anonymised.' })),
          guestId: Type.Optional(Type.String({ description: 'Like `name` and `notes` only with `names`.' })),
          name: Type.Optional(Type.String()),
          notes: Type.Optional(Type.String()),
        },
        { title: 'ManifestEntry' },
      ),
    ),
    hasMore: Type.Boolean(),
    cursor: Type.String(),
  },
  { title: 'Manifest' },
)
