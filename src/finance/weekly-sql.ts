/** The SQL of the weekly e-mail. */
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

/** ISO dates of Monday and Sunday, and the numbers of the overview of these days. */
export type Week = {
  from: string
  to: string
  billedCents: number
  paidCents: number
  openDebtCents: number
  ticketsUsed: number
  confirmed: number
  showUpRate: number | null
  freeShare: number | null
}
/** What waits for a director: payments to review, and differences from the providers. */
export type Waiting = { reviews: number; differences: number }
/** `liveAt`: when money and tickets were read. `asOf`: the age of the rest. */
export type Figures = { liveAt: string; asOf: string; last: Week; before: Week; waiting?: Waiting }

const ATTEMPTS_MAX = 6

/** Whether user `u` gets the mail: a director who chose it, and whose address takes mail. */
const wantsIt = sql`
  (u.role = 'director'
   and u.weekly_email
   and u.disabled_at is null
   and not exists (
     select from email_stops s
      where s.email = u.email
        and s.organizer_id = '*'))`

/** The directors whose mail of this week has no row yet. */
export async function listMissing(db: Db, week: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select u.id
      from users u
     where ${wantsIt}
       and not exists (
         select from weekly_emails w
          where w.user_id = u.id
            and w.week = ${week}::date)
     order by u.id`.execute(db)
  return rows.map(({ id }) => id)
}

export type NewWeeklyEmail = { id: string; userId: string; stopToken: string }
type Edition = { week: string; figures: Figures; now: Date }

/** Inserts the rows that another worker has not inserted meanwhile. */
export async function insertWeeklyEmails(db: Db, rows: NewWeeklyEmail[], { week, figures, now }: Edition) {
  const column = <K extends keyof NewWeeklyEmail>(name: K) => rows.map((row) => row[name])
  await sql`
    insert into weekly_emails (id, user_id, week, figures, stop_token, next_attempt_at, created_at)
    select id, user_id, ${week}::date, ${JSON.stringify(figures)}::jsonb, stop_token, ${now}, ${now}
      from unnest(${column('id')}::text[], ${column('userId')}::text[], ${column('stopToken')}::text[])
        as n (id, user_id, stop_token)
    on conflict (user_id, week) do nothing`.execute(db)
}

export type WeeklyEmail = { id: string; attempts: number }

/** Those whose attempt is due `today`, a Monday in Mexico City. */
export async function listDue(db: Db, today: string, now: Date): Promise<WeeklyEmail[]> {
  const { rows } = await sql<WeeklyEmail>`
    select w.id, w.attempts
      from weekly_emails w
      join users u on u.id = w.user_id
     where w.week = ${today}::date
       and ((w.status = 'waiting' and w.next_attempt_at <= ${now})
            or (w.status = 'sending' and w.lease_until < ${now}))
       and ${wantsIt}
       and ${isOpen(now)}
     order by w.id`.execute(db)
  return rows
}

/** Whether nobody has paused e-mail. */
const isOpen = (now: Date) => sql`
  not exists (
    select from pauses p
     where p.scope = 'channel'
       and p.scope_id = 'email'
       and (p.until is null or p.until > ${now}))`

export type ClaimedWeeklyEmail = WeeklyEmail & {
  week: string
  figures: Figures
  stopToken: string
  email: string
  language: Locale
}

/** Takes the mail for an attempt. Null: it is not its day, is not due, is taken, is sent, or is not wanted any more. */
export async function claimWeeklyEmail(
  db: Db,
  id: string,
  { today, now, until }: { today: string; now: Date; until: Date },
): Promise<ClaimedWeeklyEmail | null> {
  const { rows } = await sql<ClaimedWeeklyEmail>`
    update weekly_emails w
       set status = 'sending', attempts = w.attempts + 1, lease_until = ${until}
      from users u
     where w.id = ${id}
       and w.week = ${today}::date
       -- a failed one is asked for by a person
       and ((w.status in ('waiting', 'failed') and w.next_attempt_at <= ${now})
            or (w.status = 'sending' and w.lease_until < ${now}))
       and u.id = w.user_id
       and ${wantsIt}
       and ${isOpen(now)}
    returning w.id, w.attempts, w.week::text, w.figures, w.stop_token, u.email, u.language`.execute(db)
  return rows[0] ?? null
}

const isStillOf = ({ id, attempts }: WeeklyEmail) => sql`
  id = ${id}
  and attempts = ${attempts}
  and status = 'sending'`

/** `providerMessageId` is null when an attempt before had been accepted and its answer was lost. */
export async function completeWeeklyEmail(
  db: Db,
  one: WeeklyEmail,
  { providerMessageId, now }: { providerMessageId: string | null; now: Date },
): Promise<void> {
  await sql`
    update weekly_emails
       set status = 'sent', lease_until = null, sent_at = ${now}, provider_message_id = ${providerMessageId}
     where ${isStillOf(one)}`.execute(db)
}

/** Gives the mail back after a failed attempt, or gives it up. Returns its status; null: another worker has taken it. */
export async function releaseWeeklyEmail(
  db: Db,
  one: WeeklyEmail,
  { reason, isFinal, nextAt }: { reason: string; isFinal: boolean; nextAt: Date },
): Promise<'waiting' | 'failed' | null> {
  const isOver = sql`(${isFinal}::boolean or attempts >= ${ATTEMPTS_MAX})`
  const { rows } = await sql<{ status: 'waiting' | 'failed' }>`
    update weekly_emails
       set status = case when ${isOver} then 'failed' else 'waiting' end,
           lease_until = null,
           reason = ${reason},
           next_attempt_at = case when ${isOver} then next_attempt_at else ${nextAt}::timestamptz end
     where ${isStillOf(one)}
    returning status`.execute(db)
  return rows[0]?.status ?? null
}

export type ClosedWeeklyEmail = WeeklyEmail & { status: 'failed' | 'skipped'; reason: string }

/** Closes what will not be sent: its day is over, its last worker has died, or its director wants it no more. */
export async function closeStale(db: Db, today: string, now: Date): Promise<ClosedWeeklyEmail[]> {
  const { rows } = await sql<ClosedWeeklyEmail>`
    update weekly_emails w
       set status = case when ${wantsIt} then 'failed' else 'skipped' end,
           reason = case
             when not ${wantsIt} then 'not_wanted'
             when w.week < ${today}::date then 'too_late'
             else 'lease_expired'
           end,
           lease_until = null
      from users u
     where u.id = w.user_id
       and (w.status = 'waiting' or (w.status = 'sending' and w.lease_until < ${now}))
       and (w.week < ${today}::date
            or not ${wantsIt}
            or (w.status = 'sending' and w.attempts >= ${ATTEMPTS_MAX}))
    returning w.id, w.attempts, w.status, w.reason`.execute(db)
  return rows
}

export type Reader = { userId: string; language: Locale }

/** The director whom the link of a mail belongs to. */
export async function findReader(db: Db, stopToken: string): Promise<Reader | null> {
  const { rows } = await sql<Reader>`
    select u.id as user_id, u.language
      from weekly_emails w
      join users u on u.id = w.user_id
     where w.stop_token = ${stopToken}`.execute(db)
  return rows[0] ?? null
}
