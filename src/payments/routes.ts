/** Payment intents. The providers' webhooks are received by inbox. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Answer, Id, NullableString } from '../http/schemas.ts'
import { AmountInput, AmountOutput, CurrencyInput, formatCents } from '../platform/values/money.ts'
import { createIntent, PAYMENT_STATUSES } from './payments.ts'
import { describeLimits, MOCK_SCRIPTS, PAYMENT_METHODS } from '../providers/providers.ts'
import { NextActionView } from './schemas.ts'

const IntentBody = Type.Object(
  {
    ...AmountInput,
    currency: CurrencyInput,
    provider: Type.Optional(
      Type.String({ maxLength: 40, description: 'stripe, conekta or mock. Default: PAYMENTS_PROVIDER.' }),
    ),
    organizerId: Type.Optional(Id),
    eventId: Type.Optional(Id),
    description: Type.Optional(Type.String({ minLength: 1, maxLength: 249 })),
    customer: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
          email: Type.Optional(Type.String({ maxLength: 400, format: 'email-address' })),
          phone: Type.Optional(Type.String({ maxLength: 400, format: 'phone' })),
        },
        { additionalProperties: false, description: 'Conekta needs all three. Passed on, not stored.' },
      ),
    ),
    methods: Type.Optional(
      Type.Array(Type.Enum([...PAYMENT_METHODS]), {
        minItems: 1,
        maxItems: 3,
        uniqueItems: true,
        description: 'What the payer may choose from; oxxo is cash in shops. Default: whatever takes the amount.',
      }),
    ),
    purposeKey: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description:
          'What it pays for, such as an invoice. While a payment of the organizer for it is open, you get that one.',
      }),
    ),
    metadata: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9_.-]{1,40}$' }),
        Type.Union([Type.String({ maxLength: 249 }), Type.Number(), Type.Boolean()]),
        {
          maxProperties: 20,
          additionalProperties: false,
          description: `Passed on. In mock mode \`script\` plays what a provider would tell: ${MOCK_SCRIPTS.join(', ')}.`,
        },
      ),
    ),
  },
  { additionalProperties: false, title: 'NewPaymentIntent' },
)

const intent = {
  paymentId: Type.String(),
  provider: Type.String(),
  mode: Type.String({ description: 'mock: no money moves · test · live' }),
  providerRef: NullableString,
  clientSecret: NullableString,
  nextAction: NextActionView,
  ...AmountOutput,
}
const SETTLED = PAYMENT_STATUSES.filter((status) => status !== 'creating' && status !== 'unknown')

export const paymentRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/payments/intent',
      {
        config: {
          access: ['organizer', 'director'],
          problems: [
            'invalid_amount',
            'amount_too_small',
            'amount_too_large',
            'invalid_phone',
            'invalid_email',
            'unsupported_currency',
            'unsupported_provider',
            'unsupported_method',
            'organizer_not_found',
            'event_not_found',
            'payment_open',
            'provider_error',
          ],
        },
        schema: {
          operationId: 'createPaymentIntent',
          tags: ['Payments'],
          summary: 'Create a payment intent at a provider',
          description:
            `Amounts in MXN, also in mock mode: ${describeLimits()}. A named method that does not take the amount or ` +
            'the currency is a 400 that names it; without `methods`, those that do are offered. 202 means that the ' +
            'provider did not answer: the payment may or may not exist there. Retry with the same Idempotency-Key; ' +
            'it never charges twice.',
          body: IntentBody,
          response: {
            201: Answer({ ...intent, status: Type.Enum(SETTLED) }, { title: 'PaymentIntent' }),
            202: Answer({ ...intent, status: Type.Literal('unknown') }, { title: 'UnknownPaymentIntent' }),
          },
        },
      },
      async (request, reply) => {
        const { config } = deps
        const { body, user, id: requestId, idempotencyKey } = request
        const payment = await createIntent(deps, {
          ...body,
          provider: body.provider ?? config.payments.provider,
          returnUrl: config.http.publicBaseUrl,
          user,
          requestId,
          idempotencyKey,
        })
        const {
          id: paymentId,
          provider,
          mode,
          status,
          providerRef,
          clientSecret,
          nextAction,
          amountCents,
          currency,
        } = payment
        request.log.info({ requestId, paymentId, provider, mode, status }, 'A payment intent was asked for')
        const amount = formatCents(amountCents, currency)
        const facts = {
          paymentId,
          provider,
          mode,
          providerRef,
          clientSecret,
          nextAction,
          amount,
          amountCents,
          currency,
        }
        if (status === 'unknown') {
          request.isFinal = false
          return reply.code(202).send({ ...facts, status })
        }
        return reply.code(201).send({ ...facts, status: status as (typeof SETTLED)[number] })
      },
    )
  }
