/** The job that triggers campaigns that follow their event. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { listAwaited, triggerCampaign } from './trigger.ts'

/** How many campaigns one run handles; the next run follows a second later. */
const TRIGGER_LIMIT = 100

/** Reschedules campaigns whose event moved and triggers those whose time has come. */
export const triggerCampaigns = defineJob({
  name: 'trigger-campaigns',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const failures: unknown[] = []
    const outcomes: Record<string, number> = {}
    for (const id of await listAwaited(deps.db, deps.now(), TRIGGER_LIMIT)) {
      try {
        const { outcome, ...facts } = await triggerCampaign(deps, id)
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        if (outcome === 'missed') log.warn(facts, 'A campaign missed its time and sent nothing')
        else if (outcome === 'waiting')
          log.warn(facts, 'A campaign is due but its template cannot be sent: it is retried every minute')
        else if (outcome !== 'nothing')
          log.info({ outcome, ...facts }, 'A campaign that follows its event was triggered or rescheduled')
      } catch (error) {
        failures.push(error) // the others must not wait for this one
      }
    }
    if (failures.length > 0) throw failures[0]
    return JSON.stringify(outcomes)
  },
})
