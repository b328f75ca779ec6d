/** Retrying dead letters of every kind, including jobs, and enqueueing what is due again. */
import { Check } from 'typebox/value'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { inboundJobId, jobOf } from '../inbox/jobs.ts'
import { sweptJobId, type Job } from '../platform/queue.ts'
import { retryLetters } from './dead-letters.ts'
import { resolveLetters, type Resolved } from '../platform/dead-letters.ts'
import type { Letter } from './sql.ts'

/** Retries letters of any kind. Returns the outcome of those that this call closed; the others stay open. */
export async function retryAndEnqueue(
  deps: Deps,
  jobs: readonly Job[],
  letters: Letter[],
  by: string,
): Promise<Resolved[]> {
  const { resolved, revived } = await retryLetters(deps, letters, by)
  const at = deps.now()
  for (const { id, source } of revived)
    await deps.queues.enqueue(jobOf(source), { inboundEventId: id }, { id: sweptJobId(inboundJobId(id, 0), at) })
  for (const letter of letters.filter(({ kind }) => kind === 'job')) {
    const dead = readDeadJob(jobs, letter.refId)
    if (dead) resolved.push(...(await enqueueAgain(deps, dead, letter, by)))
  }
  return resolved
}

type DeadJob = { job: Job; data: object }

/** The job of a letter and its data. Null: the data was cut or does not fit the job's schema, so it cannot run again. */
export function readDeadJob(jobs: readonly Job[], refId: string): DeadJob | null {
  const colon = refId.indexOf(':')
  const job = jobs.find(({ name }) => name === refId.slice(0, colon))
  try {
    const data: unknown = JSON.parse(refId.slice(colon + 1))
    return job && typeof data === 'object' && data !== null && Check(job.data, data) ? { job, data } : null
  } catch {
    return null // name and data are cut to 300 characters
  }
}

/** Enqueues the job again. When it may have been lost, the letter stays open, because no row stands behind it. Running twice is harmless. */
async function enqueueAgain(deps: Deps, { job, data }: DeadJob, { id }: Letter, by: string): Promise<Resolved[]> {
  const lostBefore = deps.queues.lostJobs()
  await deps.queues.enqueue(job, data, { id: `${job.name}-again-${id}` })
  if (deps.queues.lostJobs() > lostBefore)
    throw new Failure('unavailable', { detail: 'The queue is down; the letter stays open.', retryAfterSeconds: 5 })
  return resolveLetters(deps.db, [{ letterId: id, outcome: 'retried' }], { by, now: deps.now() })
}
