/** The SQL of the providers' facts. */
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Cause, Fact, KnownFact } from './fact.ts'
import type { ProviderUpdate } from '../providers/providers.ts'
import { COLUMNS, type Payment } from './sql.ts'

/**
 * Matches the payment that an update is about: by the provider's reference, by one of its facts, or by our own id while the
 * reference is unknown. Each branch has its own index.
 */
const isOfRef = (provider: string, providerRef: string | null, paymentId: string | null) => sql`
       provider = ${provider}
   and kind = 'intent'
   and id in (select p.id
                from payments p
               where p.provider = ${provider}
                 and p.provider_ref = ${providerRef}
               union all
              select p.id
                from payments p
               where p.id = ${paymentId}
                 and p.provider_ref is null
               union all
              select f.payment_id
                from payment_facts f
               where f.provider = ${provider}
                 and f.provider_ref = ${providerRef}
               union all
              select f.payment_id
                from payment_facts f
               where f.provider = ${provider}
                 and f.object_id = ${providerRef})
 order by provider_ref = ${providerRef} desc nulls last
 limit 1`

/** Finds the payment that an update is about, and the intent or order to read for it. */
export async function findRefOfUpdate(
  db: Db,
  provider: string,
  providerRef: string | null,
  paymentId: string | null,
): Promise<{ paymentId: string; providerRef: string | null } | null> {
  const { rows } = await sql<{ paymentId: string; providerRef: string | null }>`
    select id as payment_id,
           coalesce((select f.provider_ref
                       from payment_facts f
                      where f.provider = ${provider}
                        and f.payment_id = payments.id
                        and (f.provider_ref = ${providerRef} or f.object_id = ${providerRef})
                      limit 1), provider_ref) as provider_ref
      from payments
     where ${isOfRef(provider, providerRef, paymentId)}`.execute(db)
  return rows[0] ?? null
}

export async function lockPaymentOfRef(
  tx: Tx,
  provider: string,
  providerRef: string | null,
  paymentId: string | null,
): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments where ${isOfRef(provider, providerRef, paymentId)} for update`.execute(tx)
  return rows[0] ?? null
}

type Owner = { payment: { id: string; provider: string }; providerRef: string; at: Date }

/**
 * Writes facts, forward only. An order reported without its charges counts as one charge; it and its charges are the same
 * money, so whichever came first stays. Returns how many rows changed.
 */
export async function upsertFacts(tx: Tx, facts: KnownFact[], { payment, providerRef, at }: Owner): Promise<number> {
  if (facts.length === 0) return 0
  const column = <K extends keyof KnownFact>(name: K) => facts.map((fact) => fact[name])
  const { rows } = await sql`
    insert into payment_facts as f (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, fee_cents,
                                    currency, occurred_at, created_at, updated_at)
    select ${payment.provider}, n.kind, n.object_id, ${providerRef}, ${payment.id}, n.state, n.amount, n.fee, n.currency,
           n.occurred_at, ${at}, ${at}
      from unnest(${column('kind')}::text[], ${column('objectId')}::text[], ${column('state')}::text[],
                  ${column('amountCents')}::bigint[], ${column('feeCents')}::bigint[], ${column('currency')}::text[],
                  ${column('occurredAt')}::timestamptz[])
           as n (kind, object_id, state, amount, fee, currency, occurred_at)
     where n.kind <> 'charge'
        or not exists (select
                         from payment_facts other
                        where other.provider = ${payment.provider}
                          and other.provider_ref = ${providerRef}
                          and other.kind = 'charge'
                          and (other.object_id = ${providerRef}) <> (n.object_id = ${providerRef}))
    on conflict (provider, kind, object_id) do update
       set state = case when payment_fact_rank(f.kind, excluded.state) > payment_fact_rank(f.kind, f.state)
                        then excluded.state else f.state end,
           occurred_at = case when payment_fact_rank(f.kind, excluded.state) > payment_fact_rank(f.kind, f.state)
                              then excluded.occurred_at
                              when excluded.state = f.state then least(f.occurred_at, excluded.occurred_at)
                              else f.occurred_at end,
           amount_cents = greatest(f.amount_cents, excluded.amount_cents),
           fee_cents = greatest(f.fee_cents, excluded.fee_cents),
           updated_at = excluded.updated_at
     where f.payment_id = excluded.payment_id
       and (payment_fact_rank(f.kind, excluded.state) > payment_fact_rank(f.kind, f.state)
            or excluded.amount_cents > f.amount_cents
            or excluded.fee_cents > f.fee_cents
            or (excluded.state = f.state and excluded.occurred_at < f.occurred_at))
    returning 1`.execute(tx)
  return rows.length
}

/** Lists what is known of a payment at its provider, charges first. */
export async function listFacts(db: Db, paymentId: string): Promise<Fact[]> {
  const { rows } = await sql<Fact>`
    select kind, state, object_id, amount_cents, fee_cents, currency, occurred_at
      from payment_facts
     where payment_id = ${paymentId}
     order by case kind when 'charge' then 1 when 'refund' then 2 else 3 end, occurred_at, object_id`.execute(db)
  return rows
}

export type Told = Pick<
  ProviderUpdate,
  'status' | 'reason' | 'nextAction' | 'isOver' | 'modes' | 'occurredAt' | 'providerRef'
>

/** Recomputes the sums and the status of a locked payment from its facts, and stores the rest of the update. */
export async function updateFromFacts(
  tx: Tx,
  id: string,
  told: Told,
  cause: Cause,
  holdsLate: boolean,
): Promise<Payment> {
  const endedAt = told.isOver ? (told.occurredAt ?? cause.at) : null
  const expiresAt = told.nextAction?.expiresAt ?? null
  const { rows } = await sql<Payment>`
    with sums as (
      select coalesce(sum(amount_cents) filter (where kind = 'charge'), 0)::bigint as received,
             coalesce(sum(amount_cents) filter (where kind = 'refund' and state = 'succeeded'), 0)::bigint as refunded,
             coalesce(sum(amount_cents) filter (where kind = 'dispute' and state = 'withdrawn'), 0)::bigint as disputed,
             coalesce(sum(amount_cents) filter (where kind = 'dispute' and state = 'lost'), 0)::bigint as lost,
             min(occurred_at) filter (where kind = 'charge') as first_paid_at
        from payment_facts
       where payment_id = ${id}),
    facts as (
      select s.*,
             p.is_held or (${holdsLate} and p.received_cents = 0 and s.received > 0
                           and coalesce(s.first_paid_at > least(p.ended_at, ${endedAt}::timestamptz), false)) as held
        from sums s
        join payments p on p.id = ${id})
    update payments p
       set received_cents = f.received,
           refunded_cents = f.refunded,
           disputed_cents = f.disputed,
           lost_cents = f.lost,
           is_held = f.held,
           paid_at = f.first_paid_at,
           status = case
             when f.received > 0
             then payment_money_status(p.amount_cents, f.received, f.refunded, f.disputed, f.lost, f.held)
             when payment_may_become(p.status, ${told.status}) then ${told.status}
             else p.status
           end,
           reason = case
             when f.received > 0 then null
             when payment_may_become(p.status, ${told.status}) then ${told.reason}
             else p.reason
           end,
           provider_ref = case
             when p.provider_ref is not null
               or exists (select from payments o where o.provider = p.provider and o.provider_ref = ${told.providerRef})
             then p.provider_ref
             else ${told.providerRef}
           end,
           mode = coalesce(${told.modes[0] ?? null}, p.mode),
           next_action = coalesce(${told.nextAction && JSON.stringify(told.nextAction)}::jsonb, p.next_action),
           expires_at = coalesce(${expiresAt}::timestamptz, p.expires_at),
           ended_at = least(p.ended_at, ${endedAt}::timestamptz),
           -- yesterday's money is read once more
           next_check_at = case
             when f.received > 0 and p.received_cents = 0 and p.mode <> 'mock'
             then ${cause.at}::timestamptz + interval '1 day'
             else p.next_check_at
           end,
           checks = case when f.received > 0 and p.received_cents = 0 and p.mode <> 'mock' then 0 else p.checks end,
           changed_by = ${cause.by},
           changed_request_id = ${cause.requestId},
           updated_at = ${cause.at}
      from facts f
     where p.id = ${id}
    returning ${COLUMNS}`.execute(tx)
  return rows[0]!
}

/** Finds another payment that one of these objects belongs to; an object belongs to one payment only. */
export async function findOtherOwner(tx: Tx, payment: Payment, objectIds: string[]): Promise<string | null> {
  const { rows } = await sql<{ paymentId: string }>`
    select payment_id
      from payment_facts
     where provider = ${payment.provider}
       and object_id = any(${objectIds}::text[])
       and payment_id <> ${payment.id}
     limit 1`.execute(tx)
  return rows[0]?.paymentId ?? null
}

/** The intents and orders of a payment: mostly one. */
export async function listRefs(db: Db, paymentId: string): Promise<string[]> {
  const { rows } = await sql<{ ref: string }>`
    select provider_ref as ref
      from payments
     where id = ${paymentId}
       and provider_ref is not null
     union
    select provider_ref
      from payment_facts
     where payment_id = ${paymentId}
     order by 1`.execute(db)
  return rows.map(({ ref }) => ref)
}

export type FactSums = { received: number; refunded: number; disputed: number }

/** Sums what is known of one intent or order. */
export async function sumFactsOfRef(tx: Tx, provider: string, providerRef: string): Promise<FactSums> {
  const { rows } = await sql<FactSums>`
    select coalesce(sum(amount_cents) filter (where kind = 'charge'), 0)::bigint as received,
           coalesce(sum(amount_cents) filter (where kind = 'refund' and state = 'succeeded'), 0)::bigint as refunded,
           coalesce(sum(amount_cents) filter (where kind = 'dispute' and state = 'withdrawn'), 0)::bigint as disputed
      from payment_facts
     where provider = ${provider}
       and provider_ref = ${providerRef}`.execute(tx)
  return rows[0]!
}

/** Whether a refund is pending or a dispute is not decided. */
export async function hasOpenFacts(tx: Tx, paymentId: string): Promise<boolean> {
  const { rows } = await sql`
    select
      from payment_facts
     where payment_id = ${paymentId}
       and state in ('pending', 'open', 'withdrawn')
     limit 1`.execute(tx)
  return rows.length > 0
}
