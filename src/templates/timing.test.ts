import assert from 'node:assert/strict'
import test from 'node:test'
import { isLateFor, quietUntil, refuseUntimely } from './timing.ts'
import type { Failure } from '../platform/errors.ts'

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

const PARTY = { startsAt: soon('2029-06-02T00:00:00Z'), endsAt: soon('2029-06-02T06:00:00Z') }
const [BEFORE, DURING, LAST, END] = [
  '2029-06-01T23:59:59.999Z',
  '2029-06-02T00:00:00Z',
  '2029-06-02T05:59:59.999Z',
  '2029-06-02T06:00:00Z',
]
for (const [template, at, expected] of [
  ['event_invitation', BEFORE, null],
  ['event_invitation', DURING, 'late'],
  ['event_invitation', LAST, 'late'],
  ['event_invitation', END, 'event_closed'],
  ['event_reminder', BEFORE, null],
  ['event_reminder', LAST, 'late'],
  ['event_reminder', END, 'event_closed'],
  ['rsvp_confirmed', BEFORE, null],
  ['rsvp_confirmed', END, 'event_closed'],
  ['event_update', BEFORE, null],
  ['event_update', DURING, null],
  ['event_update', END, null],
  ['event_thanks', BEFORE, 'event_not_over'],
  ['event_thanks', DURING, 'event_not_over'],
  ['event_thanks', LAST, 'event_not_over'],
  ['event_thanks', END, null],
] as const) {
  test(`${template} at ${at}: ${expected ?? 'in time'}`, () => {
    const judge = () => {
      try {
        refuseUntimely(PARTY, template, soon(at))
        return isLateFor(PARTY, template, soon(at)) ? 'late' : null
      } catch (error) {
        return (error as Failure).code
      }
    }

    assert.equal(judge(), expected)
  })
}
