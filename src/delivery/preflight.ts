/** What a campaign would do, told before anything is sent: whom it reaches, what it may cost, how it looks. */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Db } from '../db.ts'
import { Failure } from '../errors.ts'
import type { ChannelName, Locale } from './channel.ts'
import { previewTemplate, type Preview } from './preview.ts'
import { quietUntil, readSchedule, refuseClosed } from './due.ts'
import { countRecipients, listRecipients, listUnapproved } from './recipients.ts'
import type { Count, Exclusion, Filter, Spec } from './recipients.ts'
import { findTarget, type Target } from './sql.ts'
import { findRequestable, findTemplate, refuseUnknownVariables, type TemplateCategory } from './templates.ts'

type Context = { db: Db; config: Config; now: () => Date }

export type CampaignRequest = {
  scope: string | null
  eventId: string
  template: string
  channel: ChannelName | 'auto'
  filter: Filter
  variables: Record<string, string>
  scheduledAt?: string
}
export type Planned = { spec: Spec; specHash: Buffer; facts: Target; scheduledAt: Date | null }

const SAMPLES_MAX = 3
const BLOCKED_MAX = 20

/**
 * Checks a request and makes it precise. Throws `event_not_found`, `event_closed`, `template_not_found` (also for an
 * answer, which only a guest's message brings about), `template_variable_unknown`, `template_variable_invalid`, `invalid_date`.
 */
export async function planCampaign({ db, config, now }: Context, request: CampaignRequest): Promise<Planned> {
  const { scope, eventId, channel, filter, variables } = request
  const requestedAt = now()
  const facts = await findTarget(db, scope, eventId, null)
  if (!facts) throw new Failure('event_not_found')
  refuseClosed(facts.eventStatus)
  const template = findRequestable(request.template)
  refuseUnknownVariables(template, variables)
  const scheduledAt = readSchedule(request.scheduledAt, requestedAt)
  const spec: Spec = {
    eventId,
    template: template.name,
    channel,
    filter,
    dueAt: scheduledAt ?? requestedAt,
    requestedAt,
    dedupeWindowMs: config.delivery.dedupeWindowMs,
    lacksVariable: await lacksVariable({ db, config }, request),
    unapproved: await listUnapproved(db, template.name),
  }
  return { spec, specHash: hashSpec(request), facts, scheduledAt }
}

/** Composes for a made-up guest and event in every locale: what is missing there is missing for everybody. */
async function lacksVariable(context: Pick<Context, 'db' | 'config'>, request: CampaignRequest): Promise<boolean> {
  const { scope, template: name, variables } = request
  try {
    for (const locale of ['es-MX', 'en'] as const)
      for (const channel of ['whatsapp', 'email'] as const)
        await previewTemplate(context, { scope, name, locale, channel, variables, isWindowOpen: false })
    return false
  } catch (error) {
    if (error instanceof Failure && error.code === 'template_variable_missing') return true
    throw error
  }
}

/** The same for the same wish, in whatever order its parts were written. */
function hashSpec({ eventId, template, channel, filter, variables, scheduledAt }: CampaignRequest): Buffer {
  const { status, tags, hasChannel } = filter
  const canonical = [
    ...[eventId, template, channel, scheduledAt ? new Date(scheduledAt).toISOString() : null],
    ...[status?.toSorted() ?? null, tags?.toSorted() ?? null, hasChannel ?? null],
    Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]
  return createHash('sha256').update(JSON.stringify(canonical)).digest()
}

export type PreflightReport = {
  counts: Record<
    'matched' | 'valid' | 'duplicate' | 'withoutAddress' | 'optedOut' | 'missingVariables' | 'templateNotApproved',
    number
  >
  byChannel: Record<ChannelName, number>
  estimatedCost: EstimatedCost
  quietHoursShift: number
  quietHoursUntil: Date | null
  sample: (Preview & { guestId: string })[]
  blocked: { guestId: string; reason: Exclusion }[]
}

/** Reads only. */
export async function reportPreflight(
  { db, config }: Context,
  planned: Planned,
  request: CampaignRequest,
): Promise<PreflightReport> {
  const { spec, facts } = planned
  const rows = await countRecipients(db, spec)
  const total = (isCounted: (row: Count) => boolean) =>
    rows.filter(isCounted).reduce((sum, { count }) => sum + count, 0)
  const because = (...reasons: Exclusion[]) => total(({ reason }) => reason !== null && reasons.includes(reason))
  const byChannel = {
    whatsapp: total(({ reason, channel }) => reason === null && channel === 'whatsapp'),
    email: total(({ reason, channel }) => reason === null && channel === 'email'),
  }
  const valid = byChannel.whatsapp + byChannel.email
  const quietHoursUntil = quietUntil(spec.dueAt, facts, config.delivery.quietHours)
  const blocked = await listRecipients(db, spec, true, BLOCKED_MAX)
  return {
    counts: {
      matched: total(() => true),
      valid,
      duplicate: because('duplicate'),
      withoutAddress: because('no_address_for_channel'),
      optedOut: because('guest_opted_out', 'email_stopped'),
      missingVariables: because('template_variable_missing'),
      templateNotApproved: because('template_not_approved'),
    },
    byChannel,
    estimatedCost: estimateCost(
      config.whatsapp.prices,
      findTemplate(spec.template).category,
      byChannel.whatsapp,
      spec.dueAt,
    ),
    quietHoursShift: quietHoursUntil ? valid : 0,
    quietHoursUntil,
    sample: await composeSamples({ db, config }, spec, request),
    blocked: blocked.map(({ guestId, reason }) => ({ guestId, reason: reason! })),
  }
}

/** As they would look with the window closed. */
async function composeSamples(context: Pick<Context, 'db' | 'config'>, spec: Spec, request: CampaignRequest) {
  const shown = await listRecipients(context.db, spec, false, SAMPLES_MAX)
  const { scope, eventId, template: name, variables } = request
  return Promise.all(
    shown.map(async ({ guestId, locale, channel }: { guestId: string; locale: Locale; channel: ChannelName }) => {
      const wanted = { scope, name, locale, channel, variables, eventId, guestId, isWindowOpen: false }
      return { guestId, ...(await previewTemplate(context, wanted)) }
    }),
  )
}

export type EstimatedCost = {
  isEstimate: true
  currency: string | null
  /** In whole and hundredths of the currency; one message costs less than a hundredth can say, so it is rounded at the end. */
  amount: number
  amountMinor: number
  perMessage: number
  category: TemplateCategory
  messages: number
}
/** The list price in force on the day, for every WhatsApp message; what is billed is told by the provider's statuses. */
function estimateCost(
  prices: Config['whatsapp']['prices'],
  category: TemplateCategory,
  messages: number,
  at: Date,
): EstimatedCost {
  const day = at.toISOString().slice(0, 10)
  const price = prices.findLast(({ from }) => from <= day)
  const perMessage = price?.[category] ?? 0
  const amountMinor = Math.round(messages * perMessage * 100)
  return {
    ...{ isEstimate: true, currency: price?.currency ?? null, amount: amountMinor / 100, amountMinor },
    ...{ perMessage, category, messages },
  }
}
