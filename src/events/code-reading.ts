/**
 * How people and scanners write the code of an invitation, and what is read from it. It needs neither Node.js nor a database, so
 * that the door's page reads what the server reads.
 */
import { foldCode } from '../platform/values/text.ts'

/** Crockford's base 32: without I, L, O and U, so a code can be read aloud at the door. */
export const CODE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const CODE_LENGTH = 26

export type CodeReading = {
  /** The code in capitals and digits, its parts joined by hyphens. It is the same however the text was scanned or typed. */
  code: string
  /** Codes that the text may spell exactly, the most literal first. */
  exact: string[]
  /** What is compared when none of them exists. */
  keys: string[]
}

/** A code as we make it can be read in one way only, and most scans are such. */
const OWN_CODE = new RegExp(`^[${CODE_ALPHABET}]{${CODE_LENGTH}}$`)

/** Reads what a scanner or a person at the door enters: a code, or the address of an invitation. */
export function readCode(text: string): CodeReading {
  if (OWN_CODE.test(text)) return { code: text, exact: [text], keys: [text] }
  const plain = toPlain(text)
  return makeReading(text, plain, findLinked(plain))
}

/** Reads the code in the path of an address, with whatever a chat program or a sentence added to it. */
export function readCodeOfPath(segment: string): CodeReading {
  const plain = toPlain(segment)
  return makeReading(segment, plain, findLinked(plain) ?? firstWord(plain))
}

function makeReading(text: string, plain: string, linked: string | undefined): CodeReading {
  const whole = spell(plain.replace(AIM_PREFIX, ''))
  const inLink = linked === undefined ? '' : spell(linked)
  const isStorable = (code: string) => /^[\x21-\x7e]{1,200}$/.test(code) // also keeps NUL away from PostgreSQL
  return {
    code: inLink || whole,
    exact: unique([text.trim().toUpperCase(), whole, inLink]).filter(isStorable),
    keys: unique([whole, inLink].filter(isStorable).map(keyOf)).filter((key) => key !== ''),
  }
}

/** The same as `code_key()` in the database. */
export const keyOf = (code: string): string =>
  code
    .replace(/[^A-Za-z0-9]/g, '')
    .toUpperCase()
    .replace(/[OIL]/g, (letter) => (letter === 'O' ? '0' : '1'))

const readUtf8 = (hexadecimal: string[]): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(hexadecimal, (byte) => parseInt(byte, 16)))

const unique = (texts: string[]): string[] => [...new Set(texts)]

const toPlain = (text: string): string => foldCode(decodePercents(text).replace(/\p{Extended_Pictographic}/gu, ' '))

/** Decodes twice, because an address that travels inside another one is encoded twice. Malformed bytes become separators. */
function decodePercents(text: string): string {
  const decode = (once: string) => once.replace(/(?:%[0-9a-f]{2})+/gi, (run) => readUtf8(run.split('%').slice(1)))
  return decode(decode(text))
}

/** Letters and digits in capitals, and a hyphen for whatever stands between them. Accents are removed. */
const spell = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .join('-')
    .toUpperCase()

/**
 * What a scanner may put before the data to tell the kind of barcode (ISO/IEC 15424): `]`, a letter and a digit. On Spanish
 * layouts `]` arrives as `+` or `|`.
 */
const AIM_PREFIX = /^[\]+|][a-z]\d/i

/** The paths that lead to an invitation. */
const PATHS = [['public', 'invite'], ['i']]

/**
 * What arrives for `/`, as a scanner types keys and the computer reads them in its own layout: `-` when a US scanner meets a
 * Spanish or Latin-American layout, `&` in the opposite case, `;` on a Brazilian one.
 */
const SLASHES = ['/', '&', '-', ';', '\\']

/** Returns the code in an address, which may lack its scheme or be distorted by a keyboard layout; undefined if it is none. */
function findLinked(text: string): string | undefined {
  const [, doubled] = /https?.(.)\1/iu.exec(text) ?? [] // `://`, `Ñ--`, `>&&`
  for (const slash of doubled === undefined ? SLASHES : [doubled]) {
    const segments = text.split(slash)
    for (const path of PATHS) {
      const end = segments.findIndex((_, n) => n >= path.length && endsWithPath(segments, n, path, slash))
      if (end < 0) continue
      const tail = segments[end]!
      return slash === '/' ? firstWord(tail) : /^[^_?#\s]+/u.exec(tail)?.[0] // there `'` or `/` is the hyphen, and `_` is `?`
    }
  }
  return undefined
}

/** Whether `path` stands right before segment `n`. A short path needs a host before it, because a code may contain `-I-`. */
function endsWithPath(segments: string[], n: number, path: string[], slash: string): boolean {
  const start = n - path.length
  if (!path.every((part, offset) => segments[start + offset]!.toLowerCase() === part)) return false
  const host = segments.slice(0, start).join(slash)
  return path.length > 1 || (slash === '/' && host === '') || /[.:]|^http|localhost/i.test(host)
}

const firstWord = (text: string): string | undefined => /[\p{L}\p{N}][\p{L}\p{N}-]*/u.exec(text)?.[0]
