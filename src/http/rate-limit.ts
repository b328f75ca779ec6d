/** Rate limits: a generous one per client address in memory, and strict ones per subject in the kv store. */
import { isIPv4, isIPv6 } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Failure } from '../platform/errors.ts'
import type { Kv } from '../platform/kv.ts'

const NEVER_LIMITED = /^\/(wa|email|payments)\/webhook|^\/(health|ready|metrics)$/

/** Webhooks are exempt, because a provider repeats an event that got 429 much later. */
export const isLimited = (path: string): boolean => !NEVER_LIMITED.test(path)

/**
 * What limits count a client address as: IPv4 without the port that some proxies add, and of IPv6 the /64 that one subscriber
 * has. All that is no address counts together, so that nobody escapes a limit by writing nonsense.
 */
export function networkOf(address: string): string {
  const bare = address
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '')
  if (isIPv4(bare)) return bare
  if (!isIPv6(bare)) return 'unknown'
  const [head = '', tail] = bare.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups(head).length - groups(tail).length)
  const all = [...groups(head), ...Array.from({ length: missing }, () => '0'), ...groups(tail ?? '')]
  return `${all
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Limits requests per address. */
export async function limitPerAddress(app: FastifyInstance, perMinute: number): Promise<void> {
  app.addHook('onRoute', (route) => {
    if (!isLimited(route.url)) route.config = { ...route.config, rateLimit: false }
  })
  await app.register(rateLimit, {
    max: perMinute,
    keyGenerator: ({ ip }) => networkOf(ip),
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { ttl }) =>
      new Failure('rate_limited', {
        detail: 'Too many requests from this address.',
        retryAfterSeconds: Math.ceil(ttl / 1000),
      }),
  })
}

/**
 * Counts an attempt of `subject`. Throws `rate_limited` after more than `max` in the window, and the store's error when
 * the store is down.
 */
export async function limitAttempts(kv: Kv, subject: string, max: number, windowMs: number): Promise<void> {
  const { count, resetMs } = await kv.increment(`limit:${subject}`, windowMs)
  if (count > max) throw new Failure('rate_limited', { retryAfterSeconds: Math.max(1, Math.ceil(resetMs / 1000)) })
}

/** Wrong codes of one address a minute, before every further wrong one is refused. */
const GUESSES_MAX = 30
const GUESSES_WINDOW_MS = 60_000

/**
 * Limits how many unknown invitation codes a client address may try; all pages that take a code count together. Over the
 * limit an unknown code is `rate_limited`, while a known one still opens: its guest may share the address with a guesser.
 * The codes that we make are too long to be found by trying (docs/decisions/0018).
 * While the kv store is down, reads pass and a POST with an unknown code fails.
 */
export async function limitGuesses<T>(kv: Kv, { ip, method }: FastifyRequest, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failure && error.code === 'invitation_not_found') {
      await limitAttempts(kv, `invite:${networkOf(ip)}`, GUESSES_MAX, GUESSES_WINDOW_MS).catch((refusal: unknown) => {
        if (refusal instanceof Failure || method === 'POST') throw refusal
      })
    }
    throw error
  }
}
