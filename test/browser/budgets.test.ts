/** What a first view loads, compressed, by the manifest of the build. No request leaves for another host. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

type Chunk = { file: string; imports?: string[]; css?: string[] }

const FOLDER = new URL('../../dist/web/', import.meta.url)
const manifest = JSON.parse(await readFile(new URL('manifest.json', FOLDER), 'utf8')) as Record<string, Chunk>

/** The files of an entry and of all that it imports at once. */
function listFiles(key: string, seen = new Set<string>()): Set<string> {
  const { file, imports = [], css = [] } = manifest[key]!
  if (seen.has(file)) return seen
  for (const one of [file, ...css]) seen.add(one)
  for (const next of imports) listFiles(next, seen)
  return seen
}

async function weigh(key: string): Promise<number> {
  const sizes = [...listFiles(key)].map(async (file) => gzipSync(await readFile(new URL(file, FOLDER))).length)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1000
}

for (const [entry, maxKb] of [
  ['panel.html', 230],
  ['organizer.html', 230],
  ['door.html', 120],
] as const)
  test(`the first view of ${entry} loads at most ${maxKb} kB`, async (t) => {
    const kb = await weigh(entry)

    t.diagnostic(`${entry}: ${kb.toFixed(0)} kB`)
    assert.ok(kb <= maxKb, `${kb.toFixed(0)} kB`)
  })
