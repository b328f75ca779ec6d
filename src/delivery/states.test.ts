/** The state machine is in the database, and the diagram of docs/states.md must match it. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { sql, withTx, type Tx } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aStatus, record } from '../../test/deliveries.ts'
import { anInvitation } from '../../test/make.ts'
import { take } from './claiming-sql.ts'
import { recordStatus } from './delivery.ts'
import { DELIVERY_STATUSES as STATUSES } from '../http/schemas.ts'

/** `a → b` for every arrow of the diagram, and for the steps named below it that no code takes. */
function readArrows(page: string): { allowed: Set<string> } {
  const [, diagram = ''] = /## A delivery[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(page) ?? []
  const drawn = [...diagram.matchAll(/^ *(\w+) --> (\w+):/gm)].map(([, from, to]) => `${from} → ${to}`)
  const [sentence = ''] = /^Allowed and never taken:.*$/m.exec(page) ?? []
  const idle = [...sentence.matchAll(/`(\w+ → \w+)`/g)].map(([, arrow]) => arrow!)
  return { allowed: new Set([...drawn, ...idle]) }
}

test('the database allows exactly the steps of the diagram', async (t) => {
  const { db } = await startApp(t)
  const { allowed } = readArrows(await readFile('docs/states.md', 'utf8'))

  const { rows } = await sql<{ arrow: string }>`
    select a || ' → ' || b as arrow from unnest(${[...STATUSES]}::text[]) a, unnest(${[...STATUSES]}::text[]) b
     where delivery_may_become(a, b)`.execute(db)

  assert.equal(STATUSES.length, 10)
  assert.deepEqual(rows.map(({ arrow }) => arrow).toSorted(), [...allowed].toSorted())
})

test('a row takes every step of the diagram, and the trigger refuses all others', async (t) => {
  const app = await startApp(t)
  const { eventId, guestId } = await anInvitation(app.db)
  const { deliveryId } = (
    await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
  ).json()
  const { allowed } = readArrows(await readFile('docs/states.md', 'utf8'))
  const taken: string[] = []

  for (const from of STATUSES) {
    for (const to of STATUSES.filter((status) => status !== from)) {
      const step = withTx(app.db, async (tx) => {
        await sql`set local session_replication_role = replica`.execute(tx) // disables the trigger, to set the start state
        await sql`update deliveries set status = ${from} where id = ${deliveryId}`.execute(tx)
        await sql`set local session_replication_role = origin`.execute(tx)
        await sql`update deliveries set status = ${to} where id = ${deliveryId}`.execute(tx)
      })
      await step.then(() => taken.push(`${from} → ${to}`), isRefusedStep)
    }
  }

  assert.deepEqual(taken.toSorted(), [...allowed].toSorted())
})

test('a claim and a status update a row in place (HOT) and touch no index', async (t) => {
  const app = await startApp(t)
  const { eventId, guestId } = await anInvitation(app.db)
  const { deliveryId } = (
    await app.post(`/events/${eventId}/guests/${guestId}/send`, { as: 'organizer', body: {} })
  ).json()
  const at = app.deps.now()
  /** How many updates of deliveries `work` makes, and how many of them are HOT. */
  const counted = (work: (tx: Tx) => Promise<unknown>) =>
    withTx(app.db, async (tx) => {
      const count = async () =>
        (
          await sql<{ changes: number; inPlace: number }>`
            select n_tup_upd as changes, n_tup_hot_upd as in_place from pg_stat_xact_user_tables where relname = 'deliveries'`.execute(
            tx,
          )
        ).rows[0]!
      const before = await count()
      await work(tx)
      const after = await count()
      return [after.changes - before.changes, after.inPlace - before.inPlace]
    })
  const lease = { token: randomUUID(), now: at, until: at, windowFloor: at, dedupeWindowMs: 0, emailKeyFloor: at }
  const row = {
    id: deliveryId,
    attempts: 0,
    channel: 'whatsapp' as const,
    channelReason: null,
    possibleDuplicate: false,
    eventStatus: 'active' as const,
  }
  const received = aStatus(`wamid.${deliveryId}`, 'delivered', null, deliveryId)

  const claimed = await counted((tx) => take(tx, [row], lease))
  await record(app, { ...received, status: 'sent' })
  const delivered = await counted((tx) => recordStatus(tx, app.deps.config, received, at))

  assert.deepEqual(
    [claimed, delivered],
    [
      [1, 1],
      [1, 1],
    ],
  )
})

/** Rethrows every other error. */
function isRefusedStep(error: Error & { constraint?: string }): void {
  if (error.constraint !== 'deliveries_forward_only') throw error
}
