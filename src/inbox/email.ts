/**
 * Resend's webhooks: verifies Svix's signature over the raw bytes and applies an event to a delivery and its address.
 * Sources: resend.com/docs/dashboard/webhooks (events), docs.svix.com/receiving/verifying-payloads/how-manual (signature).
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { withTx, type Db } from '../platform/db.ts'
import { freeAddresses, stopAddresses, type StopReason } from '../contacts/contacts.ts'
import { recordClick, recordStatus } from '../delivery/delivery.ts'
import { GiveUp } from '../platform/errors.ts'
import { asIsoTime, asObject, parseJson, type Json } from '../platform/json.ts'
import type { Processed } from './items.ts'
import { finishInbound, type Inbound } from './sql.ts'

type Headers = Record<string, string | string[] | undefined>

/** The largest difference between the signature's time and ours in either direction; an older one is a replay. */
const TOLERANCE_SECONDS = 300
const ID = /^[\x21-\x7e]{1,256}$/

/** Svix names its headers `svix-…`, and `webhook-…` for endpoints of Standard Webhooks. */
const readHeader = (headers: Headers, name: 'id' | 'timestamp' | 'signature'): string =>
  [headers[`svix-${name}`] ?? headers[`webhook-${name}`] ?? ''].flat().join(' ').trim()

/**
 * Whether one of the signatures (`v1,<base64>`; several during a secret rotation) is the HMAC-SHA256 of
 * `id.timestamp.body`.
 */
export function isSignedByResend(secret: string, headers: Headers, body: Buffer, now: Date): boolean {
  const [id, timestamp] = [readHeader(headers, 'id'), readHeader(headers, 'timestamp')]
  if (id === '' || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  if (key.length === 0) return false
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  return [...readHeader(headers, 'signature').matchAll(/(?<![^\s,])v1,([A-Za-z0-9+/=]+)/g)].some(
    ([, signature = '']) => {
      const given = Buffer.from(signature, 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  )
}

/** Returns the event's id, which is equal in every redelivery. */
export function readEventId(headers: Headers): string | undefined {
  const id = readHeader(headers, 'id')
  return ID.test(id) ? id : undefined
}

type Effect = { status: string; reason: string | null; stop: StopReason | null }
type EmailEvent = Effect & {
  kind: 'message'
  providerMessageId: string
  /** Our delivery's id, which we sent as a tag. */
  ourId: string | null
  recipients: string[]
  occurredAt: Date | null
}

/** Somebody removed the addresses from Resend's suppression list. */
type Freed = { kind: 'freed'; recipients: string[]; occurredAt: Date | null }

/** Returns null for an event that changes nothing here. Throws GiveUp when a message's event cannot be read. */
function readEmailEvent(body: Buffer): EmailEvent | Freed | null {
  const event = asObject(parseJson(body, 'unreadable'))
  const data = asObject(event?.['data'])
  const occurredAt = asIsoTime(event?.['created_at'])
  if (event?.['type'] === 'suppression.removed')
    return { kind: 'freed', recipients: readAddresses(data?.['email']), occurredAt }
  const effect = effectOf(event?.['type'], data)
  if (!effect) return null
  const id = data?.['email_id']
  if (typeof id !== 'string' || !ID.test(id)) throw new GiveUp('unreadable')
  return {
    kind: 'message',
    ...effect,
    providerMessageId: id,
    ourId: readTag(data?.['tags'], 'delivery_id'),
    recipients: readAddresses(data?.['to']),
    occurredAt,
  }
}

/** Opens and clicks are both `read`, with a different reason: an open may be a machine that loads images. */
function effectOf(type: unknown, data: Json | null): Effect | null {
  const moved = (status: string, reason: string | null = null, stop: StopReason | null = null): Effect => ({
    status,
    reason,
    stop,
  })
  switch (type) {
    case 'email.sent':
      return moved('sent')
    case 'email.delivered':
      return moved('delivered')
    case 'email.opened':
      return moved('read', 'opened')
    case 'email.clicked':
      return moved('read', 'clicked')
    case 'email.delivery_delayed':
      return moved('delivery_delayed')
    case 'email.bounced':
      return isPermanent(asObject(data?.['bounce']))
        ? moved('failed', 'email_bounced', 'bounced')
        : moved('failed', 'email_bounced_soft')
    case 'email.complained':
      return moved('complained', 'email_complained', 'complained')
    case 'email.failed':
      return moved('failed', `email_failed${labelOf(asObject(data?.['failed'])?.['reason'])}`)
    case 'email.suppressed':
      return moved('failed', 'email_suppressed', 'suppressed')
    default:
      return null
  }
}

/** Resend's types are those of Amazon SES: Permanent, Transient, Undetermined. */
const isPermanent = (bounce: Json | null): boolean => String(bounce?.['type']).toLowerCase() === 'permanent'

/** Keeps codes such as `reached_daily_quota`, but not sentences, which may name a person. */
const labelOf = (reason: unknown): string =>
  typeof reason === 'string' && /^[a-z0-9_]{1,60}$/.test(reason) ? `_${reason}` : ''

/** Tags are an object in webhooks and a list in the API; both occur. */
function readTag(tags: unknown, name: string): string | null {
  const value = Array.isArray(tags)
    ? tags.map(asObject).find((tag) => tag?.['name'] === name)?.['value']
    : asObject(tags)?.[name]
  return typeof value === 'string' && ID.test(value) ? value : null
}

/** Reads one or several addresses, bare or as `Name <address>`. */
function readAddresses(to: unknown): string[] {
  const texts = (Array.isArray(to) ? to : [to]).filter((one): one is string => typeof one === 'string')
  const addresses = texts.map((text) => (/<([^<>]+)>\s*$/.exec(text)?.[1] ?? text).trim().toLowerCase())
  return [...new Set(addresses)].filter(
    (address) => /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(address) && address.length <= 254,
  )
}

/** In one transaction, applies the status to the delivery, stops the address if needed, and finishes the event. */
export async function processEmail(
  { db, now, config }: { db: Db; now: () => Date; config: Config },
  inbound: Inbound,
): Promise<Processed> {
  const at = now()
  const event = readEmailEvent(inbound.body)
  return withTx(db, async (tx) => {
    const status = event ? ('done' as const) : ('ignored' as const)
    const outcome = event ? await applyEvent(event) : 'ignored'
    const isOurs = await finishInbound(tx, inbound.id, { status, reason: outcome, now: at })
    if (!isOurs) throw new Error('another run has finished this event')
    return { status, outcome }

    async function applyEvent(read: EmailEvent | Freed): Promise<string> {
      if (read.kind === 'freed') return freeAddresses(tx, read.recipients, read.occurredAt ?? at)
      const { kind: _kind, stop, recipients, occurredAt, ...rest } = read
      const update = { ...rest, occurredAt: occurredAt ?? at, pricing: null, simulated: inbound.simulated }
      const recorded = await recordStatus(tx, config, update, at)
      if (rest.reason === 'clicked' && recorded === 'duplicate') await recordClick(tx, rest.providerMessageId, at)
      if (stop) await stopAddresses(tx, recipients, stop, at)
      return recorded
    }
  })
}
