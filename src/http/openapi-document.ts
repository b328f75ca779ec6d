/**
 * The last steps of openapi.json: problems as shared responses, titled schemas and repeated parameters as
 * components, and nothing required that has a default.
 */
import { STATUS_CODES } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { FailureCode } from '../platform/errors.ts'
import { referToProblems } from './problems.ts'

type Json = Record<string, unknown>
type Parameter = { name: string; in: string; required?: boolean; schema: Json }
type Operation = {
  parameters?: (Parameter | Json)[]
  requestBody?: { required?: boolean; content: Record<string, { schema: Json }> } | { $ref: string }
  responses: Record<string, { description?: string }>
  'x-route'?: { problems: FailureCode[]; hasPages: boolean; isBodyOptional: boolean }
}
export type Draft = { paths?: Record<string, Record<string, Operation>>; components?: Json }

export function finishDocument(draft: Draft, problems: Record<string, object>): Draft {
  const schemas: Json = {}
  const paths = structuredClone(draft.paths ?? {})
  const operations = Object.values(paths).flatMap((path) => Object.values(path))
  const requestBodies: Json = {}
  for (const operation of operations) {
    finishOperation(operation)
    shareBody(operation, requestBodies)
  }
  const named = nameSchemas(paths, schemas) as typeof paths
  const parameters = shareParameters(Object.values(named).flatMap((path) => Object.values(path)))
  const used = JSON.stringify(named)
  const responses = Object.entries(problems).filter(([name]) => used.includes(`#/components/responses/${name}"`))
  const components = {
    ...draft.components,
    parameters,
    requestBodies: sortKeys(nameSchemas(requestBodies, schemas) as Json),
    responses: nameSchemas(Object.fromEntries(responses), schemas),
  }
  return { ...draft, paths: named, components: { ...components, schemas: sortKeys(schemas) } }
}

function finishOperation(operation: Operation): void {
  const { 'x-route': route, requestBody, responses } = operation
  delete operation['x-route']
  for (const [status, response] of Object.entries(responses))
    if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? 'Answer'
  if (requestBody && 'content' in requestBody && route?.isBodyOptional) requestBody.required = false
  // What the route describes itself stands: /ready answers 503 with its checks.
  operation.responses = { ...(route ? referToProblems(route.problems, route.hasPages) : {}), ...responses }
}

/**
 * A named body with defaults goes to `components.requestBodies`. In `components.schemas` client generators take what has
 * a default for always there, which is true of answers and not of requests.
 */
function shareBody(operation: Operation, bodies: Json): void {
  const { requestBody } = operation
  if (!requestBody || !('content' in requestBody)) return
  for (const media of Object.values(requestBody.content)) {
    const { title, ...schema } = media.schema
    const properties = Object.values((schema['properties'] ?? {}) as Record<string, Json>)
    if (typeof title !== 'string' || !properties.some((one) => 'default' in one)) continue
    media.schema = schema
    keep(bodies, title, requestBody)
    operation.requestBody = { $ref: `#/components/requestBodies/${title}` }
  }
}

/** A copy in which every schema with a `title` is a reference, and `schemas` has it under that name. */
function nameSchemas(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((one) => nameSchemas(one, schemas))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(withType(withoutDefaulted(value as Json)))
  const { title, ...shape } = Object.fromEntries(entries.map(([key, one]) => [key, nameSchemas(one, schemas)]))
  if (typeof title !== 'string') return title === undefined ? shape : { title, ...shape }
  const { beside, schema } = splitAnnotations(shape)
  keep(schemas, title, schema)
  return { $ref: `#/components/schemas/${title}`, ...beside }
}

/** TypeBox leaves the type of an enum to its values; client generators want it said. */
function withType(schema: Json): Json {
  const values = schema['enum']
  const isText = Array.isArray(values) && values.every((one) => typeof one === 'string')
  return isText && !('type' in schema) ? { type: 'string', ...schema } : schema
}

function keep(components: Json, title: string, component: unknown): void {
  if (components[title] !== undefined && !isDeepStrictEqual(components[title], component))
    throw new Error(`openapi.json: two different shapes are called ${title}`)
  components[title] = component
}

/** A default belongs to the place of use, and so does what is said of an enum. */
function splitAnnotations({ default: preset, ...schema }: Json): { beside: Json; schema: Json } {
  const beside: Json = preset === undefined ? {} : { default: preset }
  if (!schema['enum']) return { beside, schema }
  const { description, ...rest } = schema
  return { beside: description === undefined ? beside : { ...beside, description }, schema: rest }
}

/** TypeBox calls a property with a default required, which is true of what handlers see, not of what callers send. */
function withoutDefaulted(schema: Json): Json {
  const properties = schema['properties'] as Record<string, Json> | undefined
  if (!Array.isArray(schema['required']) || !properties) {
    const hasDefault = (schema['schema'] as Json | undefined)?.['default'] !== undefined
    return hasDefault || schema['required'] === false ? withoutRequired(schema) : schema
  }
  const required = (schema['required'] as string[]).filter((name) => properties[name]?.['default'] === undefined)
  return required.length > 0 ? { ...schema, required } : withoutRequired(schema)
}

const withoutRequired = (schema: Json): Json =>
  Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'required'))

/**
 * Parameters that more than one operation takes, the most frequent form of each name in a path and in a query; the operations
 * then refer to them.
 */
function shareParameters(operations: Operation[]): Json {
  const forms: { parameter: Parameter; count: number }[] = []
  for (const parameter of operations.flatMap(({ parameters }) => parameters ?? []) as Parameter[]) {
    const known = forms.find((form) => isDeepStrictEqual(form.parameter, parameter))
    if (known) known.count += 1
    else forms.push({ parameter, count: 1 })
  }
  const components: Record<string, Parameter> = {}
  for (const { parameter, count } of forms.toSorted((a, b) => b.count - a.count)) {
    const name = parameter.name.replace(/[^A-Za-z0-9.-]/g, '-')
    if (count === 1 || components[name]?.in === parameter.in) continue
    components[components[name] ? `${name}-${parameter.in}` : name] ??= parameter
  }
  const shared = Object.entries(components)
  for (const operation of operations) {
    operation.parameters = operation.parameters?.map((parameter) => {
      const [key] = shared.find(([, one]) => isDeepStrictEqual(one, parameter)) ?? []
      return key ? { $ref: `#/components/parameters/${key}` } : parameter
    })
    if (!operation.parameters) delete operation.parameters
  }
  return sortKeys(components)
}

const sortKeys = (object: Json): Json =>
  Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)))
