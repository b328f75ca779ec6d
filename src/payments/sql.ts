/** The SQL of payments. */
import { isWithin, type Days } from '../platform/values/days.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'
import type { FailureCode } from '../platform/errors.ts'
import type { NextAction } from '../providers/providers.ts'
import type { Cause } from './fact.ts'
import { GROUPS, type PaymentGroup } from './sums.ts'

export type Payment = {
  id: string
  kind: 'intent' | 'manual'
  organizerId: string | null
  eventId: string | null
  provider: 'stripe' | 'conekta' | 'mock' | 'manual'
  mode: 'mock' | 'test' | 'live' | 'manual'
  providerRef: string | null
  clientSecret: string | null
  nextAction: NextAction | null
  status: PaymentStatus
  reason: string | null
  amountCents: number
  /** What came in, went back, is held by a bank and was lost to one. */
  receivedCents: number
  refundedCents: number
  disputedCents: number
  lostCents: number
  currency: string
  /** Whether it came after the provider had said that it expired or was cancelled. */
  isLate: boolean
  /** Whether it waits for a Director and is in no ledger. */
  isHeld: boolean
  /** Until when the voucher or CLABE can be paid. */
  expiresAt: Date | null
  method: string | null
  reference: string | null
  note: string | null
  paidAt: Date | null
  /** Of the request that made it. A repeated call to the provider sends it again. */
  requestId: string
  createdAt: Date
}
export const PAYMENT_STATUSES = [
  'creating',
  'unknown',
  'requires_payment',
  'requires_action',
  'processing',
  'failed',
  'cancelled',
  'expired',
  'late',
  'underpaid',
  'confirmed',
  'partially_refunded',
  'refunded',
  'disputed',
  'charged_back',
  'reversed',
] as const
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number]

export const COLUMNS = sql`id, kind, organizer_id, event_id, provider, mode, provider_ref, client_secret, next_action, status,
  reason, amount_cents, received_cents, refunded_cents, disputed_cents, lost_cents, currency, is_late, is_held, expires_at,
  method, reference, note, paid_at, request_id, created_at`

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

export async function lockPayment(tx: Tx, id: string): Promise<Payment | null> {
  const { rows } = await sql<Payment>`select ${COLUMNS} from payments where id = ${id} for update`.execute(tx)
  return rows[0] ?? null
}

type FoundPayment = {
  id: string
  organizerId: string
  provider: string
  mode: string
  amountCents: number
  currency: string
  cause: Cause
}

/** Inserts a payment for money that came without one. Its facts follow in the same transaction. */
export async function insertFoundPayment(tx: Tx, { cause, ...found }: FoundPayment): Promise<void> {
  await sql`
    insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, currency, created_by, request_id,
                          created_at, updated_at)
    values (${found.id}, 'intent', ${found.organizerId}, ${found.provider}, ${found.mode}, 'processing',
            ${found.amountCents}, ${found.currency}, ${cause.by}, ${cause.requestId}, ${cause.at}, ${cause.at})`.execute(
    tx,
  )
}

/** Ends the wait of held money. */
export async function releaseHeld(tx: Tx, id: string, { by, requestId, at }: Cause): Promise<Payment> {
  const { rows } = await sql<Payment>`
    update payments
       set is_held = false,
           status = payment_money_status(amount_cents, received_cents, refunded_cents, disputed_cents, lost_cents, false),
           changed_by = ${by},
           changed_request_id = ${requestId},
           updated_at = ${at}
     where id = ${id}
    returning ${COLUMNS}`.execute(tx)
  return rows[0]!
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
    insert into payments (id, kind, organizer_id, event_id, provider, mode, status, amount_cents, received_cents,
      currency, method, reference, reference_key, note, paid_at, created_by, idempotency_key, request_id, created_at, updated_at)
    values (${p.id}, 'manual', ${p.organizerId}, ${p.eventId}, 'manual', 'manual', 'confirmed', ${p.amountCents},
      ${p.amountCents}, ${p.currency}, ${p.method}, ${p.reference}, ${p.referenceKey}, ${p.note}, ${p.paidAt}, ${p.createdBy}, ${p.idempotencyKey},
      ${p.requestId}, ${p.now}, ${p.now})
    on conflict do nothing returning ${COLUMNS}`.execute(tx)
  return rows[0] ?? null
}

/** Finds a payment of one organizer, or of any when the scope is null. */
export async function findPayment(db: Db, scope: string | null, id: string): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS} from payments where id = ${id} and (${scope}::text is null or organizer_id = ${scope})`.execute(
    db,
  )
  return rows[0] ?? null
}

/** Returns null when the payment is not manual or is already reversed. */
export async function reverse(
  tx: Tx,
  id: string,
  reason: string,
  { by, requestId, at }: Cause,
): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    update payments
       set status = 'reversed',
           reason = ${reason},
           changed_by = ${by},
           changed_request_id = ${requestId},
           updated_at = ${at}
     where id = ${id}
       and kind = 'manual'
       and status = 'confirmed'
    returning ${COLUMNS}`.execute(tx)
  return rows[0] ?? null
}

export type PaymentFilter = Days & {
  organizerId: string | null
  eventId?: string | null
  status: string | null
  /** Which of the overview's groups. */
  group?: PaymentGroup | null
  /** How the money came; the provider, when it tells no method. */
  method?: string | null
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
       and (${f.eventId ?? null}::text is null or event_id = ${f.eventId ?? null})
       and (${f.status}::text is null or status = ${f.status})
       and ${f.group ? GROUPS[f.group].is : sql`true`}
       and (${f.method ?? null}::text is null or coalesce(method, provider) = ${f.method ?? null})
       and (${f.currency}::text is null or currency = ${f.currency})
       and ${isWithin(sql`counted_at`, f)}
       and (${f.before?.at ?? null}::timestamptz is null
            or (created_at, id) < (${f.before?.at ?? null}, ${f.before?.id ?? null}))
     order by created_at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Lists the payments that count last on these days, by the day they were paid or else made. */
export async function listRecentPayments(
  db: Db,
  f: Days & { organizerId: string | null; currency: string; limit: number },
): Promise<Payment[]> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS}
      from payments
     where (${f.organizerId}::text is null or organizer_id = ${f.organizerId})
       and currency = ${f.currency}
       and ${isWithin(sql`counted_at`, f)}
     order by counted_at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

export type PaymentTransition = {
  from: PaymentStatus | null
  to: PaymentStatus
  reason: string | null
  by: string
  requestId: string
  at: Date
}

/** Lists how the status of a payment changed, the first change first. */
export async function listPaymentTransitions(db: Db, paymentId: string): Promise<PaymentTransition[]> {
  const { rows } = await sql<PaymentTransition>`
    select from_status as "from", to_status as "to", reason, changed_by as by, request_id, at
      from payment_transitions
     where payment_id = ${paymentId}
     order by id`.execute(db)
  return rows
}
