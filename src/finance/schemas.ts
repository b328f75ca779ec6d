/** The schemas of the Director's answers; they define every number. */
import { Type } from 'typebox'
import { Answer, Id, Instant, NullableInstant, NullableNumber, NullableString } from '../http/schemas.ts'
import { AmountOutput } from '../platform/values/money.ts'
import { PAYMENT_STATUSES } from '../payments/payments.ts'

const count = (description: string) => Type.Integer({ description })
const cents = (description: string) => Type.Integer({ description: `Minor units. ${description}` })
const decimal = Type.String({ description: 'The same in major units.' })

export const PERIOD = {
  organizerId: Type.Optional(Id),
  from: Type.Optional(Type.String({ maxLength: 40, description: 'ISO date or instant; whole days of Mexico City.' })),
  to: Type.Optional(Type.String({ maxLength: 40, description: 'The same; the day is included.' })),
}
/** How money comes that no provider reports. */
export const METHODS = ['transfer', 'cash', 'card', 'other'] as const
export const Reference = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '\\S',
  description: "The bank's; once per organizer.",
})
export const PaidAt = Type.Unsafe<string>({
  type: 'string',
  anyOf: [{ format: 'date-time' }, { format: 'date' }],
  description: 'An instant, or a day of Mexico City (its first instant). Default: now. At most 24 hours ahead.',
})

export const PaymentStatus = Type.Enum(PAYMENT_STATUSES, { title: 'PaymentStatus' })
export const PaymentView = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(['intent', 'manual']),
    status: PaymentStatus,
    organizerId: NullableString,
    eventId: NullableString,
    provider: Type.String(),
    mode: Type.String(),
    ...AmountOutput,
    receivedCents: cents('What came in; more or less than the amount when a transfer was.'),
    refundedCents: cents('What was given back.'),
    disputedCents: cents('What a bank holds while it decides.'),
    lostCents: cents('What a bank gave back to the payer.'),
    isLate: Type.Boolean({ description: 'It came after the payment had expired or was cancelled.' }),
    expiresAt: NullableInstant,
    method: NullableString,
    reference: NullableString,
    note: NullableString,
    reason: NullableString,
    paidAt: NullableInstant,
    createdAt: Instant,
  },
  { title: 'Payment' },
)

const balance = {
  openDebtCents: cents(
    'Billed and not paid at the end of `to` (`from` does not count), never below 0; summed organizer by organizer.',
  ),
  openDebt: decimal,
  creditCents: cents('What organizers paid beyond what they were billed.'),
  credit: decimal,
}
export const PaymentAnswer = Answer(
  {
    payment: PaymentView,
    balance: Type.Object({ ...balance, currency: Type.String() }, { title: 'Balance' }),
  },
  { title: 'PaymentReceipt' },
)

const PaymentGroup = Type.Object(
  { count: Type.Integer(), amountCents: Type.Integer(), amount: Type.String() },
  { title: 'PaymentGroup' },
)
const DeliveryCounts = Type.Object(
  {
    queued: count('Scheduled, queued, being sent, or of unknown outcome.'),
    sent: count('Cumulative: everything that reached sent or further.'),
    delivered: count('Cumulative: delivered or read.'),
    read: count('Read.'),
    failed: count('Failed, or given up after the last attempt.'),
    skipped: count('Not sent because the event closed, the guest opted out or has no address.'),
    deliveredRate: NullableNumber,
  },
  { title: 'DeliveryCounts' },
)

export const OverviewAnswer = Answer(
  {
    asOf: Instant,
    refreshedAt: Instant,
    ageSeconds: count('How old the numbers are: now minus asOf, the refresh of the oldest view.'),
    currency: Type.String({ description: 'Amounts are of this currency only; currencies are never added up.' }),
    tickets: Type.Object({
      prepaid: count('Granted by prepaid assignments, minus reversals.'),
      onLoan: count('Granted by loans, minus reversals.'),
      delivered: count('Places of guests to whom a message was sent, delivered or read.'),
      used: count('Places admitted at the door.'),
      remaining: Type.Number({
        description:
          'Tickets that were granted and not used, at the end of `to`. Below 0: more were used than granted.',
      }),
      equivalent: Type.Number({
        description:
          'Tickets that the ledger booked as used, by places admitted or messages sent (TICKET_USE); a place of a premium ' +
          'event uses TICKET_PREMIUM_FACTOR. A use is booked within a minute.',
      }),
    }),
    finance: Type.Object({
      billedCents: cents('What assigned tickets cost, minus reversals.'),
      billed: decimal,
      paidCents: cents('Payments, minus reversals. Money counts once, whatever it paid for.'),
      paid: decimal,
      ...balance,
    }),
    payments: Type.Object({
      confirmed: PaymentGroup,
      pending: PaymentGroup,
      failed: PaymentGroup,
      refunded: PaymentGroup,
    }),
    events: Type.Object({
      total: Type.Integer(),
      byStatus: Type.Object({
        draft: Type.Integer(),
        active: Type.Integer(),
        archived: Type.Integer(),
        expired: Type.Integer(),
        cancelled: count('Their guests are left out of `guests`.'),
      }),
      byType: Type.Object({ standard: Type.Integer(), premium: Type.Integer() }),
    }),
    guests: Type.Object({
      total: Type.Integer(),
      pending: count('No answer yet, or maybe.'),
      confirmed: count('Answered yes, scanned or not.'),
      declined: count('Answered no.'),
      scanned: count('Entered with at least one place.'),
      confirmationRate: NullableNumber,
      showUpRate: Type.Unsafe<number | null>({
        type: ['number', 'null'],
        description: 'Of those who confirmed, the share that entered.',
      }),
    }),
    deliveries: Type.Intersect([
      DeliveryCounts,
      Type.Object({ byChannel: Type.Object({ whatsapp: DeliveryCounts, email: DeliveryCounts }) }),
    ]),
    whatsapp: Type.Object({
      freeShare: Type.Unsafe<number | null>({
        type: ['number', 'null'],
        description: 'Free messages of those that WhatsApp told a price for.',
      }),
      billable: Type.Integer(),
      free: Type.Integer(),
      openSessions: count('24-hour windows open now.'),
      estimatedSavingsCents: cents('MXN, an estimate: free messages at the list price of their category.'),
      predictionDrift: Type.Object(
        {
          days: count('Of Mexico City, up to today; from and to do not count.'),
          compared: count('Messages that were predicted when they left, and that WhatsApp told a price for.'),
          drifted: count('Of those, billed otherwise.'),
          otherCategory: count('In another category.'),
          otherCharge: count('Free and predicted to cost, or the other way round.'),
          share: NullableNumber,
        },
        { description: 'What we predicted against what was billed. Above 2 % the estimates cannot be trusted.' },
      ),
    }),
    organizers: Type.Object({
      active: count('With an active event.'),
      top: Type.Array(
        Type.Object({
          organizerId: Type.String(),
          name: Type.String(),
          ticketsEquivalent: Type.Number(),
          openDebtCents: Type.Integer(),
          openDebt: Type.String(),
        }),
        { maxItems: 5 },
      ),
    }),
    recentPayments: Type.Array(PaymentView, {
      maxItems: 10,
      description: 'Those that count last, by the day they were paid, else made.',
    }),
  },
  { title: 'Overview' },
)
