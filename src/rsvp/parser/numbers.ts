/** Numbers of people, from 1 to 99, in digits or words. Pure. */

const NAMES = `un una uno one|dos two both|tres three|cuatro four|cinco five|seis six|siete seven|ocho eight|nueve nine|diez ten|
  once eleven|doce twelve|trece thirteen|catorce fourteen|quince fifteen|dieciseis sixteen|diecisiete seventeen|
  dieciocho eighteen|diecinueve nineteen|veinte twenty`
const VALUES = new Map(
  NAMES.split('|').flatMap((names, at) =>
    names
      .trim()
      .split(' ')
      .map((name): [string, number] => [name, at + 1]),
  ),
)
/** «Un» and «una» are articles more often than numbers. */
const ARTICLES = new Set(['un', 'una'])

/** Returns null for what is no number of people. An article is a number only where `isArticle` allows it. */
export function numberOf(word: string, isArticle = false): number | null {
  const value = /^\d{1,2}$/.test(word) ? Number(word) : VALUES.get(word)
  if (value === undefined || value < 1) return null
  return ARTICLES.has(word) && !isArticle ? null : value
}
