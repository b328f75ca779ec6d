/** The rules of the tree that a plain search can check. ARCHITECTURE.md says why they exist. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listViolations, readTree } from './tidy-rules.ts'

test('the tree keeps its rules', async () => {
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
  ['the environment', /says process\.env/, [['src/platform/log.ts', 'const a = () => process.env.A']]],
  ['the clock', /says new Date\(\)/, [['src/events/events.ts', 'const a = () => new Date()']]],
  ['the other clock', /says Date\.now\(\)/, [['src/events/events.ts', 'const a = () => Date.now()']]],
  ['an await at the top', /does something when it is imported/, [['src/platform/kv.ts', 'await open()']]],
  [
    'a constant that is awaited',
    /does something when it is imported/,
    [['src/platform/kv.ts', 'const a = await open()']],
  ],
  ['a timer at the top', /does something when it is imported/, [['src/platform/kv.ts', 'setInterval(sweep, 1000)']]],
  ['a server at the top', /does something when it is imported/, [['src/app.ts', 'app.listen({ port: 1 })']]],
  ['a promise let go at the top', /does something when it is imported/, [['src/platform/kv.ts', 'void sweep()']]],
  [
    'a development package',
    /imports ajv, which is no dependency/,
    [
      ['package.json', '{"dependencies":{}}'],
      ['src/app.ts', `import { Ajv } from 'ajv'`],
    ],
  ],
  [
    'an export that nobody uses',
    /exports alone, which nobody uses/,
    [['src/platform/kv.ts', 'export function alone() {}']],
  ],
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
  ['an await in a function', [['src/platform/kv.ts', 'async function a() {\n  await b()\n}']]],
  ['a program that starts things', [['src/server.ts', 'await runProgram()']]],
  ['an export that a test uses', [['src/platform/kv.ts', 'export const openIt = () => 1'], used('openIt')]],
  ['three hundred lines', [['src/platform/kv.ts', 'x\n'.repeat(300)]]],
  ['a long test', [['src/platform/kv.test.ts', 'x\n'.repeat(900)]]],
]
for (const [what, files] of FINE) {
  test(`this is fine: ${what}`, () => {
    assert.deepEqual(listViolations(new Map(files)), [])
  })
}
