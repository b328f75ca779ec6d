import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkWeb, readWeb } from './web-rules.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

test('the pages keep their rules', async () => {
  const files = await readWeb(ROOT)

  assert.ok(files.size > 50)
  assert.deepEqual(checkWeb(files), [])
})

for (const [what, path, text] of [
  ['a feature that imports another', 'web/panel/money/Page.tsx', "import { x } from '../audit/Page.tsx'\n"],
  ['an app that imports another', 'web/organizer/routes.tsx', "import { x } from '../panel/routes.tsx'\n"],
  ['the kit that knows an app', 'web/kit/Shell.tsx', "import { x } from '../panel/routes.tsx'\n"],
  ['code of the server', 'web/panel/main.tsx', "import { x } from '../../src/app.ts'\n"],
  ['a lazy import sideways', 'web/panel/money/Page.tsx', "const x = import('../audit/Page.tsx')\n"],
  ['a heavy package at the door', 'web/door/main.tsx', "import { Button } from 'react-aria-components'\n"],
  ['a fetch of its own', 'web/panel/money/Page.tsx', "await fetch('/events')\n"],
  ['HTML from a text', 'web/kit/State.tsx', 'element.innerHTML = text\n'],
  ['a file that is too long', 'web/kit/State.tsx', 'x\n'.repeat(301)],
] as const)
  test(`the rules of the pages find ${what}`, () => {
    assert.equal(checkWeb(new Map([[path, text]])).length, 1)
  })

test('the rules of the pages allow types of the server, shared rules and what lies beside the list of screens', () => {
  const text = `import type { FailureCode } from '../../../src/platform/errors.ts'
import { judgeDoor } from '../../../src/checkin/rules.ts'
import { urlOf } from '../urls.ts'
import { Rows } from '../shared/Rows.tsx'
import { Button } from '../../kit/Button.tsx'
`
  assert.deepEqual(checkWeb(new Map([['web/organizer/guests/Page.tsx', text]])), [])
})
