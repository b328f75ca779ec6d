/** The SQL of intents: the row before the call, and what the provider answered. Concurrent intents share statements. */
import { batching } from '../platform/batching.ts'
import { sql, type Db } from '../platform/db.ts'
import type { IntentOutcome } from './provider.ts'
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
  createdBy: string
  idempotencyKey: string | null
  requestId: string
  now: Date
}

/** Inserts an intent. Returns null when the same caller has used this idempotency key. */
export const insertIntent = batching(
  async ({ db }: { db: Db }, intents: NewIntent[]): Promise<(Payment | null)[]> => {
    const column = <K extends keyof NewIntent>(name: K) => intents.map((intent) => intent[name])
    const { rows } = await sql<Payment>`/* prepared insert_intents */
      insert into payments (id, organizer_id, event_id, provider, mode, amount_cents, currency, description, metadata,
             created_by, idempotency_key, request_id, created_at, updated_at, kind, status)
      select n.*, n.at, 'intent', 'creating'
        from unnest(${column('id')}::text[], ${column('organizerId')}::text[], ${column('eventId')}::text[],
                    ${column('provider')}::text[], ${column('mode')}::text[], ${column('amountCents')}::bigint[],
                    ${column('currency')}::text[], ${column('description')}::text[],
                    ${intents.map(({ metadata }) => JSON.stringify(metadata))}::jsonb[], ${column('createdBy')}::text[],
                    ${column('idempotencyKey')}::text[], ${column('requestId')}::text[], ${column('now')}::timestamptz[])
          as n (id, organizer_id, event_id, provider, mode, amount_cents, currency, description, metadata, created_by,
                idempotency_key, request_id, at)
      on conflict (created_by, idempotency_key) where idempotency_key is not null do nothing
      returning ${COLUMNS}`.execute(db)
    const inserted = new Map(rows.map((row) => [row.id, row]))
    return intents.map(({ id }) => inserted.get(id) ?? null)
  },
  { max: 100, lanes: 2 },
)

export type Answer = { id: string; outcome: IntentOutcome; now: Date }

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
  const told = answers.map(({ outcome }) => {
    const made = outcome.kind === 'created' ? outcome : null
    return {
      status: made?.status ?? (outcome.kind === 'rejected' ? 'failed' : 'unknown'),
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
           paid_at = case when told_status = 'confirmed' and payment_may_become(status, told_status) then told_at
                          else paid_at end,
           provider_ref = coalesce(provider_ref, told_ref),
           client_secret = coalesce(client_secret, told_secret),
           next_action = coalesce(next_action, told_action),
           mode = coalesce(told_mode, mode),
           updated_at = told_at
      from unnest(${answers.map(({ id }) => id)}::text[], ${column('status')}::text[], ${column('reason')}::text[],
                  ${column('ref')}::text[], ${column('secret')}::text[], ${column('action')}::jsonb[],
                  ${column('mode')}::text[], ${answers.map(({ now }) => now)}::timestamptz[])
        as told (told_id, told_status, told_reason, told_ref, told_secret, told_action, told_mode, told_at)
     where id = told_id
    returning ${COLUMNS}`.execute(db)
  return new Map(rows.map((row) => [row.id, row]))
}
