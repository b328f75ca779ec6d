/** What a campaign would do, told before anything is sent: whom it reaches, what it may cost, how it looks. */
import { createHash } from 'node:crypto'
import type { Config } from '../platform/config.ts'
import { type Db } from '../platform/db.ts'
import { Failure, readInstant } from '../platform/errors.ts'
import type { ChannelName, Locale } from '../channels/channel.ts'
import { listHeldChannels } from '../delivery/pauses.ts'
import { previewTemplate, type Preview } from '../templates/preview.ts'
import { mayEmailInstead, narrowAuto } from '../contacts/simulated.ts'
import { isOverFor, quietUntil, readSchedule, refuseClosed } from '../delivery/due.ts'
import { readEventSchedule, type EventSchedule } from './schedule.ts'
import { isRefused, listTemplateStatuses, type TemplateStatus } from '../templates/statuses.ts'
import { categoryOf, estimateCost, isPromotion, type EstimatedCost } from '../channels/prices.ts'
import { measureMessagingLimit, type MessagingLimitUse } from './messaging-limit.ts'
import { warnOf, type Warning } from './warnings.ts'
import { countRecipients, listRecipients } from './recipients.ts'
import type { Count, Exclusion, Filter, Spec } from './recipients.ts'
import { findTarget, type Target } from '../delivery/sql.ts'
import { findRequestable, findTemplate, refuseUnknownVariables, variablesOf } from '../templates/templates.ts'

type Context = { db: Db; config: Config; now: () => Date }

export type CampaignRequest = {
  scope: string | null
  eventId: string
  template: string
  channel: ChannelName | 'auto'
  filter: Filter
  variables: Record<string, string>
  scheduledAt?: string
  schedule?: EventSchedule
}
export type Planned = {
  spec: Spec
  specHash: Buffer
  facts: Target
  /** How the template stands at WhatsApp, by language. */
  templateStatuses: TemplateStatus[]
  scheduledAt: Date | null
  requestedAt: Date
}

const SAMPLES_MAX = 4
const BLOCKED_MAX = 20

/**
 * Checks a request and makes it precise. Throws `event_not_found`, `event_closed`, `template_not_found` (also for an
 * answer, which only a guest's message brings about), `template_variable_unknown`, `template_variable_invalid`, `invalid_date`.
 * What follows the event is counted as it will stand at its time: what was sent today is no duplicate then.
 */
export async function planCampaign({ db, config, now }: Context, request: CampaignRequest): Promise<Planned> {
  const { scope, eventId, channel, filter, variables } = request
  const requestedAt = now()
  const facts = await findTarget(db, scope, eventId, null)
  if (!facts) throw new Failure('event_not_found')
  refuseClosed(facts.eventStatus, request.template)
  const template = findRequestable(request.template)
  refuseUnknownVariables(template, variables)
  const scheduledAt = readTime(request, facts, requestedAt)
  const dueAt = scheduledAt ?? requestedAt
  if (isOverFor(facts, template.name, dueAt))
    throw new Failure('event_closed', { detail: 'The event is over by then: nobody would get it.' })
  const templateStatuses = (await listTemplateStatuses(db, [template])).get(template.name) ?? []
  const spec: Spec = {
    eventId,
    template: template.name,
    channel: narrowAuto(channel, config),
    mayFallBack: mayEmailInstead(config),
    filter,
    news: Object.fromEntries(
      variablesOf(template).flatMap(({ name, isRequired }) => (isRequired ? [[name, variables[name] ?? '']] : [])),
    ),
    dueAt,
    requestedAt: request.schedule && scheduledAt ? scheduledAt : requestedAt,
    dedupeWindowMs: config.delivery.dedupeWindowMs,
    lacksVariable: await lacksVariable({ db, config }, request),
    unapproved: templateStatuses.filter(isRefused).map(({ locale }) => locale),
    promotions: templateStatuses
      .filter(({ category }) => isPromotion(category, template.category))
      .map(({ locale }) => locale),
    windowFloor: new Date(dueAt.getTime() - config.whatsapp.windowMs),
  }
  return { spec, specHash: hashSpec(request), facts, templateStatuses, scheduledAt, requestedAt }
}

function readTime({ schedule, scheduledAt }: CampaignRequest, event: Target, now: Date): Date | null {
  if (!schedule) return readSchedule(scheduledAt, now)
  if (scheduledAt !== undefined)
    throw new Failure('invalid_request', {
      detail: 'scheduledAt is an instant and schedule follows the event: send one of them.',
    })
  return readEventSchedule(schedule, event, now)
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

/** The same for the same wish, in whatever order its parts were written. Throws `invalid_date`. */
export function hashSpec({
  eventId,
  template,
  channel,
  filter,
  variables,
  scheduledAt,
  schedule,
}: CampaignRequest): Buffer {
  const { status, tags, hasChannel } = filter
  const canonical = [
    ...[eventId, template, channel, scheduledAt ? readInstant(scheduledAt, 'scheduledAt').toISOString() : null],
    ...[status?.toSorted() ?? null, tags?.toSorted() ?? null, hasChannel ?? null],
    Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ...(schedule ? [Object.entries(schedule).toSorted(([a], [b]) => (a < b ? -1 : 1))] : []),
  ]
  return createHash('sha256').update(JSON.stringify(canonical)).digest()
}

export type PreflightReport = {
  counts: Record<
    | 'matched'
    | 'valid'
    | 'duplicate'
    | 'withoutAddress'
    | 'optedOut'
    | 'marketingStopped'
    | 'emailStopped'
    | 'missingVariables'
    | 'templateNotApproved',
    number
  >
  byChannel: Record<ChannelName, number>
  estimatedCost: EstimatedCost
  templateStatuses: TemplateStatus[]
  messagingLimit: MessagingLimitUse
  warnings: Warning[]
  scheduledAt: Date | null
  sendingPaused: Target['sendingPaused']
  heldChannels: ChannelName[]
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
  const { spec, facts, templateStatuses } = planned
  const rows = await countRecipients(db, spec)
  const total = (isCounted: (row: Count) => boolean) =>
    rows.filter(isCounted).reduce((sum, { count }) => sum + count, 0)
  const because = (...reasons: Exclusion[]) => total(({ reason }) => reason !== null && reasons.includes(reason))
  const byChannel = {
    whatsapp: total(({ reason, channel }) => reason === null && channel === 'whatsapp'),
    email: total(({ reason, channel }) => reason === null && channel === 'email'),
  }
  const valid = byChannel.whatsapp + byChannel.email
  const quietHoursUntil = quietUntil(spec.dueAt, { ...facts, template: spec.template }, config.delivery.quietHours)
  const blocked = await listRecipients(db, spec, true, BLOCKED_MAX)
  const messagingLimit = await measureMessagingLimit({ db, config }, spec)
  return {
    counts: {
      matched: total(() => true),
      valid,
      duplicate: because('duplicate'),
      withoutAddress: because('no_address_for_channel'),
      optedOut: because('guest_opted_out'),
      emailStopped: because('email_stopped'),
      marketingStopped: because('marketing_stopped'),
      missingVariables: because('template_variable_missing'),
      templateNotApproved: because('template_not_approved'),
    },
    byChannel,
    estimatedCost: estimateCost(config.whatsapp.prices, partsOf(planned, rows), spec.dueAt),
    templateStatuses: templateStatuses,
    messagingLimit,
    warnings: warnOf(spec.template, templateStatuses, messagingLimit, facts.eventStatus),
    scheduledAt: planned.scheduledAt,
    sendingPaused: facts.sendingPaused,
    heldChannels: await listHeldChannels(db, planned.requestedAt),
    quietHoursShift: quietHoursUntil ? valid : 0,
    quietHoursUntil,
    sample: await composeSamples({ db, config }, spec, request),
    blocked: blocked.map(({ guestId, reason }) => ({ guestId, reason: reason! })),
  }
}

/** WhatsApp messages by the category that WhatsApp took their language's template for; free-form ones are service. */
function partsOf({ spec, templateStatuses }: Planned, rows: Count[]) {
  const asked = findTemplate(spec.template).category
  const sent = rows.filter(({ reason, channel }) => reason === null && channel === 'whatsapp')
  const sum = (some: Count[]) => some.reduce((total, { count }) => total + count, 0)
  const templates = templateStatuses.map(({ locale, category }) => ({
    category: categoryOf(category, asked),
    messages: sum(sent.filter((row) => row.locale === locale && !row.isWindowOpen)),
  }))
  const freeForm = sum(sent.filter(({ isWindowOpen }) => isWindowOpen))
  return freeForm > 0 ? [...templates, { category: 'service' as const, messages: freeForm }] : templates
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
