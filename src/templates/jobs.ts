/** Keeping what WhatsApp says of our templates. */
import { Type } from 'typebox'
import { fetchTemplates } from '../channels/channels.ts'
import type { Deps } from '../deps.ts'
import { defineJob } from '../platform/queue.ts'
import { saveTemplateStatuses } from './statuses.ts'

/** Asks the provider which of our templates it has approved. Without a key there is nobody to ask. */
export const syncTemplates = defineJob({
  name: 'sync-templates',
  queue: 'maintenanceQueue',
  data: Type.Object({}),

  async run({ db, now, config }: Deps, _, { jobId, log }) {
    const { apiKey, apiUrl, timeoutMs } = config.whatsapp
    if (!apiKey) return 'simulated'
    const fetched = await fetchTemplates({ apiKey, apiUrl, timeoutMs, now }, jobId)
    if (fetched.kind !== 'fetched') {
      log.warn({ reason: fetched.reason }, 'The templates could not be asked for; what was known of them stays')
      return fetched.reason
    }
    const { notApproved, different, otherCategory } = await saveTemplateStatuses(db, fetched.templates, now())
    if (notApproved.length > 0)
      log.warn({ templates: notApproved }, 'Some templates are not approved by WhatsApp: GET /templates says which')
    if (different.length > 0)
      log.warn(
        { templates: different },
        'WhatsApp approved other templates than ours: GET /templates says what differs',
      )
    if (otherCategory.length > 0)
      log.warn({ templates: otherCategory }, 'WhatsApp took templates for another category: they cost its price')
    return `${fetched.templates.length} templates, of ours ${notApproved.length} not approved, ${different.length} different`
  },
})
