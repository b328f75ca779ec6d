/**
 * Money that comes in: intents at a provider, what the provider later says about them, and payments
 * that the Director enters by hand (manual.ts). The row is written before the provider is called and
 * settled after, so that no crash loses or repeats a charge.
 */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { formatCents, readMoney } from '../platform/money.ts'
import { parsePhone } from '../platform/phone.ts'
import {
  confirmFromEvent,
  findPayer,
  findPaymentByKey,
  findPaymentOfEvent,
  insertIntent,
  insertLedgerPayment,
  moveFromEvent,
  settleIntent,
  type Payment,
} from './sql.ts'

export {
  listPayments,
  recordManualPayment,
  reverseManualPayment,
  type ManualPaymentRequest,
  type PaymentFilter,
  type Reversal,
} from './manual.ts'
export { PAYMENT_STATUSES, type Payment } from './sql.ts'

const PROVIDER_NAMES = ['stripe', 'conekta', 'mock'] as const
export type ProviderName = (typeof PROVIDER_NAMES)[number]
export type PaymentMethod = 'card' | 'oxxo' | 'spei'

export type IntentInput = {
  paymentId: string
  requestId: string
  amountCents: number
  currency: string
  description: string
  customer: { name?: string; email?: string; phone?: string }
  methods: PaymentMethod[] | null
  metadata: Record<string, string>
  /** Where a page of the provider sends the payer back to. */
  returnUrl: string
  now: Date
}

/** What a call that creates an intent came to. `unknown`: the provider may or may not have it. */
export type IntentOutcome =
  | {
      kind: 'created'
      providerRef: string
      clientSecret: string | null
      nextAction: Record<string, unknown> | null
      status: 'requires_payment' | 'requires_action' | 'processing' | 'confirmed'
      mode: 'mock' | 'test' | 'live'
    }
  | { kind: 'refused'; reason: string; httpStatus: number | null }
  | { kind: 'unknown'; reason: string }

/** What a provider's webhook says, in our words. */
export type PaymentEvent = {
  /** The same for every delivery of the same event. */
  dedupeKey: string
  providerRef: string | null
  /** Our own id, echoed by the provider: finds the row of a call whose answer nobody saw. */
  paymentId: string | null
  kind: 'confirmed' | 'failed' | 'processing' | 'expired' | 'ignored'
  /** Null only when the provider has no amounts (mock). */
  amountCents: number | null
  currency: string | null
  occurredAt: Date | null
  reason: string | null
}

export type PaymentProvider = {
  name: ProviderName
  mode: 'mock' | 'test' | 'live'
  methods: readonly PaymentMethod[]
  /** Currencies it takes, or null for all of ours. */
  currencies: readonly string[] | null
  /** Smallest and largest amount of one payment, in minor units. */
  limitsOf(currency: string): { minCents: number; maxCents: number }
  /** The customer must be named in full. */
  needsCustomer: boolean
  /** Creating the same paymentId again returns the first intent. */
  canRepeat: boolean
  createIntent(input: IntentInput): Promise<IntentOutcome>
  verifyWebhook(raw: Buffer, headers: IncomingHttpHeaders, now: Date): boolean
  /** Throws GiveUp when the bytes are not what this provider sends. */
  readEvent(raw: Buffer): PaymentEvent
}
export type PaymentProviders = Record<ProviderName, PaymentProvider>

export type IntentRequest = {
  amount?: number | string
  amountCents?: number
  currency: string
  provider: string
  organizerId?: string
  eventId?: string
  description?: string
  customer?: { name?: string; email?: string; phone?: string }
  methods?: PaymentMethod[]
  metadata?: Record<string, string | number | boolean>
  returnUrl: string
  user: User
  requestId: string
  idempotencyKey: string | null
}

type Context = { db: Db; now: () => Date; providers: PaymentProviders }

/**
 * Creates a payment intent. Three steps, each on its own: the row (committed), the provider's call
 * (outside any transaction), the row settled. The same Idempotency-Key finds the same row, also after
 * a crash, and never charges twice.
 *
 * Returns the payment: status `unknown` when the provider did not answer. Throws `provider_error` when
 * it refused; the row is kept as `failed`.
 */
export async function createIntent({ db, now, providers }: Context, request: IntentRequest): Promise<Payment> {
  const provider = findProvider(providers, request.provider)
  const money = readMoney(request)
  checkOffer(provider, money, request)
  const customer = { ...request.customer }
  if (customer.phone !== undefined) customer.phone = parsePhone(customer.phone)
  const payer = await findPayer(db, request.user.organizerId, request.organizerId ?? null, request.eventId ?? null)
  if (!payer.found) throw new Failure(payer.missing)

  const row = await insertIntent(db, {
    id: newId('pay'),
    organizerId: payer.organizerId,
    eventId: request.eventId ?? null,
    provider: provider.name,
    mode: provider.mode,
    ...money,
    description: request.description ?? null,
    metadata: request.metadata ?? {},
    createdBy: request.user.id,
    idempotencyKey: request.idempotencyKey,
    requestId: request.requestId,
    now: now(),
  })
  const payment = row ?? (await findRepeated(db, request, { ...money, provider: provider.name, ...payer }))
  if (!row && !mayCallAgain(provider, payment)) return answerOf(payment)

  const outcome = await provider.createIntent({
    paymentId: payment.id,
    requestId: request.requestId,
    ...money,
    description: request.description ?? 'Monotickets',
    customer,
    methods: request.methods ?? null,
    metadata: Object.fromEntries(Object.entries(request.metadata ?? {}).map(([key, value]) => [key, String(value)])),
    returnUrl: request.returnUrl,
    now: now(),
  })
  return answerOf(await settle(db, payment.id, outcome, now()))
}

function findProvider(providers: PaymentProviders, name: string): PaymentProvider {
  const known = PROVIDER_NAMES.find((candidate) => candidate === name)
  if (!known) throw new Failure('unsupported_provider', { detail: `Providers: ${PROVIDER_NAMES.join(', ')}.` })
  return providers[known]
}

/** What the provider would refuse anyway, said before a row exists. */
function checkOffer(
  provider: PaymentProvider,
  money: { amountCents: number; currency: string },
  request: IntentRequest,
) {
  const { amountCents, currency } = money
  if (provider.currencies && !provider.currencies.includes(currency)) {
    throw new Failure('unsupported_currency', { detail: `${provider.name} takes ${provider.currencies.join(', ')}.` })
  }
  const { minCents, maxCents } = provider.limitsOf(currency)
  const amountOf = (cents: number) => `${formatCents(cents, currency)} ${currency}`
  if (amountCents < minCents) {
    throw new Failure('amount_too_small', { detail: `${provider.name} takes at least ${amountOf(minCents)}.` })
  }
  if (amountCents > maxCents) {
    throw new Failure('invalid_amount', { detail: `${provider.name} takes at most ${amountOf(maxCents)}.` })
  }
  const strange = request.methods?.find((method) => !provider.methods.includes(method))
  if (strange) {
    throw new Failure('unsupported_method', { detail: `${provider.name} takes ${provider.methods.join(', ')} here.` })
  }
  if (request.methods?.includes('oxxo') && currency !== 'MXN') {
    throw new Failure('unsupported_currency', { detail: 'Cash at a shop is paid in MXN.' })
  }
  const { name, email, phone } = request.customer ?? {}
  if (provider.needsCustomer && !(name && email && phone)) {
    throw new Failure('invalid_request', { detail: `${provider.name} needs customer.name, .email and .phone.` })
  }
}

type Wanted = { amountCents: number; currency: string; provider: string; organizerId: string | null }

/** The row that the same caller made with the same key before. */
async function findRepeated(db: Db, request: IntentRequest, wanted: Wanted): Promise<Payment> {
  const payment = request.idempotencyKey ? await findPaymentByKey(db, request.user.id, request.idempotencyKey) : null
  assert(payment, 'only an idempotency key keeps an intent from being inserted')
  const isSame =
    payment.kind === 'intent' &&
    payment.amountCents === wanted.amountCents &&
    payment.currency === wanted.currency &&
    payment.provider === wanted.provider &&
    payment.organizerId === wanted.organizerId &&
    payment.eventId === (request.eventId ?? null)
  if (!isSame) throw new Failure('idempotency_key_reused', { detail: 'Another payment was made with this key.' })
  return payment
}

/** A call whose answer nobody saw is repeated only where the provider promises to recognize it. */
const mayCallAgain = (provider: PaymentProvider, { status }: Payment): boolean =>
  provider.canRepeat && (status === 'creating' || status === 'unknown')

async function settle(db: Db, id: string, outcome: IntentOutcome, now: Date): Promise<Payment> {
  return withTx(db, async (tx) => {
    const payment = await settleIntent(tx, id, outcome, now)
    if (outcome.kind === 'created' && outcome.status === 'confirmed') await insertLedgerPayment(tx, id, now)
    return payment
  })
}

/** A row still `creating` belongs to a call that died: its outcome is as unknown as a lost answer. */
function answerOf(payment: Payment): Payment {
  if (payment.status === 'failed' && payment.providerRef === null) {
    throw new Failure('provider_error', {
      detail: `${payment.provider} refused payment ${payment.id} (${payment.reason}); it stays failed.`,
    })
  }
  return payment.status === 'creating' ? { ...payment, status: 'unknown' } : payment
}

export function verifyPaymentWebhook(
  providers: PaymentProviders,
  name: ProviderName,
  raw: Buffer,
  headers: IncomingHttpHeaders,
  now: Date,
): boolean {
  return providers[name].verifyWebhook(raw, headers, now)
}

/** Throws GiveUp when the bytes are not what this provider sends. */
export function readPaymentEvent(providers: PaymentProviders, name: ProviderName, raw: Buffer): PaymentEvent {
  return providers[name].readEvent(raw)
}

/** applied: the status moved · kept: nothing new · unmatched: no such payment · mismatch: another amount or currency. */
export type Applied = 'applied' | 'kept' | 'unmatched' | 'mismatch'

/**
 * Applies a provider's event inside the caller's transaction. The payment's row is locked first, so
 * events of one payment queue up. What was paid must be what was asked, in the same currency; amounts
 * are never taken from metadata.
 */
export async function applyPaymentEvent(
  tx: Tx,
  { provider, event, now }: { provider: ProviderName; event: PaymentEvent; now: Date },
): Promise<Applied> {
  if (event.kind === 'ignored') return 'kept'
  const payment = await findPaymentOfEvent(tx, provider, event.providerRef, event.paymentId)
  if (!payment) return 'unmatched'
  if (event.amountCents === null && payment.mode !== 'mock') return 'mismatch'
  if (event.amountCents !== null && event.amountCents !== payment.amountCents) return 'mismatch'
  if (event.currency !== null && event.currency !== payment.currency) return 'mismatch'
  if (event.kind !== 'confirmed') {
    return (await moveFromEvent(tx, payment.id, event.kind, event.providerRef, event.reason, now)) ? 'applied' : 'kept'
  }
  const isNew = await confirmFromEvent(tx, payment.id, event.providerRef, event.occurredAt ?? now, now)
  if (isNew) await insertLedgerPayment(tx, payment.id, now)
  return isNew ? 'applied' : 'kept'
}
