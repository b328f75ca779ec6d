/**
 * The code of an invitation: how it is made, how people and scanners write it, and which invitation a text means.
 *
 * A code that is spelled exactly always wins. Only when none is, the text is corrected: separators do not count, and letters
 * that look alike are one. A correction that could mean two invitations means none.
 */
import { randomBytes } from 'node:crypto'
import { sql, type Db } from '../platform/db.ts'
import { foldCode } from '../platform/values/text.ts'

/** Crockford's base 32: without I, L, O and U, so a code can be read aloud at the door. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const LENGTH = 26

/** 130 random bits. */
export const newCode = (): string => Array.from(randomBytes(LENGTH), (byte) => ALPHABET[byte % 32]).join('')

export type CodeReading = {
  /** The code in capitals and digits, its parts joined by hyphens. It is the same however the text was scanned or typed. */
  code: string
  /** Codes that the text may spell exactly, the most literal first. */
  exact: string[]
  /** What is compared when none of them exists. */
  keys: string[]
}

/** A code as we make it can be read in one way only, and most scans are such. */
const OWN_CODE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`)

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

/** Returns the stored code that a reading means, of one event or of all; null when there is none, or more than one. */
export async function findCode(db: Db, { exact, keys }: CodeReading, eventId: string | null): Promise<string | null> {
  const { rows } = await sql<{ code: string }>`
    select code
      from invitations
     where (code = any(${exact}::text[]) or code_key(code) = any(${keys}::text[]))
       and (${eventId}::text is null or event_id = ${eventId})
     order by array_position(${exact}::text[], code) nulls last
     limit 2`.execute(db)
  const [first, second] = rows
  if (!first) return null
  return second === undefined || exact.includes(first.code) ? first.code : null
}

/**
 * Returns the code that an invitation has now, by one that was revoked, of one event or of all, and when that one was revoked;
 * null when a reading means no revoked code, or those of two invitations.
 */
export async function findRenewedCode(
  db: Db,
  { exact, keys }: CodeReading,
  eventId: string | null,
): Promise<{ code: string; revokedAt: Date } | null> {
  const { rows } = await sql<{ code: string; revokedAt: Date }>`
    select i.code, max(r.revoked_at) as revoked_at
      from revoked_codes r
      join invitations i on i.id = r.invitation_id
     where (r.code = any(${exact}::text[]) or code_key(r.code) = any(${keys}::text[]))
       and (${eventId}::text is null or r.event_id = ${eventId})
     group by i.code
     limit 2`.execute(db)
  const [first, second] = rows
  return first && !second ? first : null
}

/** Lists codes of an event that were revoked after `since`. */
export async function listRevokedCodes(db: Db, eventId: string, since: Date | null): Promise<string[]> {
  const { rows } = await sql<{ code: string }>`
    select code
      from revoked_codes
     where event_id = ${eventId}
       and (${since}::timestamptz is null or revoked_at > ${since})
     order by revoked_at, code`.execute(db)
  return rows.map(({ code }) => code)
}

type Revocation = {
  scope: string | null
  eventId: string
  guestId: string
  by: string
  reason: string | null
  now: Date
}

/** Gives a guest a new code and the pass another version. The old ones open nothing any more. Null: there is no such guest. */
export async function revokeCode(db: Db, r: Revocation): Promise<{ code: string; passVersion: number } | null> {
  const { rows } = await sql<{ code: string; passVersion: number }>`
    with former as (
      select i.id, i.event_id, i.code, i.pass_version
        from invitations i
        join events e on e.id = i.event_id
       where i.event_id = ${r.eventId}
         and i.guest_id = ${r.guestId}
         and (${r.scope}::text is null or e.organizer_id = ${r.scope})
         for update of i),
    noted as (
      insert into revoked_codes (code, event_id, invitation_id, version, revoked_by, reason, revoked_at)
      select code, event_id, id, pass_version, ${r.by}, ${r.reason}::text, ${r.now}::timestamptz
        from former)
    update invitations i
       set code = ${newCode()},
           pass_version = i.pass_version + 1,
           updated_at = ${r.now}
      from former
     where i.id = former.id
    returning i.code, i.pass_version`.execute(db)
  return rows[0] ?? null
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

const unique = (texts: string[]): string[] => [...new Set(texts)]

const toPlain = (text: string): string => foldCode(decodePercents(text).replace(/\p{Extended_Pictographic}/gu, ' '))

/** Decodes twice, because an address that travels inside another one is encoded twice. Malformed bytes become separators. */
function decodePercents(text: string): string {
  const decode = (once: string) =>
    once.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
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
