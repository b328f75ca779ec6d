import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { explainReason } from './reasons.ts'
import { EMAIL_REFUSALS, WHATSAPP_REFUSALS } from './refusals.ts'

const UNSAID = /^Motivo: /

test('every row of the tables of refusals is said in words, in both languages', () => {
  const reasons = [
    ...WHATSAPP_REFUSALS.map(({ code }) => `whatsapp_${code}`),
    ...EMAIL_REFUSALS.map(({ name }) => `email_${name}`),
  ]

  for (const reason of reasons) {
    const words = explainReason(reason)!
    assert.doesNotMatch(words['es-MX'], UNSAID, reason)
    assert.ok(words.en.length > 10, reason)
  }
})

test('every reason that the rules can write has words of its own', async () => {
  const files = [
    ...['channels/email.ts', 'channels/whatsapp.ts', 'contacts/reach.ts', 'delivery/claiming.ts', 'delivery/pauses.ts'],
    ...['delivery/sweep.ts', 'templates/compose.ts', 'campaigns/trigger.ts'],
  ]
  const read = (file: string) => readFile(join(process.cwd(), 'src', file), 'utf8')
  const source = (await Promise.all(files.map(read))).join('\n')
  const written = [
    /reason: '([a-z]+_[a-z_]+)'/g,
    /reason = '([a-z]+_[a-z_]+)'/g,
    /then '([a-z]+_[a-z_]+)' else reason/g,
    /(?:skip|later|handBack)\(one, (?:[\w.]+, )?'([a-z_]+)'/g,
    /handBackFrom\(\w+\(\), \w+, '([a-z_]+)'/g,
    /(?:organizer|event|campaign|channel): '([a-z_]+_paused)'/g,
    /return '([a-z]+_[a-z_]+)'/g,
  ].flatMap((pattern) => [...source.matchAll(pattern)].map(([, reason]) => reason!))

  assert.ok(written.length > 25, 'the patterns find the reasons')
  for (const reason of written) assert.doesNotMatch(explainReason(reason)!['es-MX'], UNSAID, reason)
})

for (const [reason, httpStatus, expected] of [
  ['whatsapp_250', null, /clave de WhatsApp/],
  ['email_validation_error', 403, /dominio/],
  ['email_validation_error', 422, /dirección/],
  ['email_failed_reached_daily_quota', null, /cuota/],
] as const) {
  test(`${reason} with HTTP ${httpStatus} is told apart`, () => {
    assert.match(explainReason(reason, httpStatus)!['es-MX'], expected)
  })
}

test('a code that no table knows, a bare HTTP error and no reason at all', () => {
  assert.match(explainReason('whatsapp_999999')!['es-MX'], /999999/)
  assert.match(explainReason('whatsapp_http_502')!.en, /HTTP 502/)
  assert.match(explainReason('email_http_502')!['es-MX'], /http_502/)
  assert.equal(explainReason(null), null)
})
