import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  advance,
  START,
  syncStateOf,
  takesCodes,
  type Door,
  type DoorEvent,
  type Scan,
  type Verdict,
} from './machine.ts'

const scan = (scanId: string, more: Partial<Scan> = {}): Scan => ({
  scanId,
  code: `c-${scanId}`,
  admit: 1,
  direction: 'in',
  atMs: 0,
  ...more,
})
const guest = {
  name: 'Mariana',
  notes: null,
  companions: [],
  partySize: 4,
  admitted: 1,
  remaining: 3,
  answer: 'yes' as const,
}
const VALID: Verdict = { status: 'valid', guest }
const FULL: Verdict = { status: 'valid', guest: { ...guest, remaining: 0 } }
const GONE: Verdict = { status: 'valid', guest: { ...guest, admitted: 0, remaining: 4 } }
const TWICE: Verdict = { status: 'duplicate', reason: 'already_admitted' }
const NONE: Verdict = { status: 'invalid', reason: 'unknown_code' }

const decoded = (id: string, left = 0, verdict = VALID): DoorEvent => ({
  kind: 'decoded',
  scan: scan(id),
  known: left > 0 || verdict !== VALID ? { verdict, left } : null,
})
const found: DoorEvent = { kind: 'decoded', scan: scan('a', { isChosen: true }), known: { verdict: VALID, left: 1 } }
const chosen: DoorEvent = { kind: 'chosen', admit: 3 }
const answered = (scanId: string, verdict = VALID): DoorEvent => ({ kind: 'answered', scanId, verdict })
const silent = (scanId: string, verdict: Verdict | null = VALID): DoorEvent => ({
  ...{ kind: 'silent', scanId, verdict, hash: null },
})
const settled = (id: string, verdict: Verdict, ageMs = 1000): DoorEvent => ({
  kind: 'settled',
  scan: scan(id),
  before: VALID,
  verdict,
  ageMs,
})
const more: DoorEvent = { kind: 'more', scan: scan('b') }
const leaving: DoorEvent = { kind: 'decoded', scan: scan('a', { direction: 'out' }), known: null }
const moreLeaving: DoorEvent = { kind: 'more', scan: scan('b', { direction: 'out' }) }
const [retried, dismissed, reached] = [{ kind: 'retried' }, { kind: 'dismissed' }, { kind: 'reached' }] as const
const timedOut = (scanId: string): DoorEvent => ({ kind: 'timedOut', scanId })
/** The code of the scan `a`. */
const again: DoorEvent = { kind: 'decoded', scan: { ...scan('b'), code: 'c-a' }, known: null }
const onlineOnly: DoorEvent = { kind: 'limited', isOnlineOnly: true }
const miss = (id: string) => [decoded(id), silent(id)]

/** What happens, what is shown then, and what the last event causes. */
const TABLE: [string, DoorEvent[], string, string[]][] = [
  ['a code is checked at once', [decoded('a')], 'checking a', ['ask a 1']],
  ['one place left asks nothing', [decoded('a', 1)], 'checking a', ['ask a 1']],
  ['a party asks how many, before anything is spent', [decoded('a', 4)], 'party a', []],
  ['the party that was chosen is checked', [decoded('a', 4), chosen], 'checking a', ['ask a 3']],
  ['no code cuts in on a party', [decoded('a', 4), decoded('b')], 'party a', []],
  ['a party is given up', [decoded('a', 4), dismissed], 'idle', []],
  ['one tap on a name admits nobody', [found], 'party a', []],
  ['our list does not refuse in the place of the server', [decoded('a', 0, TWICE)], 'checking a', ['ask a 1']],
  ['a second code waits while one is checked', [decoded('a'), decoded('b')], 'checking a', []],
  ['a tap does not end a check', [decoded('a'), dismissed], 'checking a', []],
  ['valid', [decoded('a'), answered('a')], 'valid a', ['signal valid']],
  ['duplicate', [decoded('a'), answered('a', TWICE)], 'duplicate a', ['signal duplicate']],
  ['invalid', [decoded('a'), answered('a', NONE)], 'invalid a', ['signal invalid']],
  ['the answer to another scan changes nothing', [decoded('a'), answered('b')], 'checking a', []],
  ['the next code cuts in on valid', [decoded('a'), answered('a'), decoded('b')], 'checking b', ['ask b 1']],
  ['the next code cuts in on invalid', [decoded('a'), answered('a', NONE), decoded('b')], 'checking b', ['ask b 1']],
  ['a tap ends an answer', [decoded('a'), answered('a', TWICE), dismissed], 'idle', []],
  ['so do four seconds', [decoded('a'), answered('a', TWICE), timedOut('a')], 'idle', []],
  ['but not those of the answer before', [decoded('b'), answered('b'), timedOut('a')], 'valid b', []],
  ['more of the party', [decoded('a'), answered('a'), more], 'party b', []],
  ['of those who left, more who are inside', [leaving, answered('a', FULL), moreLeaving], 'party b', []],
  ['and nobody more when all have left', [leaving, answered('a', GONE), moreLeaving], 'valid a', []],
  ['nobody more when no place is left', [decoded('a'), answered('a', FULL), more], 'valid a', []],
  ['silence: our list stands in', miss('a'), 'provisional a', ['keep a valid', 'signal valid']],
  ['also when it refuses', [decoded('a'), silent('a', NONE)], 'provisional a', ['keep a invalid', 'signal invalid']],
  ['silence that was answered meanwhile', [decoded('a'), answered('a'), silent('a')], 'valid a', []],
  ['online only: no answer is no entry', [decoded('a'), silent('a', null)], 'unanswered a', ['signal invalid']],
  ['and the same scan is asked again', [decoded('a'), silent('a', null), retried], 'checking a', ['ask a 1']],
  ['also when its code is read again', [decoded('a'), silent('a', null), again], 'checking a', ['ask a 1']],
  [
    'with as many people, also when they are counted again',
    [decoded('a', 4), chosen, silent('a', null), { ...again, known: { verdict: VALID, left: 4 } }],
    'checking a',
    ['ask a 3'],
  ],
  ['another code is another scan', [decoded('a'), silent('a', null), decoded('b')], 'checking b', ['ask b 1']],
  ['its late answer is shown', [decoded('a'), silent('a', null), answered('a')], 'valid a', ['signal valid']],
  ['the server agrees', [...miss('a'), settled('a', FULL)], 'valid a', []],
  ['the server agrees later', [...miss('a'), ...miss('b'), settled('a', FULL)], 'provisional b', []],
  ['the server differs', [...miss('a'), settled('a', TWICE)], 'correction a', ['signal duplicate']],
  [
    'also in the place of what came next',
    [...miss('a'), ...miss('b'), settled('a', NONE)],
    'correction a',
    ['signal invalid'],
  ],
  [
    'a double entry is a correction',
    [...miss('a'), settled('a', { ...VALID, isConflict: true })],
    'correction a',
    ['signal valid'],
  ],
  ['of long ago it fills no screen', [...miss('a'), ...miss('b'), settled('a', TWICE, 121_000)], 'provisional b', []],
  ['a correction waits for a check', [...miss('a'), decoded('b'), settled('a', TWICE)], 'checking b', []],
  [
    'and comes after its answer',
    [...miss('a'), decoded('b'), settled('a', TWICE), answered('b'), timedOut('b')],
    'correction a',
    ['signal duplicate'],
  ],
  ['no code cuts in on a correction', [...miss('a'), settled('a', TWICE), decoded('b')], 'correction a', []],
  ['nor do four seconds', [...miss('a'), settled('a', TWICE), timedOut('a')], 'correction a', []],
  ['a tap ends it', [...miss('a'), settled('a', TWICE), dismissed], 'idle', []],
  [
    'after three misses nobody is asked',
    [...miss('a'), ...miss('b'), ...miss('c'), decoded('d')],
    'checking d',
    ['judge d 1'],
  ],
  [
    'online only: the server is asked all the same',
    [onlineOnly, ...['a', 'b', 'c'].flatMap((id) => [decoded(id), silent(id, null)]), decoded('d')],
    'checking d',
    ['ask d 1'],
  ],
  [
    'an answer between them starts anew',
    [...miss('a'), ...miss('b'), decoded('x'), answered('x'), ...miss('c'), decoded('d')],
    'checking d',
    ['ask d 1'],
  ],
  [
    'a probe that arrives asks again',
    [...miss('a'), ...miss('b'), ...miss('c'), reached, decoded('d')],
    'checking d',
    ['ask d 1'],
  ],
]

for (const [name, events, shown, caused] of TABLE)
  test(name, () => {
    let door: Door = START
    let effects: string[] = []
    for (const event of events) {
      const [next, causes] = advance(door, event)
      door = next
      effects = causes.map((effect) => {
        if (effect.kind === 'signal') return `signal ${effect.tone}`
        if (effect.kind === 'keep') return `keep ${effect.scan.scanId} ${effect.verdict.status}`
        return `${effect.isAsked ? 'ask' : 'judge'} ${effect.scan.scanId} ${effect.scan.admit}`
      })
    }

    const { view } = door
    assert.equal(view.kind === 'idle' ? 'idle' : `${view.kind} ${view.scan.scanId}`, shown)
    assert.deepEqual(effects, caused)
  })

test('every state but a party, a check and a correction takes the next code, and every one returns to the camera', () => {
  const states = TABLE.map(([, events]) => events.reduce((door, event) => advance(door, event)[0], START))

  assert.equal(new Set(states.map(({ view }) => view.kind)).size, 8 + 1)
  for (const door of states) {
    assert.equal(takesCodes(door), !['party', 'checking', 'correction'].includes(door.view.kind))
    let at = door.view.kind === 'checking' ? advance(door, silent(door.view.scan.scanId, null))[0] : door
    while (at.corrections.length > 0 || at.view.kind !== 'idle') at = advance(at, dismissed)[0]
    assert.equal(at.view.kind, 'idle')
  }
})

const QUIET = { isOffline: false, misses: 0, isBlocked: false, isUploading: false, conflicts: 0 }
for (const [facts, state] of [
  [{}, 'online'],
  [{ misses: 1 }, 'slow'],
  [{ misses: 3, isOffline: true }, 'offline'],
  [{ isUploading: true, misses: 1 }, 'syncing'],
  [{ conflicts: 2 }, 'conflict'],
  [{ conflicts: 2, isUploading: true }, 'syncing'],
  [{ isOffline: true, conflicts: 1 }, 'offline'],
  [{ isBlocked: true, isOffline: true }, 'blocked'],
] as const)
  test(`${JSON.stringify(facts)} is ${state}`, () => assert.equal(syncStateOf({ ...QUIET, ...facts }), state))
