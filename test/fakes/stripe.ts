/** A fake Stripe on loopback that validates requests as strictly as the vendor. */
import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export const STRIPE_KEY = 'sk_test_fake0000000000000000'
export const STRIPE_WEBHOOK_SECRET = 'whsec_fake0000000000000000'

export type StripeCall = { idempotencyKey: string; params: Record<string, string> }
export type StripeScript =
  | { kind: 'ok'; status?: string }
  | { kind: 'error'; httpStatus: number; error: Record<string, string> }
  | { kind: 'garbage' }
  | { kind: 'silence' }
  | { kind: 'reset' }

/** The parameters of API 2026-10-28; others are parameter_unknown. payment_method_types was removed in 2026-09-30. */
const KNOWN =
  /^(amount|currency|description|receipt_email|metadata\[[^\]]{1,40}\]|automatic_payment_methods\[enabled\]|allowed_payment_method_types\[\d\])$/

export async function startFakeStripe(t: TestContext) {
  const calls: StripeCall[] = []
  const refusals: string[] = []
  const answers = new Map<string, { status: number; body: string }>()
  let script: StripeScript = { kind: 'ok' }

  const server = createServer((request, response) => {
    void readBody(request).then((body) => answer(request, response, body))
  })
  function answer(request: IncomingMessage, response: ServerResponse, body: string) {
    const problem = problemOf(request, body)
    if (problem) {
      refusals.push(problem.message)
      return reply(response, problem.status, { error: { type: 'invalid_request_error', ...problem } })
    }
    const params = Object.fromEntries(new URLSearchParams(body))
    const idempotencyKey = String(request.headers['idempotency-key'])
    calls.push({ idempotencyKey, params })
    if (script.kind === 'silence') return
    if (script.kind === 'reset') return void request.socket.resetAndDestroy()
    if (script.kind === 'garbage') return void response.writeHead(200).end('<html>')
    const stored = answers.get(idempotencyKey)
    if (stored) return reply(response, stored.status, stored.body, { 'idempotent-replayed': 'true' })
    const made =
      script.kind === 'error'
        ? { status: script.httpStatus, body: JSON.stringify({ error: script.error }) }
        : { status: 200, body: JSON.stringify(intentOf(params, script.status ?? 'requires_payment_method')) }
    answers.set(idempotencyKey, made)
    return reply(response, made.status, made.body)
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    calls,
    /** The reasons of rejected requests; empty while the client conforms to the vendor's API. */
    refusals,
    /** Returns how many intents exist at the provider. */
    intents: () => answers.size,
    next: (following: StripeScript) => (script = following),
    env: { STRIPE_SECRET_KEY: STRIPE_KEY, STRIPE_API_URL: url, STRIPE_WEBHOOK_SECRET },
  }
}

function problemOf(request: IncomingMessage, body: string) {
  const { headers } = request
  const bad = (status: number, message: string, code = 'parameter_invalid') => ({ status, message, code })
  if (request.method !== 'POST' || request.url !== '/v1/payment_intents') return bad(404, `no ${request.url}`)
  if (headers.authorization !== `Bearer ${STRIPE_KEY}`) return bad(401, 'wrong key', 'api_key_invalid')
  if (headers['stripe-version'] !== '2026-10-28.endive') return bad(400, `version ${String(headers['stripe-version'])}`)
  if (headers['content-type'] !== 'application/x-www-form-urlencoded') return bad(400, 'not form encoded')
  if (!headers['idempotency-key']) return bad(400, 'no Idempotency-Key')
  if ('x-stripe-client-telemetry' in headers) return bad(400, 'telemetry must be off')
  const params = new URLSearchParams(body)
  const unknown = [...params.keys()].find((key) => !KNOWN.test(key))
  if (unknown) return bad(400, `Received unknown parameter: ${unknown}`, 'parameter_unknown')
  if (!/^\d{1,8}$/.test(params.get('amount') ?? '')) return bad(400, 'amount must be an integer')
  if (!/^[a-z]{3}$/.test(params.get('currency') ?? '')) return bad(400, 'currency must be lower case')
  const [currency, amount] = [params.get('currency'), Number(params.get('amount'))]
  if (currency === 'mxn' && amount < 1000) return bad(400, 'amount_too_small')
  if (currency === 'usd' && amount < 50) return bad(400, 'amount_too_small')
  // docs.stripe.com/payments/oxxo: 10.00 to 10,000.00 MXN
  const isOxxo = [...params].some(([key, value]) => key.startsWith('allowed_payment_method_types') && value === 'oxxo')
  if (isOxxo && (currency !== 'mxn' || amount > 1_000_000)) return bad(400, 'oxxo takes at most MXN 10,000.00')
  return null
}

function intentOf(params: Record<string, string>, status: string) {
  const id = `pi_${randomBytes(12).toString('hex')}`
  const metadata = Object.entries(params)
    .filter(([key]) => key.startsWith('metadata['))
    .map(([key, value]) => [key.slice(9, -1), value])
  return {
    id,
    object: 'payment_intent',
    amount: Number(params['amount']),
    amount_received: status === 'succeeded' ? Number(params['amount']) : 0,
    currency: params['currency'],
    client_secret: `${id}_secret_${randomBytes(8).toString('hex')}`,
    last_payment_error: null,
    livemode: false,
    metadata: Object.fromEntries(metadata) as Record<string, string>,
    next_action: null,
    status,
  }
}

function reply(response: ServerResponse, status: number, body: object | string, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_fake', ...headers }).end(text)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Makes a `Stripe-Signature` header as docs.stripe.com/webhooks#verify-manually describes it. */
export function signStripe(raw: string | Buffer, at: Date, secrets: string[] = [STRIPE_WEBHOOK_SECRET]): string {
  const seconds = Math.floor(at.getTime() / 1000)
  const signed = secrets.map((secret) => createHmac('sha256', secret).update(`${seconds}.`).update(raw).digest('hex'))
  return [`t=${seconds}`, ...signed.map((hex) => `v1=${hex}`)].join(',')
}

/** Makes an event of a payment intent in the envelope of API 2026-10-28. */
export function stripeEvent(
  type: string,
  object: Record<string, unknown>,
  id = `evt_${randomBytes(12).toString('hex')}`,
  envelope: Record<string, unknown> = {},
) {
  return JSON.stringify({
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: 1_800_000_000,
    data: { object: { object: 'payment_intent', last_payment_error: null, metadata: {}, ...object } },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    ...envelope,
  })
}
