/** Named parts of phrases. patterns.ts explains the language. */

export const SLOTS: Record<string, string> = {
  the: 'la|el|los|las|tu|tus|su|sus|esta|este|nuestra|the|your',
  /** The whole event. A guest who skips the mass may still come to the party, so mass and ceremony are no event. */
  event: `boda|bodas|fiesta|evento|celebracion|cumpleanos|cumple|xv|xv anos|quince|quince anos|quinces|bautizo|
    graduacion|gala|cena|cena de gala|posada|aniversario|festejo|reunion|jubilacion|pachanga|primera comunion|baby
    shower|enlace|wedding|party|event|big day|quince anera|invitacion|acontecimiento|gran dia|ocasion|momento|
    convivio|comida|cena de fin de ano`,
  of: `de {name} [y|e] {name?} {name?}|de (mi|tu|su|la|el|mis|sus) {relative} {name?}|de la nina|de los novios|
    civil`,
  toEvent: `(a|al|en|para|to) {the?} [tan|gran|magno] [bell~|hermos~|lind~|importante|especial] {event} [tan
    (especial|importante|bonit~)] {of?}`,
  there: '(ahi|alli|alla|hay|ay|ai|hai|haya|aya|there)',
  sadly: 'lamentablemente|desafortunadamente|desgraciadamente|tristemente|infortunadamente|por desgracia',
  month: 'enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre',
  weekday: 'viernes|sabado|domingo|finde|fin|fin de semana',
  day: `[para|en] (ese|este) [mismo] (dia|finde|fin|fin de semana|sabado|domingo|viernes) [tan (especial|importante)]|
    [para|en] (esa|esta|esas) (fecha|fechas|semana|ocasion|vez)|ese dia|[para] el {weekday}|[para] el {number} [de
    {month}]|el dia (de {the} {event}|{number})|(esta|por esta) (vez|ocasion)|en la fecha|este ano|[on] the
    {number}|that (day|weekend|date|week)|this (time|year|weekend)`,
  when: `el (lunes|martes|miercoles|jueves|viernes|sabado|domingo|fin)|la (proxima semana|semana que entra|otra
    semana|siguiente semana)|en (estos dias|la semana|la noche|la tarde|unos dias)|entre semana|esta (semana|noche|
    tarde)|estos dias|hoy|hoy en la noche`,
  acompanar: 'acompanar|acompanarlos|acompanarlas|acompanarte|acompanarles|acompanarle|acompanarlo|acompanarla',
  go: `[poder] (ir|asistir|llegar|acudir|viajar|presentarme|presentarnos|{acompanar}|estar ({there}|presente|presentes|con (ustedes|nosotros)|contigo)|asistirles|go|come|attend|make it|be there|come to {the} {event}|join|join you) [con (ustedes|nosotros)|contigo]`,
  /** Forms of address. */
  vocative: `amig~|amiguita|amiguis|amix|amiwi|querid~|wey|guey|we|bro|brother|broder|carnal|carnala|compa|compadre|
    compadrito|comadre|comadrita|man~|manit~|herman~|hermanit~|carnalit~|prim~|primit~|ti~|tiit~|mij~|mijit~|hij~|
    hijit~|hijitit~|cunadit~|madrina|padrino|senor|senora|senorita|jefe|jefa|maestr~|profe|profesor|profesora|
    hermos~|preciosa|guap~|chul~|linda|bonita|nena|nene|bb|bebe|joven|don|dona|licenciad~|lic|licenciado|ing|
    ingeniero|doctor|doctora|dr|dra|arq|padre|vato|plebes|raza|banda|pariente|viejo|vieja|flaca|gorda|tocayo|vecin~|
    cunad~|suegra|mujer|corazon|cielo|queen|king|cabron|cabrona|sis|hun|babe|girlie|patron|viejon|apa|ama|abue|
    abuelita|abuelito|suegrita|mi todo|reina|bella|girl|guys|fam|cousin|man|dude|maam|sir|auntie|{dear}`,
  dear: `mi (amor|vida|cielo| reina|rey|nina|nino|hermosa|chula|reyna|ciela|comadre|compadre|hermano|hermana|estimad~)`,
  relative: `espos~|novi~|pareja|marido|mujer|senora|mama|papa|madre|padre|herman~|hij~|nin~|amig~|prim~|suegr~|ti~|
    acompanante|prometid~|abuel~|abuelit~|compadre|comadre|cunad~|sobrin~|niet~|chav~|viej~|jef~|mejor amig~|morr~|
    flac~|gord~|esposit~|novi~|wifey|hubby|nuera|yerno|wife|husband|partner|girlfriend|boyfriend|fiance|fiancee|
    mother|mom|father|dad|sister|brother|son|daughter|friend|grandma|cousin|aunt|uncle`,
  kin: '(mi|my|tu|su|un|una|la|el|our) {relative}',
  people: `persona|personas|adulto|adultos|invitado|invitados|lugar|lugares|boleto|boletos|pase|pases|asistentes|
    gente|gentes|de nosotros|people|guest|guests|person|persons|adult|adults|of us|seat|seats|ticket|tickets|spots|
    espacios|sillas`,
  children: `nino|ninos|nina|ninas|menor|menores|chicos|chiquitos|peques|hijo|hija|hijos|hijas|bebe|bebes|kid|kids|
    children|child|baby`,
  much: 'mucho|muchisimo|todo|gran|muchisisimo|sumo|enorme',
  gusto: '[(con|muy|de)] {much?} (gusto|placer|agrado|carino|alegria)',
  thanksFor: `por (invitarme|invitarnos|invitar|la invitacion|tu invitacion|su invitacion|esta invitacion|todo|avisar|
    considerarme|considerarnos|pensar en (mi|nosotros)|tomarme en cuenta|tomarnos en cuenta|la atencion|su atencion|el
    detalle|su amable invitacion|la deferencia|comprender|la comprension|su comprension|acordarse de (mi|nosotros)|
    hacernos parte|compartir|el aviso|escribir|preguntar) [tan (bonit~|lind~|hermos~|especial)]`,
  /** Verbs that announce people. */
  verb: `vamos [a (ir|ser|asistir|estar|llegar)]|somos|seremos|seriamos|iriamos|iremos|ire|asistiremos|asistire|
    asistimos|asisto|confirmad~|confirmamos|confirmo|confirmar|confirm|confirming|estaremos|estamos|voy [a (ir|
    asistir)]|we are|were|well be|we will be|there (are|will be)|ill be|i will be|im|jalamos|caemos|llegamos|
    llegaremos|caigo|ocupo|ocupamos|necesitamos|necesito|ocuparemos|usaremos|serian`,
  relatives: `{kin}|(mis|my|our|nuestros|los) {number} [otr~] (hijos|hijas|ninos|ninas|hermanos|hermanas|amigos|
    amigas|kids|children|sons|daughters|friends|nenes|peques|nietos|chamacos)|mis (papas|padres|suegros|abuelos)`,
  and: '[,] (y|e|and|mas|con)|,',
  goesAlone: `voy [a (ir|asistir)]|ire|asistire|asisto|estare|llego|llegare|confirmo|vengo|ill be there|im coming|
    coming`,
  yes: 'si|sii|sip|claro|claro que si|simon|yes|yep|yeah|yup|sure|ok confirmo',
  /** Words between the verb and the number. */
  few: 'los|las|mis|nuestros|the|solo|solamente|nomas|solos|un total de|por|para|a|con|nosotr~|como|all|party of|de',
}
