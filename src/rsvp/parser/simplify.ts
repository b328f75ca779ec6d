/** Brings a message into the plain words that the phrases are written in. Pure. */
import { foldLetters, foldText } from '../../platform/values/text.ts'

/** Longer messages are read up to here and never decided, because the end may take the beginning back. */
export const LENGTH_MAX = 2000

/** Separates clauses. A question ends with `?`. */
export const BREAK = ','

/** Abbreviations and sounds of the keyboard, written out. */
const WRITTEN_OUT = new Map(
  `q que|k que|ke que|qe que|xq porque|pq porque|xk porque|d de|x por|tb tambien|bamos vamos|kiero quiero|
  grasias gracias|tngo tengo|nadamas nada mas|pa para|pal para el|u you|ur your|r are|pls please|thx thanks|
  gonna going to|hasistire asistire|estes este|asistensia asistencia|kon con|stare estare|staremos estaremos|
  toy estoy|clro claro|calro claro|finde fin de semana|aki aqui|porfas porfa|cya see you`
    .split('|')
    .map((pair): [string, string] => {
      const [short, ...long] = pair.trim().split(' ')
      return [short!, long.join(' ')]
    }),
)

/** Returns the words that are written with a capital within a sentence. */
export function listProper(text: string): Set<string> {
  const found = foldText(text.slice(0, LENGTH_MAX)).match(/(?<=[\p{Ll}\d],? )\p{Lu}\p{Ll}+/gu) ?? []
  return new Set(found.flatMap(simplify))
}

/** Stands for the accent of «sí» while the others are removed: «si» may begin a condition. A letter, so that it stays. */
const ACCENT = '\u02b9'

/** Returns lower-case words without accents, but for «sí», and emoji, with runs of a letter reduced to one. */
export function simplify(text: string): string[] {
  const plain = foldLetters(text.slice(0, LENGTH_MAX).replace(/[’'´`‘]/gu, ''))
    .toLowerCase()
    .replace(/(?<!\p{L})sí+(?!\p{L})/gu, `si${ACCENT}`)
    .normalize('NFD')
    .replace(/(?:[\p{L}\p{N} ]\p{M}*[\u0335-\u0338]\p{M}*)+/gu, ' tachado ')
    .replace(/\p{M}+/gu, '')
    .replace(/~[^~]{1,80}~/gu, ' tachado ')
    .replace(/\d+(?:[.,:]\d+)+/gu, ' cifra ')
    .replace(/\d+ ?%/gu, ' porciento ')
    .replace(/¿/gu, ' , ')
    .replace(/\?+/gu, ' ? ')
    .replace(/(?<=\d)(?:st|nd|rd|th)\b/gu, '')
    .replace(/(?<=\d)(?=[a-z]{3})/gu, ' ')
    .replace(/[.,;:!¡()\n\r…]+/gu, ' , ')
    .replace(/\b(pero|aunque|but)\b/gu, ' , $1 ')
    .replace(/\bx ?(?=\d|(?:dos|tres|cuatro|cinco|seis)\b)/gu, ' por ')
    .replace(/\+/gu, ' mas ')
    .replace(/[^\p{L}\p{N},? ]+/gu, ' ')
    .replace(/([a-z])\1{2,}/gu, '$1')
  return plain
    .split(/\s+/u)
    .filter(Boolean)
    .flatMap((word) => (word === `si${ACCENT}` ? 'sí' : (WRITTEN_OUT.get(word) ?? word)).split(' '))
}
