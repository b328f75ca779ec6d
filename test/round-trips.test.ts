/** How many statements a hot request sends to PostgreSQL, by itself and beside others of the same moment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { issuePass } from '../src/checkin/passes.ts'
import { newId, PreparingClient } from '../src/platform/db.ts'
import { startApp, type TestApp } from './harness.ts'
import { aGuest, anEvent } from './make.ts'

let statements: string[] = []
const prototype = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown }
const { query } = prototype
prototype.query = function (this: pg.Client, ...args: unknown[]) {
  const text = typeof args[0] === 'string' ? args[0] : String((args[0] as { text?: string }).text)
  const isShared = text.includes('prepared list_revoked') // once a second, for all requests together
  if (!(this instanceof PreparingClient) && !isShared) statements.push(text.trim()) // the queue has connections of its own
  return query.apply(this, args)
}

type Reply = { statusCode: number; body: string }
type Row = {
  what: string
  /** Prepares requests, each of which is sent once. */
  prepare(app: TestApp, count: number): Promise<(() => Promise<Reply>)[]>
  /** Statements of one request: at most one read, and one statement of business. */
  most: number
}

const invited = async ({ db }: TestApp, count: number) => {
  const eventId = await anEvent(db)
  return Promise.all(Array.from({ length: count }, () => aGuest(db, eventId)))
}
const status = (id: string) => ({
  object: 'whatsapp_business_account',
  entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', statuses: [{ id }] } }] }],
})

const ROWS: Row[] = [
  {
    what: 'a scan',
    most: 1,
    prepare: async (app, count) =>
      (await invited(app, count)).map(({ eventId, code }) => () => {
        const body = { eventId, code, scanId: newId('dev') }
        return app.post('/scan/validate', { as: 'staff', body })
      }),
  },
  {
    what: 'a scan of a signed pass',
    most: 1,
    prepare: async (app, count) =>
      Promise.all(
        (await invited(app, count)).map(async ({ eventId, code }) => {
          const pass = { eventId, code, version: 1, endsAt: new Date('2030-01-01T06:00:00Z') }
          const body = { eventId, code: await issuePass(app.deps.keyring, pass), scanId: newId('dev') }
          await app.deps.keyring.list() // the keys are known to the process
          return () => app.post('/scan/validate', { as: 'staff', body })
        }),
      ),
  },
  {
    what: 'a send',
    most: 2,
    prepare: async (app, count) => {
      const [one, ...others] = (await invited(app, count + 1)).map(
        ({ eventId, guestId }) =>
          () =>
            app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} }),
      )
      await one!() // looks at the tickets of the event, once in five seconds
      return others
    },
  },
  {
    what: 'a webhook',
    most: 1,
    prepare: async (app, count) =>
      Array.from(
        { length: count },
        () => () => app.post('/wa/webhook', { as: null, body: status(`wamid.${newId('x')}`) }),
      ),
  },
  {
    what: 'an answer',
    most: 1,
    prepare: async (app, count) =>
      (await invited(app, count)).map(
        ({ code }) =>
          () =>
            app.post(`/public/invite/${code}/rsvp`, { as: null, body: { answer: 'yes' } }),
      ),
  },
  {
    what: 'an invitation',
    most: 1,
    prepare: async (app, count) =>
      (await invited(app, count)).map(
        ({ code }) =>
          () =>
            app.get(`/public/invite/${code}`, { as: null, headers: { accept: 'application/json' } }),
      ),
  },
  {
    what: 'a cached overview',
    most: 1,
    prepare: async (app, count) => {
      await app.get('/director/overview', { as: 'director' })
      return Array.from({ length: count }, () => () => app.get('/director/overview', { as: 'director' }))
    },
  },
  {
    what: 'a payment intent',
    most: 3, // the payer, the row before the call, and the answer of the provider
    prepare: async (app, count) =>
      Array.from({ length: count }, () => () => {
        const body = { amountCents: 50_000, currency: 'MXN' }
        return app.post('/payments/intent', { as: 'organizer', body })
      }),
  },
]

test('a list of guests with their deliveries takes as many statements for ten guests as for one', async (t) => {
  const app = await startApp(t)
  const guests = await invited(app, 11)
  for (const { eventId, guestId } of guests)
    await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
  const list = async (limit: number) => {
    statements = []
    const reply = await app.get(`/events/${guests[0]!.eventId}/guests?limit=${limit}`, { as: 'organizer' })
    const { data } = reply.json<{ data: { deliveries: { whatsapp: unknown } }[] }>()
    return [data.filter(({ deliveries }) => deliveries.whatsapp).length, statements.length]
  }

  assert.deepEqual(
    [await list(1), await list(10)],
    [
      // Two, each with the BEGIN that says who asks and its COMMIT.
      [1, 6],
      [10, 6],
    ],
  )
})

test('an upload of offline scans takes as many statements for ten guests found by name as for one', async (t) => {
  const app = await startApp(t, { now: '2030-01-01T01:00:00Z' })
  const guests = await invited(app, 11)
  const upload = async (some: typeof guests) => {
    const scans = some.map(({ guestId }) => ({ scanId: newId('dev'), guestId, scannedAt: '2030-01-01T00:30:00Z' }))
    statements = []
    const reply = await app.post('/scan/sync', { as: 'organizer', body: { eventId: guests[0]!.eventId, scans } })
    const { results } = reply.json<{ results: { status: string }[] }>()
    return [results.filter(({ status }) => status === 'valid').length, statements.length]
  }

  const [one, ten] = [await upload(guests.slice(0, 1)), await upload(guests.slice(1))]

  assert.deepEqual([one[0], ten[0]], [1, 10])
  assert.equal(ten[1], one[1])
})

for (const { what, most, prepare } of ROWS) {
  test(`${what} takes at most ${most} statement(s), and those of one moment share them`, async (t) => {
    const app = await startApp(t)
    const [first, ...others] = await prepare(app, 31)

    statements = []
    const reply = await first!()
    const alone = statements
    statements = []
    const replies = await Promise.all(others.map((send) => send()))

    for (const one of [reply, ...replies]) assert.ok(one.statusCode < 300, one.body)
    assert.ok(alone.length <= most, alone.join('\n\n'))
    // Up to three batches each: what comes first, what came meanwhile, and the rest.
    assert.ok(statements.length <= 3 * most, `${statements.length} statements for ${others.length} requests`)
  })
}
