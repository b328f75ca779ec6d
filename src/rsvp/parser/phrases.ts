/** The phrases of answers. Patterns over simplified text: lower case, no accents, no apostrophes. */

export type Intent = 'yes' | 'no' | 'maybe'

export const NOT_YET = new RegExp(
  `^(?:${[
    '(?:todavia |aun )?no (?:te |les |lo )?(?:confirmo|confirmamos|cancelo|cancelamos|he confirmado|hemos confirmado)(?: .*)?',
    '(?:todavia|aun) no',
    'no (?:todavia|aun)',
    '(?:todavia |aun )?no (?:te |les |lo )?(?:puedo|podemos) confirmar(?: .*)?',
    'not yet(?: .*)?',
    '(?:i |we )?(?:cant|cannot) confirm(?: .*)?',
    '(?:i |we )?havent confirmed(?: .*)?',
    '(?:i |we )?dont confirm(?: .*)?',
  ].join('|')})$`,
)
export const QUESTION_WORDS =
  /^(como|donde|cuando|cual|cuanto|cuantos|que hora|a que|en donde|quien|puedo llevar|puedo ir con|hay |where|when|what|who|how|can i bring|is there)\b/

const GO =
  '((poder )?(ir|asistir|llegar|acudir|estar( (ahi|alli|alla))?( con (ustedes|nosotros|contigo))?|acompanar(los|las|te|les)?|ir a la (boda|fiesta)))'
const eventOf = (parts: string) => `(a|al|en) (la |el |tu |su )?(boda|fiesta|evento|${parts}celebracion|cumpleanos|xv)`
const EVENT = eventOf('ceremonia|misa|')
/** Only the whole event: a guest who skips the mass may still come to the party. */
const WHOLE_EVENT = eventOf('')
const PHRASES: Record<Intent, string[]> = {
  yes: [
    '(claro|seguro|por supuesto|desde luego|obvio|obviamente|definitivamente|simon)( que (si+|yes))?',
    'obvi',
    // Only before the verb of the answer.
    '(yo|nosotr[oa]s)(?= (si )?(voy|vamos|ire|asist|ahi|alla|estar|confirm))',
    'de ley( que si+)?',
    // Only before the rest of the answer: «por supuesto que vamos».
    '(claro|seguro|por supuesto|desde luego|obvio|obviamente|definitivamente|simon|de ley|a fuerza) que(?= (si|yo|voy|vamos|ire|asist|ahi|alla|estar|cuent|lleg|confirm))',
    '(ahi|alla) (me|nos) (tienen|tendran|tienes|tendras)',
    'vamos (en familia|toda la familia)|toda la familia vamos',
    'segurisimo',
    'clarines',
    'afirmativo',
    'cuent(a|e|en) con (mi|nuestra) (presencia|asistencia)',
    '(da|de|den)lo por hecho',
    '(apunta|anota|apunte|anote|apunten|anoten)(me|nos)',
    '(aparta|guarda|reserva|aparten|guarden|reserven)(me|nos) (mi|un|nuestro) lugar',
    '(confirmada|aceptada) la invitacion|(asistencia|invitacion) (confirmada|aceptada)',
    '(nosotros|todos) (confirmamos|vamos|ahi estaremos|asistiremos)',
    '(vamos|asistiremos|ahi estaremos|confirmamos) todos',
    'siempre si( (voy|vamos|puedo|podemos|ire|iremos)( a ir| ir)?)?',
    'cuent(a|e|en) con ello',
    'claro que (voy|vamos|ire|iremos)',
    'de que (voy|vamos) (voy|vamos)',
    'ya (esta|quedo) confirmad[oa]',
    'con (todo |mucho |muchisimo )?gusto',
    'encantad[oa]s?',
    '(yo |ya )?(te |les |le |lo |la )?(confirmo|confirmamos|confirmando|confirmad[oa]s?|confirmadisim[oa]s?)( (mi|nuestra|la|de)? ?(asistencia|presencia))?( con (mucho )?gusto)?',
    'ya (te |les |lo |la )?confirme( (mi|nuestra|la|de)? ?(asistencia|presencia))?',
    'asistire(mos)?',
    'asisto',
    'asistimos',
    '(ahi|alli|alla|hay|ay|haya|aya) (estare(mos)?( (contigo|con ustedes|puntual(es)?|a tiempo))?|estoy|estamos|andare(mos)?|andamos|voy|vamos|nos vemos|te veo|los veo|les veo|caigo|caemos|(te|les) (caigo|caemos)|llego|llegamos)',
    'nos vemos (ahi|alli|alla)',
    `(yo |nosotros )?(si )?(voy|vamos|ire|iremos)( a ${GO})?( ${EVENT})?( sin falta)?`,
    `si (puedo|podemos|podre|podremos)( ${GO})?`,
    'estare(mos)? (ahi|alli|alla|presentes?)( (contigo|con (ustedes|ellos)))?',
    '(ahi|alla) (voy|vamos) a (estar|andar)',
    'presentes?',
    'cuent(a|e|en|an|as) (conmigo|con nosotr[oa]s)',
    'no (te |les |los |las )?(fallo|fallamos|fallare(mos)?)',
    'no (faltare(mos)?|faltamos|falto|voy a faltar|vamos a faltar|pienso faltar)',
    '(no|jamas) (me|nos) l[oa] (pierdo|perdemos|perderia|perderiamos|perdere|perderemos)( por nada)?',
    'como no',
    'sin falta',
    '(yo )?(me apunto|nos apuntamos|me anoto|nos anotamos|le entro|jalo|jalamos)',
    'a (huevo|webo|guevo)',
    'a ?webo',
    'orale( va| si+)',
    'de una',
    'acepto( la invitacion)?',
    'aceptamos( la invitacion)?',
    '(ahi )?(los|las|te|les) acompan(o|amos|are|aremos)( con (mucho )?gusto)?',
    'sera un (placer|honor|gusto)|(sera )?un (placer|honor|gusto) (acompanar(los|las|te)|asistir|estar ahi)',
    '(encantad[oa]s?|felices) de (ir|asistir|acompanar(los|las|te))',
    'of course',
    'absolutely',
    'definitely',
    'certainly',
    '(im |we are |i |we )?confirm(ed|ing)?( (my|our) attendance)?',
    '(yes )?(i|we|ill|well|i will|we will|id love to|wed love to) ?(be there|come|attend|make it)',
    '(i am|im|we are|were|i will be|we will be|ill be|well be) (coming|going|attending|in)',
    'definitely (coming|going|in)',
    'count (me|us) in',
    '(you can )?count on (me|us)',
    '(yes )?(ofc|for sure)',
    '(im|we are|were) (down|so there)',
    'see you there',
    '(i |we )?wouldnt miss it( for the world)?',
    '(i |we )?cant wait',
    'attending',
    'with pleasure',
    'happy to( come| attend)?',
    'will be there',
    'will attend',
    '(i|we) accept( the invitation)?',
  ],
  no: [
    `(ya )?no (creo que )?(voy|vamos|ire|iremos|asistire(mos)?|asisto|asistimos|podre(mos)?|puedo|podemos|podria|podriamos|pude|pudimos|alcanzo|alcanzamos|llego|llegamos|estare(mos)?( ahi| alli| alla)?|vendre(mos)?)( a (poder|alcanzar|${GO}))?( ${GO})?( ${WHOLE_EVENT})?( presentes?)?`,
    `no (me|nos) (es|sera|va a ser) posible( ${GO})?`,
    `no (te|los|las|les) (puedo|podemos|podre|podremos|podria|podriamos) acompanar`,
    `(siento|sentimos|lamento|lamentamos)( mucho)? no poder( ${GO})?`,
    'no (sera|va a ser) posible( ir| asistir)?',
    `(me|nos) (es|sera|resulta) imposible( ${GO})?`,
    'imposible( ir| asistir)?',
    '(yo )?(cancelo|cancelamos|cancela|cancelar|cancelado)( ((mi|nuestra|la) )?asistencia)?',
    '(tengo que|tenemos que|tendre que|tendremos que|voy a( tener que)?|vamos a( tener que)?|necesito|quiero|queremos|debo|me toca) (cancelar|declinar)( (mi|nuestra|la) (asistencia|invitacion))?',
    '(cancela|cancele|cancelen)(me|nos)',
    '(cancela|cancele|cancelen) (mi|nuestr[oa]|mis|nuestros) (asistencia|lugar|lugares)',
    '((te|les|le|lo) )?confirm(o|amos) que (ya )?no',
    'confirm(o|amos) (mi |nuestra )?inasistencia',
    '(cancelo|cancelamos) (mi|mis|nuestro|nuestros) (lugar|lugares|boletos?)',
    '(definitivamente|por ahora) no',
    'no (los|las|te|les) acompan(o|amos|are|aremos)',
    '(declino|declinamos|rechazo|rechazamos)( la invitacion)?',
    'no (cuentes|cuenten) (conmigo|con nosotros)|conmigo no (cuentes|cuenten)',
    'no (me|nos) esperen',
    '(la verdad|al final|en esta ocasion|esta ocasion|por esta (vez|ocasion)|esta vez) no',
    'negativo',
    'nones',
    'claro que no',
    'esta vez no',
    '(siempre|mejor) no( (voy|vamos|puedo|podemos|podre(mos)?|ire(mos)?)( a ir| ir)?)?',
    '(esta vez|yo|nosotros) pas(o|amos)',
    'nel pastel',
    '(creo que )?no (la )?(armo|armamos)',
    'no alcanz(o|amos)( a (llegar|ir))?',
    'para nada',
    'paso sin ver',
    '(i|we) (cant|cannot|can not|wont|will not)( be able to)?( be there| come| make it| attend| go)?( make it)?',
    '(i am|im|we are|were )?not (coming|going|attending|able to (come|go|attend|make it))',
    '(i|we) will not be attending',
    'wont (be able to )?(be there|come|make it|attend)',
    '(cant|cannot) (come|make it|attend|go)',
    '(i have|we have|i need|ive) to cancel',
    'cancel',
    'decline',
    '(i|we) (must )?decline',
    'unable to (attend|come|make it)',
    'regretfully',
    '(sadly|regrettably)( (not?|i cant|we cant)( make it| come)?)?',
    '(im |we are |were )?(gonna|going to) (have to )?(pass|miss (it|this one))',
    '(ill|well|i will|we will|i|we) (have to )?(pass|miss (it|this one))',
    'count (me|us) out',
  ],
  maybe: [
    'vamos a ver',
    'chance( y)?( si| no| (si )?(voy|vamos|puedo|podemos))?',
    'igual y( si| no| (si )?(voy|vamos|puedo|podemos))?',
    'puede que (si|no|vaya|vayamos)',
    '(hay|habra) que ver',
    'a ver si (puedo|podemos|se puede)( ir)?',
    'ahorita (te|les) (digo|aviso|confirmo)',
    '(estoy|estamos) (en duda|viendo)( si (puedo|podemos))?( ir)?',
    '(ahi |ya )?(vemos|veremos)',
    'tal ?vez( si| no| voy| vamos)?',
    'quizas?( si| no| voy| vamos)?',
    'a lo mejor( si| no| voy| vamos)?',
    'puede ser( que si)?',
    'posiblemente',
    'probablemente',
    'deja(me|nos)? (ver|veo|checo|checar|reviso|revisar|pensar|pensarlo|verlo|checarlo|lo veo|lo checo|lo pienso)',
    'lo (checo|veo|reviso|pienso|consulto)',
    '(yo )?(te|les|luego te|luego les|despues te|al rato te) (aviso|digo|confirmo (luego|despues|manana|mas tarde|al rato|pronto))( luego| despues| manana| mas tarde)?',
    '(luego|despues|manana|al rato) (te |les |lo )?(confirmo|aviso|digo)',
    'confirmo (luego|despues|manana|mas tarde|al rato)',
    '(todavia |aun )?no (lo )?se( aun| todavia| bien)?( si (puedo|podemos|podre|voy|vaya|podamos|podremos|pueda|confirmo|ire|vamos|iremos)( ir| asistir)?)?',
    'no (estoy|estamos) segur[oa]s?',
    'depende',
    'hare(mos)? lo posible',
    'intentare(mos)? ir',
    'tratare(mos)? de ir',
    'maybe',
    'perhaps',
    'possibly',
    'probably',
    '(im |we are )?not sure( yet)?',
    '(i|we) dont know( yet)?',
    'let (me|us) (check|see|think)( and get back to you)?',
    '(i|we) might( come| go)?',
    'well see',
    '(ill|well|i will) (let you know|get back to you)( later)?',
    'tentative',
    'it depends',
  ],
}
const BARE: Record<Intent, string[]> = {
  yes: ['si+', 'sip+', 'sipi', 'sim+on', 'simona', 'yes+', 'yep', 'yeah', 'yup', 'sure', 'yes please', 'si+ senora?'],
  // A bare no counts before another no; «no voy a cancelar» is not a no.
  no: [
    'no+(?=$| no| ya no| nel| claro que no| (i|we) (cant|cannot|wont))',
    'nop+',
    'nope',
    'nah',
    'not( this time)?',
    'nel',
    'no gracias',
    'no thank you',
  ],
  maybe: [],
}
/** «Te confirmo» may confirm now or promise to confirm later. */
export const PROMISE = /(?<!\bno )\b(te|les|le) (confirmo|confirmamos)(?! (mi|nuestra|la|de|que|asistencia|presencia))/
/** The answer of «te confirmo que sí vamos» is what follows. */
export const CONFIRMS_THAT = /^((te|les|le|lo) )?confirm(o|amos) que (?=.)/
/** In «no, pues felicidades» the no is an interjection. */
export const NO_WELL =
  /\bno (pues|pos|bueno|hombre)\b.*\b(felicidades|bendiciones|que (emocion|padre|gusto|alegria|bonit[oa]|lind[oa]|chid[oa]))\b/
/** Next to a laugh a bare word may mean its opposite. */
export const LAUGH = /\b(ja|je|ji){2,}j?\b|\blol\b|[😂🤣]/u
/** Expresses a wish: next to a no it is only polite, and alone it is not an answer yet. */
export const WISH =
  /^((me|nos) (encantaria|gustaria|hubiera encantado|hubiese encantado)|quisiera(mos)?|con (todo |mucho |muchisimo )?gusto|encantad[oa]s?|(id|wed|i would|we would|would) (love|like|have loved) to|with pleasure)( (ir|acompanar(te|los|las)|poder ir|estar( ahi| alli)?|asistir|come|go|attend|be there|make it))?$/
/** Leans towards an answer without giving it. */
export const LEANING: Record<'yes' | 'no', RegExp> = {
  yes: /^((yo |pues |si )?(creo|pienso|espero|supongo|parece|yo digo) que si+( (voy|vamos|puedo|podemos|podre|podremos|podria)( ir)?)?|no voy solo|(yo|nosotros|nosotras) si|confirme|(ahi|alli|alla) estaran?|(i |we )?(think|guess|hope|believe) so|(i |we )?should be able to (come|make it|go))$/,
  no: /^((yo )?(creo|pienso|supongo|parece) que no|(yo )?no creo( que)?( (poder|pueda|podamos|alcance|alcancemos|ir|vaya|vayamos|asistir|llegar))*|(i |we )?(dont|do not) (think so|think (i|we) (can|will)( come| make it)?)|(i |we )?(guess|think) not|(yo|nosotros|nosotras) no)$/,
}
/** Somebody of the party does not come, so the party is smaller by an unknown number. */
export const SOMEBODY_NOT = /^(y )?(mi|mis|my|el|ella|ellos|ellas) ([a-z]+ )*(no|cant|wont|isnt|not)\b/
/** Next to a thumb it contradicts the thumb. */
export const REGRET =
  /\b(lo (siento|sentimos|lamento|lamentamos)|que (pena|lastima)|lamentablemente|desafortunadamente|desgraciadamente|disculpa[s]?|disculpe[ns]?|perdon|sorry|unfortunately)\b/
/** «Si puedo» begins a condition when something depends on it; «sí puedo», with its accent, does not. */
export const CONDITION =
  /(?<!\p{L})si (?:no hay (?:ning[uú]n )?(?:problema|inconveniente|bronca)|(?:puedo|podemos|podr[eé](?:mos)?|alcanzo|alcanzamos)(?!\p{L})(?: (?:ir|asistir|llegar|estar))?)(?!\p{L})/gu
export const DEPENDS =
  /\b(voy|vamos|ire|iremos|estare|estaremos|andare|confirmo|confirmamos|llego|llegamos|asisto|asistimos|asistire|asistiremos|cuenta|cuenten|caigo|caemos|jalo|jalamos|me apunto|nos apuntamos|nos vemos)\b/
/** Words that suggest that an answer may be in a text that was not understood. */
export const HINT =
  /\b(voy|vamos|ire|iremos|llego|caigo|asist\w+|estare\w*|confirm\w+|cancel\w+|declin\w+|acompan\w+|cuenten?|apunt\w+|anot\w+|paso|imposible|ocasion|proxima|compromiso|complica\w*|dificil|trabajo|viaje|checo|checar|aviso|permiso|ojala|honor|placer|lista de invitados|attend\w*|coming)\b|\b(si+|no+|nop|nel|yes+|yep|nope|\d{1,2}|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|one|two|three|four|five|six|seven|eight|nine|ten)\b/

const chain = (phrases: string[]) => new RegExp(`^(?:(?:${phrases.join('|')})(?: |$))+$`)
const anywhere = (phrases: string[]) => new RegExp(`\\b(?:${phrases.join('|')})\\b`, 'g')
export const WHOLE: Record<Intent, RegExp> = {
  yes: chain([...BARE.yes, ...PHRASES.yes]),
  no: chain([...BARE.no, ...PHRASES.no]),
  maybe: chain(PHRASES.maybe),
}
/** Phrases without the bare words, because «ok no» is a joke. */
export const SAID: Record<'yes' | 'no', RegExp> = {
  yes: chain(['si+', ...PHRASES.yes]),
  no: chain(PHRASES.no),
}
export const INSIDE: Record<Intent, RegExp> = {
  yes: anywhere(PHRASES.yes),
  no: anywhere(PHRASES.no),
  maybe: anywhere(PHRASES.maybe),
}
