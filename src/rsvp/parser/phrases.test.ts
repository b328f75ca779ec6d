/**
 * Real answers of Mexican guests: slang, typing errors, no accents, no commas. Only a clear text is decided, because a
 * wrong yes or no is much worse than a question.
 */
import assert from 'node:assert/strict'
import test from 'node:test'
import { CONFIDENCE_NEEDED, readReply, type Intent } from './parser.ts'

const listOf = (texts: string): string[] => texts.split('/').map((text) => text.trim().replace(/\s+/g, ' '))
const decidedOf = (text: string): Intent | null => {
  const { intent, confidence } = readReply(text)
  return confidence >= CONFIDENCE_NEEDED ? intent : null
}

/** A `= 3` after a text is its party size. */
const YES = listOf(`
  ok amiga confirmo / perfecto tía ahí estaremos / claro que asistiremos / de ley que voy /
  te confirmo que vamos 3 = 3 / confirmo para mi y mi esposa = 2 / los cuatro confirmamos = 4 /
  vamos 2 adultos y 1 niño = 3 / no hay falla ahí estamos / anótanos / será un honor acompañarlos /
  Sí, con mucho gusto asistiremos / ahí te caigo / sale, ahí nos vemos / órale, confirmo / arre, ahí estoy /
  simón carnal ahi estoy / pos claro / pues claro que sí / por supuesto que vamos / obvio vamos /
  si amiga ahi estare / Si madrina con gusto / con gusto te acompaño / los acompañaremos con gusto /
  si dios quiere ahi estaremos / Confirmo nuestra asistencia / Buenas tardes confirmo mi asistencia gracias /
  confirmadísimos / confirmando asistencia / confirmo que sí vamos / le confirmo mi asistencia / CONFIRMADO ✅ /
  sí confirmo / si asistire gracias / ahí llegamos / sí podré asistir / si puedo 😊 / si, por supuesto / sí seguro /
  seguro ahi estoy / de ley que si / yo si voy / nosotros confirmamos / sí vamos todos / vamos toda la familia /
  voyyy / va pues ahí estaré / denlo por hecho / cuente conmigo / ahí me tendrán / allá nos vemos amiga /
  ahí andaré / ahi stare / comfirmo asistencia / confrimado / será un placer acompañarlos / encantada de asistir /
  felices de acompañarlos / no me la pierdo / no nos lo perderíamos / no te fallo / acepto con gusto /
  invitación aceptada / ok confirmo / perfecto ahí estaremos / yes!! ahí estaré / yes I will attend /
  we'll be there for sure / I will be attending / definitely coming / afirmativo ahí estaremos / si por fa /
  sí muchas felicidades ahi estamos / muchas gracias por la invitación claro que asistiremos /
  no manches claro que voy / wey claro que voy / si mija ahi estaremos / hola q tal si asistiremos / presentes /
  apúntenme / yo me anoto / apártenme mi lugar / 👍👍👍 / sí❤️ / sí 🫡 / confirmamos 4 = 4 / confirmo dos = 2 /
  somos dos adultos y dos niños = 4 / si, 2 personas = 2 / si somos cinco = 5 / confirmo 2 lugares = 2 /
  confirmo mis dos boletos = 2 / ahí estaremos los dos = 2 / ahí estaremos 4 personas = 4 /
  asistiremos mi esposo y yo = 2 / voy con mi hermana = 2 / iremos mi pareja y yo = 2 /
  mi esposo y yo confirmamos = 2 / mi esposo y yo sí vamos = 2 / voy nomas yo = 1 / iré solo = 1 / voy +1 = 2 /
  sí +1 = 2 / vamos x3 = 3 / vamos 3 gracias = 3 / sí, 4 = 4 / los dos vamos = 2 / confirmo somos 3 = 3 /
  confirmada para 2 = 2 / sí confirmo 2 personas = 2 / confirmo asistencia de 2 personas = 2 /
  confirmo la asistencia de 4 personas = 4 / vamos seis en total = 6 / vamos a asistir 2 personas = 2 /
  si vamos los tres = 3 / yes, party of 3 = 3 / both of us will be there = 2 /
  si asistiremos mi esposo y yo muchas gracias por la invitacion = 2 / ahi vamos a estar / pues obvio que voy /
  desde luego que asistiremos / confirmado carnal ahí nos vemos / confirmo maestra / comadre ahí estaremos /
  simón compadre / si señor con gusto / yo asisto / yo ahí estaré / estaré ahí contigo / no me lo perderé /
  no vamos a faltar / ahí estaré puntual / va confirmo / camara ahi caigo / arre confirmo / SIIII CONFIRMO / Sí, /
  ✅ confirmo / 🎉 sí voy / yess / gracias por invitarme, sí iré / gracias por pensar en nosotros, ahí estaremos /
  agradezco mucho la invitación, ahí estaré / con gusto confirmamos / confirmo con mucho gusto / confirming /
  we accept with pleasure / sí, I will be there / hola si vamos a asistir cuatro personas gracias = 4 /
  seríamos 4 = 4 / vamos a ser 3 = 3 / iremos dos personas = 2 / anótame con 2 = 2 / confirmamos los cinco = 5 /
  los tres confirmamos = 3 / los cuatro ahí estaremos = 4 / 2 adultos sí = 2 / confirmo 1 = 1 / voy solita = 1 /
  asistiré yo sola = 1 / confirmo para mí y mi esposa = 2 / mi novio y yo ahí estaremos = 2 /
  asistiré con mi esposo = 2 / voy con mi novia gracias = 2 / si voy con mi hermano = 2 /
  vamos mi esposo, mi hija y yo = 3 / seremos 3 adultos = 3 / confirmo los 3 lugares = 3 / yes, 4 of us = 4 /
  confirmo 2+1 = 3 / confirmo 2 más 1 = 3 / vamos yo y mis 3 hijos = 4 / confirmo 2 (dos) = 2 /
  familia López confirma 4 = 4 / usaremos los 4 lugares = 4 / we r 2 = 2
`)
const NO = listOf(`
  ok amiga no puedo / les confirmo que no podremos asistir / amiga la verdad no puedo /
  siento mucho no poder acompañarlos / en esta ocasión no podremos / cancelen mi lugar / declinamos la invitación /
  no podremos acompañarlos / no podré acompañarte / no te podré acompañar / no podré estar presente /
  no nos es posible / no voy a poder ir / no vamos a poder asistir / no voy a ir / ya no voy a poder /
  ya no podremos / ya no puedo / siempre no podré / al final no voy / al final no podremos / no llego / no la armo /
  nel no voy / ni modo no podré / nope / negativo / no, gracias / no pues no / pos no / pues no voy /
  la verdad no voy / sinceramente no podré / desafortunadamente no podré / lamento no poder ir / siento no poder ir /
  que pena no puedo / qué lástima no puedo ir / me da mucha pena pero no podré asistir / amiga no puedo /
  primo no puedo ir / hermano no podré / wey no voy / una disculpa no puedo ir / disculpa no podré /
  perdón pero no podré ir / mil disculpas no podré ir / me disculpo no podré ir /
  muchas gracias pero no podré asistir / muchas gracias por la invitación, no podremos asistir /
  agradezco la invitación, no podré ir / te agradezco mucho pero no puedo / qué linda gracias pero no podré /
  felicidades pero no podré ir / no podré ir, felicidades / no asistimos / no asistiremos, gracias / no ire gracias /
  no vamos / no podre ir / no podemos ir / no podemos asistir / no voy a estar / no estaremos / no cuenten conmigo /
  conmigo no cuenten / cancelo / cancelo mi asistencia por favor / cancela por favor / cancelame porfa /
  cancelamos nuestra asistencia / tengo que cancelar gracias / voy a cancelar / voy a tener que cancelar /
  me toca cancelar / por esta vez no / en esta ocasión no podré / esta ocasión no podré / declinamos / imposible ir /
  me resulta imposible / nos será imposible acompañarlos / no no voy / no, no iremos / nooo no puedo 😭 /
  no 😔 gracias / ❌ no puedo / no 🙅‍♀️ / 👎🏽 / no inventes no puedo ir / confirmo que no podremos /
  te confirmo que no podré / confirmo mi inasistencia / te confirmo que no / no asistirè / no va a ser posible /
  me encantaría pero no podré / me hubiera encantado pero no puedo / me gustaría pero no puedo / no I can't /
  sorry I won't make it / we won't make it / can't go / I'm afraid I can't come / thank you but I can't /
  I will not attend / no i cant / hola buenas tardes muchas gracias por la invitacion pero no vamos a poder asistir /
  hola lamentablemente no podre asistir les mando un abrazo / fijate q no puedo / chale no puedo / uy no puedo /
  ash no puedo / oye fíjate que no podré ir / no me será posible asistir / no voy a alcanzar / esta vez no puedo /
  por ahora no / no podremos ir, abrazos / lo siento no podremos / me da pena pero no / no voy a ir gracias /
  definitivamente no / para nada / nel bro / ñel / nope sorry / no compa / no hermano / no prima no puedo /
  no señor gracias / no, pero gracias / No. Gracias / no podré asistit / no asistré / cancelado / cancelo por favor /
  cancelo mis boletos / por favor cancela mi asistencia / no estaré presente / no estaré ahí / no los acompañaremos /
  no podré acompañarlas / no podré estar ahí / I can't go / I can't attend / sadly I can't / sorry but no /
  I'll have to pass / RSVP no
`)
/** Acknowledgements, filler words, questions, other people's answers, other topics, fragments, jokes. */
const NEITHER = listOf(`
  ok no / no va mi tía / mi amiga no va / mi compadre ahí estará / y tu hermana? / tu prima y yo vamos a ver /
  primo / fíjate que se me hizo tarde / la verdad no sé / al final qué pasó / hecho / listo compadre /
  sí claro jajaja / no jajaja / claro que me gustaría / seguro que sí es el sábado? /
  te confirmo que sí es mi número / te confirmo que no me llegó / anótame la dirección / apártame un vestido /
  dalo por perdido / qué presentes quieren / vamos todos a la misa / cancela tu / voy a cancelar mi vuelo /
  declino responder / no nos esperen a la misa / lamento lo de tu papá / les agradezco el aviso /
  gracias por pensar en mí / me da pena / si dios quiere / pues / un placer / encantada de saludarte / 💯 /
  ahí nos tienen esperando / iré con mi esposa a comprarlo / los dos vamos a comprar / confirmo 2 veces el pago /
  un niño / un adulto / tengo una duda / nomás yo? / solo confirmo la hora / I will be out / I will not be late /
  mi hijo no / sí amiga no / no pos sí / pos quién sabe / si mujer / dije no / ora sí / hoy no / ese día sí / ok /
  okas / arre / enterados / ok gracias / listo gracias / qué bonita invitación / gracias 🙏 /
  gracias por la invitación / muchas felicidades / hola / buen día / hola quién es / de parte de quién /
  se equivocó de número / no es mi número / de quién es la boda / a qué hora empieza la misa / cuándo es /
  me mandas la ubicación / me pueden mandar la dirección / ¿hay estacionamiento? / cómo hay que ir vestidos /
  código de vestir / hay menú infantil / puedo llevar a mi novio / cuántos lugares tengo / cuántos pases son /
  mesa de regalos? / hay mesa de regalos en Liverpool / me pasas la clabe / cuánto cuesta / quién más va /
  ya confirmó mi hermano? / mi mamá no va / Juan no va / yo sí pero mi esposo no / van mis papás / él sí va /
  no puede mi mamá / mi esposo te confirma / aún no confirmo / aún no puedo confirmar /
  ¿cómo confirmo mi asistencia? / aquí se confirma? / es necesario confirmar / no me llegó la invitación /
  no puedo abrir la invitación / no puedo descargar el pase / no encuentro mi código / no entiendo / no se ve /
  no recuerdo / no hay problema / no importa / no puedo esperar más / no inventes / no que no /
  no llevo regalo verdad / no voy a decirle a nadie / no podré ir a la misa pero sí a la recepción /
  solo voy a la fiesta / llego tarde / ya vamos para allá / voy manejando / estoy en junta / ahorita no /
  no puedo ahorita / márcame / si bueno / sí soy yo / si me llegó la invitación / ya la vi / si te entiendo /
  si ocupas ayuda dime / sí me gustó la invitación / claro te paso el dato / va a estar bueno /
  vamos a comprar el regalo / voy a preguntar / voy a mi casa / cuenta conmigo para ayudar / ahí te mando /
  ahí luego te digo / nos vemos mañana en la oficina / bye / cancelen el evento / ¿se canceló la fiesta? /
  ya no es ahí? / mi nombre es Juan 2 / 5 de mayo / 8 pm / somos de Puebla / somos los del mariachi / faltan 3 días /
  solo 2 / jaja / 😂 / 😍 / 😢 / . / !! / sí o no / ni sí ni no / que si vas a ir / no voy a negar que me emociona /
  felicidades por la boda, un abrazo / bendiciones / feliz año / sí claro y yo soy el papa / sí ajá / ni loca /
  jamás / y si no voy? / qué pasa si no voy / si cambio de opinión te aviso / confirma por favor /
  me confirmas la hora / confirmo recepción / confirmo los datos / confirmo el pago /
  ya confirmé en el link pero no me llegó / como te dije, no puedo / is there parking / congrats / ok thanks / yes? /
  I will bring wine / no se quien eres / no quiero ir sola / no me gustaría faltar / no vamos solos /
  no somos 4, somos 3 / no vamos 4 vamos 2 / ya no va mi esposa / no vamos todos / solo algunos / ella sí y él no /
  no puedo pero va mi esposo / en mi lugar va mi hermano / va sale / 🙌🙌 / 💍 / 🤣 / 😎 / copiado /
  gracias por confirmar / gracias igualmente / se ven increíbles / me encantó la invitación / qué chida invitación /
  no lo puedo creer te casas / ya era hora / muchísimas felicidades / saludos / que descanses / hola ana / dime /
  es broma? / de dónde sacaron mi número / creo que no es para mí / no soy quien buscas /
  perdón no te tengo registrada / cuál evento / qué fiesta / para qué día era / es el sábado verdad /
  hasta qué hora / dónde es la fiesta / cómo llegamos / hay guardarropa / hay área de niños / qué hay de comer /
  no tomo alcohol / no tengo vestido / no tengo el código / no me aparece / no jala el link / no da / no leí /
  no he visto / no puedo verlo bien / no puedo pagar / no podía creerlo / no voy a llorar /
  no iré vestida de blanco / no se puede ir de mezclilla? / no podré estar desde el principio /
  no llegamos a la misa / no asistiré a la misa / no me quedaré a dormir / no requiero transporte /
  no me sienten con Juan / no va a ir mi ex verdad? / mi mamá no podrá asistir / mi esposo trabaja /
  mis suegros no van / Pepe dice que no va / dice mi esposo que no / mi mamá confirma / mi hermano y su novia van /
  irá mi hija en mi representación / vas a ir? / vamos juntas? / paso por ti / paso a tu casa / cuánto sale /
  cancelé la transferencia / cancela el taxi / confirmo reservación / confirmo menú vegetariano /
  no voy a cancelar / no vamos a cancelar / no quiero cancelar / no cancelen mi lugar / no me cancelen / 90% sí /
  no pues felicidades / no pues qué padre / no hombre felicidades / te confirmo si voy /
  confirmo que este es mi número / confirmo que es el sábado? / confirmen por favor / ya confirmaron ellos /
  te confirmo que recibí / asistencia? / asistiremos solo a la ceremonia / iré solo a la misa / estaré en la misa /
  estaré pendiente / estaré en contacto / estoy afuera / llego en 5 / aquí estoy / vamos en camino /
  voy a estar ocupada / ahí te confirmo / ahí estaba la dirección? / ahí estarán los niños / si es ahí /
  sí hay estacionamiento? / si ya se / sí ¿quién es? / si mande / si mejor por correo / sí, quiero la ubicación /
  si ocupo silla / sí tengo una pregunta / sí puedes llamarme / si vamos te avisamos / si no pasa nada /
  sí pero depende / claro, pásame la ubicación / por supuesto que te ayudo / con gusto les mando la foto /
  será mañana? / cuenta con mi apoyo / cuéntame todo / cuántos somos / somos más / puedo llevar uno más /
  me faltan dos pases / tengo 2 boletos / aparecen 2 lugares y somos 4 / 2? / 3 de la tarde /
  1 niño menor de 2 años / con niños / y mi esposo? / yo también / lo mismo / para servirte / provecho / ya casi /
  hoy / en un mes / jaja no manches / omg congrats / what a beautiful invitation / when is it /
  no way you are getting married / nice / perfect
`)
/** Answers with maybe, later, or a condition. */
const NOT_NOW = listOf(`
  gracias, te confirmo / va, te confirmo / perfecto te confirmo / sale te confirmamos / tal vez vaya /
  quizás vayamos / a lo mejor voy / chance y voy / chance voy / igual y si caigo / puede que vaya /
  puede que no pueda / es posible / posiblemente vaya / depende / según / no sé todavía / todavía no sé si podré /
  no sé si podré ir / no sé si vaya / no estamos seguros / no te aseguro / no prometo nada / a ver si puedo /
  a ver si alcanzo / ya veremos / ya vemos / déjame ver / déjame revisar / déjame preguntarle a mi esposa /
  deja le pregunto a mi marido / permítame checar / permiteme confirmarte luego / te confirmo más tarde /
  te confirmo la próxima semana / te confirmo en estos días / al rato te digo / luego te aviso /
  en la semana te confirmo / más adelante confirmo / despues confirmo / te aviso / en cuanto sepa te aviso /
  les aviso pronto / lo voy a pensar / lo platico con mi esposo / tengo que ver / tengo que pedir permiso /
  voy a ver si puedo / voy a intentar ir / haré lo posible por ir / intentaré ir / trataremos de ir / ojalá pueda /
  espero poder ir / espero que sí / quiero ir pero no sé si pueda / si me dan permiso voy / si consigo niñera voy /
  si no llueve voy / si alcanzo llego / si no pasa nada ahí estaré / mitad y mitad / yo creo que sí /
  creo que sí voy / creo que no podré / no creo poder / lo dudo / está en duda / sigo sin saber / por confirmar /
  maybe yes / not sure / I will let you know / let me check my schedule / I think so / hope so / 🤷‍♀️ /
  buenas déjame checar con mi esposo y te confirmo / gracias, lo checo y te confirmo /
  muchas gracias yo te confirmo / ok luego te digo / sale te confirmo luego / sí, te confirmo mañana /
  claro, déjame checar / claro te confirmo después / dame chance de ver / dame unos días / necesito ver /
  lo platicamos y te digo / platico con mi esposo y te aviso / ahorita pregunto / ahorita reviso y te digo / yo veo /
  ya te digo / ya te aviso / les confirmaré / confirmaré más adelante / confirmaremos después /
  te estaré confirmando / en breve confirmo / más tarde te confirmo / esta semana te confirmo / el lunes te digo /
  cuando sepa te digo / si me dan vacaciones voy / si se puede voy / si me recupero voy / si estoy por ahí caigo /
  si no tengo guardia voy / si mi esposo puede vamos / si los niños están bien vamos / si el clima lo permite /
  si todo va bien vamos / a menos que trabaje ahí estaré / a lo mejor caigo / quizás llegue / tal vez si /
  yo creo que si voy / yo digo que sí / imagino que sí / pienso que sí / tengo planeado ir / quiero ir /
  sí quiero ir / ojalá / si dios quiere / quién sabe / sabe / no tengo idea aún / no te puedo decir todavía /
  no puedo prometer / no puedo decirte aún / no lo he decidido / no estamos seguros de poder ir / no sé qué decirte /
  no sé si me den permiso / es casi seguro / casi seguro voy / lo más probable es que sí / probablemente no /
  difícil / lo veo complicado / still not sure / will confirm later / will let you know soon / we hope to make it /
  I'd like to but not sure / probably not / it is possible
`)

test(`${YES.length} ways to say yes are accepted with their party size`, () => {
  const wrong = []
  for (const one of YES) {
    const [text, size] = one.split(' = ')
    const read = readReply(text!)
    if (decidedOf(text!) !== 'yes' || read.partySize !== (size ? Number(size) : null)) wrong.push({ text, ...read })
  }

  assert.deepEqual(wrong, [])
})

test(`${NO.length} ways to say no are accepted`, () => {
  const wrong = NO.filter((text) => decidedOf(text) !== 'no')

  assert.deepEqual(wrong, [])
})

test(`${NEITHER.length + NOT_NOW.length} texts without a plain answer are neither yes nor no`, () => {
  const wrong = [...NEITHER, ...NOT_NOW].filter((text) => ['yes', 'no'].includes(decidedOf(text) ?? ''))

  assert.deepEqual(wrong, [])
})

/** Words around an answer that cancel it, or make it somebody else's. */
const UNDONE = [
  ...['no …', 'ya no …', 'todavía no …', 'nunca …', 'tal vez …', 'ojalá …', '… si me dan permiso', '…?', '…, a ver'],
  ...['mi esposo dice que …', 'dile a Ana que …', 'quisiera saber si …', '… pero no sé', '…, mi esposo no', 'luego …'],
  ...['si me dan permiso …', 'en caso de que …', '… a menos que trabaje', 'ni loco …', '…, no', '… creo', 'el lunes …'],
]
for (const around of UNDONE) {
  test(`«${around}» around a yes is not a yes`, () => {
    const texts = YES.map((one) => around.replace('…', one.split(' = ')[0]!))

    assert.deepEqual(
      texts.filter((text) => decidedOf(text) === 'yes'),
      [],
    )
  })
}

for (const around of [
  'si … te aviso',
  '…?',
  'tal vez …',
  'mi hermano dice que …',
  'no voy a …',
  '… pero mi esposa sí',
  'y si …',
  '…, sí voy',
]) {
  test(`«${around}» around a no is not a no`, () => {
    const texts = NO.map((text) => around.replace('…', text))

    assert.deepEqual(
      texts.filter((text) => decidedOf(text) === 'no'),
      [],
    )
  })
}

test('a short text that may contain an answer is unclear, so the guest is asked', () => {
  const texts = listOf(
    `no boy / si llego / ahy estare / se me complica / tengo otro compromiso / será para la próxima
    paso / quítame de la lista de invitados / 💯 / 🙋`.replaceAll('\n', ' / '),
  )

  assert.deepEqual(
    texts.filter((text) => readReply(text).rule !== 'unclear'),
    [],
  )
})
