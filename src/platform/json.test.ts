import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GiveUp } from './errors.ts'
import {
  asFlag,
  asId,
  asInteger,
  asIsoTime,
  asList,
  asObject,
  asText,
  asUnixTime,
  parseJson,
  parseObject,
} from './json.ts'

const at = new Date('2026-03-01T10:00:00Z')
const long = (length: number) => 'x'.repeat(length)

const CASES: [(value: unknown) => unknown, unknown, unknown][] = [
  [asObject, { a: 1 }, { a: 1 }],
  ...[null, undefined, [1], 'a', 5].map((value) => [asObject, value, null] as [typeof asObject, unknown, null]),
  [asList, [1, 'a'], [1, 'a']],
  ...[null, undefined, { length: 1 }, 'a'].map((value) => [asList, value, []] as [typeof asList, unknown, unknown[]]),
  [asText, 'Ñandú', 'Ñandú'],
  [asText, long(255), long(255)],
  ...['', long(256), 'a\0b', 5, null, ['a']].map((value) => [asText, value, null] as [typeof asText, unknown, null]),
  [asId, 'wamid.A b=', 'wamid.A b='],
  [asId, long(512), long(512)],
  ...['', long(513), 'ñ', 'a\nb', 5].map((value) => [asId, value, null] as [typeof asId, unknown, null]),
  [asInteger, -5, -5],
  [asInteger, '1000', 1000],
  ...['', '1.5', '-5', '1e3', ' 5', '9'.repeat(17), 1.5, 2 ** 53, NaN, null, true].map(
    (value) => [asInteger, value, null] as [typeof asInteger, unknown, null],
  ),
  [asUnixTime, at.getTime() / 1000, at],
  [asUnixTime, '1772359200', at],
  ...['', 0, -1, 1.5, 1e11].map((value) => [asUnixTime, value, null] as [typeof asUnixTime, unknown, null]),
  ...(
    [
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
      [null, null],
      ['yes', null],
      [1, null],
    ] as const
  ).map(([value, flag]) => [asFlag, value, flag] as [typeof asFlag, unknown, unknown]),
  [asIsoTime, '2026-03-01T10:00:00Z', at],
  [asIsoTime, '2026-03-01 10:00:00.000000+00', at], // Resend's, until 2025
  ...['never', '', '1999-01-01T00:00:00Z', '2100-01-01T00:00:00Z', at.getTime(), null].map(
    (value) => [asIsoTime, value, null] as [typeof asIsoTime, unknown, null],
  ),
]
for (const [read, value, expected] of CASES) {
  test(`${read.name} reads ${(JSON.stringify(value) ?? 'undefined').slice(0, 40)} as ${JSON.stringify(expected)?.slice(0, 40)}`, () => {
    assert.deepEqual(read(value), expected)
  })
}

test('parseJson returns the parsed bytes', () => {
  assert.deepEqual(parseJson(Buffer.from('{"a":[1,"ñ"]}'), 'unreadable'), { a: [1, 'ñ'] })
  assert.deepEqual(parseJson(Buffer.from('\ufeff{"a":1}'), 'unreadable'), { a: 1 })
})

const gaveUp = (error: unknown) => error instanceof GiveUp && error.reason === 'unreadable'

test('parseJson gives up with the given reason on bytes that are not JSON', () => {
  for (const text of ['', '{', 'a=b']) assert.throws(() => parseJson(Buffer.from(text), 'unreadable'), gaveUp)
  assert.throws(() => parseJson(Buffer.from('{"a":"Jos\xe9"}', 'latin1'), 'unreadable'), gaveUp)
})

test('parseObject also gives up on JSON that is not an object', () => {
  assert.deepEqual(parseObject(Buffer.from('{"a":1}'), 'unreadable'), { a: 1 })
  for (const text of ['', 'null', '[]', '5']) assert.throws(() => parseObject(Buffer.from(text), 'unreadable'), gaveUp)
})
