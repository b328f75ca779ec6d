/** Committed generated files must equal what `npm run docs` would write. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { renderOpenapi, renderTables, type GeneratedFile } from '../docs/generate.ts'
import { renderEmailLayout } from '../docs/email-layout.ts'
import { renderEnvDocs, renderEnvExample, type Environment } from '../docs/environment.ts'
import { renderSchema } from '../docs/schema.ts'
import { renderBodies, renderClientTypes } from '../docs/web-client.ts'
import { renderKinds } from '../docs/whatsapp-messages.ts'
import { openDb } from '../src/platform/db.ts'
import { openTestDatabase, startApp } from './harness.ts'

async function assertCommitted(file: GeneratedFile, expected: string): Promise<void> {
  const committed = await readFile(new URL(`../${file}`, import.meta.url), 'utf8').catch(() => '')
  if (committed === expected) return
  const [given, wanted] = [committed.split('\n'), expected.split('\n')]
  const line = wanted.findIndex((text, index) => text !== given[index])
  assert.fail(
    `${file} is not what would be generated: run npm run docs and commit the result. ` +
      `First difference in line ${line + 1}: «${given[line] ?? 'nothing'}» should be «${wanted[line] ?? 'nothing'}»`,
  )
}

test('.env.example describes the environment of this program', async () => {
  await assertCommitted('.env.example', renderEnvExample())
})

test('docs/docker-env.md describes the environment of this program', async () => {
  await assertCommitted('docs/docker-env.md', renderEnvDocs())
})

test('docs/whatsapp-messages.md is the table of src/conversations/kinds.ts', async () => {
  await assertCommitted('docs/whatsapp-messages.md', renderKinds())
})

test('src/templates/layout-html.ts is what layout.mjml compiles to', async () => {
  await assertCommitted('src/templates/layout-html.ts', await renderEmailLayout())
})

test('openapi.json describes the routes of this program', async (t) => {
  const { app } = await startApp(t)

  await assertCommitted('openapi.json', renderOpenapi(app.swagger()))
})

test('web/api/ has the types and the schemas of openapi.json', async () => {
  const openapi = await readFile(new URL('../openapi.json', import.meta.url), 'utf8')

  await assertCommitted('web/api/schema.d.ts', await renderClientTypes(openapi))
  await assertCommitted('web/api/bodies.ts', renderBodies(openapi))
})

test('migrations/schema.sql is the schema that the migrations create', async (t) => {
  const { db, close } = openDb(await openTestDatabase(), { max: 1, statementTimeoutMs: 30_000, onError: () => {} })
  t.after(close)

  await assertCommitted('migrations/schema.sql', await renderSchema(db))
})

test('src/platform/tables.ts has the types of the migrated schema', async () => {
  await assertCommitted('src/platform/tables.ts', await renderTables(await openTestDatabase()))
})

const SAMPLE: Environment = {
  PORT: { section: 'Process', description: 'Port.', type: 'integer', default: 8080, minimum: 0, maximum: 65_535 },
  A_KEY: { section: 'Keys', description: 'Like A_KEY | B.', type: 'string', secret: true },
  MODE: { section: 'Process', description: 'How.', enum: ['a', 'b'], default: 'a' },
}

test('.env.example lists every variable once, commented out, with its default, under its section', () => {
  const lines = renderEnvExample(SAMPLE).split('\n')

  assert.deepEqual(
    lines.filter((line) => /^#[A-Z]/.test(line)),
    ['#PORT=8080', '#MODE=a', '#A_KEY='],
  )
  assert.ok(lines.every((line) => line === '' || line.startsWith('#')))
})

test('docs/docker-env.md shows bounds, choices, defaults and secrets', () => {
  const page = renderEnvDocs(SAMPLE)

  assert.match(page, /\| `PORT` \| whole number, 0–65535 \| `8080` \| Port\. \|/)
  assert.match(page, /\| `MODE` \| `a` · `b` \| `a` \| How\. \|/)
  assert.match(page, /\| `A_KEY` \| \*\*secret\*\* text \|  \| Like `A_KEY` \\\| B\. \|/)
})

test('openapi.json does not depend on the order of registration', () => {
  const document = (paths: object) => ({ openapi: '3.1.0', paths })

  const one = renderOpenapi(document({ '/b': { post: {}, get: {} }, '/a': {} }))
  const other = renderOpenapi(document({ '/a': {}, '/b': { get: {}, post: {} } }))

  assert.equal(one, other)
})
