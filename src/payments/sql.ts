/** The SQL of payments. */
import { isWithin, type Days } from '../platform/days.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { FailureCode } from '../platform/errors.ts'

export type Payment = {
  id: string
  kind: 'intent' | 'manual'
  organizerId: string | null
  eventId: string | null
  provider: 'stripe' | 'conekta' | 'mock' | 'manual'
  mode: 'mock' | 'test' | 'live' | 'manual'
  providerRef: string | null
  clientSecret: string | null
  nextAction: Record<string, unknown> | null
  status: PaymentStatus
  reason: string | null
  amountCents: number
  currency: string
  method: string | null
  reference: string | null
  note: string | null
  paidAt: Date | null
  createdAt: Date
}
export const PAYMENT_STATUSES = [
  'creating',
  'unknown',
  'requires_payment',
  'requires_action',
  'processing',
  'confirmed',
  'failed',
  'expired',
  'refunded',
  'reversed',
] as const
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number]

export const COLUMNS = sql`id, kind, organizer_id, event_id, provider, mode, provider_ref, client_secret, next_action, status,
  reason, amount_cents, currency, method, reference, note, paid_at, created_at`

export type Payer = { found: true; organizerId: string | null } | { found: false; missing: FailureCode }

/**
 * Finds the organizer whose debt a payment reduces. An organizer pays for itself and its own events; a director may
 * name an organizer, an event (whose organizer then pays), or neither.
 */
export async function findPayer(
  db: Db,
  scope: string | null,
  organizerId: string | null,
  eventId: string | null,
): Promise<Payer> {
  if (organizerId === null && eventId === null) return { found: true, organizerId: scope }
  const { rows } = await sql<{ organizerFound: boolean; eventOrganizerId: string | null }>`
    select exists (select 1 from organizers where id = ${organizerId} and (${scope}::text is null or id = ${scope})) as organizer_found,
           (select organizer_id from events where id = ${eventId}
               and (${scope}::text is null or organizer_id = ${scope})
               and (${organizerId}::text is null or organizer_id = ${organizerId})) as event_organizer_id`.execute(db)
  const { organizerFound, eventOrganizerId } = rows[0]!
  if (organizerId !== null && !organizerFound) return { found: false, missing: 'organizer_not_found' }
  if (eventId !== null && eventOrganizerId === null) return { found: false, missing: 'event_not_found' }
  return { found: true, organizerId: organizerId ?? eventOrganizerId ?? scope }
}

export async function findPaymentByKey(db: Db, createdBy: string, idempotencyKey: string): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments where created_by = ${createdBy} and idempotency_key = ${idempotencyKey}`.execute(db)
  return rows[0] ?? null
}

/**
 * Finds and locks the payment of a provider's event: by the provider's reference, or by our own id while the
 * reference is unknown.
 */
export async function findPaymentOfEvent(
  tx: Tx,
  provider: string,
  providerRef: string | null,
  paymentId: string | null,
): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments
     where provider = ${provider} and kind = 'intent'
       and (provider_ref = ${providerRef} or (id = ${paymentId} and provider_ref is null))
     order by provider_ref nulls last limit 1 for update`.execute(tx)
  return rows[0] ?? null
}

type Told = { id: string; providerRef: string | null; mode: string | null; reason: string | null; now: Date }

/** Returns false when the payment is already confirmed, refunded or reversed. */
export async function confirmFromEvent(tx: Tx, told: Told & { paidAt: Date }): Promise<boolean> {
  const { rows } = await sql`
    update payments
       set status = 'confirmed', reason = null, paid_at = ${told.paidAt},
           provider_ref = coalesce(provider_ref, ${told.providerRef}),
           mode = coalesce(${told.mode}, mode), updated_at = ${told.now}
     where id = ${told.id}
       and payment_may_become(status, 'confirmed')
    returning id`.execute(tx)
  return rows.length === 1
}

/** Returns false when the payment is already in this status or a later one. */
export async function moveFromEvent(
  tx: Tx,
  told: Told & { status: 'failed' | 'processing' | 'expired' },
): Promise<boolean> {
  const { rows } = await sql`
    update payments
       set status = ${told.status}, reason = ${told.reason},
           provider_ref = coalesce(provider_ref, ${told.providerRef}),
           mode = coalesce(${told.mode}, mode), updated_at = ${told.now}
     where id = ${told.id}
       and payment_may_become(status, ${told.status})
    returning id`.execute(tx)
  return rows.length === 1
}

export type NewManualPayment = {
  id: string
  organizerId: string
  eventId: string | null
  amountCents: number
  currency: string
  method: string
  reference: string | null
  /** Equal for every spelling of the reference. */
  referenceKey: string | null
  note: string | null
  paidAt: Date
  createdBy: string
  idempotencyKey: string | null
  requestId: string
  now: Date
}

/** Returns null when the organizer has a payment with this reference or the caller has used this idempotency key. */
export async function insertManualPayment(tx: Tx, p: NewManualPayment): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    insert into payments (id, kind, organizer_id, event_id, provider, mode, status, amount_cents, currency, method,
      reference, reference_key, note, paid_at, created_by, idempotency_key, request_id, created_at, updated_at)
    values (${p.id}, 'manual', ${p.organizerId}, ${p.eventId}, 'manual', 'manual', 'confirmed', ${p.amountCents},
      ${p.currency}, ${p.method}, ${p.reference}, ${p.referenceKey}, ${p.note}, ${p.paidAt}, ${p.createdBy}, ${p.idempotencyKey},
      ${p.requestId}, ${p.now}, ${p.now})
    on conflict do nothing returning ${COLUMNS}`.execute(tx)
  return rows[0] ?? null
}

export async function findPayment(db: Db, scope: string | null, id: string): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments where id = ${id} and (${scope}::text is null or organizer_id = ${scope})`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Returns null when the payment is not manual or is already reversed. */
export async function reverse(tx: Tx, id: string, reason: string, now: Date): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    update payments set status = 'reversed', reason = ${reason}, updated_at = ${now}
     where id = ${id} and kind = 'manual' and status = 'confirmed' returning ${COLUMNS}`.execute(tx)
  return rows[0] ?? null
}

export type PaymentFilter = Days & {
  organizerId: string | null
  status: string | null
  /** Null: every currency. */
  currency: string | null
  before: { at: Date; id: string } | null
  limit: number
}

/** Lists the payments that count on these days, the last made first. */
export async function listPayments(db: Db, f: PaymentFilter): Promise<Payment[]> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments
     where (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and (${f.status}::text is null or status = ${f.status})
       and (${f.currency}::text is null or currency = ${f.currency})
       and ${isWithin(sql`counted_at`, f)}
       and (${f.before?.at ?? null}::timestamptz is null
            or (created_at, id) < (${f.before?.at ?? null}, ${f.before?.id ?? null}))
     order by created_at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

export type PaymentSum = { group: 'confirmed' | 'pending' | 'failed' | 'refunded'; count: number; amountCents: number }
type PaymentScope = Days & { organizerId: string | null; currency: string }

/** Sums the payments that count on these days. */
export async function sumPayments(db: Db, f: PaymentScope): Promise<PaymentSum[]> {
  const { rows } = await sql<PaymentSum>`
    select case when status = 'confirmed' then 'confirmed'
                when status in ('failed', 'expired') then 'failed'
                when status in ('refunded', 'reversed') then 'refunded'
                else 'pending' end as "group",
           count(*) as count,
           sum(amount_cents)::bigint as amount_cents
      from payments
     where currency = ${f.currency}
       and (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and ${isWithin(sql`counted_at`, f)}
     group by 1`.execute(db)
  return rows
}
