/** Batching: concurrent calls of one statement run as one statement with one commit. */
import type { Db } from './db.ts'
import { isConnectionLost } from './errors.ts'

/**
 * `max`: the most items of a batch. `lanes`: how many batches run at a time. `gapMs`: how long the next batch collects at least,
 * counted from the start of the last; for statements that are quicker than the requests that wait for them.
 */
type Limits = { max: number; lanes: number; gapMs?: number }

/**
 * Collects concurrent calls into batches. `run` takes the items of a batch and returns their results in order. While a batch
 * runs, the next one collects items; it starts when the running batch ends, or when it has `max` items and fewer than `lanes`
 * batches run. When a batch fails, its items run one by one, so that one bad row fails alone. A lost connection fails all.
 */
export function gathering<I, O>(
  run: (items: I[]) => Promise<O[]>,
  { max, lanes, gapMs = 0 }: Limits,
): (item: I) => Promise<O> {
  type Waiting = { item: I; resolve: (output: O) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let running = 0
  let isScheduled = false
  let mayStartMs = 0
  let isInGap = false

  async function runBatch(batch: Waiting[]): Promise<void> {
    try {
      const outputs = await run(batch.map(({ item }) => item))
      batch.forEach(({ resolve }, index) => resolve(outputs[index]!))
    } catch (error) {
      if (batch.length === 1 || isConnectionLost(error)) return batch.forEach(({ reject }) => reject(error))
      for (const one of batch) await runBatch([one])
    }
  }

  function waitForGap(ms: number): void {
    if (isInGap) return
    isInGap = true
    setTimeout(() => {
      isInGap = false
      startBatches()
    }, ms)
  }

  function startBatches(): void {
    const isReady = running === 0 ? waiting.length > 0 : waiting.length >= max
    if (running >= lanes || !isReady) return
    if (gapMs > 0 && waiting.length < max) {
      const nowMs = performance.now()
      if (nowMs < mayStartMs) return waitForGap(mayStartMs - nowMs)
      mayStartMs = nowMs + gapMs
    }
    running++
    const batch = waiting.slice(0, max)
    waiting = waiting.slice(max)
    void runBatch(batch).finally(() => {
      running--
      startBatches()
    })
    startBatches()
  }

  return (item) =>
    new Promise<O>((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (isScheduled) return
      isScheduled = true
      // Calls from the same tick of the event loop go into one batch.
      setImmediate(() => {
        isScheduled = false
        startBatches()
      })
    })
}

/** The same for calls with a context: those of one database run together, with the context of the first of them. */
export function batching<C extends { db: Db }, I, O>(
  run: (context: C, items: I[]) => Promise<O[]>,
  limits: Limits,
): (context: C, item: I) => Promise<O> {
  type Call = { context: C; item: I }
  const runCalls = (calls: Call[]) =>
    run(
      calls[0]!.context,
      calls.map(({ item }) => item),
    )
  const ofDatabases = new WeakMap<Db, (call: Call) => Promise<O>>()
  return (context, item) => {
    const known = ofDatabases.get(context.db)
    const gather = known ?? gathering(runCalls, limits)
    if (!known) ofDatabases.set(context.db, gather)
    return gather({ context, item })
  }
}
