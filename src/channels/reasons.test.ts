import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { explainReason } from './reasons.ts'
import { EMAIL_REFUSALS, WHATSAPP_REFUSALS } from './refusals.ts'

/** What explainReason says about a reason that it does not know. */
const UNEXPLAINED = /^Motivo: /

test('every row of the refusal tables is explained in both languages', () => {
  const reasons = [
    ...WHATSAPP_REFUSALS.map(({ code }) => `whatsapp_${code}`),
    ...EMAIL_REFUSALS.map(({ name }) => `email_${name}`),
  ]

  for (const reason of reasons) {
    const words = explainReason(reason)!
    assert.doesNotMatch(words['es-MX'], UNEXPLAINED, reason)
    assert.ok(words.en.length > 10, reason)
  }
})

const WRITERS = [
  'campaigns/trigger.ts',
  'channels/email.ts',
  'channels/whatsapp.ts',
  'contacts/reach.ts',
  'delivery/claiming.ts',
  'delivery/jobs.ts',
  'delivery/pauses.ts',
  'delivery/replay.ts',
  'delivery/statuses-sql.ts',
  'delivery/sweep.ts',
  'inbox/email.ts',
  'templates/compose.ts',
]
/** How the code writes a reason; no other string literal matches. */
const PATTERNS = [
  /reason: '([a-z_]+)'(?! in)/g,
  /reason = '([a-z_]+)'(?! in)/g,
  /waiting_for = '([a-z_]+)'/g,
  /: '([a-z]+_paused)'/g,
  /(?:skip|later|handBackFrom)\((?:one|going\(\)), (?:\w+, )?'([a-z_]+)'\)/g,
  /moved\('failed', '([a-z_]+)'/g,
  /return '([a-z]+_[a-z]+)'/g,
]
/** Reasons of a pause by a person, of a claim that does nothing, and of the choice of a channel. */
const NOT_SHOWN = /^(paused|resumed|requested|auto_.*)$/

test('every reason that our own code can write is explained', async () => {
  const folder = join(process.cwd(), 'src')
  const source = (await Promise.all(WRITERS.map((file) => readFile(join(folder, file), 'utf8')))).join('\n')
  const written = PATTERNS.flatMap((pattern) => [...source.matchAll(pattern)].map(([, reason]) => reason!))
  const shown = new Set(written.filter((reason) => !NOT_SHOWN.test(reason)))

  assert.ok(shown.size > 25, 'the patterns find the reasons')
  for (const reason of shown) assert.doesNotMatch(explainReason(reason)!['es-MX'], UNEXPLAINED, reason)
})

for (const [reason, httpStatus, expected] of [
  ['whatsapp_250', null, /clave de WhatsApp/],
  ['email_validation_error', 403, /dominio/],
  ['email_validation_error', 422, /dirección/],
  ['email_failed_reached_daily_quota', null, /cuota/],
] as const) {
  test(`${reason} with HTTP ${httpStatus} has its own explanation`, () => {
    assert.match(explainReason(reason, httpStatus)!['es-MX'], expected)
  })
}

test('an unknown code and a bare HTTP error are named, and no reason has no explanation', () => {
  assert.match(explainReason('whatsapp_999999')!['es-MX'], /999999/)
  assert.match(explainReason('whatsapp_http_502')!.en, /HTTP 502/)
  assert.match(explainReason('email_http_502')!['es-MX'], /http_502/)
  assert.equal(explainReason(null), null)
})
