/**
 * Dead letters: work that was given up and waits for a person. A row or job has at most one open letter; giving it up again
 * updates that letter. The column `code` is the `reason` of the API.
 */
import { sql, type Db, type Tx } from './db.ts'

export const LETTER_KINDS = ['delivery', 'inbound_event', 'job'] as const
export type LetterKind = (typeof LETTER_KINDS)[number]
/**
 * How a letter was closed. `arrived`: a status proved that the message had arrived. `superseded`: another delivery has its
 * slot. `moved`: it was already in progress. `gone`: its guest or event was deleted.
 */
export type Resolution = 'retried' | 'discarded' | 'arrived' | 'superseded' | 'moved' | 'gone'
/** `reason`: a stable code. `attempts`: of the row. */
export type DeadLetter = { kind: LetterKind; refId: string; reason: string; attempts: number; now: Date }

export async function insertDeadLetter(tx: Tx, letter: DeadLetter): Promise<void> {
  const { kind, refId, reason, attempts, now } = letter
  await sql`
    insert into dead_letters (kind, ref_id, code, attempts, first_at, last_at)
    values (${kind}, ${refId}, ${reason}, ${attempts}, ${now}, ${now})
    on conflict (kind, ref_id) where resolved_at is null do update
       set code = excluded.code,
           attempts = excluded.attempts,
           last_at = excluded.last_at`.execute(tx)
}

/** Inserts the letter of a job. No row stands behind a job, so the letter keeps its name and data and adds up its attempts. */
export async function insertDeadJob(
  db: Db,
  job: { name: string; data: unknown; attempts: number; reason: string },
  now: Date,
): Promise<void> {
  const refId = `${job.name}:${JSON.stringify(job.data)}`.slice(0, 300)
  await sql`
    insert into dead_letters as d (kind, ref_id, code, attempts, first_at, last_at)
    values ('job', ${refId}, ${job.reason}, ${job.attempts}, ${now}, ${now})
    on conflict (kind, ref_id) where resolved_at is null do update
       set code = excluded.code,
           attempts = d.attempts + excluded.attempts,
           last_at = excluded.last_at`.execute(db)
}

export type Resolved = { letterId: number; outcome: Resolution }

/** Closes letters. Returns those that were still open. */
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
     where l.id = v.id
       and l.resolved_at is null
    returning l.id as letter_id, l.resolution as outcome`.execute(db)
  return rows
}
