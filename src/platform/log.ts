/** Logs: one line with a sentence and fields. They never contain a phone, e-mail, name, token or body. */
import { pino, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Config } from './config.ts'

export type { Logger } from 'pino'

/** Fields that are redacted when somebody logs them by mistake. */
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

/** Describes an error by name, code and stack frames. A driver's message for codes 22… and 23… quotes values, so it is left out. */
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
