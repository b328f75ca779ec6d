/** Waiting beside a signal that ends the program. */

export function untilStopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve()
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
}

/** The result of the work; throws the reason of `stop` when that comes first, and the work goes on by itself. */
export async function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  const result = await Promise.race([work, untilStopped(stop)])
  stop.throwIfAborted()
  return result as T
}
