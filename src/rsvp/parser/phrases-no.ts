/** How guests say no, by strength. patterns.ts explains the language. */

/**
 * Says that the guest does not come. It counts although other words surround it, unless one of them is a marker
 * (markers.ts): «mi suegra está delicada, no podremos acompañarlos».
 */
export const DECLINES = `
no va a poder ser|no (me|nos) va a ser posible {go?}
no (tendre|tendremos|tuve) (oportunidad|posibilidad|chance|tiempo) de {go}
no (me|nos) (acomoda|cuadra|queda) (la fecha|el dia|el horario|{day})
no (contamos|cuento) con (el presupuesto|el dinero|los medios)
(voy|vamos) a (declinar|pasar de largo)|(me|nos) (excuso|excusamos)
(me|nos) (disculpas|disculpan) con {the?} (novios|novia|festejada|quinceanera|tu mama)
no (lograre|logramos|lograremos|voy a lograr) {go}|no (voy|vamos) a llegar {toEvent?}
mejor no (me|nos) (cuentes|cuenten|esperes|esperen)
(im|i am|were|we are) (out|not available|unavailable|going to skip|gonna skip|skipping) [this one|{day}|for this one]
(have to|gotta|ill|well) skip [this one|it|{day}]
^[so|very|really|im|we are|hi|hey|aw|oh] [sorry|unfortunately|sadly|no|nope|hi|hey] [guys] [but] (cant|wont be able
    to|not able to|unable to) (join|join you|swing it)
not in the cards|(wont|doesnt|not going to) work for (us|me)|not attending
[ya|siempre|ya siempre|pues|{sadly}] no [te|los|las|les|le|me|nos] (puedo|podemos|podre|podremos|podria|podriamos|poder|
    alcanzo|alcanzamos|alcanzare) [a] ({go}|estar) {toEvent?} [con ustedes|contigo] {day?}
[ya|siempre|ya siempre|{sadly}] no [te|los|las|les|le] (podre|podremos) {toEvent?} {day?} [con ustedes]
[ya|siempre|ya siempre|{sadly}] no [te|los|las|les] (voy|vamos|iba|ibamos) a (poder|alcanzar) [a] [{go}|estar] {toEvent?}
    {day?} [con ustedes]
[ya|siempre|ya siempre|{sadly}] no [te|los|las|les] (voy|vamos) a ({go}|llegar|estar) {toEvent?} {day?}
[yo|nosotr~] [ya|siempre|ya siempre|{sadly}] no (ire|iremos|asistire|asistiremos|asisto|asistimos|estare|estaremos|vendre|
    vendremos) [{there}|presente|presentes] {toEvent?} {day?} [con ustedes]
(yo|nosotr~) [ya] no (voy|vamos|voy a ir|vamos a ir|podre|podremos|puedo|podemos)
no (estare|estaremos|voy a estar|vamos a estar|estoy|estamos) (en la ciudad|en mexico|en el pais|disponible|
    disponibles|{there}|presente|presentes) [en esas fechas] {day?}
no (puedo|podemos|voy|vamos|llego|llegamos|ire) (ningun~|ni {name} ni {name}|{day}|{toEvent})
[para] {day} no (puedo|podemos|voy|vamos|podre|podremos|estare|estaremos|estamos|estoy|ire|iremos|voy a poder|vamos a
    poder|me es posible) {go?} [en (la ciudad|mexico|el pais)]
ninguno podra ir [de nosotros]|no vamos ninguno|no (vamos|iremos|asistiremos) ni {relative} ni yo
ni mi {relative} ni yo (podremos|podemos|vamos|iremos|asistiremos) {go?}
no (me|nos) (es|sera|va a ser|fue|resulta) posible {go?} [en] {day?}
no (es|sera|va a ser|fue) posible [para (mi|nosotros)] {go?} {day?}
no se [me|nos] (va a poder|pudo|podra|va a hacer|hizo|nos hizo|logro) {go?}
(siento|sentimos|lamento|lamentamos|me apena|que (pena|tristeza|lastima|triste)|me parte el alma|con pena) [mucho] no
    poder {go} {toEvent?} {day?}
(siento|sentimos|lamento|lamentamos) (decirte|decirles|informarles|informarle|comunicarles) que no (podre|podremos|
    voy|vamos|voy a poder|vamos a poder|ire|iremos|asistire|asistiremos) [a] {go?}
(me|nos|les|para mi) [es|sera|resulta|queda|seria|fue|va a ser|esta] imposible {go?} {day?}
imposible (ir|asistir|llegar|para mi|acompanarlos)|es imposible [para (mi|nosotros)] {go?}
se (me|nos) hace imposible {go?}
[yo|tengo que|tenemos que|tuve que|tuvimos que|tendre que|tendremos que|voy a [tener que]|vamos a [tener que]|
    necesito|quiero|quisiera|queremos|debo|me toca|favor de|por favor|con [mucha] pena] (cancelo|cancelamos|cancela|
    cancelar|cancelen|cancele|cancelarte|declino|declinar|declinamos|rechazo|rechazamos|rechazar) (mi|nuestra|la|tu|
    su|mis|nuestros|esta) [dos|{number}] (asistencia|presencia|lugar|lugares|invitacion|amable invitacion|boleto|
    boletos|pases|participacion|confirmacion)
(me|nos) (cancelan|cancelas)|cancelame|cancelanos|cancelenme
(declino|declinamos|declina|declinan|rechazo) [con (pena|mucha pena|tristeza|gratitud|todo carino)|respetuosamente|
    amablemente]
con [mucha] pena (declino|declinamos)|(tengo que|tenemos que|debo|debemos|me veo obligad~ a|voy a tener que) declinar
[te|les|le|lo] (confirmo|confirmamos|aviso|digo|comunico|informo|quiero decir|queria decir) que [ya] no (voy|vamos|
    podre|podremos|puedo|podemos|ire|iremos|asistire|asistiremos|asisto|podremos|cuentes|cuenten|estare|estaremos|voy
    a poder|vamos a poder|voy a ir|vamos a ir) [a] {go?} {toEvent?}
[te|les|le|lo] (confirmo|confirmamos) que [ya] no$
(confirmo|confirmamos) [mi|nuestra] (inasistencia|no asistencia)
no [los|las|te|les|nos] (acompano|acompanamos|acompanare|acompanaremos) {day?}|no (acepto|aceptamos) [la invitacion]
no (cuentes|cuenten|cuente) (conmigo|con nosotr~|con mi {relative} y conmigo) [por favor]|conmigo no (cuentes|cuenten)
con nosotros no (cuentes|cuenten)|no (me|nos) (cuenten|cuentes|consideren|consideres|tomen en cuenta)
no (me|nos) (esperen|esperes|aparten lugar|apartes lugar|guarden lugar)
no (alcanzo|alcanzamos|alcanzaria|alcanzare) [a (llegar|ir)]|no (llegare|llegaremos|llegaria)
no (me|nos) (da|dio|va a dar|dara|alcanza) [el] tiempo [de (llegar|ir)]
no (tengo|hay|tenemos) (chance|chanza|modo|forma|manera|posibilidad|oportunidad) [de (ir|que (llegue|llegemos|vaya)|
    llegar|asistir)]
no hay (forma|manera|modo|chance)|no (tengo|tenemos) tiempo [de ir]|no dispong~ de esa fecha
(me|nos) la (voy|vamos) a perder|me lo pierdo (esta vez|{day})|me la pierdo (esta vez|{day})
nos (perderemos|perdemos) {the} {event}
(te|les) (fallo|quedo mal|voy a (fallar|quedar mal)|quede mal|vamos a (fallar|quedar mal)) {day?} [esta vez]
(de|por) (mi|nuestra) parte (no|es un no|un no|no (podre|podremos|asistire|asistiremos|ire|iremos) {go?}|no cuentes
    conmigo)
mi respuesta es no|nuestra respuesta es no|[la] familia {name} {name?} no (podra|asistira|ira) {go?}
no (asistiremos|iremos|vamos) los {name}
(denle|dale|den|pueden disponer de|libera|liberen|pueden liberar) (mi lugar|mis lugares|nuestros lugares|mi pase|mis
    pases) [a (alguien mas|otra persona)]
no (quiero|pienso|tengo ganas de|tengo planeado) ir|no me interesa [ir]
[yo] (paso|pasamos) (esta vez|{day}|por esta vez|[muchas|mil] gracias|[una] disculpa|perdon|lo siento|saludos|un
    abrazo|felicidades)
(esta vez|yo|nosotros|mejor) (paso|pasamos)|voy a tener que pasar|me toca pasar [esta vez]
(i|we) (cant|cannot|can not|wont|will not|couldnt|wouldnt|could not|would not) [be able to] {go?} {toEvent?} {day?}
    [anymore]
(i|we) (wont|will not) be (coming|attending|going|able to {go}|there|able to attend|making it)
[i am|im|we are|were|i|we|sorry] [still] (not|unable|not going|not gonna) [gonna|going] [be] [to] (coming|going|
    attending|able to {go}|make it|attend|be able to {go}) [to {the} {event}]
^[so|very|really|im|we are|hi|hey|aw|oh] [sorry|unfortunately|sadly|no|nope|hi|hey] [guys] [but] (wont|will not|cant|
    cannot|couldnt) [be able to] (be there|come|make it|attend|go|be coming)
^[so|very|really|im|we are|hi|hey|aw|oh] [sorry|unfortunately|sadly|no|nope|hi|hey] [guys] [but] (cant make it|cannot
    make it|not going to make it|not able to make it)
(we|i) regret [that] (i am|we are|im) unable to {go}|(we|i) regret (that|to)
(i have|we have|i need|ive|we need|have|had|i had|we had) to (cancel|decline|pass|miss {event}|miss it|miss this one)
[i|we] [must] [respectfully|regretfully|sadly|kindly|politely] (decline|declines) [with regret|the invitation|your
    invitation]
declines with regret|[please] cancel (my|our) (rsvp|reservation|spot|spots|seat|seats|seat)
[im |were |we are |i am|ill|well] (gonna|going to|have to|gotta|will) [have to] (pass|miss (it|this one|this))
(ill|well|i will|we will|i|we) [have to] (pass|miss (it|this one|this|out))
count (me|us) out|(hard|gonna) pass|i guess ill pass|no can do|unable to (attend|come|make it|go)
(not|no) this time [thank you|thanks]
`

/** A plain no when everything around it is understood, because some of these words have other uses: «no puedo abrirlo». */
export const REFUSES = `
no la libro|no libro|no se arma
[ya|siempre|ya siempre|yo|nosotr~|yo ya] no [te|los|las|les] (voy|vamos|puedo|podemos|podria|podriamos|llego|llegamos|
    caigo|caemos|alcanzo) {day?} {toEvent?}
[ya] no creo que (voy|vamos|ire|iremos|pueda ir|podamos ir)
no [le|les|te] (caigo|caemos|jalo|jalamos|armo|armamos|completo|rajo) [esta vez]|no la (armo|armamos)|no armo
(siempre|ya siempre|mejor) no [(voy|vamos|puedo|podemos|podre|podremos|ire|iremos)] [a ir|ir]
mejor no (voy|vamos|ire|iremos|puedo|cuentes conmigo)
negativo|negativ~|nones|nelson|nel pastel|claro que no|esta vez no|ahora no puedo
(definitivamente|por ahora|lamentablemente|desafortunadamente|desgraciadamente|tristemente|por esta vez|por esta
    ocasion|la verdad|al final|en esta ocasion|esta ocasion|esta vez|sinceramente|honestamente|de plano) no [gracias]$
[no] (lamentablemente|desafortunadamente|sadly|regrettably|unfortunately) (no|not)
no (lamentablemente|desafortunadamente|desgraciadamente)
(cancelo|cancelamos|cancela|cancelar|cancelado|cancel|decline|cancelad~) [por favor]
(tengo que|tenemos que|tuve que|tuvimos que|tendre que|tendremos que|voy a [tener que]|vamos a [tener que]|necesito|
    quiero|queremos|debo|me toca) (cancelar|declinar)
(me|nos) (rajo|rajamos|bajo|bajamos)|paso sin ver|para nada
regretfully|[sadly|unfortunately|regrettably] i (cant|wont)|i cant|we cant|i cannot|cant|declino|declinamos
`

/** A no of one word: the whole clause must be understood, and only another no may follow. */
export const BARE_NO = `
(no|nop|nopp|nope|nah|nel|nell|nelazo|not|noo) [gracias|muchas gracias|thank you|thanks|porfa]|no no
`

/** Leans towards no without saying it. */
export const LEANS_NO = `
[yo] (creo|pienso|supongo|parece) que no
[yo] no creo [que] [poder|pueda|podamos|alcance|alcancemos|vaya|vayamos|llegue|lleguemos] [ir|asistir|llegar]
[i|we] (dont|do not) think so|[i|we] (dont|do not) think (i|we) (can|will) [come|make it]
[i|we] (guess|think) not|(yo|nosotros|nosotras) no
`

/** Another place or duty on the day. With a regret or an unfulfilled wish it is a no: «qué pena, estaremos de viaje». */
export const CONFLICTS = `
[ya|ahi] sera (en|para|hasta) [la|una] (proxima|otra|otra ocasion|otra vez|siguiente)
(para|hasta) la (proxima|otra) [sera|ocasion]|nos vemos en la proxima
(i|we) [already] have (a|another) [prior|previous] (engagement|commitment|wedding|event|trip) {day?}
[es que|justo|ya|porque] {day?} [justo|ya|yo] (trabajo|trabajamos|chambeo|estudio|salgo de viaje|salimos de viaje|
    viajo|viajamos) {day?}
[justo|porque|ya] {day?} (estare|estaremos|andare|andaremos|voy a estar|vamos a estar|voy a andar) [yo] (fuera|de
    viaje|viajando|de vacaciones|trabajando|ocupad~|en otra ciudad|en otro pais|en otro estado|fuera de la ciudad|
    fuera del pais|de guardia|de luto|en {name} {name?}|en el extranjero|recien operad~|en cama|hospitalizad~|
    internad~) {day?}
[justo|porque|ya] {day?} (estoy|estamos|ando|andamos) (fuera de la ciudad|fuera del pais|en otra ciudad|en otro pais|
    en otro estado|en el extranjero|de luto|recien operad~|hospitalizad~|internad~)
[justo|porque|ya] {day} (estoy|estamos|ando|andamos) (fuera|de viaje|trabajando|ocupad~|de guardia|de vacaciones|en
    {name})
{day?} no (estoy|estamos|estare|estaremos) [en (la ciudad|mexico|el pais)] {day?}
{day?} [ya] (tengo|tenemos|tenia|teniamos|hay) (otro|un|una|otra|ya|ya un) [otro] (compromiso|compromisos|evento|
    viaje|boda|planes|compromiso familiar|compromiso de trabajo|fiesta|bautizo|cita) {day?}
ya [tengo|tenemos|tenia|teniamos] (compromiso|compromisos|planes|otro compromiso|otros planes) {day?}
{day?} (me|nos) toca (trabajar|guardia|turno|doble turno|mudanza|laborar|chambear) {day?}
(me|nos) (voy|vamos) (de viaje|fuera|de vacaciones|a {name}) {day?}
(i|we) (have|already have) (to work|plans|another wedding|a prior commitment|another commitment|finals|a commitment)
    {day?}
(im|ill be|well be|we are|were|i am|i will be|we will be) (working|traveling|travelling|out of town|away|out of the
    country|abroad|on vacation|on call) [for work] {day?}
[se] (me|nos) (complica|complico|cruza|cruzan|cruzo|empalma) [con (otro|otra) (boda|evento|compromiso)|el viaje|ir]
`
