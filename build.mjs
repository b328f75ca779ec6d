/**
 * node build.mjs — compiles src/ into dist/ and the pages of web/ into dist/web, each unless it is newer than all it is made
 * of: a second `npm start` need not wait for a compiler.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

/** What the pages take from the server. */
const SHARED = [
  'src/http/tokens.ts',
  'src/checkin/rules.ts',
  'src/checkin/signed-pass.ts',
  'src/events/code-reading.ts',
  'src/platform/values/text.ts',
]
const SERVER = {
  stamp: 'dist/.tsbuildinfo',
  sources: ['package.json', 'tsconfig.json', 'tsconfig.build.json', ...listFiles('src')],
  command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
}
const PAGES = {
  stamp: 'dist/web/manifest.json',
  sources: ['package.json', ...SHARED, ...listFiles('web')],
  command: ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', '--config', 'web/vite.config.ts'],
}

process.exitCode = build(SERVER)
// Without its pages the API runs, and says that they are missing.
if (process.exitCode === 0 && build(PAGES) !== 0) console.error('The pages were not built: npm run build:web')

function build({ stamp, sources, command }) {
  const madeMs = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (sources.every((path) => statSync(path).mtimeMs < madeMs)) return 0
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  // An incremental compiler leaves its stamp alone when nothing it wrote has changed.
  if (status === 0) utimesSync(stamp, new Date(), new Date())
  return status ?? 1
}

function listFiles(folder) {
  const names = readdirSync(folder, { recursive: true }).map(String)
  return [folder, ...names.filter((name) => !name.startsWith('node_modules')).map((name) => join(folder, name))]
}
