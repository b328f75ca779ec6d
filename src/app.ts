/** THE LIST OF ROUTES. Builds the Fastify app from its dependencies. Tests use the same app. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type preValidationHookHandler,
} from 'fastify'
import { openAuthenticator } from './auth/basic.ts'
import { auditRoutes } from './auth/audit-routes.ts'
import { deviceRoutes } from './auth/device-routes.ts'
import { keyRoutes } from './auth/key-routes.ts'
import { authRoutes } from './auth/routes.ts'
import { doorRoutes } from './checkin/door-routes.ts'
import { sessionRoutes } from './auth/session-routes.ts'
import { userRoutes } from './auth/user-routes.ts'
import { choosePassword, mailLink } from './auth/users.ts'
import { passRoutes } from './checkin/pass-routes.ts'
import { checkinRoutes } from './checkin/routes.ts'
import { contactRoutes } from './contacts/routes.ts'
import { attachmentRoutes } from './conversations/attachment-routes.ts'
import { conversationRoutes } from './conversations/routes.ts'
import { summaryRoutes } from './conversations/summary-routes.ts'
import { teamRoutes } from './conversations/team-routes.ts'
import { campaignRoutes } from './campaigns/routes.ts'
import { pauseRoutes } from './operations/pause-routes.ts'
import { preflightRoutes } from './campaigns/preflight-routes.ts'
import { deliveryRoutes } from './delivery/routes.ts'
import { templateRoutes } from './templates/routes.ts'
import { unsubscribeRoutes } from './contacts/unsubscribe-routes.ts'
import type { Deps } from './deps.ts'
import { eventRoutes } from './events/routes.ts'
import { staffRoutes } from './events/staff-routes.ts'
import { textsRoutes } from './events/texts-routes.ts'
import { guestExportRoutes } from './guestlists/export-routes.ts'
import { guestListRoutes } from './guestlists/routes.ts'
import { ledgerRoutes } from './finance/ledger-routes.ts'
import { directorPaymentRoutes } from './finance/payment-routes.ts'
import { financeRoutes } from './finance/routes.ts'
import { weeklyEmailRoutes } from './finance/weekly-routes.ts'
import { guardRoutes } from './http/access.ts'
import { refuseForeignRequests } from './http/csrf.ts'
import { answerProblems, describeProblem, sendFailure } from './http/errors.ts'
import { honourIdempotencyKeys } from './http/idempotency.ts'
import { secureAnswers } from './http/headers.ts'
import { trimGlue } from './http/links.ts'
import { describeApi } from './http/openapi.ts'
import { parseJsonBodies } from './http/json-bodies.ts'
import { observeRequests, openRequestLog } from './http/log.ts'
import { limitPerAddress } from './http/rate-limit.ts'
import { requestIdOf, stampRequestIds } from './http/request-id.ts'
import { validateRequests } from './http/validation.ts'
import { healthRoutes, systemRoutes } from './operations/system-routes.ts'
import { inboxRoutes, tidyWebhookUrl } from './inbox/routes.ts'
import { JOBS } from './jobs.ts'
import { cardRoutes } from './landing/card-routes.ts'
import { cancelRoutes } from './landing/cancel-routes.ts'
import { landingRoutes } from './landing/routes.ts'
import { limitTickets } from './ledger/limit-routes.ts'
import { channelRoutes } from './operations/channel-routes.ts'
import { operationsRoutes } from './operations/routes.ts'
import { taskRoutes } from './operations/task-routes.ts'
import { reviewRoutes } from './payments/review-routes.ts'
import { reconciliationRoutes } from './reconciliation/routes.ts'
import { fileRoutes } from './pages/file-routes.ts'
import { paymentRoutes } from './payments/routes.ts'
import { privacyRoutes } from './privacy/routes.ts'
import { Failure } from './platform/errors.ts'
import { sendPasswordLink } from './pages/forgotten-email.ts'
import { forgottenRoutes } from './pages/forgotten-routes.ts'
import type { DemoLogin } from './pages/home.ts'
import { homeRoutes } from './pages/home-routes.ts'
import { loginRoutes } from './pages/login-routes.ts'
import { passwordRoutes } from './pages/password-routes.ts'
import { waitlistRoutes } from './waitlist/routes.ts'
import { exportRoutes } from './reports/export-routes.ts'
import { reportRoutes } from './reports/routes.ts'

/** `listDemoLogins`: what the first page shows in demo mode. */
export async function buildApp(
  deps: Deps,
  listDemoLogins: () => readonly DemoLogin[] = () => [],
): Promise<FastifyInstance> {
  const app = openApp(deps)
  honourIdempotencyKeys(app, deps.db, deps.now)
  await limitPerAddress(app, deps.config.http.rateLimitPerMinute)
  limitTickets(app, deps)
  await describeApi(app)

  await app.register(systemRoutes)
  await app.register(healthRoutes(deps))
  await app.register(authRoutes(deps))
  await app.register(sessionRoutes(deps))
  await app.register(userRoutes(deps))
  await app.register(auditRoutes(deps))
  await app.register(keyRoutes(deps))
  await app.register(deviceRoutes(deps))
  await app.register(eventRoutes(deps))
  await app.register(staffRoutes(deps))
  await app.register(textsRoutes(deps))
  await app.register(guestListRoutes(deps))
  await app.register(guestExportRoutes(deps))
  await app.register(contactRoutes(deps))
  await app.register(waitlistRoutes(deps))
  await app.register(conversationRoutes(deps))
  await app.register(teamRoutes(deps))
  await app.register(attachmentRoutes(deps))
  await app.register(summaryRoutes(deps))
  await app.register(deliveryRoutes(deps))
  await app.register(pauseRoutes(deps))
  await app.register(campaignRoutes(deps))
  await app.register(preflightRoutes(deps))
  await app.register(templateRoutes(deps))
  await app.register(unsubscribeRoutes(deps))
  await app.register(paymentRoutes(deps))
  await app.register(reviewRoutes(deps))
  await app.register(reconciliationRoutes(deps))
  await app.register(checkinRoutes(deps))
  await app.register(doorRoutes(deps))
  await app.register(passRoutes(deps))
  await app.register(landingRoutes(deps))
  await app.register(cardRoutes(deps))
  await app.register(cancelRoutes(deps))
  await app.register(financeRoutes(deps))
  await app.register(directorPaymentRoutes(deps))
  await app.register(ledgerRoutes(deps))
  await app.register(weeklyEmailRoutes(deps))
  await app.register(reportRoutes(deps))
  await app.register(exportRoutes(deps))
  await app.register(inboxRoutes(deps))
  await app.register(channelRoutes(deps))
  await app.register(privacyRoutes(deps))
  await app.register(operationsRoutes(deps, JOBS))
  await app.register(taskRoutes(deps))
  await app.register(fileRoutes)
  await app.register(homeRoutes(deps, listDemoLogins))
  await app.register(loginRoutes(deps))
  await app.register(passwordRoutes((choice) => choosePassword(deps, choice)))
  await app.register(
    forgottenRoutes({
      ...{ config: deps.config, isSimulated: deps.channels.email.isSimulated },
      mailLink: (asked) => mailLink(deps, asked, (mail) => sendPasswordLink({ ...deps, sleep }, mail)),
    }),
  )
  await app.ready()
  return app
}

/** What a worker serves at METRICS_PORT. */
export async function buildWorkerApp(deps: Deps): Promise<FastifyInstance> {
  const app = openApp(deps)
  await app.register(healthRoutes(deps))
  await app.ready()
  return app
}

/** Fastify with what every route gets: request ids, problems, access, metrics, strict bodies. */
function openApp(deps: Deps): FastifyInstance {
  const { config, log } = deps
  const app: FastifyInstance = Fastify({
    loggerInstance: log.child({}) as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: (_logger, { requestId }) => openRequestLog(log, String(requestId)),
    genReqId: (raw) => requestIdOf(raw.headers),
    trustProxy: config.http.trustedProxies.length > 0 ? [...config.http.trustedProxies] : false,
    bodyLimit: 256 * 1024,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    keepAliveTimeout: 5_000,
    routerOptions: { maxParamLength: 300 },
    rewriteUrl: ({ url = '/' }) => tidyWebhookUrl(trimGlue(url)),
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    return503OnClosing: true,
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id)
      const code = error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? 'uri_too_long' : 'invalid_request'
      void sendFailure(request, reply, new Failure(code, { detail: 'The URL is malformed.' }))
    },
    clientErrorHandler: refuseMalformedHttp,
  })

  app.removeContentTypeParser('text/plain') // Fastify parses text by default; here any body that is not JSON is 415
  parseJsonBodies(app)
  validateRequests(app)
  app.setSerializerCompiler(() => JSON.stringify) // tests check every answer against its schema
  stampRequestIds(app)
  secureAnswers(app)
  answerProblems(app)
  refuseForeignRequests(app, config)
  guardRoutes(app, openAuthenticator(deps))
  observeRequests(app, deps)
  app.addHook('onRoute', (route) => {
    if (!route.config?.optionalBody) return
    route.preValidation = [fillMissingBody, ...[route.preValidation ?? []].flat()]
  })
  return app
}

const fillMissingBody: preValidationHookHandler = (request, _reply, done) => {
  if (request.body === undefined) request.body = {}
  done()
}

/** Answers bytes that are not HTTP with a problem in HTTP. */
function refuseMalformedHttp(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'invalid_request'
  const status = code === 'headers_too_large' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const requestId = requestIdOf({})
  const body = JSON.stringify(describeProblem(code, { detail: 'The request is not HTTP.' }, requestId))
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `X-Request-Id: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  socket.end([...head, '', body].join('\r\n'))
}
