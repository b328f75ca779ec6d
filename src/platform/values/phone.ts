/**
 * Normalizes phone numbers, Mexican or international, to E.164.
 *
 * Mexico dropped the mobile `1` after +52 in 2019, but WhatsApp still uses 521… for many people, so the stored form
 * never has that 1. The old dialling prefixes 044, 045 and 01 are removed too. A number is read from what people paste:
 * contacts, chats, links and cells of spreadsheets. What could mean two numbers, or has lost digits, is not a number.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { Failure } from '../errors.ts'
import { foldCode } from './text.ts'

/** Returns E.164 (`+525512345678`), or null when this cannot be exactly one phone number. */
export function normalizePhone(input: string): string | null {
  if (input.length > 400 || hasControl(input)) return null
  const written = fromCell(fromLink(unwrap(foldCode(input))))
  if (written === null) return null
  const compact = written
    .replace(/[\s().\-/]/g, '')
    .replace(/^(?:00|011(?=\d{10}))/, '+')
    .replace(/^\+0+/, '+')
  if (!/^\+?\d{7,16}$/.test(compact)) return null
  const mexican = asMexican(compact)
  if (mexican) return mexican
  if (hasTwoParts(written)) return null
  const international = compact.startsWith('+') ? compact : `+${compact}`
  const parsed = parsePhoneNumberFromString(international)
  if (!parsed?.isPossible() || !/^\+\d{7,15}$/.test(parsed.number)) return null
  // Without its trunk prefix the number may be another spelling of a Mexican number.
  return parsed.number.length < international.length ? normalizePhone(parsed.number) : parsed.number
}

/** Line breaks and tabs are pasted with a number; no other control character is. */
const hasControl = (text: string): boolean => /[^\P{Cc}\t\n\r]/u.test(text)

/** Accepts 10 digits, also after 52, 521, and the old prefixes 044, 045 and 01. No area code begins with 0 or 1. */
function asMexican(compact: string): string | null {
  const national = /^(?:\+?521?)?(?:044|045|01)?([2-9]\d{9})$/.exec(compact)?.[1]
  return national ? `+52${national}` : null
}

/** Removes what surrounds a number: quotes, the apostrophe and the `="…"` of spreadsheets, 📱, a final comma. */
const unwrap = (text: string): string =>
  text
    .replace(/\p{Extended_Pictographic}/gu, '')
    .replace(/^=(?=")/, '')
    .replace(/^["'‘’`“”«<\s]+|["'’”»>.,;\s]+$/gu, '')

const LABEL = /^(?:tel[eé]fono|tel|celular|cel|m[oó]vil|mobile|phone|whats(?:app)?)(?:\. ?:?|:| ) ?(?=[+(\d])/iu

/** The number of a `tel:` address (RFC 3966) or of a chat link of WhatsApp, or the text without its label («Tel.»). */
function fromLink(text: string): string {
  const uri = /^(?:tel|callto|sms):(?:\/\/)?([^;?]+)(?:;phone-context=[^;]*)?$/i.exec(text)
  if (uri?.[1]) return decode(uri[1])
  const chat = /^(?:https?:\/\/)?(?:www\.)?wa\.me\/([^/?#]+)\/?(?:[?#]|$)/i.exec(text)
  if (chat?.[1]) return decode(chat[1])
  const send = /^(?:whatsapp:|(?:https?:\/\/)?(?:api|web)\.whatsapp\.com).*[?&]phone=([^&#]+)/i.exec(text)
  return send?.[1] ? decode(send[1]) : text.replace(LABEL, '')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * Undoes what a spreadsheet does to a number: `5512345678.0`, `5,512,345,678`, `5.512345678E9`. Returns null when digits are
 * lost or a fraction is left.
 */
function fromCell(text: string): string | null {
  const power = /^(\d)[.,](\d+)E\+?(\d{1,2})$/i.exec(text)
  if (power?.[2]) return power[2].length === Number(power[3]) ? `${power[1]}${power[2]}` : null
  const whole = text.replace(/^(\+?\d{7,}|\d{1,3}(?:,\d{3})+)[.,]0+$/, '$1')
  if (/^\d{1,3}(?:,\d{3})+$/.test(whole)) return whole.replaceAll(',', '')
  return /^-|\d[.,]\d$/.test(whole) ? null : whole
}

/** Whether more follows a whole number: a second one, an extension, or the other last digits after a slash. */
const hasTwoParts = (text: string): boolean =>
  [...text.matchAll(/(?<=\d)\D+(?=\d)/g)].some(({ 0: gap, index }) => {
    const before = text.slice(0, index).replace(/[^\d+]/g, '')
    return asMexican(before) !== null || (gap.includes('/') && before.length >= 7)
  })

/**
 * Reads a number that a person entered. Throws `invalid_phone`, also for digits that no phone of that country has: one
 * digit too many makes `55 1234 56789` look Brazilian.
 */
export function parsePhone(input: string): string {
  const phone = normalizePhone(input)
  if (!phone || (!asMexican(phone) && !parsePhoneNumberFromString(phone)?.isValid()))
    throw new Failure('invalid_phone', {
      detail: 'Write one number, with 10 digits (Mexico) or with its country code, and without an extension.',
    })
  return phone
}

/** Reads a number for a lookup, where any 7 to 15 digits are acceptable. Throws `invalid_phone`. */
export function readPhone(input: string): string {
  const phone = normalizePhone(input)
  if (phone) return phone
  const text = hasControl(input) ? '' : foldCode(input)
  const digits = text.replace(/\D/g, '')
  if (digits.length < 7 || digits.length > 15 || !/^\+?[\d\s().-]+$/.test(text)) {
    throw new Failure('invalid_phone', { detail: 'A phone number has 7 to 15 digits.' })
  }
  return `+${digits}`
}
