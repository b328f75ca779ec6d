/**
 * Dead letters: work that was given up and waits for a person. One open letter per row or job; a second death renews it.
 */
import { sql, type Db, type Tx } from './db.ts'

export const LETTER_KINDS = ['delivery', 'inbound_event', 'job'] as const
export type LetterKind = (typeof LETTER_KINDS)[number]
/** `arrived`: a status proved it. `superseded`: another delivery took its slot. `moved`: somebody else acted. `gone`: deleted. */
export type Resolution = 'retried' | 'discarded' | 'arrived' | 'superseded' | 'moved' | 'gone'
export type DeadLetter = { kind: LetterKind; refId: string; reason: string; attempts: number; now: Date }

export async function insertDeadLetter(tx: Tx, letter: DeadLetter): Promise<void> {
  const { kind, refId, reason, attempts, now } = letter
  await sql`
    insert into dead_letters as d (kind, ref_id, reason, attempts, first_at, last_at)
    values (${kind}, ${refId}, ${reason}, ${attempts}, ${now}, ${now})
    on conflict (kind, ref_id) where resolved_at is null
    do update set reason = excluded.reason, attempts = excluded.attempts, last_at = excluded.last_at`.execute(tx)
}

/** Only the queue knew this job, so its letter keeps name and data, and counts the attempts of every death. */
export async function insertDeadJob(
  db: Db,
  job: { name: string; data: unknown; attempts: number; reason: string },
  now: Date,
): Promise<void> {
  const refId = `${job.name}:${JSON.stringify(job.data)}`.slice(0, 300)
  await sql`
    insert into dead_letters as d (kind, ref_id, reason, attempts, first_at, last_at)
    values ('job', ${refId}, ${job.reason}, ${job.attempts}, ${now}, ${now})
    on conflict (kind, ref_id) where resolved_at is null
    do update set reason = excluded.reason, attempts = d.attempts + excluded.attempts, last_at = excluded.last_at`.execute(
    db,
  )
}

export type Resolved = { letterId: number; outcome: Resolution }

/** Closes letters. Returns those that were open. */
export async function resolveLetters(
  db: Db,
  letters: Resolved[],
  { by, now }: { by: string; now: Date },
): Promise<Resolved[]> {
  const ids = letters.map(({ letterId }) => letterId)
  const outcomes = letters.map(({ outcome }) => outcome)
  const { rows } = await sql<Resolved>`
    update dead_letters l
       set resolved_at = ${now}, resolved_by = ${by}, resolution = v.outcome
      from unnest(${ids}::bigint[], ${outcomes}::text[]) v (id, outcome)
     where l.id = v.id and l.resolved_at is null
    returning l.id as letter_id, l.resolution as outcome`.execute(db)
  return rows
}
