/** The fields of an upload, as a request has them. */
import { Failure } from '../platform/errors.ts'
import { FIELDS, type Field, type Mapping } from './columns.ts'

/** Room for 200,000 guests as CSV. */
export const FILE_MAX = 25 * 1024 * 1024

/** Reads `{"name": "Quién viene", "notes": null}`: a field by the heading of its column. Throws `invalid_request`. */
export function readMapping(text: string | undefined): Mapping {
  if (text === undefined || text.trim() === '') return {}
  const value = parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse([{ path: 'body.mapping', message: 'must be an object' }])
  const entries = Object.entries(value) as [string, unknown][]
  const errors = entries.flatMap(([field, heading]) => {
    const path = `body.mapping.${field.slice(0, 50)}`
    if (!FIELDS.includes(field as Field)) return [{ path, message: `is none of ${FIELDS.join(', ')}` }]
    const isHeading = heading === null || (typeof heading === 'string' && heading.trim() !== '')
    return isHeading ? [] : [{ path, message: 'must be the heading of a column, or null' }]
  })
  if (errors.length > 0) throw refuse(errors)
  return Object.fromEntries(entries) as Mapping
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse([{ path: 'body.mapping', message: 'is no JSON' }])
  }
}

const refuse = (errors: { path: string; message: string }[]) =>
  new Failure('invalid_request', {
    detail: 'mapping is a JSON object such as {"name": "Quién viene", "phone": "Su celular"}.',
    errors,
  })
