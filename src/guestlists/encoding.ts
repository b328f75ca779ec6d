/** Finds how the text of a file is written: by its mark, by its zero bytes, or by which letters make Spanish words. */
import { isUtf8 } from 'node:buffer'

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | 'macintosh'

/** Null: this is no text. */
export function detectEncoding(bytes: Buffer): Encoding | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const wide = detectWide(bytes)
  if (wide) return wide
  if (bytes.includes(0)) return null
  if (isUtf8(bytes)) return 'utf-8'
  return countLetters(bytes, MAC_LETTERS) > countLetters(bytes, WINDOWS_LETTERS) + countApostrophes(bytes)
    ? 'macintosh'
    : 'windows-1252'
}

/** UTF-16 without a mark: in Latin letters every other byte is zero. */
function detectWide(bytes: Buffer): Encoding | null {
  if (bytes.length < 4 || bytes.length % 2 === 1) return null
  const zeros = [0, 0]
  const looked = Math.min(bytes.length, 4096)
  for (let n = 0; n < looked; n++) if (bytes[n] === 0) zeros[n % 2]! += 1
  const [even = 0, odd = 0] = zeros
  if (odd > looked / 4 && even === 0) return 'utf-16le'
  return even > looked / 4 && odd === 0 ? 'utf-16be' : null
}

/** áéíóúñü and their capitals in each encoding. */
const MAC_LETTERS = new Set([
  ...[0x87, 0x8e, 0x92, 0x97, 0x9c, 0x96, 0x9f],
  ...[0xe7, 0x83, 0xea, 0xee, 0xf2, 0x84, 0x86],
])
const WINDOWS_LETTERS = new Set([
  ...[0xe1, 0xe9, 0xed, 0xf3, 0xfa, 0xf1, 0xfc],
  ...[0xc1, 0xc9, 0xcd, 0xd3, 0xda, 0xd1, 0xdc],
])

function countLetters(bytes: Buffer, letters: Set<number>): number {
  let count = 0
  for (const byte of bytes) if (byte >= 0x80 && letters.has(byte)) count++
  return count
}

/** 0x92 is an apostrophe in Windows-1252 (O’Brien) and í in MacRoman (García): a capital follows the apostrophe. */
function countApostrophes(bytes: Buffer): number {
  let count = 0
  for (let n = bytes.indexOf(0x92); n >= 0; n = bytes.indexOf(0x92, n + 1)) {
    const next = bytes[n + 1] ?? 0
    if (next >= 0x41 && next <= 0x5a) count++
  }
  return count
}
