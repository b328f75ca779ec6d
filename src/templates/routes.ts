/** Listing templates and previewing messages. Nothing is sent. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { forCaller, scopeOf } from '../http/access.ts'
import { Answer, AnswerOf, Channel, channelWith, Id, Locale, localeWith, NullableString } from '../http/schemas.ts'
import { ShownMessage, TemplateStatuses } from './schemas.ts'
import { listTemplateStatuses } from './statuses.ts'
import { describeTemplate, previewTemplate } from './preview.ts'
import { findTemplate, listTemplates } from './catalog.ts'

const READERS = ['organizer', 'director', 'viewer'] as const
const ByName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) })
const Texts = Type.Object({ body: Type.String(), link: NullableString, subject: NullableString })
const Template = Type.Object(
  {
    name: Type.String(),
    category: Type.Enum(['utility', 'marketing'], { description: "WhatsApp's category, which decides the price." }),
    channels: Type.Array(Channel),
    locales: Type.Array(Locale),
    isApproved: Type.Boolean({
      description:
        'WhatsApp has to approve it, and it may start a conversation; the others are replies in an open window.',
    }),
    buttons: Type.Array(Type.Enum(['link', 'yes', 'no']), { description: 'In the order of the approved template.' }),
    variables: Type.Array(
      Type.Object({
        name: Type.String(),
        source: Type.Enum(['guest', 'event', 'organizer', 'invitation', 'request']),
        isRequired: Type.Boolean({ description: 'The request must give it.' }),
        maxLength: Type.Integer({ description: 'In characters.' }),
      }),
    ),
    texts: Type.Record(Type.String(), Texts, { description: 'By locale.' }),
    templateStatuses: TemplateStatuses,
  },
  { title: 'Template' },
)
const PreviewBody = Type.Object(
  {
    locale: Type.Optional(localeWith({ description: "Absent: the guest's language, or es-MX without a guest." })),
    channel: channelWith({ default: 'whatsapp' }),
    variables: Type.Record(Type.String({ pattern: '^[a-z_]{1,60}$' }), Type.String({ maxLength: 4000 }), {
      default: {},
      maxProperties: 30,
      additionalProperties: false,
    }),
    eventId: Type.Optional(Type.String({ ...Id, description: 'Without it the preview shows a sample event.' })),
    guestId: Type.Optional(Type.String({ ...Id, description: 'A guest of that event.' })),
    isWindowOpen: Type.Boolean({
      default: false,
      description: 'Preview as if the guest had written within the last 24 hours.',
    }),
  },
  { additionalProperties: false, title: 'PreviewRequest' },
)
const Preview = Answer(
  {
    template: Type.String(),
    locale: Locale,
    channel: Channel,
    refusal: NullableString,
    whatsapp: Type.Unsafe<object | null>({
      type: ['object', 'null'],
      additionalProperties: true,
      description: 'The content that is sent to WhatsApp.',
    }),
    shown: ShownMessage,
    email: Type.Unsafe<object | null>({
      type: ['object', 'null'],
      required: ['from', 'subject', 'html', 'text', 'unsubscribeUrl'],
      properties: {
        from: { ...NullableString, description: 'The sender; null while e-mail is simulated.' },
        subject: { type: 'string' },
        html: { type: 'string' },
        text: { type: 'string' },
        unsubscribeUrl: { type: 'string' },
      },
    }),
  },
  { title: 'MessagePreview' },
)

export const templateRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/templates',
      {
        config: { access: READERS },
        schema: {
          operationId: 'listTemplates',
          tags: ['Templates'],
          summary: 'Templates and the variables they take',
          response: { 200: Answer({ data: Type.Array(Template) }) },
        },
      },
      async () => {
        const templateStatuses = await listTemplateStatuses(deps.db, listTemplates())
        return { data: listTemplates().map((one) => describeTemplate(one, templateStatuses.get(one.name) ?? [])) }
      },
    )

    app.get(
      '/templates/:name',
      {
        config: { access: READERS, problems: ['template_not_found'] },
        schema: {
          operationId: 'showTemplate',
          tags: ['Templates'],
          summary: 'One template',
          params: ByName,
          response: { 200: AnswerOf(Template) },
        },
      },
      async (request) => {
        const template = findTemplate(request.params.name)
        const templateStatuses = await listTemplateStatuses(deps.db, [template])
        return describeTemplate(template, templateStatuses.get(template.name) ?? [])
      },
    )

    app.post(
      '/templates/:name/preview',
      {
        config: {
          access: READERS,
          withoutKey: 'It only reads.',
          optionalBody: true,
          problems: [
            'event_not_found',
            'guest_not_found',
            'template_not_found',
            'template_variable_missing',
            'template_variable_unknown',
            'template_variable_invalid',
          ],
        },
        schema: {
          operationId: 'previewTemplate',
          tags: ['Templates'],
          summary: 'Preview a message',
          description:
            'An unknown variable is refused here and in campaigns (422); a single send ignores it. ' +
            '`refusal` says why this message cannot be sent on this channel: `window_closed` or `not_an_email`.',
          params: ByName,
          body: PreviewBody,
          response: { 200: Preview },
        },
      },
      async (request) =>
        previewTemplate(forCaller(deps, request), { ...request.params, ...request.body, scope: scopeOf(request) }),
    )
  }
