/** Retrying webhooks that are dead letters. */
import { sql, type Tx } from '../platform/db.ts'
import type { Source } from './sql.ts'

export type Revived = { letterId: number; id: string; source: Source; outcome: 'retried' | 'moved' }

/**
 * Makes the webhooks of open letters due again. The caller resolves the letters in the same transaction and enqueues those
 * with outcome `retried` after the commit. `moved`: the webhook is not dead any more.
 */
export async function reviveInbound(tx: Tx, letterIds: number[], now: Date): Promise<Revived[]> {
  const { rows } = await sql<Revived>`
    -- the open letters with their webhooks, locked in a fixed order
    with locked as (
      select l.id as letter_id, i.id, i.source, i.status
        from dead_letters l
        join inbound_events i on i.id = l.ref_id
       where l.id = any(${letterIds}::bigint[])
         and l.kind = 'inbound_event'
         and l.resolved_at is null
       order by i.id
         for update of i, l),
    revived as (
      update inbound_events i
         set status = 'received',
             reason = null,
             attempts = 0,
             processed_at = null,
             next_attempt_at = ${now},
             enqueued_at = ${now}
        from locked
       where i.id = locked.id
         and locked.status = 'dead'
      returning i.id)
    select letter_id, id, source, case when status = 'dead' then 'retried' else 'moved' end as outcome
      from locked
     where status <> 'dead'
        or id in (select id from revived)`.execute(tx)
  return rows
}
