/**
 * The test harness: a real PostgreSQL database cloned per test file, real BullMQ, and the real app through `inject`. Nothing
 * of ours is mocked, and time is an argument.
 *
 * A test fails when it leaves an `error` line in the log, or when a JSON answer does not fit its OpenAPI schema.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { after, type TestContext } from 'node:test'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { SignJWT } from 'jose'
import pg from 'pg'
import type { Static, TSchema } from 'typebox'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/platform/config.ts'
import { sql } from '../src/platform/db.ts'
import { openDeps, waitForDeps, type Deps } from '../src/deps.ts'
import type { Role, User } from '../src/http/access.ts'
import type { Job } from '../src/platform/queue.ts'
import { openLog } from '../src/platform/log.ts'

export type LogLine = Record<string, unknown> & { level: string; msg: string }
type Call = { as?: Role | User | null; body?: unknown; headers?: Record<string, string>; payload?: string | Buffer }

export type TestApp = {
  app: FastifyInstance
  deps: Deps
  db: Deps['db']
  lines: LogLine[]
  /** Moves the clock of this app. The test must have passed `now`. */
  setNow(instant: string): void
  get(url: string, call?: Call): Promise<LightMyRequestResponse>
  post(url: string, call?: Call): Promise<LightMyRequestResponse>
  put(url: string, call?: Call): Promise<LightMyRequestResponse>
  patch(url: string, call?: Call): Promise<LightMyRequestResponse>
  delete(url: string, call?: Call): Promise<LightMyRequestResponse>
  runJob<S extends TSchema>(job: Job<S, Deps>, data: Static<S>): Promise<unknown>
}

export type AppOptions = {
  /** Freezes the clock at this instant. Absent: real time. */
  now?: string
  env?: Record<string, string>
  /** A pattern of the messages of error lines that this test causes on purpose. */
  expectErrors?: RegExp
  /** The queue backend. `redis` needs a running Redis (see `backends`). */
  backend?: 'postgres' | 'redis'
}

const SERVER = process.env['TEST_DATABASE_SERVER']
const TEMPLATE = process.env['TEST_DATABASE_TEMPLATE']
/** A Redis database for this test file alone, because workers of another file would take its jobs. */
export const REDIS_URL = process.env['TEST_REDIS_URL']
  ? new URL(`/${process.pid % Number(process.env['TEST_REDIS_DATABASES'])}`, process.env['TEST_REDIS_URL']).toString()
  : undefined
/** The queue backends this machine can test. */
export const backends: ('postgres' | 'redis')[] = REDIS_URL ? ['postgres', 'redis'] : ['postgres']
/** The organizer that `as: 'organizer'`, 'staff' and 'viewer' belong to, unless a test says otherwise. */
export const ORGANIZER_ID = 'org_test'

const fileDatabases = new Map<string, Promise<string>>()
const madeDatabases: string[] = []

/** One database per test file, cloned from the migrated template and dropped at the end. */
export function openTestDatabase(file: string = callerFile()): Promise<string> {
  if (!fileDatabases.has(file)) fileDatabases.set(file, openMigratedDatabase())
  return fileDatabases.get(file)!
}

/** The test file of the caller. Several files may share a process. */
function callerFile(): string {
  return /\S+\.test\.[tj]s/.exec(new Error('where').stack ?? '')?.[0] ?? 'unknown'
}

/** Another migrated database, for programs that do not migrate. Dropped at the end of the file. */
export const openMigratedDatabase = (): Promise<string> => createDatabase(` template ${TEMPLATE}`)

/** An empty database, for programs that migrate. Dropped at the end of the file. */
export const openEmptyDatabase = (): Promise<string> => createDatabase('')

async function createDatabase(template: string): Promise<string> {
  assert.ok(SERVER && TEMPLATE, 'run tests with npm test (or npm test -- FILE): it starts PostgreSQL')
  const name = `test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name}${template}`)
  madeDatabases.push(name)
  const url = new URL(SERVER)
  url.pathname = `/${name}`
  return url.toString()
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

type Shared = {
  app: FastifyInstance
  deps: Deps
  lines: LogLine[]
  clock: { frozen: Date | undefined }
  check: AnswerCheck
}
const shared = new Map<string, Promise<Shared>>()
after(async () => {
  for (const opening of shared.values()) {
    const { app, deps } = await opening
    await app.close()
    await deps.close()
  }
  for (const name of madeDatabases) await onServer(`drop database if exists ${name} with (force)`)
})

/**
 * The app of this test. Tests of one file with the same environment share an app, because opening pools and queues is
 * expensive. Clock, log and channels are reset for each test.
 */
export async function startApp(t: TestContext, options: AppOptions = {}): Promise<TestApp> {
  const { backend = 'postgres', env = {}, expectErrors } = options
  const file = callerFile()
  const key = JSON.stringify([file, backend, env])
  if (!shared.has(key)) shared.set(key, openApp(file, backend, env))
  const { app, deps, lines, clock, check } = await shared.get(key)!
  lines.length = 0
  clock.frozen = options.now ? new Date(options.now) : undefined
  await resetChannels(deps.db)
  t.after(() => {
    const unexpected = lines.filter(({ level, msg }) => ['error', 'fatal'].includes(level) && !expectErrors?.test(msg))
    assert.deepEqual(unexpected, [], 'the test left error lines in the log')
  })

  async function call(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    { as = null, body, headers = {}, payload }: Call = {},
  ) {
    const authorization = as === null ? {} : { authorization: `Bearer ${await tokenFor(deps, as)}` }
    const request: InjectOptions = { method, url, headers: { ...authorization, ...headers } }
    if (payload !== undefined) request.payload = payload
    else if (body !== undefined) request.payload = body as object
    const response = await app.inject(request)
    check(method, url, response)
    return response
  }
  return {
    app,
    deps,
    db: deps.db,
    lines,
    setNow: (instant) => {
      assert.ok(clock.frozen, 'pass `now` to startApp before moving the clock')
      clock.frozen = new Date(instant)
    },
    get: (url, options) => call('GET', url, options),
    post: (url, options) => call('POST', url, options),
    put: (url, options) => call('PUT', url, options),
    patch: (url, options) => call('PATCH', url, options),
    delete: (url, options) => call('DELETE', url, options),
    runJob: (job, data) => job.run(deps, data, { jobId: `test-${job.name}`, log: deps.log.child({ job: job.name }) }),
  }
}

/** Fills the token buckets and ends the pauses of channels, because another test may have used a later time. */
async function resetChannels(db: Deps['db']): Promise<void> {
  await sql`update channel_limits set tokens = 1000000, refilled_at = to_timestamp(0), failures = 0`.execute(db)
  await sql`delete from pauses where scope = 'channel'`.execute(db)
}

async function openApp(file: string, backend: 'postgres' | 'redis', env: Record<string, string>): Promise<Shared> {
  const databaseUrl = await openTestDatabase(file)
  const lines: LogLine[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) lines.push(JSON.parse(line) as LogLine)
      done()
    },
  })
  const config = loadConfig({
    APP_ENV: 'test',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'debug',
    DATABASE_URL: databaseUrl,
    AUTH_MODE: 'required',
    JWT_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
    DB_POOL_MAX: '8',
    RATE_LIMIT_PER_MINUTE: '100000',
    ...(backend === 'redis' ? { REDIS_URL: REDIS_URL! } : {}),
    ...env,
  })
  const clock: Shared['clock'] = { frozen: undefined }
  const now = () => clock.frozen ?? new Date()
  const deps = openDeps(config, openLog(config.log, stream), { databaseUrl, now })
  await waitForDeps(deps)
  await deps.queues.ready(20_000)
  const app = await buildApp(deps)
  return { app, deps, lines, clock, check: answerChecker(app, env) }
}

/** A signed access token like those of POST /auth/login. */
export async function tokenFor(deps: Deps, as: Role | User): Promise<string> {
  const user: User =
    typeof as === 'string'
      ? { id: `usr_test_${as}`, role: as, organizerId: as === 'director' ? null : ORGANIZER_ID }
      : as
  const issued = Math.floor(deps.now().getTime() / 1000)
  return new SignJWT({
    role: user.role,
    ...(user.organizerId ? { org: user.organizerId } : {}),
    ...(user.isSupervisor ? { sup: true } : {}),
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(user.id)
    .setJti('jti_test')
    .setIssuer('monotickets')
    .setAudience('monotickets')
    .setIssuedAt(issued)
    .setExpirationTime(issued + 900)
    .sign(deps.signingKey)
}

type Answer = { $ref?: string; description?: string; content?: Record<string, { schema?: object }> }
type OpenApi = {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>
  components: { responses: Record<string, Answer> }
}

type AnswerCheck = (method: string, url: string, response: LightMyRequestResponse) => void

/** By environment: apps of several files share one, because making the document and compiling its schemas is slow. */
const answerChecks = new Map<string, AnswerCheck>()

/** Returns a check that an answer has a request id and is listed in OpenAPI: its JSON schema, or the code of its problem. */
function answerChecker(app: FastifyInstance, env: Record<string, string>): AnswerCheck {
  const key = JSON.stringify(env)
  const check = answerChecks.get(key) ?? makeAnswerCheck(app.swagger() as unknown as OpenApi)
  answerChecks.set(key, check)
  return check
}

function makeAnswerCheck({ paths, components }: OpenApi): AnswerCheck {
  const ajv = new Ajv({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'document', components })
  const validators = new Map<object, ValidateFunction>()
  // As in the router, a written part of a path comes before a parameter.
  const countParameters = ([path]: [string, unknown]) => path.split('{').length
  const listed = Object.entries(paths).toSorted((a, b) => countParameters(a) - countParameters(b))
  const patterns = listed.map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
    methods,
  }))
  return (method: string, url: string, response: LightMyRequestResponse) => {
    assert.ok(response.headers['x-request-id'], `${method} ${url} lacks X-Request-Id`)
    const type = String(response.headers['content-type'] ?? '')
    if (url.startsWith('/openapi.json')) return
    const what = `${method} ${url} ${response.statusCode}`
    const path = patterns.find(({ pattern }) => pattern.test(url.split('?')[0]!))
    const operation = path?.methods[method.toLowerCase()]
    const answer = operation?.responses[response.statusCode]
    if (!type.includes('json')) {
      const isListed = answer?.content ? answer.content[type.split(';')[0] ?? ''] : answer
      return assert.ok(isListed || !operation, `${what} is ${type || 'empty'}, which OpenAPI does not list`)
    }
    const body = response.json<Record<string, unknown>>()
    assert.ok(body['requestId'], `${what} lacks requestId in its body`)
    if (type.includes('problem+json')) {
      for (const field of ['type', 'title', 'status', 'code', 'detail'])
        assert.ok(field in body, `${what} lacks ${field}`)
      assert.equal(body['status'], response.statusCode)
      if (operation && response.statusCode !== 500) checkProblem(what, String(body['code']), answer, components)
      return
    }
    const schema = answer?.content?.['application/json']?.schema
    if (!schema) return assert.ok(!operation, `${what} is an answer that OpenAPI does not list`)
    const validate = validators.get(schema) ?? ajv.compile(pointTo('document', schema))
    validators.set(schema, validate)
    assert.ok(validate(body), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`)
  }
}

/** A schema whose references are to the components of another document. */
const pointTo = (document: string, schema: object): object =>
  JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/components/', `"$ref":"${document}#/components/`)) as object

function checkProblem(what: string, code: string, answer: Answer | undefined, { responses }: OpenApi['components']) {
  const shared = responses[answer?.$ref?.split('/').at(-1) ?? '']
  const description = answer?.description ?? shared?.description ?? ''
  assert.ok(description.includes(`\`${code}\``), `${what} is ${code}, which OpenAPI does not list: see config.problems`)
}
