/** The validators of requests. All failing fields are reported, and a text as it was given is never changed. */
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import { addFormatsOfPeople } from './formats.ts'

/** For bodies: no coercion, and unknown fields are not dropped silently. */
const strict = new Ajv({
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: true,
  allErrors: true,
  verbose: true, // the handler of errors explains the text of a format
  strict: false,
})
/** For paths and queries, which are text: numbers and booleans are coerced. */
const coercing = new Ajv({
  coerceTypes: true,
  removeAdditional: false,
  useDefaults: true,
  allErrors: true,
  verbose: true, // the handler of errors explains the text of a format
  strict: false,
})
for (const ajv of [strict, coercing]) {
  addFormats.default(ajv)
  addFormatsOfPeople(ajv)
}

export function validateRequests(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? strict : coercing).compile(schema as object),
  )
}
