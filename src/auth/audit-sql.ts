import { sql, type Db, type Tx } from '../platform/db.ts'
import type { Position } from '../http/page.ts'

export type AuditEntry = {
  id: string
  at: Date
  actor: string
  action: string
  entity: string
  entityId: string
  organizerId: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  requestId: string
}

export async function insertEntry(tx: Tx, e: AuditEntry): Promise<void> {
  await sql`
    insert into audit_entries (id, at, actor, action, entity, entity_id, organizer_id, before, after, request_id)
    values (${e.id}, ${e.at}, ${e.actor}, ${e.action}, ${e.entity}, ${e.entityId}, ${e.organizerId},
            ${e.before && JSON.stringify(e.before)}::jsonb, ${e.after && JSON.stringify(e.after)}::jsonb,
            ${e.requestId})`.execute(tx)
}

export type AuditFilter = {
  scope: string | null
  entity: string | null
  actor: string | null
  from: Date | null
  to: Date | null
  before: Position | null
  limit: number
}

/** Lists entries, newest first. `entity`: a kind such as `user`, or the id of one. */
export async function listEntries(db: Db, f: AuditFilter): Promise<AuditEntry[]> {
  const { rows } = await sql<AuditEntry>`
    select id, at, actor, action, entity, entity_id, organizer_id, before, after, request_id
      from audit_entries
     where (${f.scope}::text is null or organizer_id = ${f.scope})
       and (${f.entity}::text is null or entity = ${f.entity} or entity_id = ${f.entity})
       and (${f.actor}::text is null or actor = ${f.actor})
       and (${f.from}::timestamptz is null or at >= ${f.from})
       and (${f.to}::timestamptz is null or at < ${f.to})
       and (${f.before?.at ?? null}::timestamptz is null
            or (at, id) < (${f.before?.at ?? null}::timestamptz, ${f.before?.id ?? null}))
     order by at desc, id desc
     limit ${f.limit}`.execute(db)
  return rows
}

/** Fields that may say who a guest is, as rows and requests name them. */
const PERSONAL = [
  ...[
    'name',
    'phone',
    'wa_id',
    'waId',
    'email',
    'notes',
    'note',
    'tags',
    'search',
    'code',
    'companions',
    'search_text',
  ],
  ...['variables', 'sent_to', 'sentTo', 'body', 'text', 'attachment_name', 'attachmentName', 'user_id', 'undo_reason'],
]
const erased = (values: ReturnType<typeof sql>) => sql`case when ${values} is not null then coalesce((
  select jsonb_object_agg(key, case when key = any(${PERSONAL}::text[]) and value <> 'null' then '"[erased]"' else value end)
    from jsonb_each(${values})), '{}') end`

/** Erases what entries say of a guest. `ids`: of the guest's rows, which only this event has. Returns how many entries. */
export async function eraseEntries(
  tx: Tx,
  guest: { organizerId: string; eventId: string; guestId: string; ids: string[] },
): Promise<number> {
  const both = sql`(coalesce(a.before, '{}') || coalesce(a.after, '{}'))`
  const eventId = sql`coalesce(${both} ->> 'event_id', ${both} ->> 'eventId', ${guest.eventId})`
  const { rows } = await sql`
    update audit_entries a
       set before = ${erased(sql`a.before`)},
           after = ${erased(sql`a.after`)}
     where (a.organizer_id is null or a.organizer_id = ${guest.organizerId})
       and a.entity_id = any(${[...guest.ids, guest.guestId]}::text[])
       and (a.entity_id = any(${guest.ids}::text[]) or ${eventId} = ${guest.eventId})
       and (jsonb_typeof(a.before) = 'object' or jsonb_typeof(a.after) = 'object')
    returning a.id`.execute(tx)
  return rows.length
}
