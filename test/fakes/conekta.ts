/** A fake Conekta on loopback that validates requests as strictly as the vendor. */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export const CONEKTA_KEY = 'key_fake0000000000000000'
const MEDIA_TYPE = 'application/vnd.conekta-v2.3.0+json'

export type ConektaOrder = {
  currency: string
  customer_info: { name: string; email: string; phone: string }
  line_items: { name: string; unit_price: number; quantity: number }[]
  checkout: { type: string; allowed_payment_methods: string[]; expires_at: number }
  metadata: Record<string, string>
}
export type ConektaScript =
  | { kind: 'ok'; livemode?: boolean }
  | { kind: 'error'; httpStatus: number; type: string; code: string }
  | { kind: 'garbage' }
  | { kind: 'silence' }
  | { kind: 'reset' }

export async function startFakeConekta(t: TestContext) {
  const orders: ConektaOrder[] = []
  const refusals: string[] = []
  let script: ConektaScript = { kind: 'ok' }

  const server = createServer((request, response) => {
    void readBody(request).then((body) => answer(request, response, body))
  })
  function answer(request: IncomingMessage, response: ServerResponse, body: string) {
    const problem = problemOf(request, body)
    if (problem) {
      refusals.push(problem)
      return reject(response, 422, 'parameter_validation_error', 'conekta.errors.parameter_validation.invalid')
    }
    const order = JSON.parse(body) as ConektaOrder
    orders.push(order)
    switch (script.kind) {
      case 'silence':
        return
      case 'reset':
        return void request.socket.resetAndDestroy()
      case 'garbage':
        return void response.writeHead(200).end('<html>')
      case 'error':
        return reject(response, script.httpStatus, script.type, script.code)
      case 'ok':
        return reply(response, 201, orderOf(order, script.livemode ?? false))
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    /** Every valid order. */
    orders,
    refusals,
    next: (following: ConektaScript) => (script = following),
    env: {
      CONEKTA_API_KEY: CONEKTA_KEY,
      CONEKTA_API_URL: url,
      CONEKTA_WEBHOOK_PUBLIC_KEY: CONEKTA_PUBLIC_KEY.replaceAll('\n', '\\n'),
    },
  }
}

/** Checks the rules of order_request, customer_info and order_checkout_request in the vendor's OpenAPI 2.3.0. */
function problemOf({ method, url, headers }: IncomingMessage, body: string): string | null {
  if (method !== 'POST' || url !== '/orders') return `no ${method} ${url}`
  if (headers.authorization !== `Bearer ${CONEKTA_KEY}`) return 'wrong key'
  if (headers.accept !== MEDIA_TYPE) return `accept is ${headers.accept}`
  if (headers['content-type'] !== 'application/json') return `content-type is ${headers['content-type']}`
  const order = JSON.parse(body) as Partial<ConektaOrder>
  if (order.currency !== 'MXN') return 'currency'
  const { name, email, phone } = order.customer_info ?? {}
  if (!name || !email || !phone) return 'customer_info needs name, email and phone'
  if (!Array.isArray(order.line_items) || order.line_items.length === 0) return 'line_items must be an array'
  for (const item of order.line_items) {
    if (!(item.name.length >= 3 && item.name.length <= 249)) return 'line_items.name must have 3 to 249 characters'
    if (!Number.isInteger(item.unit_price) || !Number.isInteger(item.quantity)) return 'line_items in centavos'
  }
  const { type, allowed_payment_methods: allowed = [], expires_at: expiresAt = 0 } = order.checkout ?? {}
  if (type !== 'HostedPayment') return 'checkout.type'
  if (!allowed.every((one) => ['cash', 'card', 'bank_transfer'].includes(one))) return 'allowed_payment_methods'
  const cents = order.line_items.reduce((sum, item) => sum + item.unit_price * item.quantity, 0)
  if (cents < 300) return 'the amount has to be at least 3.00 MXN'
  if (allowed.includes('cash') && cents > 1_000_000) return 'cash takes at most 10,000.00 MXN'
  if (!Number.isInteger(expiresAt)) return 'expires_at must be in unix seconds'
  const isFlat = Object.values(order.metadata ?? {}).every((value) => value.length <= 249)
  return isFlat ? null : 'metadata values must be scalars of at most 249 characters'
}

function orderOf(order: ConektaOrder, livemode: boolean) {
  const checkoutId = 'b5a6f1f0-0000-4000-8000-000000000000'
  const [item] = order.line_items
  return {
    id: `ord_${randomBytes(8).toString('hex')}`,
    object: 'order',
    livemode,
    amount: item!.unit_price * item!.quantity,
    currency: order.currency,
    amount_refunded: 0,
    metadata: order.metadata,
    checkout: {
      id: checkoutId,
      type: order.checkout.type,
      status: 'Issued',
      expires_at: order.checkout.expires_at,
      url: `https://pay.conekta.com/checkout/${checkoutId.replaceAll('-', '')}`,
    },
  }
}

const reject = (response: ServerResponse, status: number, type: string, code: string) =>
  reply(response, status, {
    object: 'error',
    type,
    log_id: '000000000000000000000000',
    details: [{ code, message: 'No se pudo procesar.', debug_message: 'fake' }],
  })

function reply(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': MEDIA_TYPE }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
export const CONEKTA_PUBLIC_KEY = keys.publicKey

/** Makes a `Digest` header: RSASSA-PKCS1-v1_5 with SHA-256 over the raw body, in base64. */
export const signConekta = (raw: string | Buffer): string =>
  createSign('RSA-SHA256').update(raw).sign(keys.privateKey, 'base64')

/** Makes an event of an order in the vendor's envelope. */
export function conektaEvent(
  type: string,
  order: Record<string, unknown>,
  id = randomBytes(12).toString('hex'),
  envelope: Record<string, unknown> = {},
) {
  return JSON.stringify({
    id,
    object: 'event',
    type,
    livemode: false,
    created_at: 1_800_000_000,
    webhook_status: 'pending',
    webhook_logs: [],
    data: { object: { object: 'order', currency: 'MXN', metadata: {}, ...order }, previous_attributes: {} },
    ...envelope,
  })
}
