/** Reads a long answer part by part, through a cursor of the database, so that memory does not grow with its rows. */
import { sql, type Db } from './db.ts'

type Query<T> = ReturnType<typeof sql<T>>
export type Rows<T> = {
  /** The next rows; none at the end. */
  read(): Promise<T[]>
  /** Another question to the same snapshot, before the rows are read. */
  ask<A>(question: Query<A>): Promise<A[]>
  /** Ends the transaction, and the statement that runs. May be called at any time and again. */
  close(): Promise<void>
}

const PART = 500
/** How long the reader may take for a part before the database ends its transaction. */
const IDLE = "'60s'"

/**
 * Opens the rows of a query, in one snapshot. They need a connection of `slowDb` until they are closed; `db` cancels a
 * statement that nobody waits for any more, when they are closed or `signal` is aborted.
 */
export async function openRows<T>(
  { db, slowDb, signal }: { db: Db; slowDb: Db; signal?: AbortSignal },
  query: Query<T>,
): Promise<Rows<T>> {
  const tx = await slowDb.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute()
  let pid: number | undefined
  let running: Promise<unknown> | undefined
  let closing: Promise<void> | undefined

  async function ask<A>(question: Query<A>): Promise<A[]> {
    if (closing) throw new Error('nobody waits for the rows any more')
    const asked = question.execute(tx)
    running = asked.catch(() => undefined).finally(() => (running = undefined))
    return (await asked).rows
  }
  async function read(): Promise<T[]> {
    if (closing) return []
    const rows = await ask(sql<T>`fetch ${sql.raw(String(PART))} from report`)
    if (rows.length < PART) await close() // nothing more comes, so a slow reader keeps no connection
    return rows
  }
  const close = () => (closing ??= end())
  async function end(): Promise<void> {
    // The connection is still ours, so this cannot cancel the statement of somebody else.
    if (running && pid) await sql`select pg_cancel_backend(${pid})`.execute(db).catch(() => undefined)
    await running
    await tx
      .rollback()
      .execute()
      .catch(() => undefined) // a lost connection needs none
  }

  try {
    signal?.addEventListener('abort', () => void close(), { once: true })
    pid = (await ask(sql<{ pid: number }>`select pg_backend_pid() as pid`))[0]!.pid
    signal?.throwIfAborted()
    await ask(sql`set local idle_in_transaction_session_timeout = ${sql.raw(IDLE)}`)
    await ask(sql`set local cursor_tuple_fraction = 1`) // all rows are wanted, not the first ones soon
    await ask(sql`declare report no scroll cursor for ${query}`)
  } catch (error) {
    await close()
    throw error
  }
  return { read, ask, close }
}
