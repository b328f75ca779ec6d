import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, listMisspelled, loadConfig, readEnvironment } from './config.ts'

type Env = Record<string, string | undefined>

/** What production needs at least; a test takes one thing away or adds one. */
const PRODUCTION: Env = {
  APP_ENV: 'production',
  DATABASE_URL: 'postgres://app:secret@db:5432/monotickets',
  JWT_SECRET: 'x'.repeat(32),
  WA_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
}

const JWT_SECRET = 'x'.repeat(32)
/** A database of one's own, as small as it may be. */
const OWN_DATABASE: Env = { DATABASE_URL: PRODUCTION['DATABASE_URL'], JWT_SECRET }

/** The problems that the environment has, one a line. */
function problemsOf(env: Env): string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message.split('\n').slice(1)
  }
}

test('an empty environment is a demo on the embedded database, on loopback only', () => {
  const config = loadConfig({})

  assert.equal(config.embedded, true)
  assert.equal(config.auth.mode, 'demo')
  assert.equal(config.http.host, '127.0.0.1')
  assert.equal(config.http.port, 8080)
  assert.equal(config.simulator.isOn, true)
  assert.equal(config.database.migrateOnStart, true)
})

test('a configured database makes credentials required, opens the host and migrates only when asked', () => {
  const config = loadConfig(OWN_DATABASE)

  assert.equal(config.auth.mode, 'required')
  assert.equal(config.http.host, '0.0.0.0')
  assert.equal(config.simulator.isOn, false)
  assert.equal(config.database.migrateOnStart, false)
})

for (const [what, env, isOn] of [
  ['demo mode', {}, true],
  ['demo mode with a key of WhatsApp', { WA_360DIALOG_API_KEY: 'key' }, false],
  ['demo mode with a key of Resend', { RESEND_API_KEY: 're_1', RESEND_FROM_EMAIL: 'a@b.mx' }, false],
  ['demo mode with a key of Stripe', { STRIPE_SECRET_KEY: 'sk_test_1' }, true],
  ['a key, whatever SIMULATOR says', { SIMULATOR: 'true', WA_360DIALOG_API_KEY: 'key' }, false],
  ['a placeholder instead of a key', { WA_360DIALOG_API_KEY: 'your_key' }, true],
] as const) {
  test(`${what}: the simulator is ${isOn ? 'on' : 'off'}`, () => {
    assert.equal(loadConfig(env).simulator.isOn, isOn)
  })
}

test('demo mode with a database listens on loopback unless HOST is set', () => {
  const demo = { DATABASE_URL: PRODUCTION.DATABASE_URL, AUTH_MODE: 'demo' }

  assert.equal(loadConfig(demo).http.host, '127.0.0.1')
  assert.equal(loadConfig({ ...demo, HOST: '0.0.0.0' }).http.host, '0.0.0.0')
})

test('every problem is listed at once, each with the name of its variable', () => {
  const problems = problemsOf({
    PORT: '80a',
    LOG_LEVEL: 'loud',
    DATABASE_URL: 'mysql://db',
    WORKER_CONCURRENCY: '0',
    SIMULATOR: 'yes',
    LANDING_JOB_HOUR: '24',
  })

  const names = problems.map((line) => /^- ([A-Z_]+) /.exec(line)?.[1]).sort()
  assert.deepEqual(names, ['DATABASE_URL', 'LANDING_JOB_HOUR', 'LOG_LEVEL', 'PORT', 'SIMULATOR', 'WORKER_CONCURRENCY'])
})

/** One variable of each kind that is wrong, what it must be, and something that must not be repeated. */
const FORMS: [string, string, RegExp, string?][] = [
  ['PORT', '80a', /PORT must be a whole number from 0 to 65535, not "80a"$/],
  ['KPI_REFRESH_INTERVAL_MINUTES', '0', /must be a number from 0.05 to 1440, not 0$/],
  ['SIMULATOR', 'yes', /must be true or false, not "yes"$/],
  ['LOG_LEVEL', 'loud', /must be one of fatal, error, warn, info, debug, silent, not "loud"$/],
  ['DATABASE_URL', 'postgres://u:100%pure@db/x', /must be postgres:\/\/user:password@host/, '100%'],
  ['DATABASE_URL', 'postgres://u:p#w@db:port/x', /must be postgres:\/\/user:password@host/, 'p#w'],
  ['DATABASE_DIRECT_URL', 'postgres://u:p#w@db:port/x', /must be postgres:\/\/user:password@host/, 'p#w'],
  ['REDIS_URL', 'redis://:hunter2@host:none', /must be redis:\/\/host:port/, 'hunter2'],
  ['DB_HOST', 'db/x', /must be a host name or an IP address$/],
  ['PUBLIC_BASE_URL', 'https://a:b', /must be an http:\/\/ or https:\/\/ address$/],
  ['STRIPE_API_URL', 'https://u:hunter2@h:x', /must be an http:\/\/ or https:\/\/ address$/, 'hunter2'],
  ['STRIPE_SECRET_KEY', 'sk_test_x\u200b', /must be printable ASCII/, 'sk_test'],
  ['TRUSTED_PROXIES', '10.0.0.0/8, 300.1.1.1', /must be IP addresses or CIDR ranges/],
  ['TRUSTED_PROXIES', '10.0.0.0/33', /must be IP addresses or CIDR ranges/],
  ['WA_WEBHOOK_SECRET_HEADER', 'X Secret', /must be a header name of letters, digits and hyphens$/],
  ['WA_PHONE_NUMBER_ID', 'key_pasted_here', /must be digits only$/, 'key_pasted'],
  ['WA_PRICES', '{}', /must be a JSON list of \{"from"/],
  ['LANDING_JOB_TIME_ZONE', 'CST', /must be an IANA time zone such as America\/Mexico_City, or UTC$/],
  ['LANDING_JOB_TIME_ZONE', '-06:00', /must be an IANA time zone/],
  ['DELIVERY_QUIET_HOURS', '22:00-22:00', /must be HH:mm-HH:mm with two different times, or off$/],
  ['LANDING_TTL_LOCK_KEY', 'x'.repeat(201), /must be text of at most 200 characters$/],
]
for (const [name, value, expected, hidden] of FORMS) {
  test(`${name}=${value.slice(0, 30)} is a problem that says what it must be`, () => {
    const problems = problemsOf({ [name]: value, JWT_SECRET, DB_USER: 'u', DB_NAME: 'n' })

    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0]!, new RegExp(`^- ${name} `))
    assert.match(problems[0]!, expected)
    if (hidden) assert.ok(!problems[0]!.includes(hidden))
  })
}

test('what single variables and what rules have against an environment comes in one message', () => {
  const problems = problemsOf({
    ...{ APP_ENV: 'production', DATABASE_URL: 'mysql://db', PORT: '-1', WA_PRICES: '[]', LANDING_JOB_TIME_ZONE: 'CST' },
    ...{ SIMULATOR: 'true', RESEND_API_KEY: 're_1', JWT_SECRET: 'short' },
  })

  const names = problems.map((line) => /^- ([A-Z_]+) /.exec(line)?.[1] ?? line).sort()
  assert.deepEqual(
    names,
    [
      ...['DATABASE_URL', 'LANDING_JOB_TIME_ZONE', 'PORT', 'PUBLIC_BASE_URL', 'RESEND_FROM_EMAIL'],
      ...[
        'RESEND_WEBHOOK_SECRET',
        '- SIMULATOR=true is refused when APP_ENV=production',
        'WA_PRICES',
        'WA_WEBHOOK_SECRET',
      ],
    ].sort(),
  )
})

const OWN = 'postgres://app@db/x'
const NEEDS_SECRET: [string, Env, boolean][] = [
  ['required credentials', { AUTH_MODE: 'required' }, true],
  ['a database of its own', { DATABASE_URL: OWN }, true],
  ['a database of its own in demo mode', { DATABASE_URL: OWN, AUTH_MODE: 'demo' }, false],
  ['the embedded start', {}, false],
  ['APP_ENV=test', { DATABASE_URL: OWN, APP_ENV: 'test' }, false],
]
for (const [what, env, isNeeded] of NEEDS_SECRET) {
  test(`${what} ${isNeeded ? 'needs' : 'needs no'} JWT_SECRET`, () => {
    const expected = isNeeded ? /^- JWT_SECRET is missing: AUTH_MODE=required needs at least 32 bytes/ : /^$/

    assert.match(problemsOf(env).join('\n'), expected)
    assert.match(
      problemsOf({ ...env, JWT_SECRET: 'change_me' }).join('\n'),
      isNeeded ? /is too weak or a placeholder/ : /^$/,
    )
    assert.deepEqual(problemsOf({ ...env, JWT_SECRET }), [])
    assert.ok(loadConfig(env, { isTool: true }), 'a tool signs no tokens')
  })
}

test('a webhook key of Conekta that is no PEM is a problem once Conekta is used', () => {
  const key = { CONEKTA_WEBHOOK_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\\nabc\\n-----END PUBLIC KEY-----' }

  assert.match(
    problemsOf({ ...key, CONEKTA_API_KEY: 'key_1' }).join(),
    /^- CONEKTA_WEBHOOK_PUBLIC_KEY must be a public key/,
  )
  assert.deepEqual(problemsOf(key), [])
})

const MISSPELLED: [string, string | null][] = [
  ['RESEND_APIKEY', 'RESEND_API_KEY'],
  ['JWT_SECERT', 'JWT_SECRET'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['WA_360DIALOG_API_KEYS', 'WA_360DIALOG_API_KEY'],
  ['redis_url', 'REDIS_URL'],
  ['PROT', 'PORT'],
  ['RESEND_KEY', null],
  ['HOSTNAME', null],
  ['HOME', null],
  ['PATH', null],
  ['NODE_ENV', null],
  ['PGPORT', null],
  ['npm_config_port', null],
]
for (const [given, meant] of MISSPELLED) {
  test(`${given} ${meant ? `is taken for a misspelled ${meant}` : 'is none of ours'}`, () => {
    const expected = meant ? [`${given} is not known: did you mean ${meant}?`] : []

    assert.deepEqual(listMisspelled({ [given]: 'secret-value' }), expected)
  })
}

test('a problem is told together with the misspelling that may be its cause', () => {
  const problems = problemsOf({ AUTH_MODE: 'required', JWT_SECERT: 'x'.repeat(40) })

  assert.equal(problems.length, 2)
  assert.match(problems[1]!, /^- JWT_SECERT is not known: did you mean JWT_SECRET\?$/)
})

test('the message never repeats the value of a secret', () => {
  const secret = 'mysql://root:hunter2@db/x'

  const message = problemsOf({ ...PRODUCTION, DATABASE_URL: secret, JWT_SECRET: 'short-secret' }).join('\n')

  assert.doesNotMatch(message, /hunter2|short-secret/)
})

test('an empty value counts as absent', () => {
  const config = loadConfig({ PORT: '', DATABASE_URL: '  ', LOG_FORMAT: '', HOST: '' })

  assert.equal(config.http.port, 8080)
  assert.equal(config.embedded, true)
  assert.equal(config.log.format, 'plain')
})

for (const placeholder of ['your_key_here', 'YOUR_KEY', 'change_me', 'changeme', 'local_test', 'Local_Key', '']) {
  test(`a secret that reads «${placeholder}» counts as absent`, () => {
    const config = loadConfig({
      WA_360DIALOG_API_KEY: placeholder,
      STRIPE_SECRET_KEY: placeholder,
      RESEND_API_KEY: placeholder,
      CONEKTA_API_KEY: placeholder,
      METRICS_TOKEN: placeholder,
    })

    assert.equal(config.whatsapp.apiKey, undefined)
    assert.equal(config.payments.stripe.secretKey, undefined)
    assert.equal(config.email.apiKey, undefined)
    assert.equal(config.payments.conekta.apiKey, undefined)
    assert.equal(config.http.metricsToken, undefined)
  })
}

for (const name of ['WA_360DIALOG_API_KEY', 'RESEND_API_KEY']) {
  test(`${name} with an invisible character pasted along is refused at once, and not at the first message`, () => {
    const problems = problemsOf({ [name]: 'key\u200b', RESEND_FROM_EMAIL: 'a@b.mx' })

    assert.equal(problems.length, 1)
    assert.match(problems[0]!, new RegExp(`^- ${name} `))
  })
}

test('a placeholder is only looked for in secrets', () => {
  assert.equal(loadConfig({ HOST: 'local_host' }).http.host, 'local_host')
})

for (const [secret, isUsed] of [
  ['short', false],
  ['x'.repeat(31), false],
  ['ñ'.repeat(16), true], // 32 bytes
  [`change_me${'x'.repeat(40)}`, false],
] as const) {
  test(`demo mode ${isUsed ? 'uses' : 'does not use'} the JWT_SECRET «${secret}»`, () => {
    const { auth } = loadConfig({ JWT_SECRET: secret })

    assert.equal(auth.jwtSecret, isUsed ? secret : undefined)
    assert.equal(auth.isSecretWeak, !isUsed && !secret.startsWith('change_me'))
  })
}

test('a complete production environment boots', () => {
  assert.deepEqual(problemsOf(PRODUCTION), [])
})

const REFUSALS: [string, Env, RegExp][] = [
  ['demo mode', { AUTH_MODE: 'demo' }, /AUTH_MODE=demo is refused/],
  ['no JWT_SECRET', { JWT_SECRET: undefined }, /JWT_SECRET is missing/],
  ['a JWT_SECRET of 31 bytes', { JWT_SECRET: 'x'.repeat(31) }, /JWT_SECRET is too weak/],
  ['a placeholder as JWT_SECRET', { JWT_SECRET: `change_me${'x'.repeat(40)}` }, /JWT_SECRET is too weak/],
  ['the embedded database', { DATABASE_URL: undefined, AUTH_MODE: 'required' }, /DATABASE_URL is missing/],
  ['a WhatsApp webhook open to anybody', { WA_WEBHOOK_SECRET: undefined }, /WA_WEBHOOK_SECRET or WA_APP_SECRET/],
  ['the simulated provider', { SIMULATOR: 'true' }, /SIMULATOR=true is refused/],
  ['WhatsApp without a public address', { WA_360DIALOG_API_KEY: 'key' }, /PUBLIC_BASE_URL must be https/],
  [
    'WhatsApp with a public address that is not https',
    { WA_360DIALOG_API_KEY: 'key', PUBLIC_BASE_URL: 'http://entradas.mx' },
    /PUBLIC_BASE_URL must be https/,
  ],
  [
    'e-mail without the secret of its webhook',
    { RESEND_API_KEY: 're_real', RESEND_FROM_EMAIL: 'a@b.mx', PUBLIC_BASE_URL: 'https://entradas.mx' },
    /RESEND_WEBHOOK_SECRET is missing/,
  ],
  [
    'Stripe without the secret of its webhook',
    { STRIPE_SECRET_KEY: `sk_test_${'a'.repeat(24)}` },
    /STRIPE_WEBHOOK_SECRET is missing/,
  ],
  [
    'Conekta without the key of its webhook',
    { CONEKTA_API_KEY: 'key_eYvWV7gSDkNYXsmr' },
    /CONEKTA_WEBHOOK_PUBLIC_KEY is missing/,
  ],
  [
    'e-mail whose links lead nowhere',
    { RESEND_API_KEY: 're_real', RESEND_FROM_EMAIL: 'a@b.mx', RESEND_WEBHOOK_SECRET: 'whsec_x' },
    /PUBLIC_BASE_URL must be https with RESEND_API_KEY/,
  ],
]
for (const [what, change, expected] of REFUSALS) {
  test(`production refuses ${what}`, () => {
    const problems = problemsOf({ ...PRODUCTION, ...change })

    assert.equal(problems.length, 1, problems.join('\n'))
    assert.match(problems[0]!, expected)
  })
}

test('production without anything hears all that is missing at once', () => {
  assert.equal(problemsOf({ APP_ENV: 'production' }).length, 4)
})

test('production takes the embedded database when told so, and then still requires credentials', () => {
  const allowed = { ...PRODUCTION, DATABASE_URL: undefined, ALLOW_EMBEDDED_IN_PRODUCTION: 'true' }

  assert.match(problemsOf(allowed).join(), /AUTH_MODE=demo is refused/)
  assert.deepEqual(problemsOf({ ...allowed, AUTH_MODE: 'required' }), [])
})

test('WA_APP_SECRET alone is enough for the WhatsApp webhook in production', () => {
  assert.deepEqual(problemsOf({ ...PRODUCTION, WA_WEBHOOK_SECRET: undefined, WA_APP_SECRET: 'meta-secret' }), [])
})

test('DB_* becomes an address whose parts are escaped', () => {
  const { database } = loadConfig({
    JWT_SECRET,
    DB_HOST: 'db.internal',
    DB_PORT: '6543',
    DB_USER: 'ap/p',
    DB_PASSWORD: 'p@ss:w/rd#?%',
    DB_NAME: 'mono tickets',
  })

  const url = new URL(database.url!)
  assert.equal(url.host, 'db.internal:6543')
  assert.equal(decodeURIComponent(url.username), 'ap/p')
  assert.equal(decodeURIComponent(url.password), 'p@ss:w/rd#?%')
  assert.equal(decodeURIComponent(url.pathname), '/mono tickets')
})

test('DATABASE_URL wins over DB_*, and DB_HOST alone is a problem', () => {
  const both = loadConfig({ ...OWN_DATABASE, DB_HOST: 'other' })

  assert.equal(both.database.url, PRODUCTION.DATABASE_URL)
  assert.match(problemsOf({ DB_HOST: 'db' }).join(), /DB_HOST needs DB_USER and DB_NAME/)
})

test('DATABASE_DIRECT_URL stands beside the address of a pooler, in DATABASE_URL or DB_*', () => {
  const direct = { DATABASE_DIRECT_URL: 'postgres://app@server/monotickets' }

  const { database } = loadConfig({ JWT_SECRET, DB_HOST: 'pooler', DB_USER: 'app', DB_NAME: 'monotickets', ...direct })

  assert.equal(new URL(database.url!).hostname, 'pooler')
  assert.equal(database.directUrl, direct.DATABASE_DIRECT_URL)
  assert.match(problemsOf(direct).join(), /DATABASE_DIRECT_URL needs the address of the pooler beside it/)
})

const ADDRESSES: [string, string, (config: ReturnType<typeof loadConfig>) => string, string][] = [
  ['WA_360DIALOG_API_URL', 'http://127.0.0.1:9/v1/messages', (c) => c.whatsapp.apiUrl, 'http://127.0.0.1:9'],
  ['WA_360DIALOG_API_URL', 'http://127.0.0.1:9/messages/', (c) => c.whatsapp.apiUrl, 'http://127.0.0.1:9'],
  ['WA_360DIALOG_API_URL', 'http://127.0.0.1:9/', (c) => c.whatsapp.apiUrl, 'http://127.0.0.1:9'],
  ['RESEND_API_URL', 'https://mail.test/emails', (c) => c.email.apiUrl, 'https://mail.test'],
  ['STRIPE_API_URL', 'http://stripe:12111/v1/payment_intents', (c) => c.payments.stripe.apiUrl, 'http://stripe:12111'],
  ['STRIPE_API_URL', 'http://stripe:12111/v1', (c) => c.payments.stripe.apiUrl, 'http://stripe:12111'],
  ['CONEKTA_API_URL', 'http://conekta/orders', (c) => c.payments.conekta.apiUrl, 'http://conekta'],
  ['CONEKTA_API_URL', 'http://proxy/conekta/orders', (c) => c.payments.conekta.apiUrl, 'http://proxy/conekta'],
  ['PUBLIC_BASE_URL', 'https://entradas.mx//', (c) => c.http.publicBaseUrl, 'https://entradas.mx'],
]
for (const [name, value, read, expected] of ADDRESSES) {
  test(`${name}=${value} is cut to ${expected}`, () => {
    assert.equal(read(loadConfig({ [name]: value })), expected)
  })
}

for (const [given, expected] of [
  ['1', 30],
  ['29', 30],
  ['30', 30],
  ['180', 180],
  ['365', 365],
  ['9999', 365],
] as const) {
  test(`LANDING_TTL_DEFAULT_DAYS=${given} counts as ${expected}`, () => {
    assert.equal(loadConfig({ LANDING_TTL_DEFAULT_DAYS: given }).landing.ttlDefaultDays, expected)
  })
}

test('a complete production environment with both channels boots', () => {
  const channels = {
    WA_360DIALOG_API_KEY: 'key',
    PUBLIC_BASE_URL: 'https://entradas.mx',
    RESEND_API_KEY: 're_real',
    RESEND_FROM_EMAIL: 'Monotickets <hola@entradas.mx>',
    RESEND_WEBHOOK_SECRET: 'whsec_real',
  }

  assert.deepEqual(problemsOf({ ...PRODUCTION, ...channels }), [])
})

test('RESEND_API_KEY needs a sender, in production and elsewhere', () => {
  assert.match(problemsOf({ RESEND_API_KEY: 're_1' }).join(), /RESEND_FROM_EMAIL is missing/)
  assert.deepEqual(problemsOf({ RESEND_API_KEY: 're_1', RESEND_FROM_EMAIL: 'a@b.mx' }), [])
})

for (const from of ['nobody', 'a@b, c@d', 'Ana <a@b', 'Ana <a@b> <c@d>', 'a@b\nBcc: c@d']) {
  test(`${JSON.stringify(from)} is no sender`, () => {
    assert.match(problemsOf({ RESEND_FROM_EMAIL: from }).join(), /RESEND_FROM_EMAIL/)
  })
}

test('the limits of the channels are what the vendors give, unless set', () => {
  const { whatsapp, email, delivery } = loadConfig({})
  const own = loadConfig({ WA_MESSAGES_PER_SECOND: '20', WA_PAIR_INTERVAL_SECONDS: '0.5', EMAIL_TIMEOUT_SECONDS: '3' })

  assert.equal(whatsapp.timeoutMs, 15_000)
  assert.equal(whatsapp.messagesPerSecond, 80)
  assert.equal(whatsapp.pairIntervalMs, 6000)
  assert.equal(email.timeoutMs, 15_000)
  assert.equal(email.messagesPerSecond, 10)
  assert.deepEqual(delivery.quietHours, { from: '22:00', to: '09:00' })
  assert.equal(own.whatsapp.messagesPerSecond, 20)
  assert.equal(own.whatsapp.pairIntervalMs, 500)
  assert.equal(own.email.timeoutMs, 3000)
})

for (const [key, timeout] of [
  [{ WA_360DIALOG_API_KEY: 'key' }, 'WA_TIMEOUT_SECONDS'],
  [{ RESEND_API_KEY: 're_1', RESEND_FROM_EMAIL: 'a@b.mx' }, 'EMAIL_TIMEOUT_SECONDS'],
] as [Env, string][]) {
  test(`two of ${timeout} fit into the lease, where the channel is real`, () => {
    const slow = { [timeout]: '31', DELIVERY_LEASE_SECONDS: '60' }

    assert.match(problemsOf({ ...key, ...slow }).join(), new RegExp(`${timeout} must be at most half`))
    assert.deepEqual(problemsOf({ ...key, ...slow, [timeout]: '30' }), [])
    assert.deepEqual(problemsOf(slow), [])
  })
}

for (const [text, expected] of [
  ['22:00-09:00', { from: '22:00', to: '09:00' }],
  ['00:00-23:59', { from: '00:00', to: '23:59' }],
  ['off', null],
] as const) {
  test(`DELIVERY_QUIET_HOURS=${text} is understood`, () => {
    assert.deepEqual(loadConfig({ DELIVERY_QUIET_HOURS: text }).delivery.quietHours, expected)
  })
}
for (const text of ['22-9', '24:00-09:00', '22:60-09:00', '22:00', '22:00-22:00', 'night']) {
  test(`DELIVERY_QUIET_HOURS=${text} is a problem`, () => {
    assert.match(problemsOf({ DELIVERY_QUIET_HOURS: text }).join(), /DELIVERY_QUIET_HOURS/)
  })
}

test('the prices of WhatsApp are dated: service messages are billed since October 2026', () => {
  const { prices } = loadConfig({}).whatsapp

  assert.deepEqual(
    prices.map(({ from, service, freeServicePerMonth }) => [from, service, freeServicePerMonth]),
    [
      ['2025-07-01', 0, undefined],
      ['2026-10-01', 0.0085, 1000],
    ],
  )
})

const PRICE = { from: '2027-01-01', currency: 'MXN', marketing: 0.8, utility: 0.2, authentication: 0.2, service: 0.1 }
test('prices that are set replace the known ones, oldest first', () => {
  const prices = [PRICE, { ...PRICE, from: '2026-01-01' }]

  const config = loadConfig({ WA_PRICES: JSON.stringify(prices) })

  assert.deepEqual(config.whatsapp.prices, prices.toReversed())
})

const WRONG_PRICES: [string, unknown][] = [
  ['no list', PRICE],
  ['an empty list', []],
  ['two prices from one date', [PRICE, PRICE]],
  ['a date that does not exist', [{ ...PRICE, from: '2026-02-30' }]],
  ['a negative price', [{ ...PRICE, utility: -1 }]],
  ['a price as text', [{ ...PRICE, utility: '0.2' }]],
  ['an unknown name', [{ ...PRICE, taxes: 1 }]],
  ['a price without marketing', [{ ...PRICE, marketing: undefined }]],
]
for (const [what, prices] of WRONG_PRICES) {
  test(`WA_PRICES with ${what} is a problem`, () => {
    assert.match(problemsOf({ WA_PRICES: JSON.stringify(prices) }).join(), /WA_PRICES must be a JSON list/)
  })
}

test('WA_PRICES that is no JSON is a problem', () => {
  assert.match(problemsOf({ WA_PRICES: '[{' }).join(), /WA_PRICES must be a JSON list/)
})

test('an unknown time zone is a problem', () => {
  assert.match(problemsOf({ LANDING_JOB_TIME_ZONE: 'Mexico/Nowhere' }).join(), /LANDING_JOB_TIME_ZONE/)
})

test('line breaks of a PEM may be written as \\n', () => {
  const { payments } = loadConfig({ CONEKTA_WEBHOOK_PUBLIC_KEY: '-----BEGIN PUBLIC KEY-----\\nabc\\n-----END' })

  assert.equal(payments.conekta.webhookPublicKey, '-----BEGIN PUBLIC KEY-----\nabc\n-----END')
})

test('the configuration cannot be changed after it was read', () => {
  const config = loadConfig({})

  assert.throws(() => ((config.http as { port: number }).port = 1), TypeError)
})

test('a .env in the working folder is read, and what is exported wins over it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-env-'))
  const before = process.cwd()
  t.after(async () => {
    process.chdir(before)
    delete process.env['PORT']
    delete process.env['LOG_LEVEL']
    await rm(folder, { recursive: true })
  })
  await writeFile(join(folder, '.env'), '# local\nPORT=9001\nLOG_LEVEL="debug"\n')
  process.chdir(folder)
  process.env['PORT'] = '9002'

  const config = loadConfig(readEnvironment())

  assert.equal(config.http.port, 9002)
  assert.equal(config.log.level, 'debug')
})

test('without a .env the environment is what was exported', (t) => {
  const before = process.cwd()
  t.after(() => process.chdir(before))
  process.chdir('/')

  assert.equal(readEnvironment()['PATH'], process.env['PATH'])
})
