/** The parts of the API that a request passes, in this order. The last one is not on probes and webhooks. */
export const PARTS = [
  'JSON.stringify as the serializer',
  'request ids',
  'loggers of requests',
  'rewriting of addresses',
  'security headers',
  'parsers and problems',
  'access',
  'metrics and log',
  'idempotency keys',
  'rate limit',
] as const
export type Part = (typeof PARTS)[number]
