/** Users of an organizer, and the links by which they choose their passwords. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../deps.ts'
import { Failure } from '../platform/errors.ts'
import { causeOf, forCaller, ROLES, scopeOf } from '../http/access.ts'
import { credentialsOf } from '../http/cookies.ts'
import { Page, PageQuery, readCursor, toPage } from '../http/page.ts'
import { Answer, AnswerOf, Id, Instant, NullableString } from '../http/schemas.ts'
import { openAuthenticator } from './basic.ts'
import { changePassword, changeUser, choosePassword, inviteUser, resetPassword } from './users.ts'
import { listUsers } from './users-sql.ts'

const MANAGERS = ['organizer', 'director'] as const
const UserParams = Type.Object({ userId: Id })
const Role = Type.Enum(ROLES, { description: 'An organizer manages staff and viewers, a director everybody.' })
const Name = Type.String({ minLength: 1, maxLength: 200 })
const Supervisor = { description: 'Of the staff: may undo what the door did.' }

const ManagedUser = Type.Object(
  {
    id: Type.String(),
    organizerId: NullableString,
    name: Type.String(),
    email: Type.String(),
    role: Type.Enum(ROLES),
    supervisor: Type.Boolean(Supervisor),
    disabled: Type.Boolean(),
    hasPassword: Type.Boolean({ description: 'False: invited, and no password chosen yet.' }),
    createdAt: Instant,
  },
  { title: 'ManagedUser' },
)
const LINK = {
  link: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description:
      'For this person alone: the page where the password is chosen, once. Null when the answer is replayed.',
  }),
  linkExpiresAt: Instant,
}
const InvitationBody = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    name: Name,
    role: Role,
    supervisor: Type.Boolean({ ...Supervisor, default: false }),
    organizerId: Type.Optional(Id),
  },
  { additionalProperties: false, title: 'UserInvitation' },
)
const PatchBody = Type.Object(
  {
    name: Type.Optional(Name),
    role: Type.Optional(Role),
    supervisor: Type.Optional(Type.Boolean(Supervisor)),
    disabled: Type.Optional(Type.Boolean({ description: 'Ends every session at once. False lets the user in again.' })),
  },
  { additionalProperties: false, minProperties: 1, title: 'UserChanges' },
)
const PasswordBody = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 20, maxLength: 200, description: 'What follows `#` in the link.' })),
    currentPassword: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'Of the person who is logged in.' }),
    ),
    password: Type.String({ minLength: 10, maxLength: 128 }),
  },
  { additionalProperties: false, title: 'PasswordRequest' },
)

export const userRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const identify = openAuthenticator(deps)
    app.get(
      '/users',
      {
        config: { access: MANAGERS },
        schema: {
          operationId: 'listUsers',
          tags: ['Access'],
          summary: 'Users, newest first, disabled ones too',
          querystring: Type.Object({ ...PageQuery, organizerId: Type.Optional(Id) }, { additionalProperties: false }),
          response: { 200: Page(ManagedUser) },
        },
      },
      async (request) => {
        const { limit, cursor, organizerId = null } = request.query
        const page = { before: readCursor(cursor), limit: limit + 1 }
        const users = await listUsers(forCaller(deps, request).db, { scope: scopeOf(request), organizerId, ...page })
        return toPage(users, limit, ({ createdAt, id }) => ({ at: createdAt, id }))
      },
    )
    app.post(
      '/users',
      {
        config: {
          access: MANAGERS,
          shownOnce: ['link'],
          problems: ['user_exists', 'organizer_not_found', 'invalid_email'],
        },
        schema: {
          operationId: 'inviteUser',
          tags: ['Access'],
          summary: 'Invite a user: the answer has a link, valid once within 72 hours, to choose a password',
          body: InvitationBody,
          response: { 201: Answer({ user: ManagedUser, ...LINK }, { title: 'InvitedUser' }) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return inviteUser(forCaller(deps, request), request.user, causeOf(request, deps.now), request.body)
      },
    )
    app.patch(
      '/users/:userId',
      {
        config: { access: MANAGERS, problems: ['user_not_found'] },
        schema: {
          operationId: 'updateUser',
          tags: ['Access'],
          summary: 'Change a user; another role or flag ends the access tokens of before',
          params: UserParams,
          body: PatchBody,
          response: { 200: AnswerOf(ManagedUser) },
        },
      },
      (request) =>
        changeUser(forCaller(deps, request), request.user, causeOf(request, deps.now), {
          ...request.body,
          id: request.params.userId,
        }),
    )
    app.delete(
      '/users/:userId',
      {
        config: { access: MANAGERS, problems: ['user_not_found'] },
        schema: {
          operationId: 'disableUser',
          tags: ['Access'],
          summary: 'Disable a user: every session ends at once, and the record stays',
          params: UserParams,
          response: { 200: AnswerOf(ManagedUser) },
        },
      },
      (request) =>
        changeUser(forCaller(deps, request), request.user, causeOf(request, deps.now), {
          id: request.params.userId,
          disabled: true,
        }),
    )
    app.post(
      '/users/:userId/password-reset',
      {
        config: {
          access: MANAGERS,
          optionalBody: true,
          shownOnce: ['link'],
          problems: ['user_not_found', 'user_disabled'],
        },
        schema: {
          operationId: 'resetPassword',
          tags: ['Access'],
          summary: 'Make a link, valid once within an hour, to choose a new password',
          description: 'It takes the place of earlier links of this user. The old password works until then.',
          params: UserParams,
          body: Type.Object({}, { additionalProperties: false }),
          response: { 201: Answer(LINK, { title: 'PasswordLink' }) },
        },
      },
      async (request, reply) => {
        void reply.code(201)
        return resetPassword(forCaller(deps, request), request.user, causeOf(request, deps.now), request.params.userId)
      },
    )
    app.post(
      '/auth/password',
      {
        config: {
          access: 'public',
          problems: ['link_not_valid', 'invalid_credentials', 'unauthorized', 'forbidden'],
        },
        schema: {
          operationId: 'choosePassword',
          tags: ['Access'],
          summary: 'Choose a password, by a link or while logged in',
          description:
            'With `token`, of a link: every session of the user ends. With `currentPassword` and the credentials of a ' +
            'person: every other session ends.',
          body: PasswordBody,
          response: { 200: Answer({ status: Type.Literal('password_set') }) },
        },
      },
      async (request) => {
        const { token, currentPassword, password } = request.body
        const from = { address: request.ip, requestId: request.id }
        if ((token === undefined) === (currentPassword === undefined)) {
          const message = 'is needed: either this or currentPassword'
          throw new Failure('invalid_request', {
            detail: `token ${message}.`,
            errors: [{ path: 'body.token', message }],
          })
        }
        if (token !== undefined) await choosePassword(deps, { token, password, ...from })
        if (currentPassword !== undefined) {
          const user = await identify(credentialsOf(request), { ...from, mayBeBasic: false })
          await changePassword(deps, user, { currentPassword, password, ...from })
        }
        return { status: 'password_set' as const }
      },
    )
  }
