/** Reading WhatsApp's payloads: an item of any shape does not affect the others. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { readWhatsAppPayload, type WhatsAppPayload } from './whatsapp.ts'

const receivedAt = new Date('2029-06-01T12:00:00.000Z')
const NOW = receivedAt.getTime() / 1000
const read = (payload: unknown): WhatsAppPayload =>
  readWhatsAppPayload(payload, { isSimulated: false, phoneNumberId: undefined, receivedAt })

type Item = Record<string, unknown>
type Value = { messages: unknown[]; statuses: unknown[] }
const aMessage = (id: string): Item => ({
  from: '5215512345678',
  id,
  timestamp: String(NOW),
  type: 'text',
  text: { body: 'hola' },
})
const aStatus = (id: string): Item => ({ id, status: 'read', timestamp: String(NOW), recipient_id: '5215512345678' })
const aValue = (name: string): Value => ({
  statuses: [0, 1, 2, 3, 4].map((n) => aStatus(`${name}_status_${n}`)),
  messages: [0, 1, 2].map((n) => aMessage(`${name}_message_${n}`)),
})
const wrapped = (values: Value[][]) => ({
  object: 'whatsapp_business_account',
  entry: values.map((changes, n) => ({
    id: String(n),
    changes: changes.map((value) => ({ field: 'messages', value: { messaging_product: 'whatsapp', ...value } })),
  })),
})

/** An object that is too deep for a recursive reader. */
const makeDeepObject = (): unknown => JSON.parse(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`)
const without = (name: string) => (item: Item) =>
  Object.fromEntries(Object.entries(item).filter(([key]) => key !== name))
const MALFORMED: [string, (item: Item) => unknown][] = [
  ['null', () => null],
  ['a number', () => 7],
  ['a text', () => 'x'],
  ['a list', () => []],
  ['an empty object', () => ({})],
  ['one without an id', without('id')],
  ['one whose id is a number', (item) => ({ ...item, id: 7 })],
  ['one whose id is too long', (item) => ({ ...item, id: 'x'.repeat(9000) })],
  ['one without a time', without('timestamp')],
  ['one whose time is a word', (item) => ({ ...item, timestamp: 'now' })],
  ['one whose time is an object', (item) => ({ ...item, timestamp: {} })],
  ['one whose time is in microseconds', (item) => ({ ...item, timestamp: NOW * 1_000_000 })],
]
const ONLY_STATUSES: typeof MALFORMED = [
  ['one without a status', without('status')],
  ['one with a too deep price', (item) => ({ ...item, pricing: { a: makeDeepObject() } })],
]
const ONLY_MESSAGES: typeof MALFORMED = [
  ['one without a sender', without('from')],
  ['one whose sender is an object', (item) => ({ ...item, from: { phone: '5215512345678' } })],
  ['one whose sender is not a number', (item) => ({ ...item, from: 'Ana' })],
]

for (const [list, kinds] of [
  ['statuses', [...MALFORMED, ...ONLY_STATUSES]],
  ['messages', [...MALFORMED, ...ONLY_MESSAGES]],
] as const) {
  for (const [what, spoil] of kinds) {
    test(`${what} among the ${list} is reported by its position and does not affect the others`, () => {
      const wrong = []
      for (const [entry, change] of [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ] as const) {
        for (let at = 0; at < (list === 'statuses' ? 5 : 3); at++) {
          const values = [0, 1].map((e) => [0, 1].map((c) => aValue(`${e}_${c}`)))
          const value = values[entry]![change]!
          value[list][at] = spoil(value[list][at] as Item)

          const { messages, statuses, malformed } = read(wrapped(values))

          const where = `entry ${entry} change ${change} ${list === 'statuses' ? 'status' : 'message'} ${at}`
          if (messages.length + statuses.length !== 31 || malformed.length !== 1 || malformed[0] !== where)
            wrong.push({ where, messages: messages.length, statuses: statuses.length, malformed })
        }
      }

      assert.deepEqual(wrong, [])
    })
  }
}

for (const [what, spoil] of [
  [
    'texts of the wrong kind',
    (item: Item) => ({ ...item, type: {}, text: 7, context: 'x', interactive: [], button: null }),
  ],
  ['the type __proto__', (item: Item) => ({ ...item, type: '__proto__' })],
  ['contacts of the wrong kind', (item: Item) => item],
] as const) {
  test(`a message with ${what} loses only its text`, () => {
    const value = aValue('x')
    value.messages[1] = spoil(value.messages[1] as Item)

    const { messages, malformed } = read(wrapped([[{ ...value, contacts: { wa_id: '1' } } as Value]]))

    assert.deepEqual([messages.length, malformed], [3, []])
  })
}

test('invalid entries and changes of other kinds do not affect the others', () => {
  const good = { field: 'messages', value: aValue('good') }
  const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)
  const changes = [
    ...[
      null,
      7,
      [],
      {},
      { field: 'messages', value: [] },
      { field: 'messages', value: { statuses: 'x', messages: {} } },
    ],
    ...[
      { field: 'business_capability_update', value: { current_limit: deep } },
      { field: {}, value: { messages: [] } },
    ],
    good,
  ]

  const { messages, statuses, malformed } = read({ entry: [null, 7, { changes: 'x' }, { id: '1', changes }] })

  assert.deepEqual([messages.length, statuses.length], [3, 5])
  const places = ['change 0', 'change 1', 'change 2', 'change 3', 'change 4', 'change 5 messages', 'change 5 statuses']
  assert.deepEqual(malformed, ['entry 0', 'entry 1', 'entry 2', ...places.map((place) => `entry 3 ${place}`)])
})

test('a price loses only the characters that PostgreSQL cannot store', () => {
  const pricing = { type: 'a\\u0000b', category: 'u\u0000tility', note: '\ud800x', nested: { list: ['\u0000'] } }

  const { statuses, malformed } = read({ statuses: [{ ...aStatus('wamid.1'), pricing }] })

  assert.deepEqual(malformed, [])
  assert.deepEqual(statuses[0]!.pricing, { type: 'a\\u0000b', category: 'utility', note: 'x', nested: { list: [''] } })
})

test("a provider's time up to five minutes ahead is kept; a later one becomes the time of receipt", () => {
  const at = (seconds: number) => ({ ...aMessage(`wamid.${seconds}`), timestamp: String(NOW + seconds) })

  const { messages } = read({ messages: [at(-86_400), at(0), at(299), at(301), at(86_400 * 365)] })

  assert.deepEqual(
    messages.map(({ id, sentAt }) => [id, sentAt.getTime() / 1000 - NOW]),
    [
      ['wamid.-86400', -86_400],
      ['wamid.0', 0],
      ['wamid.301', 0],
      ['wamid.31536000', 0],
      ['wamid.299', 299],
    ],
  )
})
