/** Reads how many people come: «vamos 3», «somos dos», «mi esposa y yo», «party of four». Pure. */

const WORDS = [
  'un|una|uno|one',
  'dos|ambos|two|both',
  'tres|three',
  'cuatro|four',
  'cinco|five',
  'seis|six',
  'siete|seven',
  'ocho|eight',
  'nueve|nine',
  'diez|ten',
  'once|eleven',
  'doce|twelve',
  'trece|thirteen',
  'catorce|fourteen',
  'quince|fifteen',
  'dieciseis|sixteen',
  'diecisiete|seventeen',
  'dieciocho|eighteen',
  'diecinueve|nineteen',
  'veinte|twenty',
].map((words) => new RegExp(`^(?:${words})$`))
const NUMBER =
  '(\\d{1,2}|uno|dos|ambos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|dieciseis|diecisiete|dieciocho|diecinueve|veinte|one|two|both|three|four|five|six|seven|eight|nine|ten|eleven|twelve)'
const PEOPLE =
  '(?:personas?|adultos?|invitados?|lugares|boletos|pases|asistentes|gentes?|de nosotros|people|guests?|persons?|adults?|of us|seats?|tickets?)'
const CHILDREN = '(?:ninos?|ninas?|menor(?:es)?|chicos|hijos|hij[oa]|bebes?|kids?|children|child)'
const PARTNER =
  '(?:mi (?:espos[oa]|novi[oa]|pareja|marido|mujer|mama|papa|herman[oa]|hij[oa]|amig[oa]|prim[oa]|suegr[oa]|ti[oa]|acompanante|prometid[oa])|my (?:wife|husband|partner|girlfriend|boyfriend|fiancee?|mother|mom|father|dad|sister|brother|son|daughter|friend))'
const SEVERAL = `(?:mis|my) ${NUMBER} (?:hijos|hijas|ninos|hermanos|hermanas|amigos|amigas|kids|children|sons|daughters|friends)`
const KIN = `(?:${PARTNER}|${SEVERAL})`
const A_CHILD = NUMBER.replace('(\\d{1,2}|uno', '(\\d{1,2}|una?|uno')
const AND = '(?: y | e | \\| | and )'

/** Verbs that announce people. They stay in the text as a yes, while a number alone is removed. */
const VERB =
  '(vamos(?: a (?:ir|ser|asistir|estar))?|somos|seremos|seriamos|iriamos|iremos|ire|asistiremos|asistire|asistimos|confirmad[oa]s?|confirmamos|confirmo|estaremos|voy|we are|were|well be|we will be|there (?:are|will be))'

const YES = '(si+|sip|claro|claro que si|simon|yes|yep|yeah|yup|sure)'
const FILLER_WORD =
  '(?:hola|gracias|por favor|porfa|porfavor|buenas|buenos dias|buenas tardes|buenas noches|hi|hello|thanks|thank you|please)'
const CLAUSE_END = `(?= \\||$| ${FILLER_WORD})`
const ONE_GOES = '(voy(?: a (?:ir|asistir))?|ire|asistire|asisto|estare|llego|llegare|confirmo)'
/** «No voy solo» is not a no: the guest comes with somebody. */
const NOT_ALONE =
  /(?<![a-z])(?:no (?:voy|vamos|ire|iremos|asisto|asistire|asistiremos|estare|estaremos|llego|llegare|vengo|puedo|quiero)(?: a)?(?: ir)? (?:sol[oa]s?|solit[oa]s?)|(?:im |we are |were |i am )?not (?:coming|going) alone|(?:i |we )?(?:wont|will not) (?:be )?(?:come|go|going|coming) alone)(?![a-z])/g

type Group = string | undefined
/**
 * `rest`: the text without the words that gave the number. `isCounted`: the size came from a number or a companion, so a
 * no may be about some of the people; «no vamos mi esposa y yo» is only a no. `isContradictory`: different numbers were
 * given, so `size` is null.
 */
export type PartySize = { rest: string; size: number | null; isCounted: boolean; isContradictory: boolean }

/** Takes the party size out of a simplified text. */
export function extractPartySize(plain: string): PartySize {
  const sizes: number[] = []
  let isCounted = false
  let rest = plain
  const take = (
    pattern: string,
    sizeOf: (groups: Group[], whole: string) => number | null,
    left: (groups: Group[]) => string,
  ) => {
    rest = rest.replace(new RegExp(`(?<![\\p{L}\\d])${pattern}(?![\\p{L}\\d])`, 'gu'), (whole, ...found) => {
      const groups = found.slice(
        0,
        found.findIndex((one) => typeof one === 'number'),
      ) as Group[]
      const size = sizeOf(groups, whole)
      if (size === null) return whole
      sizes.push(size)
      isCounted ||= sizeOf !== countKin
      return ` ${left(groups)} `
    })
  }
  const verb = ([said]: Group[]) => asYes(said)
  const asOne = ([said]: Group[]) => said!

  rest = rest.replace(NOT_ALONE, ' no voy solo ')
  take(
    `(?:(?:yo )?cuent(?:a|as|e|en|an) (?:conmigo |con nosotr[oa]s )?(?:con|para) )${NUMBER}(?: ${PEOPLE})?`,
    ([n]) => read(n),
    () => 'cuenten con nosotros',
  )
  take(
    `(?:me |nos )?(?:apart|guard|reserv|anot|apunt)(?:a|as|e|en|an)(?:me|nos)? (?:con |a |por |para )?${NUMBER}(?: ${PEOPLE})?(?: para (?:mi|nosotros))?`,
    ([n]) => read(n),
    () => 'me apunto',
  )
  take(
    `(?:you can )?(?:save|hold|reserve|book|keep)(?: me| us)? ${NUMBER}(?: ${PEOPLE})?(?: for (?:me|us))?`,
    ([n]) => read(n),
    () => 'count us in',
  )
  take(
    `(?:put|count) (?:me|us) (?:down |in )?for ${NUMBER}(?: ${PEOPLE})?`,
    ([n]) => read(n),
    () => 'count us in',
  )
  take(
    `(?:${VERB} (?:con )?)?${NUMBER} adultos?(?: y | mas | \\| | and | )${A_CHILD} ${CHILDREN}`,
    ([, a, b]) => sum(read(a), read(b)),
    verb,
  )
  take(`(?:${VERB} )?${NUMBER} mas ${NUMBER}(?: ${PEOPLE}| ${CHILDREN})?`, ([, a, b]) => sum(read(a), read(b)), verb)
  take(`(confirm(?:o|amos)) (?:mi|nuestra) asistencia${AND}la de ${KIN}(?:${AND}la de ${KIN})*`, countKin, asOne)
  take(`(confirmo) (?:para|por) mi${AND}${KIN}(?:${AND}${KIN})*`, countKin, asOne)
  take(`(?:${VERB} )?(?:yo${AND})?${KIN}(?:(?:${AND})${KIN})*${AND}(?:yo|me|i|un servidor)`, countKin, verb)
  take(`(?:${VERB} )?yo${AND}${KIN}(?:${AND}${KIN})*`, countKin, verb)
  take(`${VERB} (?:con|with) ${KIN}(?:${AND}${KIN})*`, (groups, whole) => countKin(groups, whole), verb)
  take(
    `(confirm(?:o|amos)) (?:(?:mi|la|nuestra) )?(?:asistencia|presencia) (?:de |para )?${NUMBER}(?: ${PEOPLE})?`,
    ([, n]) => read(n),
    asOne,
  )
  take(
    `(?:los|las) ${NUMBER} (?:si )?(vamos|confirmamos|asistiremos|iremos|ahi estaremos)`,
    ([n]) => read(n),
    ([, said]) => said!,
  )
  take(
    `${VERB}(?: \\|)? (?:los |las |mis |the |solo |solamente |solos |un total de |por |para )?${NUMBER}(?: ${PEOPLE})?`,
    ([, n]) => read(n),
    verb,
  )
  take(
    `(?<!no )${YES} (?:somos |para |con |for )?${NUMBER}(?: ${PEOPLE})?${CLAUSE_END}`,
    ([, n]) => read(n),
    ([said]) => said!,
  )
  take(
    `(?<=^|\\| |${FILLER_WORD} )${NUMBER}(?: ${PEOPLE})? ${YES}${CLAUSE_END}`,
    ([n]) => read(n),
    ([, said]) => said!,
  )
  take(
    `(?:para|seriamos|por|los|las|party of|table for|for) ${NUMBER}(?: ${PEOPLE})?(?: \\|?)?$`,
    ([n]) => read(n),
    () => '',
  )
  take(
    `(?:(?:the|all) )?${NUMBER} ${PEOPLE}`,
    ([n]) => read(n),
    () => '',
  )
  // «Solo» also means «only». It means «alone» only at the end of a clause, after a verb in the singular.
  take(`(?<!no )${ONE_GOES}(?: yo)? (?:sol[oa]|solit[oa])${CLAUSE_END}`, () => 1, asOne)
  take(`(?<!no )(?:sol[oa]|nomas|nada mas|solamente|unicamente) ${ONE_GOES} yo`, () => 1, asOne)
  take(`(?<!no )${ONE_GOES}(?: yo)? (?:nomas|nada mas|solamente|unicamente)(?: yo)?${CLAUSE_END}`, () => 1, asOne)
  take(
    `(?<!no )(?:yo sol[oa]${CLAUSE_END}|(?:sol[oa]|nomas|nada mas|solamente|unicamente) yo|just me)`,
    () => 1,
    () => '',
  )
  take(
    `alone${CLAUSE_END}`,
    () => 1,
    () => '',
  )
  take(
    `(?:con )?mas (?:1|un[oa]?)(?: acompanante| invitado| persona)?|(?:y |con )(?:un |una )?acompanante|plus one|(?:with )?a plus one`,
    () => 2,
    () => '',
  )
  take(
    `(?:(?<=^|\\| ))${NUMBER}(?= \\||$)`,
    ([n]) => read(n),
    () => '',
  )

  const distinct = [...new Set(sizes)]
  return {
    rest: rest.replace(/\s+/g, ' ').trim(),
    size: distinct.length === 1 ? distinct[0]! : null,
    isCounted,
    isContradictory: distinct.length > 1,
  }
}

/** Counts the guest, each named relative, and the relatives given as a number. */
function countKin(_groups: Group[], whole: string): number {
  const counted = [...whole.matchAll(new RegExp(SEVERAL, 'g'))].map(([, n]) => read(n) ?? 0)
  return 1 + countIn(whole, new RegExp(PARTNER, 'g')) + counted.reduce((total, n) => total + n, 0)
}

const asYes = (verb: Group): string => (verb === undefined ? '' : /^(voy|confirm)/.test(verb) ? verb : 'vamos')
const countIn = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length
const sum = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b)

function read(text: Group): number | null {
  if (text === undefined) return null
  const size = /^\d+$/.test(text) ? Number(text) : WORDS.findIndex((pattern) => pattern.test(text)) + 1
  return size >= 1 ? size : null
}
