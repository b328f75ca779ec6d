/**
 * The tenancy walk: every operation of openapi.json is called by the accounts of one organizer with the ids of another, in the
 * path, in the query, in the body and in cursors. Nothing of the other may be in an answer, and none of its rows may change.
 *
 * A new operation is walked by itself. One with an id that the walk has not got, or with a body that it cannot guess, fails
 * until it is told.
 */
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { ROLES, type Role } from '../src/http/access.ts'
import { newId, sql } from '../src/platform/db.ts'
import { requested } from './deliveries.ts'
import { startApp, tokenFor, type TestApp } from './harness.ts'
import { aMessage, hear } from './conversations.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from './make.ts'
import { upload } from './uploads.ts'

const NOW = '2029-06-01T18:00:00.000Z'
const HOME = 'org_victim'
/** The organizer that looks into the house of another. */
const AWAY = 'org_intruder'

type Ids = Record<string, string>
type Parameter = { name: string; in: 'path' | 'query' | 'header' }
type Operation = { operationId: string; parameters?: Parameter[]; requestBody?: object }
type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Call = { id: string; method: Method; path: string; query: string[]; hasBody: boolean; isPublic: boolean }
const FORM = {
  'content-type': 'multipart/form-data; boundary=x',
  text: '--x\r\ncontent-disposition: form-data; name="file"; filename="robo.csv"\r\n\r\nnombre\r\nRobo\r\n--x--\r\n',
}

/** What takes a list of guests as a file. */
const UPLOADS = ['importGuests', 'previewRejectedRows']

/** Bodies that are good but for their owner, of operations that refuse an empty one. `null`: nothing that could be another's. */
const BODIES: Record<string, (ids: Ids) => object | null> = {
  logIn: () => null,
  logOut: () => null,
  refreshSession: () => null,
  changeCurrentUser: () => null,
  createEvent: ({ organizerId }) => ({ organizerId, name: 'Robo', startsAt: '2030-01-01T00:00:00Z' }),
  updateEvent: () => ({ name: 'Robo' }),
  writeEventTexts: () => ({ title: 'Robo' }),
  createGuest: () => ({ name: 'Robo' }),
  updateGuest: () => ({ name: 'Robo' }),
  launchCampaign: () => ({ template: 'event_invitation', channel: 'auto', filter: {}, dryRun: true }),
  sendInvitation: () => ({}),
  validateScan: ({ eventId, code }) => ({ eventId, code }),
  syncScans: ({ eventId, code }) => ({ eventId, scans: [{ scanId: 'robo', code, scannedAt: NOW }] }),
  updateUser: () => ({ name: 'Robo' }),
  inviteUser: ({ organizerId }) => ({ organizerId, email: 'robo@example.com', name: 'Robo', role: 'staff' }),
  undoScan: () => ({ reason: 'Robo' }),
  addDevice: ({ eventId }) => ({ eventId, gate: 'Robo', name: 'Robo' }),
  claimDevice: () => null,
  createApiKey: ({ organizerId }) => ({ organizerId, name: 'Robo', scopes: ['read'] }),
  addEventStaff: () => ({ userId: 'usr_away_staff' }),
  assignConversation: () => ({ userId: 'usr_away_organizer' }),
  replyToGuest: () => ({ text: 'Robo' }),
  addToWaitlist: ({ guestId }) => ({ guestId }),
  anonymizeGuest: () => ({}),
  writeDownAnswer: () => ({ answer: 'no' }),
  createPaymentIntent: ({ organizerId, eventId }) => ({ organizerId, eventId, amountCents: 10_000, currency: 'MXN' }),
  refundPayment: () => ({ reason: 'Robo' }),
  previewTemplate: ({ eventId }) => ({ eventId }),
}

/** Statements that requests of several organizers share run without the second wall (decision 37). */
const SHARED = ['validateScan', 'sendInvitation', 'createPaymentIntent']

test('nobody finds or changes what belongs to another organizer', async (t) => {
  const app = await startApp(t, { now: NOW })
  const ids = await fillHome(app)
  const before = await readHome(app)
  const walked = await walk(app, ids, (operation, url, status, what) => {
    // A path with another's id is refused for being another's, not for a body that is wrong.
    const refusals = url.includes('cursor=') ? [400, 403, 404] : [403, 404]
    if (isOfSomebody(operation)) assert.ok(refusals.includes(status), what)
    assert.ok(status < 500, what)
  })
  assert.deepEqual(await readHome(app), before)
  assert.ok(new Set(walked).size > 60)
  t.diagnostic(`${walked.length} calls of ${new Set(walked).size} operations`)
})

test('nor do they when every WHERE has forgotten the organizer', async (t) => {
  // To the rules, each caller may see every organizer, as a director may. Only the database knows whose request it is.
  let hasForgotten = false
  const forget = (message: unknown) =>
    (message as { fastify: FastifyInstance }).fastify.addHook('preHandler', (request, _reply, done) => {
      if (hasForgotten && request.user) request.user = { ...request.user, organizerId: null }
      done()
    })
  subscribe('fastify.initialization', forget)
  t.after(() => unsubscribe('fastify.initialization', forget))
  // Another address for links, so that this test gets an app of its own.
  const env = { PUBLIC_BASE_URL: 'http://forgetful.example' }
  const app = await startApp(t, { now: NOW, env, expectErrors: /^A request failed$/ })
  const { eventId } = await anInvitation(app.db, { event: { organizerId: AWAY } })
  const ids = await fillHome(app)
  const before = await readHome(app)
  hasForgotten = true
  const reached: string[] = []
  await walk(
    app,
    ids,
    (operation, url, status) => {
      if (status < 300 && isOfSomebody(operation)) reached.push(`${operation.id} ${url}`)
    },
    SHARED,
  )
  assert.deepEqual(await readHome(app), before)
  t.diagnostic(`answered as if there were nothing: ${[...new Set(reached)].join(', ')}`)
  const { statusCode } = await app.get(`/events/${eventId}/guests`, {
    as: { id: 'usr_away_organizer', role: 'organizer', organizerId: AWAY },
  })
  assert.equal(statusCode, 200, 'their own rows are there')
})

type Look = (operation: Call, url: string, status: number, what: string) => void

/** Calls every operation as each intruder with the ids of the other house; `look` sees each answer. Returns what was called. */
async function walk(app: TestApp, ids: Ids, look: Look, without: string[] = []): Promise<string[]> {
  const operations = await listOperations(app)
  const tokens = await makeIntruders(app)
  const secrets = await listSecrets(app)
  const walked: string[] = []
  for (const operation of operations.filter(({ id, isPublic }) => !isPublic && !without.includes(id)))
    for (const [role, token] of tokens)
      for (const { url, body } of listAttempts(operation, ids)) {
        const isUpload = UPLOADS.includes(operation.id)
        const reply = await app.app.inject({
          method: operation.method.toUpperCase() as 'GET',
          url,
          headers: {
            authorization: token,
            ...(isUpload ? { 'content-type': FORM['content-type'] } : {}),
          },
          ...(body ? { payload: isUpload ? FORM.text : body } : {}),
        })
        const what = `${role}: ${operation.id} ${url} ${JSON.stringify(body ?? '')} → ${reply.statusCode} ${reply.body}`
        const said = secrets.filter(
          (secret) =>
            reply.body.includes(secret) && !`${decodeURIComponent(url)}${JSON.stringify(body)}`.includes(secret),
        )
        assert.deepEqual(said, [], what)
        look(operation, url, reply.statusCode, what)
        walked.push(operation.id)
      }
  return walked
}

test('the walk would find a leak: the owner sees everything that it looks for', async (t) => {
  const app = await startApp(t, { now: NOW })
  const ids = await fillHome(app)
  const owner = { id: 'usr_home', role: 'organizer' as const, organizerId: HOME }
  const found = new Set<string>()
  for (const operation of (await listOperations(app)).filter(({ method, isPublic }) => method === 'get' && !isPublic))
    for (const { url } of listAttempts(operation, ids)) {
      if (url.includes('/stream')) continue
      const { body } = await app.get(url, { as: owner })
      for (const secret of await listSecrets(app)) if (body.includes(secret) && !url.includes(secret)) found.add(secret)
    }
  for (const secret of [
    'Boda secreta',
    'Invitada secreta',
    'Pregunta secreta',
    '+525599990001',
    ids['paymentId'],
    ids['scanId'],
    ids['deliveryId'],
  ])
    assert.ok(found.has(secret!), secret)
})

/** Fills the house of an organizer through the API, and returns an id of each kind. */
async function fillHome(app: TestApp): Promise<Ids> {
  await anOrganizer(app.db, HOME)
  await sql`insert into users (id, organizer_id, email, name, role, password_hash)
    values ('usr_home', ${HOME}, 'home@example.com', 'Dueña', 'organizer', 'none') on conflict do nothing`.execute(
    app.db,
  )
  await sql`insert into refresh_tokens (token_hash, family_id, user_id, issued_at, expires_at)
    values ('home', 'rtf_home', 'usr_home', ${NOW}, '2030-01-01') on conflict do nothing`.execute(app.db)
  const as = { id: 'usr_home', role: 'organizer' as const, organizerId: HOME }
  const eventId = await anEvent(app.db, { organizerId: HOME, startsAt: NOW })
  await sql`update events set name = 'Boda secreta' where id = ${eventId}`.execute(app.db)
  const guests = [
    await aGuest(app.db, eventId, { phone: '+525599990001', email: 'secreta1@example.com' }),
    await aGuest(app.db, eventId, { phone: '+525599990002', email: 'secreta2@example.com' }),
    await aGuest(app.db, eventId, { phone: '+525599990003', email: 'secreta3@example.com' }),
  ]
  await sql`update guests set name = 'Invitada secreta' where event_id = ${eventId}`.execute(app.db)
  const [guest, other] = guests as [(typeof guests)[0], (typeof guests)[0]]
  const deliveryId = await requested({ ...app, post: (url, call) => app.post(url, { ...call, as }) }, guest)
  await requested({ ...app, post: (url, call) => app.post(url, { ...call, as }) }, other)
  const launch = { template: 'event_invitation', channel: 'auto', filter: {} }
  const preflight = await app.post(`/events/${eventId}/campaigns`, { as, body: { ...launch, dryRun: true } })
  const { preflightId } = preflight.json()
  const launched = await app.post(`/events/${eventId}/campaigns`, { as, body: { ...launch, preflightId } })
  const scan = { eventId, code: guest.code, gate: 'Puerta secreta' }
  assert.equal((await app.post('/scan/validate', { as, body: { ...scan, scanId: 'scan-secreto' } })).statusCode, 200)
  const document = { type: 'document', document: { id: '77', mime_type: 'application/pdf', filename: 'secreto.pdf' } }
  const message = aMessage('+525599990001', NOW, 'Pregunta secreta', document)
  await hear(app, aMessage('+525599990001', NOW, 'Pregunta secreta'), message)
  const imported = await upload(app, eventId, 'nombre,correo\nInvitada secreta,secreta4@example.com\n,sin-nombre\n', {
    as,
  })
  assert.ok(imported.json().importId, imported.body)
  const money = { amountCents: 12_345, currency: 'MXN', eventId }
  const made = await app.post('/payments/intent', { as, body: money })
  await app.post('/payments/intent', { as, body: money })
  const key = await app.post('/api-keys', { as, body: { name: 'Secreta', scopes: ['read'] } })
  const device = await app.post('/devices', { as, body: { eventId, gate: 'Puerta secreta', name: newId('n') } })
  assert.deepEqual([launched.statusCode, made.statusCode, key.statusCode, device.statusCode], [202, 201, 201, 201])
  return {
    eventId,
    guestId: guest.guestId,
    code: guest.code,
    deliveryId,
    campaignId: launched.json().campaignId,
    preflightId,
    scanId: 'scan-secreto',
    userId: 'usr_home',
    sessionId: 'rtf_home',
    importId: imported.json().importId,
    paymentId: made.json().paymentId,
    organizerId: HOME,
    keyId: key.json().apiKey.id,
    deviceId: device.json().device.id,
    locale: 'es-MX',
    messageId: message.id,
    ...(await readCursors(app, eventId, as)),
  }
}

/** Cursors that the owner was given, by the path of their list. */
async function readCursors(app: TestApp, eventId: string, as: { id: string; role: Role; organizerId: string }) {
  const cursors: Ids = {}
  for (const path of ['/payments', `/events/${eventId}/guests`, `/events/${eventId}/deliveries`]) {
    const { nextCursor } = (await app.get(`${path}?limit=1`, { as })).json().page
    assert.ok(nextCursor, path)
    cursors[`cursor of ${path}`] = nextCursor
  }
  return cursors
}

/** Names, addresses and ids that only the owner may read. */
async function listSecrets(app: TestApp): Promise<string[]> {
  const { rows } = await sql<{ secret: string }>`
    select distinct unnest(array[e.id, e.name, g.name, g.phone, g.email, i.id, i.code, d.id, p.id, s.id, s.scan_id, s.gate, c.id]) as secret
      from events e
      left join guests g on g.event_id = e.id
      left join invitations i on i.event_id = e.id
      left join deliveries d on d.event_id = e.id
      left join payments p on p.organizer_id = e.organizer_id
      left join scans s on s.event_id = e.id
      left join campaigns c on c.event_id = e.id
     where e.organizer_id = ${HOME}`.execute(app.db)
  return ['Pregunta secreta', ...rows.map(({ secret }) => secret).filter((secret) => secret !== null)]
}

/** The rows of the owner, table by table: a number for each row that changes with it. */
async function readHome(app: TestApp): Promise<Record<string, string[]>> {
  const { rows: tables } = await sql<{ name: string; column: string }>`
    select table_name as name, min(column_name) as column
      from information_schema.columns
      join information_schema.tables using (table_schema, table_name)
     where table_schema = current_schema()
       and table_type = 'BASE TABLE'
       and column_name in ('event_id', 'organizer_id')
     group by table_name
     order by table_name`.execute(app.db)
  const home: Record<string, string[]> = {}
  for (const { name, column } of [
    ...tables,
    { name: 'organizers', column: 'id' },
    { name: 'events', column: 'organizer_id' },
  ]) {
    const { rows } = await sql<{ hash: string }>`
      select md5(r::text) as hash
        from ${sql.table(name)} r
       where r.${sql.id(column)} in (select id from events where organizer_id = ${HOME} union all select ${HOME})
       order by 1`.execute(app.db)
    home[name] = rows.map(({ hash }) => hash)
  }
  return home
}

/** One account of every role but the director's, who may see everything. */
async function makeIntruders(app: TestApp): Promise<[Role, string][]> {
  await anOrganizer(app.db, AWAY)
  const tokens: [Role, string][] = []
  for (const role of ROLES.filter((one) => one !== 'director')) {
    const id = `usr_away_${role}`
    await sql`insert into users (id, organizer_id, email, name, role, password_hash)
      values (${id}, ${AWAY}, ${`${id}@example.com`}, 'Prueba', ${role}, 'none') on conflict do nothing`.execute(app.db)
    tokens.push([role, `Bearer ${await tokenFor(app.deps, { id, role, organizerId: AWAY })}`])
  }
  return tokens
}

async function listOperations(app: TestApp): Promise<Call[]> {
  const document = (await app.get('/openapi.json')).json()
  const resolve = <T extends object>(one: T | { $ref: string }): T =>
    '$ref' in one
      ? one.$ref
          .split('/')
          .slice(1)
          .reduce((at, key) => at[key], document)
      : one
  const calls: Call[] = []
  for (const [path, methods] of Object.entries<Record<string, Operation>>(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const parameters = (operation.parameters ?? []).map(resolve)
      calls.push({
        id: operation.operationId,
        method: method as Method,
        path,
        query: parameters.filter((one) => one.in === 'query').map(({ name }) => name),
        hasBody: operation.requestBody !== undefined,
        isPublic: (operation as { security?: object[] }).security?.length === 0,
      })
    }
  return calls
}

/** Parameters of a path that name no row of an organizer. */
const NOBODYS = ['channel', 'name', 'phone', 'letterId', 'reviewId', 'assignmentId', 'exportId', 'stopToken']

/** Whether the path names a row that belongs to an organizer. */
const isOfSomebody = ({ path }: Call) => [...path.matchAll(/\{(\w+)\}/g)].some(([, name]) => !NOBODYS.includes(name!))

/** The calls of an operation with another's ids: as it is, with each id in the query, and with each cursor. */
function listAttempts(operation: Call, ids: Ids): { url: string; body: object | null }[] {
  const { id, path, query, hasBody } = operation
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = ids[name] ?? (NOBODYS.includes(name) ? '+525599990001' : undefined)
    assert.ok(value, `${id} has {${name}}: tell the walk one of another organizer in fillHome`)
    return encodeURIComponent(value)
  })
  const body = hasBody ? (BODIES[id] ?? (() => ({})))(ids) : null
  const filters = query.filter((name) => name in ids).map((name) => `${name}=${encodeURIComponent(ids[name]!)}`)
  const cursors = query.includes('cursor')
    ? Object.entries(ids)
        .filter(([name]) => name.startsWith('cursor of '))
        .map(([, cursor]) => `cursor=${encodeURIComponent(cursor)}`)
    : []
  return ['', ...filters, ...cursors].map((search) => ({ url: search ? `${url}?${search}` : url, body }))
}
