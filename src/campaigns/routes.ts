/** Preflight, launch, progress, pause and cancellation of campaigns. */
import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { openStreams } from '../http/event-stream.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { AnswerOf, EventParams, FileAnswer, Id, NoBody } from '../http/schemas.ts'
import { withTimeout } from '../platform/queue.ts'
import { Campaign, CampaignBody, Launched, Preflight } from './schemas.ts'
import { countStatuses, listCampaigns } from './sql.ts'
import { DONE_ID, isSettled, watchCampaign } from './stream.ts'
import { launchCampaign, preflightCampaign, changeCampaign, toView, viewCampaign } from './campaigns.ts'
import { releaseDeliveries } from '../delivery/jobs.ts'
import { findEvent } from '../events/events.ts'

const SENDERS = ['organizer', 'director'] as const
const READERS = ['organizer', 'director', 'viewer'] as const
const CampaignParams = Type.Object({ campaignId: Id })

/** How long a launch waits for its first jobs to be enqueued. */
const RELEASE_MS = 1500

export const campaignRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:eventId/campaigns',
      {
        config: {
          access: SENDERS,
          needsTickets: true,
          problems: [
            'event_not_found',
            'template_not_found',
            'campaign_not_found',
            'event_closed',
            'event_cancelled',
            'event_not_cancelled',
            'event_draft',
            'event_not_over',
            'campaign_empty',
            'preflight_mismatch',
            'preflight_required',
            'template_variable_missing',
            'template_variable_unknown',
            'template_variable_invalid',
            'invalid_date',
          ],
        },
        schema: {
          operationId: 'launchCampaign',
          tags: ['Campaigns'],
          summary: 'Launch a campaign, or preview what it would do',
          description:
            'With `dryRun: true` the answer is 200 with a preflight, and nothing is sent. The same body with its `preflightId` ' +
            'launches the campaign: 202, or 200 with the existing campaign when it was launched before or already follows the ' +
            'event. Recipients are frozen at the launch, or with `schedule` when its time comes.',
          params: EventParams,
          body: CampaignBody,
          response: { 200: Type.Union([Preflight, Launched]), 202: Launched },
        },
      },
      async (request, reply) => {
        const { dryRun, preflightId, name = null, ...body } = request.body
        const asked = { ...body, eventId: request.params.eventId, user: request.user, requestId: request.id }
        if (dryRun) return preflightCampaign(forCaller(deps, request), { ...asked, name })
        const { isNew, ...launched } = await launchCampaign(forCaller(deps, request), { ...asked, preflightId })
        if (isNew) await releaseNow(deps, request)
        if (isNew) void reply.code(202)
        return launched
      },
    )

    app.get(
      '/events/:eventId/campaigns',
      {
        config: { access: READERS, problems: ['event_not_found'] },
        schema: {
          operationId: 'listCampaigns',
          tags: ['Campaigns'],
          summary: 'Campaigns of an event, newest first',
          params: EventParams,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(Campaign) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const filter = {
          scope: scopeOf(request),
          eventId: request.params.eventId,
          before: readCursor(cursor),
          limit: limit + 1,
        }
        if (!(await findEvent(forCaller(deps, request).db, filter.scope, filter.eventId)))
          throw new Failure('event_not_found')
        const campaigns = await listCampaigns(forCaller(deps, request).db, filter)
        const ids = campaigns.map(({ id }) => id)
        const counts = await countStatuses(forCaller(deps, request).db, ids)
        const views = campaigns.map((campaign) => toView(campaign, counts))
        return toPage(views, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )

    app.get(
      '/campaigns/:campaignId',
      {
        config: { access: READERS, problems: ['campaign_not_found'] },
        schema: {
          operationId: 'showCampaign',
          tags: ['Campaigns'],
          summary: 'One campaign and its progress',
          params: CampaignParams,
          response: { 200: AnswerOf(Campaign) },
        },
      },
      async (request) => viewCampaign(forCaller(deps, request).db, scopeOf(request), request.params.campaignId),
    )

    for (const [step, summary, refusal] of [
      ['pause', 'Pause a campaign: unsent messages wait until it is resumed', 'campaign_not_running'],
      ['resume', 'Resume a paused campaign', 'campaign_not_paused'],
      ['cancel', 'Cancel a campaign: unsent messages are never sent', 'campaign_not_running'],
    ] as const) {
      app.post(
        `/campaigns/:campaignId/${step}`,
        {
          config: { access: SENDERS, optionalBody: true, problems: ['campaign_not_found', refusal] },
          schema: {
            operationId: `${step}Campaign`,
            tags: ['Campaigns'],
            summary,
            params: CampaignParams,
            body: NoBody,
            response: { 200: AnswerOf(Campaign) },
          },
        },
        async (request) => {
          const campaign = await changeCampaign(forCaller(deps, request), request.user, request.params.campaignId, step)
          if (step === 'resume') await releaseNow(deps, request)
          return campaign
        },
      )
    }

    const stream = openStreams(app, deps)
    app.get(
      '/campaigns/:campaignId/stream',
      {
        config: { access: READERS, problems: ['campaign_not_found'] },
        schema: {
          operationId: 'streamCampaign',
          tags: ['Campaigns'],
          summary: 'Progress as server-sent events',
          description:
            'Each `progress` event carries the whole progress, so a client that reconnects misses nothing. `done` ' +
            'says that no message is open, and its `status` why. After it `progress` still tells what is read or ' +
            'fails; the stream ends when nothing more can change, after ten quiet seconds, and when the access ' +
            'token expires. An EventSource reconnects by itself and watches on. It gets 204 and stops when nothing ' +
            'more can change, or 15 minutes after the end.',
          params: CampaignParams,
          response: {
            204: {
              type: 'null',
              description: '`Last-Event-ID` is the id of `done`, and there is nothing more to watch.',
            },
            200: FileAnswer<Readable>(
              'text/event-stream',
              'Events `progress` and `done`; the data is the progress as JSON.',
            ),
          },
        },
      },
      async (request, reply) => {
        const scope = scopeOf(request)
        const { campaignId: id } = request.params
        const campaign = await viewCampaign(forCaller(deps, request).db, scope, id) // throws while the status may still be 404
        const hasSeenEnd = request.headers['last-event-id'] === DONE_ID
        if (hasSeenEnd && isSettled(campaign, deps.now())) return reply.code(204).send(null)
        return stream(request, reply, (life) => watchCampaign(forCaller(deps, request), { ...life, scope, id }))
      },
    )
  }

/** Enqueues the first messages at once; the clock releases the rest. A queue that hangs does not delay the answer. */
async function releaseNow(deps: Deps, request: FastifyRequest): Promise<void> {
  const context = { jobId: `release-${request.id}`, log: deps.log }
  await withTimeout(releaseDeliveries.run(deps, {}, context), RELEASE_MS).catch(() => undefined)
}
