/** Reads a long answer part by part, through a cursor of the database, so that memory does not grow with its rows. */
import { sql, type Db } from './db.ts'

type Query<T> = ReturnType<typeof sql<T>>
export type Rows<T> = {
  /** The next rows; none at the end. */
  read(): Promise<T[]>
  /** Ends the transaction, and the statement that runs. May be called at any time and again. */
  close(): Promise<void>
}

const PART = 500
/** How long the reader may take for a part before the database ends its transaction. */
const IDLE = "'60s'"

/**
 * Opens the rows of a query, in one snapshot. They need a connection of `slowDb` until they are closed; `db` cancels a
 * statement that nobody waits for any more.
 */
export async function openRows<T>({ db, slowDb }: { db: Db; slowDb: Db }, query: Query<T>): Promise<Rows<T>> {
  const tx = await slowDb.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute()
  const rollBack = () =>
    tx
      .rollback()
      .execute()
      .catch(() => undefined) // a lost connection needs none
  let pid: number
  try {
    await sql`set local idle_in_transaction_session_timeout = ${sql.raw(IDLE)}`.execute(tx)
    await sql`set local cursor_tuple_fraction = 1`.execute(tx) // all rows are wanted, not the first ones soon
    await sql`declare report no scroll cursor for ${query}`.execute(tx)
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    pid = rows[0]!.pid
  } catch (error) {
    await rollBack()
    throw error
  }

  let reading: Promise<unknown> | undefined
  let closing: Promise<void> | undefined
  async function end(): Promise<void> {
    if (reading) {
      // The connection is still ours, so this cannot cancel the statement of somebody else.
      await sql`select pg_cancel_backend(${pid})`.execute(db).catch(() => undefined)
      await reading
    }
    await rollBack()
  }
  return {
    async read() {
      if (closing) return []
      const fetching = sql<T>`fetch ${sql.raw(String(PART))} from report`.execute(tx)
      reading = fetching.catch(() => undefined).finally(() => (reading = undefined))
      return (await fetching).rows
    },
    close: () => (closing ??= end()),
  }
}
