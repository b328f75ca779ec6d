/**
 * A fake 360dialog on loopback that validates requests as strictly as the vendor (docs.360dialog.com and Meta's Cloud
 * API reference): key, bodies, templates, the 24-hour window and both rate limits. It posts statuses to the webhook.
 */
import { openLimiter, parseJson, startServer, type Answer, type Asked, type Reply } from './http.ts'
import { makeWamid, openCallbacks, type CallbackOptions, type Inbound, type Webhook } from './whatsapp-callbacks.ts'
import { openMedia } from './whatsapp-media.ts'
import { problemOfMessage, type FakeTemplate } from './whatsapp-rules.ts'

/** The shape of an error body: `meta` is Meta's own, the others are of 360dialog's gateway and the old API. */
export type ErrorShape = 'meta' | 'gateway' | 'gateway_embedded' | 'string' | 'legacy'
/** The answer to the next call. */
export type WhatsAppScript =
  | { kind: 'ok'; skipsDelivered?: boolean }
  | { kind: 'error'; httpStatus: number; code?: number; shape?: ErrorShape; retryAfter?: string }
  /** The message is accepted, and a `failed` status follows. */
  | { kind: 'fails_later'; code: number }
  /** The message is accepted, but the answer is lost. */
  | { kind: 'silence' | 'reset' | 'drip' }
  /** The message is accepted, but a proxy in between answers with an error. */
  | { kind: 'accepts_then_fails'; httpStatus: number }
  | { kind: 'raw'; httpStatus: number; text: string; headers?: Record<string, string> }
export type WhatsAppCall = { body: Record<string, unknown>; headers: Asked['headers'] }
export type WhatsAppOptions = {
  port?: number
  apiKey?: string
  templates?: FakeTemplate[]
  /** The address of callbacks; POST /v1/configs/webhook sets it too. */
  webhook?: Webhook
  /** Whether statuses are posted after acceptance; true by default. */
  hasCallbacks?: boolean
  callbacks?: CallbackOptions
  /** How a message outside the window is rejected: in the answer, or by a `failed` status after acceptance. */
  windowRefusal?: 'sync' | 'async'
  /** Accepts links on loopback, which the vendor could not fetch. */
  allowLoopbackLinks?: boolean
  pair?: { intervalMs: number; burst: number }
  messagesPerSecond?: number
  /** Whether `wa_id` of Mexican mobiles has the old 1 after 52. */
  has521?: boolean
  /** The error shape of rejections. */
  shape?: ErrorShape
  log?: (line: string) => void
}

export const WHATSAPP_KEY = 'fake-360dialog-key'
const WINDOW_MS = 86_400_000
/** A number that is not on WhatsApp. */
const isUnreachable = (digits: string) => digits.endsWith('9999')
/** Normalizes a number to the digits that identify the person. */
const personOf = (phone: string) => phone.replace(/\D/g, '').replace(/^521(?=\d{10}$)/, '52')

export async function startFakeWhatsApp(options: WhatsAppOptions = {}) {
  const { apiKey = WHATSAPP_KEY, templates = [], hasCallbacks = true, shape = 'meta', log } = options
  const rules = { templates, allowLoopbackLinks: options.allowLoopbackLinks ?? false }
  const calls: WhatsAppCall[] = []
  const refusals: string[] = []
  const script: WhatsAppScript[] = []
  const openSince = new Map<string, number>()
  const people = new Map<string, string>()
  const media = openMedia((status) => ({ status, json: errorBody('meta', status, 100, 'no such media') }))
  let webhook: Webhook | null = options.webhook ?? null
  const callbacks = openCallbacks(options.callbacks ?? {}, () => webhook, log)
  const isWithinPairRate = openLimiter(options.pair?.intervalMs ?? 6000, options.pair?.burst ?? 45)
  const perSecond = options.messagesPerSecond ?? 80
  const isWithinRate = openLimiter(1000 / perSecond, perSecond)
  const sent = new Map<string, string>()

  function reject(status: number, code: number, details: string, as: ErrorShape = shape): Reply {
    refusals.push(`${code}: ${details}`)
    log?.(`rejected with ${code}: ${details}`)
    return { status, json: errorBody(as, status, code, details) }
  }
  function answer(asked: Asked): Answer {
    const { method, path } = asked
    if (path.startsWith('/_fake/')) return control(path, parseJson(asked.body))
    if (asked.headers['d360-api-key'] !== apiKey) {
      refusals.push('401: wrong key')
      return {
        status: 401,
        json: errorBody(shape === 'gateway' ? 'gateway' : 'string', 401, undefined, 'Invalid API key'),
      }
    }
    if (method === 'POST' && path === '/messages') return postMessage(asked)
    if (method === 'GET' && path === '/v1/configs/templates') return listTemplates(rules.templates, asked.query)
    if (path === '/v1/configs/webhook') return configureWebhook(asked)
    if (method === 'POST' && path === '/media') return { status: 200, json: { id: media.store(asked.body) } }
    if (method === 'GET') return media.answer(asked)
    return { status: 404, json: errorBody('string', 404, undefined, 'Not found') }
  }
  /** Handles the control paths for manual tests. */
  function control(path: string, body: Record<string, unknown> | null): Reply {
    if (body && path === '/_fake/receive') receive(body as Inbound)
    else if (body && path === '/_fake/next') script.push(body as WhatsAppScript)
    else return { status: 404, json: { paths: ['/_fake/receive', '/_fake/next'] } }
    return { status: 200, json: {} }
  }
  /**
   * Receives a guest's message, which opens the window unless it is a reaction. A user id is matched to a phone by the
   * message that it replies to.
   */
  function receive(inbound: Inbound): void {
    const { from, userId = '', contextId = '' } = inbound
    const person = from ? personOf(from) : (people.get(userId) ?? sent.get(contextId))
    if (person && userId) people.set(userId, person)
    if (person && inbound.kind !== 'reaction') openSince.set(person, Date.now())
    callbacks.received(inbound)
  }
  function postMessage(asked: Asked): Answer {
    const body = parseJson(asked.body)
    if (!asked.headers['content-type']?.startsWith('application/json') || !body)
      return reject(400, 100, 'the body is not a JSON object')
    if (body['status'] === 'read' && body['messaging_product'] === 'whatsapp')
      return { status: 200, json: { success: true } }
    calls.push({ body, headers: asked.headers })
    const next = script.shift() ?? { kind: 'ok' }
    if (next.kind !== 'ok') log?.(`scripted answer: ${next.kind}`)
    if (next.kind === 'raw')
      return { status: next.httpStatus, text: next.text, ...(next.headers ? { headers: next.headers } : {}) }
    if (next.kind === 'error') {
      const headers = next.retryAfter ? { headers: { 'retry-after': next.retryAfter } } : {}
      return {
        status: next.httpStatus,
        json: errorBody(next.shape ?? 'meta', next.httpStatus, next.code, 'scripted'),
        ...headers,
      }
    }
    const problem = problemOfMessage(body, rules)
    if (problem) return reject(400, problem.code, problem.details)
    const person = personOf(String(body['to']))
    if (!isWithinRate('number')) return reject(429, 130429, 'throughput of the number')
    if (!isWithinPairRate(person)) return reject(400, 131056, 'pair rate limit')
    const isOpen = Date.now() - (openSince.get(person) ?? -Infinity) < WINDOW_MS
    const isOutside = body['type'] !== 'template' && !isOpen
    if (isOutside && options.windowRefusal !== 'async') return reject(400, 131047, 'outside the 24-hour window')
    if (isOutside) refusals.push('131047: outside the 24-hour window, as a status')
    const failsWith =
      next.kind === 'fails_later' ? next.code : isOutside ? 131047 : isUnreachable(person) ? 131026 : undefined
    const accepted = accept(body, person, { failsWith, skipsDelivered: next.kind === 'ok' && next.skipsDelivered })
    if (next.kind === 'accepts_then_fails') return { status: next.httpStatus, text: '<html>Bad gateway' }
    return next.kind === 'ok' || next.kind === 'fails_later' ? accepted : next.kind
  }
  function accept(
    body: Record<string, unknown>,
    person: string,
    { failsWith, skipsDelivered = false }: { failsWith: number | undefined; skipsDelivered: boolean | undefined },
  ): Reply {
    const id = makeWamid()
    const waId = options.has521 && /^52\d{10}$/.test(person) ? person.replace(/^52/, '521') : person
    const callbackData = body['biz_opaque_callback_data'] as string | undefined
    const name = (body['template'] as { name?: string } | undefined)?.name
    const category = name ? (rules.templates.find((one) => one.name === name)?.category ?? 'utility') : 'service'
    sent.set(id, person)
    if (hasCallbacks)
      callbacks.accepted({
        ...{ id, waId, callbackData, category, skipsDelivered },
        ...(failsWith === undefined ? {} : { failsWith }),
      })
    log?.(`accepted ${String(body['type'])} ${name ?? ''} as ${id}`)
    const message = { id, ...(name ? { message_status: 'accepted' } : {}) }
    const contacts = [{ input: body['to'], wa_id: waId }]
    return { status: 200, json: { messaging_product: 'whatsapp', contacts, messages: [message] } }
  }
  function configureWebhook({ method, body }: Asked): Reply {
    if (method === 'GET') return { status: 200, json: { url: webhook?.url ?? '', headers: webhook?.headers ?? {} } }
    const { url, headers } = (parseJson(body) ?? {}) as { url?: string; headers?: Record<string, string> }
    if (!url || !URL.canParse(url) || new URL(url).hostname.includes('_')) return reject(400, 100, 'url', 'string')
    webhook = { url, ...(headers ? { headers } : {}) }
    return { status: 200, json: { url, headers: headers ?? {} } }
  }
  const server = await startServer(options.port ?? 0, answer)
  return {
    url: server.url,
    env: { WA_360DIALOG_API_KEY: apiKey, WA_360DIALOG_API_URL: server.url },
    calls,
    /** The reasons of rejected requests; empty while the client conforms to the vendor's API. */
    refusals,
    /** The accepted messages: message id to the recipient's digits. */
    sent,
    /** The webhook's answers: one list of HTTP statuses per POST. */
    posts: callbacks.posts,
    next: (...following: WhatsAppScript[]) => void script.push(...following),
    useWebhook: (following: Webhook | null) => (webhook = following),
    media,
    /** Replaces the approved templates. */
    useTemplates: (following: FakeTemplate[]) => void (rules.templates = following),
    /** Receives a guest's message and posts it to the webhook. */
    receive,
    flush: callbacks.flush,
    async close() {
      callbacks.stop()
      await server.close()
    },
  }
}

function errorBody(shape: ErrorShape, status: number, code: number | undefined, details: string): unknown {
  const meta = {
    error: {
      message: `(#${code ?? 0}) ${details}`,
      type: 'OAuthException',
      ...(code === undefined ? {} : { code }),
      error_data: { messaging_product: 'whatsapp', details },
      fbtrace_id: 'fake',
    },
  }
  const gateway = (message: string) => ({
    meta: { success: false, http_code: status, developer_message: message, '360dialog_trace_id': 'fake' },
  })
  switch (shape) {
    case 'meta':
      return meta
    case 'gateway':
      return gateway(details)
    case 'gateway_embedded':
      return gateway(`Error from Meta: ${JSON.stringify(meta)}`)
    case 'string':
      return { error: details }
    case 'legacy':
      break
  }
  return { errors: [{ code, title: details, details }], meta: { api_status: 'stable', version: '2.53' } }
}

function listTemplates(templates: FakeTemplate[], query: URLSearchParams): Reply {
  const offset = Number(query.get('offset') ?? 0)
  const limit = Math.min(1000, Number(query.get('limit') ?? 1000))
  const page = templates.slice(offset, offset + limit).map((one) => ({
    name: one.name,
    language: one.language,
    status: one.status ?? 'approved',
    category: (one.category ?? 'utility').toUpperCase(),
    components: componentsOf(one),
  }))
  const counts = { count: page.length, limit, offset, total: templates.length }
  return { status: 200, json: { waba_templates: page, filters: {}, sort: ['id'], ...counts } }
}

function componentsOf({ header, body, text, buttons = [] }: FakeTemplate): object[] {
  const names = typeof body === 'number' ? Array.from({ length: body }, (_, index) => String(index + 1)) : body
  const described = {
    url: { type: 'URL', text: 'Ver', url: 'https://example.com/{{1}}' },
    url_static: { type: 'URL', text: 'Ver', url: 'https://example.com/' },
    quick_reply: { type: 'QUICK_REPLY', text: 'Responder' },
  }
  return [
    ...(header
      ? [{ type: 'HEADER', format: header.toUpperCase(), ...(header === 'text' ? { text: 'De {{1}}' } : {}) }]
      : []),
    { type: 'BODY', text: text ?? ['Hola', ...names.map((name) => `{{${name}}}`), '.'].join(' ') },
    ...(buttons.length > 0 ? [{ type: 'BUTTONS', buttons: buttons.map((kind) => described[kind]) }] : []),
  ]
}
