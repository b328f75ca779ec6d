/** What a guest may be: the limits, and how each field is read, whoever sends it. */
import { Failure, readFields } from '../platform/errors.ts'
import { parseEmail } from '../platform/values/email-address.ts'
import { parsePhone } from '../platform/values/phone.ts'
import { cleanLine, cleanLines, parseName } from '../platform/values/text.ts'

export const GUEST_LIMITS = { name: 200, contact: 400, notes: 2000, partySize: 20, tag: 50, tags: 50 } as const

/** Somebody who comes with a guest. */
export type Companion = { name: string }

type Fields = {
  name: string
  phone: string | null
  email: string | null
  tags: string[]
  notes: string | null
}
type Texts = {
  name: string
  phone?: string | null | undefined
  email?: string | null | undefined
  tags: string[]
  notes?: string | null | undefined
}

/** What is stored already need not be read again: the rules were others when it was written. */
export function readGuestFields(input: Texts, stored: Partial<Fields> = {}): Fields {
  const { name, phone, email, tags, notes } = input
  return readFields({
    name: () => (name === stored.name ? name : parseName(name)),
    phone: () => (phone && phone !== stored.phone ? parsePhone(phone) : phone || null),
    email: () => (email && email !== stored.email ? parseEmail(email) : email || null),
    tags: () => readTags(tags),
    notes: () => cleanLines(notes ?? '') || null,
  })
}

const readTags = (tags: string[]): string[] => [...new Set(tags.map(cleanLine))].filter((tag) => tag !== '')

/**
 * The same with the limits that the schema of a request has. Each throws `invalid_request`, `invalid_phone` or `invalid_email`.
 */
export const GUEST_READERS = {
  name: (text: string) => parseName(atMost(text, GUEST_LIMITS.name)),
  phone: (text: string) => parsePhone(atMost(text, GUEST_LIMITS.contact)),
  email: (text: string) => parseEmail(atMost(text, GUEST_LIMITS.contact)),
  notes: (text: string) => cleanLines(atMost(text, GUEST_LIMITS.notes)) || null,
  tags(texts: string[]): string[] {
    for (const text of texts) atMost(text, GUEST_LIMITS.tag)
    if (texts.length > GUEST_LIMITS.tags)
      throw new Failure('invalid_request', { detail: `At most ${GUEST_LIMITS.tags}.` })
    return readTags(texts)
  },
  partySize(size: number): number {
    if (Number.isInteger(size) && size >= 1 && size <= GUEST_LIMITS.partySize) return size
    throw new Failure('invalid_request', { detail: `A party has 1 to ${GUEST_LIMITS.partySize} people.` })
  },
}

function atMost(text: string, max: number): string {
  if (Array.from(text).length <= max) return text
  throw new Failure('invalid_request', { detail: `At most ${max} characters.` })
}

/** Reads the names of those who come with a guest of this party. Throws `invalid_request`. */
export function readCompanions(companions: Companion[], partySize: number): Companion[] {
  if (companions.length < partySize) return companions.map(({ name }) => ({ name: parseName(name) }))
  const message = `A party of ${partySize} has at most ${partySize - 1} companions.`
  throw new Failure('invalid_request', { detail: message, errors: [{ path: 'body.companions', message }] })
}
