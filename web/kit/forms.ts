/** Checks what a form will send with the schema that the API checks it with (api/bodies.ts). */
import { Errors } from 'typebox/schema'
import { isProblem } from '../api/call.ts'
import { pick } from '../words/locale.ts'

/** The path of a field that is wrong, such as `amountCents` or `venue.name`, and a sentence about it. */
export type FieldErrors = Record<string, string>

const WORDS = pick({
  es: {
    required: 'Falta este dato.',
    minimum: 'Es menor que el mínimo.',
    maximum: 'Es mayor que el máximo.',
    long: 'Es demasiado largo.',
    wrong: 'No tiene la forma esperada.',
  },
  en: {
    required: 'This is missing.',
    minimum: 'This is below the minimum.',
    maximum: 'This is above the maximum.',
    long: 'This is too long.',
    wrong: 'This does not have the expected form.',
  },
})

const SENTENCES: Record<string, string> = {
  required: WORDS.required,
  minLength: WORDS.required,
  minimum: WORDS.minimum,
  exclusiveMinimum: WORDS.minimum,
  maximum: WORDS.maximum,
  maxLength: WORDS.long,
}

/** Returns no entry when `body` fits the schema. */
export function checkBody(schema: object, body: unknown): FieldErrors {
  const [isRight, errors] = Errors(schema, body)
  if (isRight) return {}
  const found = errors.flatMap(({ instancePath, keyword, params }) => {
    const missing = 'requiredProperties' in params ? params.requiredProperties : ['']
    // A text of nothing but spaces.
    const isBlank = 'pattern' in params && params.pattern === '\\S'
    const sentence = isBlank ? WORDS.required : (SENTENCES[keyword] ?? WORDS.wrong)
    return missing.map((name) => [nameOf(`${instancePath}/${name}`), sentence])
  })
  return Object.fromEntries(found)
}

/** What the API found wrong, by field. */
export function fieldErrorsOf(error: unknown): FieldErrors {
  if (!isProblem(error)) return {}
  return Object.fromEntries((error.errors ?? []).map(({ path }) => [nameOf(path), WORDS.wrong]))
}

/** Of `/venue/name`, as the schemas say it, and of `body.venue.name`, as the API does. */
const nameOf = (path: string) =>
  path
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .replaceAll('/', '.')
    .replace(/^body\./, '')
