import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { components } from '../api/schema.d.ts'
import type { Outcome, Waiting } from './records.ts'
import { uploadScans } from './uploads.ts'

type Reply = components['schemas']['ScanUploadResult']

const waiting = (n: number): Waiting => ({
  ...{
    scanId: `s${n}`,
    scan: { scanId: `s${n}`, code: 'x', admit: 1, direction: 'in', atMs: n },
    hash: null,
    gate: null,
  },
  verdict: { status: 'valid' },
})
const reply = (results: Reply['results']): Outcome<Reply> => ({
  kind: 'ok',
  data: { requestId: 'r', clock: { skewMs: 0, isOff: false }, results },
})

async function upload(outcome: Outcome<Reply>, scans: Waiting[], failures = 0) {
  const sent: string[] = []
  const net = {
    upload(given: Waiting[]) {
      sent.push(...given.map(({ scanId }) => scanId))
      return Promise.resolve(outcome)
    },
  }
  return { uploaded: await uploadScans(net, scans, failures), sent }
}

test('at most 500 leave at once, the oldest first', async () => {
  const { sent } = await upload(
    reply([]),
    Array.from({ length: 600 }, (_, n) => waiting(600 - n)),
  )

  assert.deepEqual([sent.length, sent[0], sent.at(-1)], [500, 's1', 's500'])
})

test('a scan leaves on its own result: one that has none stays', async () => {
  const outcome = reply([
    { scanId: 's1', status: 'duplicate', reason: 'already_admitted', isConflict: true },
    { scanId: 's2', status: 'rejected', code: 'scan_undone', errors: [{ path: 'body', message: 'undone' }] },
  ])

  const { uploaded } = await upload(outcome, [waiting(1), waiting(2), waiting(3)])

  assert.ok(uploaded.kind === 'done')
  assert.deepEqual(uploaded.settled, [
    { waiting: waiting(1), verdict: { status: 'duplicate', reason: 'already_admitted', isConflict: true } },
    { waiting: waiting(2), problem: { code: 'scan_undone', detail: 'undone', requestId: 'r' } },
  ])
})

const PROBLEM = { ...{ code: 'unauthorized', title: '', type: '', status: 401, detail: '', requestId: 'r' } }

for (const [outcome, failures, expected] of [
  [{ kind: 'blocked', problem: PROBLEM }, 0, { kind: 'blocked', problem: PROBLEM }],
  [{ kind: 'silent', afterMs: 0 }, 0, { kind: 'again', afterMs: 1000 }],
  [{ kind: 'silent', afterMs: 0 }, 3, { kind: 'again', afterMs: 8000 }],
  [{ kind: 'silent', afterMs: 0 }, 9, { kind: 'again', afterMs: 30_000 }],
  [{ kind: 'silent', afterMs: 12_000 }, 0, { kind: 'again', afterMs: 12_000 }],
] as [Outcome<Reply>, number, object][])
  test(`${outcome.kind} after ${failures} failures: all stay, ${JSON.stringify(expected)}`, async () => {
    assert.deepEqual((await upload(outcome, [waiting(1)], failures)).uploaded, expected)
  })
