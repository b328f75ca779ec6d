/**
 * npm run docs — writes everything that is generated and committed.
 *
 * test/generated.test.ts compares the committed files with what the render functions give now.
 */
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildApp } from '../src/app.ts'
import { readArguments } from '../src/commands/usage.ts'
import { loadConfig } from '../src/platform/config.ts'
import { MIGRATIONS_FOLDER, applyMigrations, openDb } from '../src/platform/db.ts'
import { openDeps } from '../src/deps.ts'
import { startEmbedded } from '../src/platform/embedded/embedded.ts'
import { openLog } from '../src/platform/log.ts'
import { migrateQueues } from '../src/platform/queue.ts'
import { renderEmailLayout } from './email-layout.ts'
import { renderEnvDocs, renderEnvExample } from './environment.ts'
import { renderSchema } from './schema.ts'
import { renderBodies, renderClientTypes } from './web-client.ts'
import { renderKinds } from './whatsapp-messages.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** What is generated. */
export const GENERATED = [
  '.env.example',
  'docs/docker-env.md',
  'docs/whatsapp-messages.md',
  'src/templates/layout-html.ts',
  'openapi.json',
  'migrations/schema.sql',
  'src/platform/tables.ts',
  'web/api/schema.d.ts',
  'web/api/bodies.ts',
] as const
export type GeneratedFile = (typeof GENERATED)[number]

type Document = { paths?: object; components?: object }

/** Paths in alphabetical order, so that moving a route in the code is no change of the API. */
export function renderOpenapi(document: Document): string {
  const sort = (object: object | undefined) => Object.fromEntries(Object.entries(object ?? {}).toSorted(byKey))
  const paths = Object.fromEntries(Object.entries(sort(document.paths)).map(([path, methods]) => [path, sort(methods)]))
  return `${formatJson(JSON.parse(JSON.stringify({ ...document, paths })))}\n`
}

const LINE_MAX = 160

/** JSON in which whatever fits on a line stands on one: a document that people read, and short diffs. */
function formatJson(value: unknown, indent = ''): string {
  const line = formatLine(value)
  if (typeof value !== 'object' || value === null || indent.length + line.length <= LINE_MAX) return line
  if (Array.isArray(value)) {
    const isText = value.every((one) => typeof one === 'string')
    const members = isText ? fillLines(value, indent) : value.map((one) => formatJson(one, `${indent} `))
    return `[\n${members.map((one) => `${indent} ${one}`).join(isText ? '\n' : ',\n')}\n${indent}]`
  }
  const members = Object.entries(value).map(
    ([key, one]) => `${indent} ${JSON.stringify(key)}: ${formatJson(one, `${indent} `)}`,
  )
  return `{\n${members.join(',\n')}\n${indent}}`
}

function formatLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(formatLine).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}: ${formatLine(one)}`)
    .join(', ')}}`
}

/** Words with their commas, as many on a line as fit. */
function fillLines(words: string[], indent: string): string[] {
  const lines: string[] = []
  for (const [index, word] of words.entries()) {
    const text = `${JSON.stringify(word)}${index < words.length - 1 ? ',' : ''}`
    const last = lines.at(-1)
    if (last === undefined || indent.length + last.length + text.length >= LINE_MAX) lines.push(text)
    else lines[lines.length - 1] = `${last} ${text}`
  }
  return lines
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

/** src/platform/tables.ts: Kysely's types of a migrated database. */
export async function renderTables(databaseUrl: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-tables-'))
  const file = join(folder, 'tables.ts')
  try {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [
        join(ROOT, 'node_modules/kysely-codegen/dist/cli/bin.js'),
        ...['--dialect', 'postgres', '--url', databaseUrl, '--out-file', file, '--camel-case'],
        ...['--date-parser', 'string', '--type-mapping', '{"int8":"number"}'],
        ...['--include-pattern', 'public.*', '--exclude-pattern', '*kysely_*'],
      ],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(`kysely-codegen failed: ${stderr || stdout}`)
    return await readFile(file, 'utf8')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Runs `work` on a migrated database of its own, which is gone afterwards. */
async function withScratchDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-docs-'))
  await chmod(folder, 0o755) // for root, PostgreSQL runs as another account and must be able to enter
  const embedded = await startEmbedded({ folder: join(folder, 'data'), settings: { fsync: 'off' }, log: () => {} })
  try {
    const { db, close } = openDb(embedded.url, { max: 2, statementTimeoutMs: 30_000, onError: () => {} })
    await applyMigrations(db, MIGRATIONS_FOLDER)
    await migrateQueues({ redis: { url: undefined }, database: { url: embedded.url } })
    await close()
    return await work(embedded.url)
  } finally {
    await embedded.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function renderOpenapiOf(databaseUrl: string): Promise<string> {
  const config = loadConfig({ APP_ENV: 'test', DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent' })
  const deps = openDeps(config, openLog(config.log), { databaseUrl })
  await deps.queues.ready(10_000)
  const app = await buildApp(deps)
  const text = renderOpenapi(app.swagger())
  await app.close()
  await deps.close()
  return text
}

async function renderSchemaOf(databaseUrl: string): Promise<string> {
  const { db, close } = openDb(databaseUrl, { max: 1, statementTimeoutMs: 30_000, onError: () => {} })
  try {
    return await renderSchema(db)
  } finally {
    await close()
  }
}

async function write(file: GeneratedFile, text: string): Promise<void> {
  await writeFile(join(ROOT, file), text)
  process.stdout.write(`wrote ${file}\n`)
}

async function main(): Promise<void> {
  await write('.env.example', renderEnvExample())
  await write('docs/docker-env.md', renderEnvDocs())
  await write('docs/whatsapp-messages.md', renderKinds())
  await write('src/templates/layout-html.ts', await renderEmailLayout())
  await withScratchDatabase(async (url) => {
    await write('migrations/schema.sql', await renderSchemaOf(url))
    await write('src/platform/tables.ts', await renderTables(url))
    const openapi = await renderOpenapiOf(url)
    await write('openapi.json', openapi)
    await write('web/api/schema.d.ts', await renderClientTypes(openapi))
    await write('web/api/bodies.ts', renderBodies(openapi))
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  readArguments({
    command: 'npm run docs',
    does: `Writes everything that is generated and committed: ${GENERATED.join(', ')}. npm test compares the committed files with what this writes.`,
    flags: {},
    variables: [],
  })
  await main()
}
