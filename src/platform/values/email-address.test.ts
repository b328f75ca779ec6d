import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEmail } from './email-address.ts'
import { Failure } from '../errors.ts'

for (const [written, address] of [
  ['ana@example.com', 'ana@example.com'],
  ['  Ana@Example.COM \r\n', 'ana@example.com'],
  ['\u200bana@example.com\u00a0', 'ana@example.com'],
  ['ana@example.com\u0000', 'ana@example.com'],
  ['ana＠example.com', 'ana@example.com'],
  ['𝗮𝗻𝗮@example.com', 'ana@example.com'],
  ['mailto:ana@example.com?subject=Boda', 'ana@example.com'],
  ['<ana@example.com>', 'ana@example.com'],
  ['Ana Pérez <ana@example.com>;', 'ana@example.com'],
  ['"Pérez, Ana" <ana@example.com>', 'ana@example.com'],
  ['"ana@example.com"', 'ana@example.com'],
  ['ana@example.com,', 'ana@example.com'],
  ['ana@example.com.', 'ana@example.com'],
  ['ana@example.com!', 'ana@example.com'],
  ['ana@example。com', 'ana@example.com'],
  ['ana@exam\u00adple.com', 'ana@example.com'],
  ['an\u00ada@example.com\u00ad', 'ana@example.com'],
  ['ana+boda@example.com', 'ana+boda@example.com'],
  ["o'brien@example.com", "o'brien@example.com"],
  ['ana@españa.com', 'ana@xn--espaa-rta.com'],
  ['ana@ESPAÑA.com', 'ana@xn--espaa-rta.com'],
  ['ana@espan\u0303a.com', 'ana@xn--espaa-rta.com'],
  ['ana@xn--espaa-rta.com', 'ana@xn--espaa-rta.com'],
  ['ana@correo.例え.jp', 'ana@correo.xn--r8jz45g.jp'],
] as const)
  test(`${JSON.stringify(written)} is ${address}`, () => {
    assert.equal(parseEmail(written), address)
    assert.equal(parseEmail(parseEmail(written)), address)
  })

for (const [written, detail] of [
  ['', /no @/],
  ['   ', /no @/],
  ['ana', /no @/],
  ['@example.com', /before the @/],
  ['ana@', /ending/],
  ['ana@example', /ending/],
  ['ana@localhost', /ending/],
  ['ana@exa’mple.com', /does not exist/],
  ['ana @example.com', /space/],
  ['ana@exam ple.com', /space/],
  ['ana@example.com, leo@example.com', /one address/],
  ['ana@example.com;leo@example.com', /one address/],
  ['ana@example.com leo@example.com', /one address/],
  ['ana@gmail,com', /one address/],
  ['ana@@example.com', /one address/],
  ['ana@example..com', /Two dots/],
  ['ana@.example.com', /such as/],
  ['.ana@example.com', /dot/],
  ['ana.@example.com', /dot/],
  ['ana..perez@example.com', /dot/],
  ['josé@example.com', /accents/],
  ['👰@example.com', /accents/],
  ['ana@[127.0.0.1]', /./],
  ['ana@127.0.0.1', /./],
  ['ana@exam_ple.com', /./],
  ['ana@-example.com', /./],
  ['ana@example.c', /./],
  ['ana"b@example.com', /./],
  ['"ana b"@example.com', /./],
  ['ana\\@example.com', /./],
  ['ana<b@example.com', /./],
  [`${'a'.repeat(65)}@example.com`, /64/],
  [`ana@${'a'.repeat(64)}.com`, /./],
  [`ana@${'abcdefghi.'.repeat(26)}com`, /./],
  ['ana@example.com\nBcc: leo@example.com', /one address/],
] as const)
  test(`${JSON.stringify(written.slice(0, 60))} is refused with a sentence`, () => {
    assert.throws(
      () => parseEmail(written),
      (error) => error instanceof Failure && error.code === 'invalid_email' && detail.test(error.details.detail ?? ''),
    )
  })
