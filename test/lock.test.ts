/** Whether the packages in package-lock.json run on the Node.js that package.json promises. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'

type Lock = { packages: Record<string, { version?: string; engines?: { node?: string } }> }
type Semver = { satisfies(version: string, range: string): boolean; minVersion(range: string): { version: string } }

const { satisfies, minVersion } = createRequire(import.meta.url)('semver') as Semver
const readJson = async (file: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../${file}`, import.meta.url), 'utf8'))

test('every package runs on the oldest Node.js that is promised', async () => {
  const { engines } = (await readJson('package.json')) as { engines: { node: string } }
  const { packages } = (await readJson('package-lock.json')) as Lock
  const oldest = minVersion(engines.node).version

  const refusing = Object.entries(packages).filter(([, { engines: needs }]) => !satisfies(oldest, needs?.node ?? '*'))

  assert.deepEqual(
    refusing.map(([path, { version, engines: needs }]) => `${path}@${version} needs ${needs?.node}`),
    [],
  )
})
