/**
 * Pauses: one row per scope, object and source. A person pauses until somebody resumes or until a time; the system pauses
 * until a time. Whoever sends reads the rows, and ending a pause deletes its row.
 */
import { sql, type Db, type Tx } from './db.ts'

export type PauseScope = 'channel' | 'organizer' | 'event' | 'campaign'
export type PauseTarget = { scope: PauseScope; scopeId: string }
export type Pause = PauseTarget & {
  source: 'person' | 'system'
  /** A stable code, or the text of a person. */
  reason: string
  pausedBy: string
  pausedAt: Date
  /** Null: until somebody resumes it. */
  until: Date | null
  /** At `until` the circuit becomes half-open: one probe may be sent, and only its success ends the pause. */
  needsProbe: boolean
  /** When the last probe was sent; null: none yet. */
  probedAt: Date | null
}
export type NewPause = PauseTarget &
  Pick<Pause, 'source' | 'reason' | 'pausedBy' | 'until'> & { needsProbe?: boolean; now: Date }

/** Inserts a pause. It replaces one of the same source; a pause by the system ends no earlier than the one it replaces. */
export async function insertPause(tx: Tx, p: NewPause): Promise<void> {
  const isSystem = p.source === 'system'
  await sql`
    insert into pauses as p (scope, scope_id, source, reason, paused_by, paused_at, until, needs_probe)
    values (${p.scope}, ${p.scopeId}, ${p.source}, ${p.reason}, ${p.pausedBy}, ${p.now}, ${p.until},
            ${p.needsProbe ?? false})
    on conflict (scope, scope_id, source) do update
      set reason = case when ${isSystem} and p.until > excluded.until then p.reason else excluded.reason end,
          until = case when ${isSystem} then greatest(p.until, excluded.until) else excluded.until end,
          needs_probe = excluded.needs_probe or (p.needs_probe and ${isSystem}),
          paused_by = excluded.paused_by,
          paused_at = excluded.paused_at,
          probed_at = null`.execute(tx)
}

/** Deletes the pauses of a target. False: there was none. */
export async function deletePauses(tx: Tx, { scope, scopeId }: PauseTarget): Promise<boolean> {
  const { rows } = await sql`
    delete from pauses
     where scope = ${scope}
       and scope_id = ${scopeId}
    returning scope`.execute(tx)
  return rows.length > 0
}

export async function listPauses(db: Db, scope: PauseScope, ids: readonly string[]): Promise<Pause[]> {
  const { rows } = await sql<Pause>`
    select *
      from pauses
     where scope = ${scope}
       and scope_id = any(${ids}::text[])
     order by scope_id, source`.execute(db)
  return rows
}

/** Deletes the pauses whose time is over and that need no probe. Returns their targets. */
export async function deleteExpiredPauses(tx: Tx, now: Date): Promise<PauseTarget[]> {
  const { rows } = await sql<PauseTarget>`
    delete from pauses
     where until <= ${now}
       and not needs_probe
    returning scope, scope_id`.execute(tx)
  return rows
}

/**
 * Locks the pauses of these targets, so that nobody ends one while work is being parked under it. Returns the keys of the
 * locked ones; a pause that is just being ended is skipped.
 */
export async function lockPauses(tx: Tx, targets: PauseTarget[]): Promise<Set<string>> {
  const { rows } = await sql<PauseTarget>`
    select scope, scope_id
      from pauses
     where (scope, scope_id) in (
             select * from unnest(${targets.map(({ scope }) => scope)}::text[],
                                  ${targets.map(({ scopeId }) => scopeId)}::text[]))
     order by scope, scope_id, source
       for share skip locked`.execute(tx)
  return new Set(rows.map(pauseKey))
}

export const pauseKey = ({ scope, scopeId }: PauseTarget): string => `${scope}/${scopeId}`

/** The state of a pause at `now`. `half_open`: its time is over and one probe may be sent. */
export const stateOfPause = ({ until, needsProbe }: Pause, now: Date): 'paused' | 'half_open' | 'over' =>
  until === null || until > now ? 'paused' : needsProbe ? 'half_open' : 'over'

/** Takes the probe of a half-open circuit; the pause then lasts until `until`. True for one caller only. */
export async function takeProbe(
  db: Db,
  { scope, scopeId }: PauseTarget,
  { now, until }: { now: Date; until: Date },
): Promise<boolean> {
  const { rows } = await sql`
    update pauses
       set until = ${until}, probed_at = ${now}
     where scope = ${scope}
       and scope_id = ${scopeId}
       and source = 'system'
       -- the circuit is half-open
       and needs_probe
       and until <= ${now}
    returning scope`.execute(db)
  return rows.length === 1
}

/** Closes the circuit after the probe succeeded. Does nothing before a probe was sent. */
export async function closeCircuit(tx: Tx, { scope, scopeId }: PauseTarget): Promise<void> {
  await sql`
    delete from pauses
     where scope = ${scope}
       and scope_id = ${scopeId}
       and source = 'system'
       and needs_probe
       and probed_at is not null`.execute(tx)
}
