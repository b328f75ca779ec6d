/** Batching: concurrent calls of one statement run as one statement with one commit. */
import type { Db } from './db.ts'
import { isConnectionLost } from './errors.ts'

export type Batching<C, I, O> = (context: C, item: I) => Promise<O>

/**
 * Collects concurrent calls into batches. `run` takes the items of a batch and returns their results in order. While a batch
 * runs, the next one collects items; it starts when the running batch ends, or when it has `max` items and fewer than `lanes`
 * batches run. When a batch fails, its items run one by one, so that one bad row fails alone. A lost connection fails all.
 */
export function batching<C extends { db: Db }, I, O>(
  run: (context: C, items: I[]) => Promise<O[]>,
  { max, lanes }: { max: number; lanes: number },
): Batching<C, I, O> {
  type Waiting = { context: C; item: I; resolve: (output: O) => void; reject: (error: unknown) => void }
  type State = { waiting: Waiting[]; running: number; isScheduled: boolean }
  const states = new WeakMap<Db, State>()

  async function runBatch(batch: Waiting[]): Promise<void> {
    try {
      const outputs = await run(
        batch[0]!.context,
        batch.map(({ item }) => item),
      )
      batch.forEach(({ resolve }, index) => resolve(outputs[index]!))
    } catch (error) {
      if (batch.length === 1 || isConnectionLost(error)) return batch.forEach(({ reject }) => reject(error))
      for (const one of batch) await runBatch([one])
    }
  }

  function startBatches(state: State): void {
    const isReady = state.running === 0 ? state.waiting.length > 0 : state.waiting.length >= max
    if (state.running >= lanes || !isReady) return
    state.running++
    void runBatch(state.waiting.splice(0, max)).finally(() => {
      state.running--
      startBatches(state)
    })
    startBatches(state)
  }

  return (context, item) =>
    new Promise<O>((resolve, reject) => {
      const state = states.get(context.db) ?? { waiting: [], running: 0, isScheduled: false }
      states.set(context.db, state)
      state.waiting.push({ context, item, resolve, reject })
      if (state.isScheduled) return
      state.isScheduled = true
      // Calls from the same tick of the event loop go into one batch.
      setImmediate(() => {
        state.isScheduled = false
        startBatches(state)
      })
    })
}
