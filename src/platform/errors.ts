/**
 * Every error that a caller can get: code → HTTP status and title. Codes are stable; titles may change.
 * `http/errors.ts` turns a Failure into application/problem+json; queue-workers.ts does not retry a GiveUp.
 */
const FAILURES = {
  // the request itself
  invalid_request: [400, 'The request is not valid'],
  invalid_json: [400, 'The body is not valid JSON'],
  invalid_text: [400, 'A text contains characters that cannot be stored'],
  invalid_id: [400, 'An identifier is malformed'],
  invalid_phone: [400, 'The phone number is not valid'],
  invalid_email: [400, 'The e-mail address is not valid'],
  invalid_amount: [400, 'The amount is not valid'],
  amount_too_small: [400, 'The amount is below the minimum'],
  amount_too_large: [400, 'The amount is above the maximum'],
  invalid_date: [400, 'A date is not acceptable'],
  period_too_long: [400, 'The period is too long'],
  invalid_time_zone: [400, 'The time zone is unknown'],
  invalid_cursor: [400, 'The cursor is not valid'],
  invalid_idempotency_key: [400, 'The Idempotency-Key is not valid'],
  unsupported_currency: [400, 'The currency is not supported'],
  unsupported_provider: [400, 'The payment provider is not supported'],
  unsupported_method: [400, 'The provider does not support this payment method'],
  invalid_file: [400, 'The file cannot be read'],
  too_many_columns: [400, 'The file has too many columns'],
  columns_not_found: [400, 'The file has no column that is needed'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'Method not allowed'],
  payload_too_large: [413, 'The body is too large'],
  too_many_rows: [413, 'The file has too many rows'],
  uri_too_long: [414, 'The address is too long'],
  unsupported_media_type: [415, 'The media type is not supported'],
  unsupported_file: [415, 'The kind of file is not supported'],
  file_has_macros: [415, 'The file has macros'],
  headers_too_large: [431, 'The headers are too large'],
  rate_limited: [429, 'Too many requests'],
  // access
  unauthorized: [401, 'Credentials are missing or not valid'],
  invalid_credentials: [401, 'E-mail or password is wrong'],
  invalid_signature: [401, 'The signature is missing or not valid'],
  verification_failed: [403, 'The webhook could not be verified'],
  forbidden: [403, 'Your role may not do this'],
  csrf: [403, 'The request does not come from our own page'],
  supervisor_required: [403, 'Only supervisors of the door may do this'],
  // not found or gone
  user_not_found: [404, 'No such user'],
  key_not_found: [404, 'No such API key'],
  device_not_found: [404, 'No such device'],
  staff_not_found: [404, 'The user is not assigned to this event'],
  session_not_found: [404, 'No such session'],
  organizer_not_found: [404, 'No such organizer'],
  event_not_found: [404, 'No such event'],
  guest_not_found: [404, 'No such guest'],
  template_not_found: [404, 'No such template'],
  delivery_not_found: [404, 'No such delivery'],
  campaign_not_found: [404, 'No such campaign'],
  dead_letter_not_found: [404, 'No such dead letter'],
  payment_not_found: [404, 'No such payment'],
  review_not_found: [404, 'No such review'],
  assignment_not_found: [404, 'No such assignment of tickets'],
  export_not_found: [404, 'No such export'],
  scan_not_found: [404, 'No such scan'],
  import_not_found: [404, 'No such import'],
  not_waiting: [404, 'The guest is not on the waiting list'],
  invitation_not_found: [404, 'No such invitation'],
  attachment_not_found: [404, 'No such attachment'],
  attachment_gone: [404, 'The provider no longer has the file'],
  card_not_found: [404, 'No such event card'],
  invitation_expired: [410, 'The invitation has expired'],
  invitation_revoked: [410, 'The invitation is no longer valid'],
  link_not_valid: [410, 'The link is used, replaced or expired'],
  device_code_of_other_event: [409, 'The code is for another event'],
  device_code_not_valid: [410, 'The code is unknown, used or expired'],
  // conflicts
  user_disabled: [409, 'The user is disabled'],
  too_many_keys: [409, 'There are as many API keys as there may be'],
  key_not_active: [409, 'The API key has ended or has been replaced'],
  device_exists: [409, 'A device of this name exists'],
  user_exists: [409, 'A user with this e-mail exists'],
  organizer_exists: [409, 'An organizer with this id exists'],
  guest_has_history: [409, 'The guest has deliveries or scans'],
  event_exists: [409, 'An event with this id exists'],
  guest_anonymized: [409, 'The guest has been anonymised'],
  delivery_in_progress: [409, 'A message to the guest is being sent'],
  webhook_in_progress: [409, 'What the guest has written is being read'],
  import_in_progress: [409, 'A list of guests is being imported'],
  guest_exists: [409, 'A guest with this id exists'],
  event_closed: [409, 'The event is closed'],
  event_cancelled: [409, 'The event is cancelled'],
  event_not_cancelled: [409, 'The event is not cancelled'],
  event_draft: [409, 'The event is a draft'],
  event_not_over: [409, 'The event is not over yet'],
  rsvp_closed: [409, 'The time to answer is over'],
  event_not_open: [409, 'The event does not accept answers now'],
  window_closed: [409, 'The 24-hour window of the guest is closed'],
  guest_opted_out: [409, 'The guest does not want messages'],
  email_stopped: [409, 'This e-mail address no longer receives messages'],
  marketing_stopped: [409, 'The guest does not want promotions'],
  preflight_launched: [409, 'The preflight was already launched'],
  preflight_mismatch: [409, 'The preflight is for another campaign'],
  campaign_empty: [409, 'The campaign has no recipients'],
  campaign_not_running: [409, 'The campaign is not running'],
  campaign_not_paused: [409, 'The campaign is not paused'],
  dead_letter_resolved: [409, 'The dead letter is closed'],
  dead_letter_not_replayable: [409, 'The dead letter cannot be replayed'],
  duplicate_reference: [409, 'A payment with this reference exists'],
  payment_not_reversible: [409, 'The payment cannot be reversed'],
  payment_not_refundable: [409, 'The payment cannot be refunded'],
  above_refundable: [409, 'The amount is above what can be given back'],
  payment_open: [409, 'A payment for this purpose is open'],
  review_decided: [409, 'The review is decided'],
  review_not_applicable: [409, 'The money does not fit this payment'],
  payment_required: [409, 'Prepaid tickets must be paid'],
  assignment_reversed: [409, 'The assignment is already reversed'],
  tickets_used: [409, 'Tickets of this assignment are used'],
  no_tickets_left: [409, 'No tickets are left'],
  above_debt: [409, 'The amount is above the open debt'],
  places_exceeded: [409, 'More places than the invitation has'],
  companions_exceeded: [409, 'More companions than people who come'],
  already_confirmed: [409, 'The guest is confirmed already'],
  capacity_reached: [409, 'The event is full'],
  guest_already_admitted: [409, 'People of this invitation are already inside'],
  export_required: [409, 'The report is too large for one answer'],
  export_not_ready: [409, 'The export is not completed'],
  scan_undone: [409, 'The scan is undone already'],
  scan_not_undoable: [409, 'The scan cannot be undone'],
  scan_id_reused: [409, 'The scan id belongs to another scan'],
  idempotency_in_progress: [409, 'A request with this Idempotency-Key is in progress'],
  idempotency_key_reused: [422, 'The Idempotency-Key belongs to another request'],
  preflight_required: [422, 'A campaign needs its preflight to launch'],
  no_address_for_channel: [422, 'The guest has no address for this channel'],
  template_variable_missing: [422, 'A variable of the template is missing'],
  template_variable_unknown: [422, 'The template has no such variable'],
  template_variable_invalid: [422, 'A variable of the template is not valid'],
  // failures of providers and our own
  provider_error: [502, 'The payment provider rejected the request'],
  media_refused: [502, 'The provider did not give the file'],
  unavailable: [503, 'A dependency is down'],
  internal: [500, 'Something went wrong on our side'],
} as const satisfies Record<string, readonly [number, string]>

export type FailureCode = keyof typeof FAILURES

export const statusOf = (code: FailureCode): number => FAILURES[code][0]
export const titleOf = (code: FailureCode): string => FAILURES[code][1]

export type FailureDetails = {
  detail?: string
  errors?: { path: string; message: string }[]
  retryAfterSeconds?: number
  cause?: unknown
}

/** An error of the request, which the client can handle by its code. */
export class Failure extends Error {
  readonly code: FailureCode
  readonly details: FailureDetails

  constructor(code: FailureCode, details: FailureDetails = {}) {
    super(details.detail ?? titleOf(code), { cause: details.cause })
    this.code = code
    this.details = details
  }
}

/** Thrown by a job that can never succeed: it is not retried and becomes a dead letter. */
export class GiveUp extends Error {
  readonly reason: string

  constructor(reason: string, cause?: unknown) {
    super(reason, { cause })
    this.reason = reason
  }
}

const LOST_CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '08P01',
  '25006',
])

/** Whether PostgreSQL or Redis is unreachable, as opposed to having rejected a statement. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  if (typeof code === 'string' && LOST_CONNECTION.has(code)) return true
  if (error instanceof AggregateError && error.errors.some(isConnectionLost)) return true
  return /Connection terminated|Command timed out|Reached the max retries|timeout exceeded when trying to connect|Query read timeout|Client was closed|Connection is closed|Stream isn't writeable/i.test(
    error.message,
  )
}

/**
 * Reads several fields of a body, and throws one Failure that lists every field that cannot be read: `{ name: () => … }`
 * stands for `body.name`, or another `where`. The code and the detail are those of the first.
 */
export function readFields<T extends object>(readers: { [K in keyof T]: () => T[K] }, where = 'body'): T {
  const fields: Partial<T> = {}
  const failures: { path: string; message: string; failure: Failure }[] = []
  for (const name of Object.keys(readers) as (keyof T & string)[]) {
    try {
      fields[name] = readers[name]()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const named = error.details.errors ?? [{ path: `${where}.${name}`, message: error.message }]
      failures.push(...named.map((one) => ({ ...one, failure: error })))
    }
  }
  const first = failures[0]
  if (!first) return fields as T
  const errors = failures.map(({ path, message }) => ({ path, message }))
  throw new Failure(first.failure.code, { detail: first.failure.message, errors })
}

/** Reads an instant of a request. The schema accepts leap seconds, which are no JavaScript date. Throws `invalid_date`. */
export function readInstant(text: string, field: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime()))
    throw new Failure('invalid_date', { detail: `${field} is not an instant such as 2026-12-24T18:00:00Z.` })
  return at
}
