/**
 * The signed pass in a QR code: `MT1`, key (3), version (3), expiry in hours since 1970 (4), event (12), the invitation's code,
 * and an Ed25519 signature of all that (103), in Crockford's base 32. Capitals and digits keep the squares of the QR large, and
 * no keyboard layout of a scanner changes them. Docs: decision 35.
 *
 * Like rules.ts this imports nothing outside itself and needs only WebCrypto, so that a browser verifies as the server does.
 */
import type { PassFacts } from './rules.ts'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const PREFIX = 'MT1'
const SIZES = { kid: 3, version: 3, expiry: 4, event: 12, signature: 103 } as const
const SIGNATURE_BYTES = 64
const HOUR_MS = 3_600_000
const MAX_LENGTH = 400

/** A scanner may put the kind of barcode before the data (ISO/IEC 15424). */
const SHAPE = new RegExp(
  `^(?:[\\]+|][A-Z]\\d)?(${PREFIX}([${ALPHABET}]{3})([${ALPHABET}]{3})([${ALPHABET}]{4})([${ALPHABET}]{12})` +
    `([0-9A-Z-]+))([${ALPHABET}]{${SIZES.signature}})$`,
)

export type PassClaims = { kid: number; version: number; expiresAtMs: number; event: string; code: string }
/** `body`: what is signed. */
export type Pass = PassClaims & { body: string; signature: Uint8Array<ArrayBuffer> }
export type PublicKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

/** Reads a pass without verifying it. Null: the text is something else, such as a plain code. */
export function parsePass(text: string): Pass | null {
  if (text.length > MAX_LENGTH) return null
  const [, body, kid, version, expiry, event, code, signature] = SHAPE.exec(text.trim().toUpperCase()) ?? []
  if (!body || !kid || !version || !expiry || !event || !code || !signature) return null
  return {
    ...{ kid: readNumber(kid), version: readNumber(version), expiresAtMs: readNumber(expiry) * HOUR_MS, event, code },
    ...{ body, signature: readBytes(signature, SIGNATURE_BYTES) },
  }
}

/** What a pass says, to be signed. Its expiry is rounded up to a whole hour. Null: the code does not fit into a pass. */
export function writeBody({ kid, version, expiresAtMs, event, code }: PassClaims): string | null {
  if (!/^[0-9A-Z-]{1,200}$/.test(code)) return null
  const hours = Math.min(Math.ceil(expiresAtMs / HOUR_MS), 32 ** SIZES.expiry - 1)
  return [
    PREFIX,
    writeNumber(kid, SIZES.kid),
    writeNumber(version, SIZES.version),
    writeNumber(hours, SIZES.expiry),
    event,
    code,
  ].join('')
}

export const writePass = (body: string, signature: Uint8Array): string => body + writeBytes(signature)

/** How a pass names an event: the first 60 bits of SHA-256 of its id. */
export async function nameEvent(eventId: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(eventId))
  return writeBytes(new Uint8Array(digest, 0, 8)).slice(0, SIZES.event)
}

/** `bytes`: the 32 of an Ed25519 public key. */
export const importPublicKey = (bytes: Uint8Array<ArrayBuffer>): Promise<PublicKey> =>
  crypto.subtle.importKey('raw', bytes, 'Ed25519', false, ['verify'])

/** Verifies a pass for a door. `key`: that of its `kid`; null when there is none. */
export async function verifyPass(pass: Pass, key: PublicKey | null, eventId: string): Promise<PassFacts> {
  const { body, signature, event, expiresAtMs, version } = pass
  return {
    isGenuine: key !== null && (await crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(body))),
    isOfEvent: event === (await nameEvent(eventId)),
    ...{ expiresAtMs, version },
  }
}

const readNumber = (text: string): number => Array.from(text).reduce((sum, c) => sum * 32 + ALPHABET.indexOf(c), 0)

const writeNumber = (number: number, length: number): string =>
  Array.from({ length }, (_, n) => ALPHABET[Math.floor(number / 32 ** (length - 1 - n)) % 32]).join('')

/** Five bits a character, the last one filled up with zeros. */
function writeBytes(bytes: Uint8Array): string {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET[parseInt(five.padEnd(5, '0'), 2)]).join('')
}

function readBytes(text: string, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let [value, bits, at] = [0, 0, 0]
  for (const character of text) {
    value = ((value << 5) | ALPHABET.indexOf(character)) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes[at++] = value >> bits
  }
  return bytes
}
