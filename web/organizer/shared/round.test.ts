import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leftOf, NEW_ROUND, sendRound, type Outcome } from './round.ts'

const GUESTS = ['a', 'b', 'c', 'd'].map((id) => ({ id }))
const LOST = { outcome: { why: 'no network' }, isFinal: false }
const REFUSED = { outcome: { why: 'no address' }, isFinal: true }
const done = (outcome: Outcome) => ({ outcome, isFinal: true })

/** Answers each guest with the next of their answers, and keeps the calls. */
function calls(answers: Record<string, { outcome: Outcome; isFinal: boolean }[]>) {
  const made: { id: string; key: string }[] = []
  const send = async ({ id }: { id: string }, key: string) => {
    made.push({ id, key })
    return answers[id]!.shift()!
  }
  return { made, sending: { send, force: false, isStopped: () => false, onNext: () => {} } }
}

test('a retry goes to who was lost or refused, and a lost call keeps its key', async () => {
  const { made, sending } = calls({
    ...{ a: [done('queued')], b: [LOST, done('queued')], c: [REFUSED, done('queued')], d: [done('before')] },
  })
  const first = await sendRound(GUESTS, NEW_ROUND, sending)
  const second = await sendRound(GUESTS, first, sending)

  assert.deepEqual(
    made.map(({ id }) => id),
    ['a', 'b', 'c', 'd', 'b', 'c'],
  )
  assert.equal(new Set(made.slice(0, 4).map(({ key }) => key)).size, 4)
  assert.equal(made[4]!.key, made[1]!.key)
  assert.notEqual(made[5]!.key, made[2]!.key)
  assert.deepEqual(leftOf(GUESTS, second, false), [])
})

test('sending again goes only to who got it before this round', async () => {
  const { made, sending } = calls({
    ...{ a: [done('queued')], b: [LOST], c: [done('before'), done('queued')], d: [done('before'), LOST] },
  })
  const first = await sendRound(GUESTS, NEW_ROUND, sending)
  made.length = 0
  await sendRound(GUESTS, first, { ...sending, force: true })

  assert.deepEqual(
    made.map(({ id }) => id),
    ['c', 'd'],
  )
})

test('a round that is stopped calls nobody else', async () => {
  const { made, sending } = calls({ a: [done('queued')], b: [done('queued')] })
  const stopped = await sendRound(GUESTS, NEW_ROUND, { ...sending, isStopped: () => made.length === 2 })

  assert.equal(made.length, 2)
  assert.deepEqual(
    leftOf(GUESTS, stopped, false).map(({ id }) => id),
    ['c', 'd'],
  )
})
