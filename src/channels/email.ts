/**
 * E-mail through Resend's SDK (resend.com/docs/api-reference/emails/send-email).
 *
 * All attempts of a delivery share an idempotency key, which Resend keeps for 24 hours: repeating a call whose outcome
 * is unknown still sends one mail. The SDK does not throw, does not retry and has no timeout.
 */
import { Resend } from 'resend'
import type { Sender, EmailContent, Message, Outcome } from './channel.ts'
import { classifyEmail, outcomeOf } from './refusals.ts'
import { readRetryAfter } from './retry-after.ts'

export type EmailSettings = { apiKey: string; apiUrl: string; from: string; timeoutMs: number; now: () => Date }

/** A sender that sends one mail per call. It never throws: the outcome says what went wrong. */
export function openEmail(settings: EmailSettings): Sender {
  // The SDK reads RESEND_BASE_URL and RESEND_USER_AGENT from the environment unless both are passed.
  const client = new Resend(settings.apiKey, { baseUrl: settings.apiUrl, userAgent: 'monotickets' })
  return { isSimulated: false, send: (message) => sendEmail(client, settings, message) }
}

async function sendEmail(client: Resend, settings: EmailSettings, message: Message): Promise<Outcome> {
  if (message.channel !== 'email') throw new Error('a WhatsApp message was given to e-mail')
  const { deliveryId, requestId, content, idempotencyKey } = message
  const mail = {
    from: settings.from,
    to: [message.to],
    subject: content.subject,
    html: content.html,
    text: content.text,
    headers: headersOf(deliveryId, requestId, content),
    tags: [
      { name: 'delivery_id', value: tag(deliveryId) },
      { name: 'template', value: tag(message.template) },
    ],
  }
  const signal = AbortSignal.timeout(settings.timeoutMs)
  // The SDK passes its options to fetch. Following a redirect would send the mail and the key to another host.
  const redirect = 'manual' as const
  const options = { idempotencyKey, headers: { 'x-request-id': requestId }, signal, redirect }
  const answer = await client.emails.send(mail, options)
  return readAnswer(answer, signal.aborted, settings.now())
}

/** One-click unsubscription is RFC 8058. X-Entity-Ref-ID keeps Gmail from grouping several invitations into one thread. */
const headersOf = (deliveryId: string, requestId: string, { unsubscribeUrl }: EmailContent) => ({
  ...(unsubscribeUrl === null
    ? {}
    : { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' }),
  'X-Entity-Ref-ID': deliveryId,
  'X-Request-Id': requestId,
})

/** Resend allows these characters in a tag, 256 at most. */
const tag = (value: string): string => value.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 256)

type SdkAnswer = Awaited<ReturnType<Resend['emails']['send']>>

function readAnswer({ data, error, headers }: SdkAnswer, isTooLate: boolean, now: Date): Outcome {
  if (error === null) {
    // The SDK does not check the JSON of a 2xx.
    const id: unknown = data?.id
    if (typeof id === 'string' && id) return { kind: 'sent', providerMessageId: id, httpStatus: 200 }
    return { kind: 'unknown', reason: 'email_unreadable_answer' }
  }
  // The SDK reports an unreachable host, a broken connection and unreadable JSON in the same way.
  if (!headers) return { kind: 'unknown', reason: isTooLate ? 'email_timeout' : 'email_no_answer' }
  if (headers['location'])
    return { kind: 'refused', verdict: 'alarm', reason: 'email_redirected', httpStatus: error.statusCode ?? null }
  const { name, statusCode } = readError(error)
  const refusal = classifyEmail({ name, httpStatus: statusCode })
  const retryAfterMs =
    readRetryAfter(headers['retry-after'], now) ?? (refusal.verdict === 'wait_all' ? resetMs(headers) : 0)
  return outcomeOf(refusal, { httpStatus: statusCode, retryAfterMs })
}

/**
 * The SDK does not check the shape of an error, and a proxy may have written it. An error that is not JSON is reported by
 * the SDK as application_error with any status; Resend's own application_error is always a 500.
 */
function readError(error: unknown): { name: string | null; statusCode: number } {
  const { name, statusCode } = (typeof error === 'object' ? error : {}) as { name?: unknown; statusCode?: unknown }
  return {
    name: typeof name === 'string' && (name !== 'application_error' || statusCode === 500) ? name : null,
    statusCode: typeof statusCode === 'number' ? statusCode : 502, // not from Resend: treated as a proxy's error
  }
}

/** From `ratelimit-reset` in seconds: when the account may send again. In milliseconds, at most one hour. */
function resetMs(headers: Record<string, string>): number {
  const seconds = Number(headers['ratelimit-reset'])
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(3600, seconds) * 1000 : 0
}
