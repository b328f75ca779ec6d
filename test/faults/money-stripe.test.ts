import test from 'node:test'
import { surviveKills } from '../money-kills.ts'

test('Stripe: killed at the steps of intents, webhooks and refunds, the program loses and doubles nothing', async (t) => {
  await surviveKills(t, 'stripe')
})
