/** The guests of a preflight as they are now: who gets the message, and who is left out. */
import { openCursor, writeCursor } from '../http/page.ts'
import type { ChannelName } from '../contacts/contacts.ts'
import type { Config } from '../platform/config.ts'
import { sql, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { EventSchedule } from './schedule.ts'
import { planCampaign } from './preflight.ts'
import { listRecipients, type Filter, type Recipient } from './recipients.ts'

export type Context = { db: Db; config: Config; now: () => Date }
export type AskedPreflight = { scope: string | null; eventId: string; preflightId: string }

type Preflight = {
  status: string
  template: string
  channel: ChannelName | 'auto'
  filter: Filter
  variables: Record<string, string>
  schedule: EventSchedule | null
  scheduledAt: Date | null
}

/**
 * Judges every guest that matches the filter of a preflight, as its launch would now. Throws `campaign_not_found`,
 * `preflight_launched`, and what planCampaign throws.
 */
export async function judgeAgain(context: Context, asked: AskedPreflight): Promise<Recipient[]> {
  const { scope, eventId } = asked
  const preflight = await findPreflight(context.db, asked)
  if (!preflight) throw new Failure('campaign_not_found', { detail: 'The event has no such preflight.' })
  const { status, schedule, scheduledAt, ...request } = preflight
  if (status !== 'preflight')
    throw new Failure('preflight_launched', { detail: 'The preflight was launched: see leftOut of the campaign.' })
  const at = schedule ? { schedule } : scheduledAt ? { scheduledAt: scheduledAt.toISOString() } : {}
  const { spec } = await planCampaign(context, { scope, eventId, ...request, ...at })
  return listRecipients(context.db, spec)
}

async function findPreflight(db: Db, { scope, eventId, preflightId }: AskedPreflight): Promise<Preflight | null> {
  const { rows } = await sql<Preflight>`
    select status, template, channel, filter, variables, schedule, scheduled_at
      from campaigns
     where id = ${preflightId} and event_id = ${eventId}
       and (${scope}::text is null or organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

type Sorted = Pick<Recipient, 'name' | 'guestId'>

const ALPHABET = new Intl.Collator('es')
const byName = (a: Sorted, b: Sorted): number =>
  ALPHABET.compare(a.name, b.name) || (a.guestId < b.guestId ? -1 : a.guestId > b.guestId ? 1 : 0)

/** A page of those who get the message, by name. Throws `invalid_cursor` and what judgeAgain throws. */
export async function listIncluded(context: Context, asked: AskedPreflight & { limit: number; cursor?: string }) {
  const { limit, cursor, ...preflight } = asked
  const after = cursor === undefined ? null : readAfter(cursor)
  const rows = (await judgeAgain(context, preflight))
    .filter((one) => one.exclusion === null && (after === null || byName(one, after) > 0))
    .toSorted(byName)
  const data = rows.slice(0, limit).map(({ guestId, name, locale, channel, isWindowOpen }) => ({
    guestId,
    name,
    locale,
    channel: channel!,
    isWindowOpen,
  }))
  const last = rows.length > limit ? data.at(-1)! : null
  return { data, page: { nextCursor: last && writeCursor(last.name, last.guestId) } }
}

function readAfter(cursor: string): Sorted {
  const { sortedBy: name, id: guestId } = openCursor(cursor, (value) => {
    if (typeof value !== 'string') throw new Error('shape')
    return value
  })
  return { name, guestId }
}
