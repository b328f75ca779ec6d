/**
 * The routes of webhooks. A 2xx means that the row is committed; the body is processed later by a job. The body is read as
 * raw bytes, because signatures are over bytes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isSimulatedBody } from '../channels/channels.ts'
import type { Config } from '../platform/config.ts'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { Answer, FileAnswer } from '../http/schemas.ts'
import { asObject, parseJson, type Json } from '../platform/json.ts'
import { isSame } from '../platform/secrets.ts'
import { readPaymentEvent, verifyPaymentWebhook } from '../payments/payments.ts'
import type { ProviderName } from '../providers/providers.ts'
import { isSignedByResend, readEventId } from './email.ts'
import { storeInbound } from './inbox.ts'
import { inboundJobId, jobOf } from './jobs.ts'
import type { Source } from './sql.ts'

const Accepted = Answer(
  {
    status: Type.Literal('accepted'),
    eventId: Type.String({ description: 'The id of the stored webhook.' }),
    duplicate: Type.Boolean({ description: 'The webhook was received before.' }),
  },
  { title: 'WebhookReceipt' },
)
const ProviderEvent = Type.Object(
  {},
  { additionalProperties: true, title: 'ProviderEvent', description: "The provider's event, verbatim." },
)
const MockPaymentEvent = Type.Object(
  { id: Type.String(), providerRef: Type.String(), status: Type.Enum(['confirmed', 'failed']) },
  { title: 'MockPaymentEvent', description: 'Settles a mock payment.' },
)
/** WhatsApp batches up to 1,000 updates in one body. */
const WHATSAPP_BODY_LIMIT = 4 * 1024 * 1024
const PAYMENTS_BODY_LIMIT = 1024 * 1024
const EMAIL_BODY_LIMIT = 1024 * 1024
/** Media types that vendors, their test tools and proxies give JSON: its own, text, bytes or none. */
const MAY_BE_JSON = /^\s*(application\/([\w.-]+\+)?json|application\/octet-stream|text\/(plain|json))?\s*(;|,|$)/i
const PAYMENT_WEBHOOK =
  'Stripe and Conekta: their own events, signed. An event of another shape, or of the other mode (test or live) than its ' +
  'payment, is stored and ignored. In mock mode `{ "id": "evt_1", "providerRef": "<of the intent>", "status": ' +
  '"confirmed" }` (or `failed`) settles a mock payment.'
const webhook = { access: 'public', describedBody: ProviderEvent, problems: ['invalid_signature'] } as const
const paymentWebhook = {
  access: 'public',
  describedBody: Type.Union([MockPaymentEvent, ProviderEvent]),
  problems: ['invalid_signature', 'unsupported_provider'],
} as const

/**
 * Removes the slashes that people add to an address which they register with a vendor: one at the end, or one too many
 * where two parts were joined. Other addresses stay as they are.
 */
export function tidyWebhookUrl(url: string): string {
  const [, domain, provider, query = ''] =
    /^\/+(wa|email|payments)\/+webhook(?:\/+([^/?]+))?\/*(\?.*)?$/.exec(url) ?? []
  return domain ? `/${domain}/webhook${provider ? `/${provider}` : ''}${query}` : url
}

export const inboxRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.removeContentTypeParser('application/json')
    app.addContentTypeParser('*', { parseAs: 'buffer' }, ({ headers }, body, done) =>
      MAY_BE_JSON.test(headers['content-type'] ?? '')
        ? done(null, body)
        : done(new Failure('unsupported_media_type', { detail: 'Send JSON.' })),
    )

    const accept = async (request: FastifyRequest, source: Source, dedupeKey?: string) => {
      const body = request.body as Buffer
      const isMessage = source === 'whatsapp' || source === 'email'
      const isSimulated = deps.config.simulator.isOn && isMessage && isSimulatedBody(source, body)
      const { id, isDuplicate } = await storeInbound(deps, {
        source,
        body,
        requestId: request.id,
        simulated: isSimulated,
        ...(dedupeKey ? { dedupeKey } : {}),
      })
      // Not awaited: the row is committed, so the provider need not wait for a slow queue.
      if (!isDuplicate) void deps.queues.enqueue(jobOf(source), { inboundEventId: id }, { id: inboundJobId(id, 0) })
      return { status: 'accepted' as const, eventId: id, duplicate: isDuplicate }
    }

    app.post(
      '/wa/webhook',
      {
        config: webhook,
        bodyLimit: WHATSAPP_BODY_LIMIT,
        schema: {
          operationId: 'receiveWhatsAppWebhook',
          tags: ['WhatsApp'],
          summary: 'Webhook of 360dialog or Meta',
          response: { 200: Accepted },
        },
      },
      async (request) => {
        if (!Buffer.isBuffer(request.body)) throw new Failure('invalid_json', { detail: 'The body is empty.' })
        checkWhatsAppOrigin(deps.config.whatsapp, request)
        readObject(request.body)
        return accept(request, 'whatsapp')
      },
    )
    app.get(
      '/wa/webhook',
      {
        config: { access: 'public', problems: ['verification_failed'] },
        schema: {
          operationId: 'verifyWhatsAppWebhook',
          tags: ['WhatsApp'],
          summary: 'Verification by Meta',
          querystring: Type.Object({
            'hub.mode': Type.Optional(Type.String()),
            'hub.verify_token': Type.Optional(Type.String()),
            'hub.challenge': Type.Optional(Type.String({ maxLength: 500 })),
          }),
          response: { 200: FileAnswer<string>('text/plain', 'The challenge.') },
        },
      },
      async (request, reply) => {
        const { 'hub.mode': mode, 'hub.verify_token': token = '', 'hub.challenge': challenge = '' } = request.query
        const expected = deps.config.whatsapp.verifyToken
        if (mode !== 'subscribe' || !expected || !isSame(token, expected))
          throw new Failure('verification_failed', {
            detail: 'hub.verify_token must equal WA_VERIFY_TOKEN, and hub.mode must be subscribe.',
          })
        return reply.type('text/plain; charset=utf-8').send(challenge)
      },
    )

    app.post(
      '/email/webhook',
      {
        config: webhook,
        bodyLimit: EMAIL_BODY_LIMIT,
        schema: {
          operationId: 'receiveEmailWebhook',
          tags: ['E-mail'],
          summary: 'Webhook of Resend',
          description:
            'Signed with svix-id, svix-timestamp and svix-signature, or the same headers named webhook-…. An event with a known id is a duplicate.',
          response: { 200: Accepted },
        },
      },
      async (request) => {
        if (!Buffer.isBuffer(request.body)) throw new Failure('invalid_json', { detail: 'The body is empty.' })
        checkEmailOrigin(deps, request)
        readObject(request.body)
        return accept(request, 'email', readEventId(request.headers))
      },
    )

    const acceptPayment = async (request: FastifyRequest, named?: string) => {
      const raw = request.body as Buffer
      const body = readObject(raw)
      const provider = named ?? providerOfWebhook(request.headers, body['provider'], deps.config.payments.provider)
      if (!isProvider(provider))
        throw new Failure('unsupported_provider', { detail: 'Providers: stripe, conekta, mock.' })
      // Mock webhooks have no signature, so in production they must not confirm payments.
      if (deps.config.env === 'production' && deps.providers[provider].mode === 'mock')
        throw new Failure('invalid_signature')
      if (!verifyPaymentWebhook(deps.providers, provider, raw, request.headers, deps.now()))
        throw new Failure('invalid_signature')
      return accept(request, provider, readDedupeKey(deps, provider, raw))
    }
    const paymentSchema = { tags: ['Payments'], response: { 200: Accepted } }
    app.post(
      '/payments/webhook',
      {
        config: paymentWebhook,
        bodyLimit: PAYMENTS_BODY_LIMIT,
        schema: {
          ...paymentSchema,
          operationId: 'receivePaymentWebhook',
          summary: 'Webhook of a payment provider, found by its signature header',
          description: PAYMENT_WEBHOOK,
        },
      },
      (request) => acceptPayment(request),
    )
    for (const provider of ['stripe', 'conekta', 'mock'] as const)
      app.post(
        `/payments/webhook/${provider}`,
        {
          config: paymentWebhook,
          bodyLimit: PAYMENTS_BODY_LIMIT,
          schema: {
            ...paymentSchema,
            operationId: `receive${provider.charAt(0).toUpperCase()}${provider.slice(1)}Webhook`,
            summary: `Webhook of ${NAMES[provider]}`,
          },
        },
        (request) => acceptPayment(request, provider),
      )
    // Any other name is refused with the names that there are.
    app.post(
      '/payments/webhook/:provider',
      {
        config: paymentWebhook,
        bodyLimit: PAYMENTS_BODY_LIMIT,
        schema: { hide: true, params: Type.Object({ provider: Type.String({ maxLength: 20 }) }) },
      },
      (request) => acceptPayment(request, request.params.provider),
    )
  }

/** The provider by signature header, else by the body, else the configured one (contract of POST /payments/webhook). */
function providerOfWebhook(headers: FastifyRequest['headers'], inBody: unknown, configured: string): unknown {
  if (headers['stripe-signature'] !== undefined) return 'stripe'
  if (headers['digest'] !== undefined) return 'conekta'
  return inBody ?? configured
}

const NAMES: Record<ProviderName, string> = { stripe: 'Stripe', conekta: 'Conekta', mock: 'the mock provider' }
const isProvider = (name: unknown): name is ProviderName => name === 'stripe' || name === 'conekta' || name === 'mock'

/** The provider's event id, if the body has one; undefined: the hash of the body is the key. */
function readDedupeKey(deps: Deps, provider: ProviderName, raw: Buffer): string | undefined {
  try {
    return readPaymentEvent(deps.providers, provider, raw).dedupeKey
  } catch {
    return undefined // signed but unreadable: stored under its hash, and becomes a dead letter
  }
}

/** Parses the body. Throws `invalid_json`, or `invalid_request` when it is not a JSON object. */
function readObject(body: unknown): Json {
  let parsed: unknown
  try {
    parsed = parseJson(Buffer.isBuffer(body) ? body : Buffer.alloc(0), 'unreadable')
  } catch (cause) {
    throw new Failure('invalid_json', { detail: 'The body is not valid JSON in UTF-8.', cause })
  }
  const object = asObject(parsed)
  if (!object) {
    throw new Failure('invalid_request', {
      detail: 'The body must be a JSON object.',
      errors: [{ path: 'body', message: 'must be object' }],
    })
  }
  return object
}

/** 360dialog does not sign; it documents a secret header or a Basic password. Meta signs the bytes (X-Hub-Signature-256). */
function checkWhatsAppOrigin(config: Config['whatsapp'], request: FastifyRequest): void {
  const { webhookSecret, webhookSecretHeader, appSecret } = config
  if (webhookSecret) {
    const header = request.headers[webhookSecretHeader]
    const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const password = Buffer.from(basic, 'base64').toString('utf8').split(':').slice(1).join(':')
    const hasSecret = [header, password].some((given) => typeof given === 'string' && isSame(given, webhookSecret))
    if (!hasSecret)
      throw new Failure('invalid_signature', {
        detail: `Send the secret in ${webhookSecretHeader} or as the Basic password.`,
      })
  }
  if (appSecret) {
    const expected = createHmac('sha256', appSecret)
      .update(request.body as Buffer)
      .digest()
    const given = Buffer.from(String(request.headers['x-hub-signature-256'] ?? '').replace(/^sha256=/, ''), 'hex')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Failure('invalid_signature')
  }
}

/** Checks Resend's signature. Without a secret anybody could suppress addresses, so production requires one. */
function checkEmailOrigin({ config, now }: Deps, request: FastifyRequest): void {
  const secret = config.email.webhookSecret
  if (!secret && config.env !== 'production') return
  if (!secret || !isSignedByResend(secret, request.headers, request.body as Buffer, now()))
    throw new Failure('invalid_signature', {
      detail: 'svix-signature must match the body and be at most 5 minutes old.',
    })
}
