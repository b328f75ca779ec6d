import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf } from './rate-limit.ts'

for (const [address, network] of [
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:4711', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['[::ffff:203.0.113.9]:80', '203.0.113.9'],
  [' 203.0.113.9 ', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:2::7', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2::7]:443', '2001:db8:1:2::/64'],
  ['2001:db8::7', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['a guess', 'unknown'],
  ['203.0.113.999', 'unknown'],
  ['', 'unknown'],
] as const) {
  test(`limits count «${address}» as ${network}`, () => {
    assert.equal(networkOf(address), network)
  })
}
