/** Logs: a sentence plus fields, one line each. Never phone, e-mail, name, token or body. */
import { pino, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Config } from './config.ts'

export type { Logger } from 'pino'

/** What must not be written even if somebody passes it by mistake. */
const REDACTED = ['phone', 'email', 'name', 'token', 'password', 'authorization', 'body']

export function openLog(config: Config['log'], stream: NodeJS.WritableStream = process.stdout): Logger {
  const options = {
    level: config.level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: [...REDACTED, ...REDACTED.map((key) => `*.${key}`)], censor: '[redacted]' },
    serializers: { err: describeError },
  }
  if (config.format === 'json') return pino(options, stream)
  const pretty = PinoPretty({
    colorize: false,
    singleLine: true,
    destination: stream,
    translateTime: 'HH:MM:ss',
    sync: true,
  })
  return pino(options, pretty)
}

/** An error without its message's data: name, code, and the stack's frames. Messages of drivers may quote values. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const constraint = 'constraint' in error ? error.constraint : undefined
  const quotesData = code !== undefined && /^(22|23)/.test(code)
  return {
    type: error.name,
    code,
    constraint,
    message: quotesData ? undefined : error.message,
    stack: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 8)
      .join('\n'),
    cause: error.cause instanceof Error ? describeError(error.cause) : undefined,
  }
}
