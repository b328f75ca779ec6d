/** Listing the state of the channels, and pausing or resuming one. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { listChannelStates, resumeChannel } from './channel-states.ts'
import { forCaller } from '../http/access.ts'
import type { Deps } from '../deps.ts'
import { Answer, Channel, Instant, NoBody, NullableInstant, NullableString } from '../http/schemas.ts'
import { pauseChannelByHand } from './channels.ts'

const Pause = Type.Object({ reason: Type.String(), by: Type.String(), since: Instant, until: NullableInstant })
const ChannelState = Type.Object(
  {
    channel: Channel,
    simulated: Type.Boolean({ description: 'No key is configured: nothing is sent.' }),
    circuit: Type.Enum(['closed', 'open', 'half_open'], {
      description: 'The circuit breaker. half_open: one message is sent first, and its success closes the circuit.',
    }),
    pausedUntil: Type.Unsafe<Date | string | null>({
      ...NullableInstant,
      description: 'When the pause by the system ends.',
    }),
    pauseReason: NullableString,
    pause: Type.Union([Pause, Type.Null()], { description: 'The pause by a person.' }),
    failures: Type.Integer({ description: 'Failures in a row.' }),
    due: Type.Integer({ description: 'Messages that are due now.' }),
    waiting: Type.Integer({ description: 'Messages that wait for a later time.' }),
  },
  { title: 'ChannelState' },
)
const ByChannel = Type.Object({ channel: Channel })
const States = Answer({ channels: Type.Array(ChannelState) }, { title: 'ChannelStates' })
const PauseBody = Type.Object(
  {
    reason: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', description: 'For the other operators.' }),
    until: Type.Optional(Type.String({ format: 'date-time' })),
  },
  { additionalProperties: false },
)
const director = { access: ['director'] as const }
const tags = ['Operations']

export const channelRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const listChannels = async () =>
      (await listChannelStates(deps.db, deps.now())).map((state) => ({
        ...state,
        simulated: deps.channels[state.channel].isSimulated,
      }))
    app.get(
      '/ops/channels',
      {
        config: director,
        schema: {
          operationId: 'listChannels',
          tags,
          summary: 'The state of the channels: simulated, paused, waiting',
          response: { 200: States },
        },
      },
      async () => ({ channels: await listChannels() }),
    )
    app.post(
      '/ops/channels/:channel/pause',
      {
        config: { ...director, problems: ['invalid_date'] },
        schema: {
          operationId: 'pauseChannel',
          tags,
          summary: 'Pause a channel; queued messages wait, including replies to guests',
          description: 'The pause ends at `until`, or when the channel is resumed. A second pause replaces the first.',
          params: ByChannel,
          body: PauseBody,
          response: { 200: States },
        },
      },
      async (request) => {
        const { channel } = request.params
        const { reason, until } = request.body
        await pauseChannelByHand(forCaller(deps, request), { channel, reason, by: request.user.id, until })
        request.log.warn({ channel, until: until ?? null }, 'A channel was paused by a person')
        return { channels: await listChannels() }
      },
    )
    app.post(
      '/ops/channels/:channel/resume',
      {
        config: { ...director, optionalBody: true },
        schema: {
          operationId: 'resumeChannel',
          tags,
          summary: 'Resume a channel, whoever paused it, and close its circuit',
          params: ByChannel,
          body: NoBody,
          response: { 200: States },
        },
      },
      async (request) => {
        const { channel } = request.params
        await resumeChannel(forCaller(deps, request), channel)
        request.log.info({ channel }, 'A channel was resumed')
        return { channels: await listChannels() }
      },
    )
  }
