/** The events of the fake Stripe: their envelope and their signature. */
import { createHmac, randomBytes } from 'node:crypto'

export const STRIPE_VERSION = '2026-10-28.endive'
export const STRIPE_WEBHOOK_SECRET = 'whsec_fake0000000000000000'

/** Makes a `Stripe-Signature` header as docs.stripe.com/webhooks#verify-manually describes it. */
export function signStripe(raw: string | Buffer, at: Date, secrets: string[] = [STRIPE_WEBHOOK_SECRET]): string {
  const seconds = Math.floor(at.getTime() / 1000)
  const signed = secrets.map((secret) => createHmac('sha256', secret).update(`${seconds}.`).update(raw).digest('hex'))
  return [`t=${seconds}`, ...signed.map((hex) => `v1=${hex}`)].join(',')
}

/** The envelope of API 2026-10-28. */
export const eventOf = (type: string, data: object, more: Record<string, unknown>) => ({
  id: makeEventId(),
  object: 'event',
  api_version: STRIPE_VERSION,
  created: 1_800_000_000,
  data,
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: null },
  type,
  ...more,
})

export const makeEventId = (): string => `evt_${randomBytes(12).toString('hex')}`

/** Makes an event of a payment intent. */
export function stripeEvent(
  type: string,
  object: Record<string, unknown>,
  id = makeEventId(),
  envelope: Record<string, unknown> = {},
) {
  const intent = { object: 'payment_intent', last_payment_error: null, metadata: {}, ...object }
  return JSON.stringify(eventOf(type, { object: intent }, { id, ...envelope }))
}
