/**
 * A fake Stripe on loopback that validates requests as strictly as the vendor: customers, payment intents, refunds,
 * disputes and their events. What payers, banks and the Dashboard do is done by methods, or by POST /_fake/….
 */
import type { TestContext } from 'node:test'
import { parseJson, startServer, type Answer, type Asked, type Reply } from './http.ts'
import { callControl } from './payment-controls.ts'
import { openEvents, type EventOptions } from './payment-events.ts'
import { answerLost, isLoss, openScript, type Loss, type Scripted } from './payment-script.ts'
import { eventOf, signStripe, STRIPE_WEBHOOK_SECRET } from './stripe-events.ts'
import { openAccount, type Emit } from './stripe-intents.ts'
import type { Params } from './stripe-objects.ts'
import { openReads, type Stored } from './stripe-reads.ts'
import { openReversals } from './stripe-reversals.ts'
import { checkHeaders, checkNames, Refusal } from './stripe-rules.ts'
import { openWrites } from './stripe-writes.ts'

export { signStripe, stripeEvent, STRIPE_WEBHOOK_SECRET } from './stripe-events.ts'
export const STRIPE_KEY = 'sk_test_fake0000000000000000'

export type StripeCall = { path: string; idempotencyKey: string; params: Params }
export type StripeScript =
  /** `status`: of the payment intent or the refund that the call creates. */
  { kind: 'ok'; status?: string } | { kind: 'error'; httpStatus: number; error: Record<string, string> } | Loss
export type StripeOptions = EventOptions & {
  port?: number
  secretKey?: string
  now?: () => Date
  livemode?: boolean
  /** How long a new intent is missing from searches; Stripe says up to a minute. */
  searchLagMs?: number
}
type Answered = { fingerprint: string; reply: Reply; at: number }

const KEY_TTL_MS = 86_400_000
/** Stripe refuses these before it executes anything, so it stores no answer for the key. */
const NOT_STORED = [400, 401, 403, 404, 409, 429]

/** With a test, the fake stops after it. */
export async function startFakeStripe(t: Pick<TestContext, 'after'> | null, options: StripeOptions = {}) {
  const { secretKey = STRIPE_KEY, now = () => new Date(), livemode = false, searchLagMs = 0, log } = options
  const calls: StripeCall[] = []
  const reads: string[] = []
  const refusals: string[] = []
  const answers = new Map<string, Answered>()
  const history: Stored[] = []
  const script = openScript<StripeScript>({ kind: 'ok' })
  const outbox = openEvents(options, (body) => ({ 'stripe-signature': signStripe(body, now()) }))
  const emit: Emit = (type, object, { previous, at = Math.floor(now().getTime() / 1000) } = {}) => {
    const data = structuredClone({ object, ...(previous ? { previous_attributes: previous } : {}) })
    const event = eventOf(type, data, { created: at, livemode })
    history.push(event)
    outbox.add({ id: event.id, type, body: JSON.stringify(event) })
  }
  const account = openAccount({ now, livemode, emit })
  const reversals = openReversals(account)
  const writes = openWrites(account, reversals)
  const answerRead = openReads(account, { history, searchLagMs })
  const { showVoucher: confirmOxxo, pay, partiallyFund, process, failAttempt, expire, cancel } = account
  const { createRefund: _, ...reversed } = reversals
  const controls = { confirmOxxo, pay, partiallyFund, process, failAttempt, expire, cancel, ...reversed }

  function answer(asked: Asked): Answer {
    if (asked.path === '/_fake/next') return { status: 200, json: setNext(asked.body) }
    if (asked.path.startsWith('/_fake/')) return callControl(controls, asked)
    try {
      checkHeaders(asked, secretKey)
      return asked.method === 'POST' ? write(asked) : read(asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusals.push(error.message)
      log?.(`rejected with ${error.status}: ${error.message}`)
      return replyOf(error.status, error.body)
    }
  }
  const setNext = (body: string) => {
    script.set((parseJson(body) ?? { kind: 'ok' }) as Scripted<StripeScript>)
    return {}
  }
  function read(asked: Asked): Answer {
    const reply = replyOf(200, answerRead(asked))
    reads.push(`${asked.path}?${asked.query.toString()}`.replace(/\?$/, ''))
    const next = script.take(asked)
    if (isLoss(next)) return answerLost(next, apiError)
    return next.kind === 'error' ? replyOf(next.httpStatus, { error: next.error }) : reply
  }
  /** Executes a POST once for each key. What Stripe stores for the key is what it meant to answer. */
  function write(asked: Asked): Answer {
    const params = Object.fromEntries(new URLSearchParams(asked.body))
    const { endpoint, check, execute } = writes(asked.path)
    checkNames(endpoint, params, false)
    check(params)
    const key = String(asked.headers['idempotency-key'])
    const fingerprint = JSON.stringify([asked.path, Object.entries(params).sort()])
    const known = answers.get(key)
    const stored = known && now().getTime() - known.at < KEY_TTL_MS ? known : null
    if (stored && stored.fingerprint !== fingerprint) throw otherParameters(key)
    calls.push({ path: asked.path, idempotencyKey: key, params })
    const next = script.take(asked)
    if (next.kind !== 'ok') log?.(`scripted answer: ${next.kind}`)
    if (next.kind === 'silence_before') return answerLost(next, apiError)
    const reply = stored?.reply ?? make(next, () => execute(params, next.kind === 'ok' ? next.status : undefined))
    if (!stored && !NOT_STORED.includes(reply.status)) answers.set(key, { fingerprint, reply, at: now().getTime() })
    log?.(`${endpoint}${stored ? ' again' : ''}: ${reply.status}`)
    if (isLoss(next)) return answerLost(next, apiError)
    return stored ? { ...reply, headers: { ...reply.headers, 'idempotent-replayed': 'true' } } : reply
  }
  const make = (next: StripeScript, execute: () => object): Reply =>
    next.kind === 'error' ? replyOf(next.httpStatus, { error: next.error }) : replyOf(200, execute())

  const server = await startServer(options.port ?? 0, answer)
  async function close(): Promise<void> {
    outbox.stop()
    await server.close()
  }
  t?.after(close)
  return {
    ...controls,
    url: server.url,
    /** Every valid POST. */
    calls,
    /** The path and query of every valid GET. */
    reads,
    /** The reasons of rejected requests; empty while the client conforms to the vendor's API. */
    refusals,
    /** Returns how many intents exist at the provider. */
    intents: () => account.intents.size,
    /** A payment intent as it is now. */
    intent: (id: string) => structuredClone(account.get(id)),
    refunds: () => structuredClone([...account.refunds.values()]),
    disputes: () => structuredClone([...account.disputes.values()]),
    next: script.set,
    events: outbox.events,
    takeEvents: outbox.take,
    posts: outbox.posts,
    flush: outbox.flush,
    useWebhook: outbox.useWebhook,
    close,
    env: { STRIPE_SECRET_KEY: secretKey, STRIPE_API_URL: server.url, STRIPE_WEBHOOK_SECRET },
  }
}

const apiError = () => ({ error: { type: 'api_error', message: 'An unknown error occurred' } })
const otherParameters = (key: string) =>
  new Refusal(
    `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    { type: 'idempotency_error' },
  )

/** The text is made at once, because the object may change before the answer is repeated. */
const replyOf = (status: number, body: object): Reply => ({
  status,
  text: JSON.stringify(body),
  headers: { 'request-id': 'req_fake' },
})
