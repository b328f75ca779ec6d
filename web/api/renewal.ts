/** Renews the session of a call that was refused because it had expired, and sends the call again. */
const RENEWAL_MAX_MS = 10_000

/** `lock`: runs one renewal after the other, in this tab and in the others. */
type Means = {
  ask(this: void, to: Request | string, init?: RequestInit): Promise<Response>
  lock(this: void, work: () => Promise<Response | null>): Promise<Response | null>
}

export function keepSession({ ask, lock }: Means) {
  let renewedMs = 0

  /** Once for all calls that were refused at the same time. Returns null, or the answer that refused it; throws as `fetch` does. */
  const renew = (sinceMs: number): Promise<Response | null> =>
    lock(async () => {
      if (renewedMs > sinceMs) return null
      // All that wait for the session wait for this call.
      const response = await ask('/auth/refresh', { method: 'POST', signal: AbortSignal.timeout(RENEWAL_MAX_MS) })
      if (!response.ok) return response
      renewedMs = performance.now()
      return null
    })

  async function send(request: Request): Promise<Response> {
    const retry = request.clone()
    const startedMs = performance.now()
    const response = await ask(request)
    if (response.status !== 401 || request.headers.has('authorization')) return response
    const failed = await renew(startedMs)
    if (!failed) return ask(retry)
    // A server that is busy has not ended the session.
    return failed.status === 429 || failed.status >= 500 ? failed : response
  }
  return { send, renew }
}
