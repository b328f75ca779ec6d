/** Keeps the template statuses of WhatsApp up to date. */
import { Type } from 'typebox'
import { fetchTemplates } from '../channels/channels.ts'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { saveTemplateStatuses } from './statuses.ts'

/** Fetches the templates that WhatsApp has and compares them with ours. Does nothing without a key. */
export const syncTemplates = defineJob({
  name: 'sync-templates',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps, _, { jobId, log }) {
    const { apiKey, apiUrl, timeoutMs } = config.whatsapp
    if (!apiKey) return 'simulated'
    const fetched = await fetchTemplates({ apiKey, apiUrl, timeoutMs, now }, jobId)
    if (fetched.kind !== 'fetched') {
      log.warn({ reason: fetched.reason }, 'The templates could not be fetched; the known statuses stay')
      return fetched.reason
    }
    const { notApproved, different, otherCategory } = await saveTemplateStatuses(db, fetched.templates, now())
    if (notApproved.length > 0)
      log.warn({ templates: notApproved }, 'Some templates are not approved by WhatsApp: GET /templates says which')
    if (different.length > 0)
      log.warn({ templates: different }, 'Some approved templates differ from ours: GET /templates says how')
    if (otherCategory.length > 0)
      log.warn({ templates: otherCategory }, 'WhatsApp put some templates in another category and bills that one')
    return `${fetched.templates.length} templates; of ours, ${notApproved.length} not approved, ${different.length} different`
  },
})
