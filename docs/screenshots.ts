/** npm run screenshots — photographs every screen of test/browser/screens.ts into docs/screenshots/. */
import { mkdir } from 'node:fs/promises'
import { test } from 'node:test'
import { SCREENS } from '../test/browser/screens.ts'
import { openSite } from '../test/browser/site.ts'

const FOLDER = 'docs/screenshots'
const LOOKS = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
] as const

test('photograph every screen', async (t) => {
  await mkdir(FOLDER, { recursive: true })
  const site = await openSite(t)
  for (const { name, who, path, ready } of SCREENS)
    for (const [look, options] of LOOKS) {
      const page = await site.open(t, who, path, options)
      await ready(page)
      await page.screenshot({ path: `${FOLDER}/${name}-${look}.png`, animations: 'disabled' })
      await page.context().close()
    }
})
