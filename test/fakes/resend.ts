/**
 * A fake Resend on loopback that validates requests as strictly as the vendor: keys, fields, idempotency for 24 hours
 * and the account's rate limit. It posts events to the webhook with Svix's signature.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { openLimiter, openShuffle, parseJson, postUntilAccepted, startServer } from './http.ts'
import type { Answer, Asked, Reply } from './http.ts'
import { problemOfEmail, problemOfKey } from './resend-rules.ts'

export type ResendScript =
  | { kind: 'ok' }
  /** The mail is rejected. Without `name` the answer is not Resend's own. */
  | { kind: 'error'; httpStatus: number; name?: string; headers?: Record<string, string> }
  /** The mail is accepted, but the answer is lost. */
  | { kind: 'silence' | 'reset' | 'drip' }
  | { kind: 'raw'; httpStatus: number; text: string; headers?: Record<string, string> }
export type ResendCall = { body: Record<string, unknown>; headers: Asked['headers'] }
export type Mail = {
  id: string
  from: string
  to: string[]
  subject: string
  html: string
  text: string
  headers: Record<string, string>
  tags: Record<string, string>
  createdAt: string
}
export type EmailEvent =
  | { type: 'email.sent' | 'email.delivered' | 'email.delivery_delayed' | 'email.complained' | 'email.opened' }
  | { type: 'email.bounced'; bounce: { type: 'Permanent' | 'Transient' | 'Undetermined'; subType: string } }
  | { type: 'email.failed'; reason: string }
  | { type: 'email.suppressed' }
  | { type: 'email.clicked'; link: string }
export type ResendOptions = {
  port?: number
  apiKey?: string
  /** Verified sending domains. */
  domains?: string[]
  webhook?: { url: string; secret?: string }
  /** The events of each mail; by default sent and delivered. Resend's test addresses (resend.dev) have their own. */
  events?: EmailEvent[]
  /** Posts each event twice, with the same svix-id. */
  duplicates?: boolean
  /** Posts a mail's events in a random order, equal for equal seeds. */
  shuffleSeed?: number
  requestsPerSecond?: number
  /** The waits between retries; Svix: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h. */
  retryWaitsMs?: number[]
  log?: (line: string) => void
}

export const RESEND_KEY = 're_fake_0000000000000000'
export const RESEND_WEBHOOK_SECRET = `whsec_${Buffer.from('fake-resend-webhook-secret-32-by').toString('base64')}`
const KEY_TTL_MS = 86_400_000

export async function startFakeResend(options: ResendOptions = {}) {
  const { apiKey = RESEND_KEY, domains = ['monotickets.mx'], requestsPerSecond = 10, log } = options
  const calls: ResendCall[] = []
  const refusals: string[] = []
  const mails: Mail[] = []
  const script: ResendScript[] = []
  const keys = new Map<string, { fingerprint: string; reply: Reply; at: number; isRunning: boolean }>()
  const running = new Set<Promise<unknown>>()
  const posts: number[][] = []
  const isWithinRate = openLimiter(1000 / requestsPerSecond, requestsPerSecond)
  const shuffle = openShuffle(options.shuffleSeed)
  let webhook = options.webhook ?? null

  function reject(status: number, name: string, message: string, headers: Record<string, string> = {}): Reply {
    refusals.push(`${name}: ${message}`)
    log?.(`rejected with ${status} ${name}`)
    return { status, json: { statusCode: status, name, message }, headers }
  }
  function answer(asked: Asked): Answer {
    if (asked.path === '/_fake/next') {
      script.push((parseJson(asked.body) ?? { kind: 'ok' }) as ResendScript) // for manual tests
      return { status: 200, json: {} }
    }
    const keyProblem = problemOfKey(asked.headers, apiKey)
    if (keyProblem) return reject(keyProblem.status, keyProblem.name, keyProblem.message)
    const [, id] = /^\/emails\/([0-9a-f-]{36})$/.exec(asked.path) ?? []
    if (asked.method === 'GET' && id) return readMail(id)
    if (asked.path !== '/emails') return reject(404, 'not_found', 'The requested endpoint does not exist.')
    if (asked.method !== 'POST')
      return reject(405, 'method_not_allowed', 'Method is not allowed for the requested path.')
    return postMail(asked)
  }
  function postMail(asked: Asked): Answer {
    const body = parseJson(asked.body)
    if (!body) return reject(400, 'validation_error', 'The body is not a JSON object.')
    calls.push({ body, headers: asked.headers })
    const key = asked.headers['idempotency-key']
    if (typeof key === 'string' && (key.length < 1 || key.length > 256))
      return reject(400, 'invalid_idempotency_key', 'The key must be between 1-256 chars.')
    const limits = { 'ratelimit-limit': String(requestsPerSecond), 'ratelimit-reset': '1', 'ratelimit-remaining': '0' }
    if (!isWithinRate('team')) {
      const message = `You can only make ${requestsPerSecond} requests per second.`
      return reject(429, 'rate_limit_exceeded', message, { ...limits, 'retry-after': '1' })
    }
    const known = typeof key === 'string' ? keys.get(key) : undefined
    if (known && Date.now() - known.at < KEY_TTL_MS) return repeat(known, asked.body)
    const next = script.shift() ?? { kind: 'ok' }
    if (next.kind !== 'ok') log?.(`scripted answer: ${next.kind}`)
    if (next.kind === 'raw') return { status: next.httpStatus, text: next.text, headers: next.headers ?? {} }
    if (next.kind === 'error') {
      const { httpStatus: statusCode, name, headers = {} } = next
      const json = name ? { statusCode, name, message: 'scripted' } : { message: 'scripted' }
      return { status: statusCode, json, headers }
    }
    const problem = problemOfEmail(body, domains)
    if (problem) return reject(problem.status, problem.name, problem.message)
    const mail = storeMail(body)
    const reply: Reply = { status: 200, json: { id: mail.id }, headers: { ...limits, 'ratelimit-remaining': '1' } }
    if (typeof key === 'string')
      keys.set(key, {
        fingerprint: asked.body,
        reply,
        at: Date.now(),
        isRunning: next.kind === 'silence' || next.kind === 'drip',
      })
    log?.(`accepted a mail as ${mail.id}`)
    for (const event of shuffle(options.events ?? defaultEvents(mail))) postEvent(mail.id, event)
    return next.kind === 'ok' ? reply : next.kind
  }
  /** Repeats the answer of a key used within 24 hours; a first request without an answer counts as in progress. */
  function repeat(known: { fingerprint: string; reply: Reply; isRunning: boolean }, body: string): Reply {
    if (known.fingerprint !== body)
      return reject(409, 'invalid_idempotent_request', 'Same idempotency key used with a different request payload.')
    if (known.isRunning) {
      known.isRunning = false
      const message = 'Same idempotency key used while original request is still in progress.'
      return reject(409, 'concurrent_idempotent_requests', message)
    }
    log?.('repeated idempotency key: no second mail')
    return known.reply
  }
  function storeMail(body: Record<string, unknown>): Mail {
    const tags = (body['tags'] ?? []) as { name: string; value: string }[]
    const mail: Mail = {
      ...(body as Pick<Mail, 'from' | 'subject' | 'html' | 'text'>),
      id: randomUUID(),
      to: [body['to']].flat() as string[],
      headers: (body['headers'] ?? {}) as Record<string, string>,
      tags: Object.fromEntries(tags.map(({ name, value }) => [name, value])),
      createdAt: new Date().toISOString(),
    }
    mails.push(mail)
    return mail
  }
  function readMail(id: string): Reply {
    const mail = mails.find((one) => one.id === id)
    if (!mail) return reject(404, 'not_found', 'Email not found')
    const { from, to, subject, html, text, createdAt } = mail
    return {
      status: 200,
      json: { object: 'email', id, from, to, subject, html, text, created_at: createdAt, last_event: 'delivered' },
    }
  }
  /** Posts an event of a mail to the webhook until it is accepted. */
  function postEvent(mailId: string, event: EmailEvent): void {
    const mail = mails.find(({ id }) => id === mailId)
    if (!webhook || !mail) return
    const { url, secret = RESEND_WEBHOOK_SECRET } = webhook
    const body = JSON.stringify(eventBody(mail, event))
    const svixId = `msg_${randomBytes(12).toString('base64url')}`
    for (let times = options.duplicates ? 2 : 1; times > 0; times--) {
      const posting = postUntilAccepted(
        url,
        () => ({ headers: signResend(body, { id: svixId, at: new Date(), secret }), body }),
        {
          isAccepted: (status) => status >= 200 && status < 300,
          waitsMs: options.retryWaitsMs ?? [0, 5000, 300_000],
          ...(log ? { log } : {}),
        },
      ).then((statuses) => posts.push(statuses))
      running.add(posting)
      void posting.finally(() => running.delete(posting))
    }
  }
  const server = await startServer(options.port ?? 0, answer)
  return {
    url: server.url,
    env: {
      RESEND_API_KEY: apiKey,
      RESEND_API_URL: server.url,
      RESEND_FROM_EMAIL: `Monotickets <invitaciones@${domains[0]}>`,
      RESEND_WEBHOOK_SECRET,
    },
    calls,
    /** The reasons of rejected requests; empty while the client conforms to the vendor's API. */
    refusals,
    /** The sent mails: one per idempotency key. */
    mails,
    posts,
    next: (...following: ResendScript[]) => void script.push(...following),
    useWebhook: (following: { url: string; secret?: string } | null) => (webhook = following),
    postEvent,
    /** Waits until the webhook has accepted every event. */
    flush: async () => void (await Promise.all(running)),
    close: server.close,
  }
}

/** The events of Resend's test addresses, and sent and delivered for every other address. */
function defaultEvents({ to }: Mail): EmailEvent[] {
  const [name, domain] = (to[0] ?? '').replace(/\+[^@]*/, '').split('@')
  const kind = domain === 'resend.dev' ? name : 'delivered'
  const sent: EmailEvent = { type: 'email.sent' }
  if (kind === 'bounced') return [sent, { type: 'email.bounced', bounce: { type: 'Permanent', subType: 'General' } }]
  if (kind === 'complained') return [sent, { type: 'email.delivered' }, { type: 'email.complained' }]
  if (kind === 'suppressed') return [sent, { type: 'email.suppressed' }]
  return [sent, { type: 'email.delivered' }]
}

function eventBody({ id, from, to, subject, tags, createdAt }: Mail, event: EmailEvent) {
  const data = { created_at: createdAt, email_id: id, message_id: `<${id}@fake.test>`, from, to, subject, tags }
  return { type: event.type, created_at: new Date().toISOString(), data: { ...data, ...detailsOf(event) } }
}

function detailsOf(event: EmailEvent): object {
  switch (event.type) {
    case 'email.bounced':
      return { bounce: { ...event.bounce, message: 'The mail server refused the message.' } }
    case 'email.failed':
      return { failed: { reason: event.reason } }
    case 'email.suppressed':
      return { suppressed: { type: 'OnAccountSuppressionList', message: 'On the suppression list.' } }
    case 'email.clicked':
      return {
        click: { ipAddress: '127.0.0.1', link: event.link, timestamp: new Date().toISOString(), userAgent: 'fake' },
      }
    default:
      return {}
  }
}

/** Svix: base64(HMAC-SHA256(key, id.timestamp.body)) with the decoded secret (docs.svix.com, "verify manually"). */
export function signResend(
  raw: string | Buffer,
  { id, at, secret = RESEND_WEBHOOK_SECRET }: { id: string; at: Date; secret?: string },
): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(raw).digest('base64')
  return {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': timestamp,
    'svix-signature': `v1,${signature}`,
  }
}
