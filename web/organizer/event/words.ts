import { pick } from '../../words/locale.ts'

export const WORDS = pick({
  es: {
    sections: 'Secciones del evento',
    event: 'Evento',
    guests: 'Invitados',
    texts: 'Invitación',
    sends: 'Envíos',
    conversations: 'Conversaciones',
    door: 'Puerta',
    edit: 'Cambiar',
    cancel: 'Cancelar el evento',
    publish: 'Publicar',
    draftNotice:
      'Es un borrador: nadie puede abrir su invitación y no se puede enviar nada. Cuando esté listo, publícalo.',
    cancelledAt: (when: string) =>
      `Se canceló el ${when}. No se envía nada más que el aviso, y la puerta está cerrada.`,
    cancelledFor: (reason: string) => `Motivo, solo para tu equipo: ${reason}`,
    tellGuests: 'Avisar a los invitados',
    paused: 'Los envíos están en pausa.',
    resume: 'Reanudar los envíos',
    pause: 'Pausar los envíos',
    resumed: 'Los envíos siguen.',
    byOrganizer: 'La dirección pausó los envíos de tu cuenta.',
    how: '¿Cuántos vienen?',
    parts: { list: 'Lista', message: 'Último mensaje', answer: 'Respuesta', door: 'Puerta' },
    steps: {
      guests: 'Invitados',
      delivered: 'Entregado, sin leer',
      read: 'Leído',
      yes: 'Confirmados',
      maybe: 'Quizá',
      no: 'No vienen',
      pending: 'Sin contestar',
      admitted: 'Adentro',
    },
    persons: (count: string) => (count === '1' ? '1 persona' : `${count} personas`),
    remindCount: (count: string) => `Recordar a ${count}`,
    remindOf: (count: string, undecided: string) =>
      count === '0'
        ? `${undecided} por decidir. Nadie puede recibir ahora el recordatorio.`
        : `Le llega a ${count} de ${undecided} por decidir.`,
    whyNot: 'Ver por qué',
    places: (taken: string, capacity: string, free: string) =>
      `${taken} de ${capacity} lugares confirmados, ${free === '1' ? 'queda 1' : `quedan ${free}`}.`,
    waiting: (count: string) => (count === '1' ? '1 en lista de espera' : `${count} en lista de espera`),
    waitlist: 'Lista de espera',
    empty: 'Agrega a tus invitados.',
    nobody: 'No tuvo invitados.',
    import: 'Importar',
    add: 'Agregar',
    updated: 'Datos de',
    refresh: 'Actualizar',
  },
  en: {
    sections: 'Sections of the event',
    event: 'Event',
    guests: 'Guests',
    texts: 'Invitation',
    sends: 'Messages',
    conversations: 'Conversations',
    door: 'Door',
    edit: 'Change',
    cancel: 'Cancel the event',
    publish: 'Publish',
    draftNotice:
      'This is a draft: nobody can open their invitation, and nothing can be sent. Publish it when it is ready.',
    cancelledAt: (when: string) =>
      `Cancelled ${when}. Nothing is sent any more but the notice, and the door is closed.`,
    cancelledFor: (reason: string) => `Reason, for your team only: ${reason}`,
    tellGuests: 'Tell the guests',
    paused: 'Sending is paused.',
    resume: 'Resume sending',
    pause: 'Pause sending',
    resumed: 'Sending goes on.',
    byOrganizer: 'The management has paused sending for your account.',
    how: 'How many come?',
    parts: { list: 'List', message: 'Last message', answer: 'Answer', door: 'Door' },
    steps: {
      guests: 'Guests',
      delivered: 'Delivered, not read',
      read: 'Read',
      yes: 'Coming',
      maybe: 'Maybe',
      no: 'Not coming',
      pending: 'No answer',
      admitted: 'Inside',
    },
    persons: (count: string) => (count === '1' ? '1 person' : `${count} persons`),
    remindCount: (count: string) => `Remind ${count}`,
    remindOf: (count: string, undecided: string) =>
      count === '0'
        ? `${undecided} undecided. Nobody can get the reminder now.`
        : `It reaches ${count} of ${undecided} undecided.`,
    whyNot: 'See why',
    places: (taken: string, capacity: string, free: string) =>
      `${taken} of ${capacity} places are taken, ${free} ${free === '1' ? 'is' : 'are'} free.`,
    waiting: (count: string) => `${count} on the waiting list`,
    waitlist: 'Waiting list',
    empty: 'Add your guests.',
    nobody: 'It had no guests.',
    import: 'Import',
    add: 'Add',
    updated: 'Data from',
    refresh: 'Refresh',
  },
})

/** Of the dialogs that publish and cancel an event. */
export const LIFE = pick({
  es: {
    publish: 'Publicar',
    publishTitle: (name: string) => `Publicar «${name}»`,
    publishText: (guests: string) =>
      guests === '0' || guests === ''
        ? 'La página de la invitación se abre y ya se puede enviar.'
        : `La página de ${guests === '1' ? '1 invitado' : `${guests} invitados`} se abre para quien tenga su enlace, y ya se puede enviar.`,
    publishAfter: 'No se envía nada por sí solo. Un evento publicado ya no vuelve a ser borrador.',
    published: 'El evento está publicado.',
    cancelTitle: (name: string) => `Cancelar «${name}»`,
    cancelCount: (guests: string, coming: string) =>
      `${guests === '1' ? '1 invitado' : `${guests} invitados`}, ${coming === '1' ? '1 ya confirmó' : `${coming} ya confirmaron`}.`,
    cancelFollows: [
      'Lo que está en fila o programado no se envía.',
      'La página de cada invitado dice que el evento se canceló.',
      'La puerta no deja pasar a nadie.',
      'No se puede deshacer.',
    ],
    tellingLabel: '¿Les avisas?',
    telling: { tell: 'Sí: preparar el aviso', silent: 'No, por ahora' },
    cancel: 'Cancelar el evento',
    cancelAndTell: 'Cancelar y preparar el aviso',
    cancelSilently: 'Cancelar sin avisar',
    cancelReason: 'Motivo (opcional, solo para tu equipo)',
    cancelled: 'El evento quedó cancelado.',
  },
  en: {
    publish: 'Publish',
    publishTitle: (name: string) => `Publish “${name}”`,
    publishText: (guests: string) =>
      guests === '0' || guests === ''
        ? 'The page of the invitation opens, and messages can be sent.'
        : `The page of ${guests === '1' ? '1 guest' : `${guests} guests`} opens for whoever has its link, and messages can be sent.`,
    publishAfter: 'Nothing is sent by itself. An event that is published does not become a draft again.',
    published: 'The event is published.',
    cancelTitle: (name: string) => `Cancel “${name}”`,
    cancelCount: (guests: string, coming: string) =>
      `${guests === '1' ? '1 guest' : `${guests} guests`}, ${coming} ${coming === '1' ? 'has' : 'have'} said yes.`,
    cancelFollows: [
      'What is queued or scheduled is not sent.',
      'The page of each guest says that the event is cancelled.',
      'The door lets nobody in.',
      'It cannot be undone.',
    ],
    tellingLabel: 'Do you tell them?',
    telling: { tell: 'Yes: prepare the notice', silent: 'Not now' },
    cancel: 'Cancel the event',
    cancelAndTell: 'Cancel and prepare the notice',
    cancelSilently: 'Cancel without telling',
    cancelReason: 'Reason (optional, for your team only)',
    cancelled: 'The event is cancelled.',
  },
})
