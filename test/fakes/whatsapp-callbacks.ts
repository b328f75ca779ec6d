/** WhatsApp's webhook posts: their bodies, and their delivery (late, twice, out of order, in batches). */
import { createHmac, randomBytes } from 'node:crypto'
import { openShuffle, postUntilAccepted } from './http.ts'

export type Webhook = { url: string; headers?: Record<string, string>; appSecret?: string }
export type CallbackOptions = {
  /** The time between acceptance and `sent`, and between the following statuses. */
  stepMs?: number
  /** Posts each update twice. */
  duplicates?: boolean
  /** Posts due updates in a random order, equal for equal seeds. */
  shuffleSeed?: number
  /** The largest number of updates in one POST; WhatsApp's is 1,000. */
  batch?: number
  /** The waits between retries while the webhook does not answer 200; WhatsApp retries for seven days. */
  retryWaitsMs?: number[]
}
export type Accepted = {
  id: string
  waId: string
  callbackData: string | undefined
  category: string
  failsWith?: number
  /** Posts `read` without `delivered`, as WhatsApp may. */
  skipsDelivered?: boolean
}
/** A message of a guest. `userId`: a business-scoped user id; without `from` the phone is hidden. */
export type Inbound = { from?: string; userId?: string; name?: string; id?: string; contextId?: string } & (
  | { kind: 'text'; body: string }
  | { kind: 'template_button'; payload: string; text: string }
  | { kind: 'button' | 'list'; replyId: string; title: string }
  | { kind: 'image' | 'document' | 'audio'; mediaId: string; mimeType: string; caption?: string }
  | { kind: 'reaction'; messageId: string; emoji?: string }
)

type Update = { part: 'statuses' | 'messages'; contact?: object; value: object }
type Pending = { dueAt: number; update: Update }

const DEFAULT_RETRY_MS = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]
export const makeWamid = () => `wamid.${randomBytes(18).toString('base64url')}`
const seconds = () => String(Math.floor(Date.now() / 1000))

export function openCallbacks(
  options: CallbackOptions,
  getWebhook: () => Webhook | null,
  log?: (line: string) => void,
) {
  const { stepMs = 200, duplicates, shuffleSeed, batch = 100, retryWaitsMs = DEFAULT_RETRY_MS } = options
  const shuffle = openShuffle(shuffleSeed)
  let pending: Pending[] = []
  const running = new Set<Promise<unknown>>()
  /** The webhook's answers: one list of HTTP statuses per POST. */
  const posts: number[][] = []

  function add(updates: Update[], gapMs: number) {
    const now = Date.now()
    const steps = shuffleSeed === undefined ? updates.map((_, index) => index + 1) : updates.map(() => 1)
    const timed = updates.map((update, index) => ({ update, dueAt: now + gapMs * steps[index]! }))
    pending.push(...(duplicates ? timed.flatMap((one) => [one, one]) : timed))
  }
  function postDue(isEverything: boolean): void {
    const now = Date.now()
    const due = shuffle(pending.filter(({ dueAt }) => isEverything || dueAt <= now))
    pending = pending.filter((one) => !due.includes(one))
    for (let at = 0; at < due.length; at += batch) post(due.slice(at, at + batch).map(({ update }) => update))
  }
  function post(updates: Update[]): void {
    const webhook = getWebhook()
    if (!webhook) return
    const body = envelope(updates)
    const signature = webhook.appSecret && createHmac('sha256', webhook.appSecret).update(body).digest('hex')
    const headers = {
      'content-type': 'application/json',
      ...webhook.headers,
      ...(signature ? { 'x-hub-signature-256': `sha256=${signature}` } : {}),
    }
    const posting = postUntilAccepted(webhook.url, () => ({ headers, body }), {
      isAccepted: (status) => status === 200,
      waitsMs: retryWaitsMs,
      ...(log ? { log } : {}),
    }).then((statuses) => posts.push(statuses))
    running.add(posting)
    void posting.finally(() => running.delete(posting))
  }
  const timer = setInterval(() => postDue(false), Math.max(10, Math.min(100, stepMs)))
  timer.unref()
  return {
    posts,
    accepted: (message: Accepted) => add(statusesOf(message), stepMs),
    received: (inbound: Inbound) => add([messageOf(inbound)], 0),
    /** Posts everything pending and waits until the webhook has accepted it. */
    async flush() {
      postDue(true)
      await Promise.all(running)
    },
    stop: () => clearInterval(timer),
  }
}

function statusesOf(message: Accepted): Update[] {
  const { id, waId, callbackData, category, failsWith, skipsDelivered } = message
  const base = {
    id,
    recipient_id: waId,
    timestamp: seconds(),
    ...(callbackData === undefined ? {} : { biz_opaque_callback_data: callbackData }),
  }
  if (failsWith !== undefined) {
    const errors = [
      { code: failsWith, title: `Error ${failsWith}`, message: `Error ${failsWith}`, error_data: { details: '' } },
    ]
    return [{ part: 'statuses', value: { ...base, status: 'failed', errors } }]
  }
  // Since version 24 there is no conversation, and pricing is in `sent` and in one of the two other statuses.
  const pricing = { billable: true, pricing_model: 'PMP', type: 'regular', category }
  const steps = skipsDelivered ? ['sent', 'read'] : ['sent', 'delivered', 'read']
  return steps.map((status, index) => ({
    part: 'statuses',
    value: { ...base, status, ...(index < 2 ? { pricing } : {}) },
  }))
}

function messageOf(inbound: Inbound): Update {
  const { from, userId, name = 'Invitado', id = makeWamid(), contextId } = inbound
  const contact = { profile: { name }, ...(from ? { wa_id: from } : {}), ...(userId ? { user_id: userId } : {}) }
  const value = {
    ...(from ? { from } : {}),
    ...(userId ? { from_user_id: userId } : {}),
    id,
    timestamp: seconds(),
    ...(contextId ? { context: { from: '5215500000000', id: contextId } } : {}),
    ...contentOf(inbound),
  }
  return { part: 'messages', contact, value }
}

function contentOf(inbound: Inbound): object {
  switch (inbound.kind) {
    case 'text':
      return { type: 'text', text: { body: inbound.body } }
    case 'template_button':
      return { type: 'button', button: { payload: inbound.payload, text: inbound.text } }
    case 'button':
    case 'list': {
      const type = `${inbound.kind}_reply`
      return { type: 'interactive', interactive: { type, [type]: { id: inbound.replyId, title: inbound.title } } }
    }
    case 'reaction':
      return {
        type: 'reaction',
        reaction: { message_id: inbound.messageId, ...(inbound.emoji ? { emoji: inbound.emoji } : {}) },
      }
    default: {
      const { kind, mediaId, mimeType, caption } = inbound
      return {
        type: kind,
        [kind]: { id: mediaId, mime_type: mimeType, sha256: 'fake', ...(caption ? { caption } : {}) },
      }
    }
  }
}

/** Makes the body of one POST, which may contain updates of several messages and guests. */
function envelope(updates: Update[]): string {
  const of = (part: Update['part']) => updates.filter((update) => update.part === part)
  const contacts = of('messages').flatMap(({ contact }) => (contact ? [contact] : []))
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: '5215500000000', phone_number_id: '100000000000001' },
    ...(contacts.length > 0 ? { contacts } : {}),
    ...(of('messages').length > 0 ? { messages: of('messages').map((one) => one.value) } : {}),
    ...(of('statuses').length > 0 ? { statuses: of('statuses').map((one) => one.value) } : {}),
  }
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '1', changes: [{ field: 'messages', value }] }],
  })
}
