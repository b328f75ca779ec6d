import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../../test/harness.ts'
import { anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { findRoleProblem, TENANT_ROLE } from './acting.ts'
import { actOn, newId, openDb, sql, withTx, type Db } from './db.ts'

/** Two organizers with an event and an invitation each. */
async function twoOrganizers({ db }: TestApp) {
  const organizerIds = [await anOrganizer(db, newId('org')), await anOrganizer(db, newId('org'))] as const
  const [own, others] = [
    await anInvitation(db, { event: { organizerId: organizerIds[0] } }),
    await anInvitation(db, { event: { organizerId: organizerIds[1] } }),
  ]
  const actor = { id: 'usr_acting', organizerId: organizerIds[0], requestId: 'req_acting' }
  return { actor, own, others, acting: actOn(db, actor) }
}

const idsOf = async (db: Db, table: string, column = 'id'): Promise<unknown[]> => {
  const { rows } = await sql<{ id: string }>`select ${sql.id(column)} as id from ${sql.table(table)}`.execute(db)
  return rows.map(({ id }) => id)
}

test('without a WHERE, a statement of an organizer finds their own rows alone', async (t) => {
  const app = await startApp(t)
  const { acting, own, actor } = await twoOrganizers(app)
  assert.deepEqual(await idsOf(acting, 'organizers'), [actor.organizerId])
  assert.deepEqual(await idsOf(acting, 'events'), [own.eventId])
  assert.deepEqual(await idsOf(acting, 'guests'), [own.guestId])
  assert.deepEqual(await idsOf(acting, 'invitations'), [own.invitationId])
  assert.ok((await idsOf(app.db, 'guests')).length >= 2)
})

test("another's rows can be neither changed nor made", async (t) => {
  const app = await startApp(t)
  const { acting, others } = await twoOrganizers(app)
  const changed = await sql`update guests set name = 'Robo' where id = ${others.guestId}`.execute(acting)
  const deleted = await sql`delete from invitations where id = ${others.invitationId}`.execute(acting)
  assert.deepEqual([changed.numAffectedRows, deleted.numAffectedRows], [0n, 0n])
  const inserted = sql`insert into guests (event_id, id, name) values (${others.eventId}, 'robo', 'Robo')`.execute(
    acting,
  )
  await assert.rejects(inserted, { code: '42501' })
})

test('the role and its settings end with the statement and with the transaction', async (t) => {
  const app = await startApp(t, { env: { DB_POOL_MAX: '2' } })
  const { acting, others } = await twoOrganizers(app)
  const whoAmI = async (db: Db) => {
    const { rows } = await sql<{ role: string; organizer: string | null; actor: string | null }>`
      select current_user as role, current_organizer() as organizer, current_setting('app.actor', true) as actor`.execute(
      db,
    )
    return rows[0]!
  }
  const outside = await whoAmI(app.db)
  const inside = await whoAmI(acting)
  assert.equal(inside.role, TENANT_ROLE)
  assert.equal(inside.actor, 'usr_acting')
  assert.deepEqual({ ...(await whoAmI(app.db)), actor: null }, { ...outside, actor: null })
  await withTx(acting, async (tx) => {
    assert.deepEqual(await whoAmI(tx), inside)
    assert.deepEqual(await idsOf(tx, 'events'), await idsOf(tx, 'events'))
  })
  await assert.rejects(
    withTx(acting, (tx) => sql`select 1 / 0`.execute(tx)),
    { code: '22012' },
  )
  await assert.rejects(sql`select 1 / 0`.execute(acting), { code: '22012' })
  assert.deepEqual({ ...(await whoAmI(app.db)), actor: null }, { ...outside, actor: null })
  assert.ok((await idsOf(app.db, 'events')).includes(others.eventId))
})

test('a statement that violates a rule at its commit fails', async (t) => {
  const app = await startApp(t)
  const { acting, actor } = await twoOrganizers(app)
  // One line of two: the ledger is checked when the transaction ends.
  const entry = sql`
    with one as (
      insert into ledger_transactions (id, organizer_id, kind, effective_at, lines, created_by, request_id, created_at)
      values ('ltx_acting', ${actor.organizerId}, 'assignment', now(), 2, 'usr_acting', 'req_acting', now())
      returning *
    )
    select id from one`
  await assert.rejects(entry.execute(acting))
  assert.ok(!(await idsOf(app.db, 'ledger_transactions')).includes('ltx_acting'))
})

test('a name with quotes is a value', async (t) => {
  const app = await startApp(t)
  const organizerId = await anOrganizer(app.db, newId('org'))
  await anEvent(app.db, { organizerId })
  const strange = `x', true), set_config('role', 'none', true) --\\`
  const acting = actOn(app.db, { id: strange, organizerId: strange, requestId: strange })
  assert.deepEqual(await idsOf(acting, 'events'), [])
})

test('every table is behind the wall, is nobody’s, or is out of reach', async (t) => {
  const { db } = await startApp(t)
  const { rows } = await sql<{
    name: string
    isWalled: boolean
    mayWrite: boolean
    mayRead: boolean
    isOfSomebody: boolean
  }>`
    select c.relname as name,
           c.relrowsecurity and exists (select from pg_policy p where p.polrelid = c.oid) as is_walled,
           has_table_privilege(${TENANT_ROLE}, c.oid, 'select') as may_read,
           has_table_privilege(${TENANT_ROLE}, c.oid, 'insert, update, delete') as may_write,
           exists (select from pg_attribute a
                    where a.attrelid = c.oid and a.attname in ('organizer_id', 'event_id', 'guest_id', 'user_id')
                      and not a.attisdropped) as is_of_somebody
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'm', 'v')
     order by 1`.execute(db)
  const open = rows.filter((one) => one.mayRead && !one.isWalled)
  assert.deepEqual(
    open.filter((one) => one.mayWrite || one.isOfSomebody).map(({ name }) => name),
    [],
    'give the table a policy (migrations/0034_row_security.sql), or no grant',
  )
  assert.ok(rows.some(({ name, mayRead }) => name === 'dead_letters' && !mayRead))
})

test('the role owns nothing and cannot step over the wall', async (t) => {
  const { db } = await startApp(t)
  const { rows } = await sql`
    select rolsuper, rolbypassrls, rolcanlogin, rolcreatedb, rolcreaterole,
           exists (select from pg_class where relowner = r.oid) as owns
      from pg_roles r
     where rolname = ${TENANT_ROLE}`.execute(db)
  assert.deepEqual(Object.values(rows[0] as object), [false, false, false, false, false, false])
})

test('a program does not start when the role is missing, too strong or not granted', async (t) => {
  const { db } = await startApp(t)
  assert.equal(await findRoleProblem(db), undefined)
  // In a transaction that is rolled back, because roles belong to the whole server.
  const problemAfter = async (...statements: string[]): Promise<string | undefined> => {
    const tx = await db.startTransaction().execute()
    try {
      for (const statement of statements) await sql.raw(statement).execute(tx)
      return await findRoleProblem(tx)
    } finally {
      await tx.rollback().execute()
    }
  }
  assert.match((await problemAfter(`alter role ${TENANT_ROLE} bypassrls`)) ?? '', /nobypassrls/)
  assert.match((await problemAfter(`alter role ${TENANT_ROLE} rename to monotickets_gone`)) ?? '', /npm run migrate/)
  const stranger = ['create role stranger', 'set local role stranger']
  assert.match((await problemAfter(...stranger)) ?? '', /grant monotickets_tenant to "stranger"/)
})

test('a statement that is given up leaves no transaction and no role behind', async (t) => {
  const { deps, db } = await startApp(t)
  const organizerId = await anOrganizer(db, newId('org'))
  // One connection, and answers that are waited for a tenth of a second.
  const impatient = openDb(deps.databaseUrl, { max: 1, statementTimeoutMs: -1900, isPooled: true, onError: () => {} })
  t.after(() => impatient.close())
  const actor = { id: 'usr_late', organizerId, requestId: 'req_late' }
  const whoAmI = async () => {
    const { rows } = await sql<{ role: string; pid: number }>`
      select current_user as role, pg_backend_pid() as pid`.execute(impatient.db)
    return rows[0]!
  }
  const sleep = (on: Db) => sql`select pg_sleep(0.4)`.execute(on)
  const acting = actOn(impatient.db, actor)
  for (const late of [() => sleep(acting), () => withTx(acting, sleep)]) {
    const before = await whoAmI()
    await assert.rejects(late(), /Query read timeout|Client was closed/)
    const after = await whoAmI()
    assert.equal(after.role, before.role)
    assert.notEqual(after.pid, before.pid)
  }
})
