import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkForms } from './form-rules.ts'
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

const readText = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
const openapi = JSON.parse(await readText('openapi.json')) as Parameters<typeof checkForms>[1]
const bodies = await readText('web/api/bodies.ts')

test('every form of the pages checks what it sends', async () => {
  assert.deepEqual(checkForms(await readWeb(ROOT), openapi, bodies), [])
})

const FORM = 'web/panel/users/NewForm.tsx'
const CALL = "$api.useMutation('post', '/users')\ninvite.mutate({ body })\n"
for (const [what, path, text, found] of [
  ['a form that checks nothing', FORM, CALL, 1],
  ['a form that checks another body', FORM, `checkBody(createOrganizerBody, body)\n${CALL}`, 1],
  ['a call without a hook', FORM, "api\n  .PATCH('/users/{userId}', { body })\n", 1],
  ['nothing in a form that checks', FORM, `checkBody(user ? updateUserBody : inviteUserBody, body)\n${CALL}`, 0],
  [
    'nothing in a button',
    FORM,
    "useMutation('post', '/ops/channels/{channel}/resume')\nresume.mutate({ body: {} })\n",
    0,
  ],
  ['an exception that nobody needs', 'web/panel/users/UsersPage.tsx', 'export {}\n', 1],
] as const)
  test(`the rule of the forms finds ${what}`, () => {
    assert.equal(checkForms(new Map([[path, text]]), openapi, bodies).length, found)
  })
