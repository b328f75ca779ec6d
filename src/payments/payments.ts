/**
 * Payments: intents at a provider, the provider's events about them, and payments that the Director enters by hand
 * (manual.ts). The row is written before the provider is called and settled afterwards, so a crash neither loses nor
 * repeats a charge.
 */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { newId, withTx, type Db, type Tx } from '../platform/db.ts'
import { parseEmail } from '../platform/email-address.ts'
import { Failure, readFields } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { readMoney } from '../platform/money.ts'
import { parsePhone } from '../platform/phone.ts'
import { parseName } from '../platform/text.ts'
import { findMethods } from './limits.ts'
import {
  PROVIDER_NAMES,
  type IntentOutcome,
  type PaymentEvent,
  type PaymentMethod,
  type PaymentProvider,
  type PaymentProviders,
  type ProviderName,
} from './provider.ts'
import { bookPayment } from '../ledger/ledger.ts'
import { insertIntent, settleIntent } from './intent-sql.ts'
import {
  confirmFromEvent,
  findPayer,
  findPaymentByKey,
  findPaymentOfEvent,
  moveFromEvent,
  type Payment,
} from './sql.ts'

export {
  listPayments,
  recordManualPayment,
  reverseManualPayment,
  sumPayments,
  type ManualPaymentRequest,
  type PaymentFilter,
  type PaymentSum,
  type Reversal,
} from './manual.ts'
export { findPayment, PAYMENT_STATUSES, type Payment } from './sql.ts'

export type { PaymentEvent, PaymentProviders, ProviderName } from './provider.ts'

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
 * Creates a payment intent in three steps: it commits the row, calls the provider outside any transaction, and
 * settles the row. A request with the same Idempotency-Key finds the same row, also after a crash, and never charges
 * twice.
 *
 * Returns the payment, with status `unknown` when the provider did not answer. Throws `provider_error` when the
 * provider rejected it (the row stays `failed`), and `invalid_request`, `unsupported_*`, `amount_too_*`,
 * `invalid_amount`, `organizer_not_found` or `event_not_found` before a row exists.
 */
export async function createIntent({ db, now, providers }: Context, request: IntentRequest): Promise<Payment> {
  const { provider, money } = readFields({
    provider: () => findProvider(providers, request.provider),
    money: () => readMoney(request),
  })
  const methods = findMethods(provider.name, money, request.methods)
  checkCustomer(provider, request.customer)
  const customer = readCustomer(request.customer)
  const payer = await findPayer(db, request.user.organizerId, request.organizerId ?? null, request.eventId ?? null)
  if (!payer.found) throw new Failure(payer.missing)

  const row = await insertIntent(
    { db },
    {
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
    },
  )
  const payment = row ?? (await findEarlier(db, request, { ...money, provider: provider.name, ...payer }))
  if (!row && !mayCallAgain(provider, payment)) return toAnswer(payment)

  const outcome = await provider.createIntent({
    paymentId: payment.id,
    requestId: request.requestId,
    ...money,
    description: request.description ?? 'Monotickets',
    customer,
    methods,
    isChosen: request.methods !== undefined,
    metadata: Object.fromEntries(Object.entries(request.metadata ?? {}).map(([key, value]) => [key, String(value)])),
    returnUrl: request.returnUrl,
    now: now(),
  })
  return toAnswer(await settle(db, payment.id, outcome, request, now()))
}

function findProvider(providers: PaymentProviders, name: string): PaymentProvider {
  const known = PROVIDER_NAMES.find((candidate) => candidate === name)
  if (!known) throw new Failure('unsupported_provider', { detail: `Providers: ${PROVIDER_NAMES.join(', ')}.` })
  return providers[known]
}

/** Conekta and Stripe refuse what cannot be an address or a number, so it is refused before a row exists. */
const readCustomer = ({ name, email, phone }: NonNullable<IntentRequest['customer']> = {}) =>
  readFields<NonNullable<IntentRequest['customer']>>(
    {
      ...(name === undefined ? {} : { name: () => parseName(name) }),
      ...(email === undefined ? {} : { email: () => parseEmail(email) }),
      ...(phone === undefined ? {} : { phone: () => parsePhone(phone) }),
    },
    'body.customer',
  )

/** Conekta needs all three; the mock of it asks for none. */
function checkCustomer({ needsCustomer, name: provider }: PaymentProvider, customer: IntentRequest['customer'] = {}) {
  const { name, email, phone } = customer
  if (needsCustomer && !(name && email && phone))
    throw new Failure('invalid_request', { detail: `${provider} needs customer.name, .email and .phone.` })
}

type Wanted = { amountCents: number; currency: string; provider: string; organizerId: string | null }

/** Finds the payment that the same caller created with the same key. Throws `idempotency_key_reused` when it differs. */
async function findEarlier(db: Db, request: IntentRequest, wanted: Wanted): Promise<Payment> {
  const payment = request.idempotencyKey ? await findPaymentByKey(db, request.user.id, request.idempotencyKey) : null
  assert(payment, 'an intent is only not inserted when its idempotency key exists')
  const isSame =
    payment.kind === 'intent' &&
    payment.amountCents === wanted.amountCents &&
    payment.currency === wanted.currency &&
    payment.provider === wanted.provider &&
    payment.organizerId === wanted.organizerId &&
    payment.eventId === (request.eventId ?? null)
  if (!isSame) throw new Failure('idempotency_key_reused', { detail: 'This key was used for another payment.' })
  return payment
}

/** A call whose answer was lost is repeated only when the provider recognizes the repetition. */
const mayCallAgain = (provider: PaymentProvider, { status }: Payment): boolean =>
  provider.canRepeat && (status === 'creating' || status === 'unknown')

/** Money that has arrived commits with its ledger entry; any other answer changes one row. */
async function settle(
  db: Db,
  id: string,
  outcome: IntentOutcome,
  { user, requestId }: IntentRequest,
  now: Date,
): Promise<Payment> {
  if (outcome.kind !== 'created' || outcome.status !== 'confirmed') return settleIntent({ db }, { id, outcome, now })
  return withTx(db, async (tx) => {
    const payment = await settleIntent({ db: tx }, { id, outcome, now })
    if (payment.status === 'confirmed') await bookPayment(tx, payment, { by: user.id, requestId, at: now })
    return payment
  })
}

/** A row that is still `creating` belongs to an interrupted call, so its outcome is reported as `unknown`. */
function toAnswer(payment: Payment): Payment {
  if (payment.status === 'failed' && payment.providerRef === null) {
    throw new Failure('provider_error', {
      detail: `${payment.provider} rejected payment ${payment.id} (${payment.reason}); it stays failed.`,
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

/** Reads a webhook body of this provider. Throws GiveUp when it is not an event of the provider. */
export function readPaymentEvent(providers: PaymentProviders, name: ProviderName, raw: Buffer): PaymentEvent {
  return providers[name].readEvent(raw)
}

/**
 * applied: the status changed · kept: nothing new · unmatched: no such payment · mismatch: another amount or currency ·
 * other_mode: a test event about a live payment, or the reverse.
 */
export type Applied = 'applied' | 'kept' | 'unmatched' | 'mismatch' | 'other_mode'

/**
 * Applies a provider's event inside the caller's transaction. It locks the payment's row first, so concurrent events
 * of one payment run one after another. The mode, the paid amount and the currency must equal those of the payment;
 * metadata is never read for them.
 */
export async function applyPaymentEvent(
  tx: Tx,
  { provider, event, webhookId, now }: { provider: ProviderName; event: PaymentEvent; webhookId: string; now: Date },
): Promise<Applied> {
  if (event.kind === 'ignored') return 'kept'
  const payment = await findPaymentOfEvent(tx, provider, event.providerRef, event.paymentId)
  if (!payment) return 'unmatched'
  if (isOfOtherMode(payment, event)) return 'other_mode'
  if (event.amountCents === null && payment.mode !== 'mock') return 'mismatch'
  if (event.amountCents !== null && event.amountCents !== payment.amountCents) return 'mismatch'
  if (event.currency !== null && event.currency !== payment.currency) return 'mismatch'
  const { kind, providerRef, reason } = event
  const told = { id: payment.id, providerRef, mode: event.modes[0] ?? null, reason, now }
  if (kind !== 'confirmed') return (await moveFromEvent(tx, { ...told, status: kind })) ? 'applied' : 'kept'
  const paidAt = notAfter(now, event.occurredAt)
  if (!(await confirmFromEvent(tx, { ...told, paidAt }))) return 'kept'
  await bookPayment(tx, payment, { by: provider, requestId: webhookId, at: now, effectiveAt: paidAt })
  return 'applied'
}

/** Conekta's key does not show the mode: until an order was answered, the row's mode is a guess. */
function isOfOtherMode(payment: Payment, event: PaymentEvent): boolean {
  const isGuess = payment.provider === 'conekta' && payment.providerRef === null
  return isGuess ? event.modes.length > 1 : event.modes.some((mode) => mode !== payment.mode)
}

/** The provider's time, unless it is in our future: a wrong clock must not date a payment on a later day. */
const notAfter = (now: Date, at: Date | null): Date => (at && at < now ? at : now)

/** Why an event about a payment that nobody knows here is none of ours. Null: it may be ours, and arrive too early. */
export function whyNotOurs(
  providers: PaymentProviders,
  name: ProviderName,
  event: PaymentEvent,
): 'other_account' | 'other_mode' | null {
  if (event.isOtherAccount) return 'other_account'
  const { keyMode } = providers[name]
  return keyMode !== null && event.modes.some((mode) => mode !== keyMode) ? 'other_mode' : null
}
