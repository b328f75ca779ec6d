/** Words around an answer that do not change it. patterns.ts explains the language. */

/** Greetings, thanks, congratulations, apologies, and words that only fill a pause. */
export const FILLER = `
[i|we] cant wait to (see|celebrate|party|dance|hug|meet) [with] [you|yall|everyone|u]
[y] (te|los|les) quiero dar un abrazo|que (ilusion|nervios|ganas) [de (verlos|verte)]
(muero|morimos) de ganas [de (verlos|verte|ir)]
uff|uff no|ouch|dios primero|[a|en] [la] misa y [a|en] [{the}|al] (fiesta|pachanga|recepcion|salon|banquete)
[a|en] la (iglesia|ceremonia) y [a|en] [{the}|al] (fiesta|recepcion|salon|banquete)
aqui|por aqui|nos vemos [pronto]|hasta (pronto|entonces|ese dia)
(quedo|quedamos) (atent~|pendiente|pendientes|al pendiente|a sus ordenes|a la orden)|quedando a sus ordenes
a sus ordenes|(ya|apenas) (lei|vi|recibi) [la|tu|su|el] [invitacion|mensaje]
(recibi|recibimos|me llego|nos llego) {the} [linda|amable|hermosa|bonita] invitacion|recibida {the} invitacion
espero [que] [te|se|todos] (estes|esten|este|encuentres|encuentren) [muy] [bien]
un gusto (saludarte|saludarlos|saludarle)
(bonito|feliz|lindo|excelente) (dia|semana|fin|fin de semana|inicio de semana)
que gusto (saludarte|saludarlos|saber de (ti|ustedes))|cuidate|cuidense|hasta luego|bye|byee|xo|besitos|abracitos
abrazo|abrazos|besos
hola|holaa|holi|holis|hey|hi|hello|que tal|que onda|como (estas|esta|estan|andas|te va)|que hubo|quiubo|yo bien
buen dia|excelente dia|linda (tarde|noche)
(buen|buenos|buenas|muy buenos|muy buenas) (dia|dias|tarde|tardes|noche|noches)|buenas
hola {name}|[estimad~|distinguid~|querid~] (don|dona|senor|senora|sra|sr|doctor|doctora|lic|maestra) {name}
distinguida familia|estimad~ [{name}|familia {name}]|estimada familia
[muchas|muchisimas|mil|infinitas|un millon de] gracias [a (ti|ustedes|usted)] {thanksFor?}
gracias [de todo corazon|de corazon] {thanksFor?}|grax|grcs|muy amable|muy amables
[de antemano] gracias|gracias de antemano|de nada
[te|les|le|se l~] (agradezco|agradecemos|aprecio|apreciamos) [{much}|de corazon|infinitamente|en el alma|enormemente]
    [{thanksFor}|la|tu|su|que (nos|me) (invitaran|invitaras|tomaran en cuenta)] [amable|linda|hermosa] [invitacion|
    atencion|deferencia|detalle|gesto]
(muy|bien|tan) (agradecid~|honrad~) [{thanksFor}|por {the} invitacion]|agradecid~|con [profundo|mucho] agradecimiento
muy agradecid~|por favor|porfavor|porfa|porfis|porfi|por fa|x favor|x fa|xfa|xfavor|xfis|plis|pls|plz|please|favor
(saludos|saludo|cordiales saludos|un saludo) [cordial|cordiales|a todos|a la familia|a (tu|su) {relative}|desde
    {name}|enorme]
reciba [un] [cordial] saludo|reciban un saludo|saludos cordiales|atentamente|atte
[les|te|le] [mando|mandamos|envio|enviamos|doy|van] [un|mi|mil|muchos] [fuerte|enorme|gran] (abrazo|abrazos|abrazote|
    beso|besos|besote|besitos|apapacho) [a todos|enorme|grande|fuerte|y beso]
[muchas|muchisimas|mil|infinitas|un millon de] (felicidades|felicitaciones|felicidad|bendiciones|enhorabuena|exitos|
    exito) [a (todos|los (dos|novios|futuros esposos)|la novia|la (quinceanera|familia)|ambos)] [por (tu|su|la)
    (logro|boda|union|compromiso|{event})]
(les|te|le) (deseo|deseamos) [todo] lo mejor [del mundo|siempre]
que (sea|sean|pasen|tengan|todo|salga|les|la pasen|disfruten)
(primero|primeramente|con el favor de|gracias a|bendito|si|con ayuda de) dios [quiere|lo permite|nos da (vida|
    licencia) [y salud]|me da (vida|licencia) [y salud]]
dios mediante|con el fabor de dios|si dios (quiere|lo permite)|god willing
[que] dios [los|te|las|la|me] [bendiga|acompane|guarde]
pues|pos|bueno|oye|oiga|oigan|mira|mire|este|eh|ah|ay|uy|uay|mare|aay|aaa|o sea|osea|ps|pss|va que va|nomas
nada mas (para|pa) (decirte|avisarte|avisarles|confirmarte)|solo (para|pa) (decirte|avisarte)|ya sabes|verdad|entonces
total|asi que|por eso|tambien|tmb|y|e|la neta|neta|la vdd|en serio|te lo juro|ma|tons|ta bueno [pues]
esta (bien|bueno) [pues]|este mira|pues nada|pues mira|bueno pues|pues nada mas para decirte que|para decirte que
^que
(fijate|fijese|figurate) [que|q|tu que]|[oye] que crees [que]|te cuento que|te platico que|les cuento que
(te|les|le) (aviso|digo|informo|comunico) [con tiempo|de una vez] [que]|(te|les|le) queria (decir|avisar) que
la verdad [es que]
(sinceramente|honestamente|definitivamente|desafortunadamente|lamentablemente|desgraciadamente|tristemente|por
    desgracia|al final|a final de cuentas|ni modo|sin embargo|en serio|de verdad|de hecho)
hijole|hijoles|chale|ash|ups|rayos|uta|chin|nmms|nmm|no mms|caray|ay no|oh no|uf|wow|guau|omg|aww|lol|jaja|jajaja
jajajaja|jajaj|jiji|jeje|haha|hahaha|yay
[con|en|por] [la] pena [que|y]|con [{much}|mucha|muchisima|toda la] (pena|tristeza|dolor)
con todo el dolor de mi corazon|muy a (mi|nuestro) pesar|muy apenad~ [te digo que]
[me|nos] (da|dio) [mucha|muchisima] (pena|tristeza|lastima) [y]|me (apena|disculpo|duele|parte el alma|pesa)
te pido una disculpa|les pido una disculpa
(perdon|perdona|perdonen|disculpa|disculpen|disculpe|una disculpa) (la (demora|tardanza)|[por] (contestar|responder|
    tardar|no (contestar|responder))) [en (contestar|responder)] [tan tarde|hasta ahorita|hasta ahora|antes|tarde]
sorry for the (late|delayed) (reply|response|answer)
[ofrezco] [una|mil|muchas|mis|nuestras] [enorme|sincera|gran|mas sinceras] (disculpa|disculpas|perdones) [por (la
    tardanza|las molestias|la demora|avisar tan tarde|no (responder|contestar) antes|cancelar a ultima hora|la
    confusion|contestar (tan tarde|hasta ahora)|el retraso)]
[ay|por favor] [me|mil] (disculpa|disculpe|disculpen|disculpame|disculpenme|disculpanos|perdon|perdona|perdone|
    perdonen|perdoname|perdonenme|perdonanos|sorry|perdoncito) [usted|la tardanza|la demora|la hora|las molestias|la
    confusion|amiga|de verdad|por (la (tardanza|demora)|contestar (tan tarde|hasta ahora)|avisar (tan tarde|hasta
    ahora)|no (contestar|responder) antes)|que (no habia contestado|avise hasta (ahorita|ahora)|te avise tarde)|x la
    tardanza]
por contestar (tan tarde|hasta ahora)|apenas (vi|voy viendo|vi el|leo|veo) [el] (mensaje|esto|la invitacion)
no habia (visto|leido|contestado) [el|tu] [mensaje|invitacion]
(lo|los) (siento|sentimos|lamento|lamentamos) [mucho|muchisimo|en el alma|de verdad|de corazon]
[espero] (me|nos) (disculpen|disculpes|entiendan|entiendas|comprendan|perdonen)|espero (comprendan|entiendan)
no te enojes|no se (enojen|ofendan)
[muy|super|bien|tan] (feliz|felices|content~|amable|amables|emocionad~|honrad~) [por (ustedes|ti)|de (verlos|verte|
    compartir)]
encantad~ de la vida|[la|tu|su] (hermosa|preciosa|linda|bonita|bella|padrisima) (invitacion|noticia)
(hermosa|preciosa|linda|bonita) invitacion|se lucieron [con la invitacion]
(invitacion|noticia) tan (bonita|hermosa|linda)
[ya] (quiero|queremos|ansiamos|esperamos|cuento|contamos) (verte|verlos|ver a los novios|que (llegue|sea) [el dia]|los
    dias|con ansias|darles un abrazo|ese dia|el dia)
ya quiero que sea el dia|ya queremos que llegue el dia|ya falta poco|nos (morimos|emociona) de (ganas|emocion)
[te|los|las|l~] (quiero|queremos|amo|amamos|adoro) [mucho|muchisimo|un monton|amiga|a todos]|tqm|tkm|tq|ntp|un beso
no (manches|mames|inventes|te preocupes|se preocupen|se preocupe|hay (problema|bronca|cuidado|de que|falla)|problem|
    worries|pasa nada|hombre)
nombre|n ombre|(sin|no hay) (problema|bronca|pedos|falla)|con confianza|cualquier cosa [me avisas]
(padrisimo|chido|chidisimo|increible|que chido|q chido|de lujo|super|fantastico|maravilloso|buenisimo|genial|hermoso|
    excelente noticia|buenas noticias|cool|awesome|amazing|great|nice|so excited|excited|were so excited|im so
    excited)
(soy|habla|te habla|le habla|les habla|aqui|te saluda|de parte de|a nombre de|atte|atentamente) [la|el|don|dona|tu|su|
    mi] [familia|doctor|dra|lic|ing|senor|senora|{relative}|tia|tio] [de] {name} {name?}
soy (la|el|tu|su) {relative} [de {name}]|[hermana|hermano|prima|primo|tia|tio] de {name}|el de {name}|familia {name}
fam {name}|por parte de [la] familia {name}|de parte de la familia {name}
[thanks|thank you|thx|ty|tysm|many thanks|thank u] [you] [so much|a lot|kindly|again|very much] [for (the|your|this)
    [lovely|beautiful|kind] (invite|invitation)|for (inviting|including|thinking of|having) (me|us|you)|for
    everything]
[im|we are|were|so|very|really|super|terribly] sorry [guys|about that|for the (late reply|delay)|it took me so long|to
    miss it|i missed this|for replying late]
apologies [for the delay|for the late reply]|my apologies|just saw this|im afraid|unfortunately|sadly|regrettably
i (wish|hope) you all the best|best wishes [to (the couple|you both|you all)]|all the best
congrats [to (you both|the happy couple)|though|again|girl]|congratulations [to (you both|the happy couple)|again]
cheers|rsvp|have fun [guys]|love (you|u|ya) [guys|all|both]|happy for you [guys|both]
[so|very] (happy|excited|honored|thrilled) [for (you|you guys|you both)|to celebrate]|were honored|much love|xoxo
[the] happy couple|thank god|oh my god
fierro|zas|vientos|a la orden|cambio de planes|correccion|change of plans|me equivoque|quise decir que|corrijo
ya (cheque|checamos)|ya platicamos|ya
(claro|obvio|obvi|seguro|por supuesto|desde luego|de ley|neta|la neta|obviamente) que
no (puedo|podemos) esperar [(a|para) (verlos|verte|que llegue|celebrar [con (ustedes|contigo)]|ese dia)]
pero|aunque|but|asistencia|respuesta|este si mira|este si|si mira|si buenas
(habia|habiamos) (confirmado|dicho que (si|no)) [pero]|habia dicho que (si|no)
no (tengo|tenemos|hay) [ningun] (problema|inconveniente)|no necesito pensarlo
en total|nada mas|en esta ocasion|esta vez|por esta (vez|ocasion)|{day}|(para|a|en|de) {the} {event} {of?}|{there}
`

/** Exclamations. After a bare «sí» they show that it only agrees: «sí qué bonito». */
export const EXCLAMATIONS = `
que (alegria|gusto|bueno|padre|lindo|bonito) saber de (ustedes|ti|usted)
(que|q|que) (emocion|padre|gusto|alegria|pena|lastima|triste|tristeza|mala onda|bonit~|lind~|chid~|chido|chidisim~|
    felicidad|honor|detalle|ilusion|nervios|coraje|mala suerte|gran noticia|hermos~|belleza|chulada|genial|bien|bello|
    bueno|maravilla|orgullo|chingon|cool|gran dia) [me da|me dio|nos da|la (noticia|invitacion)|noticia|invitacion|de
    (su|tu) boda|contigo|amiga]
`

/** Agreement or acknowledgement: ignored next to an answer, and alone no answer. */
export const ACKNOWLEDGES = `
dale|ok|okay|okey|okis|okas|oki|okok|va|vaa|vale|sale|orale|andale|arre|sobres|camara|camaron|listo|listos|perfecto
excelente|genial|great|va que va|asi es|correcto|andale pues|ya quedo|ya quedamos|hecho|no hay falla|sin falla|mas un~
enterad~|bien|muy bien|recibid~|de acuerdo|entendido|esta bien|fierro|chido|vientos
`

/** Talk with the words of an answer that is none. Its clause is never ignored. */
export const LOOK_ALIKES = `
(estoy|ando|sigo) en (junta|una junta|clase|clases|reunion|una reunion|el trabajo|la oficina|consulta|el doctor)
(estoy|ando|sigo) (manejando|trabajando|ocupad~)$
(si|no) (me|nos) llego [la invitacion|el mensaje]
(te|los|les|las|la|le) acompano en (tu|su|el) (pena|dolor|duelo|perdida|luto|sentimiento)|si bueno|si mujer
ya (lo se|se)|si [ya] (se|lo se)|si ya|un placer [saludarte|conocerte]
encantad~ de (saludarte|conocerte|saludarlos|ayudarte)|(a|no a) ti gracias|no a ti
[ya|ahi] (voy|vamos) (en camino|llegando|saliendo|manejando|para alla|para tu casa|para la casa|al super)
ya (voy|vamos) para alla|{there} (muere|esta el detalle|voy en camino)
confirmo (recepcion|el pago|los datos|la hora|el deposito|la reservacion|reservacion|que llego|que me llego)
{day} si|no que no|que (te|le|les) digo|favor de confirmar [asistencia]|[te|les|le] confirmo si (voy|vamos)|cancela tu
[no] (voy|vamos|ire|iremos) a|[no] (voy|vamos) (por|para)|como no (te|me)|ni que estuviera loco
muero por verle la cara
(si|no|yes) [ya] [la|lo|los|las|les|le|te|tu|su] (recibi|recibimos|vi|vimos|lei|leimos|abri|escuche|conozco|conocemos|
    soy|entiendo|entendi|sabia) [{the} [linda|amable|hermosa|bonita] (invitacion|mensaje)]
^gracias a (ti|usted|ustedes)$
(i|we) (dont|do not) know (you|him|her|them|this|who)
`
/** Questions that ask nothing. */
export const RHETORICAL = `
[y] [todavia] (preguntas|preguntan|lo (preguntas|dudas))
como crees [que (no voy|no (voy|vamos) a ir|me lo voy a perder)]|[y] como (me lo voy a perder|no)
que si (voy|vamos) [a ir]
que tal|como (estas|estan|esta|te va|andas|va todo|les va)|que crees|sabes que|how are you [guys|doing]|verdad
y (tu|ustedes)|que onda|quien se lo pierde|a poco creias que no iba a ir
`

/** Forms of address. After «mi», «con» or an article they name somebody else. */
export const VOCATIVES = `
{vocative}
{proper} {proper?}$
`
/** After these words a form of address is a person who is spoken about. */
export const BEFORE_PERSONS = new Set(
  'mi mis tu tus su sus el la los las un una con de del a al en por para desde hasta in to from at for of on y e ni que my your his her the and with'.split(
    ' ',
  ),
)

/** Words of wishes and affection. They may stand in any order next to an answer that is more than one word. */
export const SOFT = new Set(
  `a al con de del el en es esa ese esta este estos ha han la las le les lo los me mi mis muy nos nosotros nuestra nuestro para
  por se sea sean su sus tan te tu tus un una unos y ya mas como contigo ustedes usted ti
  dia dias fecha momento momentos etapa evento boda bodas fiesta celebracion celebrar celebrarlos celebrarte novios novia novio
  quinceanera festejada pareja esposos matrimonio union vida vidas amor felicidad salud alegria emocion ilusion carino corazon
  alma oraciones bendicion bendiga bendigan bendiciones dios senor familia familias invitacion noticia noticias futuro camino
  feliz felices bonito bonita hermoso hermosa lindo linda bello bella especial especiales importante inolvidable maravilloso
  maravillosa grande gran nueva nuevo eterno significativo significativa contentos contenta emocionada emocionado emocionados
  honrados honrada agradecida agradecidos muchas muchos mucho muchisimo siempre juntos compartir festejar
  quiero queremos amo deseo deseamos deseo salga todo verlos verte abrazo abrazos abrazarlos saludos besos puntuales
  the of to for you your so and with all love day wedding couple happy excited best wishes this special big celebrate guys both
  yall everyone see it be is us we are from very much forever together beautiful lovely life`.split(/\s+/),
)
