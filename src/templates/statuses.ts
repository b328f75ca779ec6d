/** What the provider says about our templates, so that a campaign hears of a missing approval or another shape before it is launched. */
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/languages.ts'
import { compareShapes, readShape, shapeOf, type Shape, type ShapeDifference } from './shape.ts'
import { languageOf, listTemplates, WORDS, type Template } from './catalog.ts'
import type { RemoteTemplate } from '../channels/channels.ts'

/** `language` and `status` are WhatsApp's own words: es_MX; APPROVED, PENDING, REJECTED, PAUSED, DISABLED. Ours: MISSING. */
export type TemplateStatusView = { name: string; language: string; status: string }

/** Remembers what was true at `at`; an older word than the one we have changes nothing. */
export async function rememberTemplateStatuses(
  db: Db,
  templateStatuses: TemplateStatusView[],
  at: Date,
): Promise<void> {
  await sql`
    insert into wa_templates as t (name, language, status, synced_at)
    select name, language, status, ${at} from unnest(${templateStatuses.map(({ name }) => name)}::text[],
      ${templateStatuses.map(({ language }) => language)}::text[], ${templateStatuses.map(({ status }) => status)}::text[]) a (name, language, status)
    on conflict (name, language) do update set status = excluded.status, synced_at = excluded.synced_at
     where t.synced_at <= excluded.synced_at`.execute(db)
}

type Listed = TemplateStatusView & { category: string | null; shape: Shape | null }

/** The whole word of the provider: what it does not list has neither category nor shape. */
async function writeListed(db: Db, listed: Listed[], at: Date): Promise<void> {
  await sql`
    insert into wa_templates as t (name, language, status, category, shape, synced_at)
    select name, language, status, category, shape, ${at} from jsonb_to_recordset(${JSON.stringify(listed)})
      as a (name text, language text, status text, category text, shape jsonb)
    on conflict (name, language) do update set status = excluded.status, category = excluded.category,
       shape = excluded.shape, synced_at = excluded.synced_at
     where t.synced_at <= excluded.synced_at`.execute(db)
}

const LOCALES = Object.keys(WORDS) as Locale[]

/** One of our approved templates in one language, as it stands at WhatsApp. */
export type TemplateStatus = {
  locale: Locale
  language: string
  /** WhatsApp's word; MISSING: it lists none; MISMATCH: approved, but our message does not fit it. Null: never asked. */
  status: string | null
  /** WhatsApp's own, which decides the price; null: never told. */
  category: string | null
  differences: ShapeDifference[]
  syncedAt: Date | null
}

/** By the name of the template; an answer, which WhatsApp does not approve, is not in it. */
export async function listTemplateStatuses(
  db: Db,
  templates: readonly Template[],
): Promise<Map<string, TemplateStatus[]>> {
  const asked = templates.filter(({ isApproved }) => isApproved)
  const { rows } = await sql<Listed & { syncedAt: Date }>`
    select name, language, status, category, shape, synced_at from wa_templates
     where name = any(${asked.map(({ name }) => name)}::text[])`.execute(db)
  const standing = (template: Template, locale: Locale): TemplateStatus => {
    const language = languageOf(locale)
    const known = rows.find((row) => row.name === template.name && row.language === language)
    const differences = known?.shape ? compareShapes(shapeOf(template, locale), known.shape) : []
    const word = known?.status.toUpperCase() ?? null
    const status = word !== null && !BLOCKING.has(word) && differences.length > 0 ? 'MISMATCH' : word
    return {
      locale,
      language,
      status,
      category: known?.category ?? null,
      differences,
      syncedAt: known?.syncedAt ?? null,
    }
  }
  return new Map(asked.map((one) => [one.name, LOCALES.map((locale) => standing(one, locale))]))
}

/** Words of WhatsApp under which a template is not sent, and our own two. FLAGGED, REINSTATED and others still are. */
const BLOCKING = new Set([
  ...['REJECTED', 'PENDING', 'PAUSED', 'DISABLED', 'ARCHIVED', 'DELETED', 'PENDING_DELETION'],
  ...['MISSING', 'MISMATCH'],
])
/** WhatsApp would refuse it. What nobody has asked about yet counts as approved. */
export const isRefused = ({ status }: TemplateStatus): boolean => status !== null && BLOCKING.has(status)

/** `event_reminder/es_MX`: of ours, those that may not be sent, that differ, and that WhatsApp took for another category. */
export type SyncReport = { notApproved: string[]; different: string[]; otherCategory: string[] }

/** Compares ours with the provider's list: one that it lacks would be refused (132001), one of another shape too (132000). */
export async function saveTemplateStatuses(db: Db, remote: RemoteTemplate[], now: Date): Promise<SyncReport> {
  const listed = new Map(remote.map((one) => [`${one.name}/${one.language}`, one]))
  const ours = listTemplates().filter(({ isApproved }) => isApproved)
  const rows = ours.flatMap(({ name }) =>
    LOCALES.map(languageOf).map((language): Listed => {
      const found = listed.get(`${name}/${language}`)
      if (!found) return { name, language, status: 'MISSING', category: null, shape: null }
      const shape = found.components.length > 0 ? readShape(found.components) : null
      return { name, language, status: found.status.toUpperCase(), category: found.category || null, shape }
    }),
  )
  await writeListed(db, rows, now)
  return report(ours, await listTemplateStatuses(db, ours))
}

function report(ours: readonly Template[], templateStatuses: Map<string, TemplateStatus[]>): SyncReport {
  const those = (isMeant: (standing: TemplateStatus, template: Template) => boolean) =>
    ours.flatMap((template) =>
      templateStatuses
        .get(template.name)!
        .filter((standing) => isMeant(standing, template))
        .map(({ language }) => `${template.name}/${language}`),
    )
  return {
    notApproved: those((one) => isRefused(one) && one.status !== 'MISMATCH'),
    different: those(({ status }) => status === 'MISMATCH'),
    otherCategory: those(({ category }, template) => category !== null && category !== template.category),
  }
}
