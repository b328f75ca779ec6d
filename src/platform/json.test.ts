import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GiveUp } from './errors.ts'
import { asId, asInteger, asIsoTime, asList, asObject, asText, asUnixTime, parseJson, parseObject } from './json.ts'

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
  ...['5', 1.5, 2 ** 53, NaN, null].map((value) => [asInteger, value, null] as [typeof asInteger, unknown, null]),
  [asUnixTime, at.getTime() / 1000, at],
  ...['1772359200', 0, -1, 1.5, 1e11].map((value) => [asUnixTime, value, null] as [typeof asUnixTime, unknown, null]),
  [asIsoTime, '2026-03-01T10:00:00Z', at],
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
})

const gaveUp = (error: unknown) => error instanceof GiveUp && error.reason === 'unreadable'

test('parseJson gives up with the given reason on bytes that are not JSON', () => {
  for (const text of ['', '{', 'a=b']) assert.throws(() => parseJson(Buffer.from(text), 'unreadable'), gaveUp)
})

test('parseObject also gives up on JSON that is not an object', () => {
  assert.deepEqual(parseObject(Buffer.from('{"a":1}'), 'unreadable'), { a: 1 })
  for (const text of ['', 'null', '[]', '5']) assert.throws(() => parseObject(Buffer.from(text), 'unreadable'), gaveUp)
})
