/**
 * Text as people send it: styled letters, invisible marks, and what copy and paste leaves around a word.
 *
 * Two purposes, two functions. `foldText` makes texts comparable and may change what they look like; `cleanLine` keeps a
 * name as it was written and removes only what nobody can see.
 * The classes are Unicode's: https://www.unicode.org/reports/tr44/ (Default_Ignorable_Code_Point, Cf, Cc).
 */

/** Marks that are never drawn: zero-width spaces and joiners, bidirectional marks, soft hyphens, fillers, selectors. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
/** Every dash and minus that a keyboard, an editor or a scanner may write for a hyphen. */
const DASHES = /[\p{Pd}\u2212\u2043\u00ad]/gu

/**
 * Returns the text in its plain letters, for comparing and matching: 𝗖𝗼𝗻𝗳𝗶𝗿𝗺𝗼, Ｃｏｎｆｉｒｍｏ and Conf​irmo are «Confirmo».
 * Case and accents stay. It uses compatibility folding (NFKC), so the result is not for display.
 */
export const foldText = (text: string): string => text.normalize('NFKC').replace(INVISIBLE, '').normalize('NFKC')

/** The same for numbers and codes: every dash is `-`, every space is U+0020, and nothing invisible or unprintable is left. */
export const foldCode = (text: string): string =>
  foldText(text.replace(DASHES, '-'))
    .replace(DASHES, '-')
    .replace(/\s+/gu, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim()

/** Whatever the joiner of an emoji sequence may stand between: 👨‍👩‍👧, 🏳️‍🌈, 🧑🏽‍🚀. */
const EMOJI_JOINER = /(?<=[\p{Extended_Pictographic}\u{fe0f}\u{1f3fb}-\u{1f3ff}])\u200d(?=\p{Extended_Pictographic})/gu
/** Selectors that choose how the character before them is drawn, and the flags of regions (🏴󠁧󠁢󠁥󠁮󠁧󠁿). */
const DRAWN = /(?<=\P{Cf})[\ufe0e\ufe0f]|(?<=\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0020}-\u{e007f}]/gu

/**
 * Returns a name or another text of one line as it is stored and shown: control characters, zero-width and bidirectional
 * marks are removed, line breaks and tabs become spaces, and runs of spaces become one. Emoji keep their joiners. The result is empty
 * when nothing visible is left.
 */
export function cleanLine(text: string): string {
  const kept = keepPositions(text)
  const visible = [...text.replace(/[\t\n\v\f\r\u0085\u2028\u2029]/gu, ' ')]
  let offset = 0
  const letters = visible.filter((letter) => {
    const at = offset
    offset += letter.length
    return kept.has(at) || !/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(letter)
  })
  const line = letters.join('').replace(/\s+/gu, ' ').trim().normalize('NFC')
  return /[^\p{M}\p{Z}\ufe0e\ufe0f\u2800]/u.test(line) ? line : ''
}

function keepPositions(text: string): Set<number> {
  return new Set([EMOJI_JOINER, DRAWN].flatMap((rule) => [...text.matchAll(rule)].map((match) => match.index)))
}
