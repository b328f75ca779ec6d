import assert from 'node:assert/strict'
import test from 'node:test'
import { planRefusal, type Refused } from './consequences.ts'
import type { Verdict } from '../channels/channels.ts'

const NOW = new Date('2029-06-01T18:00:00.000Z')
const message: Refused = {
  channel: 'whatsapp',
  template: 'event_invitation',
  attempts: 1,
  attemptsMax: 5,
  templateOnly: false,
  mayFallBack: true,
  firstAttemptAt: NOW,
  possibleDuplicate: false,
  campaignId: 'cmp_1',
  canEmail: true,
  withheldAt: null,
  earlierReasons: null,
}
const plan = (
  verdict: Verdict,
  more: Partial<Refused> = {},
  reason = 'whatsapp_1',
  afterMs?: number,
  wasAccepted = false,
) =>
  planRefusal(
    { ...message, ...more },
    { verdict, reason, ...(afterMs === undefined ? {} : { afterMs }) },
    { now: NOW, backoffDelayMs: 30_000, random: 0.5, wasAccepted },
  )

for (const [verdict, status, isSpent, effect] of [
  ['retry', 'queued', true, 'isChannelFault'],
  ['retry_once', 'queued', true, null],
  ['wait_recipient', 'queued', false, null],
  ['wait_all', 'queued', false, 'pauseUntil'],
  ['use_template', 'queued', false, 'templateOnly'],
  ['fall_back', 'failed', true, 'needsFallback'],
  ['stop_recipient', 'failed', true, 'needsFallback'],
  ['stop_batch', 'queued', false, 'pausesCampaign'],
  ['stop_batch_once', 'queued', false, 'pausesCampaign'],
  ['alarm', 'queued', false, 'needsOperator'],
  ['fail', 'failed', true, null],
] as const) {
  test(`${verdict}: ${status}, ${isSpent ? 'costs' : 'keeps'} the attempt${effect ? `, ${effect}` : ''}`, () => {
    const planned = plan(verdict)

    assert.deepEqual([planned.status, planned.isSpent], [status, isSpent])
    const effects = ['isChannelFault', 'templateOnly', 'needsFallback', 'pausesCampaign', 'needsOperator'] as const
    for (const name of effects) assert.equal(planned[name], name === effect, name)
    assert.equal(planned.pauseUntil !== null, effect === 'pauseUntil' || verdict === 'alarm')
  })
}

test('stop_sending: keeps the attempt, pauses the campaign and the channel, and needs an operator', () => {
  const planned = plan('stop_sending', {}, 'whatsapp_131048', 600_000)

  assert.deepEqual([planned.status, planned.isSpent], ['queued', false])
  assert.deepEqual([planned.pausesCampaign, planned.needsOperator, planned.isChannelFault], [true, true, false])
  assert.equal(planned.pauseUntil!.getTime() - NOW.getTime(), 600_000)
  assert.equal(plan('stop_sending', { campaignId: null }).pausesCampaign, false)
})

test('retry_once: falls back the second time for the same reason, or when the attempts are spent', () => {
  const again = plan('retry_once', { attempts: 2, earlierReasons: ['whatsapp_1'] })
  const other = plan('retry_once', { attempts: 2, earlierReasons: ['whatsapp_131000'] })
  const spent = plan('retry_once', { attempts: 5 })

  assert.deepEqual(
    [again, other, spent].map(({ status, needsFallback }) => [status, needsFallback]),
    [
      ['failed', true],
      ['queued', false],
      ['failed', true],
    ],
  )
})

test('only 131049 is retried a day later, once, and only if it cannot fall back', () => {
  const none = { canEmail: false }
  const plans = [
    plan('fall_back', none, 'whatsapp_131049'),
    plan('fall_back', { ...none, attempts: 5 }, 'whatsapp_131049'),
    plan('fall_back', { ...none, withheldAt: NOW }, 'whatsapp_131049'),
    plan('fall_back', {}, 'whatsapp_131049'),
    plan('fall_back', { mayFallBack: false }, 'whatsapp_131049'),
    plan('fall_back', none, 'whatsapp_131026'),
  ]

  assert.deepEqual(
    plans.map(({ status, isSpent, isWithheldRetry }) => [status, isSpent, isWithheldRetry]),
    [
      ['queued', false, true],
      ['queued', false, true],
      ['failed', true, false],
      ['failed', true, false],
      ['queued', false, true],
      ['failed', true, false],
    ],
  )
  assert.equal(plans[0]!.nextAttemptAt!.getTime() - NOW.getTime(), 86_400_000)
})

test('an e-mail is not retried after the 24 hours of its idempotency key, and a WhatsApp message is', () => {
  const old = { firstAttemptAt: new Date(NOW.getTime() - 23 * 3_600_000) }

  assert.deepEqual([plan('retry', { ...old, channel: 'email' }).status, plan('retry', old).status], ['dead', 'queued'])
})

test('the wait for one recipient grows as Meta advises: 4, 16, 64 … seconds, unless there is a Retry-After', () => {
  const waits = [1, 2, 3].map(
    (attempts) => plan('wait_recipient', { attempts }).nextAttemptAt!.getTime() - NOW.getTime(),
  )

  assert.deepEqual(waits, [4000, 16_000, 64_000])
  assert.equal(plan('wait_recipient', {}, 'whatsapp_131056', 9000).nextAttemptAt!.getTime() - NOW.getTime(), 9000)
})

test('use_template: a template that is refused for a closed window fails', () => {
  assert.equal(plan('use_template', { templateOnly: true }).status, 'failed')
})

for (const verdict of ['wait_recipient', 'wait_all', 'alarm'] as const) {
  test(`${verdict} after the provider accepted the message costs an attempt, and the last one is dead`, () => {
    const again = plan(verdict, {}, 'x', undefined, true)
    const last = plan(verdict, { attempts: 5 }, 'x', undefined, true)

    assert.deepEqual([again.status, again.isSpent, last.status], ['queued', true, 'dead'])
  })
}

test('stop_batch_once: the second time for the same reason only the message fails', () => {
  const again = plan('stop_batch_once', { earlierReasons: ['whatsapp_1'] })
  const other = plan('stop_batch_once', { earlierReasons: ['whatsapp_131000'] })
  const none = plan('stop_batch_once', { campaignId: null })

  assert.deepEqual(
    [again, other, none].map(({ status, pausesCampaign, needsFallback }) => [status, pausesCampaign, needsFallback]),
    [
      ['failed', false, true],
      ['queued', true, false],
      ['failed', false, false],
    ],
  )
})

test('stop_batch: a message without a campaign fails', () => {
  const planned = plan('stop_batch', { campaignId: null })

  assert.deepEqual([planned.status, planned.pausesCampaign], ['failed', false])
})
