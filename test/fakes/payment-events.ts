/** The events of the fake payment providers: kept for tests, and posted to the webhook late, twice or out of order. */
import { openShuffle, postUntilAccepted } from './http.ts'

export type FakeEvent = { id: string; type: string; body: string }
export type EventOptions = {
  webhook?: { url: string }
  /** The time between the cause and its first event, and between the following events. */
  stepMs?: number
  /** Posts each event twice, with the same id. */
  duplicates?: boolean
  /** Posts due events in a random order, equal for equal seeds. */
  shuffleSeed?: number
  /** The waits between retries while the webhook does not accept; Stripe retries for three days. */
  retryWaitsMs?: number[]
  log?: (line: string) => void
}
type Pending = { dueAt: number; event: FakeEvent }

/** `sign` makes the headers of one POST, again for each try, because a signature may contain the time. */
export function openEvents(options: EventOptions, sign: (body: string) => Record<string, string>) {
  const { stepMs = 0, duplicates, shuffleSeed, retryWaitsMs = [500, 2000, 8000, 32_000], log } = options
  const shuffle = openShuffle(shuffleSeed)
  const events: FakeEvent[] = []
  const posts: number[][] = []
  const running = new Set<Promise<unknown>>()
  let webhook = options.webhook ?? null
  let pending: Pending[] = []
  let lastDueAt = 0

  function add(event: FakeEvent): void {
    events.push(event)
    if (!webhook) return
    if (stepMs === 0 && pending.length === 0) setImmediate(() => postDue(true)) // the events of one cause together
    lastDueAt = Math.max(Date.now(), shuffleSeed === undefined ? lastDueAt : 0) + stepMs
    const one = { dueAt: lastDueAt, event }
    pending.push(...(duplicates ? [one, { ...one }] : [one]))
  }
  function postDue(isEverything: boolean): void {
    const due = pending.filter(({ dueAt }) => isEverything || dueAt <= Date.now())
    pending = pending.filter((one) => !due.includes(one))
    for (const { event } of shuffle(due)) post(event)
  }
  function post({ type, body }: FakeEvent): void {
    if (!webhook) return
    log?.(`posting ${type}`)
    const posting = postUntilAccepted(
      webhook.url,
      () => ({ headers: { 'content-type': 'application/json', ...sign(body) }, body }),
      { isAccepted: (status) => status >= 200 && status < 300, waitsMs: retryWaitsMs, ...(log ? { log } : {}) },
    ).then((statuses) => posts.push(statuses))
    running.add(posting)
    void posting.finally(() => running.delete(posting))
  }
  const timer = setInterval(() => postDue(false), Math.max(10, Math.min(100, stepMs)))
  timer.unref()
  return {
    events,
    /** The webhook's answers: one list of HTTP statuses per POST. */
    posts,
    add,
    /** Returns the events so far and forgets them. */
    take: (): FakeEvent[] => events.splice(0),
    useWebhook: (following: { url: string } | null) => void (webhook = following),
    /** Posts everything pending and waits until the webhook has accepted it. */
    async flush() {
      postDue(true)
      await Promise.all(running)
    },
    stop: () => clearInterval(timer),
  }
}
