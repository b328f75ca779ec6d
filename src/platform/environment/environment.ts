/**
 * Every environment variable: type, bounds, default and meaning. Those of the providers are in providers.ts, how long
 * logs are kept in retention.ts, the kinds of variables in variables.ts.
 */
import { Type, type TProperties } from 'typebox'
import { PROVIDER_VARIABLES } from './providers.ts'
import { RETENTION_VARIABLES } from './retention.ts'
import { decimal, flag, HTTP_ADDRESS, oneOf, secret, text, textWithDefault, whole } from './variables.ts'
import type { Variable } from './variables.ts'

const STORES = 'PostgreSQL and Redis'
const POSTGRES_ADDRESS = {
  pattern: '^postgres(ql)?://[^\\s]+$',
  form: 'postgres://user:password@host:port/database, with special characters percent-encoded',
  secret: true,
}

export const ENVIRONMENT = {
  APP_ENV: oneOf(
    'Process',
    ['development', 'test', 'production'],
    'development',
    'production refuses to start with unsafe settings.',
  ),
  HOST: text(
    'Process',
    'Address to listen on, for the API and for METRICS_PORT. Default: 127.0.0.1 in demo mode, otherwise 0.0.0.0.',
  ),
  PORT: whole('Process', 8080, 0, 65535, 'Port to listen on. 0 takes a free port.'),
  PUBLIC_BASE_URL: text(
    'Process',
    'Address under which guests reach this server. Links in messages begin with it. Default: http://localhost:PORT.',
    HTTP_ADDRESS,
  ),
  TRUSTED_PROXIES: text(
    'Process',
    'Addresses of the reverse proxies whose X-Forwarded-For header is believed. Empty: none.',
    { form: 'IP addresses or CIDR ranges separated by commas, such as 10.0.0.0/8, 127.0.0.1' },
  ),
  RATE_LIMIT_PER_MINUTE: whole(
    'Process',
    60_000,
    1,
    10_000_000,
    'Requests per minute that one client address may make before it gets a 429. Webhooks are never limited.',
  ),
  METRICS_TOKEN: secret('Process', 'When set, GET /metrics of API and workers requires it as a Bearer token.'),
  METRICS_PORT: Type.Optional(
    Type.Integer({
      section: 'Process',
      description:
        'Port of a worker process for /metrics, /health and /ready, on HOST. The API has them at PORT. 0 takes a free port. Default: none.',
      ...{ minimum: 0, maximum: 65535 },
    }),
  ),
  LOG_FORMAT: oneOf('Process', ['json', 'plain'], 'plain', 'json for machines, plain for people.'),
  LOG_LEVEL: oneOf(
    'Process',
    ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
    'info',
    'Lowest severity that is logged.',
  ),
  BOOT_WAIT_SECONDS: whole(
    'Process',
    30,
    0,
    3600,
    'Seconds that the start waits for PostgreSQL and Redis before it exits with code 1.',
  ),
  SHUTDOWN_SECONDS: whole(
    'Process',
    25,
    1,
    300,
    'Seconds that SIGTERM or Ctrl+C waits for running jobs and requests before the process exits anyway.',
  ),

  DATABASE_URL: text(
    STORES,
    'PostgreSQL 15 or newer. With neither this nor DB_HOST, an embedded PostgreSQL starts in DATA_FOLDER.',
    POSTGRES_ADDRESS,
  ),
  DATABASE_DIRECT_URL: text(
    STORES,
    'PostgreSQL itself, when DATABASE_URL or DB_HOST leads to a pooler such as PgBouncer (docs/pgbouncer.md). Migrations, long reads and queues on PostgreSQL go there. The start refuses a pooler without it.',
    POSTGRES_ADDRESS,
  ),
  DB_HOST: text(STORES, 'Host of PostgreSQL, when DATABASE_URL is not set. Needs DB_USER and DB_NAME.', {
    pattern: '^[^\\s/@?#]+$',
    form: 'a host name or an IP address',
  }),
  DB_PORT: whole(STORES, 5432, 1, 65535, 'Port of PostgreSQL on DB_HOST.'),
  DB_USER: text(STORES, 'User on DB_HOST.'),
  // Not `secret: true`: `local_…` is a real password in docker-compose.yml, not a placeholder.
  DB_PASSWORD: Type.Optional(Type.String({ section: STORES, description: 'Password of DB_USER.' })),
  DB_NAME: text(STORES, 'Database on DB_HOST.'),
  DB_POOL_MAX: whole(
    STORES,
    10,
    2,
    500,
    'Database connections per process. The queues open a few more of their own when they run on PostgreSQL.',
  ),
  REDIS_URL: text(STORES, 'Redis for queues, cache and locks. Without it they run on PostgreSQL.', {
    pattern: '^rediss?://[^\\s]+$',
    form: 'redis://host:port or rediss://host:port, with special characters percent-encoded',
    secret: true,
  }),
  MIGRATE_ON_START: flag(
    STORES,
    'Apply pending migrations at the start. Default: true with the embedded database, otherwise false (run npm run migrate).',
  ),
  DATA_FOLDER: textWithDefault(STORES, '.data', 'Folder of the embedded PostgreSQL.'),
  ALLOW_EMBEDDED_IN_PRODUCTION: flag(STORES, 'Allow APP_ENV=production on the embedded database. Default: false.'),

  AUTH_MODE: Type.Optional(
    Type.Enum(['required', 'demo'], {
      section: 'Access',
      description:
        'required: every request needs credentials. demo: a request without credentials acts as the demo director. Default: demo with the embedded database, otherwise required.',
    }),
  ),
  JWT_SECRET: secret(
    'Access',
    'Signs access tokens (HS256), at least 32 bytes: openssl rand -base64 48. API and workers refuse to start without it when AUTH_MODE=required, unless APP_ENV=test. Without it demo mode keeps a secret in DATA_FOLDER, or, with a database of your own, makes a new one at each start, so that logins end with it.',
  ),

  WORKER_CONCURRENCY: whole('Queues', 20, 1, 500, 'Jobs that one worker process runs at once, per queue.'),
  QUEUE_BACKOFF_DELAY_MS: whole(
    'Queues',
    2000,
    10,
    3_600_000,
    'Milliseconds before the first retry. Each further retry waits twice as long, up to one hour.',
  ),
  QUEUE_METRICS_INTERVAL_MS: whole(
    'Queues',
    30_000,
    100,
    3_600_000,
    'Milliseconds between two queue_metrics lines in the log.',
  ),

  DELIVERY_DEDUPE_WINDOW_MIN: whole(
    'Delivery',
    1440,
    0,
    525_600,
    'Minutes during which a second request for the same event, guest and template is a duplicate. 0: never.',
  ),
  DELIVERY_MAX_ATTEMPTS: whole('Delivery', 5, 1, 20, 'Calls to a provider before a delivery becomes a dead letter.'),
  DELIVERY_LEASE_SECONDS: whole(
    'Delivery',
    60,
    1,
    3600,
    'Seconds that a worker may keep a delivery for itself. Must be at least twice WA_TIMEOUT_SECONDS and EMAIL_TIMEOUT_SECONDS.',
  ),
  DELIVERY_UNKNOWN_WAIT_SECONDS: whole(
    'Delivery',
    600,
    1,
    86_400,
    'Seconds that a delivery with an unknown outcome waits for a status webhook.',
  ),
  DELIVERY_UNKNOWN_POLICY: oneOf(
    'Delivery',
    ['retry', 'review'],
    'retry',
    'What happens after that wait. retry: send once more, marked possibleDuplicate. review: leave it to a person as a dead letter.',
  ),
  DELIVERY_QUIET_HOURS: textWithDefault(
    'Delivery',
    '22:00-09:00',
    'Hours in which campaigns send nothing, in the time zone of the event. They may span midnight.',
    {
      pattern: '^(off|([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d)$',
      form: 'HH:mm-HH:mm with two different times, or off',
    },
  ),
  SIMULATOR: flag(
    'Delivery',
    'Let the simulated channels act like WhatsApp and Resend: statuses, replies, bounces and failures by number and address. They post them to /wa/webhook and /email/webhook. Never on while WA_360DIALOG_API_KEY or RESEND_API_KEY is set. Set it alike for API and workers. Default: true in demo mode, otherwise false.',
  ),

  ...PROVIDER_VARIABLES,

  LANDING_JOB_HOUR: whole('Landing', 3, 0, 23, 'Hour of the day at which the landing TTL job runs.'),
  LANDING_JOB_MINUTE: whole('Landing', 15, 0, 59, 'Minute of that hour.'),
  LANDING_JOB_TIME_ZONE: textWithDefault('Landing', 'America/Mexico_City', 'Time zone of that hour.', {
    form: 'an IANA time zone such as America/Mexico_City, or UTC',
  }),
  LANDING_TTL_DEFAULT_DAYS: whole(
    'Landing',
    180,
    1,
    100_000,
    'Days from the end of an event until its landing page expires, unless the event sets its own. Values outside 30–365 are clamped.',
  ),
  LANDING_TTL_LOCK_KEY: textWithDefault(
    'Landing',
    'lock:landing-ttl',
    'Key of the lock that keeps two processes from running the job at once.',
    { maxLength: 200 },
  ),
  LANDING_TTL_LOCK_TTL_SECONDS: whole(
    'Landing',
    300,
    1,
    86_400,
    'Seconds after which the lock of a process that died is free again.',
  ),

  KPI_REFRESH_INTERVAL_MINUTES: Type.Optional(
    Type.Number({
      section: 'Director',
      description:
        'Minutes between two refreshes of the materialized views. Default: 5, or 0.5 while the simulator is on.',
      ...{ minimum: 0.05, maximum: 1440 },
    }),
  ),
  DIRECTOR_CACHE_TTL_SECONDS: whole(
    'Director',
    15,
    0,
    86_400,
    'Seconds that an answer of GET /director/overview is cached. 0: not at all.',
  ),
  TICKET_USE: oneOf(
    'Director',
    ['scan', 'delivery'],
    'scan',
    'What uses the tickets of a guest: the people admitted at the door, or the first message that was sent.',
  ),
  TICKET_LIMIT: oneOf(
    'Director',
    ['warn', 'block'],
    'warn',
    'What an invitation does when its organizer has no tickets left: it leaves with a warning (X-Tickets-Left), or is refused (409 no_tickets_left).',
  ),
  TICKET_PREMIUM_FACTOR: decimal('Director', 2, 1, 100, 'Tickets that one place at a premium event counts as.'),

  ...RETENTION_VARIABLES,
} satisfies TProperties

/** The same, as its readers see it. */
export const VARIABLES = ENVIRONMENT as unknown as Record<string, Variable>
