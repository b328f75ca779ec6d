/**
 * The simulated channel. It accepts messages like a provider, keeps them in `simulated_messages`, and later posts `sent`,
 * `delivered`, `read` and some replies to our own POST /wa/webhook. Accepted messages survive a crash of this program, as
 * they would at a provider. Its deliberate failures are in simulated-failures.ts.
 */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { batching } from '../platform/batching.ts'
import { newId, sql, type Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Sender } from './channel.ts'
import { findCode } from './refusals.ts'
import { findBehaviour, openRefusals } from './simulated-failures.ts'

/** How long after the previous step each step comes. */
const STEPS = [
  { step: 'sent', afterMs: 300 },
  { step: 'delivered', afterMs: 1200 },
  { step: 'read', afterMs: 2500 },
  { step: 'reply', afterMs: 2000 },
] as const
const RETRY_MS = 5000
const POST_TIMEOUT_MS = 5000

/** What simulated guests reply; null: nothing. */
const REPLIES = ['Confirmo ✅', 'Confirmo ✅', 'no podré ir', null, 'Confirmo ✅', null] as const

export function openSimulated(
  channel: ChannelName,
  { config, db, now }: { config: Config; db: Db; now: () => Date },
): Sender {
  const hasCallbacks = channel === 'whatsapp' && config.simulator.isOn
  const refuse = config.simulator.isOn ? openRefusals() : () => undefined
  return {
    isSimulated: true,
    async send(message) {
      const refused = refuse(message)
      if (refused) return refused
      const { silence } = config.simulator.isOn ? findBehaviour(message.to) : {}
      if (silence && !silence.arrives) return { kind: 'unknown', reason: silence.reason }
      const id = `wamid.sim_m_${randomUUID().replaceAll('-', '')}`
      if (!hasCallbacks) return { kind: 'sent', providerMessageId: id, httpStatus: 200 } // no callbacks, so nothing to keep
      const at = now()
      const accepted = {
        id,
        callbackData: message.deliveryId,
        recipient: message.to,
        channel,
        body: JSON.stringify(message.content),
        at,
        dueAt: new Date(at.getTime() + STEPS[0].afterMs),
      }
      await accept({ db }, accepted)
      if (silence) return { kind: 'unknown', reason: silence.reason }
      return { kind: 'sent', providerMessageId: id, httpStatus: 200 }
    },
  }
}

type Accepted = {
  id: string
  callbackData: string
  recipient: string
  channel: ChannelName
  body: string
  at: Date
  dueAt: Date | null
}

const accept = batching(acceptMany, { max: 64, lanes: 2 })

async function acceptMany({ db }: { db: Db }, accepted: Accepted[]): Promise<void[]> {
  const column = <K extends keyof Accepted>(name: K) => accepted.map((one) => one[name])
  await sql`
    insert into simulated_messages (id, callback_data, recipient, channel, body, accepted_at, next_step_at)
    select *
      from unnest(${column('id')}::text[], ${column('callbackData')}::text[], ${column('recipient')}::text[],
                  ${column('channel')}::text[], ${column('body')}::text[], ${column('at')}::timestamptz[],
                  ${column('dueAt')}::timestamptz[])`.execute(db)
  return accepted.map(() => undefined)
}

type SimulatorDeps = { config: Config; db: Db; now: () => Date; log: Logger }

/** How often the simulated provider looks for callbacks that are due. */
const POLL_MS = 250

/**
 * Posts callbacks to the webhook. It runs in the API process, so killing a worker does not stop it, just as it would not
 * stop a real provider. Several API processes share the table.
 */
export function startSimulator(deps: SimulatorDeps, webhookUrl: string): { stop(): Promise<void> } {
  const log = deps.log.child({ simulated: true })
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= postDueCallbacks(deps, webhookUrl, log)
      .catch((error: unknown) => log.debug({ err: error }, 'The simulated provider could not read its messages'))
      .finally(() => (running = undefined))
  }, POLL_MS)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

type SimulatedMessage = { id: string; callbackData: string; recipient: string; nextStep: number }

/** Posts the callbacks that are due, 50 at most, and advances each message by one step once the webhook accepted them. */
async function postDueCallbacks({ db, now, config }: SimulatorDeps, url: string, log: Logger): Promise<void> {
  const at = now()
  const due = await takeDue(db, at)
  if (due.length === 0) return
  const body = JSON.stringify(callbackBody(due, at))
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: headersFor(config, body),
      body,
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
  } catch (error) {
    return log.warn({ err: error }, 'The simulated provider could not post its callbacks and will try again')
  }
  for (const message of due) await advance(db, message, at)
  log.debug({ messages: due.length }, 'The simulated provider posted callbacks')
}

/** Takes up to 50 due rows. They are due again after RETRY_MS, in case this process dies before it posts. */
async function takeDue(db: Db, now: Date): Promise<SimulatedMessage[]> {
  const { rows } = await sql<SimulatedMessage>`
    with due as (
      select id
        from simulated_messages
       where next_step_at <= ${now}
       order by next_step_at
       limit 50
         for update skip locked)
    update simulated_messages m
       set next_step_at = ${now}::timestamptz + make_interval(secs => ${RETRY_MS / 1000})
      from due
     where m.id = due.id
    returning m.id, m.callback_data, m.recipient, m.next_step`.execute(db)
  return rows
}

async function advance(db: Db, message: SimulatedMessage, now: Date): Promise<void> {
  const next = STEPS[message.nextStep + 1]
  const isOver = !next || failureOf(message) !== undefined || (next.step === 'reply' && replyOf(message) === null)
  const nextAt = isOver ? null : new Date(now.getTime() + next.afterMs)
  await sql`
    update simulated_messages
       set next_step = ${message.nextStep + 1}, next_step_at = ${nextAt}
     where id = ${message.id}`.execute(db)
}

const failureOf = ({ recipient }: SimulatedMessage): number | undefined => findBehaviour(recipient).failsLaterWith

/** The reply depends on the recipient only, so that a demo can be repeated. */
function replyOf({ recipient }: SimulatedMessage): string | null {
  if (findBehaviour(recipient).replies) return REPLIES[0]
  const digest = createHash('sha256').update(recipient).digest()
  return REPLIES[digest[1]! % REPLIES.length] ?? null
}

/** One payload in the shape of the Cloud API, with all statuses and replies, because the provider batches them too. */
function callbackBody(due: SimulatedMessage[], now: Date) {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const statuses = []
  const messages = []
  for (const message of due) {
    const step = STEPS[message.nextStep]!.step
    const waId = message.recipient.replace(/^\+/, '')
    const code = failureOf(message)
    const base = { id: message.id, recipient_id: waId, timestamp, biz_opaque_callback_data: message.callbackData }
    if (step === 'reply') {
      messages.push({
        from: waId,
        id: `wamid.sim_${newId('r')}`,
        timestamp,
        type: 'text',
        text: { body: replyOf(message) },
        context: { from: 'simulated', id: message.id },
      })
    } else if (code !== undefined) {
      statuses.push({ ...base, status: 'failed', errors: [{ code, title: findCode(code)?.meaning ?? '' }] })
    } else {
      const pricing =
        step === 'sent'
          ? { pricing: { billable: true, pricing_model: 'PMP', type: 'regular', category: 'utility' } }
          : {}
      statuses.push({ ...base, status: step, ...pricing })
    }
  }
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: 'simulated', phone_number_id: 'simulated' },
    statuses,
    messages,
  }
  return { object: 'whatsapp_business_account', entry: [{ id: 'simulated', changes: [{ field: 'messages', value }] }] }
}

/** The headers that our webhook checks: its secret and the signature of the body. */
function headersFor(config: Config, body: string): Record<string, string> {
  const { webhookSecret, webhookSecretHeader, appSecret } = config.whatsapp
  return {
    'content-type': 'application/json',
    ...(webhookSecret ? { [webhookSecretHeader]: webhookSecret } : {}),
    ...(appSecret
      ? { 'x-hub-signature-256': `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}` }
      : {}),
  }
}
