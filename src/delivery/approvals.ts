/** What the provider says about our templates, so that a campaign hears of a missing approval before it is launched. */
import { sql, type Db } from '../db.ts'
import { languageOf, listTemplates, WORDS } from './templates.ts'
import type { Locale } from './channel.ts'
import type { RemoteTemplate } from './whatsapp.ts'

/** `language` and `status` are WhatsApp's own words: es_MX; APPROVED, PENDING, REJECTED, PAUSED, DISABLED. Ours: MISSING. */
export type Approval = { name: string; language: string; status: string }

/** Remembers what was true at `at`; an older word than the one we have changes nothing. */
export async function rememberApprovals(db: Db, approvals: Approval[], at: Date): Promise<void> {
  await sql`
    insert into wa_templates as t (name, language, status, synced_at)
    select name, language, status, ${at} from unnest(${approvals.map(({ name }) => name)}::text[],
      ${approvals.map(({ language }) => language)}::text[], ${approvals.map(({ status }) => status)}::text[]) a (name, language, status)
    on conflict (name, language) do update set status = excluded.status, synced_at = excluded.synced_at
     where t.synced_at <= excluded.synced_at`.execute(db)
}

/** Compares ours with the provider's list: one that it lacks would be refused (132001). Returns how many may not be sent. */
export async function saveApprovals(db: Db, remote: RemoteTemplate[], now: Date): Promise<number> {
  const known = new Map(remote.map(({ name, language, status }) => [`${name}/${language}`, status.toUpperCase()]))
  const languages = (Object.keys(WORDS) as Locale[]).map(languageOf)
  const ours = listTemplates()
    .filter(({ isApproved }) => isApproved)
    .flatMap(({ name }) => languages.map((language) => ({ name, language })))
    .map((one) => ({ ...one, status: known.get(`${one.name}/${one.language}`) ?? 'MISSING' }))
  await rememberApprovals(db, ours, now)
  return ours.filter(({ status }) => status !== 'APPROVED').length
}
