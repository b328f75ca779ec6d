import assert from 'node:assert/strict'
import test from 'node:test'
import { planRefusal, type Refused } from './consequences.ts'
import type { Verdict } from '../channels/channels.ts'
import { openMs } from '../channels/breaker.ts'
import { quietUntil } from '../templates/timing.ts'

const NOW = new Date('2029-06-01T18:00:00.000Z')
const NIGHT = { from: '22:00', to: '09:00' }
const soon = (iso: string) => new Date(iso)
/** Six hours long. */
const eventOf = (timeZone: string, startsAt: string, template = 'event_update') => ({
  ...{ timeZone, template, startsAt: soon(startsAt), endsAt: new Date(soon(startsAt).getTime() + 6 * 3_600_000) },
})

for (const [what, now, timeZone, startsAt, expected] of [
  ['21:59 local is not quiet', '2029-06-02T03:59:59Z', 'America/Mexico_City', '2029-07-01T00:00:00Z', null],
  [
    '22:00 local waits until 9',
    '2029-06-02T04:00:00Z',
    'America/Mexico_City',
    '2029-07-01T00:00:00Z',
    '2029-06-02T15:00:00.000Z',
  ],
  [
    '01:00 local waits until 9 of the same day',
    '2029-06-02T07:00:00Z',
    'America/Mexico_City',
    '2029-07-01T00:00:00Z',
    '2029-06-02T15:00:00.000Z',
  ],
  ['9:00 local is not quiet', '2029-06-02T15:00:00Z', 'America/Mexico_City', '2029-07-01T00:00:00Z', null],
  [
    'Tijuana is in its own night',
    '2029-01-02T06:30:00Z',
    'America/Tijuana',
    '2029-07-01T00:00:00Z',
    '2029-01-02T17:00:00.000Z',
  ],
  [
    'an event that begins before the morning does not wait',
    '2029-06-02T05:30:00Z',
    'America/Mexico_City',
    '2029-06-02T14:00:00Z',
    null,
  ],
  [
    'the zones of Mexico differ: at 04:30 UTC in January it is 23:30 in Cancún',
    '2029-01-02T04:30:00Z',
    'America/Cancun',
    '2029-07-01T00:00:00Z',
    '2029-01-02T14:00:00.000Z',
  ],
  [
    'and 21:30 in Hermosillo, which knows no summer time',
    '2029-07-02T04:30:00Z',
    'America/Hermosillo',
    '2029-08-01T00:00:00Z',
    null,
  ],
  [
    'and 22:30 in Ciudad Juárez, which has that of El Paso',
    '2029-07-02T04:30:00Z',
    'America/Ciudad_Juarez',
    '2029-08-01T00:00:00Z',
    '2029-07-02T15:00:00.000Z',
  ],
  [
    'the night in which the clocks of Tijuana go forward is an hour shorter',
    '2029-03-11T07:00:00Z', // 23:00 on the 10th, UTC-8
    'America/Tijuana',
    '2029-07-01T00:00:00Z',
    '2029-03-11T16:00:00.000Z', // 09:00 at UTC-7
  ],
  [
    'the night in which those of Ciudad Juárez go back is an hour longer',
    '2029-11-04T05:00:00Z', // 23:00 on the 3rd, UTC-6
    'America/Ciudad_Juarez',
    '2029-12-01T00:00:00Z',
    '2029-11-04T16:00:00.000Z', // 09:00 at UTC-7
  ],
  [
    'Mexico City has no summer time since 2022',
    '2029-07-02T03:30:00Z', // 21:30; 22:30 with summer time
    'America/Mexico_City',
    '2029-08-01T00:00:00Z',
    null,
  ],
  ['an unknown zone does not stop a message', '2029-06-02T05:30:00Z', 'Mars/Olympus', '2029-07-01T00:00:00Z', null],
] as const) {
  test(`quiet hours: ${what}`, () => {
    const until = quietUntil(soon(now), eventOf(timeZone, startsAt), NIGHT)

    assert.equal(until?.toISOString() ?? null, expected)
  })
}

test('quiet hours may lie within one day, and may be off', () => {
  const event = eventOf('UTC', '2029-07-01T00:00:00Z')

  const siesta = quietUntil(soon('2029-06-01T14:30:00Z'), event, { from: '14:00', to: '16:00' })

  assert.equal(siesta?.toISOString(), '2029-06-01T16:00:00.000Z')
  assert.equal(quietUntil(soon('2029-06-01T23:30:00Z'), event, null), null)
})

for (const [what, now, template, expected] of [
  ['news of an event that goes on leave at once', '2029-06-02T05:30:00Z', 'event_update', null],
  ['thanks wait, although the event goes on', '2029-06-02T05:30:00Z', 'event_thanks', '2029-06-02T15:00:00.000Z'],
  ['news of an event that is over wait', '2029-06-02T08:00:00Z', 'event_update', '2029-06-02T15:00:00.000Z'],
] as const) {
  test(`quiet hours: ${what}`, () => {
    const until = quietUntil(soon(now), eventOf('America/Mexico_City', '2029-06-02T02:00:00Z', template), NIGHT)

    assert.equal(until?.toISOString() ?? null, expected)
  })
}

test('quiet hours: what an event of several days can still use in the morning waits', () => {
  const event = { ...eventOf('America/Mexico_City', '2029-06-01T15:00:00Z'), endsAt: soon('2029-06-04T00:00:00Z') }

  assert.equal(quietUntil(soon('2029-06-02T05:30:00Z'), event, NIGHT)?.toISOString(), '2029-06-02T15:00:00.000Z')
})

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
  ['alarm', 'queued', false, 'isAlarm'],
  ['fail', 'failed', true, null],
] as const) {
  test(`${verdict}: ${status}, ${isSpent ? 'costs' : 'keeps'} the attempt${effect ? `, ${effect}` : ''}`, () => {
    const planned = plan(verdict)

    assert.deepEqual([planned.status, planned.isSpent], [status, isSpent])
    const effects = ['isChannelFault', 'templateOnly', 'needsFallback', 'pausesCampaign', 'isAlarm'] as const
    for (const name of effects) assert.equal(planned[name], name === effect, name)
    assert.equal(planned.pauseUntil !== null, effect === 'pauseUntil' || verdict === 'alarm')
  })
}

test('stop_sending: keeps the attempt, pauses the campaign, pauses the channel and calls a person', () => {
  const planned = plan('stop_sending', {}, 'whatsapp_131048', 600_000)

  assert.deepEqual([planned.status, planned.isSpent], ['queued', false])
  assert.deepEqual([planned.pausesCampaign, planned.isAlarm, planned.isChannelFault], [true, true, false])
  assert.equal(planned.pauseUntil!.getTime() - NOW.getTime(), 600_000)
  assert.equal(plan('stop_sending', { campaignId: null }).pausesCampaign, false)
})

test('retry_once: the second time for the same reason, or with attempts spent, another channel takes its place', () => {
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

test('only 131049 is tried once more a day later, and only where there is no other way', () => {
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
    plans.map(({ status, isSpent, isLaterTry }) => [status, isSpent, isLaterTry]),
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

test('an e-mail is not tried again after the 24 hours of its key, and a WhatsApp message is', () => {
  const old = { firstAttemptAt: new Date(NOW.getTime() - 23 * 3_600_000) }

  assert.deepEqual([plan('retry', { ...old, channel: 'email' }).status, plan('retry', old).status], ['dead', 'queued'])
})

test('the pause for one recipient grows as Meta advises: 4, 16, 64 … seconds, and Retry-After wins', () => {
  const waits = [1, 2, 3].map(
    (attempts) => plan('wait_recipient', { attempts }).nextAttemptAt!.getTime() - NOW.getTime(),
  )

  assert.deepEqual(waits, [4000, 16_000, 64_000])
  assert.equal(plan('wait_recipient', {}, 'whatsapp_131056', 9000).nextAttemptAt!.getTime() - NOW.getTime(), 9000)
})

test('a template that is refused for a closed window fails: it was the template already', () => {
  assert.equal(plan('use_template', { templateOnly: true }).status, 'failed')
})

test('the circuit stays open for 15 seconds after ten failures, twice as long each time, ten minutes at most', () => {
  assert.deepEqual([9, 10, 11, 12, 30].map(openMs), [0, 15_000, 30_000, 60_000, 600_000])
})

for (const verdict of ['wait_recipient', 'wait_all', 'alarm'] as const) {
  test(`${verdict} after the provider had taken the message costs an attempt, and the last one is dead`, () => {
    const again = plan(verdict, {}, 'x', undefined, true)
    const last = plan(verdict, { attempts: 5 }, 'x', undefined, true)

    assert.deepEqual([again.status, again.isSpent, last.status], ['queued', true, 'dead'])
  })
}

test('stop_batch_once: the second time it is the message, which fails alone; another reason stops the others anew', () => {
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

test('a refusal that every message would share fails a message of no campaign', () => {
  const planned = plan('stop_batch', { campaignId: null })

  assert.deepEqual([planned.status, planned.pausesCampaign], ['failed', false])
})
