/**
 * Words that make the free text around an answer suspicious, so that the guest is asked: a negation, a doubt, a condition,
 * another person, another part of the event, another subject, the past.
 */
const setOf = (words: string): Set<string> => new Set(words.split(/\s+/).filter(Boolean))

const QUESTIONS = `
  cual cuales cuando cuanto cuantos cuanta cuantas donde como what when where who how why which`
/** Other persons who come or do not, and what others said. */
const OTHERS = `
  ella ellos ellas puede pueden podra podran va van ira iran viene vienen vendra vendran asistira asistiran dice
  dicen dijo dijeron dile diles digale diganle digan avisale avisales avisenle saber dije pregunta preguntan quiere
  quieren he she they says said alguno alguien otros otras representacion`
/** Parts of the event, and parts of the time. */
const PARTS = `
  misa ceremonia iglesia religiosa civil recepcion templo salon principio inicio desde rato ratito solo solamente
  unicamente unos algunos todos alone temprano mitad only ceremony reception church late early`
/** Subjects that are no invitation. */
const SUBJECTS = `
  pago deposito anticipo transferencia liga link pagina app boton codigo qr abrir abre descargar error cargar entrar
  correo pedido cita taxi mesero proveedor factura tarjeta hablar contestar marco llamo leo audio llamar marcar
  manejando trafico llegando saliendo super oficina escuela compras comprarlo pagar open download`
const LATER = `
  lunes martes miercoles jueves manana luego despues pronto ayer ahorita hoy`

/** Free text with one of these words is no aside next to a yes. */
export const BLOCKS_YES = setOf(`
  ${QUESTIONS} ${OTHERS} ${PARTS} ${SUBJECTS} ${LATER} no ni nunca tampoco jamas nadie sin pero aunque sino excepto
  salvo menos si creo pienso quiza quizas talvez tal ojala depende duda dudo intento intentare tratare checo checar
  checando checare preguntar aviso avisar esperando espero ver veo vemos casi supuestamente imagino supongo igual
  chance lomejor mejor loco loca iba ibamos queria queriamos quisiera hubiera habia fui fuimos estuve estuvo estaba
  dejan deja dejen den dan prestan consigo alcanzo caso cancelan cancelen cancelo cancelar cancelado ayudar ayuda
  would could if unless not isnt cant but maybe dont wont might except until think necesito quitar tachado quisieran
  podria podrias podrian`)
/** The same in the reason of a solid no, where any subject may stand: «no podré ir, tengo cita en la escuela». */
export const BLOCKS_REASON = setOf(`
  duda dudas pregunta preguntas cuando cuanto cuantos donde when where how can ayer ${OTHERS}
  si sí sii sip yes yeah sino hasta confirmar confirmarte creo igual chance quiza quizas talvez tal depende ahorita
  hoy luego todavia aun solos sola solas pendiente aviso if unless until yet maybe tachado menos excepto salvo negar
  sentarme sienten jamas`)

/** Free text with one of these words is no aside next to a no. */
export const BLOCKS_NO = new Set([...BLOCKS_REASON, ...setOf(`${PARTS} ${SUBJECTS}`)])

/** Begins a reason: what follows is free text. A plain no may stand before or after it. */
export const REASONS = `
porque|xq|xk|pq|pork|por que|ya que|debido a|a causa de|es que|dado que|pues ya|because|bc|cause|cuz|due to|since
por (trabajo|motivos|cuestiones|razones|asuntos|salud|compromisos|temas|cosas|falta|un|una|la|mi|el)
(me voy|nos vamos|me fui|nos fuimos) (a|de|con|por|el|ese|al|fuera|esa)
tengo|tenemos|tenia|teniamos|ya (tengo|tenemos|tenia|teniamos|quede|quedamos|habia|habiamos)|traigo
trabajo|trabajamos|chambeo|laboro|estudio|cuido|viajo|viajamos|entro|salgo|salimos|manejo|opero
estoy|estamos|estare|estaremos|ando|andamos|andare|andaremos|sigo|seguimos|vivo|vivimos
voy a (estar|andar|trabajar|viajar|tener|salir)|vamos a (estar|andar|viajar|tener|salir)
(me|nos) (toca|toco|cruza|cruzan|cruzo|queda|quedan|operan|operaron|enferme|enfermamos|salio|surgio|cae|caen|
    cambiaron|mandaron|mandan|dio|pusieron|quede|quedamos|lastime|castigaron|dieron|castigo|urge|case|dijeron|robaron|
    avisaron|siento|falta|invitaron|mude|mudamos)
se (me|nos|le) (hizo|hace|cruza|cruzan|cruzo|complico|complica|junta|juntan|junto|juntaron|empalma|empalman|atraveso|
    descompuso|enfermo|vino|acabo|presento)
se (descompuso|enfermo|casa|casan|gradua|murio|puso|cancelo mi vuelo|operan)
[justo|precisamente] {day} (es|son|hay|tengo|tenemos|trabajo|trabajamos|chambeo|estoy|estamos|estare|estaremos|me|nos|
    no estoy|no estamos|salgo|salimos|cumple|viajo|ando|andamos|se|cae|bautizan|gradua|opera|operan)
justo|surgio|salio|fallecio|murio|falleci|acabo de|nacio|recien|hay
no (tengo|tenemos|hay|consegui|conseguimos|encontre|me dieron|nos dieron|me dejan|me dejaron|me siento|vivo|vivimos|
    completo|ajusto|me dan|nos dan|me alcanza|estoy|estamos|me deja|nos alcanza|traigo)
(mi|mis|nuestro|nuestra|nuestros|el|la|los|las|su) ({relative}|ninos|ninas|hijos|papas|doctor|doctora|jefe|jefa|bebe|
    peques|abuelos|suegros|hijas|trabajo|chamba|carretera|coche|carro|nene|nena|vuelo|vuelos|visa|boda) (esta|estan|
    tiene|tienen|trabaja|sigue|cumple|no me|no nos|se|nacio|nace|me|nos|anda|salio|cumplen|esta muy|fallecio|murio|
    opera|van a operar|no)
esta muy lejos|esta lejos|queda lejos|a mi edad
i (have|work|am|already|had)|im (working|sick|traveling|in|on|at|due|away|out|having|broke)|we (have|already|are|had)
were (traveling|away|out|in|on|going|having)|ill be (in|at|on|working|away|out|traveling)
well be (in|at|on|away|out|traveling)
my (boss|visa|flight|mom|dad|kids|baby|doctor|job|work|car|wife|husband) (didnt|is|has|wont|are|doesnt|said|have)
on (deployment|vacation|call)|something came up|had to|the kids have
`

/** Makes the reading of a short text worth a question although it was not understood. */
export const HINT_WORDS = setOf(`
  voy vamos ire iremos llego caigo estare cuenta cuenten cuente paso imposible ocasion proxima compromiso dificil
  trabajo viaje checo checar aviso permiso ojala honor placer attending attend coming quitame quitenos quitenme
  borrame si sí sii no nop nel yes yess yep nope`)
export const HINT_STEMS = [
  'asist',
  'confirm',
  'cancel',
  'declin',
  'acompan',
  'apunt',
  'anot',
  'complica',
  'attend',
  'estare',
]

/** Next to a thumb it contradicts the thumb; next to another duty on the day it makes that a no. */
export const REGRETS = setOf(`
  siento sentimos lamento lamentamos lastima pena penita lamentablemente desafortunadamente desgraciadamente
  tristemente desgracia disculpa disculpas disculpe disculpen disculpame disculpenme perdon perdona perdonen
  perdoname perdonenme sorry unfortunately sadly regrettably coraje triste tristeza apena`)
