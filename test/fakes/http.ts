/** What the fakes share: a server on loopback, a limiter as vendors have them, and posting to a webhook until it is taken. */
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
export type Reply = { status: number; json?: unknown; text?: string; headers?: Record<string, string> }
/** `silence` never answers; `reset` breaks the connection. */
export type Answer = Reply | 'silence' | 'reset'

/** A server on loopback; port 0 takes a free one. `close` also breaks what hangs in silence. */
export async function startServer(port: number, answer: (asked: Asked) => Answer) {
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await readBody(request)
    const url = new URL(request.url ?? '/', 'http://fake')
    const { method = 'GET', headers } = request
    send(request, response, answer({ method, path: url.pathname, query: url.searchParams, headers, body }))
  }
  const server = createServer((request, response) => void serve(request, response))
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
  const headers = { 'content-type': 'application/json', ...answer.headers }
  response.writeHead(answer.status, headers).end(answer.text ?? JSON.stringify(answer.json))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** One every `intervalMs` for each key, with `burst` ahead. True: it may pass now (generic cell rate algorithm). */
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

export type Posting = { isTaken: (status: number) => boolean; waitsMs: number[]; log?: (line: string) => void }

/** Posts until the webhook takes it or the waits are used up; returns the statuses it answered, 0 for none. */
export async function postUntilTaken(
  url: string,
  make: () => { headers: Record<string, string>; body: string },
  { isTaken, waitsMs, log }: Posting,
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
    if (isTaken(status)) return statuses
    const waitMs = waitsMs[attempt]
    log?.(`webhook answered ${status || 'nothing'}${waitMs === undefined ? ', given up' : `, again in ${waitMs} ms`}`)
    if (waitMs === undefined) return statuses
    await sleep(waitMs, undefined, { ref: false })
  }
}

/** A JSON object; null when the text is none. */
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
