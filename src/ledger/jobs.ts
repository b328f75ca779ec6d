/** The jobs that book ticket uses and check the ledger. */
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { LEDGER_CHECKS, listLedgerFaults } from './checks.ts'
import { bookUses } from './uses.ts'

/** Far more than any pause between two runs. What a longer outage leaves is booked at night. */
const LOOK_BACK_MS = 2 * 3_600_000

/** Books the tickets that were used lately. */
export const bookTicketUses = defineJob({
  name: 'book-ticket-uses',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps, _, { jobId }) {
    const at = now()
    const since = new Date(at.getTime() - LOOK_BACK_MS)
    const tickets = await bookUses(db, config.tickets, since, { by: 'clock', requestId: jobId, at })
    return `${tickets} tickets booked`
  },
})

/** Books every use that is not booked, and then looks for what must not be. */
export const checkLedger = defineJob({
  name: 'check-ledger',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ slowDb, now, config, metrics }: Deps, _, { jobId, log }) {
    const cause = { by: 'clock', requestId: jobId, at: now() }
    const [booking] = await Promise.allSettled([bookUses(slowDb, config.tickets, null, cause)])
    const faults = await listLedgerFaults(slowDb)
    for (const check of LEDGER_CHECKS) {
      const ids = faults.filter((fault) => fault.check === check).map(({ id }) => id)
      metrics.ledgerFaults.set({ check }, ids.length)
      if (ids.length > 0) log.error({ check, count: ids.length, ids: ids.slice(0, 10) }, 'The ledger is wrong')
    }
    if (booking.status === 'rejected') throw booking.reason
    return `${faults.length} faults`
  },
})
