/** The template statuses of WhatsApp, so that a preflight reports a template that is not approved or differs from ours. */
import { sql, type Db } from '../platform/db.ts'
import type { Locale } from '../platform/values/languages.ts'
import { compareShapes, readShape, shapeOf, type Shape, type ShapeDifference } from './shape.ts'
import { languageOf, listTemplates, WORDS, type Template } from './catalog.ts'
import type { RemoteTemplate } from '../channels/channels.ts'

/** `language` and `status` are WhatsApp's words: es_MX; APPROVED, PENDING, REJECTED, PAUSED, DISABLED. MISSING is ours. */
export type TemplateStatusView = { name: string; language: string; status: string }

/** Stores the statuses as of `at`. A status older than the stored one is ignored. */
export async function rememberTemplateStatuses(
  db: Db,
  templateStatuses: TemplateStatusView[],
  at: Date,
): Promise<void> {
  const column = (name: keyof TemplateStatusView) => templateStatuses.map((one) => one[name])
  await sql`
    insert into wa_templates as t (name, language, status, synced_at)
    select name, language, status, ${at}
      from unnest(${column('name')}::text[], ${column('language')}::text[], ${column('status')}::text[])
           a (name, language, status)
    on conflict (name, language) do update
       set status = excluded.status,
           synced_at = excluded.synced_at
     -- only a newer status
     where t.synced_at <= excluded.synced_at`.execute(db)
}

type Listed = TemplateStatusView & { category: string | null; shape: Shape | null }

/** Stores what the provider lists: status, category and shape. */
async function writeListed(db: Db, listed: Listed[], at: Date): Promise<void> {
  await sql`
    insert into wa_templates as t (name, language, status, category, shape, synced_at)
    select name, language, status, category, shape, ${at}
      from jsonb_to_recordset(${JSON.stringify(listed)})
           as a (name text, language text, status text, category text, shape jsonb)
    on conflict (name, language) do update
       set status = excluded.status,
           category = excluded.category,
           shape = excluded.shape,
           synced_at = excluded.synced_at
     -- only a newer status
     where t.synced_at <= excluded.synced_at`.execute(db)
}

const LOCALES = Object.keys(WORDS) as Locale[]

/** The status of one approved template in one language. */
export type TemplateStatus = {
  locale: Locale
  language: string
  /** WhatsApp's word. MISSING: not listed. MISMATCH: the approved template differs from ours. Null: not fetched yet. */
  status: string | null
  /** WhatsApp's category, which decides the price. Null: unknown. */
  category: string | null
  differences: ShapeDifference[]
  syncedAt: Date | null
}

/** Statuses by template name. Replies are left out, because WhatsApp does not approve them. */
export async function listTemplateStatuses(
  db: Db,
  templates: readonly Template[],
): Promise<Map<string, TemplateStatus[]>> {
  const asked = templates.filter(({ isApproved }) => isApproved)
  const { rows } = await sql<Listed & { syncedAt: Date }>`
    select name, language, status, category, shape, synced_at
      from wa_templates
     where name = any(${asked.map(({ name }) => name)}::text[])`.execute(db)
  const statusOf = (template: Template, locale: Locale): TemplateStatus => {
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
  return new Map(asked.map((one) => [one.name, LOCALES.map((locale) => statusOf(one, locale))]))
}

/** Statuses with which a template is not sent: WhatsApp's and our two. A FLAGGED or REINSTATED template is sent. */
const BLOCKING = new Set([
  ...['REJECTED', 'PENDING', 'PAUSED', 'DISABLED', 'ARCHIVED', 'DELETED', 'PENDING_DELETION'],
  ...['MISSING', 'MISMATCH'],
])
/** Whether WhatsApp would refuse the template. A status that was not fetched yet counts as approved. */
export const isRefused = ({ status }: TemplateStatus): boolean => status !== null && BLOCKING.has(status)

/** Lists of `name/language`: our templates that may not be sent, that differ, and that have another category. */
export type SyncReport = { notApproved: string[]; different: string[]; otherCategory: string[] }

/** Compares our templates with the provider's list, stores the result and reports what would be refused (132001, 132000). */
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
  const namesOf = (isMatch: (status: TemplateStatus, template: Template) => boolean) =>
    ours.flatMap((template) =>
      templateStatuses
        .get(template.name)!
        .filter((status) => isMatch(status, template))
        .map(({ language }) => `${template.name}/${language}`),
    )
  return {
    notApproved: namesOf((one) => isRefused(one) && one.status !== 'MISMATCH'),
    different: namesOf(({ status }) => status === 'MISMATCH'),
    otherCategory: namesOf(({ category }, template) => category !== null && category !== template.category),
  }
}
