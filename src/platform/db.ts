/** The one door to PostgreSQL: pools, typed queries, transactions, migrations, identifiers. */
import { randomBytes } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CamelCasePlugin,
  DEFAULT_MIGRATION_TABLE,
  Kysely,
  Migrator,
  PostgresDialect,
  sql,
  type Migration,
  type PluginTransformResultArgs,
  type QueryResult,
  type Transaction,
  type UnknownRow,
} from 'kysely'
import pg from 'pg'
import { actingDriver, type Actor } from './acting.ts'
import type { DB } from './tables.ts'

export { sql } from 'kysely'
export type Db = Kysely<DB>
/** A transaction. A Tx is a Db, so a function that takes a Db also takes a Tx. */
export type Tx = Transaction<DB>

// Counts and cents are bigint in PostgreSQL and stay far below 2^53 (90 trillion pesos).
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

export type OpenDb = { db: Db; close: () => Promise<void> }

/**
 * Opens a pool. `onError` gets the errors of idle connections. Every wait is bounded, because a half-open connection would
 * otherwise hang for ever without an error. `isPooled`: the url is that of a pooler (pooling.ts), where each transaction may
 * get another session, so that no setting and no prepared statement of a session may be relied on.
 */
export function openDb(
  url: string,
  options: { max: number; statementTimeoutMs: number; isPooled?: boolean; onError: (error: Error) => void },
): OpenDb {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    connectionTimeoutMillis: 3000,
    ...(options.isPooled ? {} : { statement_timeout: options.statementTimeoutMs }), // a pooler has its own
    query_timeout: options.statementTimeoutMs + 2000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'monotickets',
  })
  let isClosing = false
  pool.on('error', (error) => {
    if (!isClosing) options.onError(error) // a server that stops with us also ends connections that are closing
  })
  pool.on('connect', (client) => client.on('error', ignore))
  pool.on('connect', dropWhenLate)
  if (!options.isPooled) pool.on('connect', prepareNamed)
  const plugins = [new CamelCaseColumns({ maintainNestedObjectKeys: true })]
  const dialect = new PostgresDialect({ pool })
  const db = new Kysely<DB>({ dialect, plugins })
  const createQueryCompiler = () => dialect.createQueryCompiler()
  const createAdapter = () => dialect.createAdapter()
  const createIntrospector = (of: Kysely<unknown>) => dialect.createIntrospector(of)
  actingOn.set(db, (actor) => {
    const createDriver = () => actingDriver(pool, actor)
    return new Kysely<DB>({
      dialect: { createDriver, createQueryCompiler, createAdapter, createIntrospector },
      plugins,
    })
  })
  return {
    db,
    close() {
      isClosing = true
      return db.destroy()
    },
  }
}

const actingOn = new WeakMap<Db, (actor: Actor) => Db>()

/** The same pool on behalf of somebody: each statement takes three round trips, and each transaction the usual ones. */
export function actOn(db: Db, actor: Actor): Db {
  const act = actingOn.get(db)
  if (!act) throw new Error('Only a pool can act on behalf of somebody')
  return act(actor)
}

/**
 * A statement whose answer did not come in time may still run, and so may the transaction that it began. The connection is
 * closed, so that nobody else's statement lands in it.
 */
function dropWhenLate(client: pg.PoolClient): void {
  const { query } = client
  client.query = function (this: pg.PoolClient, ...args: unknown[]) {
    const answer: unknown = (query as (...args: unknown[]) => unknown).apply(this, args)
    if (answer instanceof Promise)
      answer.catch((error: unknown) => {
        // The pool drops a client that ends.
        if (error instanceof Error && error.message === 'Query read timeout') (client as pg.Client).end(ignore)
      })
    return answer
  } as typeof client.query
}

/** A lost connection fails the statement that runs or the next one. Without a listener it would also end the process. */
const ignore = () => {}

/** Converts column names once per result. The plugin would convert every name of every row. */
class CamelCaseColumns extends CamelCasePlugin {
  override async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    const { rows } = result
    if (!rows?.[0]) return result
    const columns = Object.keys(rows[0])
    const names = columns.map((column) => this.camelCase(column))
    const renamed = rows.map((row) => {
      const named: UnknownRow = {}
      for (let n = 0; n < columns.length; n++) named[names[n]!] = row[columns[n]!]
      return named
    })
    return { ...result, rows: renamed }
  }
}

/**
 * A statement that begins with the comment `prepared NAME` is prepared once per connection. This is for hot statements whose
 * planning costs more than their execution. The text must be the same for every call, so such a statement takes arrays.
 */
function prepareNamed(client: pg.PoolClient): void {
  nameStatements(client, (text) => /^\s*\/\* prepared (\w+) \*\//.exec(text)?.[1])
}

/** A client that prepares every statement with parameters once per connection, for a library with few fixed statements. */
export class PreparingClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config)
    this.on('error', ignore)
    nameStatements(this, nameOfStatement)
  }
}

const STATEMENTS_MAX = 200
const statements = new Map<string, string>()
function nameOfStatement(text: string): string | undefined {
  if (!statements.has(text) && statements.size < STATEMENTS_MAX) statements.set(text, `statement_${statements.size}`)
  return statements.get(text)
}

function nameStatements(client: pg.ClientBase, nameOf: (text: string) => string | undefined): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown
  client.query = ((text: unknown, values: unknown, ...more: unknown[]) => {
    const name = typeof text === 'string' && Array.isArray(values) ? nameOf(text) : undefined
    return name ? query({ name, text, values }, ...more) : query(text, values, ...more)
  }) as typeof client.query
}

/** Runs `work` in one transaction. `work` must not call the network. */
export function withTx<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().execute(work)
}

/** Runs `work` in a savepoint: when it throws, only its own writes are rolled back and the transaction stays usable. */
export async function withSavepoint<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  await sql`savepoint item`.execute(tx)
  try {
    const result = await work()
    await sql`release savepoint item`.execute(tx)
    return result
  } catch (error) {
    await sql`rollback to savepoint item`.execute(tx)
    throw error
  }
}

/** Random for each process, so that two processes never make the same id. */
const PROCESS_PART = randomBytes(7).toString('hex')
let idCount = 0
let idTime = { ms: 0, text: '' }

/**
 * A new id such as `dl_01a22394cb0e000001ed81c33ea06cd1`: a prefix for the kind of object, the milliseconds since 1970, a
 * counter and the part of this process, in hexadecimal. Ids of one process sort by time; those of two may not, because the time
 * is that of a clock which nobody sets. An id is unique and not secret.
 */
export function newId(prefix: string, at?: Date): string {
  const ms = at ? at.getTime() : Math.floor(performance.timeOrigin + performance.now())
  if (ms !== idTime.ms) idTime = { ms, text: ms.toString(16).padStart(12, '0') }
  idCount = (idCount + 1) % 0x1000000
  return `${prefix}_${idTime.text}${idCount.toString(16).padStart(6, '0')}${PROCESS_PART}`
}

/** The name of the violated constraint; undefined for any other error. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') ? error.constraint : undefined
}

/** Whether PostgreSQL refused a text: NUL, invalid UTF-8 or JSON that it cannot store. */
export function isUnstorableText(error: unknown): boolean {
  return error instanceof pg.DatabaseError && ['22021', '22P05', '22P02'].includes(error.code ?? '')
}

export async function pingDb(db: Db): Promise<void> {
  await sql`select 1`.execute(db)
}

export const MIGRATIONS_FOLDER = new URL('../../migrations', import.meta.url).pathname

async function listMigrations(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => /^\d{4}_.*\.sql$/.test(file))
  return files.map((file) => file.replace(/\.sql$/, '')).toSorted()
}

/** Plain SQL files, each applied once in the order of their numbers. A lock lets one process migrate at a time. */
function migrator(db: Db, folder: string): Migrator {
  return new Migrator({
    db: db.withoutPlugins(),
    provider: {
      async getMigrations() {
        const migrations: Record<string, Migration> = {}
        for (const name of await listMigrations(folder)) {
          const text = await readFile(join(folder, `${name}.sql`), 'utf8')
          migrations[name] = { up: async (tx) => void (await sql.raw(text).execute(tx)) }
        }
        return migrations
      },
    },
  })
}

/** Applies pending migrations and returns their names. */
export async function applyMigrations(db: Db, folder: string): Promise<string[]> {
  const { error, results = [] } = await migrator(db, folder).migrateToLatest()
  if (error) throw error
  return results.map((result) => result.migrationName)
}

/** The names of pending migrations. The migrator would read the columns of all tables to tell, at every look. */
export async function listPendingMigrations(db: Db, folder: string): Promise<string[]> {
  const names = await listMigrations(folder)
  const { rows: tables } = await sql<{ name: string | null }>`
    select to_regclass(${DEFAULT_MIGRATION_TABLE})::text as name`.execute(db)
  if (tables[0]!.name === null) return names
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(DEFAULT_MIGRATION_TABLE)}`.execute(db)
  const applied = new Set(rows.map(({ name }) => name))
  return names.filter((name) => !applied.has(name))
}

/** Runs `work` with a plain client that changes no setting of its session, and closes it. For what needs one session. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3000,
    application_name: 'monotickets',
  })
  client.on('error', ignore)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
