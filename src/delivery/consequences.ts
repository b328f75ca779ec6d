/** What follows from a refusal: for the message, its guest, its campaign and its channel. */
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
  /** When it was retried after WhatsApp withheld it, which happens once. */
  withheldAt: Date | null
  /** Why its earlier attempts ended, also by a status. */
  earlierReasons: string[] | null
}

export type Consequences = {
  status: 'queued' | 'failed' | 'dead'
  reason: string
  nextAttemptAt: Date | null
  /** False: the refusal does not cost an attempt. */
  isSpent: boolean
  templateOnly: boolean
  /** An e-mail replaces the message, if the guest has an address. */
  needsFallback: boolean
  /** WhatsApp does not reach this number, so later messages start with e-mail. */
  isUnreachable: boolean
  /** The guest stopped promotions on WhatsApp. */
  stopsMarketing: boolean
  /** WhatsApp delivers no promotions to this guest until then. */
  withheldUntil: Date | null
  /** This is the one retry of a withheld message. */
  isWithheldRetry: boolean
  /** The refusal would hit every message of the campaign. */
  pausesCampaign: boolean
  /** The channel is paused until then. */
  pauseUntil: Date | null
  /** Our account, configuration or quality is refused: an operator must act, and one probe is sent after the pause. */
  needsOperator: boolean
  /** Counts towards the circuit breaker of the channel. */
  isChannelFault: boolean
}

/** Resend keeps an idempotency key for 24 hours; a later retry could send a second e-mail. */
export const EMAIL_RETRY_HORIZON_MS = 23 * 3_600_000
/** Meta advises to wait 4^X seconds after error 131056, with X from 0. */
const PAIR_WAIT_BASE = 4
const RATE_LIMIT_PAUSE_MS = 5000
const ACCOUNT_PAUSE_MS = 300_000
/** The number is not on WhatsApp. */
const UNREACHABLE = new Set(['whatsapp_131026', 'whatsapp_1013', 'whatsapp_1026'])
const MARKETING_STOPPED = 'whatsapp_131050'
/** Meta: retry after a day at the earliest, and not repeatedly. */
const WITHHELD = 'whatsapp_131049'
const WITHHELD_MS = 24 * 3_600_000

export type Circumstances = {
  now: Date
  backoffDelayMs: number
  /** 0 to 1, for the jitter. */
  random?: number
  /** A status refused it after the provider had accepted it, so a retry is a second send and costs an attempt. */
  wasAccepted?: boolean
}

/** Plans everything that follows from a refusal. Pure: applyConsequences writes it. */
export function planRefusal(message: Refused, refusal: Refusal, context: Circumstances): Consequences {
  const { reason, afterMs } = refusal
  const { later, isLast, backoff, fail, retry, wait, fallBack, pauseCampaign } = optionsOf(message, reason, context)
  const isRepeated = message.earlierReasons?.includes(reason) ?? false
  switch (refusal.verdict) {
    case 'retry_once':
      return isLast || isRepeated ? fallBack() : retry(backoff())
    case 'retry': {
      const waitMs = Math.max(afterMs ?? 0, backoff())
      const isDead = isLast || (message.channel === 'email' && isBeyondKey(message, later(waitMs)))
      return isDead ? { ...fail, status: 'dead', isChannelFault: true } : retry(waitMs, { isChannelFault: true })
    }
    case 'wait_recipient':
      return wait(afterMs ?? 1000 * PAIR_WAIT_BASE ** Math.min(5, Math.max(1, message.attempts)))
    case 'wait_all':
      return wait(afterMs ?? RATE_LIMIT_PAUSE_MS, { pauseUntil: later(afterMs ?? RATE_LIMIT_PAUSE_MS) })
    case 'use_template':
      return message.templateOnly || message.channel !== 'whatsapp'
        ? fail
        : retry(0, { isSpent: false, templateOnly: true })
    case 'fall_back':
    case 'stop_recipient': {
      const canFallBack = message.mayFallBack && message.canEmail
      if (reason === WITHHELD && !canFallBack && message.withheldAt === null)
        return retry(WITHHELD_MS, { isSpent: false, isWithheldRetry: true })
      return fallBack()
    }
    case 'stop_batch_once':
      // The second time it is this message's fault, and it must not pause the others again.
      return isRepeated ? fallBack() : pauseCampaign()
    case 'stop_batch':
      return pauseCampaign()
    case 'stop_sending':
    case 'alarm': {
      const waitMs = afterMs ?? ACCOUNT_PAUSE_MS
      const pausesCampaign = refusal.verdict === 'stop_sending' && message.campaignId !== null
      return wait(waitMs, { needsOperator: true, pauseUntil: later(waitMs), pausesCampaign })
    }
    case 'fail':
      break
  }
  return fail
}

/** The provider has forgotten the idempotency key of the first attempt by then. */
const isBeyondKey = ({ firstAttemptAt }: Refused, at: Date): boolean =>
  firstAttemptAt !== null && at.getTime() > firstAttemptAt.getTime() + EMAIL_RETRY_HORIZON_MS

/** The possible ends of a refused message, from which its verdict picks one. */
function optionsOf(message: Refused, reason: string, context: Circumstances) {
  const { now, backoffDelayMs, random, wasAccepted = false } = context
  const later = (ms: number) => new Date(now.getTime() + ms)
  const isLast = message.attempts >= message.attemptsMax
  const fail: Consequences = {
    status: 'failed',
    reason,
    nextAttemptAt: null,
    isSpent: true,
    templateOnly: message.templateOnly,
    needsFallback: false,
    isUnreachable: UNREACHABLE.has(reason),
    stopsMarketing: reason === MARKETING_STOPPED,
    withheldUntil: reason === WITHHELD ? later(WITHHELD_MS) : null,
    isWithheldRetry: false,
    pausesCampaign: false,
    pauseUntil: null,
    needsOperator: false,
    isChannelFault: false,
  }
  const retry = (waitMs: number, more: Partial<Consequences> = {}): Consequences => ({
    ...{ ...fail, ...more, status: 'queued', nextAttemptAt: later(waitMs) },
  })
  return {
    later,
    isLast,
    backoff: () => backoffMs(backoffDelayMs, message.attempts, random),
    fail,
    retry,
    /** Retries without spending an attempt, unless the provider had accepted the message. */
    wait: (waitMs: number, more: Partial<Consequences> = {}): Consequences =>
      wasAccepted && isLast ? { ...fail, ...more, status: 'dead' } : retry(waitMs, { ...more, isSpent: wasAccepted }),
    /** Needs review when an earlier attempt may still arrive: the guest could get the message on both channels. */
    fallBack: (): Consequences =>
      message.mayFallBack && message.possibleDuplicate
        ? { ...fail, status: 'dead' }
        : { ...fail, needsFallback: message.mayFallBack },
    /** The message stays queued, so that resuming the campaign sends it. */
    pauseCampaign: (): Consequences =>
      message.campaignId === null ? fail : retry(0, { isSpent: false, pausesCampaign: true }),
  }
}
