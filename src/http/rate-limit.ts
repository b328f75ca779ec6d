/** Two rate limits: a generous one per client address in memory, and strict ones per subject in the kv store. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { Failure } from '../platform/errors.ts'
import type { Kv } from '../platform/kv.ts'

const NEVER_LIMITED = /^\/(wa|email|payments)\/webhook|^\/(health|ready|metrics)$/

/** Webhooks are exempt, because a provider repeats an event that got 429 much later. */
export const isLimited = (path: string): boolean => !NEVER_LIMITED.test(path)

/** Limits requests per address. */
export async function limitPerAddress(app: FastifyInstance, perMinute: number): Promise<void> {
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: 60_000,
    allowList: (request) => !isLimited(request.url.split('?')[0]!),
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
