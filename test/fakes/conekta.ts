/**
 * A fake Conekta on loopback that validates requests as strictly as the vendor: orders, refunds, chargebacks and their
 * events. What payers, banks and the panel do is done by methods, or by POST /_fake/….
 */
import type { TestContext } from 'node:test'
import { openAccount, openReversals } from './conekta-account.ts'
import { CONEKTA_PUBLIC_KEY, eventOf, signConekta } from './conekta-events.ts'
import type { ConektaOrder, Order } from './conekta-objects.ts'
import {
  checkHeaders,
  checkList,
  checkOrder,
  checkRefund,
  errorOf,
  MEDIA_TYPE,
  notFound,
  Refusal,
} from './conekta-rules.ts'
import { parseJson, startServer, type Answer, type Asked, type Reply } from './http.ts'
import { callControl } from './payment-controls.ts'
import { openEvents, type EventOptions } from './payment-events.ts'
import { answerLost, isLoss, openScript, type Loss, type Scripted } from './payment-script.ts'

export { CONEKTA_PUBLIC_KEY, conektaEvent, signConekta } from './conekta-events.ts'
export type { ConektaOrder } from './conekta-objects.ts'
export const CONEKTA_KEY = 'key_fake0000000000000000'

export type ConektaScript =
  /** `livemode`: of the order that the call creates. `status`: `pending`, of the refund that it creates. */
  | { kind: 'ok'; livemode?: boolean; status?: string }
  | { kind: 'error'; httpStatus: number; type: string; code: string }
  | Loss
export type ConektaOptions = EventOptions & {
  port?: number
  apiKey?: string
  now?: () => Date
  /** The key does not show the mode; each answer does. */
  livemode?: boolean
}

/** With a test, the fake stops after it. */
export async function startFakeConekta(t: Pick<TestContext, 'after'> | null, options: ConektaOptions = {}) {
  const { apiKey = CONEKTA_KEY, now = () => new Date(), livemode = false, log } = options
  const orders: ConektaOrder[] = []
  const reads: string[] = []
  const refusals: string[] = []
  const script = openScript<ConektaScript>({ kind: 'ok' })
  const outbox = openEvents(options, (body) => ({ digest: signConekta(body) }))
  const seconds = () => Math.floor(now().getTime() / 1000)
  const account = openAccount({
    now,
    emit(type, object, previous = {}) {
      const data = { object, previous_attributes: previous }
      const { livemode: isLive } = object as { livemode: boolean }
      const event = eventOf(type, object, { created_at: seconds(), livemode: isLive, data })
      outbox.add({ id: event.id, type, body: JSON.stringify(event) })
    },
  })
  const reversals = openReversals(account)
  const { choose, payWithCard, payCash, paySpei, expire, cancel, decline } = account
  const { createRefund, ...reversed } = reversals
  const chooseCash = (id: string) => choose(id, 'cash')
  const chooseSpei = (id: string) => choose(id, 'spei')
  const controls = { chooseCash, chooseSpei, payWithCard, payCash, paySpei, expire, cancel, decline, ...reversed }

  function answer(asked: Asked): Answer {
    if (asked.path === '/_fake/next') {
      script.set((parseJson(asked.body) ?? { kind: 'ok' }) as Scripted<ConektaScript>)
      return { status: 200, json: {} }
    }
    if (asked.path.startsWith('/_fake/')) return callControl(controls, asked)
    try {
      checkHeaders(asked, apiKey)
      return execute(asked)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (error.status !== 402) refusals.push(error.message) // a declined card is no fault of the client
      log?.(`rejected with ${error.status}: ${error.message}`)
      return replyOf(error.status, error.body)
    }
  }
  /** Each repetition of a POST is executed again: Conekta has no idempotency keys. */
  function execute(asked: Asked): Answer {
    const act = readRequest(asked)
    const next = script.take(asked)
    if (next.kind !== 'ok') log?.(`scripted answer: ${next.kind}`)
    if (next.kind === 'silence_before') return answerLost(next, apiError)
    if (next.kind === 'error') return replyOf(next.httpStatus, errorOf(next.type, next.code))
    const reply = replyOf(200, act(next.kind === 'ok' ? next : { kind: 'ok' }))
    log?.(`${asked.method} ${asked.path}: 200`)
    return isLoss(next) ? answerLost(next, apiError) : reply
  }
  /** Checks a request. Returns what executes it. */
  function readRequest(asked: Asked): (script: ConektaScript & { kind: 'ok' }) => object {
    const { method, path, query } = asked
    const [, id, action] = /^\/orders(?:\/([^/]+)(?:\/(refunds|cancel))?)?$/.exec(path) ?? []
    if (method === 'GET' && action === undefined && path.startsWith('/orders')) {
      reads.push(`${path}?${query.toString()}`.replace(/\?$/, ''))
      if (id !== undefined) return () => account.get(id)
      checkList(query)
      return () => listOrders([...account.orders.values()], query, server.url)
    }
    if (method !== 'POST' || !path.startsWith('/orders')) throw notFound(`${method} ${path}`)
    if (id !== undefined && action === 'cancel') return () => account.cancel(id)
    const body = parseJson(asked.body)
    if (!body) throw new Refusal('the body is not a JSON object')
    if (id !== undefined && action === 'refunds') {
      account.get(id)
      const cents = checkRefund(body)
      return ({ status }) => createRefund(id, cents, status)
    }
    if (path !== '/orders') throw notFound(`${method} ${path}`)
    const order: Partial<ConektaOrder> = body
    checkOrder(order, seconds())
    orders.push(order)
    return (next) => account.createOrder(order, next.livemode ?? livemode)
  }
  const server = await startServer(options.port ?? 0, answer)
  async function close(): Promise<void> {
    outbox.stop()
    await server.close()
  }
  t?.after(close)
  return {
    ...controls,
    url: server.url,
    /** Every valid request for an order. */
    orders,
    /** The path and query of every valid GET. */
    reads,
    refusals,
    /** Returns how many orders exist at the provider. */
    created: () => account.orders.size,
    /** An order as it is now. */
    order: (id: string): Order => structuredClone(account.get(id)),
    next: script.set,
    events: outbox.events,
    takeEvents: outbox.take,
    posts: outbox.posts,
    flush: outbox.flush,
    useWebhook: outbox.useWebhook,
    close,
    env: {
      CONEKTA_API_KEY: apiKey,
      CONEKTA_API_URL: server.url,
      CONEKTA_WEBHOOK_PUBLIC_KEY: CONEKTA_PUBLIC_KEY.replaceAll('\n', '\\n'),
    },
  }
}

/** GET /orders: the newest first. `search` looks in the id, the payer's e-mail address and the metadata. */
function listOrders(stored: Order[], query: URLSearchParams, base: string): object {
  const search = query.get('search')
  const status = query.get('payment_status')
  const matching = stored
    .filter((order) => search === null || textsOf(order).some((text) => text.includes(search)))
    .filter((order) => status === null || order.payment_status === status)
    .filter(
      (order) => isWithin(order.created_at, query, 'created_at') && isWithin(order.updated_at, query, 'updated_at'),
    )
    .toReversed()
  const limit = Number(query.get('limit') ?? 20)
  const next = query.get('next')
  const from = next === null ? 0 : matching.findIndex(({ id }) => id === next) + 1
  const data = matching.slice(from, from + limit)
  const hasMore = matching.length > from + limit
  const following = new URLSearchParams([...query].filter(([name]) => name !== 'next'))
  following.set('next', data.at(-1)?.id ?? '')
  const url = hasMore ? `${base}/orders?${following.toString()}` : null
  return { object: 'list', has_more: hasMore, data, next_page_url: url, previous_page_url: null }
}

const textsOf = ({ id, customer_info: customer, metadata }: Order): string[] => [
  id,
  (customer as { email: string }).email,
  ...Object.values(metadata).map(String),
]

function isWithin(at: number, query: URLSearchParams, name: string): boolean {
  const [exact, least, most] = [query.get(name), query.get(`${name}.gte`), query.get(`${name}.lte`)]
  return (!exact || at === Number(exact)) && (!least || at >= Number(least)) && (!most || at <= Number(most))
}

const apiError = () => errorOf('api_error', 'conekta.errors.api.system.general_failure')

/** The text is made at once, because the object may change before it is sent. */
const replyOf = (status: number, body: object): Reply => ({
  status,
  text: JSON.stringify(body),
  headers: { 'content-type': MEDIA_TYPE, 'conekta-media-type': MEDIA_TYPE },
})
