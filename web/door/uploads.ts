/** Uploads the scans that wait, oldest first. One leaves on its own result; whatever has none stays. */
import type { components } from '../api/schema.d.ts'
import type { Verdict } from './machine.ts'
import type { Outcome, Waiting } from './records.ts'

type Problem = components['schemas']['Problem']
type Net = { upload(scans: Waiting[]): Promise<Outcome<components['schemas']['ScanUploadResult']>> }

const AT_ONCE_MAX = 500
const WAIT_MIN_MS = 1000
const WAIT_MAX_MS = 30_000

/** What became of one scan. `problem`: why the server did not take it at all. */
export type Rejection = { code: string; detail: string; requestId: string }
export type Settled = { waiting: Waiting; verdict: Verdict } | { waiting: Waiting; problem: Rejection }
export type Uploaded =
  { kind: 'done'; settled: Settled[] } | { kind: 'blocked'; problem: Problem } | { kind: 'again'; afterMs: number }

/** `failures`: tries in a row that got no answer. */
export async function uploadScans(net: Net, waiting: Iterable<Waiting>, failures: number): Promise<Uploaded> {
  const scans = [...waiting].toSorted((a, b) => a.scan.atMs - b.scan.atMs).slice(0, AT_ONCE_MAX)
  const outcome = await net.upload(scans)
  if (outcome.kind === 'blocked') return outcome
  if (outcome.kind !== 'ok') {
    const afterMs = outcome.kind === 'silent' ? outcome.afterMs : 0
    return { kind: 'again', afterMs: afterMs || Math.min(WAIT_MIN_MS * 2 ** failures, WAIT_MAX_MS) }
  }
  const byId = new Map(scans.map((one) => [one.scanId, one]))
  const { requestId } = outcome.data
  const settled = outcome.data.results.flatMap(({ scanId, status, code = '', errors, ...verdict }): Settled[] => {
    const one = byId.get(scanId ?? '')
    if (!one) return []
    if (status !== 'rejected') return [{ waiting: one, verdict: { ...verdict, status } }]
    return [{ waiting: one, problem: { code, detail: errors?.[0]?.message ?? '', requestId } }]
  })
  return { kind: 'done', settled }
}
