/**
 * What is wrong with an environment, all of it at once: each variable by itself, then the rules that span variables.
 * A rule is skipped when a variable that it reads is wrong already. The value of a secret is never printed.
 */
import { createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import { Type, type Static, type TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { ENVIRONMENT, VARIABLES } from './environment.ts'
import { readPrices } from './price-list.ts'
import { closestName } from './spelling.ts'
import { describeForm, type Variable } from './variables.ts'

const Environment = Type.Object(ENVIRONMENT)
export type Environment = Static<typeof Environment>
export type Given = Record<string, string | undefined>
type Name = keyof typeof ENVIRONMENT

/** The values, and every problem as one line that begins with the name. With a problem the values are not complete. */
export function checkEnvironment(
  env: Given,
  { isTool = false }: { isTool?: boolean } = {},
): { values: Environment; problems: string[] } {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  const wrong = new Set<string>()
  for (const [name, schema] of Object.entries(ENVIRONMENT)) {
    const value = parse(env[name], schema)
    if (value === undefined) continue
    if (Check(schema, value) && (CHECKS[name as Name]?.(String(value)) ?? isAddressOrOther(schema, value))) {
      values[name] = value
    } else {
      wrong.add(name)
      problems.push(describeProblem(name, value))
    }
  }
  const rules = isTool ? RULES : [...RULES, NEEDS_JWT_SECRET]
  for (const { reads, problem } of rules) {
    if (reads.some((name) => wrong.has(name))) continue
    const found = problem(values as Environment, env)
    if (found) problems.push(found)
  }
  return { values: values as Environment, problems }
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

/** Free text may hold a key that was pasted into the wrong line, so only what is no free text is repeated. */
function describeProblem(name: string, value: unknown): string {
  const variable: Variable = VARIABLES[name]!
  const isRepeated = variable.enum !== undefined || (variable.type !== undefined && variable.type !== 'string')
  const given = isRepeated && !variable.secret ? `, not ${JSON.stringify(value).slice(0, 60)}` : ''
  return `${name} must be ${describeForm(variable)}${given}`
}

/** What a pattern cannot say. The words are the `form` of the variable. */
const CHECKS: Partial<Record<Name, (value: string) => boolean>> = {
  DATABASE_URL: isDecodable,
  DATABASE_DIRECT_URL: isDecodable,
  REDIS_URL: isDecodable,
  TRUSTED_PROXIES: (list) => list.split(',').every((part) => isNetwork(part.trim())),
  DELIVERY_QUIET_HOURS: (hours) => hours.split('-')[0] !== hours.split('-')[1],
  LANDING_JOB_TIME_ZONE: isTimeZone,
  WA_PRICES: (json) => readPrices(json) !== null,
}

const isAddressOrOther = (schema: TSchema & { isAddress?: boolean }, value: unknown): boolean =>
  !schema.isAddress || URL.canParse(String(value))

/** A password with a stray %, # or / breaks the drivers long after the start. */
function isDecodable(address: string): boolean {
  try {
    const { username, password, pathname } = new URL(address)
    return [username, password, pathname].every((part) => decodeURIComponent(part) !== undefined)
  } catch {
    return false
  }
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** An IANA name with a region, or UTC: abbreviations and bare offsets know no summer time. */
export function isTimeZone(name: string): boolean {
  if (name !== 'UTC' && (!name.includes('/') || /^(systemv|etc)\//i.test(name))) return false
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}

const DATABASE = ['DATABASE_URL', 'DB_HOST'] as const
const MODE = [...DATABASE, 'AUTH_MODE'] as const

export const isEmbedded = (e: Pick<Environment, 'DATABASE_URL' | 'DB_HOST'>): boolean => !e.DATABASE_URL && !e.DB_HOST
export const authModeOf = (e: Pick<Environment, 'DATABASE_URL' | 'DB_HOST' | 'AUTH_MODE'>): 'required' | 'demo' =>
  e.AUTH_MODE ?? (isEmbedded(e) ? 'demo' : 'required')

type Rule = { reads: readonly Name[]; problem: (e: Environment, env: Given) => string | false | undefined }

/** HS256 needs a key of at least 256 bits (RFC 7518, 3.2). Tests may use a shorter one. */
export const isUsableSecret = (e: Pick<Environment, 'APP_ENV' | 'JWT_SECRET'>): boolean =>
  e.JWT_SECRET !== undefined && (e.APP_ENV === 'test' || Buffer.byteLength(e.JWT_SECRET) >= 32)

/** Whoever signs tokens needs a key that survives a restart and cannot be guessed. Tools sign none. */
const NEEDS_JWT_SECRET: Rule = {
  reads: [...MODE, 'APP_ENV', 'JWT_SECRET'],
  problem: (e, env) => {
    const isNeeded = e.APP_ENV === 'production' || (e.APP_ENV !== 'test' && authModeOf(e) === 'required')
    if (!isNeeded || isUsableSecret(e)) return false
    const given = env['JWT_SECRET']?.trim() ? 'is too weak or a placeholder' : 'is missing'
    const why = e.APP_ENV === 'production' ? 'APP_ENV=production' : 'AUTH_MODE=required'
    return `JWT_SECRET ${given}: ${why} needs at least 32 bytes (openssl rand -base64 48)`
  },
}

const inProduction = (reads: readonly Name[], problem: Rule['problem']): Rule => ({
  reads: [...reads, 'APP_ENV'],
  problem: (e, env) => e.APP_ENV === 'production' && problem(e, env),
})

const fitsLease = (
  name: 'WA_TIMEOUT_SECONDS' | 'EMAIL_TIMEOUT_SECONDS',
  key: 'WA_360DIALOG_API_KEY' | 'RESEND_API_KEY',
): Rule => ({
  reads: [name, key, 'DELIVERY_LEASE_SECONDS'],
  problem: (e) =>
    e[key] &&
    e[name] * 2 > e.DELIVERY_LEASE_SECONDS &&
    `${name} must be at most half of DELIVERY_LEASE_SECONDS (${e.DELIVERY_LEASE_SECONDS}), so that no other worker sends the same message meanwhile`,
})

const RULES: Rule[] = [
  {
    reads: [...DATABASE, 'DB_USER', 'DB_NAME'],
    problem: (e) =>
      e.DB_HOST &&
      !e.DATABASE_URL &&
      !(e.DB_USER && e.DB_NAME) &&
      'DB_HOST needs DB_USER and DB_NAME beside it (or use DATABASE_URL instead)',
  },
  {
    reads: [...DATABASE, 'DATABASE_DIRECT_URL'],
    problem: (e) =>
      e.DATABASE_DIRECT_URL &&
      isEmbedded(e) &&
      'DATABASE_DIRECT_URL needs the address of the pooler beside it, in DATABASE_URL or DB_* (or call it DATABASE_URL if there is no pooler)',
  },
  {
    reads: ['RESEND_API_KEY', 'RESEND_FROM_EMAIL'],
    problem: (e) =>
      e.RESEND_API_KEY &&
      !e.RESEND_FROM_EMAIL &&
      'RESEND_FROM_EMAIL is missing: RESEND_API_KEY needs a sender at a domain verified with Resend',
  },
  fitsLease('WA_TIMEOUT_SECONDS', 'WA_360DIALOG_API_KEY'),
  fitsLease('EMAIL_TIMEOUT_SECONDS', 'RESEND_API_KEY'),
  {
    reads: ['CONEKTA_API_KEY', 'CONEKTA_WEBHOOK_PUBLIC_KEY'],
    problem: (e) =>
      e.CONEKTA_API_KEY &&
      e.CONEKTA_WEBHOOK_PUBLIC_KEY &&
      !isPublicKey(e.CONEKTA_WEBHOOK_PUBLIC_KEY) &&
      'CONEKTA_WEBHOOK_PUBLIC_KEY must be a public key in PEM (-----BEGIN PUBLIC KEY-----\\n…): every webhook of Conekta would be refused',
  },
  inProduction(MODE, (e) => authModeOf(e) === 'demo' && 'AUTH_MODE=demo is refused when APP_ENV=production'),
  inProduction(
    [...DATABASE, 'ALLOW_EMBEDDED_IN_PRODUCTION'],
    (e) =>
      isEmbedded(e) &&
      !e.ALLOW_EMBEDDED_IN_PRODUCTION &&
      'DATABASE_URL is missing: production refuses the embedded database unless ALLOW_EMBEDDED_IN_PRODUCTION=true',
  ),
  inProduction(
    ['WA_WEBHOOK_SECRET', 'WA_APP_SECRET'],
    (e) =>
      !e.WA_WEBHOOK_SECRET &&
      !e.WA_APP_SECRET &&
      'WA_WEBHOOK_SECRET or WA_APP_SECRET must be set in production: /wa/webhook would accept anybody',
  ),
  inProduction(['PUBLIC_BASE_URL', 'WA_360DIALOG_API_KEY', 'RESEND_API_KEY'], (e) => {
    if (e.PUBLIC_BASE_URL?.startsWith('https://')) return false
    if (e.WA_360DIALOG_API_KEY)
      return 'PUBLIC_BASE_URL must be https with WA_360DIALOG_API_KEY: WhatsApp fetches images from it'
    return (
      e.RESEND_API_KEY && 'PUBLIC_BASE_URL must be https with RESEND_API_KEY: the links of every e-mail begin with it'
    )
  }),
  inProduction(
    ['RESEND_API_KEY', 'RESEND_WEBHOOK_SECRET'],
    (e) =>
      e.RESEND_API_KEY &&
      !e.RESEND_WEBHOOK_SECRET &&
      'RESEND_WEBHOOK_SECRET is missing: without it bounces and complaints are never heard of',
  ),
  inProduction(
    ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
    (e) =>
      e.STRIPE_SECRET_KEY &&
      !e.STRIPE_WEBHOOK_SECRET &&
      'STRIPE_WEBHOOK_SECRET is missing: without it no payment of Stripe is ever confirmed',
  ),
  inProduction(
    ['CONEKTA_API_KEY', 'CONEKTA_WEBHOOK_PUBLIC_KEY'],
    (e) =>
      e.CONEKTA_API_KEY &&
      !e.CONEKTA_WEBHOOK_PUBLIC_KEY &&
      'CONEKTA_WEBHOOK_PUBLIC_KEY is missing: without it no payment of Conekta is ever confirmed',
  ),
  inProduction(['SIMULATOR'], (e) => e.SIMULATOR && 'SIMULATOR=true is refused when APP_ENV=production'),
]

function isPublicKey(pem: string): boolean {
  try {
    return createPublicKey(pem.replaceAll('\\n', '\n')) !== undefined
  } catch {
    return false
  }
}

/** Names of the system, the shell and npm, which no variable of ours is a spelling of. */
const FOREIGN = /^(PATH|HOME|USER|SHELL|TERM|LANG|PWD|OLDPWD|HOSTNAME|LOGNAME|TZ|(npm_|NODE_|LC_|XDG_|PG).*)$/i

/** «RESEND_APIKEY is not known: did you mean RESEND_API_KEY?», one for each variable that looks like one of ours. */
export function listMisspelled(env: Given): string[] {
  const known = Object.keys(ENVIRONMENT)
  return Object.keys(env)
    .filter((name) => !(name in ENVIRONMENT) && !FOREIGN.test(name))
    .flatMap((name) => {
      const meant = closestName(name.toUpperCase(), known)
      return meant ? [`${name} is not known: did you mean ${meant}?`] : []
    })
}
