/**
 * E-mail through Resend's SDK (resend.com/docs/api-reference/emails/send-email).
 *
 * The delivery id is the idempotency key of every attempt, which Resend keeps for 24 hours: a call whose outcome
 * nobody saw may be made again and still sends one mail. The SDK neither throws, nor retries, nor has a timeout.
 */
import { Resend } from 'resend'
import type { Sender, EmailContent, Message, Outcome } from './channel.ts'
import { classifyEmail, outcomeOf } from './refusals.ts'
import { readRetryAfter } from './retry-after.ts'

export type EmailSettings = { apiKey: string; apiUrl: string; from: string; timeoutMs: number; now: () => Date }

/** Sends one mail a call. Never throws: what went wrong is in the outcome. */
export function openEmail(settings: EmailSettings): Sender {
  // Address and user agent are given, so that no RESEND_* variable of the environment replaces them.
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
  // The SDK hands its options on to fetch: a redirect would take the mail to somebody else.
  const redirect = 'manual' as const
  const options = { idempotencyKey, headers: { 'x-request-id': requestId }, signal, redirect }
  const answer = await client.emails.send(mail, options)
  return readAnswer(answer, signal.aborted, settings.now())
}

/** RFC 8058: one click ends it. X-Entity-Ref-ID keeps Gmail from folding several invitations into one thread. */
const headersOf = (deliveryId: string, requestId: string, { unsubscribeUrl }: EmailContent) => ({
  'List-Unsubscribe': `<${unsubscribeUrl}>`,
  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  'X-Entity-Ref-ID': deliveryId,
  'X-Request-Id': requestId,
})

/** Resend takes only these characters, 256 at most. */
const tag = (value: string): string => value.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 256)

type SdkAnswer = Awaited<ReturnType<Resend['emails']['send']>>

function readAnswer({ data, error, headers }: SdkAnswer, isTooLate: boolean, now: Date): Outcome {
  if (error === null) {
    // The SDK hands on whatever JSON a 2xx had.
    const id: unknown = data?.id
    if (typeof id === 'string' && id) return { kind: 'sent', providerMessageId: id, httpStatus: 200 }
    return { kind: 'unknown', reason: 'email_unreadable_answer' }
  }
  // The SDK hides why there was no answer: unreachable, broken off and unreadable look the same.
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
 * The SDK parses an error as JSON and trusts its shape; a proxy on the way may have written it. What is no JSON the SDK
 * calls application_error, whatever its status; Resend's own is a 500.
 */
function readError(error: unknown): { name: string | null; statusCode: number } {
  const { name, statusCode } = (typeof error === 'object' ? error : {}) as { name?: unknown; statusCode?: unknown }
  return {
    name: typeof name === 'string' && (name !== 'application_error' || statusCode === 500) ? name : null,
    statusCode: typeof statusCode === 'number' ? statusCode : 502, // not Resend's own: a fault on the way
  }
}

/** `ratelimit-reset`: seconds until the account may send again. */
function resetMs(headers: Record<string, string>): number {
  const seconds = Number(headers['ratelimit-reset'])
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(3600, seconds) * 1000 : 0
}
