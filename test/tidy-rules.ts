/** The rules of the tree that a plain search can check; tidy.test.ts runs them. ARCHITECTURE.md says why they exist. */
import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Files = Map<string, string>

/** Bottom first: a domain may use the ones before it, never those after it. */
const DOMAINS = [
  'auth',
  'events',
  'guestlists',
  'contacts',
  'channels',
  'templates',
  'delivery',
  'campaigns',
  'ledger',
  'providers',
  'payments',
  'reconciliation',
  'checkin',
  'rsvp',
  'waitlist',
  'conversations',
  'landing',
  'finance',
  'reports',
  'inbox',
  'privacy',
  'operations',
  'pages',
]
const FORBIDDEN_NAMES = ['utils', 'helpers', 'common', 'lib', 'manager', 'service', 'base', 'misc', 'types']
/** Importing one of these starts it; nobody may. */
const PROGRAMS = [
  'server',
  'worker',
  'commands/migrate',
  'commands/seed',
  'commands/create-user',
  'commands/set-password',
].map((name) => `src/${name}.ts`)
/** What a domain may take from below the domains, not the other rooms of platform; `deps` as types only. */
const SHARED_FOR_DOMAINS = /^src\/(http|platform|platform\/values)\/[a-z-]+\.ts$/
const SHARED_TYPES_FOR_DOMAINS = /^src\/deps\.ts$/
const LINES_MAX = 300
/** A domain larger than this, without its tests, wants to be two. */
const DOMAIN_LINES_MAX = 2700
/** A condition of a statement on a reason: reasons are for people. */
const COMPARES_REASON = /\b(?:where|and|or|when|on) \(?(?:\w+\.)?reason (?:=|<>|!=|in\b|like\b)/i
/** What outlives the transaction in its session, which behind a pooler belongs to somebody else the next moment. */
const NEEDS_SESSION =
  /\bpg_(?:try_)?advisory_(?:un)?lock|\bcreate (?:local |global )?temp|sql`\s*(?:set (?!local\b)|(?:un)?listen |prepare |discard )/i

/** One door per outside thing: who may import the package, or write the words. */
const PACKAGE_DOORS: [RegExp, RegExp][] = [
  [/^pg$/, /^src\/platform\/(db|acting|embedded\/embedded)\.ts$/],
  [/^kysely$/, /^src\/platform\/(db|acting|tables)\.ts$/],
  [/^bullmq$/, /^src\/platform\/queue(-workers)?\.ts$/],
  [/^ioredis$/, /^src\/platform\/(kv|queue)\.ts$/],
  [/^(fastify|@fastify\/.*)$/, /^src\/(app|server|http\/[a-z-]+|[a-z]+\/([a-z]+-)?routes)\.ts$/],
  [/^negotiator$/, /^src\/http\/accepts\.ts$/],
  [/^cookie$/, /^src\/http\/cookies\.ts$/],
  [/^stripe$/, /^src\/providers\/stripe\.ts$/],
  [/^resend$/, /^src\/channels\/email\.ts$/],
  [/^hucre(\/.*)?$/, /^src\/(platform|guestlists)\/xlsx\.ts$/],
  [/^yauzl$/, /^src\/guestlists\/zip\.ts$/],
  [/^(satori|@resvg\/.*)$/, /^src\/landing\/card\.ts$/],
  [/^undici$/, /^src\/channels\/http-call\.ts$/],
]
const WORD_DOORS: [string, RegExp, RegExp][] = [
  ['process.env', /\bprocess\.env\b/, /^src\/platform\/config\.ts$/],
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
    if (!path.startsWith('src/') || path.endsWith('.test.ts') || path === 'src/platform/tables.ts') continue
    const code = withoutComments(text)
    const lines = text.trimEnd().split('\n').length
    if (lines > LINES_MAX) say(`${lines} lines, more than ${LINES_MAX}: split by noun`)
    if (COMPARES_REASON.test(code)) say('compares a reason in SQL: add a column for what a statement must know')
    if (NEEDS_SESSION.test(code))
      say('keeps something in a session: only what ends with its transaction works behind a pooler')
    for (const what of [...checkDoors(path, code, imports), ...checkLayers(path, code, imports)]) say(what)
    for (const what of checkPackages(imports, files.get('package.json'))) say(what)
    for (const what of listDeadExports(path, code, files)) say(what)
  }
  return [...found, ...listCircles(files), ...listForeignWrites(files), ...listLargeDomains(files)]
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
    const [, other, file] = /^src\/([a-z]+)\/(?:[a-z]+\/)?([a-z-]+)\.ts$/.exec(target) ?? []
    const otherRank = DOMAINS.indexOf(other ?? '')
    if (domain === 'http' || domain === 'platform') {
      if (otherRank >= 0) found.push(`imports the domain ${other}`)
      if (domain === 'platform' && !target.startsWith('src/platform/') && otherRank < 0)
        found.push(`imports ${target}, which platform must not know`)
    }
    if (target.startsWith('src/commands/') && !/^src\/(server|worker|commands\/[a-z-]+)\.ts$/.test(path))
      found.push(`imports ${target}: only programs import commands`)
    if (rank < 0 || other === domain) continue
    if (otherRank > rank) found.push(`imports ${target}, a domain that comes later`)
    else if (otherRank >= 0 && file !== other && file !== 'jobs')
      found.push(`imports ${target}, the inside of ${other}`)
    else if (otherRank < 0 && !SHARED_FOR_DOMAINS.test(target)) {
      if (!SHARED_TYPES_FOR_DOMAINS.test(target)) found.push(`imports ${target}, which is not for domains`)
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

export async function readTree(): Promise<Files> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const files: Files = new Map()
  for (const name of ['package.json', 'ARCHITECTURE.md'])
    files.set(name, await readFile(posix.join(root, name), 'utf8'))
  for (const folder of ['src', 'test', 'docs', 'bench']) {
    const names = await readdir(posix.join(root, folder), { recursive: true }).catch(() => [])
    for (const name of names.filter((one) => one.endsWith('.ts'))) {
      files.set(`${folder}/${name}`, await readFile(posix.join(root, folder, name), 'utf8'))
    }
  }
  return files
}

/** Files that import each other, directly or around a corner; a circle of types is a circle. */
function listCircles(files: Files): string[] {
  const imports = new Map<string, string[]>()
  for (const [path, text] of files)
    if (isSource(path)) imports.set(path, [...new Set(listImports(path, text).map(({ target }) => target))])
  const found: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  const visit = (path: string, trail: string[]): void => {
    if (state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      found.push(`${path}: is in a circle of imports: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
      return
    }
    state.set(path, 'open')
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path])
    state.set(path, 'done')
  }
  for (const path of imports.keys()) visit(path, [])
  return found
}

const isSource = (path: string): boolean =>
  path.startsWith('src/') && path.endsWith('.ts') && !path.endsWith('.test.ts')

function listLargeDomains(files: Files): string[] {
  return DOMAINS.flatMap((domain) => {
    const sources = [...files].filter(([path]) => isSource(path) && path.startsWith(`src/${domain}/`))
    const lines = sources.reduce((sum, [, text]) => sum + text.trimEnd().split('\n').length, 0)
    return lines > DOMAIN_LINES_MAX ? [`src/${domain}: ${lines} lines, more than ${DOMAIN_LINES_MAX}: split it`] : []
  })
}

/** A statement that writes: `insert into x`, `update x set`, `update x a set`, `delete from x`. */
const WRITES = /\b(?:insert into|delete from|update) ([a-z_]+)\b/g

/** Tables are written by their owner alone. The owners stand in a table of ARCHITECTURE.md, each in one row. */
function listForeignWrites(files: Files): string[] {
  const rows = readOwners(files.get('ARCHITECTURE.md') ?? '')
  if (rows.length === 0) return []
  const owners = new Map(rows.flatMap(({ room, tables }) => tables.map((table) => [table, room])))
  const names = rows.flatMap(({ room, tables }) => [`${room}/`, ...tables])
  const found = names
    .filter((name, at) => names.indexOf(name) < at)
    .map((name) => `ARCHITECTURE.md: ${name} stands twice in the table of owners`)
  for (const [path, text] of files) {
    const [, room] = /^src\/([a-z]+)\//.exec(path) ?? []
    if (!isSource(path) || room === undefined || room === 'commands') continue // demo data touches every table
    for (const [, table] of withoutComments(text).matchAll(WRITES)) {
      if (['of', 'skip', 'set', 'exclusive'].includes(table!)) continue // `for update of`, `do update set`, `share update exclusive`
      const owner = owners.get(table!)
      if (owner === undefined) found.push(`${path}: writes ${table}, which has no owner in ARCHITECTURE.md`)
      else if (owner !== room) found.push(`${path}: writes ${table}, which ${owner} owns`)
    }
  }
  return found
}

/** Rows such as "| `delivery/` | `deliveries`, `pauses` |" under the heading "Who writes which table". */
function readOwners(architecture: string): { room: string; tables: string[] }[] {
  const [, section = ''] = architecture.split('## Who writes which table')
  const rows = section.split('\n## ')[0]!.matchAll(/^\| `([a-z]+)\/` \| (.+) \|$/gm)
  return [...rows].map(([, room, tables]) => ({
    room: room!,
    tables: [...tables!.matchAll(/`([a-z_]+)`/g)].map(([, table]) => table!),
  }))
}
