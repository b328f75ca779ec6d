/**
 * Every environment variable: type, bounds, default and meaning. Those of the providers are in
 * environment-providers.ts, the kinds of variables in variables.ts.
 */
import { Type, type TProperties } from 'typebox'
import { PROVIDER_VARIABLES } from './environment-providers.ts'
import { decimal, flag, oneOf, secret, text, textWithDefault, URL_PATTERN, whole } from './variables.ts'

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
    ['retry', 'review'],
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

  ...PROVIDER_VARIABLES,

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
