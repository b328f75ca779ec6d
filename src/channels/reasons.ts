/** An explanation, in both languages, of every reason that a delivery, a dead letter, a pause or a campaign can show. */
import type { Locale } from '../platform/values/languages.ts'
import { findCode, findName } from './refusals.ts'

export type Explanation = Record<Locale, string>

const say = (es: string, en: string): Explanation => ({ 'es-MX': es, en })

/** Our own reasons. The providers' refusals are in refusals.ts. */
const OWN: Record<string, Explanation> = {
  // What a queued message waits for.
  organizer_paused: say('Los envíos del organizador están en pausa.', 'Sending is paused for the organizer.'),
  event_paused: say('Los envíos del evento están en pausa.', 'Sending is paused for the event.'),
  campaign_paused: say('La campaña está en pausa.', 'The campaign is paused.'),
  channel_paused: say('Los envíos por este medio están en pausa.', 'Sending is paused for the channel.'),
  rate_limit: say(
    'Espera: el número envía a la velocidad permitida.',
    'It waits because the channel has reached its rate limit.',
  ),
  recipient_rate: say(
    'Espera unos segundos: acaba de salir otro mensaje al mismo número.',
    'It waits a few seconds because another message was just sent to the same number.',
  ),
  quiet_hours: say(
    'Espera a que terminen las horas de silencio del evento.',
    "It waits for the end of the event's quiet hours.",
  ),
  marketing_withheld: say(
    'WhatsApp no le entrega más promociones por hoy.',
    'WhatsApp does not deliver more promotions to this person today.',
  ),
  retry: say('Espera el siguiente intento.', 'It waits for the next attempt.'),
  replayed: say('Una persona pidió enviarlo otra vez.', 'A person asked to send it again.'),
  // Why a campaign waits or was missed.
  event_moved: say(
    'El evento cambió de fecha y el momento de enviar ya pasó.',
    'The event was moved, and the time to send has passed.',
  ),
  too_late: say(
    'Llegó la hora de enviar y el sistema no estaba en marcha.',
    'The system was not running when the time to send came.',
  ),
  template_not_approved: say('WhatsApp no tiene aprobada la plantilla.', 'WhatsApp has not approved the template.'),
  // The outcome is unknown.
  lease_expired: say(
    'El proceso se detuvo a medio envío; se espera la confirmación de WhatsApp o del correo.',
    'The worker stopped during the call; a status from the provider is awaited.',
  ),
  needs_review: say(
    'No se sabe si llegó; una persona decide si se envía otra vez.',
    'It is unknown whether the message arrived; a person decides whether to send it again.',
  ),
  whatsapp_timeout: say(
    'WhatsApp no contestó a tiempo; quizá el mensaje salió.',
    'WhatsApp did not answer in time; the message may have been sent.',
  ),
  whatsapp_connection_lost: say(
    'Se cortó la conexión con WhatsApp; quizá el mensaje salió.',
    'The connection to WhatsApp broke; the message may have been sent.',
  ),
  whatsapp_unreadable_answer: say(
    'WhatsApp contestó algo ilegible; quizá el mensaje salió.',
    'WhatsApp sent an unreadable answer; the message may have been sent.',
  ),
  email_timeout: say(
    'Resend no contestó a tiempo; quizá el correo salió.',
    'Resend did not answer in time; the mail may have been sent.',
  ),
  email_no_answer: say(
    'Se cortó la conexión con Resend; quizá el correo salió.',
    'The connection to Resend broke; the mail may have been sent.',
  ),
  email_unreadable_answer: say(
    'Resend contestó algo ilegible; quizá el correo salió.',
    'Resend sent an unreadable answer; the mail may have been sent.',
  ),
  // It was skipped.
  event_closed: say(
    'El evento ya está archivado; no se envía nada más.',
    'The event is archived; nothing more is sent.',
  ),
  event_cancelled: say('El evento se canceló.', 'The event is cancelled.'),
  event_not_cancelled: say('El evento no está cancelado.', 'The event is not cancelled.'),
  event_over: say('El evento ya terminó.', 'The event is over.'),
  event_not_over: say(
    'El evento todavía no termina: este mensaje se envía después.',
    'The event is not over yet: this message is sent after it.',
  ),
  not_confirmed: say(
    'El invitado cambió su respuesta antes de que saliera el aviso de su lugar.',
    'The guest changed their answer before the message about their place left.',
  ),
  superseded: say(
    'Otro mensaje igual tomó su lugar mientras esperaba.',
    'The same message was requested again while this one waited.',
  ),
  original_delivered: say(
    'El mensaje de WhatsApp llegó después de todo; el correo ya no hizo falta.',
    'The WhatsApp message arrived after all, so the e-mail was not needed.',
  ),
  guest_opted_out: say('El invitado pidió no recibir mensajes (BAJA).', 'The guest opted out (BAJA).'),
  email_stopped: say(
    'No se escribe a ese correo: rebotó, marcó un mensaje como no deseado o se dio de baja.',
    'The address bounced, complained or unsubscribed.',
  ),
  marketing_stopped: say(
    'El invitado no quiere promociones por WhatsApp y no tiene otro medio.',
    'The guest stopped promotions by WhatsApp and has no other channel.',
  ),
  no_address_for_channel: say(
    'El invitado no tiene número o correo para este medio.',
    'The guest has no address for this channel.',
  ),
  guest_anonymized: say('Los datos del invitado se borraron.', "The guest's data were erased."),
  campaign_cancelled: say('La campaña fue cancelada.', 'The campaign was cancelled.'),
  template_variable_missing: say('Falta un dato que la plantilla necesita.', 'A variable of the template is missing.'),
  template_variable_invalid: say(
    'Un dato de la plantilla no es válido o es demasiado largo.',
    'A variable of the template is invalid or too long.',
  ),
  template_variable_unknown: say(
    'La plantilla no conoce un dato de la campaña.',
    'The campaign sets a variable that the template does not have.',
  ),
  template_not_found: say('La plantilla ya no existe.', 'The template no longer exists.'),
  window_closed: say(
    'La ventana de 24 horas está cerrada y no hay plantilla aprobada para este mensaje.',
    'The 24-hour window is closed, and this message has no approved template.',
  ),
  not_an_email: say('Este mensaje solo existe para WhatsApp.', 'This message exists for WhatsApp only.'),
  not_composed: say(
    'No se pudo armar el mensaje por una falla del sistema.',
    'The message could not be composed because of a fault of the system.',
  ),
  // It failed.
  attempts_spent: say('Se acabaron los intentos.', 'All attempts are spent.'),
  failed: say(
    'El proveedor no pudo entregarlo y no dijo por qué.',
    'The provider could not deliver it and gave no reason.',
  ),
  whatsapp_unreachable: say('No se pudo conectar con WhatsApp.', 'WhatsApp could not be reached.'),
  whatsapp_redirected: say(
    'La dirección configurada de WhatsApp redirige a otra; hay que corregirla.',
    'The configured address of WhatsApp redirects; it must be corrected.',
  ),
  whatsapp_no_code: say('WhatsApp lo rechazó sin decir por qué.', 'WhatsApp refused it without a code.'),
  whatsapp_unknown: say('WhatsApp no lo entregó y no dijo por qué.', 'WhatsApp did not deliver it and gave no code.'),
  email_bounced: say(
    'El correo rebotó: esa dirección no existe o no recibe.',
    'The mail bounced: the address does not exist or accepts no mail.',
  ),
  email_bounced_soft: say(
    'El correo rebotó por ahora (buzón lleno o servidor caído).',
    'The mail bounced for now (mailbox full or server down).',
  ),
  email_complained: say('El invitado marcó el correo como no deseado.', 'The guest marked the mail as spam.'),
  email_failed: say('Resend no pudo enviar el correo.', 'Resend could not send the mail.'),
  email_failed_reached_daily_quota: say(
    'Se agotó la cuota del día en Resend.',
    'The daily quota at Resend is used up.',
  ),
  email_suppressed: say(
    'Resend no escribe a ese correo porque rebotó antes o lo marcó como no deseado.',
    'Resend does not send to that address because it bounced or complained before.',
  ),
  email_redirected: say(
    'La dirección configurada de Resend redirige a otra; hay que corregirla.',
    'The configured address of Resend redirects; it must be corrected.',
  ),
  // It was read.
  opened: say('El invitado abrió el correo.', 'The guest opened the mail.'),
  clicked: say('El invitado abrió un enlace del correo.', 'The guest opened a link in the mail.'),
}

/**
 * Explains a stable reason in both languages; null for null. An unknown reason is repeated as it is. `httpStatus`: of the
 * last answer, because one of Resend's error names has two meanings.
 */
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
