/** The hot statements read what their index finds, whatever the size of the tables. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test, type TestContext } from 'node:test'
import pg from 'pg'
import { fill, GROUP } from '../bench/growth-data.ts'
import { codePrefixOf } from '../bench/machine.ts'
import { deliverInvitation, releaseDeliveries, sweepDeliveries } from '../src/delivery/jobs.ts'
import type { User } from '../src/http/access.ts'
import { processWaEvent, sweepInboundEvents } from '../src/inbox/jobs.ts'
import { NOON } from './deliveries.ts'
import { openTestDatabase, startApp, type TestApp } from './harness.ts'
import { listBig, reportPlans, watchPlans, type Seen } from './plans.ts'

const GUESTS = 10_000
const SECRET = 'only-for-tests-only-for-tests-only-for-tests'
const ENV = { DELIVERY_QUIET_HOURS: 'off', WA_WEBHOOK_SECRET: SECRET, WA_WEBHOOK_SECRET_HEADER: 'x-webhook-secret' }
const asOne = (role: User['role']): User => ({
  id: `usr_${'0'.repeat(29)}123`,
  role,
  organizerId: role === 'director' ? null : 'org_bench',
})
const JSON_ONLY = { accept: 'application/json' }

/** For what the test itself asks; its plans are not reported. */
let client: pg.Client
let big: Map<string, string>

before(async () => {
  client = new pg.Client({ connectionString: await openTestDatabase() })
  client.on('error', () => {}) // the harness drops the database before this connection ends
  await client.connect()
  await fill(client, GUESTS, 'no password')
  // More events and accounts, all over their indexes, so that these tables are big as well.
  await client.query(`insert into events (id, organizer_id, name, starts_at, ends_at)
    select 'EV-' || n / 256 || '-' || n, 'org_bench', 'Boda', '2035-01-01', '2035-01-02' from generate_series(1, ${GUESTS}) n`)
  await client.query(`insert into users (id, organizer_id, email, name, role, password_hash)
    select 'usr_' || n, 'org_bench', 'more' || n || '@example.com', 'Ana', 'staff', '' from generate_series(1, ${GUESTS}) n`)
  await client.query(`insert into event_staff (event_id, user_id, added_by, added_at)
    select id, '${asOne('staff').id}', 'test', now() from events`)
  // An event with many guests, to be searched.
  await client.query(`insert into events (id, organizer_id, name, starts_at, ends_at)
    values ('EV-many', 'org_bench', 'Feria', '2035-01-01', '2035-01-02')`)
  await client.query(`insert into guests (event_id, id, name, phone)
    select 'EV-many', 'm' || n, 'José Núñez ' || n, '+5255' || 20000000 + n from generate_series(1, ${GUESTS}) n`)
  await client.query(`insert into invitations (id, event_id, guest_id, code, places)
    select 'inv-many-' || n, 'EV-many', 'm' || n, 'MANY-' || n, 1 from generate_series(1, ${GUESTS}) n`)
  await client.query('analyze')
  big = await listBig(client)
})
after(() => client.end())

/** Each runs what it is about, for guest n. `uses`: indexes that must have been searched. */
type Case = { uses: string[]; run: (app: TestApp, n: number) => Promise<unknown> }
const eventOf = (n: number) => `EV-${Math.floor(n / 250)}`
const codeOf = (n: number) => codePrefixOf(GROUP) + String(n).padStart(8, '0')

async function succeed(answer: Promise<{ statusCode: number; body: string }>): Promise<void> {
  const { statusCode, body } = await answer
  assert.ok(statusCode < 300, `${statusCode} ${body}`)
}

const scan = ({ post }: TestApp, n: number, scanId: string) =>
  succeed(post('/scan/validate', { as: asOne('staff'), body: { eventId: eventOf(n), code: codeOf(n), scanId } }))

const send = ({ post }: TestApp, n: number, headers: Record<string, string> = {}) =>
  post(`/events/${eventOf(n)}/guests/g${n}/send`, { as: asOne('organizer'), body: { channel: 'whatsapp' }, headers })

async function request(app: TestApp, n: number): Promise<string> {
  const answer = await send(app, n)
  return answer.json<{ deliveryId: string }>().deliveryId
}

/** A status of the message that guest n got before. Returns the id of the stored webhook. */
async function ingest({ post }: TestApp, n: number, status: string): Promise<string> {
  const id = `wamid.${createHash('md5').update(String(n)).digest('hex')}`
  const statuses = [{ id, status, timestamp: '1790000000', recipient_id: '5215510000010' }]
  const value = { messaging_product: 'whatsapp', metadata: { phone_number_id: '1' }, statuses }
  const body = { object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value }] }] }
  await succeed(post('/wa/webhook', { body, headers: { 'x-webhook-secret': SECRET } }))
  const { rows } = await client.query<{ id: string }>("select id from inbound_events where status = 'received'")
  return rows[0]!.id
}

const CASES: Record<string, Case> = {
  'the session of a caller': {
    uses: ['users_pkey'],
    run: ({ get }) => succeed(get('/auth/me', { as: asOne('organizer') })),
  },
  'an invitation by its code': {
    uses: ['invitations_code_unique', 'guests_pkey'],
    run: ({ get }, n) => succeed(get(`/public/invite/${codeOf(n)}`, { headers: JSON_ONLY })),
  },
  'an invitation by a code as people type it': {
    uses: ['invitations_code_key'],
    run: ({ get }, n) =>
      succeed(
        get(
          `/public/invite/${codeOf(n)
            .replace(/(.{4})/g, '$1-')
            .toLowerCase()}`,
          { headers: JSON_ONLY },
        ),
      ),
  },
  'an unknown code': {
    uses: ['invitations_code_key'],
    run: ({ get }, n) => get(`/public/invite/NOBODY-${n}`, { headers: JSON_ONLY }),
  },
  'an answer': {
    uses: ['invitations_code_unique'],
    run: ({ post }, n) => succeed(post(`/public/invite/${codeOf(n)}/rsvp`, { body: { answer: 'yes', partySize: 20 } })),
  },
  'scans: the first, a retry, and one more than places': {
    uses: ['invitations_code_unique', 'scans_once', 'event_staff_pkey'],
    async run(app, n) {
      for (const id of ['a', 'a', 'b']) await scan(app, n, `plan-${n}-${id}`)
      await client.query('update invitations set places = admitted where code = $1', [codeOf(n)])
      await scan(app, n, `plan-${n}-c`)
    },
  },
  'requests to send: the first, a duplicate, and one with a key': {
    uses: ['guests_pkey', 'delivery_slots_pkey'],
    async run(app, n) {
      await send(app, n)
      await send(app, n)
      await send(app, n + 1, { 'idempotency-key': `plan-${n}` })
    },
  },
  'a delivery: claimed, called, settled': {
    uses: ['deliveries_pkey'],
    async run(app, n) {
      assert.equal(await app.runJob(deliverInvitation, { deliveryId: await request(app, n) }), 'sent')
    },
  },
  'webhooks: stored, sent again, read': {
    uses: ['inbound_events_once', 'inbound_events_pkey', 'deliveries_provider_message'],
    async run(app, n) {
      const id = await ingest(app, n, 'delivered')
      await ingest(app, n, 'delivered')
      assert.equal(await app.runJob(processWaEvent, { inboundEventId: id }), 'done')
    },
  },
  'what the clock looks for every second': {
    uses: ['deliveries_due', 'inbound_events_due'],
    async run(app) {
      await app.runJob(sweepDeliveries, {})
      await app.runJob(releaseDeliveries, {})
      await app.runJob(sweepInboundEvents, {})
    },
  },
  'a payment': {
    uses: [],
    run: ({ post }) =>
      succeed(
        post('/payments/intent', {
          as: asOne('organizer'),
          body: { amountCents: 150_000, currency: 'MXN', provider: 'mock' },
        }),
      ),
  },
  readiness: { uses: ['deliveries_due', 'inbound_events_due'], run: ({ get }) => get('/ready') },
}

/** Another size of the pool is another app, and its connections are new. */
let poolMax = 5

async function start(t: TestContext, planning: 'auto' | 'force_generic_plan') {
  await reportPlans(client, planning)
  const plans = watchPlans(t)
  const app = await startApp(t, { now: NOON, env: { ...ENV, DB_POOL_MAX: String(poolMax++) } })
  const see = async (one: Case, n: number): Promise<Seen> => {
    plans.forget()
    await one.run(app, n)
    return plans.read(big)
  }
  return { ...app, see }
}

for (const [at, planning] of (['auto', 'force_generic_plan'] as const).entries())
  test(`hot statements search an index (${planning})`, async (t) => {
    const { see, get } = await start(t, planning)
    for (const [n, [name, one]] of Object.entries(CASES).entries())
      await t.test(name, async () => {
        const { statements, indexes, faults } = await see(one, 1000 + 5000 * at + 300 * n)
        assert.deepEqual(faults, [])
        assert.ok(statements > 0, 'no plan was seen')
        for (const index of one.uses)
          assert.ok(indexes.has(index), `${index} is not used, but ${[...indexes].join(', ')}`)
      })

    // Its statement is planned for each search: how rare the words are decides.
    if (planning === 'auto')
      await t.test('a search among the guests of an event', async () => {
        const run = () => succeed(get('/events/EV-many/guests?q=nunez%204711', { as: asOne('organizer') }))
        const { faults, indexes } = await see({ uses: [], run }, 0)
        assert.deepEqual(faults, [])
        assert.ok(indexes.has('guests_search'), `not guests_search, but ${[...indexes].join(', ')}`)
      })

    await t.test('a cached overview', async () => {
      const read = () => get('/director/overview', { as: asOne('director') })
      await read()
      const { faults } = await see(
        { uses: [], run: async () => assert.equal((await read()).headers['x-cache'], 'hit') },
        0,
      )
      assert.deepEqual(faults, [])
    })
  })

test('a statement without its index is noticed', async (t) => {
  const { see } = await start(t, 'auto')
  const planted: [string, string][] = [
    ['what the clock looks for every second', 'drop index deliveries_due'],
    ['webhooks: stored, sent again, read', 'drop index deliveries_provider_message'],
    ['an unknown code', 'drop index invitations_code_key'],
    // The lists of users end with the id, so PostgreSQL would look through one of these indexes, and the plan counts one row.
    [
      'the session of a caller',
      'alter table users drop constraint users_pkey cascade; drop index users_list, users_organizer',
    ],
  ]
  for (const [n, [name, statement]] of planted.entries()) {
    await client.query(statement)
    const { faults } = await see(CASES[name]!, 9000 + 100 * n)
    assert.ok(faults.length > 0, `${statement} was not noticed`)
  }
})
