/** Every reason that a delivery, a dead letter or a resting channel can show, in words for whoever reads it. */
import type { Locale } from '../platform/languages.ts'
import { findCode, findName } from './refusals.ts'

export type Explanation = Record<Locale, string>

const say = (es: string, en: string): Explanation => ({ 'es-MX': es, en })

/** Our own reasons. Those of the providers' refusals are in refusals.ts. */
const OWN: Record<string, Explanation> = {
  // It waits.
  quiet_hours: say(
    'Espera a que terminen las horas de silencio del evento.',
    'It waits for the end of the quiet hours.',
  ),
  throughput: say(
    'Espera su turno: el número envía a la velocidad permitida.',
    'It waits for its turn in the throughput.',
  ),
  recipient_pace: say(
    'Espera unos segundos: acaba de salir otro mensaje al mismo número.',
    'It waits some seconds after another message to the same number.',
  ),
  channel_held: say('El canal descansa después de varias fallas.', 'The channel rests after failures.'),
  whatsapp_held: say('Una persona detuvo los envíos por WhatsApp.', 'A person has stopped WhatsApp.'),
  email_held: say('Una persona detuvo los envíos por correo.', 'A person has stopped e-mail.'),
  event_paused: say('Los envíos del evento están en pausa.', 'Sending is paused for the event.'),
  organizer_paused: say('Los envíos del organizador están en pausa.', 'Sending is paused for the organizer.'),
  campaign_paused: say('La campaña está en pausa.', 'The campaign is paused.'),
  marketing_withheld: say(
    'WhatsApp no le entrega más promociones por hoy.',
    'WhatsApp gives this person no more promotions today.',
  ),
  replayed: say('Una persona pidió enviarlo otra vez.', 'A person asked to send it again.'),
  // What pauses or ends a campaign.
  event_moved: say(
    'El evento cambió de fecha y el momento de enviar ya pasó.',
    'The event was moved and its time has passed.',
  ),
  too_late: say('Llegó la hora de enviar y el sistema no estaba en marcha.', 'Nobody was there when its time came.'),
  template_not_approved: say('WhatsApp no tiene aprobada la plantilla.', 'WhatsApp has not approved the template.'),
  campaign_empty: say('Nadie podía recibirla cuando llegó su hora.', 'Nobody could get it when its time came.'),
  // Nobody knows yet, or any more.
  lease_expired: say(
    'El proceso se detuvo a medio envío; se espera la confirmación de WhatsApp o del correo.',
    'The worker stopped in the middle of the call; evidence is awaited.',
  ),
  needs_review: say(
    'No se sabe si llegó; una persona decide si se envía otra vez.',
    'Nobody knows whether it arrived; a person decides.',
  ),
  whatsapp_timeout: say(
    'WhatsApp no contestó a tiempo; quizá el mensaje salió.',
    'WhatsApp did not answer in time; the message may have left.',
  ),
  whatsapp_connection_lost: say(
    'Se cortó la conexión con WhatsApp; quizá el mensaje salió.',
    'The connection to WhatsApp broke; the message may have left.',
  ),
  whatsapp_unreadable_answer: say(
    'WhatsApp contestó algo ilegible; quizá el mensaje salió.',
    'The answer of WhatsApp was not readable; the message may have left.',
  ),
  email_timeout: say(
    'Resend no contestó a tiempo; quizá el correo salió.',
    'Resend did not answer in time; the mail may have left.',
  ),
  email_no_answer: say(
    'Se cortó la conexión con Resend; quizá el correo salió.',
    'The connection to Resend broke; the mail may have left.',
  ),
  email_unreadable_answer: say(
    'Resend contestó algo ilegible; quizá el correo salió.',
    'The answer of Resend was not readable; the mail may have left.',
  ),
  // It was not sent, on purpose.
  event_closed: say(
    'El evento ya está archivado; no se envía nada más.',
    'The event is archived; nothing more is sent.',
  ),
  event_over: say('El evento ya terminó.', 'The event is over.'),
  superseded: say(
    'Otro mensaje igual tomó su lugar mientras esperaba.',
    'The same message was asked for anew while it waited.',
  ),
  original_delivered: say(
    'El mensaje de WhatsApp llegó después de todo; el correo ya no hizo falta.',
    'The WhatsApp message arrived after all; the e-mail was not needed.',
  ),
  guest_opted_out: say('El invitado pidió no recibir mensajes (BAJA).', 'The guest asked for no more messages.'),
  email_stopped: say(
    'No se escribe a ese correo: rebotó, se quejó o se dio de baja.',
    'That address bounced, complained or unsubscribed.',
  ),
  marketing_stopped: say(
    'El invitado no quiere promociones por WhatsApp y no tiene otro medio.',
    'The guest wants no promotions by WhatsApp and has no other way.',
  ),
  no_address_for_channel: say(
    'El invitado no tiene número o correo para este medio.',
    'The guest has no address for this channel.',
  ),
  campaign_cancelled: say('La campaña fue cancelada.', 'The campaign was cancelled.'),
  template_variable_missing: say('Falta un dato que la plantilla necesita.', 'A variable of the template is missing.'),
  template_not_found: say('La plantilla ya no existe.', 'The template exists no more.'),
  window_closed: say(
    'La ventana de 24 horas está cerrada y no hay plantilla aprobada para decirlo.',
    'The 24-hour window is closed and no approved template says it.',
  ),
  not_an_email: say('Este mensaje solo existe para WhatsApp.', 'This message exists for WhatsApp only.'),
  // It failed.
  attempts_spent: say('Se acabaron los intentos.', 'All attempts are spent.'),
  whatsapp_unreachable: say('No se pudo conectar con WhatsApp.', 'WhatsApp could not be reached.'),
  whatsapp_redirected: say(
    'La dirección configurada de WhatsApp contesta con otra; hay que corregirla.',
    'The configured address of WhatsApp redirects; it must be corrected.',
  ),
  email_bounced: say('El correo rebotó: esa dirección no existe o no recibe.', 'The mail bounced for good.'),
  email_bounced_soft: say('El correo rebotó por ahora (buzón lleno o servidor caído).', 'The mail bounced for now.'),
  email_complained: say('El invitado marcó el correo como no deseado.', 'The guest marked the mail as spam.'),
  email_failed: say('Resend no pudo enviar el correo.', 'Resend could not send the mail.'),
  email_failed_reached_daily_quota: say(
    'Se agotó la cuota del día en Resend.',
    'The quota of the day is used up at Resend.',
  ),
  email_suppressed: say(
    'Resend no escribe a ese correo porque rebotó antes.',
    'Resend writes no more to that address.',
  ),
  whatsapp_unknown: say('WhatsApp lo rechazó sin decir por qué.', 'WhatsApp refused it without a code.'),
  email_redirected: say(
    'La dirección configurada de Resend contesta con otra; hay que corregirla.',
    'The configured address of Resend redirects; it must be corrected.',
  ),
  whatsapp_no_code: say('WhatsApp lo rechazó sin decir por qué.', 'WhatsApp refused it without a code.'),
}

/** Null for null. `httpStatus`: of the last answer, where one of Resend's names stands for two things. */
export function explainReason(reason: string | null, httpStatus: number | null = null): Explanation | null {
  if (reason === null) return null
  return (
    OWN[reason] ??
    explainWhatsApp(reason) ??
    explainEmail(reason, httpStatus) ??
    say(`Motivo: ${reason}.`, `Reason: ${reason}.`)
  )
}

function explainWhatsApp(reason: string): Explanation | null {
  const [, kind, digits] = /^whatsapp_(http_)?(\d+)$/.exec(reason) ?? []
  if (digits === undefined) return null
  if (kind) return say(`WhatsApp contestó con el error HTTP ${digits}.`, `WhatsApp answered with HTTP ${digits}.`)
  const row = findCode(Number(digits))
  if (row) return say(row.explanation, `WhatsApp ${digits}: ${row.meaning}.`)
  return say(`WhatsApp lo rechazó con el código ${digits}.`, `WhatsApp refused it with code ${digits}.`)
}

function explainEmail(reason: string, httpStatus: number | null): Explanation | null {
  const name = /^email_(\w+)$/.exec(reason)?.[1]
  if (name === undefined) return null
  const row = findName(name, httpStatus)
  if (row) return say(row.explanation, `Resend: ${row.meaning}.`)
  return say(`Resend lo rechazó (${name}).`, `Resend refused it (${name}).`)
}
