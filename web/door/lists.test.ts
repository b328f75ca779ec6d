import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { components } from '../api/schema.d.ts'
import type { Entry } from './judge.ts'
import { isOver, refreshList, wipeGuests } from './lists.ts'
import { countInside, makeMemory, type Memory } from './memory.ts'
import type { ListInfo, Outcome, Waiting } from './records.ts'

type Manifest = components['schemas']['Manifest']
const HOUR_MS = 3_600_000
const entry = (hash: string, inside = 0, name = hash): Entry => ({
  ...{ hash, places: 2, answer: 'yes', inside, version: 1, passVersion: 1, guestId: hash, name },
})
const SESSION = {
  ...{ eventId: 'ev1', eventName: 'Boda', timeZone: 'UTC', gate: null, device: 'd', token: null },
  endsAtMs: Date.now() + HOUR_MS,
}

function answer(entries: Entry[], guests: number, more: Partial<Manifest> = {}): Outcome<Manifest> {
  const data: Manifest = {
    ...{
      requestId: 'r',
      eventId: 'ev1',
      generatedAt: new Date().toISOString(),
      keys: [],
      guests,
      revoked: [],
      entries,
    },
    event: {
      ...{ status: 'active', doorsOpenMinutes: 180, doorPolicy: 'invited', reentry: 'none' },
      startsAt: new Date().toISOString(),
      endsAt: new Date(SESSION.endsAtMs).toISOString(),
    },
    ...{ hasMore: false, cursor: `after-${entries.map(({ hash }) => hash).join('')}`, ...more },
  }
  return { kind: 'ok', data }
}

/** A door whose server gives these answers, one after the other. */
async function aDoor(
  answers: Outcome<Manifest>[],
  queue: Waiting[] = [],
  meanwhile: (memory: Memory) => void = () => {},
) {
  const asked: (string | null)[] = []
  /** How long our list was at each call. */
  const known: number[] = []
  const stored = new Map<string, Entry>()
  const nothing = { info: undefined, recent: undefined, differences: undefined, settings: undefined }
  const memory: Memory = await makeMemory(SESSION, { ...nothing, entries: [], queue })
  const net = {
    readList(since: string | null) {
      asked.push(since)
      known.push(memory.list?.entries.size ?? 0)
      meanwhile(memory)
      return Promise.resolve(answers.shift() ?? ({ kind: 'silent', afterMs: 0 } as const))
    },
  }
  const store = {
    putList(_info: ListInfo, entries: Iterable<Entry>, gone: readonly string[], isWhole: boolean) {
      if (isWhole) stored.clear()
      for (const hash of gone) stored.delete(hash)
      for (const one of entries) stored.set(one.hash, one)
      return Promise.resolve()
    },
    wipeGuests: () => Promise.resolve(stored.clear()),
  }
  const read = () => [...(memory.list?.entries.values() ?? [])].map(({ hash, inside }) => `${hash}${inside}`).join(' ')
  const refresh = async () => (await refreshList(memory, net, store)).kind
  return { memory, store, stored, asked, known, read, refresh }
}

test('a list is read whole, in parts, and then what has changed', async () => {
  const door = await aDoor([
    answer([entry('a'), entry('b')], 3, { hasMore: true, cursor: 'half' }),
    answer([entry('c')], 3),
    answer([entry('b', 2)], 3),
  ])

  assert.equal(await door.refresh(), 'ok')
  assert.equal(door.read(), 'a0 b0 c0')
  assert.equal(await door.refresh(), 'ok')

  assert.equal(door.read(), 'a0 b2 c0')
  assert.deepEqual(door.asked, [null, 'half', 'after-c'])
  assert.equal(door.stored.get('b')!.inside, 2)
  assert.equal(countInside(door.memory), 2)
})

test('a list that was cut off is no list', async () => {
  const door = await aDoor([answer([entry('a')], 2, { hasMore: true })])

  assert.equal(await door.refresh(), 'silent')

  assert.deepEqual([door.memory.list, door.memory.info, door.stored.size], [null, null, 0])
})

test('after a guest was deleted the list is read whole again; without an answer the old one stays', async () => {
  const door = await aDoor([
    answer([entry('a'), entry('b')], 2),
    answer([], 1),
    { kind: 'silent', afterMs: 0 },
    answer([], 1),
    answer([entry('b', 1)], 1),
  ])

  await door.refresh()
  assert.equal(await door.refresh(), 'silent')
  assert.equal(door.read(), 'a0 b0')
  assert.equal(await door.refresh(), 'ok')

  assert.equal(door.read(), 'b1')
  assert.deepEqual([...door.stored.keys()], ['b'])
  assert.equal(door.asked.at(-1), null)
  assert.deepEqual(door.known, [0, 2, 2, 2, 2], 'no code is judged without a list')
})

test('a code that was replaced is revoked, and its new one is on the list', async () => {
  const door = await aDoor([answer([entry('a')], 1), answer([entry('new')], 1, { revoked: ['a'] })])

  await door.refresh()
  await door.refresh()

  assert.equal(door.read(), 'new0')
  assert.ok(door.memory.list!.revoked.has('a'))
  assert.deepEqual([...door.stored.keys()], ['new'])
})

test('people who were let in without the server are inside, and a new list does not forget them', async () => {
  const wait = (scanId: string, hash: string, direction: 'in' | 'out', admit: number): Waiting => ({
    ...{
      scanId,
      scan: { scanId, code: 'x', admit, direction, atMs: 0 },
      hash,
      gate: null,
      verdict: { status: 'valid' },
    },
  })
  const waiting = [wait('s', 'a', 'in', 2), wait('t', 'b', 'out', 1), wait('u', 'b', 'out', 1), wait('v', 'b', 'in', 1)]
  const door = await aDoor([answer([entry('a'), entry('b', 2)], 2)], waiting)

  await door.refresh()

  assert.equal(countInside(door.memory), 3)
  assert.deepEqual(Object.fromEntries(door.memory.list!.waiting), { a: 2, b: -1 })
})

test('a list that was on its way does not forget who came in meanwhile', async () => {
  const first = { at: '2030-01-01T00:00:00Z', gate: 'Norte', device: null }
  const answers = [
    answer([entry('a'), entry('b')], 2),
    answer([entry('a'), entry('b', 1)], 2),
    answer([entry('a', 2)], 2),
  ]
  const door = await aDoor(answers, [], ({ list }) => {
    if (door.asked.length === 2) list!.entries.set('a', { ...list!.entries.get('a')!, inside: 2, first })
  })
  await door.refresh()

  await door.refresh()
  assert.equal(door.read(), 'a2 b1')
  assert.deepEqual([door.stored.get('a')!.inside, door.stored.get('a')!.first], [2, first])

  await door.refresh()
  assert.equal(door.read(), 'a2 b1')
})

test('a day after the end the names go', async () => {
  const door = await aDoor([answer([entry('a')], 1)])
  await door.refresh()
  assert.equal(isOver(door.memory), false)

  door.memory.info!.event.endsAtMs = Date.now() - 25 * HOUR_MS
  assert.equal(isOver(door.memory), true)
  await wipeGuests(door.memory, door.store)

  assert.deepEqual([door.memory.list, door.memory.info, door.stored.size], [null, null, 0])
})
