/**
 * The load generator: a process of its own that sends one kind of request over keep-alive connections for some seconds and
 * prints what came back. It reads one Load as JSON from its first argument.
 */
import autocannon from 'autocannon'

export type LoadRequest = {
  method: 'GET' | 'POST'
  /** `{n}` in path and body is replaced by the number of the request, `{n:8}` by its eight digits. */
  path: string
  headers: Record<string, string>
  body?: string
}
export type Load = LoadRequest & {
  url: string
  /** Further requests, which take turns with the first. */
  others?: LoadRequest[]
  /**
   * Numbers the requests all over a table of so many rows instead of one after the other. `{group}` is the number's group,
   * such as the event of a guest.
   */
  spread?: { rows: number; groupSize: number }
  /** Request n says `Bearer` and the nth of them. */
  tokens?: string[]
  /** The number of the first request of each kind. */
  from: number
  connections: number
  seconds: number
  /** Requests a second over all connections. Absent: as many as are answered. */
  rate?: number
}
export type LoadResult = {
  /** Answers a second. */
  rate: number
  p50Ms: number
  p99Ms: number
  succeeded: number
  /** Answers with another status than 2xx, lost connections and timeouts. */
  failed: number
  /** How many requests were numbered; some of them may have no answer. */
  numbered: number
}

/** A prime, so that multiplying by it visits every row once. */
const STRIDE = 15_485_863

const load = JSON.parse(process.argv[2]!) as Load
let numbered = 0
const isNumbered = JSON.stringify([load, load.others]).includes('{n') || load.tokens !== undefined

function numberRequest({ path, headers, body }: LoadRequest, n: number) {
  const { spread, tokens } = load
  const row = spread ? (n * STRIDE) % spread.rows : n
  const group = Math.floor(row / (spread?.groupSize ?? 1))
  const fill = (text: string) =>
    text
      .replaceAll('{n}', String(row))
      .replaceAll('{n:8}', String(row).padStart(8, '0'))
      .replaceAll('{group}', String(group))
  return {
    path: fill(path),
    headers: tokens ? { ...headers, authorization: `Bearer ${tokens[n % tokens.length]}` } : headers,
    ...(body === undefined ? {} : { body: fill(body) }),
  }
}

function describeRequest(one: LoadRequest): autocannon.Request {
  const { method, path, headers, body } = one
  let next = load.from
  const setupRequest = (request: autocannon.Request): autocannon.Request => {
    numbered++
    return { ...request, ...numberRequest(one, next++) }
  }
  return { method, path, headers, ...(body === undefined ? {} : { body }), ...(isNumbered ? { setupRequest } : {}) }
}

const startedMs = performance.now()
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  ...(load.rate ? { overallRate: load.rate } : {}),
  requests: [load, ...(load.others ?? [])].map(describeRequest),
})
const seconds = (performance.now() - startedMs) / 1000
process.stdout.write(
  JSON.stringify({
    rate: result['2xx'] / seconds,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    succeeded: result['2xx'],
    failed: result.non2xx + result.errors + result.timeouts,
    numbered,
  } satisfies LoadResult),
)
