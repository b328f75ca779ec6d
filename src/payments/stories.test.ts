/** Whatever order webhooks come in, a payment ends the same. test/faults/money.test.ts tells thousands of stories. */
import { test } from 'node:test'
import fc from 'fast-check'
import { startApp } from '../../test/harness.ts'
import { aStory, tellStory } from '../../test/payment-stories.ts'

test('charges, refunds and disputes told in any order, also twice, come to the same sums', async (t) => {
  const app = await startApp(t)
  const stories = fc.asyncProperty(aStory, (story) => tellStory(app, story))

  await fc.assert(stories, { numRuns: 60, seed: 1789 })
})
