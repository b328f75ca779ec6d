/** The shapes of conversations on the wire. */
import { Type } from 'typebox'
import {
  Answer,
  Channel,
  Instant,
  NullableInstant,
  NullableInteger,
  NullableString,
  NullableText,
} from '../http/schemas.ts'

const Source = Type.Enum(['guest', 'whatsapp', 'person', 'automatic', 'requested'], {
  title: 'MessageSource',
  description:
    '`whatsapp`: somebody of ours wrote it in WhatsApp itself. `person`: a reply written here. `automatic`: our answer to ' +
    'the guest. `requested`: an invitation or another template.',
})
const Direction = Type.Enum(['in', 'out'])
const Attachment = Type.Union([
  Type.Object({ mediaType: Type.String(), name: NullableString }, { title: 'Attachment' }),
  Type.Null(),
])
const Meaning = {
  intent: NullableString,
  outcome: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'What we did with it: a stable code.' }),
}

export const Conversation = Type.Object(
  {
    guestId: Type.String(),
    guestName: Type.String(),
    phone: NullableString,
    lastMessage: Type.Union([
      Type.Object(
        {
          id: Type.String(),
          direction: Direction,
          source: Source,
          type: Type.String(),
          text: NullableString,
          at: Instant,
          ...Meaning,
          status: NullableString,
        },
        { title: 'LastMessage' },
      ),
      Type.Null(),
    ]),
    unread: Type.Integer({ description: 'Messages of the guest since the team last read the conversation.' }),
    windowOpenUntil: Type.Unsafe<Date | string | null>({
      type: ['string', 'null'],
      format: 'date-time',
      description: 'Until then a person may reply. Null: the window is closed.',
    }),
    assignee: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }, { title: 'Assignee' }), Type.Null()]),
    readAt: NullableInstant,
    readBy: NullableString,
  },
  { title: 'Conversation' },
)

const ConversationMessage = Type.Object(
  {
    id: Type.String({ description: "WhatsApp's id of the message, or the id of the delivery when `template` is set." }),
    direction: Direction,
    source: Source,
    channel: Channel,
    type: Type.String({ description: 'As WhatsApp names it: text, button, image, reaction …' }),
    origin: Type.Enum(['live', 'forwarded', 'history'], {
      description: "`forwarded`: somebody else's words. `history`: imported from before.",
    }),
    text: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Of a template: with the guest and the event as they are now.',
    }),
    attachment: Attachment,
    sentAt: Instant,
    editedAt: NullableInstant,
    withdrawnAt: NullableInstant,
    replyTo: NullableString,
    reactionTo: NullableString,
    ...Meaning,
    partySize: NullableInteger,
    changed: Type.Union([
      Type.Object({ answer: Type.String(), places: NullableInteger }, { title: 'ChangedAnswer' }),
      Type.Null(),
    ]),
    template: NullableString,
    status: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Of what we sent.' }),
    reason: NullableString,
    explanation: NullableText,
    sentBy: Type.Union([Type.Object({ id: Type.String(), name: NullableString }, { title: 'Sender' }), Type.Null()]),
  },
  { title: 'ConversationMessage' },
)
export const Thread = Answer(
  {
    conversation: Conversation,
    data: Type.Array(ConversationMessage),
    page: Type.Object({ nextCursor: NullableString }, { title: 'PageCursor' }),
  },
  { title: 'ConversationThread' },
)

export const UnmatchedMessage = Type.Object(
  {
    id: Type.String(),
    phone: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'Null: WhatsApp shows a user id only.',
    }),
    userId: NullableString,
    type: Type.String(),
    text: NullableString,
    attachment: Attachment,
    sentAt: Instant,
    receivedAt: Instant,
    ...Meaning,
  },
  { title: 'UnmatchedMessage' },
)

export const QueuedReply = Answer(
  {
    status: Type.Literal('queued'),
    deliveryId: Type.String(),
    eventId: Type.String(),
    guestId: Type.String(),
    windowOpenUntil: NullableInstant,
  },
  { title: 'QueuedReply' },
)

export const StaffAnswerBody = Type.Object(
  {
    answer: Type.Enum(['yes', 'no', 'maybe']),
    partySize: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 20,
        description: 'How many come, for yes; all that were invited if absent.',
      }),
    ),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  },
  { additionalProperties: false, title: 'StaffRsvp' },
)
export const StaffAnswer = Answer(
  {
    eventId: Type.String(),
    guestId: Type.String(),
    answer: Type.Enum(['yes', 'no', 'maybe']),
    answeredPlaces: NullableInteger,
    isNew: Type.Boolean({ description: 'False: the guest had given the same answer before, and nothing changed.' }),
  },
  { title: 'StaffRsvpAnswer' },
)
export const GivenAnswer = Type.Object(
  {
    id: Type.String(),
    answer: Type.String(),
    places: NullableInteger,
    source: Type.String({ description: '`landing`, `whatsapp`, or `staff`: written down for the guest.' }),
    messageId: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'The WhatsApp message with it.' }),
    by: Type.Union([Type.Object({ id: Type.String(), name: NullableString }, { title: 'Sender' }), Type.Null()]),
    note: NullableString,
    answeredAt: Instant,
  },
  { title: 'GivenAnswer' },
)
