/** Logs: one line with a sentence and fields. They never contain a phone, e-mail, name, token or body. */
import { pino, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Config } from './config.ts'

export type { Logger } from 'pino'

/** Fields that are redacted when somebody logs them by mistake. */
const REDACTED = ['phone', 'email', 'name', 'token', 'password', 'authorization', 'body']

/** How long a line may wait in memory for others, so that a busy process does not write each one by itself. */
const FLUSH_MS = 100
const BLOCK_LENGTH = 4096

/** Without a stream, JSON lines go to the standard output in blocks. What waits is written when the process exits. */
export function openLog(config: Config['log'], given?: NodeJS.WritableStream): Logger {
  const stream = given ?? process.stdout
  const options = {
    level: config.level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
    redact: { paths: [...REDACTED, ...REDACTED.map((key) => `*.${key}`)], censor: '[redacted]' },
    serializers: { err: describeError },
  }
  if (config.format === 'json') return pino(options, given ?? openBuffered())
  const pretty = PinoPretty({
    colorize: false,
    singleLine: true,
    destination: stream,
    translateTime: 'HH:MM:ss',
    sync: true,
  })
  return pino(options, pretty)
}

/** Joins lines before it hands them to the stream, which would look at a whole block again for every line. */
function openBuffered() {
  const output = pino.destination({ fd: process.stdout.fd, sync: false })
  let block = ''
  const flush = () => {
    if (block !== '') output.write(block)
    block = ''
  }
  setInterval(flush, FLUSH_MS).unref()
  // The stream's own listeners for these events write what it holds, so this one comes first.
  process.prependListener('beforeExit', flush)
  process.prependListener('exit', flush)
  return {
    write(line: string) {
      block += line
      if (block.length >= BLOCK_LENGTH) flush()
    },
  }
}

/** A logger for lines whose fields are all our own words and numbers, so that nothing needs to be redacted. */
export const withoutRedaction = (log: Logger): Logger => log.child({}, { redact: [] })

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
