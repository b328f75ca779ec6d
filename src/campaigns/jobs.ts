/** Campaigns that follow their event. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { listAwaited, triggerCampaign } from './trigger.ts'

/** What the clock looks at in one turn; the rest follows a second later. */
const TRIGGER_LIMIT = 100

/** Moves the campaigns that follow an event with it, and triggers those whose time has come. */
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
        if (outcome === 'missed')
          log.warn(facts, 'A campaign missed its time: nothing was sent, and its organizer sees why')
        else if (outcome === 'waiting')
          log.warn(facts, 'The time of a campaign has come and its template cannot be sent: it is tried every minute')
        else if (outcome !== 'nothing')
          log.info({ outcome, ...facts }, 'A campaign that follows its event was looked at')
      } catch (error) {
        failures.push(error) // the others do not wait for this one
      }
    }
    if (failures.length > 0) throw failures[0]
    return JSON.stringify(outcomes)
  },
})
