/** Migration 0018 on a database that has a ledger of single entries. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEmptyDatabase } from '../../test/harness.ts'
import { listMovements } from '../../test/ledger.ts'
import { applyMigrations, MIGRATIONS_FOLDER, openDb, sql } from '../platform/db.ts'
import { listLedgerFaults } from './checks.ts'
import { findBalance, findMovementOfPayment } from './ledger.ts'

const AT = '2029-06-01T12:00:00.000Z'

test('the entries of before become transactions that balance, and nobody owes more or less', async (t) => {
  const { db, close } = openDb(await openEmptyDatabase(), { max: 2, statementTimeoutMs: 20_000, onError: () => {} })
  const before = await mkdtemp(join(tmpdir(), 'migrations-'))
  t.after(async () => {
    await close()
    await rm(before, { recursive: true })
  })
  for (const file of await readdir(MIGRATIONS_FOLDER))
    if (/^00(0\d|1[0-7])_/.test(file)) await cp(join(MIGRATIONS_FOLDER, file), join(before, file))
  await applyMigrations(db, before)
  await sql`insert into organizers (id, name) values ('o1', 'Uno'), ('o2', 'Dos')`.execute(db)
  const pay = (id: string, cents: number, status: string) =>
    sql`insert into payments (id, kind, organizer_id, provider, mode, status, amount_cents, currency, method, paid_at, created_by, request_id, created_at, updated_at)
      values (${id}, 'manual', 'o1', 'manual', 'manual', ${status}, ${cents}, 'MXN', 'transfer', ${AT}, 'u', 'r', ${AT}, ${AT})`.execute(
      db,
    )
  type Old = { tickets?: number; paymentId?: string; reverses?: number; organizerId?: string }
  const enter = async (kind: string, cents: number, old: Old = {}) => {
    const { tickets = 0, paymentId = null, reverses = null, organizerId = 'o1' } = old
    const { rows } = await sql<{ id: number }>`
      insert into ledger_entries (organizer_id, kind, tickets, amount_cents, currency, payment_id, reverses_id, reason, created_by, effective_at)
      values (${organizerId}, ${kind}, ${tickets}, ${cents}, 'MXN', ${paymentId}, ${reverses}, 'why', 'u', ${AT})
      returning id`.execute(db)
    return rows[0]!.id
  }
  await enter('loan', 10_000, { tickets: 100 })
  await enter('prepaid', 5000, { tickets: 50 })
  await enter('prepaid', 0, { tickets: 3 })
  await pay('p1', 6000, 'confirmed')
  await enter('payment', 6000, { paymentId: 'p1' })
  await pay('p2', 900, 'reversed')
  const wrong = await enter('payment', 900, { paymentId: 'p2' })
  await enter('reversal', -900, { paymentId: 'p2', reverses: wrong })
  const lent = await enter('loan', 70, { tickets: 7, organizerId: 'o2' })
  await enter('reversal', -70, { tickets: -7, reverses: lent, organizerId: 'o2' })

  await applyMigrations(db, MIGRATIONS_FOLDER)

  assert.deepEqual(await listMovements(db, 'o1'), [
    ['loan', 10_000, 100],
    ['prepaid', 5000, 50],
    ['payment', -5000, 0],
    ['prepaid', 0, 3],
    ['payment', -6000, 0],
    ['payment', -900, 0],
    ['reversal', 900, 0],
  ])
  const { openDebtCents, paidCents, prepaid } = await findBalance(db, 'o1', 'MXN')
  assert.deepEqual([openDebtCents, paidCents, prepaid.left], [4000, 11_000, 53])
  assert.deepEqual(await listMovements(db, 'o2'), [
    ['loan', 70, 7],
    ['reversal', -70, -7],
  ])
  const cash = (await findMovementOfPayment(db, 'p1'))!.entries.find(({ account }) => account === 'cash')
  assert.equal(cash!.method, 'transfer')
  assert.deepEqual(await listLedgerFaults(db), [])
})
