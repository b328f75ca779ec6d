/** WhatsApp's 24-hour customer-service window. Only a guest's own message opens it, at the provider's time. */
import { isAssigned } from '../events/events.ts'
import type { Reach } from '../http/access.ts'
import { sql, type Db, type Tx } from '../platform/db.ts'

export type Window = { openedAt: Date; lastInboundAt: Date }
export type WindowState = {
  status: 'open' | 'closed'
  lastInboundAt: Date | null
  openedAt: Date | null
  expiresAt: Date | null
  secondsRemaining: number
}

/** Finds only windows of guests of the events within reach. */
export async function findWindow(db: Db, { scope, staffId }: Reach, phone: string): Promise<Window | null> {
  const { rows } = await sql<Window>`
    select opened_at, last_inbound_at
      from wa_windows w
     where phone = ${phone}
       and (${scope}::text is null or exists (
             select 1 from guests g join events e on e.id = g.event_id
              where g.phone = w.phone and e.organizer_id = ${scope}
                and ${isAssigned(staffId, sql`e.id`)}))`.execute(db)
  return rows[0] ?? null
}

/** A window is open until exactly 24 hours after the guest's last message. */
export function describeWindow(window: Window | null, now: Date, windowMs: number): WindowState {
  if (!window) return { status: 'closed', lastInboundAt: null, openedAt: null, expiresAt: null, secondsRemaining: 0 }
  const expiresAt = new Date(window.lastInboundAt.getTime() + windowMs)
  const remainingMs = expiresAt.getTime() - now.getTime()
  const isOpen = remainingMs > 0
  return {
    status: isOpen ? 'open' : 'closed',
    ...window,
    expiresAt,
    secondsRemaining: isOpen ? Math.ceil(remainingMs / 1000) : 0,
  }
}

/** Whether a message is recent enough to be answered; a webhook may be days late. */
export const isInWindow = (sentAt: Date, { now, windowMs }: { now: Date; windowMs: number }): boolean =>
  sentAt.getTime() + windowMs > now.getTime()

/**
 * Records that a guest wrote at `at`. A message older than the last one changes nothing; one after the window's end
 * opens a new window.
 */
export async function extendWindow(tx: Tx, phone: string, at: Date, windowMs: number): Promise<void> {
  await sql`
    insert into wa_windows as w (phone, opened_at, last_inbound_at)
    values (${phone}, ${at}, ${at})
    on conflict (phone) do update
      set opened_at = case when excluded.last_inbound_at
                                  < w.last_inbound_at + make_interval(secs => ${windowMs / 1000})
                           then least(w.opened_at, excluded.opened_at)
                           else excluded.opened_at end,
          last_inbound_at = excluded.last_inbound_at
     where excluded.last_inbound_at > w.last_inbound_at`.execute(tx)
}
