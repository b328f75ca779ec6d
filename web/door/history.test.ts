import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHistory, shownOf } from './history.ts'
import type { Scan } from './machine.ts'
import { makeMemory } from './memory.ts'
import type { Session } from './records.ts'

const SESSION: Session = {
  ...{ eventId: 'e', eventName: 'Boda', timeZone: 'UTC', endsAtMs: 0, gate: null, device: 'd', token: null },
}
const FULL = { status: 'duplicate', reason: 'not_enough_places' } as const

test('what is remembered says why, so that a party that was too large is not «already in»', async () => {
  const nothing = { info: undefined, recent: undefined, differences: undefined, settings: undefined }
  const memory = await makeMemory(SESSION, { ...nothing, entries: [], queue: [] })
  const history = openHistory(memory, { set: () => Promise.resolve() })

  const scan: Scan = { scanId: 's', code: 'c', admit: 3, direction: 'in', atMs: 0 }
  history.remember(scan, FULL, true)
  await history.mark('s', { isProvisional: false, isRejected: true })

  const [one] = memory.recent
  assert.deepEqual(
    [one!.status, one!.reason, one!.isProvisional, one!.isRejected],
    [...Object.values(FULL), false, true],
  )
  assert.deepEqual(shownOf(scan, FULL), {
    ...{ scanId: 's', direction: 'in', atMs: 0, shown: 'duplicate', reason: 'not_enough_places' },
  })
})
