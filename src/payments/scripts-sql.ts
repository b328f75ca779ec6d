/** The SQL of mock payments that play a script. `checks` counts the steps that were played. */
import { sql, type Db } from '../platform/db.ts'
import type { MockScript, ProviderName } from '../providers/providers.ts'

export type Scripted = {
  id: string
  provider: ProviderName
  providerRef: string
  amountCents: number
  script: MockScript
  step: number
}

/** Claims payments whose next step is due, for a few seconds. */
export async function claimScripts(db: Db, now: Date, limit: number): Promise<Scripted[]> {
  const { rows } = await sql<Scripted>`
    update payments
       set next_check_at = ${now}::timestamptz + interval '5 seconds'
     where id in (select id
                    from payments
                   where next_check_at <= ${now}
                     and mode = 'mock'
                   order by next_check_at
                   limit ${limit}
                     for update skip locked)
    returning id, provider, provider_ref, amount_cents, metadata ->> 'script' as script, checks as step`.execute(db)
  return rows
}

/** Goes on to the next step, or ends the script. */
export async function advanceScript(db: Db, { id, step }: Scripted, nextAt: Date | null): Promise<void> {
  await sql`
    update payments
       set checks = ${step + 1},
           next_check_at = ${nextAt}
     where id = ${id}
       and checks = ${step}`.execute(db)
}
