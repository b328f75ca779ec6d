/** What a campaign would do: whom it reaches, what it may cost and how its messages look. */
import { createHash } from 'node:crypto'
import { categoryOf, estimateCost, isPromotion, type EstimatedCost } from '../channels/channels.ts'
import { CHANNELS, mayFallBackToEmail, narrowAuto, type ChannelName } from '../contacts/contacts.ts'
import { listChannelPauses } from '../delivery/delivery.ts'
import { findEvent, type EventRow } from '../events/events.ts'
import type { Config } from '../platform/config.ts'
import type { Db } from '../platform/db.ts'
import { Failure, readInstant } from '../platform/errors.ts'
import {
  findRequestable,
  findTemplate,
  isLateFor,
  isRefused,
  listTemplateStatuses,
  previewTemplate,
  quietUntil,
  readSchedule,
  refuseClosed,
  refuseUnknownVariables,
  refuseUntimely,
  variablesOf,
  type Preview,
  type TemplateStatus,
} from '../templates/templates.ts'
import { measureMessagingLimit, type MessagingLimitUse } from './messaging-limit.ts'
import { listRecipients, pickVaried, type Exclusion, type Filter, type Recipient, type Spec } from './recipients.ts'
import { readEventSchedule, type EventSchedule } from './schedule.ts'
import { countShared, warnOf, type Shared, type Warning } from './warnings.ts'

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
  event: EventRow
  /** WhatsApp's status of the template, by language. */
  templateStatuses: TemplateStatus[]
  scheduledAt: Date | null
  requestedAt: Date
}

const SAMPLES_MAX = 4
const EXCLUSIONS_MAX = 20

/**
 * Checks a request and resolves it into a spec. A campaign that follows its event is planned for its own time, so that
 * what is sent today is no duplicate then. Throws `event_not_found`, `event_closed`, `event_not_over`, `template_not_found`
 * (also for answers to guests), `template_variable_unknown`, `template_variable_invalid`, `invalid_date`.
 */
export async function planCampaign({ db, config, now }: Context, request: CampaignRequest): Promise<Planned> {
  const { scope, eventId, channel, filter, variables } = request
  const requestedAt = now()
  const event = await findEvent(db, scope, eventId)
  if (!event) throw new Failure('event_not_found')
  refuseClosed(event.status, request.template)
  const template = findRequestable(request.template)
  refuseUnknownVariables(template, variables)
  const scheduledAt = readTime(request, event, requestedAt)
  const dueAt = scheduledAt ?? requestedAt
  refuseUntimely(event, template.name, dueAt)
  const templateStatuses = (await listTemplateStatuses(db, [template])).get(template.name) ?? []
  const spec: Spec = {
    organizerId: event.organizerId,
    eventId,
    template: template.name,
    channel: narrowAuto(channel, config),
    mayFallBack: mayFallBackToEmail(config),
    filter,
    requestVariables: Object.fromEntries(
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
  return { spec, specHash: hashSpec(request), event, templateStatuses, scheduledAt, requestedAt }
}

function readTime({ schedule, scheduledAt }: CampaignRequest, event: EventRow, now: Date): Date | null {
  if (!schedule) return readSchedule(scheduledAt, now)
  if (scheduledAt !== undefined)
    throw new Failure('invalid_request', {
      detail: 'Send either scheduledAt or schedule, not both.',
    })
  return readEventSchedule(schedule, event, now)
}

/** Composes for a sample guest in every locale: a variable that is missing there is missing for every guest. */
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

/** Hashes a request independently of the order of its parts. Throws `invalid_date`. */
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
  /** Guests who would get their messages on the same phone, or in the same mailbox. */
  sharedPhones: Shared
  sharedEmails: Shared
  templateStatuses: TemplateStatus[]
  messagingLimit: MessagingLimitUse
  warnings: Warning[]
  scheduledAt: Date | null
  sendingPaused: EventRow['sendingPaused']
  /** Channels that an operator has paused. */
  pausedChannels: ChannelName[]
  quietHoursShift: number
  quietHoursUntil: Date | null
  sample: (Preview & { guestId: string })[]
  exclusions: { guestId: string; reason: Exclusion }[]
}

/** Computes the report of a planned campaign. Only reads. */
export async function reportPreflight(
  { db, config }: Context,
  planned: Planned,
  request: CampaignRequest,
): Promise<PreflightReport> {
  const { spec, event, templateStatuses, requestedAt } = planned
  const recipients = await listRecipients(db, spec)
  const included = recipients.filter(({ exclusion }) => exclusion === null)
  const excluded = recipients.filter(({ exclusion }) => exclusion !== null)
  const countExcluded = (reason: Exclusion) => excluded.filter(({ exclusion }) => exclusion === reason).length
  const countBy = (channel: ChannelName) => included.filter((one) => one.channel === channel).length
  const quietHoursUntil = quietUntil(spec.dueAt, { ...event, template: spec.template }, config.delivery.quietHours)
  const messagingLimit = await measureMessagingLimit({ db, config }, spec, included)
  const shared = {
    sharedPhones: countShared(included.map(({ channel, phone }) => (channel === 'whatsapp' ? phone : null))),
    sharedEmails: countShared(included.map(({ channel, email }) => (channel === 'email' ? email : null))),
  }
  const pausedChannels = await listChannelPauses(db, CHANNELS, requestedAt)
  return {
    counts: {
      matched: recipients.length,
      valid: included.length,
      duplicate: countExcluded('duplicate'),
      withoutAddress: countExcluded('no_address_for_channel'),
      optedOut: countExcluded('guest_opted_out'),
      emailStopped: countExcluded('email_stopped'),
      marketingStopped: countExcluded('marketing_stopped'),
      missingVariables: countExcluded('template_variable_missing'),
      templateNotApproved: countExcluded('template_not_approved'),
    },
    byChannel: { whatsapp: countBy('whatsapp'), email: countBy('email') },
    estimatedCost: estimateCost(config.whatsapp.prices, partsOf(planned, included), spec.dueAt),
    ...shared,
    templateStatuses,
    messagingLimit,
    warnings: warnOf({
      ...{ template: spec.template, templateStatuses, messagingLimit, eventStatus: event.status, ...shared },
      isLate: isLateFor(event, spec.template, spec.dueAt),
    }),
    scheduledAt: planned.scheduledAt,
    sendingPaused: event.sendingPaused,
    pausedChannels: CHANNELS.filter((channel) =>
      pausedChannels.some(({ scopeId, source }) => scopeId === channel && source === 'person'),
    ),
    quietHoursShift: quietHoursUntil ? included.length : 0,
    quietHoursUntil,
    sample: await composeSamples({ db, config }, pickVaried(included, SAMPLES_MAX), request),
    exclusions: pickVaried(excluded, EXCLUSIONS_MAX).map(({ guestId, exclusion }) => ({ guestId, reason: exclusion! })),
  }
}

/** Counts WhatsApp messages by the category of their language's template; free-form messages are service. */
function partsOf({ spec, templateStatuses }: Planned, included: Recipient[]) {
  const asked = findTemplate(spec.template).category
  const byWhatsApp = included.filter(({ channel }) => channel === 'whatsapp')
  const templates = templateStatuses.map(({ locale, category }) => ({
    category: categoryOf(category, asked),
    messages: byWhatsApp.filter((one) => one.locale === locale && !one.isWindowOpen).length,
  }))
  const freeForm = byWhatsApp.filter(({ isWindowOpen }) => isWindowOpen).length
  return freeForm > 0 ? [...templates, { category: 'service' as const, messages: freeForm }] : templates
}

/** Composes samples as templates, as if every window were closed. */
async function composeSamples(context: Pick<Context, 'db' | 'config'>, shown: Recipient[], request: CampaignRequest) {
  const { scope, eventId, template: name, variables } = request
  return Promise.all(
    shown.map(async ({ guestId, locale, channel }) => {
      const wanted = { scope, name, locale, channel: channel!, variables, eventId, guestId, isWindowOpen: false }
      return { guestId, ...(await previewTemplate(context, wanted)) }
    }),
  )
}
