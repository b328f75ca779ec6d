/** A fact about money at a provider, and who tells it. */
import type { MoneyFact } from '../providers/providers.ts'

/** A fact with its amount, currency and time. */
export type KnownFact = MoneyFact & { amountCents: number; currency: string; occurredAt: Date }

/** The same as it is stored. */
export type Fact = Pick<
  KnownFact,
  'kind' | 'state' | 'objectId' | 'amountCents' | 'feeCents' | 'currency' | 'occurredAt'
>

/** Who causes a change: a user with the request, a provider with the webhook, or the clock with its job. */
export type Cause = { by: string; requestId: string; at: Date }

/** What becomes of money that comes after its payment expired or was cancelled (LATE_PAYMENT_POLICY). */
export type LatePolicy = 'apply' | 'hold' | 'refund'
