/** The statements on event_texts. */
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'

/** Null: the page shows its own words, or nothing. */
export type EventTexts = {
  title: string | null
  greeting: string | null
  body: string | null
  dressCode: string | null
  gifts: string | null
  thanks: string | null
}
export type TextsByLocale = Partial<Record<Locale, EventTexts>>
export type SavedTexts = EventTexts & { eventId: string; locale: Locale; updatedAt: Date | null }

const TEXTS = sql`t.title, t.greeting, t.body, t.dress_code, t.gifts, t.thanks, t.updated_at`

/** The texts of event `e` in all languages, as one value: TextsByLocale, or null. */
export const textsByLocale = sql`(
    select json_object_agg(t.locale, json_build_object(
             'title', t.title, 'greeting', t.greeting, 'body', t.body,
             'dressCode', t.dress_code, 'gifts', t.gifts, 'thanks', t.thanks))
      from event_texts t
     where t.event_id = e.id)`

/** Null: the caller has no such event. */
export async function findTexts(
  db: Db,
  { scope, eventId, locale }: { scope: string | null; eventId: string; locale: Locale },
): Promise<SavedTexts | null> {
  const { rows } = await sql<SavedTexts>`
    select e.id as event_id, ${locale}::text as locale, ${TEXTS}
      from events e
      left join event_texts t on t.event_id = e.id and t.locale = ${locale}
     where e.id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})`.execute(db)
  return rows[0] ?? null
}

/** Null: the caller has no such event. */
export async function saveTexts(
  db: Db,
  { scope, eventId, locale, by }: { scope: string | null; eventId: string; locale: Locale; by: string },
  texts: EventTexts,
  now: Date,
): Promise<SavedTexts | null> {
  const { title, greeting, body, dressCode, gifts, thanks } = texts
  const { rows } = await sql<SavedTexts>`
    insert into event_texts as t (event_id, locale, title, greeting, body, dress_code, gifts, thanks, updated_by, updated_at)
    select e.id, ${locale}, ${title}, ${greeting}, ${body}, ${dressCode}, ${gifts}, ${thanks}, ${by}, ${now}::timestamptz
      from events e
     where e.id = ${eventId}
       and (${scope}::text is null or e.organizer_id = ${scope})
        on conflict (event_id, locale) do update
       set title = excluded.title,
           greeting = excluded.greeting,
           body = excluded.body,
           dress_code = excluded.dress_code,
           gifts = excluded.gifts,
           thanks = excluded.thanks,
           updated_by = excluded.updated_by,
           updated_at = excluded.updated_at
    returning t.event_id, t.locale, ${TEXTS}`.execute(db)
  return rows[0] ?? null
}
