/**
 * node test/mend-lock.mjs — gives package-lock.json the optional packages of other platforms.
 *
 * npm writes only those that it could install where it ran; `npm ci` then fails in a fresh clone with
 * «Missing: … from lock file». Each missing one gets the version that its parent pins and the platform
 * that its name tells, so that npm skips it wherever it does not belong. Run it after every change of
 * a dependency. `--check` changes nothing and exits with 1 when something is missing.
 */
import { readFile, writeFile } from 'node:fs/promises'

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']
const FILE = new URL('../package-lock.json', import.meta.url)

const lock = JSON.parse(await readFile(FILE, 'utf8'))
const missing = listMissing(lock.packages)
const isCheck = process.argv.includes('--check')
for (const [path] of missing) process.stdout.write(`${isCheck ? 'missing' : 'added'}: ${path}\n`)
if (isCheck && missing.length > 0) process.exitCode = 1
if (!isCheck && missing.length > 0) await writeFile(FILE, `${JSON.stringify(mend(lock, missing), null, 2)}\n`)
process.stdout.write(`${missing.length} missing of ${Object.keys(lock.packages).length} packages\n`)

function listMissing(packages) {
  const found = new Map()
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const path = `node_modules/${name}`
      const isThere = Object.keys(packages).some((known) => known === path || known.endsWith(`/${path}`))
      if (!isThere) found.set(path, { ...describe(name, version), ...(parent.dev ? { dev: true } : {}) })
    }
  }
  return [...found]
}

function describe(name, version) {
  const words = name.split('/').at(-1).split('-')
  const os = words.filter((word) => SYSTEMS.includes(word))
  const cpu = words.filter((word) => PROCESSORS.includes(word))
  if (os.length !== 1 || cpu.length !== 1 || !/^\d/.test(version)) {
    throw new Error(`${name}@${version} does not tell its platform and version: add it to the lock by hand`)
  }
  return { version, os, cpu, optional: true }
}

function mend(lock, missing) {
  const { '': root, ...others } = lock.packages
  const sorted = Object.entries(others)
    .concat(missing)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
  return { ...lock, packages: { '': root, ...Object.fromEntries(sorted) } }
}
