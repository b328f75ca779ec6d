/** The schemas of assignments, balances and the ledger. */
import { Type } from 'typebox'
import { Answer, Id, Instant, NullableInteger, NullableString } from '../http/schemas.ts'
import { MOVEMENT_KINDS, TICKET_KINDS } from '../ledger/ledger.ts'
import { FactView, NextActionView, RefundView, TransitionView } from '../payments/payments.ts'
import { AmountInput, AmountOutput, CurrencyInput } from '../platform/values/money.ts'
import { METHODS, PaidAt, PaymentView, Reference } from './schemas.ts'

const cents = (description: string) => Type.Integer({ description: `Minor units. ${description}` })
const decimal = Type.String({ description: 'The same in major units.' })

const TicketKindName = Type.Enum([...TICKET_KINDS], { title: 'TicketKind' })
const Tickets = Type.Object(
  {
    granted: Type.Integer({ description: 'Assigned, minus reversals.' }),
    used: Type.Integer({ description: 'Used by guests; a place at a premium event uses TICKET_PREMIUM_FACTOR.' }),
    left: Type.Integer({ description: 'granted − used. Tickets on loan may fall below 0.' }),
  },
  { title: 'Tickets' },
)
const AccountView = Type.Object(
  {
    organizerId: Type.String(),
    currency: Type.String(),
    billedCents: cents('What the tickets cost, minus reversals.'),
    billed: decimal,
    paidCents: cents('What came in and was not given back, also while a bank holds it.'),
    paid: decimal,
    writtenOffCents: cents('Debt that was given up.'),
    writtenOff: decimal,
    openDebtCents: cents('billed − paid − writtenOff, when that is above 0.'),
    openDebt: decimal,
    creditCents: cents('The same below 0: what was paid too much or in advance.'),
    credit: decimal,
    tickets: Type.Object({ prepaid: Tickets, loan: Tickets, left: Type.Integer() }),
  },
  { title: 'Account' },
)
export const AccountAnswer = Answer({ account: AccountView }, { title: 'AccountAnswer' })

const Note = Type.String({ maxLength: 1000 })
export const AssignmentBody = Type.Object(
  {
    organizerId: Id,
    eventId: Type.Optional(Id),
    kind: Type.Enum([...TICKET_KINDS], {
      title: 'TicketKind',
      description: 'prepaid: paid by credit or by `payment`. loan: usable at once and owed.',
    }),
    tickets: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    unitPrice: Type.Optional(
      Type.Union([Type.Number(), Type.String({ maxLength: 20 })], {
        description: 'Major units (pesos) a ticket: 25 or "25.50". 0: they are free.',
      }),
    ),
    unitPriceCents: Type.Optional(Type.Integer({ description: 'Minor units (centavos), instead of unitPrice.' })),
    currency: CurrencyInput,
    note: Type.Optional(Note),
    payment: Type.Optional(
      Type.Object(
        {
          ...AmountInput,
          method: Type.Enum([...METHODS], { default: 'transfer' }),
          reference: Type.Optional(Reference),
          note: Type.Optional(Note),
          paidAt: Type.Optional(PaidAt),
        },
        {
          additionalProperties: false,
          description: 'A payment that came with the tickets, recorded once. Its amount defaults to their price.',
        },
      ),
    ),
  },
  { additionalProperties: false, title: 'NewAssignment' },
)
export const AssignmentView = Type.Object(
  {
    id: Type.String(),
    kind: TicketKindName,
    status: Type.Enum(['active', 'reversed']),
    organizerId: Type.String(),
    eventId: NullableString,
    tickets: Type.Integer(),
    unitPrice: Type.String(),
    unitPriceCents: Type.Integer(),
    ...AmountOutput,
    note: NullableString,
    createdBy: Type.String(),
    createdAt: Instant,
  },
  { title: 'Assignment' },
)
export const AssignmentAnswer = Answer(
  { assignment: AssignmentView, payment: Type.Union([PaymentView, Type.Null()]), account: AccountView },
  { title: 'AssignmentReceipt' },
)

export const MovementView = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(MOVEMENT_KINDS, { title: 'MovementKind' }),
    organizerId: Type.String(),
    eventId: NullableString,
    paymentId: NullableString,
    reversesId: NullableString,
    reversedBy: NullableString,
    reason: NullableString,
    owedCents: NullableInteger,
    owed: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      description: 'How much more is owed through this movement; less below 0. Null: it moves no money.',
    }),
    currency: NullableString,
    tickets: Type.Integer({ description: 'How many more tickets are left through this movement; fewer below 0.' }),
    entries: Type.Array(
      Type.Object(
        {
          account: Type.String(),
          method: NullableString,
          currency: NullableString,
          amountCents: Type.Integer(),
          tickets: Type.Integer(),
        },
        { title: 'LedgerEntry' },
      ),
      {
        description: 'The double entry: each currency and the tickets add up to 0. docs/ledger.md names the accounts.',
      },
    ),
    createdBy: Type.String(),
    causedBy: Type.String({ description: 'The id of the request, webhook or job.' }),
    effectiveAt: Instant,
    createdAt: Instant,
  },
  { title: 'Movement' },
)
export const PaymentDetailsAnswer = Answer(
  {
    payment: Type.Intersect([
      PaymentView,
      Type.Object({
        providerRef: NullableString,
        nextAction: NextActionView,
      }),
    ]),
    facts: Type.Array(FactView, {
      description: 'What its provider says: charges, refunds and disputes. Its sums are theirs.',
    }),
    refunds: Type.Array(RefundView, { description: 'What was asked to be given back, oldest first.' }),
    history: Type.Array(TransitionView, { description: 'Every change of its status, oldest first.' }),
    movements: Type.Array(MovementView, {
      description: 'What it moved in the ledger, and the tickets that came with it, oldest first.',
    }),
  },
  { title: 'PaymentDetails' },
)
export const MovementAnswer = Answer({ movement: MovementView, account: AccountView }, { title: 'MovementReceipt' })
