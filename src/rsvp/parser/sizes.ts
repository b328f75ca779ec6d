/** How guests say how many they are. patterns.ts explains the language of the patterns. */
import { linesOf } from './patterns.ts'

/**
 * The rules apply in this order, and each takes its words out of the text. A line has three parts: what is counted, the words
 * that stay, and the pattern.
 *
 *     number    the number that stands there
 *     sum       the numbers together, with «un» and «una»
 *     self      the guest and that number
 *     kin       the guest and the relatives that are named: a no may be about all of them
 *     company   the same, for people whom the guest brings
 *     1, 2      one, two
 *
 * With `!` the rule does not apply after a no. The word that stays is `verb` for the verb that stood there, `-` for nothing.
 */
const TABLE = `
kin : verb : [{verb}|we] (me|i|yo) , {relatives} [, {relatives}] {and} ({relatives}|our (son|daughter)|our {number}
    kids)
number : confirmo asistencia : [la] familia {name} {name?} [si] (confirma|confirmamos|asistiremos|somos) {number}
    {people?}
number : vamos : (toda la familia|vamos la familia completa|vamos toda la familia|la familia completa) [,] [somos]
    [los] {number}
kin : i will be there : [yes] [for|itll be|it will be|its] (me and|i and) {kin}|yes me {kin}
number : i will be there : (well be|we will be|there will be|we are) {number} [of us]|[please] count {number} of us
    [in]
number : cuenten con nosotros : [yo] (cuenta|cuente|cuenten) con nosotr~ {number}|[yo] (cuenta|cuente|cuenten)
    [conmigo|con nosotr~] (con|para) {number} {people?}
number : me apunto : [me|nos] (aparta|apartas|apartan|aparte|apartame|apartanos|apartenme|apartenos|guarda|guardame|
    guardanos|guardenme|guardennos| reserva|reservame|reservanos|reservenme|anota|anotame|anotanos|anotenme|anotenos|
    anotennos|apunta|apuntame|apuntanos|apuntenme| apuntenos|apuntennos|apunteme|ponme|ponnos|separa|separame|
    separanos|separen|aparten|reserven|pongame) [con|a|por|para] [los] {number} {people?} [para (mi|nosotros)]
2 : me apunto : (apuntame|anotame|apunteme|anoteme|apuntanos|anotanos|cuenta conmigo) (con|y) [un|mi] acompanante
number : count us in : [you can] (save|hold|reserve|book|keep) [me|us] {number} {people?} [for (me|us)]|(put|count)
    (me|us) [down|in] for {number} {people?}
sum : verb : [{verb} [con]] {number} (adultos|adulto|grandes|adults|adult|personas) {and} (un|una|{number}) {children}
sum : verb : [{verb} [con]] {number} y (un|una|{number}) {children}
sum : verb : {verb?} {number} mas {number} [{people}|{children}]
self : asistiremos : [{verb}|conmigo] yo (mas|y|con) {number} [mas|{people}]
kin : confirmo asistencia : (confirmo|confirmamos) [mi|nuestra|la] (asistencia|lugar) {and} (la|el) de {relatives}|
    (confirmo|confirmado|confirmada) [lugar|lugares|asistencia] (para|por) mi {and} {relatives}
kin : verb : {verb?} [yo {and}] {relatives} [{and} {relatives}] [{and} {relatives}] [{and} {relatives}] {and} (yo|me|
    i|un servidor|conmigo|una servidora) [si]
kin : verb : {verb?} (yo|me|i) {and} {relatives} [{and} {relatives}] [{and} {relatives}]
company : verb : {verb} [yo] (con|with|en compania de|acompanad~ de|acompanad~ por|plus) {relatives} [{and}
    {relatives}] [{and} {relatives}]
kin : asistiremos : (vamos|confirmamos|somos|asistiremos|iremos) {name} y yo|{name} y yo (vamos|confirmamos|
    asistiremos|iremos)
2 : confirmo asistencia : (confirmado|confirmo|confirmados) para {name} y {name}|{name} y {name} (confirman|
    confirmamos) [asistencia]
2 : asistiremos : (vamos|asistiremos|iremos) (ambos|ambas)|(ambos|ambas) (vamos|asistiremos|iremos|confirmamos)
number : confirmo asistencia : [para] (confirmo|confirmamos|confirmar|confirmando|confirmad~|confirming) [mi|la|
    nuestra] (asistencia|presencia|attendance) [,] [de|para|por|for] [los|las] {number} {people?}| (asistencia|
    confirmacion) [confirmada] [,] [de|para|por] {number} {people?}
number : asistiremos : (los|las|nosotr~ [los]|todos los|estaremos los|estaremos presentes los) {number} [si] (vamos|
    confirmamos|asistiremos|iremos|{there} estaremos|estaremos {there}|estaremos presentes)
number : ahi estaremos : {there} estaremos [presentes] (los|las) {number}|estaremos presentes (los|las) {number}
number : verb : {verb} [,] {few?} {number} {people?} [de (mi casa|mi familia|la familia|familia)|los que (vamos|
    asistiremos|iremos)|que nos (asignaron|tocan|tocaron|dieron|mandaron|apartaron)] [por favor]|{verb} [,] {few?} un
    (lugar|boleto|pase)|{verb} una persona|{verb} solo {number} {people}
number! : si : {yes} [,] [somos|para|con|for|los|las|yo] {number} {people?}$
number : si : ^{number} {people?} {yes}$
number : asistiremos : {number} {people?} (confirmad~|confirmamos|attending|confirmed)|{number} of us (will attend|are coming|are going|are attending)
number! : - : (para|seriamos|por|los|las|party of|table for|mesa para|for) {number} {people?}$
number : - : [the|all|de] {number} {people}
company : asistiremos : (me acompana|me acompanara|voy a llevar a|voy y llevo a|ire y llevo a|im bringing|ill bring|
    bringing) {relatives} [{and} {relatives}]
company : - : [y] (llevo a|llevare a|ira conmigo|va conmigo|viene conmigo) {relatives} [{and} {relatives}]|{relatives}
    (me acompana|ira conmigo|va conmigo)
self : confirmo asistencia : (voy|ire|asistire|confirmo|yo) mas {number}$
self : asistiremos : {verb?} yo y {number} (amigos|amigas|mas|personas|acompanantes|invitados)|(voy|ire|asistire) con
    {number} (amigos|amigas|personas|acompanantes|invitados|hijos|ninos)
number : - : (contando (a|con) los ninos|con (los|mis) (ninos|hijos)|entre todos|en total) [ya] (somos|seremos|
    seriamos|vamos) {number}|just the {number} of us|(the|all) {number} of us
1! : asisto : {goesAlone} [yo] (sol~|solit~|solo|sola|por mi cuenta|solo yo)$
1! : asisto : (solo|sola|nomas|nada mas|solamente|unicamente|nadamas) ({goesAlone}|asistire) yo|yo (solo|sola|solit~)
    {goesAlone}
1! : asisto : {goesAlone} [yo] (nomas|nada mas|solamente|unicamente) [yo]$
1! : - : [pero] (yo (solo|sola|solit~|solita)|(solo|sola|nomas|nada mas|solamente|unicamente) yo|just me|its just me)$
1! : - : (alone|by myself)$
1 : - : (con un [solo] lugar esta bien|solo {number} lugar|un lugar [por favor])
2 : - : [con] mas (un|una|uno|1) [acompanante|invitado|persona]|[y|con|mas] [un|una|mi|1] acompanante|plus one|[with]
    a plus one| [bringing] a plus one|(plus|con) (my|mi) (novi~|espos~|pareja|girlfriend|boyfriend|wife|husband)
number : - : ^{number}$
`

export type Counts = 'number' | 'sum' | 'self' | 'kin' | 'company' | 1 | 2
export type SizeRule = { counts: Counts; leaves: string; pattern: string; isNotAfterNo: boolean }

export const SIZE_RULES: SizeRule[] = linesOf(TABLE).map((line) => {
  const [counts, leaves, pattern] = line.split(' : ')
  const what = counts!.replace('!', '')
  return {
    counts: (/^\d$/.test(what) ? Number(what) : what) as Counts,
    leaves: leaves === '-' ? '' : leaves!,
    pattern: pattern!,
    isNotAfterNo: counts!.endsWith('!'),
  }
})
