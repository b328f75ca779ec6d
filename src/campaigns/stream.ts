/** The progress of a campaign as server-sent events (WHATWG HTML, 9.2). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../platform/db.ts'
import { viewCampaign } from './campaigns.ts'

/** `heartbeatMs`: a comment keeps proxies from closing a quiet stream. `lifeMs`: the stream ends and the client reconnects. */
const PACE = { pollMs: 1000, heartbeatMs: 15_000, lifeMs: 900_000 }

/** The id of the last event. An EventSource that reconnects with it has seen the end. */
export const DONE_ID = 'done'

type Watched = {
  scope: string | null
  id: string
  requestId: string
  signal: AbortSignal
  /** The remaining life of the access token, which the stream must not outlive. */
  tokenMs?: number
}

/**
 * Yields `progress` at once and on every change, and `done` when no message is open. Ends then, or when `signal` aborts.
 * Throws `campaign_not_found` before the first event.
 */
export async function* watchCampaign(
  db: Db,
  { scope, id, requestId, signal, tokenMs = Infinity }: Watched,
  { pollMs, heartbeatMs, lifeMs } = PACE,
): AsyncGenerator<string> {
  let last = ''
  let silentMs = 0
  const endMs = performance.now() + Math.min(lifeMs, tokenMs)
  while (performance.now() < endMs && !signal.aborted) {
    const { status, reason, progress, isDone } = await viewCampaign(db, scope, id)
    const data = JSON.stringify({ requestId, campaignId: id, status, reason, progress })
    if (data !== last) yield `event: progress\ndata: ${data}\n\n`
    else if (silentMs >= heartbeatMs) yield ': still here\n\n'
    silentMs = data !== last || silentMs >= heartbeatMs ? 0 : silentMs + pollMs
    last = data
    if (isDone) {
      yield `id: ${DONE_ID}\nevent: done\ndata: ${data}\n\n`
      return
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}
