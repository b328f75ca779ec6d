/**
 * The only reader of the environment: one frozen object, grouped by domain, or every problem in one message.
 *
 * A variable is described in environment/environment.ts and nowhere else: `.env.example`, `docs/docker-env.md` and every
 * `--help` are generated from there. What can be wrong with it is in environment/check.ts.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { authModeOf, checkEnvironment, isEmbedded, isUsableSecret, listMisspelled } from './environment/check.ts'
import type { Environment, Given } from './environment/check.ts'
import { readPrices } from './environment/price-list.ts'

export { isTimeZone, listMisspelled } from './environment/check.ts'
export type { WhatsAppPrice } from './environment/price-list.ts'

/** Thrown by loadConfig. The message lists every problem, one a line. */
export class ConfigError extends Error {}

export type Config = ReturnType<typeof group>

/** The environment of this process, with the `.env` of its working folder behind it: what is exported wins. */
export function readEnvironment(): Given {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

/**
 * Reads and checks the environment. Throws one ConfigError that lists all problems. `isTool`: a program that ends by
 * itself and signs no tokens, so it needs no JWT_SECRET.
 */
export function loadConfig(env: Given, options: { isTool?: boolean } = {}): Config {
  const { values, problems } = checkEnvironment(env, options)
  if (problems.length > 0) {
    const lines = [...problems, ...listMisspelled(env)].map((line) => `- ${line}`)
    throw new ConfigError(`The environment has ${problems.length} problem(s):\n${lines.join('\n')}`)
  }
  return deepFreeze(group(values))
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
  const embedded = isEmbedded(e)
  const authMode = authModeOf(e)
  const isSimulating = (e.SIMULATOR ?? authMode === 'demo') && !e.WA_360DIALOG_API_KEY && !e.RESEND_API_KEY
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
      metricsPort: e.METRICS_PORT,
    },
    log: { format: e.LOG_FORMAT, level: e.LOG_LEVEL },
    data: { folder: resolve(e.DATA_FOLDER) },
    database: {
      url,
      directUrl: e.DATABASE_DIRECT_URL,
      poolMax: e.DB_POOL_MAX,
      migrateOnStart: e.MIGRATE_ON_START ?? embedded,
    },
    redis: { url: e.REDIS_URL },
    boot: { waitMs: e.BOOT_WAIT_SECONDS * 1000, shutdownMs: e.SHUTDOWN_SECONDS * 1000 },
    auth: {
      mode: authMode,
      jwtSecret: isUsableSecret(e) ? e.JWT_SECRET : undefined,
      isSecretWeak: e.JWT_SECRET !== undefined && !isUsableSecret(e),
      ...{ accessTtlSeconds: 900, refreshTtlDays: 30 },
    },
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
    // With a real channel a reply to a made-up guest could leave for real.
    simulator: { isOn: isSimulating },
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
      latePolicy: e.LATE_PAYMENT_POLICY,
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
      refreshIntervalMs: (e.KPI_REFRESH_INTERVAL_MINUTES ?? (isSimulating ? 0.5 : 5)) * 60_000,
      cacheTtlMs: e.DIRECTOR_CACHE_TTL_SECONDS * 1000,
    },
    retention: {
      webhookDays: e.WEBHOOKS_KEPT_DAYS,
      paymentWebhookDays: e.PAYMENT_WEBHOOKS_KEPT_DAYS,
      logDays: {
        delivery_events: e.DELIVERY_EVENTS_KEPT_DAYS,
        delivery_attempts: e.DELIVERY_ATTEMPTS_KEPT_DAYS,
        scans: e.SCANS_KEPT_DAYS,
      },
    },
    tickets: { limit: e.TICKET_LIMIT, use: e.TICKET_USE, premiumFactor: e.TICKET_PREMIUM_FACTOR },
  }
}

/** Keeps scheme, host and port, and any path but the ending that the vendor's own documents show. */
function baseAddress(url: string, endings: string[]): string {
  const trimmed = url.replace(/\/+$/, '')
  const ending = endings.find((candidate) => trimmed.endsWith(candidate))
  return (ending ? trimmed.slice(0, -ending.length) : trimmed).replace(/\/+$/, '')
}

/** Null: unlimited. undefined: nobody said. */
const readMessagingLimit = (text: string | undefined): number | null | undefined =>
  text === undefined ? undefined : text === 'unlimited' ? null : Number(text)

function quietHours(text: string): { from: string; to: string } | null {
  const [from, to] = text.split('-')
  return from && to ? { from, to } : null
}

export const clamp = (value: number, min: number, max: number) => Math.min(max, Math.max(min, value))

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(object)
}
