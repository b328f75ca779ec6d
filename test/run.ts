/** `npm test`: runs the checks, then the tests on a PostgreSQL of its own, and on Redis when available. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { runMigrations } from 'bullmq'
import { readArguments } from '../src/commands/usage.ts'
import { MIGRATIONS_FOLDER, applyMigrations, openDb } from '../src/platform/db.ts'
import { startEmbedded } from '../src/platform/embedded/embedded.ts'

/** By path, because typescript-5, which the client generator needs, has a `tsc` too and npm may link that one. */
const TSC = ['node', 'node_modules/typescript/bin/tsc']
const CHECKS: [string, string[]][] = [
  ['types', [...TSC, '-p', 'tsconfig.test.json']], // also compiles what the tests run from
  ['lint', ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings']],
  ['format', ['node_modules/.bin/prettier', '--check', '--log-level', 'warn', '.']],
  ['types of web', [...TSC, '-p', 'web/tsconfig.json']],
  ['build', ['node', 'build.mjs']],
]
/** `npm run test:long` runs these, because they start and kill programs and databases. */
const LONG = /^test\/faults\/|\.long\.test\.ts$/
/** `npm run test:browser` runs these, in the system's Chromium. */
const BROWSER = /^test\/browser\//
/** So many that each ends before --test-timeout on a busy machine too; more of them load the program more often. */
const GROUPS = 8
const TEMPLATE = 'monotickets_template'
const REDIS_DATABASES = '4096'

const { flags, operands: only } = readArguments({
  command: 'npm test',
  does: 'Checks types, lint and format, builds, and runs every test on a PostgreSQL of its own; the queue tests also run on Redis when a redis-server or REDIS_URL is there. With test files or a pattern it only builds and runs those.',
  flags: {
    'test-name-pattern': {
      kind: 'text',
      value: 'PATTERN',
      description: 'Runs only tests whose name matches this regular expression.',
    },
    long: {
      kind: 'switch',
      description: 'Runs the long tests instead, which start and kill programs and databases (npm run test:long).',
    },
    browser: { kind: 'switch', description: 'Runs the tests in Chromium instead (npm run test:browser).' },
    'checks-only': { kind: 'switch', description: 'Checks types, lint and format and runs no test (npm run check).' },
  },
  variables: ['REDIS_URL'],
  operands: { name: 'FILE', description: 'Test files or folders of them, such as src/delivery. Without any: all.' },
  more: `One test:  npm test -- src/delivery/pacing.test.ts --test-name-pattern "quiet hours"`,
})
const pattern = flags['test-name-pattern']
type Suite = 'usual' | 'long' | 'browser'
const suite: Suite = flags.browser ? 'browser' : flags.long ? 'long' : 'usual'
const suiteOf = (file: string): Suite => (BROWSER.test(file) ? 'browser' : LONG.test(file) ? 'long' : 'usual')
const isWhole = only.length === 0 && pattern === undefined && suite === 'usual'
if (flags['checks-only'])
  process.exit((await runChecks(CHECKS.filter(([name]) => name !== 'build'))).length > 0 ? 1 : 0)

const failures: string[] = []
const folder = await mkdtemp(join(tmpdir(), 'monotickets-test-'))
await chmod(folder, 0o755) // the account that runs PostgreSQL for root must be able to enter
const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
try {
  const needed = isWhole ? CHECKS : CHECKS.filter(([name]) => name === 'types' || name === 'build')
  failures.push(...(await runChecks(needed)))
  process.exitCode = await runTests()
} finally {
  for (const stop of stops.toReversed()) await stop()
}

/** Runs two checks at a time. Returns the names of those that failed. */
async function runChecks(checks: typeof CHECKS): Promise<string[]> {
  const failed: string[] = []
  const queue = [...checks]
  const takeNext = async (): Promise<void> => {
    for (let check = queue.shift(); check; check = queue.shift()) {
      const [name, [command, ...args]] = check
      const started = performance.now()
      const { code, output } = await run(command!, args, process.env, false)
      if (code !== 0) failed.push(name)
      process.stdout.write(
        `${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${secondsSince(started)} s)\n${code === 0 ? '' : output}`,
      )
    }
  }
  await Promise.all([takeNext(), takeNext()])
  return failed
}

function secondsSince(startedMs: number): string {
  return ((performance.now() - startedMs) / 1000).toFixed(1)
}

async function runTests(): Promise<number> {
  const server = await startDatabase()
  const redisUrl = await startRedis()
  const files =
    only.length > 0
      ? await listNamed(only)
      : suite === 'browser'
        ? await listTests()
        : await groupTests(await listTests())
  const started = performance.now()
  const args = [
    '--import',
    './test/compiled.mjs',
    '--test',
    `--test-concurrency=${suite === 'browser' ? 1 : 3}`,
    `--test-timeout=${suite === 'browser' ? 600_000 : 300_000}`,
    '--test-reporter=spec',
    ...(pattern === undefined ? [] : [`--test-name-pattern=${pattern}`]),
    ...files,
  ]
  const { code, output } = await run(process.execPath, args, {
    ...process.env,
    TEST_DATABASE_SERVER: server,
    TEST_DATABASE_TEMPLATE: TEMPLATE,
    TEST_REDIS_URL: redisUrl ?? '',
    TEST_REDIS_DATABASES: process.env['REDIS_URL'] ? '16' : REDIS_DATABASES,
  })
  const count = (what: string) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 0)
  const passed = count('pass') + (isWhole ? CHECKS.length : 2) - failures.length
  const failed =
    count('fail') +
    count('cancelled') +
    failures.length +
    (code !== 0 && count('fail') + count('cancelled') === 0 ? 1 : 0)
  process.stdout.write(`\nTests took ${secondsSince(started)} s.\n`)
  if (failures.length > 0) process.stdout.write(`Failed checks: ${failures.join(', ')}\n`)
  if (!redisUrl)
    process.stdout.write(
      'THE REDIS HALF WAS SKIPPED: NO redis-server ON THE PATH AND NO REDIS_URL. ONLY THE POSTGRESQL QUEUES WERE TESTED.\n',
    )
  if (isWhole)
    process.stdout.write(
      'Not run: the long tests, which start and kill programs and databases (npm run test:long), and those in a browser (npm run test:browser).\n',
    )
  process.stdout.write(`${passed} passed, ${failed} failed, ${count('skipped')} skipped\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

/** The test files that the operands name: files, or folders with all theirs. */
async function listNamed(operands: string[]): Promise<string[]> {
  const files = [...(await listTests('usual')), ...(await listTests('long')), ...(await listTests('browser'))]
  return operands.flatMap((operand) => {
    const path = join(operand).replace(/\/$/, '')
    const named = files.filter((file) => file === path || file.startsWith(`${path}/`))
    if (named.length === 0)
      throw new Error(`${operand} is no test file and has none: name one such as src/auth/auth.test.ts.`)
    return named
  })
}

/** The test files of a suite. */
async function listTests(of: Suite = suite): Promise<string[]> {
  const found = []
  for (const root of ['src', 'test', 'web']) {
    const names = await readdir(root, { recursive: true })
    const files = names
      .filter((name) => name.endsWith('.test.ts') && !name.startsWith('node_modules'))
      .map((name) => join(root, name))
    found.push(...files.filter((file) => suiteOf(file) === of))
  }
  // Slow files start first, so that none of them runs alone at the end.
  const isSlow = (file: string) => /^test\/journeys|embedded/.test(file)
  return found.toSorted((a, b) => Number(isSlow(b)) - Number(isSlow(a)) || a.localeCompare(b))
}

/**
 * Groups test files that can share a process, because loading the program takes most of the time of a small file. Files that
 * start programs or use Redis get a process of their own.
 */
async function groupTests(files: string[]): Promise<string[]> {
  const alone: string[] = []
  const groups: string[][] = Array.from({ length: GROUPS }, () => [])
  for (const file of files) {
    const needsItsOwn = /backends|REDIS_URL|startProgram|startEmbedded|process\.env/.test(await readFile(file, 'utf8'))
    if (needsItsOwn) alone.push(file)
    else groups.toSorted((a, b) => a.length - b.length)[0]!.push(file)
  }
  await mkdir('build/groups', { recursive: true })
  const entries = groups
    .filter((members) => members.length > 0)
    .map(async (members, n) => {
      const entry = `build/groups/${n + 1}.mjs`
      await writeFile(entry, members.map((file) => `import '../../${file}'\n`).join(''))
      return entry
    })
  return [...alone, ...(await Promise.all(entries))]
}

/** Starts the embedded PostgreSQL without fsync, because test data need not survive a crash. */
async function startDatabase(): Promise<string> {
  const settings = {
    ...{ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '400' },
    ...{ wal_level: 'minimal', max_wal_senders: '0' }, // a database of a test file is copied a third faster
  }
  const embedded = await startEmbedded({ folder: join(folder, 'data'), settings, log: () => {} })
  stops.push(() => embedded.stop())
  const client = new pg.Client({ connectionString: embedded.url })
  await client.connect()
  await client.query(`create database ${TEMPLATE}`)
  await client.end()
  const template = new URL(embedded.url)
  template.pathname = `/${TEMPLATE}`
  const { db, close } = openDb(template.toString(), { max: 2, statementTimeoutMs: 30_000, onError: () => {} })
  await applyMigrations(db, MIGRATIONS_FOLDER)
  await close()
  const queueClient = new pg.Client({ connectionString: template.toString() })
  await queueClient.connect()
  await runMigrations(queueClient)
  await queueClient.end()
  return embedded.url
}

/** REDIS_URL if set, else a redis-server that we start, else undefined. */
async function startRedis(): Promise<string | undefined> {
  if (process.env['REDIS_URL']) return process.env['REDIS_URL']
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined
  const port = await findFreePort()
  const child: ChildProcess = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder],
      ...['--maxmemory-policy', 'noeviction', '--databases', REDIS_DATABASES],
    ],
    { stdio: 'ignore' },
  )
  stops.push(async () => void child.kill())
  return `redis://127.0.0.1:${port}`
}

function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  isShown = true,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', isShown ? 'inherit' : 'pipe'], env })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        if (isShown) process.stdout.write(chunk)
      })
    }
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}
