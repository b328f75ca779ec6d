/** The shapes of an invitation on the wire. */
import { Type } from 'typebox'
import { CompanionSchema, Venue } from '../events/events.ts'
import { Answer, Instant, Locale, NullableInstant, NullableInteger, NullableString } from '../http/schemas.ts'

const ANSWERS = ['yes', 'no', 'maybe'] as const
export const ByCode = Type.Object({ code: Type.String({ minLength: 1, maxLength: 300 }) })
export const Rsvp = Type.Object(
  {
    answer: Type.Enum(ANSWERS),
    partySize: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description: 'How many come, for yes; all that were invited if absent.',
      }),
    ),
    companions: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', format: 'name' }) },
          { additionalProperties: false },
        ),
        { maxItems: 19, description: 'With yes: who come along, fewer than `partySize`; absent: as named before.' },
      ),
    ),
  },
  { additionalProperties: false, title: 'Rsvp' },
)
const Invitation = Answer(
  {
    code: Type.String(),
    status: Type.Enum(['active', 'archived', 'expired', 'cancelled'], { description: 'Of the event.' }),
    isOpen: Type.Boolean({ description: 'Answers are taken: the event is active, before `rsvpUntil` and its end.' }),
    isPastCutoff: Type.Boolean({ description: '`rsvpUntil` has passed, and the event is still to come.' }),
    mayJoin: Type.Boolean({
      description: 'The waiting list takes guests: answers are taken, and the event has not started.',
    }),
    mayDecline: Type.Boolean({
      description: 'A `no` is taken after `rsvpUntil`: the guest waits for places, or got them from the waiting list.',
    }),
    locale: Locale,
    event: Type.Object({
      id: Type.String(),
      name: Type.String(),
      startsAt: Instant,
      endsAt: Instant,
      timeZone: Type.String(),
      location: NullableString,
      venue: Type.Union([Venue, Type.Null()]),
      mapLink: NullableString,
      rsvpUntil: NullableInstant,
    }),
    texts: Type.Object(
      {
        title: NullableString,
        greeting: NullableString,
        body: NullableString,
        dressCode: NullableString,
        gifts: NullableString,
        thanks: NullableString,
      },
      { title: 'InvitationTexts', description: "What the organizer wrote, for the guest's language." },
    ),
    guest: Type.Object({
      name: Type.String(),
      partySize: Type.Integer({ description: 'As many as were invited.' }),
      companions: Type.Array(CompanionSchema),
    }),
    answer: Type.Enum(['pending', ...ANSWERS]),
    answeredPlaces: NullableInteger,
    admitted: Type.Integer(),
    passVersion: Type.Integer({ description: 'Of the pass in the QR: grows when the organizer revokes it.' }),
    waitlist: Type.Union([Type.Object({ partySize: Type.Integer(), joinedAt: Instant }), Type.Null()], {
      description: 'Since when the guest waits for places, and for how many.',
    }),
  },
  { title: 'Invitation' },
)
/** What a reader of JSON gets, and a browser. */
export const SHOWN = { 200: Invitation, 302: { type: 'null', description: 'To the page, for a browser.' } } as const
/** What a form or a JSON body gets that changes the invitation. */
export const CHANGED = {
  200: Invitation,
  303: { type: 'null', description: 'To the page of the invitation, after its form.' },
} as const
