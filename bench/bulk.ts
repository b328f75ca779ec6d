/** Fills tables of an empty database as fast as PostgreSQL can. */
import type pg from 'pg'

/** Neither triggers nor foreign keys are checked in this session, and a crash may lose what it wrote. */
export async function prepareBulk(client: pg.Client): Promise<void> {
  await client.query(
    `set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '1GB'`,
  )
}

/** Runs statements that insert into a table. Its secondary indexes are created after the rows. */
export async function insertInBulk(client: pg.Client, table: string, statements: string[]): Promise<void> {
  const indexes = await client.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
       from pg_index i
      where i.indrelid = $1::regclass
        and not exists (select from pg_constraint c where c.conindid = i.indexrelid)`,
    [table],
  )
  for (const { name } of indexes.rows) await client.query(`drop index ${name}`)
  for (const statement of statements) await client.query(statement)
  for (const { definition } of indexes.rows) await client.query(definition)
}
