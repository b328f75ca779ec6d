/** The SQL of refunds that were asked for here. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause } from './fact.ts'
import type { RefundOutcome } from '../providers/providers.ts'

export type Refund = {
  id: string
  paymentId: string
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

const COLUMNS = sql`r.id, r.payment_id, r.amount_cents, r.currency, r.reason, r.status, r.failure, r.object_id, r.created_by,
  r.request_id, r.created_at,
  (select f.state
     from payment_facts f
     join payments p on p.id = r.payment_id
    where f.provider = p.provider
      and f.kind = 'refund'
      and f.object_id = r.object_id) as state`

type NewRefund = Pick<Refund, 'id' | 'paymentId' | 'amountCents' | 'currency' | 'reason'> & {
  idempotencyKey: string | null
  cause: Cause
  nextCheckAt: Date
}

export async function insertRefund(tx: Tx, r: NewRefund): Promise<Refund> {
  await sql`
    insert into payment_refunds (id, payment_id, amount_cents, currency, reason, created_by, idempotency_key, request_id,
                                 next_check_at, created_at, updated_at)
    values (${r.id}, ${r.paymentId}, ${r.amountCents}, ${r.currency}, ${r.reason}, ${r.cause.by}, ${r.idempotencyKey},
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

/** Sums what is on its way back: requests that no provider has confirmed, and refunds that are pending there. */
export async function sumUnsettledRefunds(tx: Tx, paymentId: string): Promise<number> {
  const { rows } = await sql<{ cents: number }>`
    select (coalesce((select sum(amount_cents)
                        from payment_refunds
                       where payment_id = ${paymentId}
                         and status in ('creating', 'unknown')), 0)
            + coalesce((select sum(amount_cents)
                          from payment_facts
                         where payment_id = ${paymentId}
                           and kind = 'refund'
                           and state = 'pending'), 0))::bigint as cents`.execute(tx)
  return rows[0]!.cents
}

/** Writes the provider's answer to a request that has none yet. */
export async function settleRefund(tx: Tx, { id }: Refund, outcome: RefundOutcome, now: Date): Promise<Refund> {
  const status = outcome.kind
  const failure = 'reason' in outcome ? outcome.reason : null
  const objectId = outcome.kind === 'requested' ? outcome.fact.objectId : null
  await sql`
    update payment_refunds
       set status = ${status},
           failure = ${failure},
           object_id = ${objectId},
           next_check_at = case when ${status} = 'unknown' then next_check_at end,
           updated_at = ${now}
     where id = ${id}
       and status in ('creating', 'unknown')`.execute(tx)
  return (await findRefund(tx, id))!
}

/** Finds a refund at the provider that this request may have made: of its amount, not before it, and nobody else's. */
export async function findUnlinkedFact(
  tx: Tx,
  { paymentId, amountCents, createdAt }: Refund,
): Promise<(RefundOutcome & { kind: 'requested' })['fact'] | null> {
  const { rows } = await sql<(RefundOutcome & { kind: 'requested' })['fact']>`
    select f.kind, f.state, f.object_id, f.amount_cents, f.fee_cents, f.currency, f.occurred_at
      from payment_facts f
     where f.payment_id = ${paymentId}
       and f.kind = 'refund'
       and f.amount_cents = ${amountCents}
       and f.occurred_at > ${createdAt}::timestamptz - interval '1 minute'
       and not exists (select
                         from payment_refunds r
                        where r.payment_id = f.payment_id
                          and r.object_id = f.object_id)
     order by f.occurred_at
     limit 1`.execute(tx)
  return rows[0] ?? null
}

/** Claims requests that are due, for a few minutes. Those that were tried too often are given up. */
export async function claimDueRefunds(db: Db, now: Date, leaseMs: number, limit: number, checksMax: number) {
  await sql`
    update payment_refunds
       set status = 'rejected',
           failure = coalesce(failure, 'no_answer'),
           next_check_at = null,
           updated_at = ${now}
     where next_check_at <= ${now}
       and checks >= ${checksMax}`.execute(db)
  const { rows } = await sql<{ id: string; checks: number }>`
    update payment_refunds
       set checks = checks + 1,
           next_check_at = ${new Date(now.getTime() + leaseMs)}
     where id in (select id
                    from payment_refunds
                   where next_check_at <= ${now}
                   order by next_check_at
                   limit ${limit}
                     for update skip locked)
    returning id, checks`.execute(db)
  return rows
}

export async function postponeRefund(db: Db, id: string, at: Date): Promise<void> {
  await sql`
    update payment_refunds set next_check_at = ${at} where id = ${id} and next_check_at is not null`.execute(db)
}
