/**
 * The database on behalf of somebody. Each statement runs in a transaction that says who acts: for the users of one organizer
 * as the role `monotickets_tenant`, to which row-level security shows the rows of that organizer alone. Triggers read the
 * actor and the request for the audit log. docs/decisions/0037-the-database-knows-who-asks.md tells what runs without it.
 */
import {
  CompiledQuery,
  PostgresDriver,
  sql,
  type DatabaseConnection,
  type Driver,
  type Kysely,
  type Transaction,
  type TransactionSettings,
} from 'kysely'
import pg from 'pg'
import type { DB } from './tables.ts'

/** `organizerId`: null for a director, who sees every organizer and acts as the program's own role. */
export type Actor = { id: string; organizerId: string | null; requestId: string }

export const TENANT_ROLE = 'monotickets_tenant'

/** A connection of the pool, and whether a transaction is open on it, to which the settings already belong. */
type Acting = DatabaseConnection & { inner: DatabaseConnection; isInTransaction: boolean }

/** A driver over a pool that somebody else closes. */
export function actingDriver(pool: pg.Pool, actor: Actor): Driver {
  const driver: Driver = new PostgresDriver({ pool })
  const settings = describe(actor)
  const innerOf = (connection: DatabaseConnection) => (connection as Acting).inner
  return {
    init: () => driver.init(),
    async acquireConnection() {
      const inner = await driver.acquireConnection()
      const acting: Acting = {
        inner,
        isInTransaction: false,
        executeQuery: <R>(query: CompiledQuery) =>
          acting.isInTransaction ? inner.executeQuery<R>(query) : runAlone<R>(inner, settings, query),
        streamQuery: () => {
          throw new Error('Nobody streams on behalf of somebody')
        },
      }
      return acting
    },
    async beginTransaction(connection, transaction) {
      await begin(innerOf(connection), `${beginOf(transaction)}; ${settings}`)
      ;(connection as Acting).isInTransaction = true
    },
    commitTransaction: (connection) => driver.commitTransaction(innerOf(connection)),
    rollbackTransaction: (connection) => driver.rollbackTransaction(innerOf(connection)),
    releaseConnection: (connection) => driver.releaseConnection(innerOf(connection)),
    destroy: async () => {},
  }
}

/** Runs one statement in a transaction of its own. COMMIT ends a failed one as ROLLBACK does, so it need not wait. */
async function runAlone<R>(connection: DatabaseConnection, settings: string, query: CompiledQuery) {
  // Nothing runs before the role is known to be set.
  await begin(connection, `begin; ${settings}`)
  const [result, end] = await Promise.allSettled([
    connection.executeQuery<R>(query),
    connection.executeQuery(CompiledQuery.raw('commit')),
  ])
  if (result.status === 'rejected') throw result.reason
  if (end.status === 'rejected') throw end.reason
  return result.value
}

/** When the settings are refused, the transaction that has begun is ended. */
async function begin(connection: DatabaseConnection, statement: string): Promise<void> {
  try {
    await connection.executeQuery(CompiledQuery.raw(statement))
  } catch (error) {
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => {})
    throw error
  }
}

function beginOf({ isolationLevel, accessMode }: TransactionSettings): string {
  return `begin${isolationLevel ? ` isolation level ${isolationLevel}` : ''}${accessMode ? ` ${accessMode}` : ''}`
}

/** Settings that end with the transaction. Custom ones are '' afterwards, which the functions of the database read as null. */
function describe({ id, organizerId, requestId }: Actor): string {
  const values: [string, string][] = [
    ['app.actor', id],
    ['app.request', requestId],
  ]
  if (organizerId !== null) values.push(['app.organizer', organizerId], ['role', TENANT_ROLE])
  return `select ${values.map(([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value)}, true)`).join(', ')}`
}

/** What keeps requests of organizers from running behind the wall, in one line that says what to do; undefined: nothing. */
export async function findRoleProblem(db: Kysely<DB>): Promise<string | undefined> {
  const { rows } = await sql<{ isBlind: boolean; mayAct: boolean; login: string }>`
    select not (rolsuper or rolbypassrls) as is_blind,
           pg_has_role(current_user, oid, 'member') as may_act,
           current_user as login
      from pg_roles
     where rolname = ${TENANT_ROLE}`.execute(db)
  const role = rows[0]
  if (!role) return `The role ${TENANT_ROLE} is missing: run npm run migrate, or create it as README.md says.`
  if (!role.isBlind)
    return `The role ${TENANT_ROLE} must be neither superuser nor BYPASSRLS: alter role ${TENANT_ROLE} nosuperuser nobypassrls.`
  return role.mayAct ? undefined : `As a superuser: grant ${TENANT_ROLE} to "${role.login}".`
}

/** Until the transaction ends, the audit log gets no entry of each guest: a list is recorded as one. */
export async function recordAsOne(tx: Transaction<DB>): Promise<void> {
  await sql`select set_config('app.bulk', 'on', true)`.execute(tx)
}
