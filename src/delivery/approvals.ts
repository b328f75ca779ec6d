/** What the provider says about our templates, so that a campaign hears of a missing approval before it is launched. */
import { sql, type Db } from '../db.ts'
import { listTemplates } from './templates.ts'
import type { RemoteTemplate } from './whatsapp.ts'

const LANGUAGES = ['es_MX', 'en']

/**
 * Writes the provider's list down. A template of ours that it lacks is MISSING: sending it would be refused (132001).
 * Statuses are WhatsApp's own: APPROVED, PENDING, REJECTED, PAUSED, DISABLED. Returns how many of ours may not be sent.
 */
export async function saveApprovals(db: Db, remote: RemoteTemplate[], now: Date): Promise<number> {
  const known = new Map(remote.map(({ name, language, status }) => [`${name}/${language}`, status.toUpperCase()]))
  const ours = listTemplates()
    .filter(({ isApproved }) => isApproved)
    .flatMap(({ name }) => LANGUAGES.map((language) => ({ name, language })))
    .map((one) => ({ ...one, status: known.get(`${one.name}/${one.language}`) ?? 'MISSING' }))
  await sql`
    insert into wa_templates (name, language, status, synced_at)
    select name, language, status, ${now} from unnest(${ours.map(({ name }) => name)}::text[],
      ${ours.map(({ language }) => language)}::text[], ${ours.map(({ status }) => status)}::text[]) o (name, language, status)
    on conflict (name, language) do update set status = excluded.status, synced_at = excluded.synced_at
     where wa_templates.synced_at <= excluded.synced_at`.execute(db)
  return ours.filter(({ status }) => status !== 'APPROVED').length
}
