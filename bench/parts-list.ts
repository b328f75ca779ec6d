/** The parts of the API that a request passes, in this order. The last one is not on probes and webhooks. */
export const PARTS = [
  'JSON.stringify as the serializer',
  'request ids',
  'loggers of requests',
  'rewriting of addresses',
  'security headers',
  'problems',
  'access',
  'metrics and log',
  'idempotency keys',
  'a hundred other routes',
  'rate limit',
] as const
export type Part = (typeof PARTS)[number]

/** The parts that only a request with a JSON body passes, after all of the above. */
export const BODY_PARTS = ['a JSON body', 'its parser, which refuses bad text', 'its validation'] as const
