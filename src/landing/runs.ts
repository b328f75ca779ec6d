/** The SQL of the nightly landing job: the fence, and the record of its runs. */
import { type LandingChange } from '../events/events.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'

/**
 * Opens the record of a run and returns its id. A unique index allows one nightly run per local day: an
 * interrupted run is resumed, and null means that the day's run has finished. Every forced run has its own record.
 */
export async function openRun(
  tx: Tx,
  run: { job: string; runOn: string; forced: boolean; startedAt: Date },
): Promise<number | null> {
  const { rows } = await sql<{ id: number }>`
    insert into job_runs as r (job, run_on, forced, started_at, counts)
    values (${run.job}, ${run.runOn}, ${run.forced}, ${run.startedAt}, '{"archived": 0, "expired": 0}')
    on conflict (job, run_on) where not forced do update set started_at = r.started_at where r.finished_at is null
    returning id`.execute(tx)
  return rows[0]?.id ?? null
}

/** Raises the fence and returns it. From now on ownsFence is false for every earlier run. */
export async function raiseFence(tx: Tx, name: string, runId: number): Promise<number> {
  const { rows } = await sql<{ fence: number }>`
    with raised as (
      insert into fences as f (name, fence) values (${name}, 1)
      on conflict (name) do update set fence = f.fence + 1 returning fence)
    update job_runs r set fence = raised.fence from raised where r.id = ${runId} returning raised.fence`.execute(tx)
  return rows[0]!.fence
}

/** True when no later run has raised the fence; the row lock keeps it so until the transaction ends. */
export async function ownsFence(tx: Tx, name: string, fence: number): Promise<boolean> {
  const { rows } = await sql`
    select name from fences where name = ${name} and fence = ${fence} for share`.execute(tx)
  return rows.length === 1
}

/** Adds a batch to the record of the run; call it in the batch's transaction. */
export async function addToRun(tx: Tx, runId: number, what: LandingChange['to'], count: number): Promise<void> {
  await sql`update job_runs
     set counts = jsonb_set(counts, array[${what}::text], to_jsonb((counts ->> ${what})::integer + ${count}::integer))
   where id = ${runId}`.execute(tx)
}

export async function finishRun(tx: Tx, runId: number, now: Date): Promise<void> {
  await sql`update job_runs set finished_at = ${now}, outcome = 'done' where id = ${runId}`.execute(tx)
}

export async function hasFinishedRun(db: Db, job: string, runOn: string): Promise<boolean> {
  const { rows } = await sql`
    select id from job_runs where job = ${job} and run_on = ${runOn} and not forced and finished_at is not null`.execute(
    db,
  )
  return rows.length === 1
}

/** When the nightly job last finished; null: never. */
export async function findLastRun(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ finishedAt: Date | null }>`
    select max(finished_at) as finished_at
      from job_runs`.execute(db)
  return rows[0]?.finishedAt ?? null
}

/** The instant at which this database's first migration was applied. */
export async function findInstalledAt(db: Db): Promise<Date> {
  const { rows } = await sql<{
    installedAt: string
  }>`select min(timestamp) as installed_at from kysely_migration`.execute(db)
  return new Date(rows[0]!.installedAt)
}
