/** Filler words: they surround an answer without changing its meaning. Patterns over simplified text. */

/** Forms of address. «Mi primo», «con mi tía» and «hija no» do not match: they may be about somebody else. */
const VOCATIVE =
  '(?<!\\b(?:mi|mis|tu|tus|su|sus|el|la|los|las|un|una|con|de|a|y|e) )(?:amig[oa]s?|amigui[a-z]+|querid[oa]s?|wey|guey|bro|carnal|compa|compadre|comadre|man[oa]|manit[oa]|herman[oa]|prim[oa]|ti[oa]|mij[oa]|hij[oa]|madrina|padrino|seno(?:ra|r)|jefe|jefa|maestr[oa]|hermos[oa]|preciosa|guap[oa])(?! (?:si|no)$)'

export const FILLER = new RegExp(
  `\\b(${[
    'hola+',
    'holi',
    'buen(os|as)? (dias?|tardes?|noches?)',
    'buenas',
    'que tal',
    '(muchas|muchisimas|mil)? ?gracias+( por (la|tu|su) invitacion| por (invitar|considerar|tomar|pensar en) ?(me|nos|mi|nosotros)( en cuenta)?| por todo)?',
    '((te|les|se l[oa]s?) )?(agradezco|agradecemos|aprecio)( (mucho|muchisimo))?( (la|tu|su) invitacion)?',
    'porfa(vor)?',
    '(por|x) (favor|fa)',
    'porfis',
    'pl[sz]',
    'ntp',
    'saludos( a todos)?',
    '(les |te )?(mando |mandamos |envio )?(un )?(fuerte )?abrazo(s|te)?',
    '(muchas |muchisimas )?felicidades',
    '(les|te) (deseo|deseamos) lo mejor',
    'bendiciones',
    'que (emocion|padre|gusto|alegria|pena|lastima|triste|mala onda|bonit[oa]|lind[oa]|chid[oa])',
    'primero dios',
    'primeramente dios',
    '(con el )?favor de dios',
    'dios mediante',
    'si dios quiere',
    VOCATIVE,
    'mi (amor|vida|cielo|reina|rey)',
    'pues',
    'pos',
    'bueno',
    'oye',
    'fij(ate|ese) que',
    '(ay|uy|hijole|chale|ash|ups)(?= (ya )?no )',
    'la verdad(?= (ya )?no )',
    'sinceramente',
    'ni modo',
    'al final(?= (ya |siempre )?no )',
    '(en )?esta (ocasion|vez)(?= (ya )?no )',
    'definitivamente(?= (ya )?no )',
    'ja(ja)+j?',
    'besos?',
    'no (manches|mames|inventes|te preocupes|se preocupen|hay (problema|bronca|cuidado|de que))',
    'no (problem|worries)',
    'lo (siento|sentimos|lamento|lamentamos)( mucho)?',
    'me (da|dio) (mucha )?pena',
    'me (apena|disculpo)',
    'en total',
    '(una |mil )?(disculpas?|perdones)',
    'disculpe[ns]?',
    'perdon',
    'lamentablemente',
    'desafortunadamente',
    'desgraciadamente',
    '(muy|super) (feliz|felices|contentos?|contentas?|amables?)',
    'felices(?! de)',
    'encantad[oa]s? de la vida',
    'hi',
    'hello',
    'hey',
    'thanks?( you)?( so much| a lot)?( for (the|your) (invite|invitation)| for inviting (me|us))?',
    'thx',
    'please',
    '(im |we are |so |very )*sorry',
    'im afraid',
    'unfortunately',
    'congrat(s|ulations)',
    'cheers',
    'rsvp',
  ].join('|')})\\b`,
  'g',
)

const AGREED =
  'ok(ay|is)?|va+|vale|sale|orale|arre|sobres|camara|listos?|perfecto|excelente|genial|great|va que va|hecho|no hay falla|sin falla'
/** Acknowledges or agrees; it is ignored next to an answer. */
export const ACKNOWLEDGED = new RegExp(`^(${AGREED}|enterad[oa]|bien|mas un[oa])$`)
/** The same words directly before an answer, without a comma. */
export const AGREED_FIRST = new RegExp(`^(?:${AGREED}) (?=.)`)
