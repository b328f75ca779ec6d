/**
 * The only reader of the environment: one schema, one frozen object, every problem in one message.
 *
 * `.env.example` and `docs/docker-env.md` are generated from ENVIRONMENT (npm run docs:env) and a
 * test compares them, so the description of a variable is written here and nowhere else.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Type, type Static, type TSchema } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { ENVIRONMENT } from './environment.ts'

const Environment = Type.Object(ENVIRONMENT)
type Environment = Static<typeof Environment>

/** Thrown by loadConfig. The message lists every problem, one a line. */
export class ConfigError extends Error {}

export type Config = ReturnType<typeof group>

/** The environment of this process, with the `.env` of its working folder behind it: what is exported wins. */
export function readEnvironment(): Record<string, string | undefined> {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/** Reads and checks the environment. Throws one ConfigError that lists all problems. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(ENVIRONMENT)) {
    const value = parse(env[name], schema)
    if (value !== undefined) values[name] = value
  }
  const problems = Errors(Environment, values).map(
    (error) => `${(error.instancePath.slice(1) || error.keyword).replaceAll('/', '.')} ${error.message}`,
  )
  if (problems.length === 0) problems.push(...crossCheck(values as Environment, env))
  if (problems.length > 0) {
    throw new ConfigError(`The environment has ${problems.length} problem(s):\n- ${problems.join('\n- ')}`)
  }
  return deepFreeze(group(values as Environment))
}

/** A secret that is a placeholder counts as absent (contract §3). */
const PLACEHOLDER = /^(your_|change_?me|local_)/i

function parse(raw: string | undefined, schema: TSchema & { secret?: boolean }): unknown {
  const text = raw?.trim()
  if (text === undefined || text === '' || (schema.secret && PLACEHOLDER.test(text))) {
    return 'default' in schema ? schema.default : undefined
  }
  const type = 'type' in schema ? schema.type : undefined
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** Rules that span variables; most of them keep an unsafe production from booting. */
function crossCheck(e: Environment, env: Record<string, string | undefined>): string[] {
  const problems: string[] = []
  const embedded = !databaseUrl(e)
  const authMode = e.AUTH_MODE ?? (embedded ? 'demo' : 'required')
  if (!isTimeZone(e.LANDING_JOB_TIME_ZONE)) {
    problems.push(`LANDING_JOB_TIME_ZONE must be an IANA time zone such as America/Mexico_City`)
  }
  if (e.DB_HOST && !e.DATABASE_URL && !(e.DB_USER && e.DB_NAME)) {
    problems.push('DB_HOST needs DB_USER and DB_NAME beside it (or use DATABASE_URL)')
  }
  problems.push(...checkProviders(e))
  if (e.APP_ENV !== 'production') return problems
  if (authMode === 'demo') problems.push('AUTH_MODE=demo is refused when APP_ENV=production')
  if (!e.JWT_SECRET || Buffer.byteLength(e.JWT_SECRET) < 32) {
    const given = env.JWT_SECRET?.trim() ? 'is too weak or a placeholder' : 'is missing'
    problems.push(`JWT_SECRET ${given}: production needs at least 32 bytes (openssl rand -base64 48)`)
  }
  if (embedded && !e.ALLOW_EMBEDDED_IN_PRODUCTION) {
    problems.push(
      'DATABASE_URL is missing: production refuses the embedded database unless ALLOW_EMBEDDED_IN_PRODUCTION=true',
    )
  }
  if (!e.WA_WEBHOOK_SECRET && !e.WA_APP_SECRET) {
    problems.push('WA_WEBHOOK_SECRET or WA_APP_SECRET must be set in production: /wa/webhook would accept anybody')
  }
  if (!e.PUBLIC_BASE_URL?.startsWith('https://')) {
    const why = e.WA_360DIALOG_API_KEY
      ? 'WA_360DIALOG_API_KEY: WhatsApp fetches images from it'
      : e.RESEND_API_KEY && 'RESEND_API_KEY: the links of every mail begin with it'
    if (why) problems.push(`PUBLIC_BASE_URL must be https with ${why}`)
  }
  if (e.RESEND_API_KEY && !e.RESEND_WEBHOOK_SECRET) {
    problems.push('RESEND_WEBHOOK_SECRET is missing: without it bounces and complaints are never heard of')
  }
  if (e.SIMULATOR) problems.push('SIMULATOR=true is refused when APP_ENV=production')
  return problems
}

function checkProviders(e: Environment): string[] {
  const problems: string[] = []
  if (!readPrices(e.WA_PRICES)) {
    problems.push(
      'WA_PRICES must be a JSON list of {"from":"2026-10-01","currency":"USD","marketing":0.03,"utility":0.01,"authentication":0.01,"service":0,"freeServicePerMonth":1000}, one a date',
    )
  }
  const [from, to] = e.DELIVERY_QUIET_HOURS.split('-')
  if (from === to) problems.push('DELIVERY_QUIET_HOURS must end at another time than they start (off: none)')
  if (e.RESEND_API_KEY && !e.RESEND_FROM_EMAIL) {
    problems.push('RESEND_FROM_EMAIL is missing: RESEND_API_KEY needs a sender at a domain verified with Resend')
  }
  const timeouts = [
    ['WA_TIMEOUT_SECONDS', e.WA_360DIALOG_API_KEY],
    ['EMAIL_TIMEOUT_SECONDS', e.RESEND_API_KEY],
  ] as const
  for (const [name, key] of timeouts) {
    if (key && e[name] * 2 > e.DELIVERY_LEASE_SECONDS) {
      problems.push(`${name} must be at most half of DELIVERY_LEASE_SECONDS, so that no other worker sends meanwhile`)
    }
  }
  return problems
}

function databaseUrl(e: Environment): string | undefined {
  if (e.DATABASE_URL) return e.DATABASE_URL
  if (!e.DB_HOST) return undefined
  const user = encodeURIComponent(e.DB_USER ?? '')
  const password = e.DB_PASSWORD ? `:${encodeURIComponent(e.DB_PASSWORD)}` : ''
  return `postgres://${user}${password}@${e.DB_HOST}:${e.DB_PORT}/${encodeURIComponent(e.DB_NAME ?? '')}`
}

/** Groups the flat environment by domain: `config.whatsapp.apiKey`. */
function group(e: Environment) {
  const url = databaseUrl(e)
  const embedded = url === undefined
  const authMode = e.AUTH_MODE ?? (embedded ? 'demo' : 'required')
  return {
    env: e.APP_ENV,
    embedded,
    http: {
      host: e.HOST ?? (authMode === 'demo' ? '127.0.0.1' : '0.0.0.0'),
      port: e.PORT,
      publicBaseUrl: (e.PUBLIC_BASE_URL ?? `http://localhost:${e.PORT}`).replace(/\/+$/, ''),
      trustedProxies: e.TRUSTED_PROXIES ? e.TRUSTED_PROXIES.split(',').map((cidr) => cidr.trim()) : [],
      rateLimitPerMinute: e.RATE_LIMIT_PER_MINUTE,
      metricsToken: e.METRICS_TOKEN,
    },
    log: { format: e.LOG_FORMAT, level: e.LOG_LEVEL },
    data: { folder: resolve(e.DATA_FOLDER) },
    database: { url, poolMax: e.DB_POOL_MAX, migrateOnStart: e.MIGRATE_ON_START ?? embedded },
    redis: { url: e.REDIS_URL },
    boot: { waitMs: e.BOOT_WAIT_SECONDS * 1000, shutdownMs: e.SHUTDOWN_SECONDS * 1000 },
    auth: { mode: authMode, jwtSecret: e.JWT_SECRET, accessTtlSeconds: 900, refreshTtlDays: 30 },
    queue: {
      backoffDelayMs: e.QUEUE_BACKOFF_DELAY_MS,
      metricsIntervalMs: e.QUEUE_METRICS_INTERVAL_MS,
      concurrency: e.WORKER_CONCURRENCY,
    },
    delivery: {
      dedupeWindowMs: e.DELIVERY_DEDUPE_WINDOW_MIN * 60_000,
      attemptsMax: e.DELIVERY_MAX_ATTEMPTS,
      leaseMs: e.DELIVERY_LEASE_SECONDS * 1000,
      unknownWaitMs: e.DELIVERY_UNKNOWN_WAIT_SECONDS * 1000,
      unknownPolicy: e.DELIVERY_UNKNOWN_POLICY,
      quietHours: quietHours(e.DELIVERY_QUIET_HOURS),
    },
    simulator: { isOn: e.SIMULATOR ?? authMode === 'demo' },
    whatsapp: {
      apiKey: e.WA_360DIALOG_API_KEY,
      apiUrl: baseAddress(e.WA_360DIALOG_API_URL, ['/v1/messages', '/messages', '/v1']),
      webhookSecret: e.WA_WEBHOOK_SECRET,
      webhookSecretHeader: e.WA_WEBHOOK_SECRET_HEADER.toLowerCase(),
      appSecret: e.WA_APP_SECRET,
      verifyToken: e.WA_VERIFY_TOKEN,
      phoneNumberId: e.WA_PHONE_NUMBER_ID,
      messageTextDays: e.WA_MESSAGE_TEXT_DAYS,
      windowMs: e.WA_SESSION_TTL_SECONDS * 1000,
      timeoutMs: e.WA_TIMEOUT_SECONDS * 1000,
      messagesPerSecond: e.WA_MESSAGES_PER_SECOND,
      pairIntervalMs: e.WA_PAIR_INTERVAL_SECONDS * 1000,
      messagingLimit: readMessagingLimit(e.WA_MESSAGING_LIMIT),
      prices: readPrices(e.WA_PRICES) ?? [],
    },
    email: {
      apiKey: e.RESEND_API_KEY,
      apiUrl: baseAddress(e.RESEND_API_URL, ['/emails']),
      from: e.RESEND_FROM_EMAIL,
      webhookSecret: e.RESEND_WEBHOOK_SECRET,
      timeoutMs: e.EMAIL_TIMEOUT_SECONDS * 1000,
      messagesPerSecond: e.EMAIL_MESSAGES_PER_SECOND,
    },
    payments: {
      provider: e.PAYMENTS_PROVIDER,
      stripe: {
        secretKey: e.STRIPE_SECRET_KEY,
        apiUrl: baseAddress(e.STRIPE_API_URL, ['/v1/payment_intents', '/v1']),
        webhookSecret: e.STRIPE_WEBHOOK_SECRET,
      },
      conekta: {
        apiKey: e.CONEKTA_API_KEY,
        apiUrl: baseAddress(e.CONEKTA_API_URL, ['/orders']),
        webhookPublicKey: e.CONEKTA_WEBHOOK_PUBLIC_KEY?.replaceAll('\\n', '\n'),
      },
    },
    landing: {
      jobHour: e.LANDING_JOB_HOUR,
      jobMinute: e.LANDING_JOB_MINUTE,
      jobTimeZone: e.LANDING_JOB_TIME_ZONE,
      ttlDefaultDays: clamp(e.LANDING_TTL_DEFAULT_DAYS, 30, 365),
      lockKey: e.LANDING_TTL_LOCK_KEY,
      lockTtlMs: e.LANDING_TTL_LOCK_TTL_SECONDS * 1000,
    },
    director: {
      refreshIntervalMs: e.KPI_REFRESH_INTERVAL_MINUTES * 60_000,
      cacheTtlMs: e.DIRECTOR_CACHE_TTL_SECONDS * 1000,
      premiumFactor: e.TICKET_PREMIUM_FACTOR,
    },
  }
}

/** Keeps scheme, host and port, and any path but the ending that the vendor's own documents show. */
function baseAddress(url: string, endings: string[]): string {
  const trimmed = url.replace(/\/+$/, '')
  const ending = endings.find((candidate) => trimmed.endsWith(candidate))
  return (ending ? trimmed.slice(0, -ending.length) : trimmed).replace(/\/+$/, '')
}

/** What one WhatsApp message to Mexico costs from a date on, in units of `currency`. */
const Price = Type.Object(
  {
    from: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    mxnRate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    marketing: Type.Number({ minimum: 0 }),
    utility: Type.Number({ minimum: 0 }),
    authentication: Type.Number({ minimum: 0 }),
    service: Type.Number({ minimum: 0 }),
    freeServicePerMonth: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)
export type WhatsAppPrice = Static<typeof Price>

/** Oldest first; null when the text is no such list. */
function readPrices(json: string): WhatsAppPrice[] | null {
  try {
    const prices: unknown = JSON.parse(json)
    if (!Check(Type.Array(Price, { minItems: 1 }), prices)) return null
    const dates = prices.map(({ from }) => from)
    const areDates = dates.every((date) => new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date))
    if (!areDates || new Set(dates).size < dates.length) return null
    return prices.toSorted((a, b) => (a.from < b.from ? -1 : 1))
  } catch {
    return null
  }
}

/** Null: unlimited. undefined: nobody said. */
const readMessagingLimit = (text: string | undefined): number | null | undefined =>
  text === undefined ? undefined : text === 'unlimited' ? null : Number(text)

function quietHours(text: string): { from: string; to: string } | null {
  const [from, to] = text.split('-')
  return from && to ? { from, to } : null
}

export const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value))

export function isTimeZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(object)
}
