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
const OWNERS: [string, string] = [
  'ARCHITECTURE.md',
  '## Who writes which table\n\n| `contacts/` | `wa_contacts`, `opt_outs` |\n| `delivery/` | `deliveries` |\n\n## Next\n',
]
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
    /imports @fastify\/swagger/,
    [['src/events/events.ts', `import h from '@fastify/swagger'`]],
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
  [
    'a domain that has grown too large',
    /src\/events: 2970 lines, more than 2700/,
    Array.from({ length: 11 }, (_, n): [string, string] => [`src/events/part${n}.ts`, 'x\n'.repeat(270)]),
  ],
  [
    'a statement that compares a reason',
    /compares a reason in SQL/,
    [['src/delivery/sql.ts', `sql\`select id from deliveries d where d.id = 1 and d.reason = 'quiet_hours'\``]],
  ],
  [
    'a lock that outlives its transaction',
    /keeps something in a session/,
    [['src/landing/runs.ts', 'sql`select pg_try_advisory_lock(1)`.execute(db)']],
  ],
  [
    'a setting that outlives its transaction',
    /keeps something in a session/,
    [['src/finance/sql.ts', "sql`set statement_timeout = '60s'`.execute(db)"]],
  ],
  [
    'a circle of two files',
    /circle of imports: src\/events\/a\.ts → src\/events\/b\.ts → src\/events\/a\.ts/,
    [
      ['src/events/a.ts', `import { b } from './b.ts'`],
      ['src/events/b.ts', `import { a } from './a.ts'`],
    ],
  ],
  [
    'a circle of types around a corner',
    /circle of imports/,
    [
      ['src/events/a.ts', `import type { B } from './b.ts'`],
      ['src/events/b.ts', `export { type C } from './c.ts'`],
      ['src/events/c.ts', `import { type A } from './a.ts'`],
    ],
  ],
  [
    'a table written by a domain that does not own it',
    /src\/delivery\/sql\.ts: writes wa_contacts, which contacts owns/,
    [OWNERS, ['src/delivery/sql.ts', 'sql`update wa_contacts set phone = null`']],
  ],
  [
    'a row deleted by a domain that does not own it',
    /writes wa_contacts, which contacts owns/,
    [OWNERS, ['src/landing/runs.ts', 'sql`with gone as (delete from wa_contacts where phone = null)`']],
  ],
  [
    'a table without an owner',
    /writes tables_of_seats, which has no owner in ARCHITECTURE\.md/,
    [OWNERS, ['src/events/sql.ts', 'sql`insert into tables_of_seats values (1)`']],
  ],
  [
    'an owner with two rows',
    /ARCHITECTURE\.md: contacts\/ stands twice/,
    [[OWNERS[0], OWNERS[1].replace('\n\n## Next', '\n| `contacts/` | `email_stops` |\n\n## Next')]],
  ],
  [
    'a table with two owners',
    /ARCHITECTURE\.md: opt_outs stands twice/,
    [[OWNERS[0], OWNERS[1].replace('`deliveries`', '`deliveries`, `opt_outs`')]],
  ],
  [
    'a domain in the platform',
    /imports the domain contacts/,
    [['src/platform/batching.ts', `import type { Guest } from '../contacts/contacts.ts'`]],
  ],
  [
    'the deps in the platform',
    /which platform must not know/,
    [['src/platform/queue.ts', `import type { Deps } from '../deps.ts'`]],
  ],
  [
    'the HTTP layer in the platform',
    /which platform must not know/,
    [['src/platform/pauses.ts', `import { fail } from '../http/problems.ts'`]],
  ],
  [
    'a command in the app',
    /only programs import commands/,
    [['src/app.ts', `import { seed } from './commands/demo-data.ts'`]],
  ],
  [
    'the parser of another domain',
    /the inside of rsvp/,
    [['src/conversations/assistant.ts', `import { parse } from '../rsvp/parser/parser.ts'`]],
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
  [
    'a table written by its owner, or by the demo data',
    [
      OWNERS,
      ['src/contacts/guests.ts', 'sql`insert into wa_contacts values (1)`'],
      ['src/delivery/sql.ts', 'sql`select id from deliveries for update of deliveries skip locked`'],
      ['src/commands/demo-data.ts', 'sql`insert into wa_contacts values (1)`'],
    ],
  ],
  [
    'two files that use a third',
    [
      ['src/events/a.ts', `import { c } from './c.ts'\nimport { b } from './b.ts'`],
      ['src/events/b.ts', `import { c } from './c.ts'`],
      ['src/events/c.ts', ''],
    ],
  ],
  [
    'a lock and a setting that end with their transaction',
    [['src/finance/sql.ts', "sql`select pg_advisory_xact_lock(1)`\nsql`set local lock_timeout = '1s'`"]],
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
  ['a statement that writes a reason', [['src/delivery/sql.ts', `sql\`update deliveries set id = 1, reason = 'a'\``]]],
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
