/** Shared by the fakes: a server on loopback, a rate limiter like the vendors', and webhook posts with retries. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type Asked = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: string
}
export type Reply = { status: number; json?: unknown; text?: string; bytes?: Buffer; headers?: Record<string, string> }
/** `silence` never answers; `reset` resets the connection; `drip` begins an answer and never ends it. */
export type Answer = Reply | 'silence' | 'reset' | 'drip'

/** Starts a server on loopback; port 0 is a free one. `close` also closes connections that wait for an answer. */
export async function startServer(port: number, answer: (asked: Asked) => Answer) {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request)
    const url = new URL(request.url ?? '/', 'http://fake')
    const { method = 'GET', headers } = request
    send(request, response, answer({ method, path: url.pathname, query: url.searchParams, headers, body }))
  }
  const server = createServer((request, response) => {
    // A script entered by hand may be invalid: the caller gets an error and the fake keeps running.
    serve(request, response).catch((error: unknown) =>
      response.writeHead(500).end(JSON.stringify({ fake: String(error) })),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (answer === 'silence') return
  if (answer === 'reset') return void request.socket.resetAndDestroy()
  if (answer === 'drip') return drip(response)
  const headers = { 'content-type': 'application/json', ...answer.headers }
  response.writeHead(answer.status, headers).end(answer.bytes ?? answer.text ?? JSON.stringify(answer.json))
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).write('{')
  const timer = setInterval(() => response.write(' '), 20)
  response.once('close', () => clearInterval(timer))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/**
 * Generic cell rate algorithm: one request every `intervalMs` per key, with a burst of `burst`. Returns true when the
 * request may pass.
 */
export function openLimiter(intervalMs: number, burst: number) {
  const dueAt = new Map<string, number>()
  return (key: string): boolean => {
    const now = Date.now()
    const due = Math.max(now, dueAt.get(key) ?? 0)
    if (due - now > intervalMs * (burst - 1)) return false
    dueAt.set(key, due + intervalMs)
    return true
  }
}

/** Fisher-Yates shuffle with the generator mulberry32: every call has another order, equal for equal seeds. */
export function openShuffle(seed: number | undefined): <T>(list: readonly T[]) => T[] {
  if (seed === undefined) return (list) => [...list]
  let state = seed
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return <T>(list: readonly T[]): T[] => {
    const shuffled = [...list]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1))
      ;[shuffled[last], shuffled[other]] = [shuffled[other]!, shuffled[last]!]
    }
    return shuffled
  }
}

export type Posting = { isAccepted: (status: number) => boolean; waitsMs: number[]; log?: (line: string) => void }

/** Posts until the webhook accepts it or `waitsMs` is used up. Returns the answered statuses, 0 for no answer. */
export async function postUntilAccepted(
  url: string,
  make: () => { headers: Record<string, string>; body: string },
  { isAccepted, waitsMs, log }: Posting,
): Promise<number[]> {
  const statuses: number[] = []
  for (let attempt = 0; ; attempt++) {
    const { headers, body } = make()
    const status = await fetch(url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(10_000),
      redirect: 'manual',
    })
      .then(async (response) => {
        await response.arrayBuffer()
        return response.status
      })
      .catch(() => 0)
    statuses.push(status)
    if (isAccepted(status)) return statuses
    const waitMs = waitsMs[attempt]
    log?.(
      `webhook answered ${status || 'nothing'}${waitMs === undefined ? ', giving up' : `, retrying in ${waitMs} ms`}`,
    )
    if (waitMs === undefined) return statuses
    await sleep(waitMs, undefined, { ref: false })
  }
}

/** Returns a JSON object, or null for any other text. */
export function parseJson(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
