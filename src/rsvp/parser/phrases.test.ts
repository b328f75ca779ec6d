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
  Si confirmo, disculpa la demora en contestar / Perdón por contestar hasta ahorita, sí voy / Simon ahi nos topamos /
  Acepto con gusto la invitación / RSVP yes for the Garcia family / Happy to accept, thank you so much for having us /
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
  familia López confirma 4 = 4 / usaremos los 4 lugares = 4 / we r 2 = 2 /
  Hola Sofi! Claro que ahí estaremos, ya contamos los días para verte de blanco /
  Muchas gracias por la invitación, con mucho gusto asistiremos mi esposa y yo = 2 /
  Confirmo asistencia, saludos y bendiciones para toda la familia / Confirmado, seremos 3 personas = 3 /
  Ahí estaremos con el favor de Dios, felicidades a los novios / Hola buenas tardes, confirmamos 4 adultos = 4 /
  Sí asistiremos, 2 personas por favor = 2 / Qué emoción!!! Por supuesto que voy /
  sí amiga ahí estaré sin falta, te quiero mucho / voy con mi novio = 2 / va, ahí nos vemos el sábado /
  claro, cuenta conmigo para festejarte / Confirmo para 5: mi esposo, mis tres hijos y yo = 5 /
  Buenos días señora Martha, le confirmo que sí asistiremos a la boda de su hija /
  Con gusto los acompañaremos en su día / De parte de la familia Herrera confirmamos asistencia /
  Yes we will be there! So excited! / Count me in!! Can't wait to see you guys /
  Thank you so much for the invitation, I'll definitely be there /
  Acepto la invitación con mucho gusto, gracias por considerarme / Simón, ahí caigo con la banda /
  Los dos confirmados, gracias = 2 / Ahí estaremos acompañándolos en ese día tan especial / Sí voy jeje gracias /
  Gracias por tomarnos en cuenta, claro que vamos / Nos vemos ahí, besos /
  Será un placer acompañarlos, cuenten con nosotros / Vamos 6, 4 adultos y 2 niños = 6 /
  Por supuesto, no me lo perdería / Estaremos presentes, muchas felicidades / Si gracias ahí estaremos puntuales /
  Encantados de acompañarlos en este día tan importante para ustedes / listo confirmado / Ahí te veo hermana /
  Confirmo mi asistencia, iré sola = 1 / Seremos dos, mi hermana y yo = 2 / Ya quedó agendado, sí vamos /
  yo si le caigo compa / Un honor que nos inviten, ahí estaremos /
  Felicidades por la graduación de tu hija, claro que los acompañamos /
  Hermanita preciosa claro que ahí voy a estar apoyándote / Tu tío y yo con gusto te acompañamos mija = 2 /
  Buenas, aquí la familia Domínguez confirmando / Qué alegría saber de ustedes, los acompañaremos con mucho cariño /
  somos cuatro de familia, todos vamos = 4 / Claro que sí maestra, es un honor / yo feliz de ir /
  Por supuesto, estaremos muy contentos de compartir su felicidad / Sí, dos adultos = 2 /
  Vamos a ser 3 de mi casa = 3 / Sí con todo el corazón / De mil amores / con el alma, ahí estoy /
  Encantadísima, no falto / Por nada me lo perdería, ahí nos vemos / va carnalito ahí te alcanzo /
  Muy bien, cuenten con nuestra asistencia / Le confirmo 2 lugares don Pedro = 2 / confirmo solo un lugar = 1 /
  seguro voy / Sí voy a poder acompañarte amiga / al final sí podré ir, qué emoción / Sí estaremos, Dios primero /
  Es un sí rotundo / Sí sí sí! ahí estaré / Con gusto estaremos presentes en tan bello acontecimiento /
  Agradecidos por la distinción, asistiremos / vamos yo y mi morra = 2 / voy con mi vieja = 2 /
  sí me apunto para el bautizo / Ok, apúntenos por favor / Reconfirmo asistencia / Todo listo, ahí los vemos /
  Nosotros ya estamos listos para el gran día / mis dos hijos y yo asistimos con gusto = 3 /
  we'll definitely make the trip, see you soon / Absolutely! Wouldn't miss your big day /
  Yes! It'll be me and my wife = 2 / Please count 4 of us = 4 / I'd be honored to attend / Happy to confirm! /
  Accepts with pleasure / 2 of us will be attending = 2 / Already requested the day off, I'll be there /
  yess girl wouldn't miss it 4 the world / obvio voy babes / Hola! Asistiremos dos personas, muchas gracias = 2 /
  Con mucho cariño confirmamos nuestra asistencia al evento / Claro, ya tengo listo mi traje, ahí nos vemos /
  Confirmo tres asistentes = 3 / Asistimos mi esposo y yo, saludos = 2 / si vamos a ir primo, aparta mesa /
  Sí gracias por la invitación / Sí amiga, gracias / Por supuesto, gracias por la invitación /
  Claro que sí, con gusto / sí, nos vemos allá / Sí, estamos confirmados /
  Gracias! Confirmamos asistencia familia Rivas / Hola, confirmo 2 personas, Laura y Miguel = 2 /
  2 adultos por favor, sí asistimos = 2 / Sí, cuenta con mi asistencia /
  Asistiré, muchísimas gracias por la invitación / Sí claro que asistiré, un abrazo a los novios /
  Hola buen día, sí iremos, gracias / Muchas gracias por la invitación. Sí asistiremos. Saludos. /
  Hola Ana, sí voy, ¡qué emoción! / Sí vamos, muero de ganas de verlos / Ahí estaremos, ya reservamos el hotel /
  Confirmo, ya compré mi vuelo / sí voy a estar ahí contigo amiga / Claro que estaremos ahí /
  No podría faltar a tu boda / no puedo faltar / cómo voy a faltar, ahí estaré / Jamás faltaría /
  Sin duda estaré ahí / Por supuesto estaré / Estaremos con mucho gusto / Ahí estaremos si Dios nos presta vida /
  Dios mediante iremos / Sí queremos ir, confirmamos / Me encantaría! Confirmo / Nos encantará acompañarlos /
  Me encantará estar ahí / estaré gustosa de acompañarte / Acepto tu invitación con alegría /
  ¡Claro que vamos a celebrar con ustedes! / Va a ser un gusto estar con ustedes / Sí, somos 4 los que iremos = 4 /
  Sí, 2 lugares por favor = 2 / dos lugares porfavor, sí asistiremos = 2 / Yes, attending /
  Yes! I'm so excited for you / I'm coming!! / We are coming for sure / Will be there with pleasure /
  Definitely! Can't wait to celebrate / Yes, thank you so much for inviting us / I'll attend / Yes, 1 person = 1 /
  Yes I confirm my attendance / 100% ahí estaré / Obvio sí / obvio que si wey / Ya sabes que sí / Sí hermosa /
  Simón wey / sí güey ahí ando / Confirmado mi rey / Con gusto compadre / Yo confirmo 🙋🏻 / Confirmado ✅ gracias /
  Hola Mariana, muchas gracias por invitarnos. Confirmamos nuestra asistencia. Un abrazo. /
  Buenas tardes! Asistiremos 3: mis papás y yo = 3 / Claro que sí hermana, ahí estaremos contigo /
  Con mucho gusto ahí estaremos, gracias por considerarnos / Confirmo mi asistencia, será un gusto verlos /
  Hola, sí vamos los dos, gracias! = 2 / Siiii qué emoción, no me lo pierdo / si voy amiga, te veo allá /
  Por supuesto mi Lupita, ahí estaremos acompañándote / Muchas gracias, seremos 4 adultos = 4 /
  Confirmado mi esposa y yo = 2 / A sus órdenes, ahí estaré puntual /
  Ya estamos listos para celebrar con ustedes, confirmados /
  Hola buen día confirmo asistencia para dos personas por favor = 2 / ahi nos vemos bro /
  vamos 5 de la familia Nava = 5 / Yes! We can't wait to celebrate with y'all / Hi! Yes, 2 of us are coming = 2 /
  Thank you for the invitation! I will be attending / Me da mucho gusto, claro que asistiré /
  Agradezco la invitación y confirmo mi presencia / sí iré con todo gusto / Listo, ya confirmé, ahí estaremos /
  Sí compadre, cuente con nosotros, ahí llegamos / simon vato ahi caigo con la familia /
  Estimada Fernanda, agradezco la invitación y confirmo que asistiré con gusto /
  Buenas noches, de nuestra parte confirmamos tres lugares = 3 / siii amigaaa obvio que voy a tu boda!!! te amo /
  claro que vamos mi viejo y yo, ahí nos vemos comadre = 2 / Sí muchas gracias por la invitación, ahí estaremos /
  Ahí estaremos, no podemos faltar a ese gran día / Con mucho gusto estaremos acompañándolos, bendiciones /
  Asistiremos los 4, mil gracias por tomarnos en cuenta = 4 / sí confirmo, nos vemos el sábado /
  Hola doña Lupe, sí voy, gracias por acordarse de mí / Listos para la fiesta, ahí estaremos /
  me encanta la idea, sí voy / Súper, cuenten con nosotros / Hola, confirmo lugar para mí y mi novia = 2 /
  No me lo pierdo por nada. Abrazos / sipi, ahi nos vemos / Yes of course, see you all there! /
  We'll be there, all 3 of us = 3 / I accept your invitation with great joy / Confirmo que voy /
  Claro!! ya quiero que llegue ese día / Ok perfecto, sí vamos /
  Gracias por la invitación, confirmada mi asistencia / Sí, asistiremos mi mamá y yo. Gracias = 2 /
  sí, por favor anótame / Muy honrada con su invitación, asistiré / obvio ahi estare mi hermanito
`)
const NO = listOf(`
  Lamentablemente no vamos a poder ir / Desafortunadamente no podremos asistir / desgraciadamente no voy a poder /
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
  I'll have to pass / RSVP no /
  No podré asistir porque tengo que trabajar ese día /
  Lamento mucho no poder acompañarlos, estaré fuera de la ciudad /
  Muchas gracias pero no voy a poder ir, tengo un compromiso familiar /
  Hola, una disculpa pero no asistiremos, mi hija está enferma / no voy a poder amiga, salgo de viaje el viernes /
  Desgraciadamente ese fin de semana tenemos otro evento / Nos encantaría pero ya tenemos planes /
  Sorry but I won't be able to attend, I'll be out of town /
  I can't make it this time, congratulations to both of you / Ay no, ese día tengo examen profesional, no puedo /
  Por motivos de salud no me será posible acompañarlos / no creo que pueda ir, mejor no me cuentes /
  Gracias por la invitación, lamentablemente no podré estar presente / Esta vez no podremos, les deseamos lo mejor /
  No contamos con el presupuesto para viajar, no iremos / nel wey, me toca chambear /
  Me da mucha pena cancelar pero no podré ir / Con pena le informo que no podremos acompañarlos /
  No podemos, vivimos muy lejos / mi abuelita falleció y no podremos asistir /
  Estamos fuera de México, imposible llegar / Perdón, no puedo, ya tenía algo /
  Ese día es la primera comunión de mi sobrina, no podré / no iremos, muchas gracias /
  Declinamos su amable invitación / No me es posible, saludos / tengo que cancelar, me enfermé /
  Ya no podremos ir, se nos presentó un problema familiar /
  no nos será posible estar con ustedes pero les deseamos un matrimonio lleno de amor /
  Fíjate comadre que no vamos a poder acompañarlos, mi viejo anda malo /
  Me apena mucho pero tengo que declinar, ya había comprado un viaje /
  No me alcanza para el vuelo, será en otra ocasión / con todo respeto declino la invitación /
  Quisiera poder ir pero trabajo los sábados / No podré, me acaban de operar / no iré pero te mando un regalito /
  Nos es imposible viajar en esas fechas / ando corto de lana no voy a poder / no la libro, tengo guardia /
  Hola tía, ese día presento mi examen, no voy a poder ir :( / It breaks my heart but I can't be there /
  We have to decline, thank you for thinking of us / No puedo ir, estoy castigada jaja /
  por esta ocasión tendremos que declinar, saludos / Saldremos de la ciudad, no podremos asistir /
  No va a poder ser, me toca viajar por trabajo / ya tenemos boletos para un concierto, no iremos /
  Se me hizo bolas la agenda, no llego / Ay perdón amiga, justo ese día bautizan a mi sobrino /
  Hola, lamentablemente no podremos ir, tenemos un viaje programado para esas fechas /
  No puedo asistir, gracias por la invitación /
  Una disculpa pero ese día no podré, tengo evento en la escuela de mi hija / no voy a ir, gracias /
  Ay amiga qué crees, que ese día me toca trabajar y no me dieron permiso /
  Les agradezco mucho pero por cuestiones de salud de mi mamá no podremos acompañarlos /
  No podré estar, les mando un abrazo enorme / Me encantaría pero estoy en España estudiando /
  Muchas felicidades! Por desgracia no voy a poder asistir / No podemos asistir, mil gracias /
  Sorry, we can't attend. Best wishes! / Unfortunately I have another commitment that day /
  I'm not able to make it, thank you though / Cancelo mi lugar, me salió un viaje de trabajo /
  ya no voy a poder ir, perdón por avisar tarde / nel no puedo wey ando en la chamba ese dia /
  No alcanzo a llegar, salgo tarde del trabajo / Tuve un accidente y estoy en recuperación, no podré ir /
  mis hijos tienen clases, no iremos / no podre primo, estoy bien enfermo /
  Gracias por la invitación pero nos es imposible asistir / No podremos ir, disculpen /
  Qué pena pero no voy a poder acompañarte, estoy de viaje esa semana /
  Lo lamento, no podré acompañarlos en esta ocasión tan especial / Ando bien enferma comadre, no voy a poder ir /
  ese fin de semana me voy a la playa con mi familia, no puedo / Perdón por no poder asistir, les deseo lo mejor /
  No asistiré por motivos laborales / Tengo que declinar, pero les mando mi cariño /
  no puedo, tengo que cuidar a mis sobrinos / I would love to but unfortunately I can't make it /
  Nope, can't go, sorry bro / Por ahora no podré acompañarlos / Mi esposo y yo no podremos asistir, saludos /
  No vamos a poder, se enfermó mi papá / ya no voy, me salió chamba /
  me hubiera encantado pero vivo en Canadá y no puedo viajar / Se los agradezco pero no, gracias
`)
/** Acknowledgements, filler words, questions, other people's answers, other topics, fragments, jokes. */
const NEITHER = listOf(`
  No soy Carlos / No soy yo / Sí soy / Sí recibí la invitación, gracias / Sí ya vi / Sí la vi / Sí, la recibí / No la conozco /
  No, gracias a ti / No, gracias a ustedes / Necesito 2 boletos más / Me faltan 2 pases / I don't know you / I don't know him /
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
  no way you are getting married / nice / perfect /
  ¿A qué hora empieza la ceremonia? / Hola, ¿puedo llevar a mi mamá? / Muchas gracias!! Qué bonita invitación /
  Yo sí voy pero mi esposo tiene que trabajar / Mi hermana dice que sí va a ir con sus hijos /
  Quién es? no tengo guardado este número / Creo que te equivocaste, no soy Daniela /
  Solo iré a la ceremonia, no a la fiesta / ¿Dónde puedo comprar el regalo? /
  Mi papá no va a poder ir, yo te confirmo lo mío / No me deja abrir el link / Si me consigues hospedaje voy /
  Voy solo si va Mariana / Iría pero no tengo con quién dejar al bebé, ¿puedo llevarlo? /
  Felicidades!! no lo puedo creer / jaja qué risa la foto / no puedo entrar a la página, me marca error /
  Ya confirmé por teléfono con tu mamá / los niños también están invitados? / te puedo confirmar la próxima semana? /
  vamos a estar en contacto / hoy no puedo hablar, mañana te marco / Sí me llegó, está hermosa! /
  quién más de la prepa va a ir? / que siempre no va a ir mi tía / me avisas si se cancela /
  no voy a poder llegar a la misa pero al salón sí / vamos si nos prestan la camioneta /
  no se si ya te confirmaron los Robles / Qué padre, mi mamá va a estar feliz / no sabía que se casaba /
  Sí, pero avísale a mi hermano primero / Voy a consultarlo con la almohada / claro que sí se puede estacionar ahí /
  ¿confirmo por aquí o en la página? / ya vi que es en Cuernavaca / No encuentro el salón en el mapa /
  perdón, estaba manejando / ella va a ir con su nuevo novio / voy a salir con mis amigas /
  mi hijo no va a la escuela mañana / no, el vestido es azul / sí, es en la hacienda / vamos a necesitar más sillas /
  no puedo con este calor / ahí estaba tu ex también / confirmo que ya transferí /
  somos 5 en mi mesa, quiénes son los otros? / yo llego a Guadalajara el viernes / el que no va a poder es Luis /
  si van todos voy / no me esperes despierta / sí llegó el paquete / I'll be there for the ceremony only /
  no plus ones? / my flight lands at 6 / she's not coming anymore / we can't wait to meet the baby /
  I can't make the rehearsal dinner / Sí vi la invitación, luego te digo / Sí pero no sé si mi esposo /
  Claro, el viernes te paso a ver / Con gusto, mándame los datos / ya voy, espérame / Ahí nos vemos en la oficina /
  voy a tu casa en la tarde / Sí te escucho / Sí comprendo / si funciona / sí recuerdo / si jala el link /
  ahí estaré afuera esperándote con el pastel / Confirmo que llegó el mariachi / Ya está confirmado el salón /
  claro que es cierto / sí alcancé a verlo / voy tarde al trabajo / vamos ganando / sí lo vi / sí, mañana /
  sí, 5 minutos / sí, a las 8 / 3 meses / ya me anoté en el gym / confirmo mi cita de mañana /
  Asistiré a la junta del lunes / acepto los términos / me apunto para la rifa /
  Sí vamos a la boda civil pero no a la fiesta / mi esposo sí va, yo tengo guardia /
  confirmo por mi mamá: ella sí va / mis hermanos confirman, yo no sé / no puedo abrir el pdf, me sale en blanco /
  no puedo ver la foto que mandaste / No voy a poder recoger las invitaciones hoy / no puedo ir por ti mañana /
  no puedo ir por el vestido hoy, ¿vas tú? / no podré ir al ensayo del jueves / no alcanzo a llegar a la junta /
  no voy a la despedida de soltera / sí voy a la despedida! / ahí estaré en la despedida de soltera /
  Confirmo el menú vegetariano / Confirmo que la dirección es correcta / Confirmo mi correo: ana@mail.com /
  confirmo lo de las flores / Asistiré a tu oficina mañana / vamos a ir al cine, vienes? /
  vamos a ir por los trajes el sábado / voy a ir al doctor / ya no puedo más con esta boda jaja /
  no puedo con tanto trabajo / tengo boda de mi prima ese mismo día, qué coincidencia /
  qué lástima que llueve ese día / qué pena, se descompuso mi cel y no vi tus mensajes /
  perdón, estoy trabajando, al rato leo / disculpa, estoy manejando / Lo siento mucho, estoy ocupada, te marco /
  una disculpa, estoy en una junta / sorry I'm driving / sorry, I'm at work, call you later /
  perdón la demora, ando de viaje, ya te leo bien al rato / lo siento por lo de tu abuelita /
  me encantaría saber dónde compraste el vestido / me gustaría llevar a mi novio /
  me encantaría pero tengo una duda / quisiera saber si hay transporte / quisiera dos lugares más /
  nos gustaría sentarnos juntos / si voy, puedo llevar a mis papás? / si no voy me avisan qué pasó /
  yo te aviso si voy / avísame si vas a ir / claro, nos vemos mañana en el gym / nos vemos el lunes en la escuela /
  nos vemos el sábado en el partido / ahí nos vemos en el banco / voy con mi mamá al doctor /
  vamos mi esposo y yo al banco / somos 4 hermanos / somos dos los organizadores /
  mi esposa y yo cumplimos años ese día / 2 niños y un perro jaja / los 2 están invitados? /
  para 2 personas cuánto es? / te confirmo mañana si somos 4 o 5 / creo que somos 4 / seríamos 4 si va mi hermano /
  vamos 3 o 4 / vamos 2 seguro y 2 tal vez / confirmo 2, los otros 2 luego te digo / no vamos 4, solo 2 /
  Sí, pero sin mi esposo / sí voy, mi hermano no / Voy, si no me toca trabajar / voy a menos que llueva /
  voy nomás si hay barra libre jaja / no voy si va ella / no voy sin mi novio / no iré si no va mi hermana /
  no voy a ir sola / no voy a ir de gala / no vamos a ir todos / no vamos a ir temprano /
  no vamos a quedarnos a la tornaboda / no podremos quedarnos al hotel / no podremos llegar a la misa /
  ya no vamos a usar el salón / ya no voy a esa escuela / cancelo lo del pastel / cancela mi orden /
  quiero cancelar mi suscripción / paso por la invitación / paso el dato a mi mamá /
  No.. espera, déjame checar bien / acepto tarjeta y efectivo / declaro que estoy feliz /
  Presente en espíritu nada más / ahí estaré en espíritu / estaremos con ustedes en pensamiento /
  los acompaño en su dolor / te acompaño en tu pena / cuenta conmigo para la mudanza /
  cuenten conmigo para el pastel, yo lo hago / mi papá cancela, yo no / quién dijo que no voy? / no dije que no iba /
  no es que no quiera ir / no es que no pueda / claro que puedo ayudarte / por supuesto que me enojé /
  siempre sí se hace la fiesta? / siempre no se casó tu prima? / al final no fue Juan /
  I can come to the party if my boss lets me / we're coming from Dallas, which airport is closer /
  I'm going to the gym / I'm coming over now / count me in for the bachelorette / can't come to the phone /
  I won't be there before 9 / we won't be able to make the ceremony but will be at the party /
  my kids can't come but we will / my parents will be there / she said yes!! / yes the address is right /
  no the other Ana / I confirm my email is right / not coming alone, who else is /
  ¿El evento es al aire libre? / Mi esposo confirma mañana, yo sí voy / Muchas gracias por la invitación, qué linda /
  No soy Pedro, está equivocado / Ya llegaron las invitaciones? están hermosas / hay que llevar algo? /
  Mi mamá pregunta si puede ir / Sí, yo soy / ok, lo anoto / no tengo el número de Ana, me lo pasas? /
  Claro, te llamo en un rato / Voy a checar los vuelos / perdón, apenas vi el mensaje / Solo mi hija va a ir /
  puedo confirmar después? / no escucho bien tu audio / Yo llego directo a la fiesta, a la misa no /
  ay no, qué nervios / vamos a estar muy felices por ti / estamos muy contentos por ustedes /
  me hubiera encantado conocerlo / Sí hay lugar para mi primo? / no voy a comer carne /
  voy a llevar a mi perro al veterinario / sí, se lo digo / Claro que me acuerdo de usted /
  Te confirmo que sí llegó el paquete / ahí estaremos viendo qué regalarles jaja / no puedo decirte nada todavía /
  mi esposo dice que vamos / mi hija y mi yerno van / No, mi papá es el que va / hasta el sábado! /
  nos vemos el viernes en el ensayo / yo confirmo el pastel / 4 de julio? / entre semana no puedo /
  los domingos no puedo salir / no puedo los martes / vamos por partes
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
