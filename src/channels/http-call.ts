/**
 * One HTTP call to a provider through undici's `dispatch`. A call through `fetch` costs six times the processor time, as much
 * as everything else that a delivery needs of the worker. Redirects are not followed: that would send a key to another host.
 */
import type { Readable } from 'node:stream'
import { Agent, request, type Dispatcher } from 'undici'

type Call = {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
  /** For the whole call, from the connection to the end of the answer. */
  timeoutMs: number
  maxBytes: number
}
/** `json` is undefined when the body breaks off, comes too late, is longer than `maxBytes` or is not JSON. */
export type Answered = { kind: 'answered'; httpStatus: number; retryAfter: string | undefined; json: unknown }
/** `unreachable`: nothing was sent. After `timeout` and `lost` the provider may have the request. */
type CallResult = Answered | { kind: 'unreachable' | 'timeout' | 'lost' }

/** Keeps connections for the next calls, as many to one host as calls run at the same time. */
const agent = new Agent()

/** Never rejects. */
export function callProvider(call: Call): Promise<CallResult> {
  const { origin, pathname, search } = new URL(call.url)
  const { method, headers, body = null } = call
  return new Promise((resolve) =>
    agent.dispatch({ origin, path: `${pathname}${search}`, method, headers, body }, readAnswer(call, resolve)),
  )
}

/** `length`: null when the provider does not tell it. */
export type Download =
  | { kind: 'answered'; httpStatus: number; length: number | null; body: Readable }
  | { kind: 'unreachable' | 'timeout' | 'lost' }

/**
 * Begins a download. Whoever gets the body reads it to its end or destroys it. It fails when `timeoutMs` is over, also while it
 * is read.
 */
export async function download({
  url,
  headers,
  timeoutMs,
}: Omit<Call, 'method' | 'body' | 'maxBytes'>): Promise<Download> {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await request(url, { headers, signal, dispatcher: agent })
    const length = Number(answer.headers['content-length'] ?? NaN)
    return {
      kind: 'answered',
      httpStatus: answer.statusCode,
      length: Number.isSafeInteger(length) ? length : null,
      body: answer.body,
    }
  } catch (error) {
    if (signal.aborted) return { kind: 'timeout' }
    return { kind: error instanceof Error && !mayHaveLeft(error) ? 'unreachable' : 'lost' }
  }
}

function readAnswer({ timeoutMs, maxBytes }: Call, resolve: (result: CallResult) => void): Dispatcher.DispatchHandler {
  let controller: Dispatcher.DispatchController | undefined
  let answered: Answered | undefined
  let isAborted = false
  const chunks: Buffer[] = []
  let bytes = 0
  const timer = setTimeout(() => abort('timeout'), timeoutMs)
  /** An answer that has begun goes before a failure. */
  const end = (failure: 'unreachable' | 'timeout' | 'lost') => {
    clearTimeout(timer)
    resolve(answered ?? { kind: failure })
  }
  const abort = (failure: 'timeout' | 'lost') => {
    isAborted = true
    end(failure)
    controller?.abort(new Error('the call was given up'))
  }
  return {
    onRequestStart(started) {
      controller = started
      if (isAborted) started.abort(new Error('the call was given up')) // while it was connecting
    },
    onResponseStart(_, httpStatus, { 'retry-after': retryAfter }) {
      if (httpStatus < 200) return // an interim response (RFC 9110, 15.2)
      answered = { kind: 'answered', httpStatus, retryAfter: [retryAfter].flat()[0], json: undefined }
    },
    onResponseData(_, chunk) {
      chunks.push(chunk)
      if ((bytes += chunk.length) > maxBytes) abort('lost')
    },
    onResponseEnd() {
      if (answered) answered.json = parseJson(Buffer.concat(chunks).toString())
      end('lost')
    },
    onResponseError: (_, error) => end(mayHaveLeft(error) ? 'lost' : 'unreachable'),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Errors before the request was sent: no connection, or no TLS. */
const NOTHING_LEFT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|ERR_SSL_WRONG_VERSION_NUMBER|CERT_.*|(DEPTH_ZERO_)?SELF_SIGNED_CERT.*|UNABLE_TO_.*)$/

/** Whether the provider may have received the request. The error says how the connection failed. */
function mayHaveLeft(error: Error): boolean {
  if (error instanceof AggregateError) return false // every address of the host was tried and none connected
  return !('code' in error && typeof error.code === 'string' && NOTHING_LEFT.test(error.code))
}
