/** Corrects one typing error in the words that answers consist of. Pure. */

/** Words that decide answers, and similar words: a correctly written word is never changed into another. */
const KNOWN = new Set(
  `confirmo confirma confirme confirmas confirmar confirmamos confirmado confirmada confirmados confirmadas confirmed confirm asistencia asistir asistire asistira asistiran asistiremos asisto
  asistimos asista estare estara estaran estaremos estamos estar estoy vamos vemos iremos podre podra podran podremos podemos puedo podria cancelo cancela cancelar cancelamos cancelado cancelada gracias claro gusto
  contigo conmigo nosotros cuenta cuenten cuentes presente presentes quizas seguro segura siempre todavia luego manana noches tardes buenas buenos invitacion esposa esposo
  personas persona vaya vayan venir vengo nunca menos somos seremos acepto aceptamos imposible posible depende probablemente posiblemente definitivamente
  podamos puedan invitation invite
  apartame apartanos reservame reservanos guardame lugares encantaria encantada encantado gustaria
  coming attend attending absolutely definitely maybe perhaps unable`.split(/\s+/),
)
const CORRECTABLE = [...KNOWN].filter((word) => word.length >= 6)

export function correctTypos(plain: string): { plain: string; hasTypo: boolean } {
  let hasTypo = false
  const words = plain.split(' ').map((word) => {
    if (word.length < 5 || KNOWN.has(word) || !/^[a-z]+$/.test(word)) return word
    const near = CORRECTABLE.filter((known) => isOneTypo(word, known))
    if (near.length !== 1) return word
    hasTypo = true
    return near[0]!
  })
  return { plain: words.join(' '), hasTypo }
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
