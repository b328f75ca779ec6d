/** Corrects one typing error in the words that answers consist of. Pure. */

/** Words that decide answers. */
const CORRECTABLE =
  `confirmo confirma confirmar confirmamos confirmado confirmada confirmados confirmadas asistencia asistir asistire asistiremos
  estaremos estamos iremos podremos podemos cancelo cancelar cancelamos gracias contigo conmigo nosotros cuenten presente presentes
  quizas seguro siempre invitacion esposa esposo personas persona imposible posible depende probablemente acompanarlos
  apartame apartanos reservame reservanos lugares encantaria encantada encantado gustaria gustosa lamentablemente
  desafortunadamente compromiso coming attend attending absolutely definitely unable confirmed`
    .split(/\s+/)
    .filter((word) => word.length >= 6)

/** A known word is never changed into another. */
export function correctTypos(list: string[], isKnown: (word: string) => boolean): { list: string[]; hasTypo: boolean } {
  let hasTypo = false
  const corrected = list.map((word) => {
    if (word.length < 5 || isKnown(word) || !/^[a-z]+$/.test(word)) return word
    const near = CORRECTABLE.filter((known) => isOneTypo(word, known))
    if (near.length !== 1) return word
    hasTypo = true
    return near[0]!
  })
  return { list: corrected, hasTypo }
}

/** Whether the words differ by one inserted, missing, wrong or transposed letter. */
function isOneTypo(word: string, known: string): boolean {
  if (Math.abs(word.length - known.length) > 1) return false
  let at = 0
  while (at < word.length && word[at] === known[at]) at++
  const [rest, wanted] = [word.slice(at), known.slice(at)]
  return (
    rest.slice(1) === wanted.slice(1) ||
    rest.slice(1) === wanted ||
    rest === wanted.slice(1) ||
    (rest.slice(2) === wanted.slice(2) && rest[0] === wanted[1] && rest[1] === wanted[0])
  )
}
