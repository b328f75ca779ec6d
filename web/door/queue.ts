/** The scans that our list answered: each is kept with its entry, is uploaded, and leaves on the server's own word about it. */
import { explainProblem } from '../words/problems.ts'
import { shownOf, type History } from './history.ts'
import { isSame, type DoorEvent, type Scan, type Verdict } from './machine.ts'
import { countWaiting, setInside, type Memory } from './memory.ts'
import type { Net } from './net.ts'
import type { Blocked, Waiting } from './records.ts'
import type { Store } from './store.ts'
import { uploadScans } from './uploads.ts'

const EVERY_MS = 15_000

/** `blocked`: the server does not know us any more. `tell`: what is in memory has changed. */
type Parts = {
  memory: Memory
  store: Store
  net: Net
  history: History
  dispatch: (event: DoorEvent) => void
  blocked: (outcome: Blocked) => Promise<void>
  tell: () => void
}

export function openQueue({ memory, store, net, history, dispatch, blocked, tell }: Parts) {
  const { waiting } = memory
  let failures = 0
  let dueMs = 0
  let uploading: Promise<void> | null = null

  const count = () => {
    if (memory.list) memory.list.waiting = countWaiting(waiting)
  }

  /** `hash`: of the entry that was meant, when our list has it. */
  async function keep(scan: Scan, verdict: Verdict, hash: string | null): Promise<void> {
    const entry = hash === null ? undefined : memory.list?.entries.get(hash)
    const { status, reason } = verdict
    const one: Waiting = {
      ...{ scanId: scan.scanId, scan, hash: entry?.hash ?? null, gate: memory.session.gate },
      verdict: { status, ...(reason ? { reason } : {}) },
    }
    waiting.set(scan.scanId, one)
    count()
    history.remember(scan, verdict, true)
    await store.keep(one, entry ? setInside(memory, entry, { scan, verdict, inside: entry.inside }) : null)
    tell()
  }

  async function settle(scanId: string, verdict: Verdict): Promise<void> {
    const one = waiting.get(scanId)
    if (!one) return
    const { scan, hash, gate, verdict: before } = one
    const entry = hash === null ? undefined : memory.list?.entries.get(hash)
    waiting.delete(scanId)
    count()
    const inside = verdict.guest?.admitted
    const changed = entry && inside !== undefined ? setInside(memory, entry, { scan, verdict, inside }) : null
    await store.settle(scanId, changed)
    history.remember(scan, verdict, false)
    if (!isSame(before, verdict)) await history.differ({ ...shownOf(scan, before), gate, verdict })
    dispatch({ kind: 'settled', scan, before, verdict, ageMs: Date.now() - scan.atMs })
  }

  async function reject({ scanId, scan, gate, verdict }: Waiting, text: string): Promise<void> {
    if (!waiting.delete(scanId)) return
    count()
    await store.settle(scanId, null)
    await history.mark(scanId, { isProvisional: false, isRejected: true })
    await history.differ({ ...shownOf(scan, verdict), gate, text })
  }

  /** One at a time: whoever comes meanwhile waits for its end. */
  const upload = (): Promise<void> =>
    (uploading ??= uploadAll().finally(() => {
      uploading = null
    }))

  async function uploadAll(): Promise<void> {
    while (waiting.size > 0 && (await uploadSome()) > 0);
  }

  /** Returns how many scans left. */
  async function uploadSome(): Promise<number> {
    memory.isUploading = true
    tell()
    const uploaded = await uploadScans(net, waiting.values(), failures)
    memory.isUploading = false
    failures = uploaded.kind === 'again' ? failures + 1 : 0
    dueMs = performance.now() + (uploaded.kind === 'again' ? uploaded.afterMs : EVERY_MS)
    const settled = uploaded.kind === 'done' ? uploaded.settled : []
    if (uploaded.kind === 'blocked') await blocked(uploaded)
    if (uploaded.kind === 'done') memory.blockedBy = null
    for (const one of settled) {
      if ('verdict' in one) await settle(one.waiting.scanId, one.verdict)
      else await reject(one.waiting, explainProblem(one.problem).text)
    }
    tell()
    return settled.length
  }

  return {
    keep,
    settle,
    upload,
    has: (scanId: string) => waiting.has(scanId),
    holds: (hash: string) => [...waiting.values()].some((one) => one.hash === hash),
    isDue: (nowMs: number) => waiting.size > 0 && nowMs >= dueMs,
  }
}
