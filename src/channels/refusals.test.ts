import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from './channel.ts'
import { classifyEmail, classifyWhatsApp, EMAIL_REFUSALS, WHATSAPP_REFUSALS } from './refusals.ts'
import { readRetryAfter } from './retry-after.ts'

/** Copied from the vendors' pages of errors a second time, so that no row changes by accident. */
const WHATSAPP: Record<Verdict, number[]> = {
  retry_once: [1, 131052, 131053],
  stop_sending: [471, 131048, 131064],
  alarm: [
    0, 3, 10, 33, 190, 200, 250, 299, 368, 131005, 131030, 131031, 131037, 131042, 131045, 133000, 133003, 133005,
    133010, 133015, 133016, 134011,
  ],
  stop_batch: [131051, 131063, 132000, 132001, 132007, 132015, 132016, 132068],
  stop_batch_once: [100, 131008, 131009, 132005, 132012, 132018],
  retry: [2, 131000, 131016, 133004],
  wait_all: [4, 429, 80007, 130429, 131057, 132069],
  wait_recipient: [131056],
  use_template: [470, 131047],
  fall_back: [1013, 1026, 130472, 130497, 131026, 131049, 137000],
  stop_recipient: [131050],
  fail: [131021],
}
const WAITS_MS: Record<number, number> = {
  4: 60_000,
  471: 600_000,
  80007: 60_000,
  131048: 600_000,
  131057: 60_000,
  131064: 3_600_000,
  132069: 60_000,
}

for (const [verdict, codes] of Object.entries(WHATSAPP)) {
  for (const code of codes) {
    test(`WhatsApp's ${code} means ${verdict}, with any HTTP status`, () => {
      const afterMs = WAITS_MS[code] === undefined ? {} : { afterMs: WAITS_MS[code] }

      for (const httpStatus of [null, 200, 400, 401, 403, 429, 500]) {
        const refusal = classifyWhatsApp({ code, httpStatus })
        assert.deepEqual(refusal, { verdict, reason: `whatsapp_${code}`, ...afterMs })
      }
    })
  }
}

test('every WhatsApp code is tested above, and the table has it once', () => {
  const tested = new Set(Object.values(WHATSAPP).flat())

  const codes = WHATSAPP_REFUSALS.map(({ code }) => code)

  assert.deepEqual(
    codes.filter((code) => !tested.has(code)),
    [],
  )
  assert.equal(new Set(codes).size, codes.length)
})

const BY_STATUS: [number | null, Verdict][] = [
  [null, 'fail'],
  [400, 'fail'],
  [401, 'alarm'],
  [403, 'alarm'],
  [404, 'fail'],
  [429, 'wait_all'],
  [500, 'retry'],
  [503, 'retry'],
]
for (const [httpStatus, verdict] of BY_STATUS) {
  test(`an unknown code or name means ${verdict} with HTTP ${httpStatus}`, () => {
    assert.deepEqual(classifyWhatsApp({ code: 999_999, httpStatus }), { verdict, reason: 'whatsapp_999999' })
    assert.deepEqual(classifyEmail({ name: 'new_error', httpStatus }), { verdict, reason: 'email_new_error' })
  })
}

const WITHOUT_CODE: [number | null, Verdict | 'unknown', string][] = [
  [400, 'alarm', 'whatsapp_http_400'],
  [401, 'alarm', 'whatsapp_http_401'],
  [403, 'alarm', 'whatsapp_http_403'],
  [402, 'alarm', 'whatsapp_http_402'],
  [404, 'alarm', 'whatsapp_http_404'],
  [405, 'alarm', 'whatsapp_http_405'],
  [408, 'unknown', 'whatsapp_http_408'],
  [413, 'fail', 'whatsapp_http_413'],
  [429, 'wait_all', 'whatsapp_http_429'],
  ...[500, 502, 503, 504, 520, 521, 524].map((status): [number, 'unknown', string] => [
    status,
    'unknown',
    `whatsapp_http_${status}`,
  ]),
  [null, 'fail', 'whatsapp_no_code'],
]
for (const [httpStatus, verdict, reason] of WITHOUT_CODE) {
  test(`an answer of WhatsApp without a code means ${verdict} with HTTP ${httpStatus}`, () => {
    assert.deepEqual(classifyWhatsApp({ code: null, httpStatus }), { verdict, reason })
    assert.deepEqual(classifyWhatsApp({ code: NaN, httpStatus }), { verdict, reason })
  })
}

for (const httpStatus of [400, 404, 500, 502]) {
  test(`a code that only repeats HTTP ${httpStatus} counts as no code`, () => {
    assert.deepEqual(classifyWhatsApp({ code: httpStatus, httpStatus }), classifyWhatsApp({ code: null, httpStatus }))
  })
}

const EMAIL: [string, number, Verdict | 'unknown', number?][] = [
  ['validation_error', 400, 'fail'],
  ['validation_error', 403, 'alarm'],
  ['validation_error', 422, 'fail'],
  ['invalid_idempotency_key', 400, 'fail'],
  ['missing_api_key', 401, 'alarm'],
  ['restricted_api_key', 401, 'alarm'],
  ['invalid_api_key', 403, 'alarm'],
  ['suspended_api_key', 403, 'alarm'],
  ['invalid_permission', 403, 'alarm'],
  ['not_found', 404, 'alarm'],
  ['method_not_allowed', 405, 'alarm'],
  ['invalid_idempotent_request', 409, 'unknown'],
  ['concurrent_idempotent_requests', 409, 'retry'],
  ['resource_locked', 409, 'retry'],
  ['missing_required_field', 422, 'stop_batch'],
  ['missing_required_parameter', 422, 'stop_batch'],
  ['invalid_attachment', 422, 'stop_batch'],
  ['invalid_parameter', 422, 'fail'],
  ['invalid_access', 422, 'alarm'],
  ['invalid_from_address', 422, 'alarm'],
  ['invalid_region', 422, 'alarm'],
  ['rate_limit_exceeded', 429, 'wait_all'],
  ['daily_quota_exceeded', 429, 'wait_all', 3_600_000],
  ['monthly_quota_exceeded', 429, 'alarm'],
  ['security_error', 451, 'stop_batch'],
  ['application_error', 500, 'retry'],
  ['internal_server_error', 500, 'retry'],
  ['service_unavailable', 503, 'retry'],
]
for (const [name, httpStatus, verdict, afterMs] of EMAIL) {
  test(`Resend's ${name} with HTTP ${httpStatus} means ${verdict}`, () => {
    const expected = { verdict, reason: `email_${name}`, ...(afterMs === undefined ? {} : { afterMs }) }

    assert.deepEqual(classifyEmail({ name, httpStatus }), expected)
  })
}

test('every error name of Resend is tested above', () => {
  const tested = new Set(EMAIL.map(([name]) => name))

  assert.deepEqual(
    EMAIL_REFUSALS.filter(({ name }) => !tested.has(name)),
    [],
  )
})

test('a name that is free text does not become a reason', () => {
  const refusal = classifyEmail({ name: 'Ana <ana@example.com> was refused', httpStatus: 422 })

  assert.deepEqual(refusal, { verdict: 'fail', reason: 'email_http_422' })
})

const NOW = new Date('2026-11-24T12:00:00Z')
const RETRY_AFTER: [string | null, number | undefined][] = [
  ['7', 7000],
  [' 0.5 ', 500],
  ['0', 0],
  ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
  ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
  ['86400', 3_600_000],
  ['soon', undefined],
  ['', undefined],
  [null, undefined],
]
for (const [header, expected] of RETRY_AFTER) {
  test(`Retry-After «${header}» is ${expected} ms`, () => {
    assert.equal(readRetryAfter(header, NOW), expected)
  })
}
