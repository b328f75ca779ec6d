/** The validators of requests. All failing fields are reported, and a text as it was given is never changed. */
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyInstance } from 'fastify'
import { addFormatsOfPeople } from './formats.ts'

function openAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({
    coerceTypes,
    removeAdditional: false, // unknown fields are not dropped silently
    useDefaults: true,
    allErrors: true,
    verbose: true, // the handler of errors explains the text of a format
    strict: false,
  })
  addFormats.default(ajv)
  addFormatsOfPeople(ajv)
  return ajv
}

/** For bodies. */
const strict = openAjv(false)
/** For paths and queries, which are text: numbers and booleans are coerced. */
const coercing = openAjv(true)

/** By the text of the schema, because many routes have the same and compiling is most of what a route costs at the start. */
const compiled = new Map<string, ValidateFunction>()

export function validateRequests(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const key = `${httpPart === 'body' ? 'strict' : 'coercing'} ${JSON.stringify(schema)}`
    const validate = compiled.get(key) ?? (httpPart === 'body' ? strict : coercing).compile(schema as object)
    compiled.set(key, validate)
    return validate
  })
}
