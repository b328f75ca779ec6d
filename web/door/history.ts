/** What the door shows of the past: its last answers, and what the server found different. */
import type { Scan, Verdict } from './machine.ts'
import { addRecent, type Memory } from './memory.ts'
import type { Difference, Recent } from './records.ts'
import type { Store } from './store.ts'

const DIFFERENCES_MAX = 50

export type History = ReturnType<typeof openHistory>

export function openHistory(memory: Memory, store: Pick<Store, 'set'>) {
  return {
    remember({ scanId, admit, direction, atMs }: Scan, verdict: Verdict, isProvisional: boolean): void {
      const { status, reason, guest } = verdict
      const one = {
        ...{ scanId, name: guest?.name ?? '', status, ...(reason ? { reason } : {}) },
        ...{ admit, direction, atMs, isProvisional },
      }
      memory.recent = addRecent(memory.recent, one)
      void store.set('recent', memory.recent)
    },
    async mark(scanId: string, mark: Partial<Recent>): Promise<void> {
      memory.recent = memory.recent.map((one) => (one.scanId === scanId ? { ...one, ...mark } : one))
      await store.set('recent', memory.recent)
    },
    async differ(difference: Difference): Promise<void> {
      memory.differences = [difference, ...memory.differences].slice(0, DIFFERENCES_MAX)
      await store.set('differences', memory.differences)
    },
    async forgetDifferences(): Promise<void> {
      memory.differences = []
      await store.set('differences', [])
    },
  }
}

/** A scan and what was shown, for a difference. */
export const shownOf = (
  { scanId, direction, atMs }: Scan,
  { status, reason }: Verdict,
): Pick<Difference, 'scanId' | 'direction' | 'atMs' | 'shown' | 'reason'> => ({
  ...{ scanId, direction, atMs, shown: status, ...(reason ? { reason } : {}) },
})
