/** Resend's validation rules. Sources: its API reference, its OpenAPI description and its page of errors. */
import type { Asked } from './http.ts'

export type EmailProblem = { status: number; name: string; message: string }
type Json = Record<string, unknown>

const FIELDS = [
  ...['from', 'to', 'subject', 'html', 'text', 'headers', 'tags', 'cc', 'bcc', 'reply_to'],
  ...['attachments', 'scheduled_at', 'topic_id', 'template'],
]
const ADDRESS = /^[^\s<>@,]+@[^\s<>@,]+\.[^\s<>@,]+$/
const TAG = /^[A-Za-z0-9_-]{1,256}$/

/** Returns null for the right API key. */
export function problemOfKey(headers: Asked['headers'], apiKey: string): EmailProblem | null {
  if (!headers.authorization) return bad(401, 'missing_api_key', 'Missing API key in the authorization header.')
  if (headers.authorization !== `Bearer ${apiKey}`) return bad(403, 'invalid_api_key', 'API key is invalid.')
  if (!headers['user-agent']) return bad(403, 'validation_error', 'A User-Agent is required.')
  return null
}

/** Returns null for a valid mail. `domains`: the verified sending domains. */
export function problemOfEmail(mail: Json, domains: string[]): EmailProblem | null {
  const unknown = Object.keys(mail).find((key) => !FIELDS.includes(key))
  if (unknown) return bad(422, 'validation_error', `The property ${unknown} should not exist.`)
  const missing = ['from', 'to', 'subject'].find((key) => mail[key] === undefined)
  if (missing) return bad(422, 'missing_required_field', `Missing \`${missing}\` field.`)
  if (!mail['html'] && !mail['text']) return bad(422, 'missing_required_field', 'Missing `html` or `text` field.')
  return problemOfSender(mail['from'], domains) ?? problemOfRecipients(mail) ?? problemOfRest(mail)
}

function problemOfSender(from: unknown, domains: string[]): EmailProblem | null {
  const address = typeof from === 'string' ? (/<([^>]+)>\s*$/.exec(from)?.[1] ?? from) : ''
  if (!ADDRESS.test(address)) return bad(422, 'invalid_from_address', 'Invalid `from` field.')
  const domain = address.split('@')[1]!
  if (domains.includes(domain)) return null
  return bad(403, 'validation_error', `The ${domain} domain is not verified.`)
}

function problemOfRecipients(mail: Json): EmailProblem | null {
  for (const name of ['to', 'cc', 'bcc', 'reply_to']) {
    const value = mail[name]
    if (value === undefined) continue
    const list: unknown[] = Array.isArray(value) ? value : [value]
    if (list.length === 0 || list.length > 50)
      return bad(422, 'validation_error', `\`${name}\` takes 1 to 50 addresses.`)
    const isFine = (one: unknown) => typeof one === 'string' && ADDRESS.test(/<([^>]+)>\s*$/.exec(one)?.[1] ?? one)
    if (!list.every(isFine)) return bad(422, 'validation_error', `Invalid \`${name}\` field.`)
  }
  return null
}

function problemOfRest({ subject, html, text, headers = {}, tags = [] }: Json): EmailProblem | null {
  if (typeof subject !== 'string' || /[\r\n]/.test(subject))
    return bad(422, 'validation_error', 'Invalid `subject` field.')
  if (html !== undefined && typeof html !== 'string') return bad(422, 'validation_error', '`html` must be a string.')
  if (text !== undefined && typeof text !== 'string') return bad(422, 'validation_error', '`text` must be a string.')
  const isHeader = (value: unknown) => typeof value === 'string' && !/[\r\n]/.test(value)
  if (typeof headers !== 'object' || headers === null || !Object.values(headers).every(isHeader))
    return bad(422, 'validation_error', '`headers` must be an object of strings.')
  if (!Array.isArray(tags)) return bad(422, 'validation_error', '`tags` must be a list.')
  for (const tag of tags as Partial<Json>[]) {
    if (![tag['name'], tag['value']].every((part) => typeof part === 'string' && TAG.test(part)))
      return bad(422, 'validation_error', 'Tags should only contain ASCII letters, numbers, underscores, or dashes.')
    if (Object.keys(tag).length > 2) return bad(422, 'validation_error', 'A tag has a name and a value.')
  }
  return null
}

const bad = (status: number, name: string, message: string): EmailProblem => ({ status, name, message })
