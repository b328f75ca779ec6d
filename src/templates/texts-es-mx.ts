/** What guests read in Spanish of Mexico. */
import type { Words } from './texts.ts'

export const ES_MX: Words = {
  texts: {
    event_invitation: {
      body: 'Hola {{guest_name}}: {{organizer_name}} te invita a {{event_name}}, el {{event_date}}. Lugar: {{event_location}}. ¿Nos acompañas?',
      link: 'Ver invitación',
      email: {
        subject: 'Invitación: {{event_name}}',
        preheader: 'Te esperamos el {{event_date}}. ¿Nos acompañas?',
        paragraphs: [
          'Hola {{guest_name}}:',
          '{{organizer_name}} te invita a {{event_name}}. Nos dará mucho gusto verte.',
          'Abre tu invitación para confirmar tu asistencia; ahí mismo puedes cambiar tu respuesta.',
        ],
      },
    },
    event_reminder: {
      body: 'Hola {{guest_name}}: te recordamos {{event_name}}, el {{event_date}}. Lugar: {{event_location}}. Tu pase y tu respuesta están en tu invitación.',
      link: 'Ver mi invitación',
      email: {
        subject: 'Te esperamos: {{event_name}}',
        preheader: 'Es el {{event_date}}. Tu pase está en tu invitación.',
        paragraphs: [
          'Hola {{guest_name}}:',
          'Te recordamos {{event_name}}. Tu pase y tu respuesta están en tu invitación: tenla a la mano en la entrada.',
        ],
      },
    },
    event_update: {
      body: 'Hola {{guest_name}}: hay un aviso sobre {{event_name}}.\n\n{{update_text}}\n\nConsulta los detalles en tu invitación.',
      link: 'Ver detalles',
      email: {
        subject: 'Aviso: {{event_name}}',
        preheader: 'Hay un aviso sobre el evento al que te invitamos.',
        paragraphs: ['Hola {{guest_name}}:', 'Hay un aviso sobre {{event_name}}:', '{{update_text}}'],
      },
    },
    event_thanks: {
      body: 'Hola {{guest_name}}: gracias por acompañarnos en {{event_name}}. Fue un gusto compartir este día contigo.',
      email: {
        subject: 'Gracias por acompañarnos: {{event_name}}',
        preheader: 'Fue un gusto compartir este día contigo.',
        paragraphs: [
          'Hola {{guest_name}}:',
          'Gracias por acompañarnos en {{event_name}}. Fue un gusto compartir este día contigo.',
        ],
      },
    },
    event_cancelled: {
      body: 'Hola {{guest_name}}: {{event_name}}, del {{event_date}}, se canceló. Lamentamos avisarte así; si tienes dudas, escribe a {{organizer_name}}. Gracias por tu comprensión.',
      email: {
        subject: 'Se canceló: {{event_name}}',
        preheader: 'El evento del {{event_date}} se canceló.',
        paragraphs: [
          'Hola {{guest_name}}:',
          '{{event_name}}, del {{event_date}}, se canceló. Lamentamos avisarte así.',
          'Si tienes dudas, escribe a {{organizer_name}}. Gracias por tu comprensión.',
        ],
      },
    },
    rsvp_confirmed: {
      body: 'Hola {{guest_name}}: tu asistencia a {{event_name}} quedó confirmada. Te esperamos el {{event_date}}. Lugar: {{event_location}}. Muestra este código en la entrada.',
      link: 'Ver mi pase',
      email: {
        subject: 'Tu pase: {{event_name}}',
        preheader: 'Tu asistencia quedó confirmada. Muestra este código en la entrada.',
        paragraphs: ['Hola {{guest_name}}:', 'Tu asistencia quedó confirmada. Muestra este código en la entrada.'],
      },
    },
    waitlist_place: {
      body: 'Hola {{guest_name}}: se liberó lugar en {{event_name}}, el {{event_date}}, y tu asistencia quedó confirmada. Lugar: {{event_location}}. Si ya no puedes venir, avísanos para dar tu lugar a alguien más.',
      link: 'Ver mi pase',
      email: {
        subject: 'Hay lugar para ti: {{event_name}}',
        preheader: 'Se liberó lugar y tu asistencia quedó confirmada.',
        paragraphs: [
          'Hola {{guest_name}}:',
          'Se liberó lugar en {{event_name}} y tu asistencia quedó confirmada. Tu pase está en tu invitación.',
          'Si ya no puedes venir, cambia tu respuesta ahí para dar tu lugar a alguien más.',
        ],
      },
    },
    rsvp_question: {
      body: 'Hola {{guest_name}}: ¿nos acompañas en {{event_name}}, el {{event_date}}? Elige una respuesta.',
    },
    rsvp_full: {
      body: 'Hola {{guest_name}}: gracias por responder. Ya no quedan lugares suficientes en {{event_name}}, así que no pudimos registrar tu asistencia. En tu invitación puedes apuntarte a la lista de espera de {{organizer_name}}.',
    },
    event_question: {
      body: 'Hola {{guest_name}}: tienes más de una invitación. ¿Para cuál es tu respuesta?',
    },
    event_over: {
      body: 'Hola {{guest_name}}: gracias por responder, pero {{event_name}} ya no recibe confirmaciones. Si tienes dudas, escribe a {{organizer_name}}.',
    },
    opt_out_help: {
      body: 'Escribe BAJA, solo esa palabra, y ya no recibirás mensajes de {{organizer_name}}.',
    },
    opt_out_confirmed: {
      body: 'Listo: ya no recibirás mensajes de {{organizer_name}}. Si cambias de opinión, escribe ALTA.',
    },
    opt_in_confirmed: {
      body: 'Listo: volverás a recibir los mensajes de {{organizer_name}}. Escribe BAJA cuando quieras dejar de recibirlos.',
    },
    personal_reply: { body: '{{reply_text}}' },
  },
  replies: { yes: 'Sí, voy', no: 'No podré ir', choose: 'Elegir' },
  fallbacks: { guest_name: 'Invitado', event_location: 'por confirmar', organizer_name: 'tu anfitrión' },
  dateFormat: "cccc d 'de' LLLL 'de' yyyy, HH:mm 'h'",
  email: {
    when: 'Cuándo',
    where: 'Dónde',
    pass: 'Código QR de tu pase',
    why: 'Recibes este correo porque {{organizer_name}} te invitó a {{event_name}}.',
    unsubscribe: 'No quiero más correos de este organizador',
  },
}
