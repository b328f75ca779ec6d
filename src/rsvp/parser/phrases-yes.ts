/** How guests say yes, by strength. patterns.ts explains the language. */

/**
 * Says that the guest comes. It counts although other words surround it, unless one of them is a marker (markers.ts):
 * «ya hablé con mi jefe, ahí estaremos».
 */
export const ATTENDS = `
ya (estamos|estoy) (list~|puest~) para (celebrar|festejar|acompanarlos|acompanarte) [con (ustedes|ellos)|contigo]
([yes] {number} of us are|all of us are|the whole family is|both of us are) (coming|going|attending)
(claro que|por supuesto [que]|sin duda|obvio [que]|si|seguro [que]|desde luego [que]|con gusto) [{there}|si] (estare|
    estaremos) [{there}|presente|presentes] {toEvent?} {day?}
(no|jamas|nunca|como|imposible) [me|nos|te|les|l~] [lo|la] [podria|podriamos|puedo|podemos|voy a|vamos a|quiero|
    queremos] (faltar|faltaria|faltariamos|perdermelo|perdernoslo|perder) {toEvent?} {day?}
(me|nos) encantara (estar {there?}|ir|asistir|{acompanar}|celebrar [con ustedes|contigo]) {day?}
(estare|estaremos) [muy] (gustos~|felices|feliz|encantad~|honrad~|content~) de (ir|asistir|{acompanar}|estar {there?}|
    compartir|celebrar|acompanarte) [con ustedes] {day?}
{there?} (estare|estaremos) [con] {gusto}
(va a ser|sera) un [gran] (gusto|placer|honor) (estar con (ustedes|contigo)|estar contigo|{acompanar}|estar {there}|
    compartir)
(vamos|voy|iremos|ire) a (celebrar|festejar) (con (ustedes|ellos)|contigo)
(si dios|mientras dios) nos (presta|da) vida {there} estaremos
{there} (estare|estaremos) si dios (me|nos) (presta|da) (vida|licencia)
[yes] (we|i) (are|am) (both|all|definitely|so) (coming|going|attending)
(si|claro que) (quiero|queremos) ir [y|,] (confirmo|confirmamos)
(nosotr~|yo) ya (estamos|estoy) (list~|puest~) {toEvent?}
{gusto} (estaremos|estare) [presente|presentes] {toEvent?} {day?}
[i|we|well|ill] [definitely|gladly] (make the trip|making the trip)|happy to (confirm|accept|attend|be there)
[gladly] accepts with (pleasure|joy)
(wouldnt|would not|wont) miss (it 4 the world|your {event}|your special day|this one)
{there} (voy|vamos) a estar (apoyandote|apoyandolos|acompanandote|acompanandolos|celebrando|con (ustedes|todo))
(requested|got|took|asked for) [the|that] day off
(cuenta|cuente|cuenten) (conmigo|con nosotr~) para (celebrar|festejar|celebrarlo|festejarlo|celebrarlos|festejarte|
    celebrarte|festejarlos|{day}|{the} {event})
[yo|nosotros] si (le|les|te) (caigo|caemos|llego|llegamos)|ahi (llegamos|llego) [sin falta|a tiempo] {toEvent?}
si (llegamos|llego|alcanzamos a llegar|alcanzo a llegar) (sin falta|a tiempo|{toEvent})|si alcanzamos a llegar
[alla|ahi] (nos lanzamos|me lanzo|los alcanzamos|los alcanzo|te alcanzo) [para alla]
(estamos|estoy) mas que (puest~|list~|confirmad~|apuntad~)
[yes|of course|for sure] (i|we) can (make it|come|attend|be there|go) {day?}
(we are|were) a yes|consider (me|us) there|[well|ill|we will|i will] see (you|yall) (there|all there|then)
(looking forward to|excited to) (celebrating|celebrate|being there|be there|attending) [with (you|you guys|you both|
    yall)] [there]
[yo|nosotros] [si] [los|las|te|les] (acompanare|acompanaremos|acompanamos|acompano) {gusto?}
(yo|nosotr~) confirm(o|amos)
[yo|nosotr~|ya|quiero|quisiera|queremos|quisieramos|para|me permito|me complace|tengo el gusto de|es un placer|nada
    mas para|solo para|paso a|aprovecho para] [te|les|le|lo|la] (confirmar|confirmarte|confirmarles|confirmarle|
    confirmo|confirmamos|confirmando|confirmad~|confirmadisim~|reconfirmo) [mi|nuestra|la|de|su] (asistencia|
    presencia|participacion|lugar) {gusto?} {toEvent?} {day?}
[yo|ya] [te|les|le|lo|la] (confirmo|confirmamos|confirmando|confirmadisim~|confirmad~|reconfirmo) (con {gusto}|[con]
    {gusto}) {toEvent?}
(confirmo|confirmamos|confirmad~) ({toEvent}|para {day}|{day})
^[yo|si|y] (confirmo|confirmamos)$
{there} [si] [le|les|te|los] (caigo|caemos|llego|llegamos|caere|caeremos|llegare|llegaremos) [con {the?} (bola|
    familia|banda|raza|tropa|toda la (bola|familia|banda|raza))|con (todos|todo)] [todos|sin falta] {toEvent?} {day?}
[si|claro que] {there} [si] (estoy|estamos|ando|andamos|toy) {toEvent?} {day?}
ya [te|les|le|lo|la] confirme [mi|nuestra|la] (asistencia|presencia)
asistencia confirmada|confirmada [la|mi|nuestra] (invitacion|asistencia)|asistencia si
(invitacion|asistencia) aceptada|aceptada la invitacion
(confirmacion|confirmaciones) de [mi|nuestra] asistencia|afirmo [mi] asistencia
(te|les|le) (confirmo|aviso|digo|informo|comunico) que [si|ahi] [ahi] (voy|vamos|ire|iremos|asistire|asistiremos|
    asisto|estare|estaremos) [a {go}] {toEvent?}
(te|les|le) (confirmo|aviso|digo|informo|comunico) que si (podre|podremos|puedo|podemos) [a {go}]
(confirmo|confirmamos) que [si|ahi] [ahi] (voy|vamos|ire|iremos|asistire|asistiremos|asisto|estare|estaremos|podremos
    asistir|podre asistir) [a {go}] {toEvent?}
[yo|nosotr~|claro|ahi|si] [si|le|les|te|los|las] (asistire|asistiremos|asistimos|asisto) {gusto?} {toEvent?} {day?}
[con] {gusto} [yo|nosotr~|te|les|los|las|le] (asistire|asistiremos|asistimos|asisto|confirmo|confirmamos|voy|vamos|
    ire|iremos) {toEvent?}
{there} [si] [les|te|los] (estare|estaremos) [contigo|con (ustedes|ellos|usted)|puntual|puntuales|puntualit~|a tiempo|
    sin falta|presente|presentes|todos|juntos|toda la familia|tambien] {gusto?} {toEvent?} {day?}
{there} (estare|estaremos|estamos|andare|andaremos) (en (primera fila|familia)|echandoles porras|echando porras|para
    (celebrar|festejar|acompanarlos|acompanarte|darles su abrazo|el abrazo)|celebrando|bailando|festejando|de metiche)
{there} (voy|vamos) a (estar|andar) [todos|sin falta|presente|presentes|puntual|puntuales|mi {relative}]
[yo|si] (estare|estaremos) [muy] {there?} (presente|presentes|contigo|con (ustedes|ellos|usted)|encantad~ de {go}|
    acompanandolos|acompanandote|felices de {go}|feliz de {go}) {gusto?} {day?}
(estare|estaremos) {there} [presente|presentes|contigo|con (ustedes|ellos)|sin falta]
si (estare|estaremos) {there?} {toEvent?}
(si|claro que|por supuesto que|obvio|obvi|simon|de ley|de ley que|obvio que|obvi que|de que si|seguro que|neta que|la
    neta|desde luego que|afuerza|a fuerza|a huevo que|seguro|siempre|ya|yo|sin duda|obviamente|definitivamente) [si|
    yo|ahi|que si] (voy|vamos|ire|iremos|jalo|jalamos|caigo|caemos|voy a ir|vamos a ir|asistimos|asisto|asistire|
    asistiremos) [a {go}] {toEvent?} {day?}
(si|claro que|por supuesto que|obvio|seguro que|claro que si) [yo|los|te|les] [si] (voy|vamos) a (poder {go}|{go}|
    estar) {toEvent?} {day?}
si [me] (puedo|podemos|podre|podremos) {go} {toEvent?} {day?}
siempre si [me|los] (voy|vamos|puedo|podemos|ire|iremos|podre|podremos) [a ir|ir|asistir|{go}] {toEvent?}
(yo|nosotr~) (voy|vamos|ire|iremos) [a {go}] {toEvent?}|(voy|vamos) a {go} {toEvent?} {day?} [sin falta]
(voy|vamos|ire|iremos|{there} estaremos) (a (ambos|las dos|todo)|a la (misa|ceremonia|iglesia) y [a] [al|la] (fiesta|
    recepcion|banquete|salon|celebracion))
(asistire|asistiremos) a (ambos|todo)
(voy|vamos|ire|iremos) [si] (sin falta|{toEvent}|con {much?} gusto|con toda la familia|en familia|con mi familia|toda
    la familia|todos|con los ninos|con mis hijos|con la familia|felices|feliz|con ganas)
(toda la familia|nosotros|todos|la familia completa) (vamos|asistiremos|iremos|confirmamos|{there} (estaremos|
    estamos))
(con|por) {gusto} [te|los|las|les|le] (acompano|acompanamos|acompanare|acompanaremos)
{there} [te|los|las|les|le|nos] (acompano|acompanamos|acompanare|acompanaremos)
[si|claro que|por supuesto que|obvio] [te|los|las|les|le|la] (acompano|acompanamos|acompanare|acompanaremos) {gusto?}
    {day?}
(cuenta|cuente|cuenten|cuentas|cuentan|cuento) con (mi|nuestra) (presencia|asistencia)
no [te|les|los|las] [voy a|vamos a] (faltare|faltaremos|faltamos|falto|faltar|fallar|fallare|fallaremos|fallo|
    fallamos) {toEvent?}
no (pienso|pensamos) faltar
(no|jamas|por nada|ni loc~|ni de chiste|ni de broma) (me|nos|te) [l~] (pierdo|perdemos|perderia|perderiamos|perdere|
    perderemos|falto) [por nada [del mundo]]
no me (la|lo) pierdo por nada|ni de chiste falto|no faltaria por nada
(acepto|aceptamos) [encantad~|gustos~|felices|feliz|{gusto}] [la|tu|su|esta] (invitacion|amable invitacion) {gusto?}
rsvp (yes|si) [for (the|la) {name} (family|familia)]|{there} nos topamos
[sera|es] un (placer|honor|gusto|privilegio) ({acompanar}|asistir|estar {there}|ser parte|compartir)
me da {much?} gusto {acompanar}|(nos|me) (dara|daria) {much?} (gusto|alegria) {acompanar}
estaremos encantad~ de {acompanar}
(encantad~|felices|feliz|content~|contentisim~|honrad~) de (ir|asistir|{acompanar}|ser parte|estar {there}|compartir
    con ustedes|compartir)
[la] (acepto|aceptamos) (gustos~|encantad~)
(gustos~|encantad~|felices|feliz|honrad~|content~) (asistire|asistiremos|confirmo|confirmamos|acepto|aceptamos|iremos|
    voy|vamos)
(cuentenme|cuentame|considerame|considerenme|considerenos|denme por|dame por|danos por|dennos por|estamos|estoy|ya
    estamos|ya estoy|ya quedamos|doy por) (dentro|confirmad~|confirmadisim~)
ya esta confirmadisim~ [de (mi|nuestra) parte]|ya (esta|quedo) confirmad~ [de (mi|nuestra) parte]
(de|por) (mi|nuestra) parte (confirmad~|es un si|si|confirmo|confirmamos|un si)
[la] familia [de] {name} {name?} (presente|confirma|confirma asistencia|confirma su asistencia|confirmada|asistira|ahi
    estara|estara presente)
confirmamos [la] familia {name} {name?}
(agendado|ya lo (agende|anote)|anotado en [la|mi] agenda|ya (aparte|tengo apartad~) (la fecha|el dia)|ya lo tengo en
    mi calendario)
llueva o truene [{there} (estare|estaremos|estoy|voy)]|caiga quien caiga yo voy|llueva truene o relampaguee
nos vemos (en {the?} {event}|ese dia|el dia de {the} {event}) {day?}
(usaremos|ocuparemos|utilizaremos|usamos|ocupamos) (los|nuestros) (lugares|pases|boletos)|(nos|me) apuntamos con gusto
[yes] (i|we) [will|would] [all|both|definitely|gladly|happily|absolutely] (be there|attend|be attending|come|be
    coming|make it|join you|be joining you|celebrate with you) [for sure|no matter what|4 sure|to celebrate [with
    you]|with you] [god willing] [with bells on]
[yes|for sure|of course|but yes] (me and {kin}|my {relative} and i|both of us|all of us|we both|we all|{number} of us)
    (are (coming|going|attending)|will (be there|attend|come)|can (come|make it))
[yes] (ill|well|im|were|we are|i am) [all|both|so|definitely|totally|absolutely|gladly] (be there|be attending|come|
    make it|attend|coming|going|attending|flying in|be coming|joining you|there) [for sure|4 sure|for it|to {the}
    {event}|no matter what] [with bells on]
^[yes|for sure|of course|were honored and] (will|would) (be there|attend|be attending)
(i|we) (gladly|happily|kindly|humbly) (accept|confirm)
(gladly|happily) (accept|accepting) [for both of us] [the invitation]
(i|we) (accept|confirm) [the|your] [invitation|invite]
[i|we|im|we are] (confirm|confirmed|confirming) [my|our] attendance
(wed|we would|i would|id) be (honored|delighted|happy|thrilled) to (attend|come|be there)
(would not|wouldnt|wont|dont want to|not gonna|not going to) (miss it|dream of missing it|miss this) [for (the world|
    anything)]
(i|we) (wouldnt|would not|wont) (miss it|dream of missing it|miss this) [for (the world|anything)]
(id|wed|i would|we would) love to [come|attend|be there] and (i|we) will
already (booked|bought|got) (my|our|the) (flight|flights|tickets|hotel)
`

/** A plain yes when everything around it is understood, because some of these words have other uses: «voy manejando». */
export const AGREES = `
(te|los|les|l~|nos) (veo|vemos) (por {there}|{there}|ese dia|en {the} {event})
con tod~ (el|mi) (corazon|alma)|de mil amores|con el alma|(es|va) un si rotundo|si rotundo
(yo|nosotros) (feliz|felices|encantad~) de ir
va que vamos|si (la armo|se arma|me late)|me late [voy]|arre con la que barre|ni preguntes|como chingados no
ni dudarlo|sin pensarlo|con los ojos cerrados
(im|were|we are) (game|in for it)|looking forward to (it|that|seeing you)|its a date|will do
sounds good (im|were|count me) in|excited to (be there|celebrate)
(claro|seguro|por supuesto|porsupuesto|xsupuesto|x supuesto|por su puesto|desde luego|obvio|obviamente|
    definitivamente|claris~|clarisimo|clarinete|clarines) [que (si|sii|yes)]
simon (que si|que yes)|obvi|obvi si|obvio microbio|simona [la mona]|clarines|segurisimo|afirmativo|exactamente si
de ley [que si]|de calle|de 10 si|de una|de una bro|neta que si|la neta si
a (huevo|webo|guevo)|awebo|a wilson|afuerza|a fuerza que si|a poco no
[ya] (sabes|saben) que (si|voy|vamos|jalo|yo jalo|{there} (estoy|estamos|andamos))|tu sabes que {there} voy a estar
{there} (me|nos) (tienen|tendran|tienes|tendras|esperan|esperas|veran)|{there} (andare|andaremos|tamos)
{there} (voy|vamos|nos vemos|te veo|los veo|les veo|nos saludamos|los vemos|te vemos) {day?} {toEvent?}
[si|yo|tons si|pos|pues] [le|les|te] (caigo|caemos|jalo|jalamos|entro|entramos|atoro|atoramos) [con (ganas|todo)]
(le|yo) (entro|caigo|llego|atoro)|le llegamos [al mitote]|nos vemos {there} {day?}|nos vemos {day}
[yo|nosotr~] [si|sii] (voy|vamos|ire|iremos)|(voy|vamos|ire|iremos)|(si|sii) (voy|vamos|ire|iremos|boy|bamos) [a ir]
a darle|[tambien] (voy|vamos) (yo|nosotros)|de que (voy|vamos) (voy|vamos)
si (puedo|podemos|podre|podremos|pude|pudimos)|vamos (en familia|toda la familia)|toda la familia vamos
(nosotros|todos) confirmamos|confirmamos todos|siempre si
(da|de|den|tenlo|tengalo|tenganlo|dalo|delo|denlo) [lo] por (hecho|seguro)
ten por seguro|tengan por seguro|tenga por seguro
(apuntame|anotame|apunteme|anoteme|apuntenme|anotenme|apuntanos|anotanos|apuntenos|anotenos|apuntennos|anotennos) [en
    la lista] [a (mi|los dos)] [por favor]
(poneme|ponme|pongame|ponganme|ponnos|ponganos) en la lista|me (anotan|apuntan|anotas|apuntas)
(apartame|guardame|reservame|apartenme|guardenme|reservenme|apartanos|guardanos|apartennos|guardennos|reservanos|
    separame|separenme) [mi|un|nuestro|nuestros|el] (lugar|lugares|lugarcito|sillas|silla|mesa)
con gusto [lo|la|te|los]|con [todo|mucho|muchisimo|gran|sumo] (gusto|placer)|gustos~|encantad~|encantadisim~
feliz de la vida
[yo|ya|pues|va|ok] [te|les|le|lo|la] (confirmo|confirmamos|confirmando|confirmad~|confirmadisim~|cofirmo|reconfirmo)
    [por favor]
ya [te|les|le|lo|la] confirme|{there} {there} nos vemos|presentes|presente|presente y firme
(cuenta|cuente|cuenten|cuentas|cuentan|cuento) (conmigo|con nosotr~|con nosotros todos|con ello|con un invitado feliz)
como (no|crees que no)
sin falta|sin duda [alguna]|ni lo (dudes|duden|dude)|no lo dudes|no se diga mas|no hay mas que decir|faltaba mas
no faltaba mas
(yo|nos) [me] (apunto|apuntamos|anoto|anotamos|entro|apuntamos)|me (apunto|anoto)|nos (apuntamos|anotamos)
orale (va|si)|orale pues si|ya (rugiste|vas|estas|dijiste|quedamos|estamos)|ya estas peinada pa tras|juega|zas
sobres jalo|(acepto|aceptamos|aceptad~)|{there?} [los|las|te|les] (acompano|acompanamos|acompanare|acompanaremos)
sera un (placer|honor|gusto|privilegio)|es un honor [para (mi|nosotros)]
[estoy|estamos|yo] (dentro|listisim~|puestisim~|puest~)
asistencia si|es un si|yo entro|vamos a todo|{gusto} vamos|con gusto vamos
[of course|absolutely|definitely|certainly|totally|gladly|yes] (of course|absolutely|definitely|certainly|totally|
    gladly)
[i|we|im|we are] confirm|confirmed|confirming|definitely (coming|going|in)|count (me|us) in|[you can] count on (me|us)
ofc|for sure|fosho|for sure for sure|bet|heck yeah|hell yeah|hell yes|sure thing|sounds good count me in|aye
(im|were|we are|i am|ill be|well be) [so|totally] (down|there|in|game|coming|going)|(so|totally) there
see (you|ya|yall|u) (in {name}|there|then|at {the} {event}|on {the} {number}|soon at {the} {event}|{day})
(i|we) cant wait [to (celebrate [with you]|see you|be there)]
cant wait [to (celebrate [with you]|be there|see (you|yall|everyone|you all|you both) [guys|there]|party [with you])]
attending|with pleasure|happy to [come|attend]|my pleasure
(its|thats) a [big] yes [from (me|us)]|a yes from (me|us)|big yes
`

/** A yes of one word. Many sentences begin with it, so the whole clause must be understood. */
export const BARE_YES = `
(si|sii|sip|sipp|sipi|sipirili|siuu|siu|sisi|sisisi|yes|yess|yas|yap|yep|yeah|yup|sure|simon|simoon) [senor|senora|
    porfa|por favor|por fa|porfi|please|pls|maam|sir|mam]
yes please|si pues|pues si|pos si|big yes
`

/** Polite next to a no, and a plain yes alone. */
export const POLITE = `
[yes] (id|wed|i would|we would) love to (come|attend|be there|go|make it|join you) [please]
con [todo|mucho|muchisimo] gusto|encantad~|with pleasure
`

/** Wishes to come: next to a no it is only polite, and alone it is not an answer yet. */
export const WISHES = `
(me|nos) [hubiera|hubiese|habria|hubieramos] (encantaria|encantado|gustaria|gustado|encanta|fascinaria|encantaba)
    [mucho|muchisimo] [de corazon] [poder] [{go}|estar|ir|acompanarlos|celebrar] [con (ustedes|ellos)|contigo] [en
    {the?} {event}]
(quisiera|quisieramos|queria|queriamos|moria por|moriamos por|tenia (muchas|tantas) ganas de|teniamos muchas ganas de|
    ojala pudiera|ojala pudieramos) [mucho] [poder] [{go}|estar {there?}]
[i|we|id|wed|i would|we would|would] (love|like|have loved|loved|really wanted|wanted) to [{go}|be there]
(i|we) wish (i|we) could {go?}|wish (i|we) could {go?}
`

/** Leans towards yes without saying it. */
export const LEANS_YES = `
[yo|pues|si] (creo|pienso|espero|supongo|parece|imagino|yo digo|digo) que si [voy|vamos|puedo|podemos|podre|podremos|
    podria] [ir]
no (voy|vamos|ire|iremos|asisto|asistire|asistiremos|estare|estaremos|llego|llegare|vengo|puedo|quiero) [a] [ir]
    (sol~|solit~)
[im|were|we are|i am] not (coming|going) alone|[i|we] (wont|will not) [be] (come|go|going|coming) alone
(yo|nosotros|nosotras) si|confirme|{there} estaran|{there} estara
[i|we] (think|guess|hope|believe) so|[i|we] should be able to (come|make it|go)
`
