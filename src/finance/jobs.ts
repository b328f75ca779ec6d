/** The jobs that refresh the Director's numbers, watch WhatsApp's prices and send the weekly e-mail. */
import { Type } from 'typebox'
import { EMAIL_SENT_BEFORE, type Verdict } from '../channels/channels.ts'
import { countServiceMessages } from '../delivery/delivery.ts'
import type { Deps } from '../deps.ts'
import { dayOf } from '../platform/values/days.ts'
import type { Db } from '../platform/db.ts'
import { insertDeadJob } from '../platform/dead-letters.ts'
import type { Logger } from '../platform/log.ts'
import { backoffMs, defineJob } from '../platform/queue.ts'
import { isDrifting, sumPredictions } from './predictions.ts'
import { refreshKpis } from './refresh.ts'
import { findFreshness } from './sql.ts'
import { composeWeeklyEmail, findWeekToSend, planWeeklyEmails } from './weekly.ts'
import { claimWeeklyEmail, closeStale, completeWeeklyEmail, listDue, releaseWeeklyEmail } from './weekly-sql.ts'

/** Refreshes every materialized view in one snapshot. A lock allows one refresh at a time. */
export const refreshKpisJob = defineJob({
  name: 'refresh-kpis',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    try {
      const views = await refreshKpis(deps, { ifBusy: 'skip' })
      if (!views) return 'another refresh is running'
      log.info(
        { tookMs: Object.fromEntries(views.map((view) => [view.viewName, view.tookMs])) },
        'The views were refreshed',
      )
      return `${views.length} views refreshed`
    } catch (error) {
      log.error(
        { err: error, job: 'refresh-kpis' },
        "The views could not be refreshed: the Director's numbers are stale",
      )
      throw error
    }
  },
})

/** Warns when WhatsApp's charges differ from our predictions, and counts the messages that the next predictions need. */
export const watchPrices = defineJob({
  name: 'watch-prices',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now }: Deps, _, { log }) {
    const at = now()
    await countServiceMessages(db, at)
    const { asOf } = await findFreshness(db)
    if (!asOf) return 'the views have not been refreshed yet'
    const predictions = await sumPredictions(db, null, at)
    if (isDrifting(predictions))
      log.warn(
        { ...predictions, asOf },
        "WhatsApp's charges differ from predictions: prices or categories have changed",
      )
    return `${predictions.drifted} of ${predictions.compared} predictions were wrong`
  },
})

/** After the first failed attempt; doubled after each further one, up to an hour. */
const BACKOFF_MS = 300_000
/** What another attempt may mend. Everything else is refused again. */
const MENDABLE: Verdict[] = ['retry', 'retry_once', 'wait_all', 'wait_recipient', 'alarm']

/** Sends the weekly e-mail to one director. A failed attempt is repeated on the same day. */
export const sendWeeklyEmail = defineJob({
  name: 'send-weekly-email',
  queue: 'maintenanceQueue',
  data: Type.Object({ weeklyEmailId: Type.String() }),

  async run({ db, now, config, channels }: Deps, { weeklyEmailId }, { log }) {
    const at = now()
    const until = new Date(at.getTime() + config.delivery.leaseMs)
    const claimed = await claimWeeklyEmail(db, weeklyEmailId, { today: dayOf(at), now: at, until })
    if (!claimed) return 'it is not due'
    const outcome = await channels.email.send(composeWeeklyEmail(claimed, config.http.publicBaseUrl))
    const { attempts } = claimed
    // Another text left under this key: the language or the address changed after an attempt whose answer was lost.
    if (outcome.kind === 'sent' || outcome.reason === EMAIL_SENT_BEFORE) {
      const providerMessageId = outcome.kind === 'sent' ? outcome.providerMessageId : null
      await completeWeeklyEmail(db, claimed, { providerMessageId, now: now() })
      log.info({ weeklyEmailId, attempts, simulated: channels.email.isSimulated }, 'A weekly e-mail was sent')
      return 'sent'
    }
    const { reason } = outcome
    const isFinal = outcome.kind === 'refused' && !MENDABLE.includes(outcome.verdict)
    const askedMs = outcome.kind === 'refused' ? (outcome.afterMs ?? 0) : 0
    const nextAt = new Date(now().getTime() + Math.max(askedMs, backoffMs(BACKOFF_MS, attempts)))
    const status = await releaseWeeklyEmail(db, claimed, { reason, isFinal, nextAt })
    if (status === 'failed') await bury(db, { ...claimed, reason }, now(), log)
    else log.warn({ weeklyEmailId, attempts, reason }, 'A weekly e-mail was not sent and will be tried again')
    return status ?? 'another worker has taken it'
  },
})

/**
 * Makes the rows of this Monday's mails, enqueues those that are due, and closes what will not be sent. It runs every minute, so
 * a worker that starts late on Monday still sends them.
 */
export const sweepWeeklyEmails = defineJob({
  name: 'sweep-weekly-emails',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run(deps: Deps, _, { log }) {
    const { db, queues } = deps
    const at = deps.now()
    const today = dayOf(at)
    for (const closed of await closeStale(db, today, at))
      if (closed.status === 'failed') await bury(db, closed, at, log)
    const week = findWeekToSend(at)
    if (!week) return 'it is not the time for it'
    await planWeeklyEmails(deps, week)
    const due = await listDue(db, today, at)
    const items = due.map(({ id, attempts }) => ({ data: { weeklyEmailId: id }, id: `${id}-${attempts}` }))
    await queues.enqueueMany(sendWeeklyEmail, items)
    return `${due.length} due`
  },
})

type Buried = { id: string; attempts: number; reason: string }

/** A person who retries the letter on the same day sends the mail. */
async function bury(db: Db, { id, attempts, reason }: Buried, now: Date, log: Logger): Promise<void> {
  log.error({ weeklyEmailId: id, attempts, reason }, 'A weekly e-mail failed')
  await insertDeadJob(db, { name: 'send-weekly-email', data: { weeklyEmailId: id }, attempts, reason }, now)
}
