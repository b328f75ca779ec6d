/** Putting retried letters to work: the jobs that follow the commit, and jobs that only the queue knew. */
import { Check } from 'typebox/value'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { inboundJobId, jobOf } from '../inbox/jobs.ts'
import { sweptJobId, type Job } from '../platform/queue.ts'
import { retryLetters } from './dead-letters.ts'
import { resolveLetters, type Resolved } from '../platform/dead-letters.ts'
import type { Letter } from './sql.ts'

/** Retries letters of any kind. Returns what became of those that this call closed; the others stay open. */
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
    if (dead) resolved.push(...(await runAgain(deps, dead, letter, by)))
  }
  return resolved
}

type DeadJob = { job: Job; data: object }

/** The job behind a letter, when its data is all there and still fits. Null: it cannot be run from its letter. */
export function readDeadJob(jobs: readonly Job[], refId: string): DeadJob | null {
  const colon = refId.indexOf(':')
  const job = jobs.find(({ name }) => name === refId.slice(0, colon))
  try {
    const data: unknown = JSON.parse(refId.slice(colon + 1))
    return job && typeof data === 'object' && data !== null && Check(job.data, data) ? { job, data } : null
  } catch {
    return null // the name and data of a job are cut to 300 characters
  }
}

/** No row stands behind it, so a job that may have been lost leaves the letter open; running twice is harmless. */
async function runAgain(deps: Deps, { job, data }: DeadJob, { id }: Letter, by: string): Promise<Resolved[]> {
  const lostBefore = deps.queues.lostJobs()
  await deps.queues.enqueue(job, data, { id: `${job.name}-again-${id}` })
  if (deps.queues.lostJobs() > lostBefore)
    throw new Failure('unavailable', { detail: 'The queue is away; the letter stays open.', retryAfterSeconds: 5 })
  return resolveLetters(deps.db, [{ letterId: id, outcome: 'retried' }], { by, now: deps.now() })
}
