/**
 * Reads the plans of the statements that the program executes, as PostgreSQL's auto_explain reports them to the connection,
 * with the rows that each step has read. So no test needs a copy of a statement. Statements of triggers and foreign keys are
 * among them.
 */
import type { TestContext } from 'node:test'
import pg from 'pg'

/** A statement whose steps read more rows of a big table than this grows with the data. */
const ROWS_READ_MAX = 300
/** A table with more rows is big. */
const BIG_ROWS = 5000

/** Reports every plan of later connections to this database. `planning`: how parameters are planned for. */
export async function reportPlans(client: pg.Client, planning: 'auto' | 'force_generic_plan'): Promise<void> {
  const settings = {
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_format': 'json',
    'auto_explain.log_level': 'notice',
    'auto_explain.log_nested_statements': 'on',
    plan_cache_mode: planning,
  }
  const { rows } = await client.query<{ name: string }>('select current_database() as name')
  for (const [name, value] of Object.entries(settings))
    await client.query(`alter database ${rows[0]!.name} set ${name} = '${value}'`)
}

/** The indexes of the big tables, and the tables' own names: name → table. */
export async function listBig(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; table: string }>(
    `select t.relname as name, t.relname as table
       from pg_class t
      where t.relkind = 'r' and t.reltuples > ${BIG_ROWS}
     union all
     select i.relname, t.relname
       from pg_index x
       join pg_class t on t.oid = x.indrelid
       join pg_class i on i.oid = x.indexrelid
      where t.reltuples > ${BIG_ROWS}`,
  )
  return new Map(rows.map(({ name, table }) => [name, table]))
}

type Step = {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Conflict Arbiter Indexes'?: string[]
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: Step[]
}
type Statement = { 'Query Text': string; Plan: Step }
export type Seen = {
  statements: number
  /** Indexes that were searched, or that decided a conflict. */
  indexes: Set<string>
  /** Steps that grow with the data, each as a sentence. */
  faults: string[]
  /** How many rows the busiest step has read or compared. */
  rowsMost: number
}

/** Collects the plans of everything that runs until `read`. */
export function watchPlans(t: TestContext): { read(big: Map<string, string>): Seen; forget(): void } {
  const notices: string[] = []
  const connect = pg.Client.prototype.connect as (this: pg.Client, ...args: unknown[]) => unknown
  t.mock.method(pg.Client.prototype, 'connect', function (this: pg.Client, ...args: unknown[]) {
    this.on('notice', ({ message }) => message?.startsWith('duration:') && notices.push(message))
    return connect.apply(this, args)
  })
  return {
    forget: () => void (notices.length = 0),
    read(big) {
      const statements = notices.map((text) => JSON.parse(text.slice(text.indexOf('{'))) as Statement)
      const steps = statements.flatMap(({ Plan }) => listSteps(Plan))
      return {
        statements: statements.length,
        indexes: new Set(steps.flatMap(indexesOf)),
        rowsMost: Math.max(0, ...steps.map(countRows)),
        faults: statements.flatMap((statement) => listFaults(statement, big)),
      }
    },
  }
}

const listSteps = (step: Step): Step[] => [step, ...(step.Plans ?? []).flatMap(listSteps)]

const indexesOf = (step: Step): string[] => [
  ...(step['Index Name'] ? [step['Index Name']] : []),
  ...(step['Conflict Arbiter Indexes'] ?? []),
]

function countRows(step: Step): number {
  const removed = ['Filter', 'Index Recheck', 'Join Filter'] as const
  const rows = removed.map((by) => step[`Rows Removed by ${by}`] ?? 0)
  return rows.reduce((sum, one) => sum + one, step['Actual Rows'] ?? 0) * (step['Actual Loops'] ?? 0)
}

function listFaults({ 'Query Text': text, Plan }: Statement, big: Map<string, string>): string[] {
  return listSteps(Plan).flatMap((step) => {
    const name = step['Index Name'] ?? step['Relation Name'] ?? ''
    if (!step['Node Type'].endsWith('Scan') || !big.has(name)) return []
    const read = countRows(step)
    if (step['Node Type'] !== 'Seq Scan' && read <= ROWS_READ_MAX) return []
    return [`${step['Node Type']} of ${name} read ${read} rows: ${text.replace(/\s+/g, ' ').slice(0, 200)}`]
  })
}
