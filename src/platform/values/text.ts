/**
 * Text as people send it: styled letters, invisible marks, and what copy and paste leaves around a word.
 *
 * Two purposes, two functions. `foldText` makes texts comparable and may change what they look like; `cleanLine` keeps a
 * name as it was written and removes only what nobody can see.
 * The classes are Unicode's: https://www.unicode.org/reports/tr44/ (Default_Ignorable_Code_Point, Cf, Cc).
 */

import { Failure } from '../errors.ts'

/** Marks that are never drawn: zero-width spaces and joiners, bidirectional marks, soft hyphens, fillers, selectors. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
/** Every dash and minus that a keyboard, an editor or a scanner may write for a hyphen. */
const DASHES = /[\p{Pd}\u2212\u2043]/gu

/**
 * Returns the text in its plain letters, for comparing and matching: 𝗖𝗼𝗻𝗳𝗶𝗿𝗺𝗼, Ｃｏｎｆｉｒｍｏ and Conf\u200birmo are «Confirmo».
 * Case and accents stay. It uses compatibility folding (NFKC), so the result is not for display.
 */
export const foldText = (text: string): string => text.normalize('NFKC').replace(INVISIBLE, '').normalize('NFKC')

/** Letters of other alphabets and drawings of letters that NFKC leaves as they are, each before its Latin letter. */
const LOOKALIKES = new Map(
  [
    ['АВЕКМНОРСТУХІЈЅаеорсухіјѕ', 'ABEKMHOPCTYXIJSaeopcyxijs'], // Cyrillic
    ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαεηικνορτυχ', 'ABEZHIKMNOPTYXaenikvoptux'], // Greek
    ['ᴀʙᴄᴅᴇꜰғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdeffghijklmnoprstuvwyz'], // small capitals
  ].flatMap(([letters, latin]) => letters!.split('').map((letter, n) => [letter, latin![n]!] as const)),
)
/** 🅐 to 🅩 and 🅰 to 🆉: white letters on black. */
const ON_BLACK = /[\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}]/gu

/**
 * The same for words that are known to be in Latin letters: it also reads Cyrillic and Greek lookalikes, small capitals, and
 * letters on black: BАJА with two Cyrillic А, ᴄᴏɴғɪʀᴍᴏ, 🅱🅰🅹🅰.
 */
export const foldLetters = (text: string): string =>
  foldText(text)
    .replace(ON_BLACK, (letter) => String.fromCharCode(65 + ((letter.codePointAt(0)! - 0x1f150) % 32)))
    .replace(/[\p{L}]/gu, (letter) => LOOKALIKES.get(letter) ?? letter)

/** The words of a text for comparing: lower case, one space between them, without accents and punctuation. */
export const foldWords = (text: string): string =>
  foldLetters(text)
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** The same as foldText for numbers and codes: every dash is `-`, every space is U+0020, and nothing invisible or unprintable is left. */
export const foldCode = (text: string): string =>
  foldText(text.replace(/[^\P{Cc}\t\n\v\f\r]/gu, '').replace(DASHES, '-'))
    .replace(DASHES, '-')
    .replace(/\s+/gu, ' ')
    .trim()

/**
 * Marks to remove from a name. The group matches those that change how an emoji is drawn, which stay: joiners (👨‍👩‍👧),
 * selectors (❤️), and the flags of regions (🏴󠁧󠁢󠁥󠁮󠁧󠁿).
 */
const MARKS =
  /((?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=\p{Emoji})[\ufe0e\ufe0f]|\u{1f3f4}[\u{e0020}-\u{e007f}]+)|[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu

/**
 * Returns a name or another text of one line as it is stored and shown: control characters, zero-width and bidirectional
 * marks are removed, line breaks and tabs become spaces, and runs of spaces become one. Emoji keep their joiners. The
 * result is empty when nothing visible is left.
 */
export function cleanLine(text: string): string {
  const visible = text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]/gu, ' ').replace(MARKS, '$1')
  const line = visible.replace(/\s+/gu, ' ').trim().normalize('NFC')
  return /[^\p{M}\p{Z}\u2800\ufffc\ufffd]/u.test(line) ? line : ''
}

/** A name as it is stored. Throws `invalid_request` when nothing visible is left of it. */
export function parseName(text: string): string {
  const name = cleanLine(text)
  if (name === '') throw new Failure('invalid_request', { detail: 'The text has no visible letter.' })
  return name
}

/** A text of several lines as it is stored: the same marks are removed, and its lines stay. */
export const cleanLines = (text: string): string =>
  text
    .split(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/u)
    .map(cleanLine)
    .join('\n')
    .trim()
