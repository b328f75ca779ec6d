/**
 * The mock provider, which moves no money. It replaces Stripe or Conekta while their keys are missing; POST
 * /payments/webhook with `{ id, providerRef, status }` settles a mock payment: `confirmed`, `failed`, `expired`, `refunded`
 * (with `amountCents`, else all of it), `disputed`, `won` or `lost`.
 */
import { createHash } from 'node:crypto'
import { GiveUp } from '../platform/errors.ts'
import { asInteger, asText, parseObject } from '../platform/json.ts'
import {
  EMPTY_UPDATE,
  type IntentInput,
  type MoneyFact,
  type ProviderUpdate,
  type NextAction,
  type PaymentEvent,
  type PaymentProvider,
  type ProviderName,
} from './provider.ts'

/** What a mocked provider tells about a payment by itself, step by step; `metadata.script` of the intent chooses. */
const SCRIPTS = {
  succeed: [['confirmed']],
  fail: [['failed']],
  late: [['expired'], ['confirmed']],
  /** One event delivered twice, and then another one that says the same. */
  duplicate: [['confirmed', 'same', 'confirmed']],
  /** The refund of a half comes before its charge, and a failure after it. */
  out_of_order: [['half_refunded'], ['confirmed'], ['failed']],
  never: [],
} as const
export type MockScript = keyof typeof SCRIPTS
export const MOCK_SCRIPTS = Object.keys(SCRIPTS) as MockScript[]

/** The bodies of the webhooks of one step, in order. Null: the script is over. */
export function readScript(
  script: MockScript,
  step: number,
  { providerRef, amountCents }: { providerRef: string; amountCents: number },
): string[] | null {
  const said: readonly string[] | undefined = SCRIPTS[script][step]
  if (!said) return null
  return said.map((status, nth) => {
    const id = `${providerRef}:${step}:${status === 'same' ? nth - 1 : nth}`
    if (status === 'half_refunded')
      return JSON.stringify({ id, providerRef, status: 'refunded', amountCents: Math.ceil(amountCents / 2) })
    return JSON.stringify({ id, providerRef, status: status === 'same' ? said[nth - 1] : status })
  })
}

/** `announce` is called for every intent; the caller logs that the payment is not real. */
export function openMock(name: ProviderName, announce: () => void): PaymentProvider {
  return {
    name,
    mode: 'mock',
    keyMode: null,
    needsCustomer: false,
    keysLastMs: Infinity,
    async createIntent(input) {
      announce()
      const { paymentId } = input
      const nextAction = actionOf(input)
      return {
        kind: 'created',
        providerRef: `mock_${paymentId}`,
        clientSecret: `mock_${paymentId}_secret`,
        nextAction,
        status: nextAction ? 'requires_action' : 'requires_payment',
        mode: 'mock',
        facts: [],
      }
    },
    read: async () => null,
    find: async () => null,
    async refund({ refundId, amountCents }) {
      const fact = refundOf(`mock_${refundId}`, amountCents)
      return { kind: 'requested', objectId: fact.objectId, facts: [fact] }
    },
    verifyWebhook: () => true,
    readEvent,
  }
}

const VOUCHER_MS = 3 * 86_400_000

/** A voucher or CLABE of the shape that the providers give, which nobody can pay. */
function actionOf({ methods, isChosen, paymentId, now }: IntentInput): NextAction | null {
  const [only, ...others] = methods
  if (!isChosen || others.length > 0) return null
  const digits = createHash('sha256').update(paymentId).digest('hex').replace(/\D/g, '').padEnd(14, '0').slice(0, 14)
  const expiresAt = new Date(now.getTime() + VOUCHER_MS)
  if (only === 'oxxo') return { type: 'voucher', number: digits, barcodeUrl: null, url: null, expiresAt }
  if (only === 'spei')
    return {
      type: 'bank_transfer',
      clabe: `0000${digits}`,
      bank: 'MOCK',
      reference: digits.slice(0, 7),
      url: null,
      expiresAt,
    }
  return null
}

const refundOf = (objectId: string, amountCents: number | null) =>
  ({
    ...{ kind: 'refund', state: 'succeeded', objectId, amountCents },
    ...{ feeCents: 0, currency: null, occurredAt: null },
  }) satisfies MoneyFact

/** A body of any other shape says nothing. */
function readEvent(raw: Buffer): PaymentEvent {
  const body = parseObject(raw, 'unreadable_event')
  const dedupeKey = asText(body['id']) ?? `sha256:${createHash('sha256').update(raw).digest('hex')}`
  const providerRef = asText(body['providerRef'])
  const amountCents = asInteger(body['amountCents'])
  if (amountCents !== null && amountCents <= 0) throw new GiveUp('unreadable_amount')
  const said = sayingsOf(asText(body['status']), providerRef ?? '', dedupeKey, amountCents)
  return { ...EMPTY_UPDATE, dedupeKey, providerRef, ...said, isOver: said.status === 'expired', modes: ['mock'] }
}

function sayingsOf(
  status: string | null,
  ref: string,
  eventId: string,
  amountCents: number | null,
): Pick<ProviderUpdate, 'status' | 'reason' | 'facts'> {
  const whole = { amountCents, feeCents: 0, currency: null, occurredAt: null }
  const money = (fact: MoneyFact) => ({ status: null, reason: null, facts: [fact] })
  switch (status) {
    case 'confirmed':
      return money({ kind: 'charge', state: 'paid', objectId: ref, ...whole })
    case 'failed':
      return { status: 'failed', reason: 'mock_failed', facts: [] }
    case 'expired':
      return { status: 'expired', reason: 'mock_expired', facts: [] }
    case 'refunded':
      return money(refundOf(`mock_${eventId}`, amountCents))
    case 'disputed':
      return money({ kind: 'dispute', state: 'withdrawn', objectId: `${ref}_dispute`, ...whole })
    case 'won':
    case 'lost':
      return money({ kind: 'dispute', state: status, objectId: `${ref}_dispute`, ...whole })
    default:
      return { status: null, reason: null, facts: [] }
  }
}
