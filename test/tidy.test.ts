/** The rules of the house that a plain search can check. ARCHITECTURE.md says why they are there. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

type Files = Map<string, string>

/** Bottom first: a domain may use the ones before it, never those after it. */
const DOMAINS = [
  'auth',
  'events',
  'conversations',
  'delivery',
  'payments',
  'checkin',
  'landing',
  'finance',
  'inbox',
  'operations',
]
const FORBIDDEN_NAMES = ['utils', 'helpers', 'common', 'lib', 'manager', 'service', 'base', 'misc', 'types']
/** Importing one of these starts it; nobody may. */
const PROGRAMS = ['server', 'worker', 'migrate', 'seed', 'create-user'].map((name) => `src/${name}.ts`)
/** What a domain may take from the house; `deps` and `log` as types only. */
const HOUSE_FOR_DOMAINS = /^src\/(http\/[a-z-]+|db|kv|queue|errors|config|money|phone|metrics|tables)\.ts$/
const HOUSE_TYPES_FOR_DOMAINS = /^src\/(deps|log)\.ts$/
const LINES_MAX = 300

/** One door per outside thing: who may import the package, or write the words. */
const PACKAGE_DOORS: [RegExp, RegExp][] = [
  [/^pg$/, /^src\/(db|embedded)\.ts$/],
  [/^kysely$/, /^src\/(db|tables)\.ts$/],
  [/^bullmq$/, /^src\/queue(-workers)?\.ts$/],
  [/^ioredis$/, /^src\/(kv|queue)\.ts$/],
  [/^(fastify|@fastify\/.*)$/, /^src\/(app|server|http\/[a-z-]+|[a-z]+\/([a-z]+-)?routes)\.ts$/],
  [/^stripe$/, /^src\/payments\/stripe\.ts$/],
  [/^resend$/, /^src\/delivery\/(email|resend)\.ts$/],
]
const WORD_DOORS: [string, RegExp, RegExp][] = [
  ['process.env', /\bprocess\.env\b/, /^src\/config\.ts$/],
  ['new Date()', /\bnew Date\(\)/, /^src\/deps\.ts$/],
  ['Date.now()', /\bDate\.now\(/, /^src\/deps\.ts$/],
]
/** What would run when a file is merely imported, at the start of a line. */
const STARTS_SOMETHING =
  /^(await\b|(export )?(const|let) [^=\n]+=\s*await\b|for await\b|set(Interval|Timeout|Immediate)\(|void [\w(]|[\w.]+\.(listen|connect|start)\(|process\.on\()/m

type Import = { target: string; isType: boolean }

/** Every broken rule of a tree of files, as `path: what is wrong`. Paths are relative to the root. */
export function listViolations(files: Files): string[] {
  const found: string[] = []
  for (const [path, text] of files) {
    if (!path.endsWith('.ts')) continue
    const say = (what: string) => found.push(`${path}: ${what}`)
    const name = path
      .split('/')
      .at(-1)!
      .replace(/(\.test)?\.ts$/, '')
    for (const part of [...path.split('/').slice(0, -1), name]) {
      if (FORBIDDEN_NAMES.includes(part)) say(`«${part}» is not a name: say what is inside`)
    }
    const imports = listImports(path, text)
    for (const { target } of imports) if (PROGRAMS.includes(target)) say(`imports the program ${target}`)
    if (!path.startsWith('src/') || path.endsWith('.test.ts') || path === 'src/tables.ts') continue
    const code = withoutComments(text)
    const lines = text.trimEnd().split('\n').length
    if (lines > LINES_MAX) say(`${lines} lines, more than ${LINES_MAX}: split by noun`)
    for (const what of [...checkDoors(path, code, imports), ...checkLayers(path, code, imports)]) say(what)
    for (const what of checkPackages(imports, files.get('package.json'))) say(what)
    for (const what of listDeadExports(path, code, files)) say(what)
  }
  return found
}

function checkDoors(path: string, code: string, imports: Import[]): string[] {
  const found: string[] = []
  for (const { target } of imports) {
    for (const [name, door] of PACKAGE_DOORS) if (name.test(target) && !door.test(path)) found.push(`imports ${target}`)
  }
  for (const [words, pattern, door] of WORD_DOORS)
    if (pattern.test(code) && !door.test(path)) found.push(`says ${words}`)
  if (!PROGRAMS.includes(path) && STARTS_SOMETHING.test(code)) found.push('does something when it is imported')
  return found
}

function checkLayers(path: string, code: string, imports: Import[]): string[] {
  const [, domain] = /^src\/([a-z]+)\//.exec(path) ?? []
  const found: string[] = []
  const rank = DOMAINS.indexOf(domain ?? '')
  for (const { target, isType } of imports.filter((one) => one.target.startsWith('src/'))) {
    const [, other, file] = /^src\/([a-z]+)\/([a-z-]+)\.ts$/.exec(target) ?? []
    const otherRank = DOMAINS.indexOf(other ?? '')
    if (domain === 'http' && otherRank >= 0) found.push(`imports the domain ${other}`)
    if (rank < 0 || other === domain) continue
    if (otherRank > rank) found.push(`imports ${target}, a domain that comes later`)
    else if (otherRank >= 0 && file !== other && file !== 'jobs')
      found.push(`imports ${target}, the inside of ${other}`)
    else if (otherRank < 0 && !HOUSE_FOR_DOMAINS.test(target)) {
      if (!HOUSE_TYPES_FOR_DOMAINS.test(target)) found.push(`imports ${target}, which is not for domains`)
      else if (!isType) found.push(`imports more than types from ${target}`)
    }
  }
  const isEdge = /\/(([a-z]+-)?routes|jobs)\.ts$/.test(path)
  if (rank >= 0 && !isEdge && /\.enqueue(Many)?\(/.test(code))
    found.push('enqueues: only routes and jobs do, after the commit')
  return found
}

/** What the program imports must be there without development packages. */
function checkPackages(imports: Import[], packageJson: string | undefined): string[] {
  const { dependencies = {} } = JSON.parse(packageJson ?? '{}') as { dependencies?: Record<string, string> }
  if (packageJson === undefined) return []
  const packages = imports
    .filter(({ target, isType }) => !isType && !/^(node:|src\/|test\/|docs\/)/.test(target))
    .map(({ target }) => /^(@[^/]+\/)?[^/]+/.exec(target)![0])
  return packages.filter((name) => !(name in dependencies)).map((name) => `imports ${name}, which is no dependency`)
}

/** Exported values that no other file mentions; a type may be exported for the reader alone. */
function listDeadExports(path: string, code: string, files: Files): string[] {
  if (PROGRAMS.includes(path)) return []
  const names = [...code.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(([, name]) => name!)
  const others = [...files].filter(([other]) => other !== path && other.endsWith('.ts')).map(([, text]) => text)
  return names
    .filter((name) => !others.some((text) => new RegExp(`\\b${name}\\b`).test(text)))
    .map((name) => `exports ${name}, which nobody uses`)
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:([\w*$\s,{}]+?)\s+from\s+)?['"]([^'"\n]+)['"]/gm

function listImports(path: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, names = '', target]) => ({
    target: target!.startsWith('.') ? posix.join(posix.dirname(path), target!) : target!,
    isType: type !== undefined || /^\{(\s*type \w+( as \w+)?,?)+\s*\}$/.test(names),
  }))
}

const withoutComments = (text: string) => text.replace(/\/\*[^]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')

async function readTree(): Promise<Files> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files: Files = new Map([['package.json', await readFile(posix.join(root, 'package.json'), 'utf8')]])
  for (const folder of ['src', 'test', 'docs', 'bench']) {
    const names = await readdir(posix.join(root, folder), { recursive: true }).catch(() => [])
    for (const name of names.filter((one) => one.endsWith('.ts'))) {
      files.set(`${folder}/${name}`, await readFile(posix.join(root, folder, name), 'utf8'))
    }
  }
  return files
}

test('the tree keeps the rules of the house', async () => {
  const files = await readTree()

  assert.ok(files.size > 50)
  assert.deepEqual(listViolations(files), [])
})

const used = (name: string): [string, string] => ['test/uses.test.ts', `${name}()`]
const BROKEN: [string, RegExp, [string, string][]][] = [
  ['a forbidden name', /«utils» is not a name/, [['src/events/utils.ts', '']]],
  ['a forbidden folder', /«common» is not a name/, [['src/common/dates.ts', '']]],
  ['too many lines', /301 lines, more than 300/, [['src/events/events.ts', 'x\n'.repeat(301)]]],
  ['an import of a program', /imports the program src\/server\.ts/, [['test/a.ts', `import '../src/server.ts'`]]],
  [
    'a domain that comes later',
    /a domain that comes later/,
    [['src/events/routes.ts', `import { a } from '../delivery/delivery.ts'`]],
  ],
  [
    'even its types',
    /a domain that comes later/,
    [['src/events/routes.ts', `import type { A } from '../inbox/inbox.ts'`]],
  ],
  [
    'the inside of another domain',
    /the inside of events/,
    [['src/delivery/delivery.ts', `import { a } from '../events/sql.ts'`]],
  ],
  [
    'the routes of another domain',
    /the inside of auth/,
    [['src/inbox/inbox.ts', `import {\n  a,\n  b,\n} from '../auth/routes.ts'`]],
  ],
  [
    'a domain in the HTTP layer',
    /imports the domain auth/,
    [['src/http/page.ts', `import { a } from '../auth/auth.ts'`]],
  ],
  ['the app in a domain', /not for domains/, [['src/auth/auth.ts', `import { buildApp } from '../app.ts'`]]],
  [
    'more than types of deps',
    /more than types from src\/deps\.ts/,
    [['src/auth/auth.ts', `import { openDeps } from '../deps.ts'`]],
  ],
  ['a rule that enqueues', /enqueues/, [['src/delivery/delivery.ts', 'const a = () => queues.enqueue(job, {})']]],
  ['pg', /imports pg/, [['src/events/sql.ts', `import pg from 'pg'`]]],
  ['kysely', /imports kysely/, [['src/events/sql.ts', `import { sql } from 'kysely'`]]],
  ['bullmq', /imports bullmq/, [['src/events/jobs.ts', `import { Queue } from 'bullmq'`]]],
  ['ioredis', /imports ioredis/, [['src/events/events.ts', `import { Redis } from 'ioredis'`]]],
  ['fastify in a rule', /imports fastify/, [['src/events/events.ts', `import type { FastifyRequest } from 'fastify'`]]],
  [
    'a plugin of fastify in a rule',
    /imports @fastify\/helmet/,
    [['src/events/events.ts', `import h from '@fastify/helmet'`]],
  ],
  ['the SDK of a provider', /imports stripe/, [['src/payments/payments.ts', `import Stripe from 'stripe'`]]],
  ['the environment', /says process\.env/, [['src/log.ts', 'const a = () => process.env.A']]],
  ['the clock', /says new Date\(\)/, [['src/events/events.ts', 'const a = () => new Date()']]],
  ['the other clock', /says Date\.now\(\)/, [['src/events/events.ts', 'const a = () => Date.now()']]],
  ['an await at the top', /does something when it is imported/, [['src/kv.ts', 'await open()']]],
  ['a constant that is awaited', /does something when it is imported/, [['src/kv.ts', 'const a = await open()']]],
  ['a timer at the top', /does something when it is imported/, [['src/kv.ts', 'setInterval(sweep, 1000)']]],
  ['a server at the top', /does something when it is imported/, [['src/app.ts', 'app.listen({ port: 1 })']]],
  ['a promise let go at the top', /does something when it is imported/, [['src/kv.ts', 'void sweep()']]],
  [
    'a development package',
    /imports ajv, which is no dependency/,
    [
      ['package.json', '{"dependencies":{}}'],
      ['src/app.ts', `import { Ajv } from 'ajv'`],
    ],
  ],
  ['an export that nobody uses', /exports alone, which nobody uses/, [['src/kv.ts', 'export function alone() {}']]],
]
for (const [what, expected, files] of BROKEN) {
  test(`this is noticed: ${what}`, () => {
    const violations = listViolations(new Map(files))

    assert.equal(violations.length, 1, violations.join('\n'))
    assert.match(violations[0]!, expected)
  })
}

const FINE: [string, [string, string][]][] = [
  [
    'a domain that comes before, by its rules or its jobs',
    [['src/inbox/inbox.ts', `import { a } from '../delivery/delivery.ts'\nimport { b } from '../events/jobs.ts'`]],
  ],
  [
    'its own statements and the types of deps',
    [['src/events/events.ts', `import { a } from './sql.ts'\nimport type { Deps } from '../deps.ts'`]],
  ],
  [
    'a comment about the clock or the environment',
    [['src/events/events.ts', '// new Date() and process.env\n/* Date.now() */']],
  ],
  ['a date that is given', [['src/events/events.ts', 'const a = (text: string) => new Date(text)']]],
  ['a route that enqueues', [['src/delivery/routes.ts', 'const a = () => queues.enqueue(job, {})']]],
  [
    'a second file of routes',
    [
      [
        'src/delivery/campaign-routes.ts',
        `import type { F } from 'fastify'\nconst a = () => queues.enqueueMany(job, [])`,
      ],
    ],
  ],
  ['an await in a function', [['src/kv.ts', 'async function a() {\n  await b()\n}']]],
  ['a program that starts things', [['src/server.ts', 'await runProgram()']]],
  ['an export that a test uses', [['src/kv.ts', 'export const openIt = () => 1'], used('openIt')]],
  ['three hundred lines', [['src/kv.ts', 'x\n'.repeat(300)]]],
  ['a long test', [['src/kv.test.ts', 'x\n'.repeat(900)]]],
]
for (const [what, files] of FINE) {
  test(`this is fine: ${what}`, () => {
    assert.deepEqual(listViolations(new Map(files)), [])
  })
}
