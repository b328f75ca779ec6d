/** The progress of a campaign as server-sent events (WHATWG HTML, 9.2). */
import { setTimeout as sleep } from 'node:timers/promises'
import type { StreamLife } from '../http/event-stream.ts'
import type { Db } from '../platform/db.ts'
import { viewCampaign, type CampaignView } from './campaigns.ts'

/**
 * `heartbeatMs`: a comment keeps proxies from closing a quiet stream. `lifeMs`: the stream ends and the client reconnects.
 * `quietMs`: when no message is open, a stream without news ends, too.
 */
const PACE = { pollMs: 1000, heartbeatMs: 15_000, lifeMs: 900_000, quietMs: 10_000 }

/** The id of the event `done`. */
export const DONE_ID = 'done'

/** How long after its end a campaign is still watched, because guests read what they got. */
const WATCHED_MS = 900_000

/** Whether there is nothing more to watch: no message is open, and none will be read or fail while anybody watches. */
export function isSettled({ isDone, completedAt, cancelledAt, progress }: CampaignView, now: Date): boolean {
  const endedAt = completedAt ?? cancelledAt
  const isRecent = endedAt !== null && now.getTime() - endedAt.getTime() < WATCHED_MS
  return isDone && !(isRecent && progress.sent + progress.delivered > 0)
}

type Context = { db: Db; now: () => Date }
type Watched = StreamLife & { scope: string | null; id: string }

/**
 * Yields `progress` at once and on every change, and `done` when no message is open. Then it goes on while messages are
 * still read or fail. Ends when the campaign is settled, when it is done and quiet, or when `signal` aborts. Throws
 * `campaign_not_found` before the first event.
 */
export async function* watchCampaign(
  { db, now }: Context,
  { scope, id, requestId, signal, tokenMs = Infinity, isRevoked = () => Promise.resolve(false) }: Watched,
  { pollMs, heartbeatMs, lifeMs, quietMs } = PACE,
): AsyncGenerator<string> {
  let last = ''
  let saidMs = 0
  let changedMs = 0
  let wasDone = false
  const endMs = performance.now() + Math.min(lifeMs, tokenMs)
  for (let atMs = performance.now(); atMs < endMs && !signal.aborted; atMs = performance.now()) {
    if (await isRevoked()) return
    const campaign = await viewCampaign(db, scope, id)
    const { status, reason, progress, isDone } = campaign
    const data = JSON.stringify({ requestId, campaignId: id, status, reason, progress })
    if (data !== last) changedMs = atMs
    if (data !== last) yield `event: progress\ndata: ${data}\n\n`
    else if (atMs - saidMs >= heartbeatMs) yield ': still here\n\n'
    if (data !== last || atMs - saidMs >= heartbeatMs) saidMs = atMs
    if (isDone && !wasDone) yield `id: ${DONE_ID}\nevent: done\ndata: ${data}\n\n`
    if (isDone && (isSettled(campaign, now()) || atMs - changedMs >= quietMs)) return
    last = data
    wasDone = isDone
    await sleep(pollMs, undefined, { signal }).catch(() => undefined)
  }
}
