/** The SQL of refunds that were asked for here. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause } from './fact.ts'

export type Refund = {
  id: string
  paymentId: string
  /** The intent or order whose money goes back. */
  providerRef: string
  amountCents: number
  currency: string
  reason: string
  /** creating: the provider is being called · unknown: it did not answer · requested: it has it · rejected. */
  status: 'creating' | 'unknown' | 'requested' | 'rejected'
  failure: string | null
  objectId: string | null
  /** How far the provider is with it. */
  state: 'pending' | 'succeeded' | 'failed' | null
  createdBy: string
  /** Of the request that asked for it. A repeated call to the provider sends it again. */
  requestId: string
  createdAt: Date
}

const COLUMNS = sql`r.id, r.payment_id, r.provider_ref, r.amount_cents, r.currency, r.reason, r.status, r.failure, r.object_id, r.created_by,
  r.request_id, r.created_at,
  (select f.state
     from payment_facts f
     join payments p on p.id = r.payment_id
    where f.provider = p.provider
      and f.kind = 'refund'
      and f.object_id = r.object_id) as state`

type NewRefund = Pick<Refund, 'id' | 'paymentId' | 'providerRef' | 'amountCents' | 'currency' | 'reason'> & {
  idempotencyKey: string | null
  cause: Cause
  nextCheckAt: Date
}

export async function insertRefund(tx: Tx, r: NewRefund): Promise<Refund> {
  await sql`
    insert into payment_refunds (id, payment_id, provider_ref, amount_cents, currency, reason, created_by, idempotency_key, request_id,
                                 next_check_at, created_at, updated_at)
    values (${r.id}, ${r.paymentId}, ${r.providerRef}, ${r.amountCents}, ${r.currency}, ${r.reason}, ${r.cause.by}, ${r.idempotencyKey},
            ${r.cause.requestId}, ${r.nextCheckAt}, ${r.cause.at}, ${r.cause.at})`.execute(tx)
  return (await findRefund(tx, r.id))!
}

export async function findRefund(db: Db, id: string): Promise<Refund | null> {
  const { rows } = await sql<Refund>`select ${COLUMNS} from payment_refunds r where r.id = ${id}`.execute(db)
  return rows[0] ?? null
}

export async function findRefundByKey(db: Db, createdBy: string, key: string): Promise<Refund | null> {
  const { rows } = await sql<Refund>`
    select ${COLUMNS} from payment_refunds r where r.created_by = ${createdBy} and r.idempotency_key = ${key}`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Lists the refunds of a payment in the order in which they were asked for. */
export async function listRefunds(db: Db, paymentId: string): Promise<Refund[]> {
  const { rows } = await sql<Refund>`
    select ${COLUMNS} from payment_refunds r where r.payment_id = ${paymentId} order by r.created_at, r.id`.execute(db)
  return rows
}

/**
 * What can be given back of each intent or order of a payment, the most first: what came less what went, what a bank has
 * taken, and what is on its way.
 */
export async function listRefundable(tx: Tx, paymentId: string): Promise<{ providerRef: string; cents: number }[]> {
  const { rows } = await sql<{ providerRef: string; cents: number }>`
    select f.provider_ref,
           (sum(case
                  when f.kind = 'charge' then f.amount_cents
                  when f.kind = 'refund' and f.state <> 'failed' then -f.amount_cents
                  when f.kind = 'dispute' and f.state in ('withdrawn', 'lost') then -f.amount_cents
                  else 0
                end)
            - (select coalesce(sum(r.amount_cents), 0)
                 from payment_refunds r
                where r.payment_id = ${paymentId}
                  and r.provider_ref = f.provider_ref
                  and r.status in ('creating', 'unknown')))::bigint as cents
      from payment_facts f
     where f.payment_id = ${paymentId}
     group by f.provider_ref
     order by cents desc, f.provider_ref`.execute(tx)
  return rows
}

/** Writes the provider's answer to a request that has none yet. `objectId`: which refund it is there. */
export async function settleRefund(
  tx: Tx,
  id: string,
  answer: { status: 'requested' | 'unknown' | 'rejected'; objectId?: string; failure?: string },
  now: Date,
): Promise<Refund> {
  await sql`
    update payment_refunds
       set status = ${answer.status},
           failure = ${answer.failure ?? null},
           object_id = ${answer.objectId ?? null},
           next_check_at = case when ${answer.status} = 'unknown' then next_check_at end,
           updated_at = ${now}
     where id = ${id}
       and status in ('creating', 'unknown')`.execute(tx)
  return (await findRefund(tx, id))!
}

/** Settles requests whose refund the provider tells with our own id. */
export async function linkRefunds(
  tx: Tx,
  paymentId: string,
  facts: { objectId: string; refundId?: string | null }[],
  now: Date,
): Promise<void> {
  const told = facts.filter(({ refundId }) => refundId)
  if (told.length === 0) return
  await sql`
    update payment_refunds r
       set status = 'requested',
           failure = null,
           object_id = f.object_id,
           next_check_at = null,
           updated_at = ${now}
      from unnest(${told.map(({ refundId }) => refundId)}::text[], ${told.map(({ objectId }) => objectId)}::text[])
           as f (id, object_id)
     where r.id = f.id
       and r.payment_id = ${paymentId}
       and r.object_id is null`.execute(tx)
}

/**
 * Finds a refund at the provider that this request may have made: of its amount, first told after it, and nobody else's. It
 * goes by our clock, because a provider's may be behind.
 */
export async function findUnlinkedRefund(
  tx: Tx,
  { paymentId, providerRef, amountCents, createdAt }: Refund,
): Promise<string | null> {
  const { rows } = await sql<{ objectId: string }>`
    select f.object_id
      from payment_facts f
     where f.payment_id = ${paymentId}
       and f.provider_ref = ${providerRef}
       and f.kind = 'refund'
       and f.amount_cents = ${amountCents}
       and f.created_at >= ${createdAt}
       and not exists (select
                         from payment_refunds r
                        where r.payment_id = f.payment_id
                          and r.object_id = f.object_id)
     order by f.occurred_at desc, f.object_id
     limit 1`.execute(tx)
  return rows[0]?.objectId ?? null
}

/** Claims the request that has been due the longest, for a few minutes. `checks`: how often it was, this time included. */
export async function claimDueRefund(
  db: Db,
  now: Date,
  leaseMs: number,
): Promise<{ id: string; checks: number } | null> {
  const { rows } = await sql<{ id: string; checks: number }>`
    update payment_refunds
       set checks = checks + 1,
           next_check_at = ${new Date(now.getTime() + leaseMs)}
     where id = (select id
                   from payment_refunds
                  where next_check_at <= ${now}
                  order by next_check_at
                  limit 1
                    for update skip locked)
    returning id, checks`.execute(db)
  return rows[0] ?? null
}

export async function postponeRefund(db: Db, id: string, at: Date): Promise<void> {
  await sql`
    update payment_refunds set next_check_at = ${at} where id = ${id} and next_check_at is not null`.execute(db)
}
