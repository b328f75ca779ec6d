/**
 * openapi.json as a product: the linter of its field finds nothing, a generated client takes the requests
 * that README.md shows, and what neither of them checks holds too.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { renderClientTypes } from '../docs/web-client.ts'

type Json = Record<string, unknown>
type Content = Record<string, { schema?: Json }>
type Answer = { $ref?: string; content?: Content }
type Operation = {
  operationId?: string
  tags?: string[]
  security?: object[]
  parameters?: { $ref?: string; name?: string }[]
  responses: Record<string, Answer>
}
type Document = {
  tags: { name: string; description?: string }[]
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Json>
    requestBodies: Record<string, { content: Content }>
    responses: Record<string, Answer>
  }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Shapes and problems that recur are written once, so an operation needs few. */
const BYTES_PER_OPERATION_MAX = 2700
/** Smaller shapes may resemble each other by accident. */
const PROPERTIES_MIN = 4
/** Pages of this program, which no client calls. */
const NOT_DESCRIBED = [
  '/',
  '/assets/:file',
  '/auth/continue',
  '/docs',
  '/docs/:file',
  '/door',
  '/door/*',
  '/i/:code',
  '/openapi.json',
  '/logout',
  '/ops/queues',
  '/ops/queues/*',
  '/organizer',
  '/organizer/*',
  '/panel',
  '/panel/*',
  '/password',
  '/password.js',
  '/password/forgotten',
  '/payments/webhook/:provider',
]

const readRoot = (file: string) => readFile(join(ROOT, file), 'utf8')
const readDocument = async () => JSON.parse(await readRoot('openapi.json')) as Document

function listOperations({ paths }: Document): { what: string; operation: Operation }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ what: `${method.toUpperCase()} ${path}`, operation })),
  )
}

/** Every object in the document, with its place. */
function* walk(value: unknown, place = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield [place, value as Json]
  for (const [key, one] of Object.entries(value)) yield* walk(one, `${place}/${key}`)
}

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'monotickets-openapi-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function runNode(args: string[], cwd: string, env: Record<string, string> = {}) {
  return spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' })
}

/** With an environment of its own, so that it neither calls home nor finds settings of this machine. */
function lint(file: string, home: string): string[] {
  const env = { HOME: home, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const args = ['lint', file, '--config', 'redocly.yaml', '--format', 'json', '--max-problems', '1000']
  const { stdout, stderr } = runNode(['node_modules/@redocly/cli/bin/cli.js', ...args], ROOT, env)
  type Found = { ruleId: string; message: string; location: { pointer?: string }[] }
  const { problems } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`) as { problems: Found[] }
  return problems.map(({ ruleId, message, location }) => `${ruleId} at ${location[0]?.pointer}: ${message}`)
}

test('redocly finds no error and no warning', async (t) => {
  assert.deepEqual(lint('openapi.json', await openFolder(t)), [])
})

test('redocly would find an operation without operationId', async (t) => {
  const folder = await openFolder(t)
  const broken = await readDocument()
  delete broken.paths['/events']!['get']!.operationId
  await writeFile(join(folder, 'broken.json'), JSON.stringify(broken))

  assert.match(lint(join(folder, 'broken.json'), folder).join(), /operation-operationId at .*events\/get/)
})

const CLIENT_HEAD = `import type { components, paths } from './api.ts'
type Body<P extends keyof paths> = paths[P] extends {
  post: { requestBody?: { content: { 'application/json': infer B } } }
} ? B : never
`
const WRONG = `// @ts-expect-error: an amount is a number or a decimal string
export const wrongAmount: Body<'/payments/intent'> = { amount: true }
// @ts-expect-error: there is no such channel
export const wrongChannel: Body<'/events/{eventId}/guests/{guestId}/send'> = { channel: 'fax' }
// @ts-expect-error: an event needs its times
export const wrongEvent: Body<'/events'> = { name: 'Boda' }
`
const RIGHT = `export const event: Body<'/events'> = { name: 'Boda', startsAt: '2026-12-24T18:00:00Z', endsAt: '2026-12-25T02:00:00Z' }
export const isKnown = (guest: components['schemas']['Guest']): boolean => guest.status === 'confirmed'
`

/** The requests with a body that README.md shows, as constants of the client's types. */
async function renderReadmeBodies({ paths }: Document): Promise<string[]> {
  const shown = [...(await readRoot('README.md')).matchAll(/curl .*-X POST http:\/\/localhost:8080(\S+) .*-d '(.+)'/g)]
  return shown.map(([, url, body], index) => {
    const path = Object.keys(paths).find((one) => new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(url!))
    return `export const shown${index}: Body<'${path}'> = ${body}\n`
  })
}

function compile(folder: string): { status: number | null; stdout: string } {
  const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--allowImportingTsExtensions']
  const target = ['--target', 'es2023', '--module', 'nodenext', '--types', '']
  return runNode([join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, ...target, 'client.ts'], folder)
}

test('a generated client takes what README.md sends and refuses what is wrong', async (t) => {
  const folder = await openFolder(t)
  const bodies = await renderReadmeBodies(await readDocument())
  await writeFile(join(folder, 'api.ts'), await renderClientTypes(await readRoot('openapi.json')))

  await writeFile(join(folder, 'client.ts'), [CLIENT_HEAD, ...bodies, RIGHT, WRONG].join(''))
  const taken = compile(folder)
  await writeFile(join(folder, 'client.ts'), [CLIENT_HEAD, WRONG.replace('amount: true', 'amount: 1')].join(''))
  const refused = compile(folder)

  assert.ok(bodies.length >= 4, bodies.join(''))
  assert.equal(taken.status, 0, taken.stdout)
  assert.match(refused.stdout, /Unused '@ts-expect-error'/)
})

test('every operation has a name of its own, a tag with a description, and says who may call it', async () => {
  const document = await readDocument()
  const operations = listOperations(document)
  const described = new Set(document.tags.filter(({ description }) => description).map(({ name }) => name))
  const rules = (await readRoot('test/access-table.txt')).trimEnd().split('\n')
  const expected = rules.flatMap((line) => {
    const [, method, url, access] = /^(\S+) +(\S+) +(.+)$/.exec(line)!
    return NOT_DESCRIBED.includes(url!)
      ? []
      : [`${method} ${url!.replace(/:(\w+)/g, '{$1}')} ${access === 'public' ? 'public' : 'bearer'}`]
  })

  for (const { what, operation } of operations) {
    assert.match(operation.operationId ?? '', /^[a-z]+([A-Z0-9][a-z0-9]*)+$|^unsubscribe$/, what)
    assert.ok(operation.tags?.length === 1 && described.has(operation.tags[0]!), `${what}: ${operation.tags?.join()}`)
  }
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length)
  const found = operations.map(
    ({ what, operation }) => `${what} ${JSON.stringify(operation.security) === '[]' ? 'public' : 'bearer'}`,
  )
  assert.deepEqual(found.toSorted(), expected.toSorted())
  assert.deepEqual(
    document.tags.filter(({ name }) => !operations.some(({ operation }) => operation.tags?.includes(name))),
    [],
  )
  assert.ok(document.servers.length > 0)
})

test('every answer with a body has a schema, and every refusal is a problem', async () => {
  const document = await readDocument()

  for (const { what, operation } of listOperations(document)) {
    const answers = Object.entries(operation.responses)
    assert.ok(answers.some(([status]) => status.startsWith('2')) && answers.some(([status]) => status.startsWith('4')))
    for (const [status, answer] of answers) {
      const { content = {} } = answer.$ref ? document.components.responses[answer.$ref.split('/').at(-1)!]! : answer
      const hasBody = !['204', '302', '303', '304'].includes(status)
      assert.equal(Object.values(content).length > 0, hasBody, `${what} ${status}`)
      for (const { schema } of Object.values(content)) assert.ok(schema, `${what} ${status} lacks a schema`)
      if (status.startsWith('4')) assert.ok('application/problem+json' in content, `${what} ${status}`)
    }
  }
})

test('a path parameter is named after what it identifies', async () => {
  const document = await readDocument()
  const inPaths = Object.keys(document.paths).flatMap((path) => path.match(/\{\w+\}/g) ?? [])
  const declared = [...walk(document)].filter(([, value]) => 'in' in value).map(([, { name }]) => name)

  assert.ok(inPaths.length > 20)
  for (const name of [...inPaths, ...declared]) assert.doesNotMatch(String(name), /^\{?id\}?$/)
})

test('what has a default is not required', async () => {
  const document = await readDocument()

  for (const [place, value] of walk(document)) {
    const properties = (value['properties'] ?? {}) as Record<string, Json>
    const required = Array.isArray(value['required']) ? (value['required'] as string[]) : []
    for (const name of required) assert.ok(!('default' in (properties[name] ?? {})), `${place} requires ${name}`)
    if ('in' in value && 'default' in ((value['schema'] ?? {}) as Json)) assert.notEqual(value['required'], true, place)
  }
})

test('a named shape is referred to, not written out again', async () => {
  const document = await readDocument()
  const namesOf = (schema: Json) => Object.keys(schema['properties'] ?? {})
  const named = Object.entries(document.components.schemas).filter(
    ([, schema]) => namesOf(schema).length >= PROPERTIES_MIN,
  )
  const bodies = Object.values(document.components.requestBodies).map(
    ({ content }) => content['application/json']!.schema!,
  )
  const roots = new Set([...Object.values(document.components.schemas), ...bodies])

  const copies = [...walk(document)].flatMap(([place, schema]) => {
    const own = new Set(namesOf(schema))
    const copied = roots.has(schema) ? [] : named.filter(([, one]) => namesOf(one).every((name) => own.has(name)))
    return copied.map(([name]) => `${place} repeats ${name}`)
  })

  assert.ok(named.length > 20)
  assert.deepEqual(copies, [])
})

test('the document stays small enough to read', async () => {
  const text = await readRoot('openapi.json')

  const bytes = Math.round(Buffer.byteLength(text) / listOperations(await readDocument()).length)
  assert.ok(bytes < BYTES_PER_OPERATION_MAX, `${bytes} bytes an operation`)
})
