/** The job that gives free places to those who wait. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { listAwaitedEvents } from './sql.ts'
import { giveFreePlaces } from './waitlist.ts'

/**
 * Looks at every event that somebody waits for. However a place became free (a no, a smaller party, a deleted guest, more
 * capacity), it is found here.
 */
export const givePlaces = defineJob({
  name: 'give-places',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const failures: unknown[] = []
    let given = 0
    for (const eventId of await listAwaitedEvents(deps.db, deps.now())) {
      try {
        const guests = await giveFreePlaces(deps, eventId)
        if (guests > 0) log.info({ eventId, guests }, 'Guests on a waiting list got places')
        given += guests
      } catch (error) {
        failures.push(error) // the other events must not wait for this one
      }
    }
    if (failures.length > 0) throw failures[0]
    return `${given} guests got places`
  },
})
