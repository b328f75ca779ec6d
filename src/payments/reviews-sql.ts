/** The SQL of money that waits for review. */
import type { Position } from '../http/page.ts'
import { newId, sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause, KnownFact } from './fact.ts'

/** Why money cannot be given to a payment without a person. */
export const REVIEW_REASONS = ['unknown_payment', 'other_reference', 'other_amount', 'other_currency', 'late'] as const
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
  /** The webhook or job that told it. */
  requestId: string
  status: (typeof REVIEW_STATUSES)[number]
  decidedBy: string | null
  decidedAt: Date | null
  decision: string | null
  createdAt: Date
}

const COLUMNS = sql`r.id, r.provider, r.kind, r.object_id, r.provider_ref, r.payment_id, r.reason, r.state, r.amount_cents,
  r.fee_cents, r.currency, r.mode, r.occurred_at, r.request_id, r.status, r.decided_by, r.decided_at, r.decision, r.created_at,
  (select p.organizer_id from payments p where p.id = r.payment_id) as organizer_id`

type Reviewed = Pick<
  KnownFact,
  'kind' | 'state' | 'objectId' | 'amountCents' | 'feeCents' | 'currency' | 'occurredAt'
> & { reason: ReviewReason | null }
type Source = { provider: string; providerRef: string; paymentId: string | null; mode: string; cause: Cause }

/**
 * Lists money for review, each object once. While a review is open, a later update of the same object changes it. An order
 * reported without its charges and its charges are the same money, so whichever came first stays.
 */
export async function reviewFacts(tx: Tx, facts: Reviewed[], source: Source): Promise<void> {
  const { provider, providerRef, paymentId, mode, cause } = source
  for (const fact of facts)
    await sql`
      insert into payment_reviews as r (id, provider, kind, object_id, provider_ref, payment_id, reason, state,
                                        amount_cents, fee_cents, currency, mode, occurred_at, request_id, created_at)
      select ${newId('prv')}, ${provider}, ${fact.kind}, ${fact.objectId}, ${providerRef}, ${paymentId},
             ${fact.reason}, ${fact.state}, ${fact.amountCents}::bigint, ${fact.feeCents}::bigint, ${fact.currency},
             ${mode}, ${fact.occurredAt}::timestamptz, ${cause.requestId}, ${cause.at}::timestamptz
       where ${fact.kind} <> 'charge'
          or not exists (select
                           from payment_reviews other
                          where other.provider = ${provider}
                            and other.provider_ref = ${providerRef}
                            and other.kind = 'charge'
                            and (other.object_id = ${providerRef}) <> (${fact.objectId} = ${providerRef}))
      on conflict (provider, kind, object_id) do update
         set state = excluded.state,
             amount_cents = greatest(r.amount_cents, excluded.amount_cents),
             fee_cents = greatest(r.fee_cents, excluded.fee_cents)
       where r.status = 'open'
         and payment_fact_rank(r.kind, excluded.state) > payment_fact_rank(r.kind, r.state)`.execute(tx)
}

/** Closes the reviews of objects that a later update matched to a payment. */
export async function closeReviewsOf(
  tx: Tx,
  payment: { id: string; provider: string },
  facts: { kind: string; objectId: string }[],
  cause: Cause,
): Promise<void> {
  if (facts.length === 0) return
  await sql`
    update payment_reviews r
       set status = 'applied',
           decided_by = ${cause.by},
           decided_at = ${cause.at},
           decision = 'Matched to its payment later.',
           payment_id = ${payment.id}
      from unnest(${facts.map(({ kind }) => kind)}::text[], ${facts.map(({ objectId }) => objectId)}::text[])
           as f (kind, object_id)
     where r.provider = ${payment.provider}
       and r.kind = f.kind
       and r.object_id = f.object_id
       and r.status = 'open'`.execute(tx)
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

export async function findReview(db: Db, id: string): Promise<Review | null> {
  const { rows } = await sql<Review>`select ${COLUMNS} from payment_reviews r where r.id = ${id}`.execute(db)
  return rows[0] ?? null
}

/** Locks a review. Whoever needs its payment locks that first, as a webhook does. */
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
           payment_id = coalesce(${paymentId ?? null}, payment_id)
     where id = any(${ids}::text[])`.execute(tx)
}
