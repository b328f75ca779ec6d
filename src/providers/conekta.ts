/**
 * Conekta through our own HTTP client, because its SDK disables TLS verification. API 2.3.0; vendor documents:
 * github.com/conekta/openapi (orders, refunds, events) and developers.conekta.com (webhook digest).
 *
 * An intent is an order: with a hosted checkout, where the payer chooses, or with the voucher or CLABE of the one method
 * that was asked for. Conekta has no idempotency key, so a call whose answer was lost is never repeated blindly.
 */
import { verify, createPublicKey, type KeyObject } from 'node:crypto'
import { GiveUp } from '../platform/errors.ts'
import { asList, asObject, asText, type Json } from '../platform/json.ts'
import { readEvent, readNextAction, readOrder } from './conekta-objects.ts'
import {
  modesOf,
  ProviderUnreachable,
  type IntentInput,
  type IntentOutcome,
  type ProviderUpdate,
  type PaymentMethod,
  type PaymentProvider,
  type RefundInput,
  type RefundOutcome,
} from './provider.ts'

export type ConektaOptions = {
  apiKey: string
  apiUrl: string
  /** PEM of the webhook key's public half; several one after the other while one is replaced. */
  webhookPublicKey: string | undefined
  timeoutMs?: number
}
type Account = { apiKey: string; apiUrl: string; timeoutMs: number }

const MEDIA_TYPE = 'application/vnd.conekta-v2.3.0+json'
const VOUCHER_MS = 3 * 86_400_000
/** A header that came twice reaches us joined by a comma; verifying more would only cost time. */
const DIGESTS_MAX = 3
/** The largest page there is, and how many are looked through. */
const PAGE_MAX = 250
const PAGES_MAX = 20
/** How far Conekta's clock may be behind ours. */
const CLOCK_SKEW_MS = 5 * 60_000
/** `cash` offers the shop chains of the account, which Conekta's page lists; OXXO is one of them. */
const CHECKOUT_METHODS: Record<PaymentMethod, string> = { card: 'card', oxxo: 'cash', spei: 'bank_transfer' }

export function openConekta({ apiKey, apiUrl, webhookPublicKey, timeoutMs = 15_000 }: ConektaOptions): PaymentProvider {
  const publicKeys = readPublicKeys(webhookPublicKey)
  const account = { apiKey, apiUrl, timeoutMs }
  return {
    name: 'conekta',
    mode: 'live', // the key does not show the mode; each answer does (livemode)
    keyMode: null,
    needsCustomer: true,
    keysLastMs: 0,
    createIntent: (input) => createOrder(account, input),
    read: (providerRef) => readOne(account, providerRef),
    find: (paymentId, createdAt) => findOrder(account, paymentId, createdAt),
    refund: (input) => refund(account, input),
    verifyWebhook(raw, headers) {
      const digests = [headers['digest'] ?? ''].flat().join(',').split(',').slice(0, DIGESTS_MAX)
      return publicKeys.some((key) => digests.some((digest) => isSigned(raw, digest, key)))
    },
    readEvent,
  }
}

type Reply = { status: number; isOk: boolean; body: Json }

/** Returns null when there was no answer. */
async function call({ apiKey, apiUrl, timeoutMs }: Account, path: string, content?: object): Promise<Reply | null> {
  try {
    const response = await fetch(`${apiUrl}${path}`, {
      method: content ? 'POST' : 'GET',
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${apiKey}`,
        accept: MEDIA_TYPE,
        'accept-language': 'es',
        ...(content ? { 'content-type': 'application/json' } : {}),
      },
      ...(content ? { body: JSON.stringify(content) } : {}),
    })
    const body = asObject(await response.json().catch(() => null)) ?? {}
    return { status: response.status, isOk: response.ok, body }
  } catch {
    return null
  }
}

async function createOrder(account: Account, input: IntentInput): Promise<IntentOutcome> {
  const reply = await call(account, '/orders', orderOf(input))
  return reply?.isOk ? orUnknown(() => outcomeOf(reply.body)) : failureOf(reply)
}

/** Conekta did the work, but its answer makes no sense. */
function orUnknown<T>(read: () => T): T | { kind: 'unknown'; reason: string } {
  try {
    return read()
  } catch (error) {
    if (error instanceof GiveUp) return { kind: 'unknown', reason: 'unreadable_answer' }
    throw error
  }
}

/** No answer, and a 5xx, which may come after the work was done, are unknown. */
function failureOf(reply: Reply | null) {
  if (reply === null) return { kind: 'unknown' as const, reason: 'no_answer' }
  const { status, body } = reply
  const reason = reasonOf(body, status)
  if (status >= 500) return { kind: 'unknown' as const, reason }
  return { kind: 'rejected' as const, reason, httpStatus: status }
}

function outcomeOf(order: Json): IntentOutcome {
  const providerRef = asText(order['id'])
  if (!providerRef) return { kind: 'unknown', reason: 'unreadable_answer' }
  const isLive = order['livemode'] === true
  return {
    kind: 'created',
    providerRef,
    clientSecret: null,
    nextAction: readNextAction(order),
    status: 'requires_action',
    mode: isLive ? 'live' : 'test',
    facts: readOrder(order).facts ?? [],
  }
}

function orderOf({ customer, ...input }: IntentInput) {
  return {
    currency: input.currency,
    customer_info: { name: customer.name, email: customer.email, phone: customer.phone },
    line_items: [{ name: input.description.slice(0, 249).padEnd(3, '.'), unit_price: input.amountCents, quantity: 1 }],
    metadata: { ...input.metadata, payment_id: input.paymentId, request_id: input.requestId },
    ...howToPay(input),
  }
}

/** Cash or a transfer alone is charged at once, so that the answer has its voucher or CLABE. */
function howToPay({ methods, isChosen, amountCents, ...input }: Omit<IntentInput, 'customer'>) {
  const expiresAt = Math.floor((input.now.getTime() + VOUCHER_MS) / 1000)
  const [only, ...others] = methods
  if (isChosen && others.length === 0 && (only === 'oxxo' || only === 'spei')) {
    const type = only === 'oxxo' ? 'cash' : 'spei'
    return { charges: [{ amount: amountCents, payment_method: { type, expires_at: expiresAt } }] }
  }
  return {
    checkout: {
      type: 'HostedPayment',
      allowed_payment_methods: methods.map((method) => CHECKOUT_METHODS[method]),
      success_url: input.returnUrl,
      failure_url: input.returnUrl,
      expires_at: expiresAt,
    },
  }
}

async function readOne(account: Account, providerRef: string): Promise<ProviderUpdate | null> {
  const order = await get(account, `/orders/${encodeURIComponent(providerRef)}`)
  if (!order) return null
  const read = readOrder(order)
  if (read.isIncomplete) throw new GiveUp('order_without_its_refunds')
  return {
    ...{
      providerRef,
      paymentId: null,
      status: null,
      reason: null,
      nextAction: null,
      isOver: false,
      facts: [],
      ...read,
    },
    modes: modesOf(order),
    isOtherAccount: false,
    occurredAt: null,
    isIncomplete: false,
  }
}

/**
 * Looks through every order since then, because no document says what `search` looks at. Throws ProviderUnreachable when there are
 * too many to be sure that it is not among them.
 */
async function findOrder(account: Account, paymentId: string, createdAt: Date): Promise<IntentOutcome | null> {
  const since = Math.floor((createdAt.getTime() - CLOCK_SKEW_MS) / 1000)
  let next = ''
  for (let page = 0; page < PAGES_MAX; page++) {
    const list = await get(account, `/orders?created_at.gte=${since}&limit=${PAGE_MAX}${next}`)
    const orders = asList(list?.['data']).map((order) => asObject(order) ?? {})
    const order = orders.find((one) => asObject(one['metadata'])?.['payment_id'] === paymentId)
    if (order) return outcomeOf(order)
    const [, following] = /[?&]next=([^&]+)/.exec(asText(list?.['next_page_url']) ?? '') ?? []
    if (list?.['has_more'] !== true || !following) return null
    next = `&next=${following}`
  }
  throw new ProviderUnreachable('conekta: too many orders to look through')
}

/** Returns null for a 404. Throws ProviderUnreachable for every other failure. */
async function get(account: Account, path: string): Promise<Json | null> {
  const reply = await call(account, path)
  if (reply?.isOk) return reply.body
  if (reply?.status === 404) return null
  throw new ProviderUnreachable(`conekta: ${reply ? reasonOf(reply.body, reply.status) : 'no answer'}`)
}

/** The answer is the order with all its refunds; which one is ours, it does not tell. */
async function refund(account: Account, { providerRef, amountCents }: RefundInput): Promise<RefundOutcome> {
  const path = `/orders/${encodeURIComponent(providerRef)}/refunds`
  const reply = await call(account, path, { amount: amountCents, reason: 'requested_by_client' })
  if (!reply?.isOk) return failureOf(reply)
  return orUnknown(() => {
    const facts = (readOrder(reply.body).facts ?? []).filter(({ kind }) => kind === 'refund')
    if (facts.length === 0) throw new GiveUp('unreadable_answer')
    return { kind: 'requested' as const, objectId: null, facts }
  })
}

/** details[].message depends on the language and may quote the payer, so only the stable code is kept. */
function reasonOf(body: Json, status: number): string {
  const [first] = Array.isArray(body['details']) ? (body['details'] as unknown[]) : []
  const code = asText(asObject(first)?.['code']) ?? asText(body['type'])
  return code && /^[A-Za-z0-9_.]{1,200}$/.test(code) ? code : `http_${status}`
}

/** An unusable key is left out; without any, every webhook is rejected. */
function readPublicKeys(pem: string | undefined): KeyObject[] {
  const blocks = pem?.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [createPublicKey(block)]
    } catch {
      return []
    }
  })
}

/** RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. */
function isSigned(raw: Buffer, digest: string, key: KeyObject): boolean {
  const signature = digest.trim().replace(/^SHA-256=/i, '')
  if (!/^[A-Za-z0-9+/]{300,1400}={0,2}$/.test(signature)) return false
  return verify('RSA-SHA256', raw, key, Buffer.from(signature, 'base64'))
}
