/** axe finds nothing on any screen, in both themes and at the width of a phone (WCAG 2.2 AA). */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { AxeResults } from 'axe-core'
import { SCREENS } from './screens.ts'
import { openSite } from './site.ts'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const

test('axe finds no violation on any screen', async (t) => {
  const site = await openSite(t)
  for (const { name, who, path, ready } of SCREENS)
    await t.test(name, async (t) => {
      // The policy of the pages forbids scripts of others; axe comes past it.
      const page = await site.open(t, who, path, { ...LOOKS[0], bypassCSP: true })
      await ready(page)
      await page.evaluate(AXE)
      for (const { colorScheme, viewport } of LOOKS)
        await t.test(`${colorScheme}, ${viewport.width} px`, async () => {
          await page.emulateMedia({ colorScheme })
          await page.setViewportSize(viewport)
          // A chart is drawn again in the width that it has now.
          await page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))')

          const { violations } = await page.evaluate<AxeResults>(
            `axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`,
          )
          const width = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )

          assert.deepEqual(
            violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
            [],
          )
          assert.equal(width, 0, 'the page scrolls to the side')
        })
    })
})
