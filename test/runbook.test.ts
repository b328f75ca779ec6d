/** The runbook quotes log lines as «…». Whoever searches the log for one must find it. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

test('every log line that the runbook quotes is one that the program writes', async () => {
  const runbook = await readFile('docs/runbook.md', 'utf8')
  const names = (await readdir('src', { recursive: true })).filter((name) => /(?<!\.test)\.ts$/.test(name))
  const source = (await Promise.all(names.map((name) => readFile(join('src', name), 'utf8')))).join('\n')
  const quoted = [...runbook.matchAll(/«([^»]+)»/g)].map(([, line]) => line!)

  assert.ok(quoted.length > 10)
  assert.deepEqual(
    quoted.filter((line) => !source.includes(line)),
    [],
  )
})
