/** What follows from a refusal: for the message, its guest, its campaign and the whole channel. */
import { backoffMs } from '../platform/queue.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Refusal } from '../channels/channels.ts'

export type Refused = {
  channel: ChannelName
  template: string
  attempts: number
  attemptsMax: number
  templateOnly: boolean
  mayFallBack: boolean
  firstAttemptAt: Date | null
  /** An earlier attempt may still arrive. */
  possibleDuplicate: boolean
  campaignId: string | null
  /** The guest has an address that may be written to. */
  canEmail: boolean
  /** It had its one later try after WhatsApp withheld it. */
  withheldAt: Date | null
  /** Why its earlier attempts ended, also by a status. */
  earlierReasons: string[] | null
}

export type Consequences = {
  status: 'queued' | 'failed' | 'dead'
  reason: string
  nextAttemptAt: Date | null
  /** False: the refusal was not this message's fault, and it keeps the attempt. */
  isSpent: boolean
  templateOnly: boolean
  /** Another channel takes its place, where the guest has one. */
  needsFallback: boolean
  /** WhatsApp does not reach this number: later messages begin with e-mail. */
  isUnreachable: boolean
  /** The guest wants no promotions by WhatsApp. */
  stopsMarketing: boolean
  /** WhatsApp gives this guest no more promotions until then. */
  withheldUntil: Date | null
  /** This was put off until then, once and never again. */
  isLaterTry: boolean
  /** Every message of the campaign would be refused alike. */
  pausesCampaign: boolean
  /** The channel is paused until then. */
  pauseUntil: Date | null
  /** A person must look: our account, configuration or quality is refused. One probe goes first after the pause. */
  isAlarm: boolean
  /** Counts towards the breaker of the channel. */
  isChannelFault: boolean
}

/** Resend keeps an idempotency key for 24 hours; a later retry might send a second time. */
export const EMAIL_RETRY_HORIZON_MS = 23 * 3_600_000
/** "4^X seconds, X from 0", as Meta advises for 131056. */
const PAIR_WAIT_BASE = 4
const WAIT_ALL_MS = 5000
const ALARM_PAUSE_MS = 300_000
/** Not on WhatsApp at all, as opposed to withheld this once. */
const UNREACHABLE = new Set(['whatsapp_131026', 'whatsapp_1013', 'whatsapp_1026'])
const MARKETING_STOPPED = 'whatsapp_131050'
/** Meta: try again after a day at the earliest, and not again and again. */
const WITHHELD = 'whatsapp_131049'
const WITHHELD_MS = 24 * 3_600_000

export type Circumstances = {
  now: Date
  backoffDelayMs: number
  random?: number
  /** Refused by a status, after the provider had taken it: going again is a second send, so it costs an attempt. */
  wasAccepted?: boolean
}

export function planRefusal(
  message: Refused,
  refusal: Refusal,
  { now, backoffDelayMs, random, wasAccepted = false }: Circumstances,
): Consequences {
  const { verdict, reason, afterMs } = refusal
  const later = (ms: number) => new Date(now.getTime() + ms)
  const base: Consequences = {
    status: 'failed',
    reason,
    nextAttemptAt: null,
    isSpent: true,
    templateOnly: message.templateOnly,
    needsFallback: false,
    isUnreachable: UNREACHABLE.has(reason),
    stopsMarketing: reason === MARKETING_STOPPED,
    withheldUntil: reason === WITHHELD ? later(WITHHELD_MS) : null,
    isLaterTry: false,
    pausesCampaign: false,
    pauseUntil: null,
    isAlarm: false,
    isChannelFault: false,
  }
  const again = (waitMs: number, more: Partial<Consequences> = {}): Consequences => {
    const nextAttemptAt = later(waitMs)
    return { ...base, ...more, status: 'queued', nextAttemptAt }
  }
  const isLast = message.attempts >= message.attemptsMax
  const wait = (waitMs: number, more: Partial<Consequences> = {}): Consequences => {
    if (wasAccepted && isLast) return { ...base, ...more, status: 'dead' }
    return again(waitMs, { ...more, isSpent: wasAccepted })
  }
  const elsewhere = (): Consequences => {
    // Two of them may reach a guest whose first message has not been seen to fail: a person decides.
    if (message.mayFallBack && message.possibleDuplicate) return { ...base, status: 'dead' }
    return { ...base, needsFallback: message.mayFallBack }
  }
  // It waits with the others, so that resuming the campaign sends it too.
  const stopBatch = (): Consequences =>
    message.campaignId === null ? base : again(0, { isSpent: false, pausesCampaign: true })
  switch (verdict) {
    case 'retry_once':
      if (isLast || message.earlierReasons?.includes(reason)) return elsewhere()
      return again(backoffMs(backoffDelayMs, message.attempts, random))
    case 'retry': {
      const waitMs = Math.max(afterMs ?? 0, backoffMs(backoffDelayMs, message.attempts, random))
      const horizon = message.channel === 'email' && message.firstAttemptAt
      const isTooLate = horizon && later(waitMs).getTime() > horizon.getTime() + EMAIL_RETRY_HORIZON_MS
      if (isLast || isTooLate) return { ...base, status: 'dead', isChannelFault: true }
      return again(waitMs, { isChannelFault: true })
    }
    case 'wait_recipient':
      return wait(afterMs ?? 1000 * PAIR_WAIT_BASE ** Math.min(5, Math.max(1, message.attempts)))
    case 'wait_all':
      return wait(afterMs ?? WAIT_ALL_MS, { pauseUntil: later(afterMs ?? WAIT_ALL_MS) })
    case 'use_template':
      if (message.templateOnly || message.channel !== 'whatsapp') break
      return again(0, { isSpent: false, templateOnly: true })
    case 'fall_back':
    case 'stop_recipient': {
      const hasNoOtherWay = !message.mayFallBack || !message.canEmail
      if (reason === WITHHELD && hasNoOtherWay && message.withheldAt === null)
        return again(WITHHELD_MS, { isSpent: false, isLaterTry: true })
      return elsewhere()
    }
    case 'stop_batch_once':
      // Else one guest whose values WhatsApp does not take would stop all the others again and again.
      return message.earlierReasons?.includes(reason) ? elsewhere() : stopBatch()
    case 'stop_batch':
      return stopBatch()
    case 'stop_sending': {
      const waitMs = afterMs ?? ALARM_PAUSE_MS
      return wait(waitMs, { isAlarm: true, pauseUntil: later(waitMs), pausesCampaign: message.campaignId !== null })
    }
    case 'alarm':
      return wait(afterMs ?? ALARM_PAUSE_MS, { isAlarm: true, pauseUntil: later(afterMs ?? ALARM_PAUSE_MS) })
    case 'fail':
      break
  }
  return base
}
