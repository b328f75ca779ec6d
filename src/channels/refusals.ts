/**
 * What follows from each refusal of a provider: the table of WhatsApp's error codes and the table of Resend's error names.
 *
 * WhatsApp: Meta's page of error codes and 360dialog's list of API errors. The code decides, never the text or the HTTP
 * status (Meta: titles will be deprecated). Resend: its page of errors. The name decides, and the HTTP status when one
 * name has two meanings. `meaning` (English) and `explanation` (Spanish) are for people.
 */
import type { Outcome, Refusal, Verdict } from './channel.ts'

type Refused = Extract<Outcome, { kind: 'refused' }>
type Unknown = Extract<Outcome, { kind: 'unknown' }>

/** `unknown`: the provider may have accepted the message, so this is not a refusal. */
type Judgement = Verdict | 'unknown'
type Row = { verdict: Judgement; meaning: string; explanation: string; waitMs?: number }
/** `to`: the last code of a range. */
type WhatsAppRow = Row & { code: number; to?: number }
/** `httpStatus`: the row applies only to this status, and before the row without one. */
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
/** Either the values of this one message are wrong, or every message of the batch is. */
const perhapsMistake = (code: number, meaning: string, explanation: string): WhatsAppRow => ({
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
const HICCUP = 'Falla pasajera de WhatsApp; se intenta varias veces.'
const QUALITY = 'WhatsApp limita el número por su calidad; el canal y la campaña quedan en pausa.'
const REGISTRATION = 'El número de envío no está bien registrado en WhatsApp.'

export const WHATSAPP_REFUSALS: readonly WhatsAppRow[] = [
  account(0, 'authentication failed', KEY),
  row(1, 'retry_once', 'unknown or invalid request', HICCUP),
  row(2, 'retry', 'service temporarily unavailable', HICCUP),
  account(3, 'the app may not call this method', KEY),
  row(4, 'wait_all', 'too many calls by the app', 'Demasiadas llamadas; el canal espera.', MINUTE_MS),
  account(10, 'permission missing or withdrawn', KEY),
  account(33, 'the phone number was deleted', 'El número de envío ya no existe.'),
  perhapsMistake(100, 'invalid parameter', VALUES),
  account(190, 'the token has expired', KEY),
  { ...account(200, 'permission missing', KEY), to: 299 },
  account(368, 'blocked for a policy violation', 'WhatsApp bloqueó la cuenta por sus políticas.'),
  row(429, 'wait_all', 'legacy: rate limit', 'Demasiados mensajes por segundo; el canal espera.'),
  row(470, 'use_template', 'legacy: the 24-hour window is closed', 'La ventana de 24 horas está cerrada.'),
  row(471, 'stop_sending', 'legacy: spam limit', QUALITY, 10 * MINUTE_MS),
  row(1013, 'fall_back', 'legacy: recipient not valid', 'El número no está en WhatsApp.'),
  row(1026, 'fall_back', 'legacy: recipient not capable', 'El WhatsApp del invitado no admite este mensaje.'),
  row(80007, 'wait_all', 'rate limit of the account', 'Demasiadas llamadas de la cuenta; el canal espera.', MINUTE_MS),
  row(130429, 'wait_all', 'rate limit of the number exceeded', 'Demasiados mensajes por segundo; el canal espera.'),
  row(
    130472,
    'fall_back',
    'the user is in an experiment group that gets no marketing',
    'WhatsApp no le entrega promociones.',
  ),
  row(130497, 'fall_back', 'this country may not be messaged', 'WhatsApp no permite escribir a ese país.'),
  row(131000, 'retry', 'something went wrong', HICCUP),
  account(131005, 'access denied', KEY),
  perhapsMistake(131008, 'required parameter missing', VALUES),
  perhapsMistake(131009, 'parameter value not valid', VALUES),
  row(131016, 'retry', 'service unavailable', HICCUP),
  row(131021, 'fail', 'recipient is the sender', 'El número del invitado es el mismo que envía.'),
  row(131026, 'fall_back', 'message undeliverable', 'El número no está en WhatsApp o no puede recibir.'),
  account(131030, 'recipient not on the allow list of a test number', 'El número de envío es solo de prueba.'),
  account(131031, 'the account is locked', 'WhatsApp bloqueó la cuenta.'),
  account(131037, 'the display name is not approved', 'Falta aprobar el nombre visible del número.'),
  account(
    131042,
    'there is a problem with the payment method',
    'Hay un problema con el pago de la cuenta de WhatsApp.',
  ),
  account(131045, 'the number is not registered', REGISTRATION),
  row(131047, 'use_template', 'the 24-hour window is closed', 'Pasaron 24 horas; se envía con plantilla.'),
  row(131048, 'stop_sending', 'spam rate limit', QUALITY, 10 * MINUTE_MS),
  row(
    131049,
    'fall_back',
    'withheld to maintain healthy ecosystem engagement',
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
  perhapsMistake(132005, 'the text is too long with its parameters', 'El texto ya con sus datos es demasiado largo.'),
  mistake(132007, 'the template violates a policy', 'La plantilla viola una política de WhatsApp.'),
  perhapsMistake(132012, 'format of a parameter does not match', VALUES),
  mistake(132015, 'the template is paused for low quality', 'WhatsApp pausó la plantilla por su calidad.'),
  mistake(132016, 'the template is disabled for low quality', 'WhatsApp deshabilitó la plantilla por su calidad.'),
  perhapsMistake(132018, 'a parameter did not pass validation', VALUES),
  mistake(132068, 'the flow is blocked', 'El formulario de la plantilla está bloqueado.'),
  row(132069, 'wait_all', 'the flow is throttled', 'El formulario de la plantilla está limitado.', MINUTE_MS),
  row(133004, 'retry', 'server temporarily unavailable', HICCUP),
  { ...account(133000, 'the number is not properly registered', REGISTRATION), to: 133015 },
  account(133016, 'too many attempts to register the number', REGISTRATION),
  account(134011, 'payment terms not accepted', 'Faltan aceptar las condiciones de pagos.'),
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
/** Another text was sent under this key before, and probably arrived. Repeating the call gives the same answer. */
export const EMAIL_SENT_BEFORE = `email_${SENT_BEFORE}`
const EMAIL_KEY = 'La clave de Resend no es válida o no tiene permiso.'
const EMAIL_REQUEST = 'El correo está mal armado; todos los iguales serían rechazados.'
const EMAIL_HICCUP = 'Falla pasajera de Resend; se intenta varias veces.'

export const EMAIL_REFUSALS: readonly EmailRow[] = [
  {
    ...email('validation_error', 'alarm', 'domain not verified, or test mode', 'Falta verificar el dominio en Resend.'),
    httpStatus: 403,
  },
  email('validation_error', 'fail', 'a field is not valid', 'Resend rechazó un dato del correo, quizá la dirección.'),
  email(
    'invalid_idempotency_key',
    'fail',
    'the idempotency key has a wrong length',
    'La llave del envío no es válida.',
  ),
  email('missing_api_key', 'alarm', 'no API key', EMAIL_KEY),
  email('restricted_api_key', 'alarm', 'the key may not do this', EMAIL_KEY),
  email('invalid_api_key', 'alarm', 'the key is not valid', EMAIL_KEY),
  email('suspended_api_key', 'alarm', 'the key is suspended', EMAIL_KEY),
  email('invalid_permission', 'alarm', 'the key lacks a permission', EMAIL_KEY),
  email('invalid_access', 'alarm', 'the key lacks access', EMAIL_KEY),
  email('not_found', 'alarm', 'no such endpoint', 'La dirección configurada de Resend no es la correcta.'),
  email('method_not_allowed', 'alarm', 'no such method', 'La dirección configurada de Resend no es la correcta.'),
  email(SENT_BEFORE, 'unknown', 'another text was sent under this key', 'Quizá ya salió otra versión del correo.'),
  email('concurrent_idempotent_requests', 'retry', 'the same key is still in progress', EMAIL_HICCUP),
  email('resource_locked', 'retry', 'the resource is locked', EMAIL_HICCUP),
  email('missing_required_field', 'stop_batch', 'a required field is missing', EMAIL_REQUEST),
  email('missing_required_parameter', 'stop_batch', 'a required parameter is missing', EMAIL_REQUEST),
  email('invalid_attachment', 'stop_batch', 'an attachment is not valid', EMAIL_REQUEST),
  email('invalid_parameter', 'fail', 'a parameter is not valid', 'Resend rechazó un dato del correo.'),
  email('invalid_from_address', 'alarm', 'the sender is not valid', 'El remitente configurado no es válido.'),
  email('invalid_region', 'alarm', 'the region is not valid', 'La región configurada en Resend no es válida.'),
  email('rate_limit_exceeded', 'wait_all', 'too many requests per second', 'Demasiados correos por segundo; espera.'),
  email('daily_quota_exceeded', 'wait_all', 'daily quota used up', 'Se agotó la cuota del día.', HOUR_MS),
  email('monthly_quota_exceeded', 'alarm', 'monthly quota used up', 'Se agotó la cuota del mes en Resend.'),
  email('security_error', 'stop_batch', 'held back for security', 'Resend retuvo el correo por seguridad.'),
  email('application_error', 'retry', 'unexpected error', EMAIL_HICCUP),
  email('internal_server_error', 'retry', 'unexpected error', EMAIL_HICCUP),
  email('service_unavailable', 'retry', 'service unavailable', EMAIL_HICCUP),
]

export type Judged = Omit<Refusal, 'verdict'> & { verdict: Judgement }

/** The outcome of a call, from its verdict. `retryAfterMs`: the wait that the provider asked for; the longer wait applies. */
export function outcomeOf(
  { verdict, reason, afterMs = 0 }: Judged,
  { httpStatus, retryAfterMs = 0 }: { httpStatus: number | null; retryAfterMs?: number },
): Refused | Unknown {
  if (verdict === 'unknown') return { kind: 'unknown', reason }
  const waitMs = Math.max(afterMs, retryAfterMs)
  return { kind: 'refused', verdict, reason, httpStatus, ...(waitMs > 0 ? { afterMs: waitMs } : {}) }
}

/**
 * What a WhatsApp error means. `code`: of the answer or of a `failed` status; null when it had none. An unknown code is
 * judged by the HTTP status. An answer without a code, or with a code that repeats the HTTP status, does not come from
 * Meta: a 400 is 360dialog's gateway about our account (unpaid, disabled, endpoint limit), a 404 or 405 is a wrong
 * address, and a 408 or 5xx is a proxy, so WhatsApp may have accepted the message.
 */
export function classifyWhatsApp(given: { code: number | null; httpStatus: number | null }): Judged {
  const code = Number.isInteger(given.code) ? given.code! : null
  const known = code === null ? undefined : findCode(code)
  if (code === null || (!known && code === given.httpStatus)) return judgeGateway(given.httpStatus)
  return refusalOf(known, `whatsapp_${code}`, given.httpStatus)
}

/**
 * What an error of Resend means. `name`: of the answer; null when the answer is not Resend's. An unknown name is judged by
 * the HTTP status.
 */
export function classifyEmail({ name, httpStatus }: { name: string | null; httpStatus: number | null }): Judged {
  if (name === null) return judgeProxy(httpStatus)
  const known = findName(name, httpStatus)
  // The name is foreign text and may hold personal data: only what looks like a name becomes a reason.
  const label = /^[a-z0-9_]{1,60}$/.test(name) ? name : httpStatus === null ? 'no_name' : `http_${httpStatus}`
  return refusalOf(known, `email_${label}`, httpStatus)
}

/** The row of a WhatsApp code. The first match wins, so a single code can precede a range that includes it. */
export const findCode = (code: number) =>
  WHATSAPP_REFUSALS.find((one) => code >= one.code && code <= (one.to ?? one.code))

/** The row of a Resend error name. */
export function findName(name: string, httpStatus: number | null): EmailRow | undefined {
  const rows = EMAIL_REFUSALS.filter((one) => one.name === name)
  return rows.find((one) => one.httpStatus === httpStatus) ?? rows.find((one) => one.httpStatus === undefined)
}

/** The answer of a proxy. Repeating is safe because of the idempotency key, but useless when our key or address is wrong. */
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
