/**
 * WhatsApp through 360dialog's Cloud API (docs.360dialog.com, Messaging API; Meta's Cloud API reference for bodies).
 *
 * The API has no idempotency key, so a call without an answer is `unknown` and is not repeated here. Only a call that
 * certainly did not reach the provider is a `retry`.
 */
import type { Sender, Message, Outcome, Refusal, TemplateButton, TemplateHeader, TextParameter } from './channel.ts'
import type { WhatsAppContent } from './channel.ts'
import { callProvider, type Answered } from './http-call.ts'
import { classifyWhatsApp, outcomeOf } from './refusals.ts'
import { readRetryAfter } from './retry-after.ts'

export type WhatsAppSettings = { apiKey: string; apiUrl: string; timeoutMs: number; now: () => Date }
/** A template as WhatsApp lists it. `components` has WhatsApp's own shape: HEADER, BODY, FOOTER, BUTTONS. */
export type RemoteTemplate = { name: string; language: string; status: string; category: string; components: unknown[] }
export type FetchedTemplates =
  | { kind: 'fetched'; templates: RemoteTemplate[] }
  | ({ kind: 'refused'; httpStatus: number | null } & Refusal)
  | { kind: 'unknown'; reason: string }

/** `path`: where the bytes are, at the same host. `size`: null when WhatsApp does not tell it. */
export type FoundMedia =
  | { kind: 'found'; path: string; size: number | null }
  | { kind: 'gone' }
  | { kind: 'refused'; httpStatus: number | null; reason: string; isPassing: boolean }

const ANSWER_MAX_BYTES = 65_536
const TEMPLATES_MAX_BYTES = 8_388_608
const TEMPLATES_PER_PAGE = 250
const PAGES_MAX = 40

/** A sender that sends one message per call. It never throws: the outcome says what went wrong. */
export function openWhatsApp(settings: WhatsAppSettings): Sender {
  return { isSimulated: false, send: (message) => sendMessage(settings, message) }
}

async function sendMessage(settings: WhatsAppSettings, message: Message): Promise<Outcome> {
  if (message.channel !== 'whatsapp') throw new Error('an e-mail was given to WhatsApp')
  const body = JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: message.to,
    ...describeContent(message.content),
    biz_opaque_callback_data: message.deliveryId,
  })
  const headers = { 'content-type': 'application/json', 'x-request-id': message.requestId }
  const answer = await call(settings, '/messages', { method: 'POST', headers, body }, ANSWER_MAX_BYTES)
  if (answer.kind !== 'answered') return answer
  const { json, httpStatus } = answer
  const id = text(first(field(json, 'messages')), 'id')
  // WhatsApp accepted the message without telling its id. A status that carries our delivery id will.
  if (!id) return { kind: 'unknown', reason: 'whatsapp_unreadable_answer' }
  // A business-scoped user id may stand where the number was.
  const waId = /^\d{7,15}$/.exec(text(first(field(json, 'contacts')), 'wa_id') ?? '')?.[0]
  return { kind: 'sent', providerMessageId: id, httpStatus, ...(waId ? { waId } : {}) }
}

/** Fetches all templates of the number, page by page (360dialog, `GET /v1/configs/templates`). Never throws. */
export async function fetchTemplates(settings: WhatsAppSettings, requestId: string): Promise<FetchedTemplates> {
  const headers = { 'x-request-id': requestId }
  const templates: RemoteTemplate[] = []
  for (let page = 0, seen = 0; page < PAGES_MAX; page++) {
    const path = `/v1/configs/templates?limit=${TEMPLATES_PER_PAGE}&offset=${seen}`
    const answer = await call(settings, path, { method: 'GET', headers }, TEMPLATES_MAX_BYTES)
    if (answer.kind !== 'answered') return answer
    const listed = field(answer.json, 'waba_templates')
    if (!Array.isArray(listed)) return { kind: 'unknown', reason: 'whatsapp_unreadable_answer' }
    templates.push(...listed.map(readTemplate).filter((one) => one.name && one.language))
    seen += listed.length
    const total = field(answer.json, 'total')
    // Without a total only an empty page is the end. Stopping early would report templates as missing.
    if (listed.length === 0 || (typeof total === 'number' && seen >= total)) break
  }
  return { kind: 'fetched', templates }
}

/**
 * Finds the address of a file that a guest sent (Cloud API, `GET /{media-id}`). WhatsApp answers with an address of Meta, and
 * 360dialog serves the same path at its own host, so only the path is used: no answer can lead us to another host. Never throws.
 */
export async function findMedia(settings: WhatsAppSettings, id: string, requestId: string): Promise<FoundMedia> {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) return { kind: 'gone' }
  const headers = { 'x-request-id': requestId }
  const answer = await call(settings, `/${id}`, { method: 'GET', headers }, ANSWER_MAX_BYTES)
  if (answer.kind === 'unknown') return { kind: 'refused', httpStatus: null, reason: answer.reason, isPassing: true }
  if (answer.kind === 'refused') {
    const { httpStatus, reason, verdict } = answer
    // Meta answers 400 with code 100 about an object that does not exist.
    if (httpStatus === 404 || (httpStatus === 400 && reason === 'whatsapp_100')) return { kind: 'gone' }
    return { kind: 'refused', httpStatus, reason, isPassing: verdict.startsWith('retry') || verdict.startsWith('wait') }
  }
  const url = text(answer.json, 'url') ?? ''
  // Of another scheme a path need not begin with a slash, and would change our host.
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    return { kind: 'refused', httpStatus: answer.httpStatus, reason: 'whatsapp_unreadable_answer', isPassing: false }
  const { pathname, search } = new URL(url)
  const size = field(answer.json, 'file_size')
  return { kind: 'found', path: `${pathname}${search}`, size: typeof size === 'number' ? size : null }
}

function readTemplate(listed: unknown): RemoteTemplate {
  const components = field(listed, 'components')
  return {
    name: text(listed, 'name') ?? '',
    language: text(listed, 'language') ?? '',
    status: (text(listed, 'status') ?? '').toLowerCase(),
    category: (text(listed, 'category') ?? '').toLowerCase(),
    components: Array.isArray(components) ? components : [],
  }
}

/** `type` and the object of that name, in the shape of the Cloud API. */
function describeContent(content: WhatsAppContent): Record<string, unknown> {
  switch (content.kind) {
    case 'template': {
      const { name, language, header, body, buttons } = content
      const components = [
        ...(header ? [{ type: 'header', parameters: [describeHeader(header)] }] : []),
        ...(body.length > 0 ? [{ type: 'body', parameters: body.map(describeParameter) }] : []),
        ...buttons.map(describeButton),
      ]
      return { type: 'template', template: { name, language: { code: language }, components } }
    }
    case 'text':
      return { type: 'text', text: { body: content.body, preview_url: false } }
    case 'buttons': {
      const buttons = content.buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } }))
      return { type: 'interactive', interactive: { type: 'button', body: { text: content.body }, action: { buttons } } }
    }
    case 'list': {
      const { button, rows } = content
      const action = { button, sections: [{ rows }] }
      return { type: 'interactive', interactive: { type: 'list', body: { text: content.body }, action } }
    }
    case 'image':
      return { type: 'image', image: { link: content.link, ...captionOf(content) } }
    default: {
      const { link, filename } = content
      return { type: 'document', document: { link, filename, ...captionOf(content) } }
    }
  }
}

const captionOf = ({ caption }: { caption: string }) => (caption ? { caption } : {})

const describeParameter = ({ name, text: value }: TextParameter) => ({
  type: 'text',
  ...(name ? { parameter_name: name } : {}),
  text: value,
})

function describeHeader(header: TemplateHeader) {
  if (header.kind === 'text') return describeParameter(header.parameter)
  if (header.kind === 'image') return { type: 'image', image: { link: header.link } }
  return { type: 'document', document: { link: header.link, filename: header.filename } }
}

function describeButton(button: TemplateButton) {
  const parameter =
    button.kind === 'url' ? { type: 'text', text: button.suffix } : { type: 'payload', payload: button.payload }
  return { type: 'button', sub_type: button.kind, index: String(button.index), parameters: [parameter] }
}

type Answer =
  | { kind: 'answered'; httpStatus: number; json: unknown }
  | ({ kind: 'refused'; httpStatus: number | null } & Refusal)
  | { kind: 'unknown'; reason: string }

async function call(
  { apiKey, apiUrl, timeoutMs, now }: WhatsAppSettings,
  path: string,
  request: { method: 'GET' | 'POST'; headers: Record<string, string>; body?: string },
  maxBytes: number,
): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    'user-agent': 'monotickets',
    'd360-api-key': apiKey,
    ...request.headers,
  }
  const result = await callProvider({ ...request, url: `${apiUrl}${path}`, headers, timeoutMs, maxBytes })
  if (result.kind === 'answered') return readAnswer(result, now())
  if (result.kind === 'unreachable')
    return { kind: 'refused', verdict: 'retry', reason: 'whatsapp_unreachable', httpStatus: null }
  return { kind: 'unknown', reason: result.kind === 'timeout' ? 'whatsapp_timeout' : 'whatsapp_connection_lost' }
}

function readAnswer({ httpStatus, json, retryAfter }: Answered, now: Date): Answer {
  const isOk = httpStatus >= 200 && httpStatus < 300
  if (isOk && json === undefined) return { kind: 'unknown', reason: 'whatsapp_unreadable_answer' }
  if (isOk) return { kind: 'answered', httpStatus, json }
  if (httpStatus < 400) return { kind: 'refused', verdict: 'alarm', reason: 'whatsapp_redirected', httpStatus }
  const retryAfterMs = readRetryAfter(retryAfter, now) ?? 0
  return outcomeOf(classifyWhatsApp({ code: findCode(json), httpStatus }), { httpStatus, retryAfterMs })
}

/**
 * The numeric code of a refusal, in every shape that 360dialog sends: Meta's `error` object, the same object as text in
 * `meta.developer_message` or `error`, and `errors[]` of the old API. Null when there is none, as in
 * `{"error":"Invalid key"}`.
 */
function findCode(json: unknown): number | null {
  const embedded = parse(text(field(json, 'meta'), 'developer_message') ?? text(json, 'error'))
  const places = [field(json, 'error'), first(field(json, 'errors'))]
  const inside = embedded === undefined ? [] : [field(embedded, 'error'), first(field(embedded, 'errors')), embedded]
  for (const place of [...places, ...inside]) {
    const code = field(place, 'code')
    const number = typeof code === 'string' && /^\d+$/.test(code) ? Number(code) : code
    if (typeof number === 'number' && Number.isInteger(number)) return number
  }
  return null
}

/** Parses the JSON object in a text, which may have words before and after it. */
function parse(message: string | undefined): unknown {
  const start = message?.indexOf('{') ?? -1
  if (message === undefined || start < 0) return undefined
  try {
    return JSON.parse(message.slice(start, message.lastIndexOf('}') + 1))
  } catch {
    return undefined
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined)
const text = (value: unknown, name: string): string | undefined => {
  const found = field(value, name)
  return typeof found === 'string' && found !== '' ? found : undefined
}
