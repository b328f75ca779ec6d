/**
 * npm run screenshots — photographs every screen of test/browser/screens.ts into docs/screenshots/: first as a new demo shows
 * them, then those that a campaign fills with answers once more.
 */
import { mkdir, rm } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { SCREENS, type Screen } from '../test/browser/screens.ts'
import { openSite, type Site } from '../test/browser/site.ts'
import { until } from '../test/program.ts'

const FOLDER = 'docs/screenshots'
const LOOKS = [
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
] as const
const FILLED = ['panel-overview', 'organizer-event', 'organizer-guests', 'organizer-conversations', 'organizer-sends']
const SETTLES_MS = 1500
const CAMPAIGN_MAX_MS = 120_000

async function photograph(t: TestContext, site: Site, screens: Screen[]): Promise<void> {
  for (const { name, who, path, ready } of screens)
    for (const [look, options] of LOOKS) {
      const page = await site.open(t, who, path, options)
      await ready(page)
      await page.screenshot({ path: `${FOLDER}/${name}-${look}.png`, animations: 'disabled' })
      await page.context().close()
    }
}

/** Invites everybody; the simulated provider lets them read and answer. */
async function inviteAll({ ask }: Site): Promise<void> {
  const campaigns = '/events/ev_demo/campaigns'
  const template = 'event_invitation'
  const { preflightId } = await ask<{ preflightId: string }>('organizer', 'POST', campaigns, { template, dryRun: true })
  const { campaignId } = await ask<{ campaignId: string }>('organizer', 'POST', campaigns, { template, preflightId })
  await until(
    () => ask<{ status: string }>('organizer', 'GET', `/campaigns/${campaignId}`),
    ({ status }) => status === 'completed',
    CAMPAIGN_MAX_MS,
  )
}

test('photograph every screen', async (t) => {
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  const site = await openSite(t)
  await photograph(t, site, SCREENS)

  await inviteAll(site)
  const filled = SCREENS.filter(({ name }) => FILLED.includes(name))
  await photograph(
    t,
    site,
    filled.map((screen) => ({ ...screen, ready: (page) => page.waitForTimeout(SETTLES_MS) })),
  )
})
