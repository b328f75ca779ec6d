/**
 * Poolers between this program and PostgreSQL, such as PgBouncer in transaction mode; docs/pgbouncer.md has the settings.
 *
 * A pooler hands a session to one transaction after the other. Requests and jobs need no more than that. Migrations, long
 * reads and queues on PostgreSQL need a session of their own, and connect to PostgreSQL itself (DATABASE_DIRECT_URL).
 */
import { withClient } from './db.ts'
import { withTimeout } from './queue.ts'

type Client = Parameters<Parameters<typeof withClient>[1]>[0]
type Session = { isPooled: boolean; statementTimeoutMs: number }

/** What PgBouncer answers to a start-up parameter that it does not know, and to a transaction when it pools statements. */
const REFUSALS = /^(unsupported startup parameter|transaction blocks not allowed)/

/**
 * What keeps this program from working through the pooler, in one line that says what to set; undefined: nothing. Throws
 * when an address does not answer. `databaseUrl` must be PostgreSQL itself, `poolerUrl` is given when there is a pooler.
 */
export async function findPoolingProblem({
  databaseUrl,
  poolerUrl,
}: {
  databaseUrl: string
  poolerUrl: string | undefined
}): Promise<string | undefined> {
  try {
    const direct = await inspectSession(databaseUrl)
    if (direct.isPooled)
      return poolerUrl === undefined
        ? 'DATABASE_URL (or DB_HOST) leads to a pooler such as PgBouncer: set DATABASE_DIRECT_URL to the address of PostgreSQL itself beside it (docs/pgbouncer.md).'
        : 'DATABASE_DIRECT_URL leads to a pooler: it must be the address of PostgreSQL itself (docs/pgbouncer.md).'
    if (poolerUrl === undefined || (await inspectSession(poolerUrl)).statementTimeoutMs > 0) return undefined
    return "The sessions of the pooler have no statement_timeout, so that a statement could run for ever: add connect_query='set statement_timeout = 10000' to the database in pgbouncer.ini, or set it for the role (docs/pgbouncer.md)."
  } catch (error) {
    if (!(error instanceof Error && REFUSALS.test(error.message))) throw error
    return `The pooler refuses this program («${error.message}»): docs/pgbouncer.md has the settings that it needs.`
  }
}

const inspectSession = (url: string): Promise<Session> =>
  withClient(url, (client) => withTimeout(readSession(client), 5000))

/** A pooler tells each client a process id of its own making, with which to cancel. PostgreSQL tells that of the session. */
async function readSession(client: Client & { processID?: number | null }): Promise<Session> {
  await client.query('begin') // refused where single statements are pooled
  const { rows } = await client.query<{ processId: number; timeoutMs: number }>(
    `select pg_backend_pid() as "processId", setting::integer as "timeoutMs"
       from pg_settings
      where name = 'statement_timeout'`,
  )
  await client.query('commit')
  const { processId, timeoutMs } = rows[0]!
  return { isPooled: client.processID !== processId, statementTimeoutMs: timeoutMs }
}
