/**
 * node build.mjs — compiles src/ into dist/, unless dist/ is newer than all it is made of: a second
 * `npm start` need not wait for the compiler.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

const STAMP = 'dist/.tsbuildinfo'
const made = statSync(STAMP, { throwIfNoEntry: false })?.mtimeMs ?? 0
const sources = readdirSync('src', { recursive: true }).map((name) => join('src', String(name)))
const isFresh = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', ...sources].every(
  (path) => statSync(path).mtimeMs < made,
)

if (!isFresh) {
  const { status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  })
  // An incremental compiler leaves its stamp alone when nothing it wrote has changed.
  if (status === 0) utimesSync(STAMP, new Date(), new Date())
  process.exitCode = status ?? 1
}
