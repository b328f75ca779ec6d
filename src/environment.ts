/**
 * Every environment variable: type, bounds, default and meaning. Sections are for the reader of
 * docs/docker-env.md. `secret: true` marks what is never printed and where a placeholder
 * (`your_…`, `change_me`, `local_…`) counts as absent.
 */
import { Type, type TProperties } from 'typebox'

const text = (section: string, description: string, more: object = {}) =>
  Type.Optional(Type.String({ section, description, ...more }))
const textWithDefault = (section: string, value: string, description: string, more: object = {}) =>
  Type.String({ section, description, default: value, ...more })
const secret = (section: string, description: string) =>
  Type.Optional(Type.String({ section, description, secret: true }))
const whole = (section: string, value: number, minimum: number, maximum: number, description: string) =>
  Type.Integer({ section, description, default: value, minimum, maximum })
const decimal = (section: string, value: number, minimum: number, maximum: number, description: string) =>
  Type.Number({ section, description, default: value, minimum, maximum })
const flag = (section: string, description: string) => Type.Optional(Type.Boolean({ section, description }))
const oneOf = <const T extends string>(section: string, values: T[], value: T, description: string) =>
  Type.Enum(values, { section, description, default: value })

/**
 * Service messages are billed since 2026-10-01, as utility templates are, after 1,000 free ones a month and number.
 */
const DEFAULT_WA_PRICES = JSON.stringify([
  {
    from: '2025-07-01',
    currency: 'USD',
    mxnRate: 18,
    marketing: 0.0305,
    utility: 0.0085,
    authentication: 0.0085,
    service: 0,
  },
  {
    from: '2026-10-01',
    currency: 'USD',
    mxnRate: 18,
    marketing: 0.0397,
    utility: 0.0085,
    authentication: 0.0085,
    service: 0.0085,
    freeServicePerMonth: 1000,
  },
])

const URL_PATTERN = '^https?://[^\\s]+$'

export const ENVIRONMENT = {
  APP_ENV: oneOf(
    'Process',
    ['development', 'test', 'production'],
    'development',
    'production refuses to boot with unsafe settings.',
  ),
  HOST: text('Process', 'Address to listen on. Default: 127.0.0.1 in demo mode, else 0.0.0.0.'),
  PORT: whole('Process', 8080, 0, 65535, 'Port to listen on; 0 takes a free one.'),
  PUBLIC_BASE_URL: text(
    'Process',
    'Address that guests use; it is what links in messages start with. Default: http://localhost:PORT.',
    { pattern: URL_PATTERN },
  ),
  TRUSTED_PROXIES: text(
    'Process',
    'CIDRs of the reverse proxies whose X-Forwarded-For is believed, separated by commas. Empty: none.',
    { pattern: '^[0-9a-fA-F:./, ]+$' },
  ),
  RATE_LIMIT_PER_MINUTE: whole(
    'Process',
    60_000,
    1,
    10_000_000,
    'Requests per minute and client address before 429. Webhooks are never limited.',
  ),
  METRICS_TOKEN: secret('Process', 'When set, GET /metrics wants it as a Bearer token.'),
  LOG_FORMAT: oneOf('Process', ['json', 'plain'], 'plain', 'json for machines, plain for people.'),
  LOG_LEVEL: oneOf(
    'Process',
    ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
    'info',
    'Least severe level that is written.',
  ),
  BOOT_WAIT_SECONDS: whole(
    'Process',
    30,
    0,
    3600,
    'How long the start waits for PostgreSQL and Redis before it exits with 1.',
  ),
  SHUTDOWN_SECONDS: whole('Process', 25, 1, 300, 'How long SIGTERM waits for running jobs and requests.'),

  DATABASE_URL: text(
    'PostgreSQL and Redis',
    'postgres://… (PostgreSQL 15 or newer). Neither this nor DB_HOST: an embedded PostgreSQL under DATA_FOLDER.',
    { pattern: '^postgres(ql)?://[^\\s]+$', secret: true },
  ),
  DB_HOST: text('PostgreSQL and Redis', 'Instead of DATABASE_URL.'),
  DB_PORT: whole('PostgreSQL and Redis', 5432, 1, 65535, 'With DB_HOST.'),
  DB_USER: text('PostgreSQL and Redis', 'With DB_HOST.'),
  DB_PASSWORD: Type.Optional(Type.String({ section: 'PostgreSQL and Redis', description: 'With DB_HOST.' })),
  DB_NAME: text('PostgreSQL and Redis', 'With DB_HOST.'),
  DB_POOL_MAX: whole(
    'PostgreSQL and Redis',
    10,
    2,
    500,
    'Connections per process for the product itself; the queues open a few of their own.',
  ),
  REDIS_URL: text('PostgreSQL and Redis', 'redis://… Queues, cache and locks use it; without it they use PostgreSQL.', {
    pattern: '^rediss?://[^\\s]+$',
    secret: true,
  }),
  MIGRATE_ON_START: flag(
    'PostgreSQL and Redis',
    'Apply migrations at the start. Default: true with the embedded database, else false (npm run migrate).',
  ),
  DATA_FOLDER: textWithDefault('PostgreSQL and Redis', '.data', 'Where the embedded PostgreSQL lives.'),
  ALLOW_EMBEDDED_IN_PRODUCTION: flag('PostgreSQL and Redis', 'Lets production run on the embedded database.'),

  AUTH_MODE: Type.Optional(
    Type.Enum(['required', 'demo'], {
      section: 'Access',
      description:
        'demo: a request without credentials acts as the demo director. Default: demo with the embedded database, else required.',
    }),
  ),
  JWT_SECRET: secret(
    'Access',
    'Signs access tokens (HS256), at least 32 bytes. Without it outside production one is made per start, so sessions end at a restart.',
  ),

  WORKER_CONCURRENCY: whole('Queues', 20, 1, 500, 'Jobs at once per queue and worker process.'),
  QUEUE_BACKOFF_DELAY_MS: whole(
    'Queues',
    2000,
    10,
    3_600_000,
    'First pause before a retry, in milliseconds; it doubles each time.',
  ),
  QUEUE_METRICS_INTERVAL_MS: whole('Queues', 30_000, 100, 3_600_000, 'How often a queue_metrics line is logged.'),

  DELIVERY_DEDUPE_WINDOW_MIN: whole(
    'Delivery',
    1440,
    0,
    525_600,
    'Minutes in which the same event, guest and template is a duplicate.',
  ),
  DELIVERY_MAX_ATTEMPTS: whole('Delivery', 5, 1, 20, 'Calls to a provider before a delivery is dead.'),
  DELIVERY_LEASE_SECONDS: whole(
    'Delivery',
    60,
    1,
    3600,
    'How long a worker may hold a delivery; longer than two provider timeouts.',
  ),
  DELIVERY_UNKNOWN_WAIT_SECONDS: whole(
    'Delivery',
    600,
    1,
    86_400,
    'How long an outcome that nobody saw waits for a status callback.',
  ),
  DELIVERY_UNKNOWN_POLICY: oneOf(
    'Delivery',
    ['retry', 'hold'],
    'retry',
    'What follows the wait: one more send marked possibleDuplicate, or a dead letter for a person.',
  ),
  DELIVERY_QUIET_HOURS: textWithDefault(
    'Delivery',
    '22:00-09:00',
    'Hours in which no phone rings, HH:mm-HH:mm in the time zone of the event; they may span midnight. off: none.',
    { pattern: '^(off|([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d)$' },
  ),
  SIMULATOR: flag(
    'Delivery',
    'Simulated provider: it accepts, and beside the API it posts statuses and some replies to POST /wa/webhook. The same for API and workers. Default: true in demo mode, else false.',
  ),

  WA_360DIALOG_API_KEY: secret('WhatsApp (360dialog)', 'D360-API-KEY of the number.'),
  WA_360DIALOG_API_URL: textWithDefault('WhatsApp (360dialog)', 'https://waba-v2.360dialog.io', 'Base address.', {
    pattern: URL_PATTERN,
  }),
  WA_TIMEOUT_SECONDS: whole(
    'WhatsApp (360dialog)',
    15,
    1,
    300,
    'How long one call may take; twice this must fit into DELIVERY_LEASE_SECONDS. Then its outcome is unknown.',
  ),
  WA_MESSAGES_PER_SECOND: whole(
    'WhatsApp (360dialog)',
    80,
    1,
    1000,
    'Throughput of the number, for all workers together: 80, after an automatic upgrade up to 1,000; 20 for a number that a phone uses too.',
  ),
  WA_PAIR_INTERVAL_SECONDS: decimal(
    'WhatsApp (360dialog)',
    6,
    0,
    600,
    'Least pause between two messages to the same recipient; WhatsApp refuses more than one in 6 s with 131056.',
  ),
  WA_PRICES: textWithDefault(
    'WhatsApp (360dialog)',
    DEFAULT_WA_PRICES,
    'JSON list of what one message to Mexico costs, each from a date (UTC) on: {from, currency, mxnRate, marketing, utility, authentication, service, freeServicePerMonth}; mxnRate: pesos for one unit of the currency, for the estimate of savings. Public figures without volume tiers and without the fee of 360dialog, to be checked against the invoice.',
  ),
  WA_WEBHOOK_SECRET: secret(
    'WhatsApp (360dialog)',
    'Secret that POST /wa/webhook must carry, in the header below or as the password of HTTP Basic.',
  ),
  WA_WEBHOOK_SECRET_HEADER: textWithDefault(
    'WhatsApp (360dialog)',
    'X-Webhook-Secret',
    'Header that carries WA_WEBHOOK_SECRET.',
    { pattern: '^[A-Za-z0-9-]+$' },
  ),
  WA_APP_SECRET: secret(
    'WhatsApp (360dialog)',
    'App secret when Meta calls directly: X-Hub-Signature-256 must match the raw body.',
  ),
  WA_VERIFY_TOKEN: secret('WhatsApp (360dialog)', 'Answers GET /wa/webhook?hub.mode=subscribe.'),
  WA_SESSION_TTL_SECONDS: whole('WhatsApp (360dialog)', 86_400, 60, 864_000, 'Length of the customer-service window.'),

  RESEND_API_KEY: secret('E-mail (Resend)', 're_… key.'),
  RESEND_API_URL: textWithDefault('E-mail (Resend)', 'https://api.resend.com', 'Base address.', {
    pattern: URL_PATTERN,
  }),
  RESEND_FROM_EMAIL: text(
    'E-mail (Resend)',
    'Sender, at a domain verified with Resend: `Monotickets <invitaciones@monotickets.mx>`. RESEND_API_KEY needs it.',
    { pattern: '^([^<>@]+ <[^\\s<>@]+@[^\\s<>@]+>|[^\\s<>@]+@[^\\s<>@]+)$' },
  ),
  EMAIL_TIMEOUT_SECONDS: whole(
    'E-mail (Resend)',
    15,
    1,
    300,
    'How long one call may take; twice this must fit into DELIVERY_LEASE_SECONDS. Then its outcome is unknown.',
  ),
  EMAIL_MESSAGES_PER_SECOND: whole(
    'E-mail (Resend)',
    10,
    1,
    1000,
    'Calls per second that the account at Resend allows, for all workers together.',
  ),
  RESEND_WEBHOOK_SECRET: secret('E-mail (Resend)', 'whsec_… of the webhook endpoint.'),

  PAYMENTS_PROVIDER: oneOf(
    'Payments',
    ['mock', 'stripe', 'conekta'],
    'mock',
    'Provider of an intent that names none. Without its keys it falls back to mock.',
  ),
  STRIPE_SECRET_KEY: secret('Payments', 'sk_test_… or sk_live_…'),
  STRIPE_API_URL: textWithDefault('Payments', 'https://api.stripe.com', 'Base address.', { pattern: URL_PATTERN }),
  STRIPE_WEBHOOK_SECRET: secret('Payments', 'whsec_… of the webhook endpoint.'),
  CONEKTA_API_KEY: secret('Payments', 'Private key.'),
  CONEKTA_API_URL: textWithDefault('Payments', 'https://api.conekta.io', 'Base address.', { pattern: URL_PATTERN }),
  CONEKTA_WEBHOOK_PUBLIC_KEY: secret('Payments', 'PEM of the webhook key; \\n stands for a line break.'),

  LANDING_JOB_HOUR: whole('Landing', 3, 0, 23, 'Hour of the nightly TTL job.'),
  LANDING_JOB_MINUTE: whole('Landing', 15, 0, 59, 'Minute of the nightly TTL job.'),
  LANDING_JOB_TIME_ZONE: textWithDefault('Landing', 'America/Mexico_City', 'Time zone of that hour.'),
  LANDING_TTL_DEFAULT_DAYS: whole(
    'Landing',
    180,
    1,
    100_000,
    'Days from the end of an event until its landing expires, unless the event says its own. Clamped to 30–365.',
  ),
  LANDING_TTL_LOCK_KEY: textWithDefault(
    'Landing',
    'lock:landing-ttl',
    'Key of the lock that lets one process run the job.',
    { maxLength: 200 },
  ),
  LANDING_TTL_LOCK_TTL_SECONDS: whole('Landing', 300, 1, 86_400, 'A dead holder keeps the lock no longer than this.'),

  KPI_REFRESH_INTERVAL_MINUTES: decimal('Director', 5, 0.05, 1440, 'How often the materialized views are refreshed.'),
  DIRECTOR_CACHE_TTL_SECONDS: whole(
    'Director',
    15,
    0,
    86_400,
    'How long an answer of GET /director/overview is kept. 0: not at all.',
  ),
  TICKET_PREMIUM_FACTOR: decimal('Director', 2, 1, 100, 'How many tickets one place of a premium event counts.'),
} satisfies TProperties
