/** The state machine is in the database, and the drawing of docs/states.md must match it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startApp } from '../../test/harness.ts'
import { sql } from '../platform/db.ts'
import { PAYMENT_STATUSES } from './sql.ts'

/** What the words of the drawing stand for, in the order in which the states follow each other. */
const GROUPS: Record<string, string[][]> = {
  open: [['requires_payment', 'requires_action'], ['processing']],
  ended: [['failed'], ['cancelled'], ['expired']],
  paid: [['late', 'underpaid', 'confirmed', 'partially_refunded', 'refunded', 'disputed', 'charged_back']],
}
const statesOf = (word: string): string[] => GROUPS[word]?.flat() ?? [word]

/** Every step that the page allows: its arrows, forward inside a group, and from money to money. */
function readSteps(page: string): Set<string> {
  const [, diagram = ''] = /## A payment\n[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(page) ?? []
  const arrows = [...diagram.matchAll(/^ *(\w+) --> (\w+):/gm)].flatMap(([, from, to]) =>
    statesOf(from!).flatMap((a) => statesOf(to!).map((b) => `${a} → ${b}`)),
  )
  const forward = Object.values(GROUPS).flatMap((ranks) =>
    ranks.flatMap((states, rank) =>
      states.flatMap((a) => ranks.slice(rank + 1).flatMap((later) => later.map((b) => `${a} → ${b}`))),
    ),
  )
  const money = GROUPS['paid']!.flat()
  const among = money.flatMap((a) => money.filter((b) => b !== a).map((b) => `${a} → ${b}`))
  return new Set([...arrows, ...forward, ...among])
}

test('the database allows exactly the steps of the drawing', async (t) => {
  const { db } = await startApp(t)
  const allowed = readSteps(await readFile('docs/states.md', 'utf8'))

  const { rows } = await sql<{ step: string }>`
    select a || ' → ' || b as step
      from unnest(${[...PAYMENT_STATUSES]}::text[]) a, unnest(${[...PAYMENT_STATUSES]}::text[]) b
     where payment_may_become(a, b)`.execute(db)

  assert.equal(PAYMENT_STATUSES.length, 16)
  assert.deepEqual(rows.map(({ step }) => step).toSorted(), [...allowed].toSorted())
})

test('a status that does not follow from the sums is refused', async (t) => {
  const { db } = await startApp(t)
  const insert = (status: string, received: number, refunded = 0, disputed = 0) =>
    sql`insert into payments (id, kind, provider, mode, status, amount_cents, received_cents, refunded_cents, disputed_cents, currency, paid_at, created_by, request_id, created_at, updated_at)
      values (gen_random_uuid()::text, 'intent', 'mock', 'mock', ${status}, 100, ${received}, ${refunded}, ${disputed}, 'MXN',
              ${received > 0 ? new Date(0) : null}, 'u', 'r', now(), now())`.execute(db)

  for (const [status, ...sums] of [
    ['confirmed', 0],
    ['confirmed', 99],
    ['underpaid', 100],
    ['confirmed', 100, 1],
    ['partially_refunded', 100, 100],
    ['refunded', 100, 0, 100],
    ['requires_payment', 100],
  ] as [string, number, number?, number?][])
    await assert.rejects(
      insert(status, ...sums),
      /payments_status_follows_sums|payments_paid_when/,
      `${status} ${sums.join()}`,
    )
  await insert('confirmed', 101)
  await insert('partially_refunded', 100, 1)
})

test('a fact does not go back', async (t) => {
  const { db } = await startApp(t)
  await sql`insert into payments (id, kind, provider, mode, status, amount_cents, currency, created_by, request_id, created_at, updated_at)
    values ('pay_f', 'intent', 'mock', 'mock', 'processing', 100, 'MXN', 'u', 'r', now(), now())`.execute(db)
  await sql`insert into payment_facts (provider, kind, object_id, provider_ref, payment_id, state, amount_cents, currency, occurred_at, created_at, updated_at)
    values ('mock', 'refund', 're_1', 'x', 'pay_f', 'failed', 100, 'MXN', now(), now(), now())`.execute(db)

  for (const change of ["state = 'succeeded'", 'amount_cents = 99', "payment_id = 'other'", "state = 'won'"])
    await assert.rejects(sql`update payment_facts set ${sql.raw(change)} where object_id = 're_1'`.execute(db), change)
})
