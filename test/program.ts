/** Runs the built program as users do: real processes, real sockets, a separate database. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export type Program = {
  pid: number
  /** Everything that it has printed. */
  output(): string
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  /** Resolves with the exit code, or the signal, when the process has ended. */
  ended: Promise<number | string>
}

/** What ends: a test, or a benchmark. */
export type Ending = { after(end: () => unknown): void }

/** Starts `node dist/<file> …args`. The end of the test kills it. */
export function startProgram(t: Ending, file: string, env: Record<string, string>, args: string[] = []): Program {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', `dist/${file}`, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LOG_FORMAT: 'json', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | string>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'gone')),
  )
  t.after(() => void child.kill('SIGKILL'))
  return {
    pid: child.pid!,
    output: () => output,
    kill: (signal) => void child.kill(signal),
    ended,
    async waitFor(pattern, timeoutMs = 30_000) {
      const untilMs = performance.now() + timeoutMs
      for (;;) {
        const match = pattern.exec(output)
        if (match) return match
        assert.ok(
          child.exitCode === null && performance.now() < untilMs,
          `${file} did not print ${pattern}:\n${output.slice(-3000)}`,
        )
        await sleep(25)
      }
    },
  }
}

/** Runs a program and waits for its end. */
export async function runProgram(t: Ending, file: string, env: Record<string, string>, args: string[] = []) {
  const program = startProgram(t, file, env, args)
  const code = await program.ended
  return { code, output: program.output() }
}

/** The base URL of a server, from the line that it prints. */
export async function addressOf(server: Program): Promise<string> {
  const [, port] = await server.waitFor(/Listening at http:\/\/[^"]*:(\d+)/)
  return `http://127.0.0.1:${port}`
}

// Tests know the shape of the answers they read; the harness checks shapes against OpenAPI.
export type Reply = { status: number; headers: Headers; body: Record<string, unknown> }

/** Reads `a.b.c` of an answer. */
export const read = (body: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], body)

export const readText = (body: unknown, path: string): string => read(body, path) as string

export async function call(
  base: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(base + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
  }
}

/** Calls `ask` until its answer is as wanted. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean, timeoutMs: number): Promise<T> {
  const untilMs = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    assert.ok(performance.now() < untilMs, `gave up waiting; the last answer was ${JSON.stringify(answer)}`)
    await sleep(200)
  }
}
