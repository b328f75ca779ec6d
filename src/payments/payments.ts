/**
 * Payments: intents at a provider, the provider's events about them, and payments that the Director enters by hand
 * (manual.ts). The row is written before the provider is called and settled afterwards, so a crash neither loses nor
 * repeats a charge.
 */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { newId, withTx, type Db } from '../platform/db.ts'
import { parseEmail } from '../platform/values/email-address.ts'
import { Failure, readFields } from '../platform/errors.ts'
import type { User } from '../http/access.ts'
import { readMoney } from '../platform/values/money.ts'
import { parsePhone } from '../platform/values/phone.ts'
import { parseName } from '../platform/values/text.ts'
import { findMethods } from '../providers/providers.ts'
import type { Cause } from './fact.ts'
import { applyFacts, completed } from './facts.ts'
import {
  claimLookup,
  expireOverduePurpose,
  findOpenPurpose,
  insertIntent,
  settleIntent,
  type NewIntent,
} from './intent-sql.ts'
import {
  EMPTY_UPDATE,
  MOCK_SCRIPTS,
  PROVIDER_NAMES,
  ProviderUnreachable,
  type IntentInput,
  type IntentOutcome,
  type PaymentEvent,
  type PaymentMethod,
  type PaymentProvider,
  type PaymentProviders,
  type ProviderName,
} from '../providers/providers.ts'
import { findPayer, findPaymentByKey, lockPayment, type Payment } from './sql.ts'

export {
  listPayments,
  listRecentPayments,
  recordManualPayment,
  reverseManualPayment,
  sumPayments,
  type ManualPaymentRequest,
  type PaymentFilter,
  type PaymentSum,
  type Reversal,
} from './manual.ts'
export type { Cause, LatePolicy } from './fact.ts'
export { applyUpdate, reviewUnmatched, whyNotOurs, type Applied } from './facts.ts'
export {
  describeFact,
  describeRefund,
  describeTransition,
  FactView,
  NextActionView,
  RefundView,
  TransitionView,
} from './schemas.ts'
export { findRefOfUpdate, hasOpenFacts, listFacts, listRefs, sumFactsOfRef, type FactSums } from './facts-sql.ts'
export { planReading } from './readings.ts'
export { claimDuePayments, countAttention, endIntent, planPayment, type Due } from './readings-sql.ts'
export { resumeRefund } from './refunds.ts'
export { claimDueRefund, listRefunds, postponeRefund } from './refunds-sql.ts'
export { advanceScript, claimScripts } from './scripts-sql.ts'
export { findPayment, listPaymentTransitions, lockPayment, PAYMENT_STATUSES, type Payment } from './sql.ts'
export { PAYMENT_GROUPS } from './sums.ts'

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
  /** What it pays for. While one payment of an organizer for it is open, there is no second one. */
  purposeKey?: string
  returnUrl: string
  user: User
  requestId: string
  idempotencyKey: string | null
}

type Context = { db: Db; now: () => Date; providers: PaymentProviders }

/**
 * Creates a payment intent in three steps: it commits the row, calls the provider outside any transaction, and
 * settles the row. A request with the same Idempotency-Key finds the same row, also after a crash, and never charges
 * twice; one with the purpose of a payment that is still open gets that payment.
 *
 * Returns the payment, with status `unknown` when the provider did not answer. Throws `provider_error` when the
 * provider rejected it (the row stays `failed`), and `invalid_request`, `unsupported_*`, `amount_too_*`,
 * `invalid_amount`, `organizer_not_found`, `event_not_found` or `payment_open` before a row exists.
 */
export async function createIntent(context: Context, request: IntentRequest): Promise<Payment> {
  const { db, now, providers } = context
  const { provider, money } = readFields({
    provider: () => findProvider(providers, request.provider),
    money: () => readMoney(request),
  })
  const methods = findMethods(provider.name, money, request.methods)
  checkCustomer(provider, request.customer)
  checkScript(provider, request.metadata)
  const customer = readCustomer(request.customer)
  const payer = await findPayer(db, request.user.organizerId, request.organizerId ?? null, request.eventId ?? null)
  if (!payer.found) throw new Failure(payer.missing)

  const intent: NewIntent = {
    id: newId('pay'),
    organizerId: payer.organizerId,
    eventId: request.eventId ?? null,
    provider: provider.name,
    mode: provider.mode,
    ...money,
    description: request.description ?? null,
    metadata: request.metadata ?? {},
    purposeKey: request.purposeKey ?? null,
    createdBy: request.user.id,
    idempotencyKey: request.idempotencyKey,
    requestId: request.requestId,
    now: now(),
  }
  const { payment, isNew } = await insertOrFind(db, intent)
  if (!isNew && payment.status !== 'creating' && payment.status !== 'unknown') return toAnswer(payment)

  const input: IntentInput = {
    paymentId: payment.id,
    requestId: payment.requestId,
    ...money,
    description: request.description ?? 'Monotickets',
    customer,
    methods,
    isChosen: request.methods !== undefined,
    metadata: Object.fromEntries(Object.entries(request.metadata ?? {}).map(([key, value]) => [key, String(value)])),
    returnUrl: request.returnUrl,
    now: now(),
  }
  const ageMs = now().getTime() - payment.createdAt.getTime()
  const outcome =
    isNew || ageMs < provider.keysLastMs
      ? await provider.createIntent(input)
      : await lookUp(context, provider, input, payment.createdAt)
  const cause = { by: request.user.id, requestId: request.requestId, at: now() }
  return toAnswer(await settle(db, payment.id, outcome, cause))
}

/**
 * Inserts the payment, or finds the one of the same key or of the same purpose. An open one of that purpose whose voucher
 * can no longer be paid makes room.
 */
async function insertOrFind(db: Db, intent: NewIntent): Promise<{ payment: Payment; isNew: boolean }> {
  const inserted = await insertIntent({ db }, intent)
  if (inserted) return { payment: inserted, isNew: true }
  const earlier = intent.idempotencyKey ? await findPaymentByKey(db, intent.createdBy, intent.idempotencyKey) : null
  if (earlier) {
    if (!isSame(earlier, intent))
      throw new Failure('idempotency_key_reused', { detail: 'This key was used for another payment.' })
    return { payment: earlier, isNew: false }
  }
  const { organizerId, purposeKey } = intent
  assert(organizerId && purposeKey, 'an intent is only not inserted when its key or its purpose exists')
  await expireOverduePurpose(db, organizerId, purposeKey, intent.now)
  const open = await findOpenPurpose(db, organizerId, purposeKey)
  if (!open) return insertOrFind(db, intent)
  if (!isSame(open, intent))
    throw new Failure('payment_open', {
      detail: `Payment ${open.id} for this purpose is open, with another amount, provider or event.`,
    })
  return { payment: open, isNew: false }
}

const isSame = (payment: Payment, wanted: NewIntent): boolean =>
  payment.kind === 'intent' &&
  payment.amountCents === wanted.amountCents &&
  payment.currency === wanted.currency &&
  payment.provider === wanted.provider &&
  payment.organizerId === wanted.organizerId &&
  payment.eventId === wanted.eventId

/** The provider's searches are behind its writes. */
const LOOKUP_WAIT_MS = 60_000

/**
 * For a provider that does not recognize a repeated call: looks for the intent of an earlier call, and calls again only when
 * that call is a minute old and left nothing. Of several requests one does so.
 */
async function lookUp(
  { db, now }: Context,
  provider: PaymentProvider,
  input: IntentInput,
  createdAt: Date,
): Promise<IntentOutcome> {
  try {
    const found = await provider.find(input.paymentId, createdAt)
    if (found) return found
  } catch (error) {
    if (!(error instanceof ProviderUnreachable)) throw error
    return { kind: 'unknown', reason: 'no_answer' }
  }
  const before = new Date(now().getTime() - LOOKUP_WAIT_MS)
  const isClaimed = await claimLookup(db, input.paymentId, before, now())
  return isClaimed ? provider.createIntent(input) : { kind: 'unknown', reason: 'not_found_yet' }
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

/** A mocked provider plays a script; for a real one `script` is a word like any other. */
function checkScript({ mode }: PaymentProvider, { script }: NonNullable<IntentRequest['metadata']> = {}) {
  if (mode !== 'mock' || script === undefined || MOCK_SCRIPTS.some((known) => known === script)) return
  throw new Failure('invalid_request', { detail: `metadata.script is one of ${MOCK_SCRIPTS.join(', ')}.` })
}

/** Conekta needs all three; the mock of it asks for none. */
function checkCustomer({ needsCustomer, name: provider }: PaymentProvider, customer: IntentRequest['customer'] = {}) {
  const { name, email, phone } = customer
  if (needsCustomer && !(name && email && phone))
    throw new Failure('invalid_request', { detail: `${provider} needs customer.name, .email and .phone.` })
}

/** Writes the provider's answer. Money that has arrived already commits with its ledger entry. */
export async function settle(db: Db, id: string, outcome: IntentOutcome, cause: Cause): Promise<Payment> {
  const settled = await settleIntent({ db }, { id, outcome, cause })
  if (outcome.kind !== 'created' || outcome.facts.length === 0) return settled
  return withTx(db, async (tx) => {
    const payment = (await lockPayment(tx, id))!
    const facts = outcome.facts.map((fact) => completed(fact, payment, cause.at))
    const told = { ...EMPTY_UPDATE, providerRef: outcome.providerRef, facts }
    const applied = await applyFacts(tx, payment, told, cause, 'apply')
    return applied.payment
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
