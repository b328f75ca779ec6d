/**
 * What follows from each refusal of a provider: the one table of WhatsApp's error codes and Resend's error names.
 *
 * WhatsApp: Meta's error-code page and 360dialog's list of API errors; the code decides, never the text or the HTTP
 * status (Meta: titles will be deprecated). Resend: its page of errors; the name decides, and the HTTP status where
 * one name stands for two things. `explanation` is for whoever reads what became of a message.
 */
import type { Outcome, Refusal, Verdict } from './channel.ts'

type Refused = Extract<Outcome, { kind: 'refused' }>
type Unknown = Extract<Outcome, { kind: 'unknown' }>

/** `unknown`: no refusal at all, since the provider may have the message. */
type Judgement = Verdict | 'unknown'
type Row = { verdict: Judgement; meaning: string; explanation: string; waitMs?: number }
/** `to`: last code of a range. */
type WhatsAppRow = Row & { code: number; to?: number }
/** `httpStatus`: the row counts only with it, and before the row without. */
type EmailRow = Row & { name: string; httpStatus?: number }

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

const account = (code: number, meaning: string, explanation: string): WhatsAppRow => ({
  code,
  verdict: 'alarm',
  meaning,
  explanation,
})
const mistake = (code: number, meaning: string, explanation: string): WhatsAppRow => ({
  code,
  verdict: 'stop_batch',
  meaning,
  explanation,
})
/** It may be the values of this one message, or all of its kind. */
const doubt = (code: number, meaning: string, explanation: string): WhatsAppRow => ({
  code,
  verdict: 'stop_batch_once',
  meaning,
  explanation,
})
const row = (code: number, verdict: Judgement, meaning: string, explanation: string, waitMs?: number): WhatsAppRow => ({
  code,
  verdict,
  meaning,
  explanation,
  ...(waitMs === undefined ? {} : { waitMs }),
})

const KEY = 'La clave de WhatsApp no es válida o no tiene permiso.'
const REQUEST = 'El mensaje está mal armado; todos los iguales serían rechazados.'
const VALUES = 'WhatsApp no aceptó un dato del mensaje, quizá el de un solo invitado.'
const TEMPLATE = 'La plantilla no coincide con la aprobada por WhatsApp.'
const HICCUP = 'Falla pasajera de WhatsApp; se vuelve a intentar.'
const QUALITY = 'WhatsApp limita el número por su calidad; el canal espera y la campaña se detiene.'
const REGISTRATION = 'El número de envío no está bien registrado en WhatsApp.'

export const WHATSAPP_REFUSALS: readonly WhatsAppRow[] = [
  account(0, 'authentication failed', KEY),
  row(1, 'retry_once', 'unknown or invalid request', HICCUP),
  row(2, 'retry', 'service temporarily unavailable', HICCUP),
  account(3, 'the app may not call this method', KEY),
  row(4, 'wait_all', 'calls of the app exceeded', 'Demasiadas llamadas; el canal espera.', MINUTE_MS),
  account(10, 'permission missing or withdrawn', KEY),
  account(33, 'the phone number was deleted', 'El número de envío ya no existe.'),
  doubt(100, 'invalid parameter', VALUES),
  account(190, 'the token has expired', KEY),
  { ...account(200, 'permission missing', KEY), to: 299 },
  account(368, 'blocked for a violation of policy', 'WhatsApp bloqueó la cuenta por sus políticas.'),
  row(429, 'wait_all', 'legacy: rate limit', 'Demasiados mensajes por segundo; el canal espera.'),
  row(470, 'use_template', 'legacy: the 24-hour window is closed', 'La ventana de 24 horas está cerrada.'),
  row(471, 'stop_sending', 'legacy: spam limit', QUALITY, 10 * MINUTE_MS),
  row(1013, 'fall_back', 'legacy: recipient not valid', 'El número no está en WhatsApp.'),
  row(1026, 'fall_back', 'legacy: recipient not capable', 'El WhatsApp del invitado no admite este mensaje.'),
  row(80007, 'wait_all', 'rate limit of the account', 'Demasiadas llamadas de la cuenta; el canal espera.', MINUTE_MS),
  row(130429, 'wait_all', 'throughput of the number exceeded', 'Demasiados mensajes por segundo; el canal espera.'),
  row(130472, 'fall_back', 'the user is in an experiment without marketing', 'WhatsApp no le entrega promociones.'),
  row(130497, 'fall_back', 'this country may not be messaged', 'WhatsApp no permite escribir a ese país.'),
  row(131000, 'retry', 'something went wrong', HICCUP),
  account(131005, 'access denied', KEY),
  doubt(131008, 'required parameter missing', VALUES),
  doubt(131009, 'parameter value not valid', VALUES),
  row(131016, 'retry', 'service unavailable', HICCUP),
  row(131021, 'fail', 'recipient is the sender', 'El número del invitado es el mismo que envía.'),
  row(131026, 'fall_back', 'message undeliverable', 'El número no está en WhatsApp o no puede recibir.'),
  account(131030, 'recipient not in the allowed list of a test number', 'El número de envío es solo de prueba.'),
  account(131031, 'the account is locked', 'WhatsApp bloqueó la cuenta.'),
  account(131037, 'the display name is not approved', 'Falta aprobar el nombre visible del número.'),
  account(131042, 'problem with the payment method', 'Hay un problema con el pago de la cuenta de WhatsApp.'),
  account(131045, 'the number is not registered', REGISTRATION),
  row(131047, 'use_template', 'the 24-hour window is closed', 'Pasaron 24 horas; se envía con plantilla.'),
  row(131048, 'stop_sending', 'spam rate limit', QUALITY, 10 * MINUTE_MS),
  row(
    131049,
    'fall_back',
    'withheld for the health of the ecosystem',
    'WhatsApp limita las promociones a esa persona.',
  ),
  row(
    131050,
    'stop_recipient',
    'the user stopped marketing messages',
    'El invitado detuvo las promociones en WhatsApp.',
  ),
  mistake(131051, 'message type not supported', REQUEST),
  row(131052, 'retry_once', 'media could not be downloaded', 'WhatsApp no pudo leer el archivo adjunto.'),
  row(131053, 'retry_once', 'media could not be uploaded', 'WhatsApp no pudo leer el archivo adjunto.'),
  row(131056, 'wait_recipient', 'too many messages to this recipient', 'Demasiados mensajes seguidos al invitado.'),
  row(131057, 'wait_all', 'the number is in maintenance', 'El número está en mantenimiento; espera.', MINUTE_MS),
  mistake(131063, 'marketing templates are off for this account', 'La cuenta no puede enviar promociones.'),
  row(
    131064,
    'stop_sending',
    'too many misclassified templates',
    'WhatsApp limita las plantillas mal clasificadas.',
    HOUR_MS,
  ),
  mistake(132000, 'number of parameters does not match the template', TEMPLATE),
  mistake(132001, 'no approved template in that language', TEMPLATE),
  doubt(132005, 'the text with its parameters is too long', 'El texto ya con sus datos es demasiado largo.'),
  mistake(132007, 'the template violates a policy', 'La plantilla viola una política de WhatsApp.'),
  doubt(132012, 'format of a parameter does not match', VALUES),
  mistake(132015, 'the template is paused for its quality', 'WhatsApp pausó la plantilla por su calidad.'),
  mistake(132016, 'the template is disabled for its quality', 'WhatsApp deshabilitó la plantilla por su calidad.'),
  doubt(132018, 'a parameter did not pass validation', VALUES),
  mistake(132068, 'the flow is blocked', 'El formulario de la plantilla está bloqueado.'),
  row(132069, 'wait_all', 'the flow is throttled', 'El formulario de la plantilla está limitado.', MINUTE_MS),
  row(133004, 'retry', 'server temporarily unavailable', HICCUP),
  { ...account(133000, 'registration of the number', REGISTRATION), to: 133015 },
  account(133016, 'too many registrations of the number', REGISTRATION),
  account(134011, 'terms of payments not accepted', 'Faltan aceptar las condiciones de pagos.'),
  row(137000, 'fall_back', 'identity of the recipient changed', 'Cambió la identidad del invitado en WhatsApp.'),
]

const email = (name: string, verdict: Judgement, meaning: string, explanation: string, waitMs?: number): EmailRow => ({
  name,
  verdict,
  meaning,
  explanation,
  ...(waitMs === undefined ? {} : { waitMs }),
})
const SENT_BEFORE = 'invalid_idempotent_request'
/** Another text went before under this key and probably left; whoever asks again hears the same. */
export const EMAIL_SENT_BEFORE = `email_${SENT_BEFORE}`
const EMAIL_KEY = 'La clave de Resend no es válida o no tiene permiso.'
const EMAIL_REQUEST = 'El correo está mal armado; todos los iguales serían rechazados.'
const EMAIL_HICCUP = 'Falla pasajera de Resend; se vuelve a intentar.'

export const EMAIL_REFUSALS: readonly EmailRow[] = [
  {
    ...email('validation_error', 'alarm', 'domain not verified, or test mode', 'Falta verificar el dominio en Resend.'),
    httpStatus: 403,
  },
  email('validation_error', 'fail', 'a field is not valid', 'Resend rechazó un dato del correo, quizá la dirección.'),
  email('invalid_idempotency_key', 'fail', 'idempotency key of a bad length', 'La llave del envío no es válida.'),
  email('missing_api_key', 'alarm', 'no API key', EMAIL_KEY),
  email('restricted_api_key', 'alarm', 'the key may not do this', EMAIL_KEY),
  email('invalid_api_key', 'alarm', 'the key is not valid', EMAIL_KEY),
  email('suspended_api_key', 'alarm', 'the key is suspended', EMAIL_KEY),
  email('invalid_permission', 'alarm', 'the key lacks a permission', EMAIL_KEY),
  email('invalid_access', 'alarm', 'the key lacks access', EMAIL_KEY),
  email('not_found', 'alarm', 'no such endpoint', 'La dirección configurada de Resend no es la correcta.'),
  email('method_not_allowed', 'alarm', 'no such method', 'La dirección configurada de Resend no es la correcta.'),
  email(SENT_BEFORE, 'unknown', 'an earlier text went under this key', 'Quizá ya salió otra versión del correo.'),
  email('concurrent_idempotent_requests', 'retry', 'the same key is still in progress', EMAIL_HICCUP),
  email('resource_locked', 'retry', 'the resource is locked', EMAIL_HICCUP),
  email('missing_required_field', 'stop_batch', 'a required field is missing', EMAIL_REQUEST),
  email('missing_required_parameter', 'stop_batch', 'a required parameter is missing', EMAIL_REQUEST),
  email('invalid_attachment', 'stop_batch', 'an attachment is not valid', EMAIL_REQUEST),
  email('invalid_parameter', 'fail', 'a parameter is not valid', 'Resend rechazó un dato del correo.'),
  email('invalid_from_address', 'alarm', 'the sender is not valid', 'El remitente configurado no es válido.'),
  email('invalid_region', 'alarm', 'the region is not valid', 'La región configurada en Resend no es válida.'),
  email('rate_limit_exceeded', 'wait_all', 'too many requests per second', 'Demasiados correos por segundo; espera.'),
  email('daily_quota_exceeded', 'wait_all', 'quota of the day used up', 'Se agotó la cuota del día.', HOUR_MS),
  email('monthly_quota_exceeded', 'alarm', 'quota of the month used up', 'Se agotó la cuota del mes en Resend.'),
  email('security_error', 'stop_batch', 'held back for security', 'Resend retuvo el correo por seguridad.'),
  email('application_error', 'retry', 'unexpected error', EMAIL_HICCUP),
  email('internal_server_error', 'retry', 'unexpected error', EMAIL_HICCUP),
  email('service_unavailable', 'retry', 'service unavailable', EMAIL_HICCUP),
]

export type Judged = Omit<Refusal, 'verdict'> & { verdict: Judgement }

/** What the call came to, so judged. `retryAfterMs`: what the provider asked for; the longer wait counts. */
export function outcomeOf(
  { verdict, reason, afterMs = 0 }: Judged,
  { httpStatus, retryAfterMs = 0 }: { httpStatus: number | null; retryAfterMs?: number },
): Refused | Unknown {
  if (verdict === 'unknown') return { kind: 'unknown', reason }
  const waitMs = Math.max(afterMs, retryAfterMs)
  return { kind: 'refused', verdict, reason, httpStatus, ...(waitMs > 0 ? { afterMs: waitMs } : {}) }
}

/**
 * `code`: of the answer or of a `failed` status, null when it had none. A code that nobody knows is judged by the
 * HTTP status. An answer without a code, or whose code only repeats the HTTP status, is not Meta's. 400 is 360dialog's
 * gateway about our account (unpaid, disabled, endpoint limit) and 404 or 405 a wrong address, never about one
 * message; 408 and 5xx are whoever stands between: WhatsApp may have the message.
 */
export function classifyWhatsApp(given: { code: number | null; httpStatus: number | null }): Judged {
  const code = Number.isInteger(given.code) ? given.code! : null
  const known = code === null ? undefined : findCode(code)
  if (code === null || (!known && code === given.httpStatus)) return judgeGateway(given.httpStatus)
  return refusalOf(known, `whatsapp_${code}`, given.httpStatus)
}

/**
 * `name`: of Resend's answer, null when it is not Resend's own. A name that nobody knows is judged by the HTTP status.
 */
export function classifyEmail({ name, httpStatus }: { name: string | null; httpStatus: number | null }): Judged {
  if (name === null) return judgeProxy(httpStatus)
  const known = findName(name, httpStatus)
  // A name is the provider's text: only what looks like one becomes a reason.
  const label = /^[a-z0-9_]{1,60}$/.test(name) ? name : httpStatus === null ? 'no_name' : `http_${httpStatus}`
  return refusalOf(known, `email_${label}`, httpStatus)
}

/** The first row wins, so one code of a range may stand before it. */
export const findCode = (code: number) =>
  WHATSAPP_REFUSALS.find((one) => code >= one.code && code <= (one.to ?? one.code))

export function findName(name: string, httpStatus: number | null): EmailRow | undefined {
  const rows = EMAIL_REFUSALS.filter((one) => one.name === name)
  return rows.find((one) => one.httpStatus === httpStatus) ?? rows.find((one) => one.httpStatus === undefined)
}

/** Under its idempotency key a mail may always go again; that does not help where the address or the key is wrong. */
function judgeProxy(httpStatus: number | null): Judged {
  const isOurs = [401, 404, 405].includes(httpStatus ?? 0)
  const verdict = isOurs ? 'alarm' : httpStatus === 429 ? 'wait_all' : 'retry'
  return { verdict, reason: `email_http_${httpStatus ?? 'unknown'}` }
}

function judgeGateway(httpStatus: number | null): Judged {
  if (httpStatus === null) return { verdict: 'fail', reason: 'whatsapp_no_code' }
  const isOurs = [400, 402, 404, 405].includes(httpStatus)
  const mayHaveLeft = httpStatus === 408 || httpStatus >= 500
  const verdict = isOurs ? 'alarm' : mayHaveLeft ? 'unknown' : verdictOf(httpStatus)
  return { verdict, reason: `whatsapp_http_${httpStatus}` }
}

function refusalOf(known: Row | undefined, reason: string, httpStatus: number | null): Judged {
  if (!known) return { verdict: verdictOf(httpStatus), reason }
  return { verdict: known.verdict, reason, ...(known.waitMs === undefined ? {} : { afterMs: known.waitMs }) }
}

function verdictOf(httpStatus: number | null): Verdict {
  if (httpStatus === 401 || httpStatus === 403) return 'alarm'
  if (httpStatus === 429) return 'wait_all'
  return httpStatus !== null && httpStatus >= 500 ? 'retry' : 'fail'
}
