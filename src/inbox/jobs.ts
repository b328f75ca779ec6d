/** The jobs that process stored webhooks: one per webhook, on the queue of its source. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob, sweptJobId, type JobContext } from '../platform/queue.ts'
import { processInbound } from './inbox.ts'
import { playScripts } from './mock-payments.ts'
import { markDueInbound, type Source } from './sql.ts'

const SWEEP_GRACE_MS = 8000
const SWEEP_LIMIT = 1000
const EventId = Type.Object({ inboundEventId: Type.String() })

export const inboundJobId = (inboundEventId: string, attempts: number): string => `${inboundEventId}-${attempts}`

async function run(deps: Deps, { inboundEventId }: { inboundEventId: string }, { log }: JobContext): Promise<string> {
  const processed = await processInbound(deps, inboundEventId)
  if (processed.status === 'nothing to do') return processed.status
  const level = processed.status === 'dead' ? 'warn' : 'info'
  log[level]({ inboundEventId, ...processed }, 'A webhook was processed')
  if (processed['outcome'] === 'other_mode')
    log.warn({ inboundEventId }, 'A payment event of the other mode was ignored: test and live keys are mixed up')
  if (processed['statuses_alarmed'])
    log.error({ inboundEventId }, 'Statuses say that the provider refuses our account: GET /ops/channels says why')
  return processed.status
}

export const processWaEvent = defineJob({ name: 'process-wa-event', queue: 'waInboundQueue', data: EventId, run })
export const processPaymentEvent = defineJob({
  name: 'process-payment-event',
  queue: 'paymentsQueue',
  data: EventId,
  run,
})

export const processEmailEvent = defineJob({ name: 'process-email-event', queue: 'waInboundQueue', data: EventId, run })

export const jobOf = (source: Source) =>
  source === 'whatsapp' ? processWaEvent : source === 'email' ? processEmailEvent : processPaymentEvent

/** Plays the scripts of mock payments. */
export const playMockPayments = defineJob({
  name: 'play-mock-payments',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { jobId }) {
    const stored = await playScripts(deps, jobId)
    for (const { id, source } of stored)
      await deps.queues.enqueue(jobOf(source), { inboundEventId: id }, { id: inboundJobId(id, 0) })
    return `${stored.length} webhooks`
  },
})

/** Enqueues stored webhooks that are due and have no job. */
export const sweepInboundEvents = defineJob({
  name: 'sweep-inbound-events',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, queues }: Deps) {
    const at = now()
    const sources: Source[] = []
    if (await queues.hasRoom('waInboundQueue')) sources.push('whatsapp', 'email')
    if (await queues.hasRoom('paymentsQueue')) sources.push('stripe', 'conekta', 'mock')
    const due = await markDueInbound(db, { sources, now: at, graceMs: SWEEP_GRACE_MS, limit: SWEEP_LIMIT })
    for (const job of [processWaEvent, processEmailEvent, processPaymentEvent]) {
      const items = due
        .filter(({ source }) => jobOf(source) === job)
        .map(({ id, attempts }) => ({ data: { inboundEventId: id }, id: sweptJobId(inboundJobId(id, attempts), at) }))
      await queues.enqueueMany(job, items)
    }
    return `${due.length} enqueued`
  },
})
