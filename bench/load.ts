/**
 * The load generator: a process of its own that sends one kind of request over keep-alive connections for some seconds and
 * prints what came back. It reads one Load as JSON from its first argument.
 */
import autocannon from 'autocannon'

export type Load = {
  url: string
  method: 'GET' | 'POST'
  /** `{n}` in path and body is replaced by the number of the request. */
  path: string
  headers: Record<string, string>
  body?: string
  /** The number of the first request. */
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

const load = JSON.parse(process.argv[2]!) as Load
let next = load.from
const fill = (template: string, n: number) => template.replaceAll('{n}', String(n))
const isNumbered = load.path.includes('{n}') || (load.body ?? '').includes('{n}')
const startedMs = performance.now()
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  ...(load.rate ? { overallRate: load.rate } : {}),
  requests: [
    {
      method: load.method,
      path: load.path,
      headers: load.headers,
      ...(load.body === undefined ? {} : { body: load.body }),
      ...(isNumbered
        ? {
            setupRequest: (request) => {
              const n = next++
              return {
                ...request,
                path: fill(load.path, n),
                ...(load.body === undefined ? {} : { body: fill(load.body, n) }),
              }
            },
          }
        : {}),
    },
  ],
})
const seconds = (performance.now() - startedMs) / 1000
process.stdout.write(
  JSON.stringify({
    rate: result['2xx'] / seconds,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    succeeded: result['2xx'],
    failed: result.non2xx + result.errors + result.timeouts,
    numbered: next - load.from,
  } satisfies LoadResult),
)
