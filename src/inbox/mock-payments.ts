/** Mocked providers tell by webhook what the script of a payment says, and so does everything that follows. */
import { advanceScript, claimScripts } from '../payments/payments.ts'
import type { Db } from '../platform/db.ts'
import { readScript } from '../providers/providers.ts'
import { storeInbound } from './inbox.ts'

const LIMIT = 100
const STEP_MS = 1000

type Context = { db: Db; now: () => Date }

/** Stores the webhooks of every step that is due; a step that is played again after a crash is known by its ids. */
export async function playScripts({ db, now }: Context, jobId: string): Promise<number> {
  const at = now()
  const due = await claimScripts(db, at, LIMIT)
  for (const payment of due) {
    const bodies = readScript(payment.script, payment.step, payment)
    for (const body of bodies ?? []) {
      const dedupeKey = (JSON.parse(body) as { id: string }).id
      const event = { source: payment.provider, dedupeKey, body: Buffer.from(body), requestId: jobId, simulated: true }
      await storeInbound({ db, now }, event)
    }
    await advanceScript(db, payment, bodies ? new Date(at.getTime() + STEP_MS) : null)
  }
  return due.length
}
