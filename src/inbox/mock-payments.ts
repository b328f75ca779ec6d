/** Mocked providers tell by webhook what the script of a payment says, and so does everything that follows. */
import { advanceScript, claimScripts } from '../payments/payments.ts'
import type { Db } from '../platform/db.ts'
import { readScript } from '../providers/providers.ts'
import { storeInbound } from './inbox.ts'
import type { Source } from './sql.ts'

const LIMIT = 100
const STEP_MS = 1000

type Context = { db: Db; now: () => Date }

/** Stores the webhooks of every step that is due. Returns them; a step that is played again after a crash is known by its ids. */
export async function playScripts({ db, now }: Context, jobId: string): Promise<{ id: string; source: Source }[]> {
  const at = now()
  const stored: { id: string; source: Source }[] = []
  for (const payment of await claimScripts(db, at, LIMIT)) {
    const bodies = readScript(payment.script, payment.step, payment)
    const source = payment.provider
    for (const body of bodies ?? []) {
      const dedupeKey = (JSON.parse(body) as { id: string }).id
      const event = { source, dedupeKey, body: Buffer.from(body), requestId: jobId, simulated: true }
      const { id, isDuplicate } = await storeInbound({ db, now }, event)
      if (!isDuplicate) stored.push({ id, source })
    }
    await advanceScript(db, payment, bodies ? new Date(at.getTime() + STEP_MS) : null)
  }
  return stored
}
