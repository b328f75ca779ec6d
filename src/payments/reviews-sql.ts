/** The SQL of money that waits for a person. */
import type { Position } from '../http/page.ts'
import { newId, sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause, KnownFact } from './fact.ts'

/** Why money cannot be given to a payment without a person. */
export const REVIEW_REASONS = [
  'unknown_payment',
  'other_reference',
  'other_amount',
  'other_currency',
  'other_account',
  'late',
] as const
export type ReviewReason = (typeof REVIEW_REASONS)[number]
export const REVIEW_STATUSES = ['open', 'applied', 'dismissed'] as const

export type Review = {
  id: string
  provider: 'stripe' | 'conekta' | 'mock'
  kind: KnownFact['kind']
  objectId: string
  providerRef: string
  paymentId: string | null
  organizerId: string | null
  reason: ReviewReason
  state: KnownFact['state']
  amountCents: number
  feeCents: number
  currency: string
  mode: 'mock' | 'test' | 'live'
  occurredAt: Date
  status: (typeof REVIEW_STATUSES)[number]
  decidedBy: string | null
  decidedAt: Date | null
  decision: string | null
  createdAt: Date
}

const COLUMNS = sql`r.id, r.provider, r.kind, r.object_id, r.provider_ref, r.payment_id, r.reason, r.state, r.amount_cents,
  r.fee_cents, r.currency, r.mode, r.occurred_at, r.status, r.decided_by, r.decided_at, r.decision, r.created_at,
  (select p.organizer_id from payments p where p.id = r.payment_id) as organizer_id`

type Reviewed = Pick<
  KnownFact,
  'kind' | 'state' | 'objectId' | 'amountCents' | 'feeCents' | 'currency' | 'occurredAt'
> & { reason: ReviewReason | null }
type Source = { provider: string; providerRef: string; paymentId: string | null; mode: string; cause: Cause }

/** Puts money into the list, each object once. While it is open, news of the same object brings it up to date. */
export async function reviewFacts(tx: Tx, facts: Reviewed[], source: Source): Promise<void> {
  const { provider, providerRef, paymentId, mode, cause } = source
  for (const fact of facts)
    await sql`
      insert into payment_reviews as r (id, provider, kind, object_id, provider_ref, payment_id, reason, state,
                                        amount_cents, fee_cents, currency, mode, occurred_at, webhook_id, created_at)
      values (${newId('prv')}, ${provider}, ${fact.kind}, ${fact.objectId}, ${providerRef}, ${paymentId},
              ${fact.reason}, ${fact.state}, ${fact.amountCents}, ${fact.feeCents}, ${fact.currency}, ${mode},
              ${fact.occurredAt}, ${cause.requestId}, ${cause.at})
      on conflict (provider, kind, object_id) do update
         set state = excluded.state,
             amount_cents = greatest(r.amount_cents, excluded.amount_cents),
             fee_cents = greatest(r.fee_cents, excluded.fee_cents)
       where r.status = 'open'
         and payment_fact_rank(r.kind, excluded.state) > payment_fact_rank(r.kind, r.state)`.execute(tx)
}

export type ReviewFilter = { status: string | null; before: Position | null; limit: number }

/** Lists reviews, the newest first. */
export async function listReviews(db: Db, f: ReviewFilter): Promise<Review[]> {
  const { rows } = await sql<Review>`
    select ${COLUMNS}
      from payment_reviews r
     where (${f.status}::text is null or r.status = ${f.status})
       and (${f.before?.at ?? null}::timestamptz is null
            or (r.created_at, r.id) < (${f.before?.at ?? null}, ${f.before?.id ?? null}))
     order by r.created_at desc, r.id desc
     limit ${f.limit}`.execute(db)
  return rows
}

export async function lockReview(tx: Tx, id: string): Promise<Review | null> {
  const { rows } = await sql<Review>`
    select ${COLUMNS} from payment_reviews r where r.id = ${id} for update of r`.execute(tx)
  return rows[0] ?? null
}

/** Lists and locks the open reviews of one intent or order: the charge with its refunds and disputes. */
export async function lockReviewsOfRef(tx: Tx, provider: string, providerRef: string): Promise<Review[]> {
  const { rows } = await sql<Review>`
    select ${COLUMNS}
      from payment_reviews r
     where r.provider = ${provider}
       and r.provider_ref = ${providerRef}
       and r.status = 'open'
     order by r.created_at, r.id
       for update of r`.execute(tx)
  return rows
}

type Decision = { ids: string[]; status: 'applied' | 'dismissed'; decision: string; paymentId?: string; cause: Cause }

export async function decideReviews(tx: Tx, { ids, status, decision, paymentId, cause }: Decision): Promise<void> {
  await sql`
    update payment_reviews
       set status = ${status},
           decided_by = ${cause.by},
           decided_at = ${cause.at},
           decision = ${decision},
           decision_request_id = ${cause.requestId},
           payment_id = coalesce(${paymentId ?? null}, payment_id)
     where id = any(${ids}::text[])
       and status = 'open'`.execute(tx)
}
