/**
 * How guests say how many they are. The rules apply in this order, and each takes its words out of the text. patterns.ts
 * explains the language.
 */

/**
 * `counts`: the number that stands there, the sum of the numbers, the guest and that number, the guest and the named relatives, or a fixed number.
 * `leaves`: the words that stay in the text; `verb` is the verb that stood there, `same` leaves everything.
 */
type SizeRule = {
  counts: 'number' | 'sum' | 'self' | 'kin' | 'company' | 1 | 2
  leaves: string
  pattern: string
  /** Does not apply after a «no»: «no voy solo». */
  isNotAfterNo?: true
}

/** Verbs that announce people. */
const VERB = `(vamos [a (ir|ser|asistir|estar|llegar)]|somos|seremos|seriamos|iriamos|iremos|ire|asistiremos|asistire|asistimos|
  asisto|confirmad~|confirmamos|confirmo|confirmar|confirm|confirming|estaremos|estamos|voy [a (ir|asistir)]|we are|were|well be|
  we will be|there (are|will be)|ill be|i will be|im|jalamos|caemos|llegamos|llegaremos|caigo|ocupo|ocupamos|necesitamos|necesito|
  ocuparemos|usaremos|serian)`
const SEVERAL = `(mis|my|our|nuestros|los) {number} [otr~] (hijos|hijas|ninos|ninas|hermanos|hermanas|amigos|amigas|kids|children|sons|daughters|
  friends|nenes|peques|nietos|chamacos)`
const KIN = `({kin}|${SEVERAL}|mis (papas|padres|suegros|abuelos))`
const AND = '([,] (y|e|and|mas|con)|,)'
const GOES_ALONE =
  '(voy [a (ir|asistir)]|ire|asistire|asisto|estare|llego|llegare|confirmo|vengo|ill be there|im coming|coming)'
const YES = '(si|sii|sip|claro|claro que si|simon|yes|yep|yeah|yup|sure|ok confirmo)'
const FEW =
  '(los|las|mis|nuestros|the|solo|solamente|nomas|solos|un total de|por|para|a|con|nosotr~|como|all|party of|de)'

export const SIZE_RULES: SizeRule[] = [
  {
    counts: 'kin',
    leaves: 'verb',
    pattern: `[${VERB}|we] (me|i|yo) , ${KIN} [, ${KIN}] ${AND} (${KIN}|our (son|daughter)|our {number} kids)`,
  },
  {
    counts: 'number',
    leaves: 'confirmo asistencia',
    pattern: '[la] familia {name} [{name}] [si] (confirma|confirmamos|asistiremos|somos) {number} [{people}]',
  },
  {
    counts: 'number',
    leaves: 'vamos',
    pattern:
      '(toda la familia|vamos la familia completa|vamos toda la familia|la familia completa) [,] [somos] [los] {number}',
  },
  {
    counts: 'kin',
    leaves: 'i will be there',
    pattern: '[yes] [for|itll be|it will be|its] (me and|i and) {kin}|yes me {kin}',
  },
  {
    counts: 'number',
    leaves: 'i will be there',
    pattern: '(well be|we will be|there will be|we are) {number} [of us]|[please] count {number} of us [in]',
  },
  {
    counts: 'number',
    leaves: 'cuenten con nosotros',
    pattern:
      '[yo] (cuenta|cuente|cuenten) con nosotr~ {number}|[yo] (cuenta|cuente|cuenten) [conmigo|con nosotr~] (con|para) {number} [{people}]',
  },
  {
    counts: 'number',
    leaves: 'me apunto',
    pattern: `[me|nos] (aparta|apartas|apartan|aparte|apartame|apartanos|apartenme|apartenos|guarda|guardame|guardanos|guardenme|guardennos|
      reserva|reservame|reservanos|reservenme|anota|anotame|anotanos|anotenme|anotenos|anotennos|apunta|apuntame|apuntanos|apuntenme|
      apuntenos|apuntennos|apunteme|ponme|ponnos|separa|separame|separanos|separen|aparten|reserven|pongame) [con|a|por|para] [los] {number}
      [{people}] [para (mi|nosotros)]`,
  },
  {
    counts: 2,
    leaves: 'me apunto',
    pattern: '(apuntame|anotame|apunteme|anoteme|apuntanos|anotanos|cuenta conmigo) (con|y) [un|mi] acompanante',
  },
  {
    counts: 'number',
    leaves: 'count us in',
    pattern:
      '[you can] (save|hold|reserve|book|keep) [me|us] {number} [{people}] [for (me|us)]|(put|count) (me|us) [down|in] for {number} [{people}]',
  },
  {
    counts: 'sum',
    leaves: 'verb',
    pattern: `[${VERB} [con]] {number} (adultos|adulto|grandes|adults|adult|personas) ${AND} (un|una|{number}) {children}`,
  },
  { counts: 'sum', leaves: 'verb', pattern: `[${VERB} [con]] {number} y (un|una|{number}) {children}` },
  { counts: 'sum', leaves: 'verb', pattern: `[${VERB}] {number} mas {number} [{people}|{children}]` },
  { counts: 'self', leaves: 'asistiremos', pattern: `[${VERB}|conmigo] yo (mas|y|con) {number} [mas|{people}]` },
  {
    counts: 'kin',
    leaves: 'confirmo asistencia',
    pattern: `(confirmo|confirmamos) [mi|nuestra|la] (asistencia|lugar) ${AND} (la|el) de ${KIN}|(confirmo|confirmado|confirmada) (para|por) mi ${AND} ${KIN}`,
  },
  {
    counts: 'kin',
    leaves: 'verb',
    pattern: `[${VERB}] [yo ${AND}] ${KIN} [${AND} ${KIN}] [${AND} ${KIN}] [${AND} ${KIN}] ${AND} (yo|me|i|un servidor|conmigo|una servidora) [si]`,
  },
  { counts: 'kin', leaves: 'verb', pattern: `[${VERB}] (yo|me|i) ${AND} ${KIN} [${AND} ${KIN}] [${AND} ${KIN}]` },
  {
    counts: 'company',
    leaves: 'verb',
    pattern: `${VERB} [yo] (con|with|en compania de|acompanad~ de|acompanad~ por|plus) ${KIN} [${AND} ${KIN}] [${AND} ${KIN}]`,
  },
  {
    counts: 'kin',
    leaves: 'asistiremos',
    pattern: `(vamos|confirmamos|somos|asistiremos|iremos) {name} y yo|{name} y yo (vamos|confirmamos|asistiremos|iremos)`,
  },
  {
    counts: 2,
    leaves: 'confirmo asistencia',
    pattern:
      '(confirmado|confirmo|confirmados) para {name} y {name}|{name} y {name} (confirman|confirmamos) [asistencia]',
  },
  {
    counts: 2,
    leaves: 'asistiremos',
    pattern: `(vamos|asistiremos|iremos) (ambos|ambas)|(ambos|ambas) (vamos|asistiremos|iremos|confirmamos)`,
  },
  {
    counts: 'number',
    leaves: 'confirmo asistencia',
    pattern: `[para] (confirmo|confirmamos|confirmar|confirmando|confirmad~|confirming) [mi|la|nuestra] (asistencia|presencia|attendance) [,] [de|para|por|for] [los|las] {number} [{people}]|
      (asistencia|confirmacion) [confirmada] [,] [de|para|por] {number} [{people}]`,
  },
  {
    counts: 'number',
    leaves: 'asistiremos',
    pattern: `(los|las|nosotr~ [los]|todos los|estaremos los|estaremos presentes los) {number} [si] (vamos|confirmamos|asistiremos|iremos|{there} estaremos|estaremos {there}|estaremos presentes)`,
  },
  {
    counts: 'number',
    leaves: 'ahi estaremos',
    pattern: '{there} estaremos [presentes] (los|las) {number}|estaremos presentes (los|las) {number}',
  },
  {
    counts: 'number',
    leaves: 'verb',
    pattern: `${VERB} [,] [${FEW}] {number} [{people}] [de (mi casa|mi familia|la familia|familia)|los que (vamos|asistiremos|iremos)|que nos (asignaron|tocan|tocaron|dieron|mandaron|apartaron)] [por favor]|${VERB} [,] [${FEW}] un (lugar|boleto|pase)|${VERB} una persona|${VERB} solo {number} {people}`,
  },
  {
    counts: 'number',
    leaves: 'si',
    pattern: `${YES} [,] [somos|para|con|for|los|las|yo] {number} [{people}]$`,
    isNotAfterNo: true,
  },
  { counts: 'number', leaves: 'si', pattern: `^{number} [{people}] ${YES}$` },
  {
    counts: 'number',
    leaves: 'asistiremos',
    pattern: '{number} [{people}] (confirmad~|confirmamos|attending|confirmed)|{number} of us will attend',
  },
  {
    counts: 'number',
    leaves: '',
    pattern: '(para|seriamos|por|los|las|party of|table for|mesa para|for) {number} [{people}]$',
    isNotAfterNo: true,
  },
  { counts: 'number', leaves: '', pattern: '[the|all|de] {number} {people}' },
  {
    counts: 'company',
    leaves: 'asistiremos',
    pattern: `(me acompana|me acompanara|voy a llevar a|voy y llevo a|ire y llevo a|im bringing|ill bring|bringing) (${KIN}) [${AND} ${KIN}]`,
  },
  {
    counts: 'company',
    leaves: '',
    pattern: `[y] (llevo a|llevare a|ira conmigo|va conmigo|viene conmigo) ${KIN} [${AND} ${KIN}]|${KIN} (me acompana|ira conmigo|va conmigo)`,
  },
  { counts: 'self', leaves: 'confirmo asistencia', pattern: '(voy|ire|asistire|confirmo|yo) mas {number}$' },
  {
    counts: 'self',
    leaves: 'asistiremos',
    pattern: `[${VERB}] yo y {number} (amigos|amigas|mas|personas|acompanantes|invitados)|(voy|ire|asistire) con {number} (amigos|amigas|personas|acompanantes|invitados|hijos|ninos)`,
  },
  {
    counts: 'number',
    leaves: '',
    pattern:
      '(contando (a|con) los ninos|con (los|mis) (ninos|hijos)|entre todos|en total) [ya] (somos|seremos|seriamos|vamos) {number}|just the {number} of us|(the|all) {number} of us',
  },
  // «Solo» also means «only». It means «alone» only at the end of a clause, after a verb in the singular.
  {
    counts: 1,
    leaves: 'asisto',
    pattern: `${GOES_ALONE} [yo] (sol~|solit~|solo|sola|por mi cuenta|solo yo)$`,
    isNotAfterNo: true,
  },
  {
    counts: 1,
    leaves: 'asisto',
    pattern: `(solo|sola|nomas|nada mas|solamente|unicamente|nadamas) (${GOES_ALONE}|asistire) yo|yo (solo|sola|solit~) (${GOES_ALONE})`,
    isNotAfterNo: true,
  },
  {
    counts: 1,
    leaves: 'asisto',
    pattern: `${GOES_ALONE} [yo] (nomas|nada mas|solamente|unicamente) [yo]$`,
    isNotAfterNo: true,
  },
  {
    counts: 1,
    leaves: '',
    pattern:
      '[pero] (yo (solo|sola|solit~|solita)|(solo|sola|nomas|nada mas|solamente|unicamente) yo|just me|its just me)$',
    isNotAfterNo: true,
  },
  { counts: 1, leaves: '', pattern: '(alone|by myself)$', isNotAfterNo: true },
  { counts: 1, leaves: '', pattern: '(con un [solo] lugar esta bien|solo {number} lugar|un lugar [por favor])' },
  {
    counts: 2,
    leaves: '',
    pattern: `[con] mas (un|una|uno|1) [acompanante|invitado|persona]|[y|con|mas] [un|una|mi|1] acompanante|plus one|[with] a plus one|
      [bringing] a plus one|(plus|con) (my|mi) (novi~|espos~|pareja|girlfriend|boyfriend|wife|husband)`,
  },
  { counts: 'number', leaves: '', pattern: '^{number}$' },
]
