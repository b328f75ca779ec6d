/** How guests put an answer off. patterns.ts explains the language. */

export const MAYBE = `
vamos a ver|vamos viendo|ya veremos|ya vemos|ahi vemos|{there} veremos|veremos|vemos
(chance|chansa|chanza|chancita|igual|capaz) [y|que|y que] [si|no] [si|no] [voy|vamos|puedo|podemos|caigo|caemos|llego|
    vaya]
capaz que [si|no] (voy|vamos|puedo)|puede que (si|no|vaya|vayamos|pueda|podamos|no pueda|si vaya|no vaya) [un ratito]
puede ser [que si]|podria ser|es posible|posible|(hay|habra) que ver|esta por verse|por ver
a ver [si (puedo|podemos|se puede|se arma|me dan permiso|alcanzo|llego)|que pasa|como (ando|andamos|le hago)|que dice
    mi {relative}] [ir]
ahorita (te|les|le) (digo|aviso|confirmo)
(estoy|estamos|ando|andamos) [todavia|aun] (en duda|viendo|en veremos|checando|pensandolo|decidiendo|decidiendolo|
    tentativo|organizandome|platicandolo) [si (puedo|podemos)] [ir]
lo (tengo|tenemos) en duda|esta en duda|todavia lo estamos (platicando|viendo|pensando)
(ahi|ya) (vemos|veremos|vere|te digo|les digo|te aviso|les aviso)
(tal vez|talvez|talves|tal ves|quizas|quiza|quisas|kizas|kiza|tlvz|a lo mejor|alomejor|alo mejor) [si|no] [voy|vamos|
    puedo|podemos|pueda|podamos|vaya|vayamos|baya|asista|asistamos|alcance|llegue|lleguemos|caigo] [ir]
(posiblemente|probablemente|tentativamente|seguramente) [si|no] [voy|vamos|puedo|podemos|pueda|podamos|vaya|vayamos|
    asista]
(es probable|lo mas probable es|lo mas seguro es|es posible|existe la posibilidad|hay posibilidad|cabe la posibilidad)
    [de] [que] [si|no] [vaya|vayamos|pueda|podamos|llegue]
(existe la|hay) posibilidad|ponme (un quizas|un tal vez|en tal vez)|(ponme|ponganme) como tentativo
por (ahora|lo pronto) tal vez
(deja|dejame|dejanos|dejen|dejenme|dejame y) (ver|veo|vemos|checo|checar|reviso|revisar|pensar|pensarlo|verlo|
    checarlo|lo veo|lo checo|lo pienso|lo consulto|consultarlo|organizarme|preguntar|le pregunto|pregunto|platicarlo|
    lo platico|confirmo|te confirmo|me organizo|te digo|reviso mi agenda|ver mi agenda|revisar mi agenda|checo mi
    agenda)
[lo] (checo|consulto|platico|pienso|checamos|platicamos|consultamos|pensamos|reviso|vemos|veo|checare|revisare|
    revisamos) [bien|bro|con (mi {relative}|{name}|mi familia|mi trabajo)] [y|e] [luego|ya|con gusto|yo] [te|les|le]
    (aviso|digo|confirmo|avisamos|decimos|confirmamos) [luego|despues|pronto|en la semana|manana]
lo (checo|consulto|platico|pienso|checamos|platicamos|pensamos|reviso|vemos|veo|voy a (pensar|checar|ver|consultar|
    platicar)) [bien|bro|con (mi {relative}|mi familia|mi trabajo)] [va]
(checo|reviso|checamos|revisamos) mi (agenda|calendario|horario) [y (te|les|le) (digo|aviso|confirmo)] [va]
(permitame|permiteme|permitanos|permitenos) [tantito|un momento|un segundo] [verificar|checar|revisar|confirmarlo|
    platicarlo] [mi agenda|con mi {relative}] [y|e] [luego|con gusto] [te|les|le] [aviso|digo|confirmo|avisamos]
(perame|aguantame|esperame|dame|denme|danos) [tantito|chance|unos dias|un dia|dos dias|hasta {name}|una semana|chance
    de ver|chance de revisar] [y] [deja|dejame] [te|le|les|lo] [digo|aviso|confirmo|checo|veo|checarlo|pensarlo]
[yo|ya|luego|despues|al rato|manana|pronto|mas tarde|mas adelante|{there}] [yo] [te|les|le] (aviso|digo|avisamos|
    decimos|aviso bien|digo bien) [luego|despues|manana|mas tarde|al rato|pronto|en la semana|unos dias antes|si
    puedo|con tiempo|bien|{when}]
[yo|ya|luego|despues|al rato|manana|pronto|mas tarde|mas adelante|despuesito|dps|{when}] [te|t|les|le|lo] (confirmo|
    confirmamos|confirmare|confirmaremos|aviso|avisamos|digo) (luego|despues|manana|mas tarde|al rato|pronto|bien|en
    la noche|en la semana|a la brevedad|sin falta|con tiempo|unos dias antes|cualquier cosa|mas adelante|{when}) [sin
    falta]
(luego|despues|manana|al rato|mas tarde|mas adelante|pronto|en la semana|en breve|en un momento|dps|despuesito|en un
    ratito|{when}) [yo] [te|t|les|le|lo] (confirmo|confirmamos|aviso|digo|avisamos|decimos)
[te|les|le] (confirmare|confirmaremos|estare confirmando|avisare|avisaremos) [luego|despues|pronto|mas adelante|mas
    tarde]
(en cuanto|cuando) (sepa|sepamos|tenga mi horario|me digan|me confirmen|tenga respuesta|me den el rol|sepa mi rol|
    pueda) [algo|bien] [te|les|le|lo] (confirmo|aviso|digo|confirmamos|avisamos)
[yo] [todavia|aun|ahorita|de momento|pues|la verdad] no [lo|le] (se|sabemos|sabria) [aun|todavia|bien|que decirte|bro|
    nada|la verdad] [si (puedo|podemos|podre|voy|vaya|vayamos|podamos|podremos|pueda|confirmo|ire|vamos|iremos|me den
    permiso|me toque trabajar|alcance|llegue) [ir|asistir]]
(nose|no c|nc|nse|ns) [la vdd] [si (puedo|pueda|voy|vaya)]
[todavia|aun] no (tengo|tenemos) [ni] (idea|seguro|seguridad|definido|certeza) [aun|todavia|si vamos|si voy]
ni idea [todavia|aun|bro]|sin idea
[todavia|aun] no (estoy|estamos) {number?} [porciento] segur~ [todavia|aun|si (puedo|podemos|podre)]
[todavia|aun|ahorita] no (te|le|les) (puedo|podria|sabria|se) (decir|asegurar|confirmar ahorita)
no (te|le|les) (aseguro|prometo|garantizo) [nada]|no prometo nada|no aseguro [nada]
no lo (descarto|hemos decidido|he decidido)|no lo descartamos|[aun|todavia] no lo (he|hemos) decidido
no nos hemos (puesto de acuerdo|decidido)
depende [de (mi trabajo|mi jefe|mi chamba|mi {relative}|los vuelos|mis turnos|mi horario|el clima|que diga mi
    {relative})]
segun [como (ande|ande de tiempo|me sienta|este|salga)]|hare lo posible|haremos lo posible
(hare|haremos|voy a hacer|vamos a hacer) [todo] lo posible [por|para] [estar {there?}|ir|llegar|asistir|{acompanar}]
(intentare|intentaremos|tratare|tratamos|trataremos|voy a (intentar|tratar)|vamos a (intentar|tratar)|intento) [de]
    (ir|llegar|asistir|estar {there?}|{acompanar})
(hare|haremos) (mi|la|nuestra) lucha|le (hago|hare|haremos|hacemos) la lucha [para (ir|llegar)]
le voy a echar ganas [para (ir|llegar)]
(quien sabe|sabe|sepa|sepa la bola|solo dios sabe si voy) [todavia|mijo]|lo dudo [mucho]
dudo que (pueda|podamos|vaya) [ir]
(esta|se ve|lo veo|la veo|se me hace) (dificil|complicado|en chino|muy dificil) [pero (le hago la lucha|voy a
    intentar|a ver)]
dificil|ojala [que] [si] (pueda|podamos|se pueda|alcance|se arme|podamos acompanarlos) [ir|{acompanar}]
(espero|esperamos) [si] poder (ir|llegar|asistir|{acompanar})
(tengo|tenemos|necesito) que (ver|checar|preguntar|pedir permiso|preguntarle a mi {relative}|consultarlo|revisar mi
    agenda|ver mis turnos|platicarlo|pensarlo|confirmar en mi trabajo)
necesito (checar|ver|revisar) [fechas|mi agenda|mis turnos]
(le|les) pregunto a mi {relative} y (te|les|le) (digo|aviso|confirmo)
(voy|vamos) a (ver|checar) si (puedo|podemos|alcanzo|consigo|me dan|nos dan|se puede|podemos ir|puedo ir)
(haber|vemos|veo|viendo|vere|veremos) si (puedo|podemos|se puede|me dan permiso|alcanzo) [ir]
casi seguro [que (si|no)] [voy]|mitad y mitad|porciento (si|no|segur~ [que si]|sure)|en veremos|por confirmar
(maybe|perhaps|possibly|probably|hopefully) [yes|not|so]
[im|we are|were|still] not sure [yet|if (i|we) can (come|go|make it)]|[i|we] (dont|do not) know [yet]|idk [yet]
not sure|still (undecided|deciding|figuring it out|not sure)
(let|lemme) [me|us] (check|see|think|think about it|ask|talk to my {relative}|ask my {relative}|check my schedule|
    check with my {relative}|see if (i|we) can (come|go|get (off|the day off|time off))) [first] [and (get back to
    you|let you know)]
[i|we|it|im|we are] (might|may) [be able to] [not] [come|go|make it]|might come might not
[ill|well|i will|we will|will] (let you know|get back to you|confirm|see how it goes|keep you posted) [soon|later|by
    {name}|asap]
well see [how it goes]|tentative [yes]|it depends [on (my|the) {name}]|depends [on (my|the) {name}]
[i|we|ill|well] (try|will try|are trying|ll try|hope|doubt) [my best|our best] [to] [make it|come|go|be there|it|make
    it work|be there]
(hoping|trying) to (come|make it|make it work)|i doubt it|i hope so|(i|we) need to check [with my {relative}] [first]
`
/** Puts the answer off until later without saying anything about it, or says that it is not given yet. */
export const NOT_YET = `
^[todavia|aun] no [te|les|lo] (confirmo|confirmamos|cancelo|cancelamos|he confirmado|hemos confirmado|puedo confirmar|
    podemos confirmar)
^(todavia|aun) no$
^no (todavia|aun)$
^not yet
^[i|we] (cant|cannot|havent|dont) (confirm|confirmed)
`
