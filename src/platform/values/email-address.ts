/**
 * Reads an e-mail address as people paste it, and refuses at entry what the provider refuses when the message is sent.
 *
 * Resend delivers through Amazon SES, which takes ASCII local parts only; an international domain is written in its ASCII
 * form (RFC 5891). https://docs.aws.amazon.com/ses/latest/dg/send-email-concepts-email-format.html
 */
import { domainToASCII } from 'node:url'
import isEmail from 'validator/lib/isEmail.js'
import { Failure } from '../errors.ts'
import { foldCode } from './text.ts'

/**
 * Returns the address in lower case with its domain in ASCII. Spaces, line ends and invisible marks around it, `mailto:`, and
 * the form `Ana <ana@example.com>` are understood. Throws `invalid_email`, whose detail tells a person what to change.
 */
export function parseEmail(input: string): string {
  const text = unwrap(foldCode(input.replace(/\p{Cc}+/gu, ' ').replace(/[。．｡]/g, '.')))
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const domain = text.slice(at + 1)
  const problem = describeProblem(text, local, domain)
  if (problem) throw new Failure('invalid_email', { detail: problem })
  const address = `${local}@${domainToASCII(domain)}`.toLowerCase()
  if (!isEmail.default(address, { allow_utf8_local_part: false }))
    throw new Failure('invalid_email', { detail: 'Write one address such as ana@example.com.' })
  return address
}

/** What people paste around an address. */
const unwrap = (text: string): string =>
  (/^[^<>]*<([^<>]+)>[\s.,;]*$/.exec(text)?.[1] ?? text)
    .trim()
    .replace(/^mailto:([^?]*)(\?.*)?$/i, '$1')
    .replace(/^["'‘’“”«(\s]+|["'‘’“”»).,;:!\s]+$/gu, '')

function describeProblem(text: string, local: string, domain: string): string | null {
  if (!text.includes('@')) return 'The address has no @.'
  if (/[,;]|@.*@|@.*\s.*@/.test(text)) return 'Write one address, without commas.'
  if (/\s/.test(text)) return 'The address has a space inside.'
  if (local === '') return 'Nothing stands before the @.'
  if (local.length > 64) return 'More than 64 characters stand before the @.'
  if (/["\\<>()[\]:]/.test(text)) return 'Quotes, brackets and backslashes cannot stand in the address.'
  if (/[^\x21-\x7e]/.test(local))
    return 'Letters with accents, ñ and emoji before the @ cannot be delivered; ask the guest for another address.'
  if (/^\.|\.\.|\.$/.test(local)) return 'A dot stands at the beginning, at the end, or twice in a row before the @.'
  if (!/.\../.test(domain)) return 'The domain after the @ needs an ending such as .com or .mx.'
  if (/\.\./.test(domain)) return 'Two dots stand in a row after the @.'
  if (/[^\p{L}\p{N}\p{M}.-]/u.test(domain) || domainToASCII(domain) === '')
    return 'The domain after the @ does not exist.'
  return null
}
