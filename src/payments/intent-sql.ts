/** The SQL of intents: the row before the call, and what the provider answered. Concurrent intents share statements. */
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { IntentOutcome } from '../providers/providers.ts'
import { planReading } from './readings.ts'
import type { Cause } from './fact.ts'
import { COLUMNS, type Payment } from './sql.ts'

export type NewIntent = {
  id: string
  organizerId: string | null
  eventId: string | null
  provider: string
  mode: string
  amountCents: number
  currency: string
  description: string | null
  metadata: object
  purposeKey: string | null
  createdBy: string
  idempotencyKey: string | null
  requestId: string
  now: Date
}

/**
 * Inserts an intent. Returns null when the same caller has used this idempotency key, or the organizer has an open payment
 * of this purpose. The reconciler looks after one whose call is interrupted.
 */
export const insertIntent = batching(
  async ({ db }: { db: Db }, intents: NewIntent[]): Promise<(Payment | null)[]> => {
    const column = <K extends keyof NewIntent>(name: K) => intents.map((intent) => intent[name])
    const { rows } = await sql<Payment>`/* prepared insert_intents */
      insert into payments (id, organizer_id, event_id, provider, mode, amount_cents, currency, description, metadata,
             purpose_key, created_by, idempotency_key, request_id, created_at, next_check_at, updated_at, kind, status)
      select n.*, n.at, 'intent', 'creating'
        from unnest(${column('id')}::text[], ${column('organizerId')}::text[], ${column('eventId')}::text[],
                    ${column('provider')}::text[], ${column('mode')}::text[], ${column('amountCents')}::bigint[],
                    ${column('currency')}::text[], ${column('description')}::text[],
                    ${intents.map(({ metadata }) => JSON.stringify(metadata))}::jsonb[], ${column('purposeKey')}::text[],
                    ${column('createdBy')}::text[], ${column('idempotencyKey')}::text[], ${column('requestId')}::text[],
                    ${column('now')}::timestamptz[], ${intents.map(firstCheckOf)}::timestamptz[])
          as n (id, organizer_id, event_id, provider, mode, amount_cents, currency, description, metadata, purpose_key,
                created_by, idempotency_key, request_id, at, next_check_at)
      on conflict do nothing
      returning ${COLUMNS}`.execute(db)
    const inserted = new Map(rows.map((row) => [row.id, row]))
    return intents.map(({ id }) => inserted.get(id) ?? null)
  },
  { max: 100, lanes: 2 },
)

/** Null for the mock, at which there is nothing to read. */
const firstCheckOf = ({ mode, now }: NewIntent): Date | null =>
  mode === 'mock'
    ? null
    : planReading({ status: 'creating', checks: 0, createdAt: now, expiresAt: null, isUnsettled: false }, now)

export type Answer = { id: string; outcome: IntentOutcome; cause: Cause }

/** Writes the provider's answer. When a webhook was faster, the missing fields are added and the later status stays. */
export const settleIntent = batching(settleAll, { max: 100, lanes: 2 })

async function settleAll(context: { db: Db }, answers: Answer[]): Promise<Payment[]> {
  const isFirst = ({ id }: Answer, at: number) => answers.findIndex((answer) => answer.id === id) === at
  const settled = await settleEach(context.db, answers.filter(isFirst))
  // A statement changes a row once: of two answers about one payment the second is written after the first.
  const again = answers.filter((answer, at) => !isFirst(answer, at))
  if (again.length > 0) for (const payment of await settleAll(context, again)) settled.set(payment.id, payment)
  return answers.map(({ id }) => settled.get(id)!)
}

async function settleEach(db: Db, answers: Answer[]): Promise<Map<string, Payment>> {
  const told = answers.map(({ outcome, cause: { by, requestId, at } }) => {
    const made = outcome.kind === 'created' ? outcome : null
    const status = made?.status ?? (outcome.kind === 'rejected' ? ('failed' as const) : ('unknown' as const))
    const expiresAt = made?.nextAction?.expiresAt ?? null
    return {
      ...{ status, expiresAt, by, requestId, at },
      check:
        made?.mode === 'mock'
          ? null
          : planReading({ status, checks: 0, createdAt: at, expiresAt, isUnsettled: false }, at),
      reason: 'reason' in outcome ? outcome.reason : null,
      ref: made?.providerRef ?? null,
      secret: made?.clientSecret ?? null,
      action: made?.nextAction ? JSON.stringify(made.nextAction) : null,
      mode: made?.mode ?? null,
    }
  })
  const column = <K extends keyof (typeof told)[number]>(name: K) => told.map((one) => one[name])
  const { rows } = await sql<Payment>`/* prepared settle_intents */
    update payments
       set status = case when payment_may_become(status, told_status) then told_status else status end,
           reason = case when payment_may_become(status, told_status) then told_reason else reason end,
           provider_ref = coalesce(provider_ref, told_ref),
           client_secret = coalesce(client_secret, told_secret),
           next_action = coalesce(next_action, told_action),
           mode = coalesce(told_mode, mode),
           expires_at = coalesce(expires_at, told_expires_at),
           -- a script of the mock begins a second later
           next_check_at = case when mode = 'mock' and metadata ? 'script' then told_at + interval '1 second'
                                when mode = 'mock' then next_check_at
                                when payment_may_become(status, told_status) then told_check
                                else next_check_at end,
           changed_by = told_by,
           changed_request_id = told_request_id,
           updated_at = told_at
      from unnest(${answers.map(({ id }) => id)}::text[], ${column('status')}::text[], ${column('reason')}::text[],
                  ${column('ref')}::text[], ${column('secret')}::text[], ${column('action')}::jsonb[],
                  ${column('mode')}::text[], ${column('expiresAt')}::timestamptz[], ${column('check')}::timestamptz[],
                  ${column('by')}::text[], ${column('requestId')}::text[], ${column('at')}::timestamptz[])
        as told (told_id, told_status, told_reason, told_ref, told_secret, told_action, told_mode, told_expires_at,
                 told_check, told_by, told_request_id, told_at)
     where id = told_id
    returning ${COLUMNS}`.execute(db)
  return new Map(rows.map((row) => [row.id, row]))
}

/** Takes the turn to call again for an intent whose last call began before `before`. */
export async function claimLookup(db: Db, id: string, before: Date, now: Date): Promise<boolean> {
  const { rows } = await sql`
    update payments
       set updated_at = ${now}
     where id = ${id}
       and status in ('creating', 'unknown')
       and updated_at <= ${before}
    returning 1`.execute(db)
  return rows.length === 1
}

export async function findOpenPurpose(db: Db, organizerId: string, purposeKey: string): Promise<Payment | null> {
  const { rows } = await sql<Payment>`
    select ${COLUMNS}
      from payments
     where organizer_id = ${organizerId}
       and purpose_key = ${purposeKey}
       and payment_is_open(status)`.execute(db)
  return rows[0] ?? null
}

/** Expires the open payment of a purpose whose voucher can no longer be paid. Money may still come for it. */
export async function expireOverduePurpose(db: Db, organizerId: string, purposeKey: string, now: Date): Promise<void> {
  await sql`
    update payments
       set status = 'expired',
           reason = 'not_paid_in_time',
           changed_by = 'clock',
           changed_request_id = request_id,
           updated_at = ${now}
     where organizer_id = ${organizerId}
       and purpose_key = ${purposeKey}
       and payment_is_open(status)
       and coalesce(expires_at, created_at + interval '30 days') <= ${now}`.execute(db)
}
