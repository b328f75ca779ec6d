/** Many stories of payments. STORIES_SEED=1 STORIES_CASES=20000 npm run test:long -- test/faults/stories.test.ts */
import test from 'node:test'
import fc from 'fast-check'
import { startApp } from '../harness.ts'
import { aStory, tellStory } from '../payment-stories.ts'

const { STORIES_SEED: seed = '1789', STORIES_CASES: cases = '1000' } = process.env

test(`${cases} stories of charges, refunds and disputes of seed ${seed} come to the same sums in any order`, async (t) => {
  const app = await startApp(t)
  const stories = fc.asyncProperty(aStory, (story) => tellStory(app, story))
  await fc.assert(stories, { numRuns: Number(cases), seed: Number(seed) })
})
