/** Times requests over HTTP one by one. */
export type Times = { p50: number; p95: number; max: number; count: number }
export type Request = { path: string; token: string; body?: object }

/** Sends a request and reads its answer. Returns the milliseconds; throws at an answer other than 2xx. */
export async function timeRequest(url: string, { path, token, body }: Request): Promise<number> {
  const startedMs = performance.now()
  const answer = await fetch(`${url}${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
  return performance.now() - startedMs
}

/** Sends it `count` times after two that do not count. */
export async function timeTimes(url: string, request: Request, count: number): Promise<Times> {
  const times: number[] = []
  for (let n = -2; n < count; n++) {
    const ms = await timeRequest(url, request)
    if (n >= 0) times.push(ms)
  }
  return summarize(times)
}

/** Sends requests one after the other until `isOver`, at least one. */
export async function timeUntil(url: string, next: () => Request, isOver: () => boolean): Promise<Times> {
  const times: number[] = []
  do times.push(await timeRequest(url, next()))
  while (!isOver())
  return summarize(times)
}

function summarize(times: number[]): Times {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1)!, count: sorted.length }
}
