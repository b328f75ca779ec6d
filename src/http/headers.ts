/**
 * Security headers of every answer (OWASP HTTP Headers Cheat Sheet). They are constants; a route that needs another value
 * sets its own. Values for browsers that no longer exist, such as X-XSS-Protection, are left out.
 */
import type { FastifyInstance } from 'fastify'

const SECURITY = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
}

export function secureAnswers(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    void reply.headers(SECURITY)
    done()
  })
}
