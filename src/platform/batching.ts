/** Batching: concurrent callers of the same statement share one call and one commit. */
import type { Db } from './db.ts'
import { isConnectionLost } from './errors.ts'

export type Batching<C, I, O> = (context: C, item: I) => Promise<O>

/**
 * Gathers concurrent calls into batches that share one commit. `run` takes many items and answers in their order.
 * A call waits no longer than the batch in flight; the next batch gathers up to `max` items meanwhile, and up to
 * `lanes` full batches run at once. When a batch fails, its items run one by one, so that one bad row never fails
 * its neighbours; a lost connection fails them all.
 */
export function batching<C extends { db: Db }, I, O>(
  run: (context: C, items: I[]) => Promise<O[]>,
  { max, lanes }: { max: number; lanes: number },
): Batching<C, I, O> {
  type Waiting = { context: C; item: I; resolve: (output: O) => void; reject: (error: unknown) => void }
  type State = { waiting: Waiting[]; running: number; isGathering: boolean }
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

  function pump(state: State): void {
    const isWorthIt = state.running === 0 ? state.waiting.length > 0 : state.waiting.length >= max
    if (state.running >= lanes || !isWorthIt) return
    state.running++
    void runBatch(state.waiting.splice(0, max)).finally(() => {
      state.running--
      pump(state)
    })
    pump(state)
  }

  return (context, item) =>
    new Promise<O>((resolve, reject) => {
      const state = states.get(context.db) ?? { waiting: [], running: 0, isGathering: false }
      states.set(context.db, state)
      state.waiting.push({ context, item, resolve, reject })
      if (state.isGathering) return
      state.isGathering = true
      // Calls of the same turn of the event loop share a batch.
      setImmediate(() => {
        state.isGathering = false
        pump(state)
      })
    })
}
