/** What organizers write on the page of an invitation. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { AnswerOf, Id, Locale, NullableInstant, NullableString } from '../http/schemas.ts'
import { Failure } from '../platform/errors.ts'
import { findTexts } from './texts-sql.ts'
import { TEXT_LIMITS, writeTexts } from './texts.ts'

const text = (maxLength: number, description: string) =>
  Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength, description }))
const TextsBody = Type.Object(
  {
    title: text(TEXT_LIMITS.title, "In the place of the event's name, on the page and in its link preview."),
    greeting: text(TEXT_LIMITS.greeting, 'The line above the title.'),
    body: text(TEXT_LIMITS.body, 'Of several lines; an empty one begins a paragraph.'),
    dressCode: text(TEXT_LIMITS.dressCode, 'What to wear.'),
    gifts: text(TEXT_LIMITS.gifts, 'Where gifts are registered. Of several lines.'),
    thanks: text(TEXT_LIMITS.thanks, 'Shown once the event is over. Of several lines.'),
  },
  { additionalProperties: false, title: 'NewEventTexts' },
)
const Texts = Type.Object(
  {
    eventId: Type.String(),
    locale: Locale,
    title: NullableString,
    greeting: NullableString,
    body: NullableString,
    dressCode: NullableString,
    gifts: NullableString,
    thanks: NullableString,
    updatedAt: NullableInstant,
  },
  { title: 'EventTexts' },
)
const TextsParams = Type.Object({ eventId: Id, locale: Locale })

export const textsRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/events/:eventId/texts/:locale',
      {
        config: { access: ['organizer', 'director', 'viewer'], problems: ['event_not_found'] },
        schema: {
          operationId: 'showEventTexts',
          tags: ['Events'],
          summary: "What the organizer wrote on the invitation's page, in one language",
          params: TextsParams,
          response: { 200: AnswerOf(Texts) },
        },
      },
      async (request) => {
        const texts = await findTexts(forCaller(deps, request).db, { scope: scopeOf(request), ...request.params })
        if (!texts) throw new Failure('event_not_found')
        return texts
      },
    )
    app.put(
      '/events/:eventId/texts/:locale',
      {
        config: { access: ['organizer', 'director'], problems: ['event_not_found'] },
        schema: {
          operationId: 'writeEventTexts',
          tags: ['Events'],
          summary: "Write the invitation's page in one language",
          description:
            'Replaces all texts of this language: one that is null or absent is removed. They are plain text, kept as it was ' +
            'written. Each guest reads their own language; a text that is not written in it is taken from the other one, and ' +
            'where there is none the page has its own words.',
          params: TextsParams,
          body: TextsBody,
          response: { 200: AnswerOf(Texts) },
        },
      },
      (request) => {
        const { params, body, user } = request
        return writeTexts(forCaller(deps, request), { scope: scopeOf(request), ...params, by: user.id }, body)
      },
    )
  }
