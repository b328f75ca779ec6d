/** One message to many guests: told beforehand, launched, watched, stopped. */
import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { scopeOf } from '../http/access.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, Id } from '../http/request-id.ts'
import { withTimeout } from '../platform/queue.ts'
import { CampaignBody, CampaignFields, Launched, Preflight } from './schemas.ts'
import { countStatuses, listCampaigns } from './sql.ts'
import { DONE_ID, watchCampaign } from './stream.ts'
import { launchCampaign, preflightCampaign, steerCampaign, toView, viewCampaign } from './campaigns.ts'
import { releaseDeliveries } from '../delivery/jobs.ts'
import { findEvent } from '../events/events.ts'

const SENDERS = ['organizer', 'director'] as const
const READERS = ['organizer', 'director', 'viewer'] as const
const ById = Type.Object({ id: Id })
const Campaign = Answer(CampaignFields)
const EventStream = Type.Unsafe<Readable>({ type: 'string' })

/** How long a caller waits for the first jobs to reach the queue. */
const RELEASE_MS = 1500

export const campaignRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/events/:id/campaigns',
      {
        config: { access: SENDERS, idempotent: true },
        schema: {
          tags: ['Campaigns'],
          summary: 'Send one message to many guests, or tell what that would do (dryRun)',
          description:
            '`dryRun: true` answers 200 with a preflight and sends nothing. The same body with its `preflightId` launches: 202, ' +
            'or 200 with the same campaign when it was launched before, or the same follows the event already. Recipients are frozen at the launch, or with ' +
            '`schedule` when its time has come.',
          params: ById,
          body: CampaignBody,
          response: { 200: Type.Union([Preflight, Launched]), 202: Launched },
        },
      },
      async (request, reply) => {
        const { dryRun, preflightId, name = null, ...body } = request.body
        const asked = { ...body, eventId: request.params.id, user: request.user, requestId: request.id }
        if (dryRun) return preflightCampaign(deps, { ...asked, name })
        const { isNew, ...launched } = await launchCampaign(deps, { ...asked, preflightId })
        if (isNew) await releaseNow(deps, request)
        if (isNew) void reply.code(202)
        return launched
      },
    )

    app.get(
      '/events/:id/campaigns',
      {
        config: { access: READERS },
        schema: {
          tags: ['Campaigns'],
          summary: 'Campaigns of an event, newest first',
          params: ById,
          querystring: Type.Object(PageQuery, { additionalProperties: false }),
          response: { 200: Page(Type.Object(CampaignFields)) },
        },
      },
      async (request) => {
        const { limit, cursor } = request.query
        const filter = {
          scope: scopeOf(request),
          eventId: request.params.id,
          before: readCursor(cursor),
          limit: limit + 1,
        }
        if (!(await findEvent(deps.db, filter.scope, filter.eventId))) throw new Failure('event_not_found')
        const campaigns = await listCampaigns(deps.db, filter)
        const ids = campaigns.map(({ id }) => id)
        const counts = await countStatuses(deps.db, ids)
        const views = campaigns.map((campaign) => toView(campaign, counts))
        return toPage(views, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )

    app.get(
      '/campaigns/:id',
      {
        config: { access: READERS },
        schema: {
          tags: ['Campaigns'],
          summary: 'One campaign and its progress',
          params: ById,
          response: { 200: Campaign },
        },
      },
      async (request) => viewCampaign(deps.db, scopeOf(request), request.params.id),
    )

    for (const [step, summary] of [
      ['pause', 'Stop what has not left yet, until it is resumed'],
      ['resume', 'Go on with a paused campaign'],
      ['cancel', 'Never send what has not left yet'],
    ] as const) {
      app.post(
        `/campaigns/:id/${step}`,
        {
          config: { access: SENDERS, optionalBody: true },
          schema: { tags: ['Campaigns'], summary, params: ById, response: { 200: Campaign } },
        },
        async (request) => {
          const campaign = await steerCampaign(deps, request.user, request.params.id, step)
          if (step === 'resume') await releaseNow(deps, request)
          return campaign
        },
      )
    }

    const isClosing = new AbortController()
    app.addHook('preClose', async () => isClosing.abort())
    app.get(
      '/campaigns/:id/stream',
      {
        config: { access: READERS },
        schema: {
          tags: ['Campaigns'],
          summary: 'Progress as server-sent events: progress, then done',
          description:
            'Every event is the whole progress, so nothing is missed by whoever connects again. A stream ends with `done`, and at ' +
            'the latest with the access token. An EventSource that comes back with the id of `done` is told 204, to stay away.',
          params: ById,
          response: {
            204: { type: 'null', description: 'Last-Event-ID is that of done, and nothing has opened since.' },
            200: { description: 'text/event-stream', content: { 'text/event-stream': { schema: EventStream } } },
          },
        },
      },
      async (request, reply) => {
        const scope = scopeOf(request)
        const { id } = request.params
        const { isDone } = await viewCampaign(deps.db, scope, id) // 404 while the answer can still say so
        if (isDone && request.headers['last-event-id'] === DONE_ID) return reply.code(204).send(null)
        const hasLeft = new AbortController()
        reply.raw.on('close', () => hasLeft.abort())
        const signal = AbortSignal.any([hasLeft.signal, isClosing.signal])
        const { expiresAt } = request.user
        const tokenMs = expiresAt ? { tokenMs: expiresAt.getTime() - deps.now().getTime() } : {}
        const events = watchCampaign(deps.db, { scope, id, requestId: request.id, signal, ...tokenMs })
        void reply
          .type('text/event-stream')
          .header('cache-control', 'no-store, no-transform')
          .header('x-accel-buffering', 'no')
        return reply.send(Readable.from(events))
      },
    )
  }

/** The first messages leave at once; the clock releases the rest. A queue that hangs delays no answer. */
async function releaseNow(deps: Deps, request: FastifyRequest): Promise<void> {
  const context = { jobId: `release-${request.id}`, log: deps.log }
  await withTimeout(releaseDeliveries.run(deps, {}, context), RELEASE_MS).catch(() => undefined)
}
