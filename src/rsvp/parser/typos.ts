/** Mends a slip of the finger in the words that answers are made of. Pure. */

/** Words that answers hang on, and their neighbours: a word that is written right is never mended into another. */
const KNOWN = new Set(
  `confirmo confirma confirme confirmas confirmar confirmamos confirmado confirmada confirmados confirmadas confirmed confirm asistencia asistir asistire asistira asistiran asistiremos asisto
  asistimos asista estare estara estaran estaremos estamos estar estoy vamos vemos iremos podre podra podran podremos podemos puedo podria cancelo cancela cancelar cancelamos cancelado cancelada gracias claro gusto
  contigo conmigo nosotros cuenta cuenten cuentes presente presentes quizas seguro segura siempre todavia luego manana noches tardes buenas buenos invitacion esposa esposo
  personas persona vaya vayan venir vengo nunca menos somos seremos acepto aceptamos imposible posible depende probablemente posiblemente definitivamente
  podamos puedan invitation invite
  apartame apartanos reservame reservanos guardame lugares encantaria encantada encantado gustaria
  coming attend attending absolutely definitely maybe perhaps unable`.split(/\s+/),
)
const MENDED = [...KNOWN].filter((word) => word.length >= 6)

export function correctTypos(plain: string): { plain: string; hasTypo: boolean } {
  let hasTypo = false
  const words = plain.split(' ').map((word) => {
    if (word.length < 5 || KNOWN.has(word) || !/^[a-z]+$/.test(word)) return word
    const near = MENDED.filter((known) => isOneSlip(word, known))
    if (near.length !== 1) return word
    hasTypo = true
    return near[0]!
  })
  return { plain: words.join(' '), hasTypo }
}

/** One letter too many, too few or wrong, or two changed about. */
function isOneSlip(word: string, known: string): boolean {
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
