/**
 * The simulated channel. It accepts messages like a provider, keeps them in `simulated_messages`, and later posts what
 * becomes of them to our own webhooks. Accepted messages survive a crash of this program, as they would at a provider.
 * simulated-failures.ts says what becomes of which recipient, simulated-callbacks.ts writes the bodies.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Message, Outcome, Sender } from './channel.ts'
import { emailBody, headersOf, planSteps, svixHeadersOf, whatsAppBody, type Accepted } from './simulated-callbacks.ts'
import { findBehaviour, findRefusal } from './simulated-failures.ts'

const RETRY_MS = 5000
const POST_TIMEOUT_MS = 5000

export type CategoryOf = (template: string) => 'marketing' | 'utility'
type Context = { config: Config; db: Db; now: () => Date }

export function openSimulated(channel: ChannelName, context: Context & { categoryOf: CategoryOf }): Sender {
  const send = context.config.simulator.isOn
    ? (message: Message) => simulate(context, message)
    : () => Promise.resolve(accepted(makeId(channel))) // nothing more is heard of it, so there is nothing to keep
  return { isSimulated: true, send }
}

const accepted = (id: string): Outcome => ({ kind: 'sent', providerMessageId: id, httpStatus: 200 })
/** Looks like an id of WhatsApp or of Resend. */
const makeId = (channel: ChannelName): string =>
  channel === 'whatsapp' ? `wamid.${randomBytes(27).toString('base64')}` : randomUUID()

async function simulate(context: Context & { categoryOf: CategoryOf }, message: Message): Promise<Outcome> {
  const { db, now, categoryOf } = context
  const { deliveryId: callbackData, to: recipient, channel, template, content } = message
  const at = now()
  const refused = await findRefusal(message, () => rememberRefusal(db, message, at))
  if (refused) return refused
  const { silence } = findBehaviour(recipient)
  const category = channel === 'whatsapp' ? categoryOf(template) : 'utility' // an e-mail has no price
  const one: Accepted = { id: makeId(channel), callbackData, recipient, channel, template, category, content }
  if (!silence || silence.arrives) await accept({ db }, { ...one, at })
  return silence ? { kind: 'unknown', reason: silence.reason } : accepted(one.id)
}

/** Keeps that a call was refused, in a row without callbacks. Returns false when one was refused before. */
async function rememberRefusal(db: Db, { deliveryId, to, channel }: Message, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into simulated_messages (id, callback_data, recipient, channel, body, accepted_at)
    values (${`refused ${deliveryId}`}, ${deliveryId}, ${to}, ${channel}, '{}', ${now})
    on conflict do nothing
    returning id`.execute(db)
  return rows.length === 1
}

type New = Accepted & { at: Date }

const accept = batching(acceptMany, { max: 64, lanes: 2 })

async function acceptMany({ db }: { db: Db }, messages: New[]): Promise<void[]> {
  const column = <K extends keyof New>(name: K) => messages.map((one) => one[name])
  const bodies = messages.map(({ content }) => JSON.stringify(content))
  const dueAt = messages.map((one) => new Date(one.at.getTime() + planSteps(one)[0]!.afterMs))
  await sql`
    insert into simulated_messages (
      id, callback_data, recipient, channel, template, category, body, accepted_at, next_step_at)
    select *
      from unnest(${column('id')}::text[], ${column('callbackData')}::text[], ${column('recipient')}::text[],
                  ${column('channel')}::text[], ${column('template')}::text[], ${column('category')}::text[],
                  ${bodies}::text[], ${column('at')}::timestamptz[], ${dueAt}::timestamptz[])`.execute(db)
  return messages.map(() => undefined)
}

type SimulatorDeps = Context & { log: Logger }

/** How often the simulated provider looks for callbacks that are due. */
const POLL_MS = 250

/**
 * Posts callbacks to the webhooks below `baseUrl`. It runs in the API process, so killing a worker does not stop it, just
 * as it would not stop a real provider. Several API processes share the table.
 */
export function startSimulator(
  deps: SimulatorDeps,
  baseUrl: string,
  pollMs: number = POLL_MS,
): { stop(): Promise<void> } {
  const log = deps.log.child({ simulated: true })
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= postDueCallbacks(deps, baseUrl, log)
      .catch((error: unknown) => log.debug({ err: error }, 'The simulated provider could not read its messages'))
      .finally(() => (running = undefined))
  }, pollMs)
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

type Due = Accepted & { nextStep: number }

/** Posts the callbacks that are due, 50 at most, and advances each message by one step once the webhook accepted it. */
async function postDueCallbacks(deps: SimulatorDeps, baseUrl: string, log: Logger): Promise<void> {
  const at = deps.now()
  const due = await takeDue(deps.db, at)
  const posts = listPosts(deps.config, due, at)
  for (const { path, headers, body, messages } of posts) {
    try {
      await post(`${baseUrl}${path}`, headers, body)
    } catch (error) {
      log.warn({ err: error }, 'The simulated provider could not post its callbacks and will try again')
      continue
    }
    for (const message of messages) await advance(deps.db, message, at)
  }
  if (posts.length > 0) log.debug({ messages: due.length }, 'The simulated provider posted callbacks')
}

type Post = { path: string; headers: Record<string, string>; body: string; messages: Due[] }

function listPosts(config: Config, due: Due[], now: Date): Post[] {
  const known = due.flatMap((message) => {
    const step = planSteps(message)[message.nextStep]?.step
    return step ? [{ message, step }] : []
  })
  const byWhatsApp = known.filter(({ message }) => message.channel === 'whatsapp')
  const body = whatsAppBody(byWhatsApp, now)
  const whatsApp = {
    ...{ path: '/wa/webhook', headers: headersOf(config, body), body },
    messages: byWhatsApp.map(({ message }) => message),
  }
  const emails = known
    .filter(({ message }) => message.channel === 'email')
    .map(({ message, step }): Post => {
      const event = emailBody(message, step, now)
      const headers = svixHeadersOf(config, { body: event, messageId: message.id, step, now })
      return { path: '/email/webhook', headers, body: event, messages: [message] }
    })
  return byWhatsApp.length > 0 ? [whatsApp, ...emails] : emails
}

async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(POST_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`)
}

/** Takes up to 50 due rows. They are due again after RETRY_MS, in case this process dies before it posts. */
async function takeDue(db: Db, now: Date): Promise<Due[]> {
  const { rows } = await sql<Due>`
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
    returning m.id, m.callback_data, m.recipient, m.channel, m.template, m.category, m.body::jsonb as content,
              m.next_step`.execute(db)
  return rows
}

async function advance(db: Db, message: Due, now: Date): Promise<void> {
  const next = planSteps(message)[message.nextStep + 1]
  const nextAt = next ? new Date(now.getTime() + next.afterMs) : null
  await sql`
    update simulated_messages
       set next_step = ${message.nextStep + 1}, next_step_at = ${nextAt}
     where id = ${message.id}`.execute(db)
}
