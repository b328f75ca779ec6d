import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closestName, editDistance } from './spelling.ts'

const DISTANCES: [string, string, number][] = [
  ['', '', 0],
  ['', 'abc', 3],
  ['PORT', 'PORT', 0],
  ['PRT', 'PORT', 1],
  ['PORTS', 'PORT', 1],
  ['PART', 'PORT', 1],
  ['PROT', 'PORT', 1],
  ['SECERT', 'SECRET', 1],
  ['kitten', 'sitting', 3],
  ['ca', 'abc', 3],
]
for (const [a, b, expected] of DISTANCES) {
  test(`"${a}" is ${expected} from "${b}", both ways`, () => {
    assert.equal(editDistance(a, b), expected)
    assert.equal(editDistance(b, a), expected)
  })
}

test('the nearest name wins, and a short one must be nearer', () => {
  assert.equal(closestName('dryrun', ['dry-run', 'drain']), 'dry-run')
  assert.equal(closestName('forcee', ['force']), 'force')
  assert.equal(closestName('name', ['note', 'mane']), undefined)
  assert.equal(closestName('elephant', ['force']), undefined)
})
