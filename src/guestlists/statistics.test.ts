/** A list is compared with the guests of its event in time that grows with both alone, whatever PostgreSQL expects of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { sql } from '../platform/db.ts'
import { openTestDatabase, startApp, type TestApp } from '../../test/harness.ts'
import { anEvent } from '../../test/make.ts'
import { reportPlans, watchPlans } from '../../test/plans.ts'
import { upload } from '../../test/uploads.ts'

const ROWS = 3000
const listOf = (places: number) =>
  ['nombre,teléfono,correo,pases']
    .concat(Array.from({ length: ROWS }, (_, n) => `Inés ${n},+5255${30_000_000 + n},ines${n}@example.com,${places}`))
    .join('\n')

let client: pg.Client
before(async () => {
  client = new pg.Client({ connectionString: await openTestDatabase() })
  client.on('error', () => {}) // the harness drops the database before this connection ends
  await client.connect()
  await reportPlans(client, 'auto')
})
after(() => client.end())

/** For a director, because row-level security changes the plans of an organizer's statements. */
async function send(app: TestApp, eventId: string, places: number): Promise<void> {
  const { statusCode, body } = await upload(app, eventId, listOf(places), { as: 'director' })
  assert.equal(statusCode, 200, body)
}

/** Long notes make the table large: only then did PostgreSQL choose to read the guests found anew for each of the event. */
async function addOthers({ db }: TestApp): Promise<void> {
  await sql`
    insert into guests (event_id, id, name, notes)
    select ${await anEvent(db)}, 'g' || n, 'Otra ' || n, repeat('Nota ', 300) from generate_series(1, 10000) n`.execute(
    db,
  )
}

const STATISTICS: Record<string, (app: TestApp) => Promise<unknown>> = {
  'there are no statistics': addOthers,
  'statistics are older than the guests of this event': () => client.query('analyze guests, invitations'),
}
for (const [at, [what, prepare]] of Object.entries(STATISTICS).entries())
  test(`no step reads a list or its event more than twice when ${what}`, async (t) => {
    const plans = watchPlans(t)
    const app = await startApp(t, { env: { DB_POOL_MAX: String(5 + at) } }) // so that its connections are new
    await prepare(app)
    const eventId = await anEvent(app.db)
    for (const [step, places] of Object.entries({ added: 2, 'sent again': 2, changed: 3 })) {
      plans.forget()
      await send(app, eventId, places)
      const { rowsMost } = plans.read(new Map())
      assert.ok(rowsMost >= 1000, `${step}: no batch was seen`)
      assert.ok(rowsMost <= 2 * ROWS, `${step}: a step has read or compared ${rowsMost} rows`)
    }
  })
