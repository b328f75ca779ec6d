/** The texts of the invitation page, in Mexican Spanish and in English. */
export type Locale = 'es-MX' | 'en'
export type Notice =
  | 'capacity_reached'
  | 'places_exceeded'
  | 'event_not_open'
  | 'event_cancelled'
  | 'companions_exceeded'
  | 'already_confirmed'
  | 'rsvp_closed'
  | 'guest_already_admitted'
type Message = { title: string; text: string }

type Words = {
  eyebrow: string
  preview: string
  dear: string
  when: string
  where: string
  map: string
  calendar: string
  dressCode: string
  gifts: string
  question: string
  party: string
  companion: (n: number) => string
  yes: string
  no: string
  maybe: string
  change: string
  qr: string
  pass: string
  thanks: string
  thanksForComing: string
  over: string
  answerBy: string
  answersClosed: string
  join: string
  waiting: (places: number) => string
  cancelled: string
  cancelledText: string
  given: Record<'no' | 'maybe', string>
  yesGiven: (places: number) => string
  people: (count: number) => string
  notices: Record<Notice, string>
  messages: Record<'unknown' | 'expired' | 'revoked' | 'later' | 'unreadable', Message>
}

export const WORDS: Record<Locale, Words> = {
  'es-MX': {
    eyebrow: 'Tienes una invitación',
    preview: 'Un sobre con un corazón',
    dear: 'Para',
    when: 'Cuándo',
    where: 'Dónde',
    map: 'Ver en el mapa',
    calendar: 'Agregar al calendario',
    dressCode: 'Vestimenta',
    gifts: 'Regalos',
    question: '¿Nos acompañas?',
    party: '¿Cuántos vienen?',
    companion: (n) => `Nombre de tu acompañante ${n} (opcional)`,
    yes: 'Sí, ahí estaré',
    no: 'No podré ir',
    maybe: 'Aún no sé',
    change: 'Cambiar mi respuesta',
    qr: 'Código QR de entrada',
    pass: 'Muestra este código en la entrada.',
    thanks: '¡Gracias!',
    thanksForComing: 'Gracias por acompañarnos en este día.',
    over: 'El evento ya terminó y no recibe más respuestas.',
    answerBy: 'Responde a más tardar el',
    answersClosed: 'Ya no se reciben respuestas. La fecha límite fue el',
    join: 'Apuntarme a la lista de espera',
    waiting: (places) =>
      `Estás en la lista de espera (${places === 1 ? '1 lugar' : `${places} lugares`}). Si se libera, confirmamos tu asistencia y te avisamos.`,
    cancelled: 'El evento se canceló',
    cancelledText: 'Si tienes dudas, escribe a quien te invitó.',
    given: { no: 'Lamentamos que no puedas venir.', maybe: 'Quedamos pendientes de tu confirmación.' },
    yesGiven: (places) => (places === 1 ? 'Asistencia confirmada' : `Asistencia confirmada para ${places} personas`),
    people: (count) => (count === 1 ? '1 persona' : `${count} personas`),
    notices: {
      capacity_reached: 'Ya no hay lugares suficientes. Tu respuesta anterior sigue igual.',
      places_exceeded: 'Tu invitación es para menos personas.',
      event_not_open: 'El evento ya no recibe respuestas.',
      already_confirmed: 'Tu asistencia ya está confirmada.',
      companions_exceeded: 'Escribiste más nombres que personas que vienen.',
      rsvp_closed: 'Ya pasó la fecha límite para responder. Tu respuesta anterior sigue igual.',
      event_cancelled: 'El evento se canceló y no recibe respuestas.',
      guest_already_admitted: 'Ya hay personas de esta invitación dentro del evento.',
    },
    messages: {
      unreadable: {
        title: 'No entendimos tu respuesta',
        text: 'Vuelve a la invitación y elige una de las respuestas.',
      },
      unknown: {
        title: 'No encontramos esta invitación',
        text: 'Revisa que el enlace esté completo o pide uno nuevo a quien te invitó.',
      },
      revoked: {
        title: 'Esta invitación ya no es válida',
        text: 'Si crees que es un error, pregunta a quien te invitó.',
      },
      expired: { title: 'Esta invitación ya venció', text: 'El evento terminó hace tiempo. ¡Gracias por tu visita!' },
      later: { title: 'Demasiados intentos', text: 'Espera un minuto y vuelve a abrir tu enlace.' },
    },
  },
  en: {
    eyebrow: 'You are invited',
    preview: 'An envelope with a heart',
    dear: 'For',
    when: 'When',
    where: 'Where',
    map: 'See the map',
    calendar: 'Add to calendar',
    dressCode: 'Dress code',
    gifts: 'Gifts',
    question: 'Will you join us?',
    party: 'How many are coming?',
    companion: (n) => `Name of companion ${n} (optional)`,
    yes: 'Yes, I will be there',
    no: 'I cannot come',
    maybe: 'Not sure yet',
    change: 'Change my answer',
    qr: 'QR code for the entrance',
    pass: 'Show this code at the entrance.',
    thanks: 'Thank you!',
    thanksForComing: 'Thank you for sharing this day with us.',
    over: 'The event is over and takes no more answers.',
    answerBy: 'Please answer by',
    answersClosed: 'Answers are closed. The last day was',
    join: 'Join the waiting list',
    waiting: (places) =>
      `You are on the waiting list (${places === 1 ? '1 place' : `${places} places`}). When it is your turn, we confirm you and tell you.`,
    cancelled: 'The event is cancelled',
    cancelledText: 'If you have questions, please write to your host.',
    given: { no: 'We are sorry that you cannot come.', maybe: 'We are looking forward to your answer.' },
    yesGiven: (places) => (places === 1 ? 'You are coming' : `You are coming, ${places} people`),
    people: (count) => (count === 1 ? '1 person' : `${count} people`),
    notices: {
      capacity_reached: 'There are not enough places left. Your earlier answer stays as it was.',
      places_exceeded: 'Your invitation is for fewer people.',
      event_not_open: 'The event takes no more answers.',
      already_confirmed: 'You are confirmed already.',
      companions_exceeded: 'You named more companions than people who come.',
      rsvp_closed: 'The time to answer is over. Your earlier answer stays as it was.',
      event_cancelled: 'The event is cancelled and takes no answers.',
      guest_already_admitted: 'People of this invitation are inside already.',
    },
    messages: {
      unreadable: {
        title: 'We did not understand your answer',
        text: 'Go back to the invitation and choose one of the answers.',
      },
      unknown: {
        title: 'We cannot find this invitation',
        text: 'Check that the link is complete, or ask your host for a new one.',
      },
      revoked: {
        title: 'This invitation is no longer valid',
        text: 'If you think that this is a mistake, ask whoever invited you.',
      },
      expired: {
        title: 'This invitation has expired',
        text: 'The event ended some time ago. Thank you for your visit!',
      },
      later: { title: 'Too many attempts', text: 'Wait a minute and open your link again.' },
    },
  },
}
