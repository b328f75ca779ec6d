import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, sql, withTx, type Db } from '../platform/db.ts'
import type { User } from '../http/access.ts'
import { startApp, type AppOptions } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'

type Answer = {
  scanId?: string
  status: string
  reason?: string
  guest?: {
    name: string
    notes: string | null
    companions: object[]
    partySize: number
    admitted: number
    remaining: number
    answer: string
  }
  message?: { 'es-MX': string; en: string }
  first?: { at: string; gate: string | null; device: string | null; by: string | null }
}

async function aDoor(t: TestContext, options?: AppOptions) {
  const app = await startApp(t, options)
  const scan = (body: object, as: 'staff' | 'organizer' | 'director' | 'viewer' | User | null = 'staff') =>
    app.post('/scan/validate', { as, body })
  const validate = async (body: object): Promise<Answer> => {
    const response = await scan(body)
    assert.equal(response.statusCode, 200, response.body)
    const { requestId: _, scanId, message, ...answer } = response.json<Answer & { requestId: string }>()
    assert.ok(scanId)
    assert.equal(message !== undefined, answer.reason !== undefined)
    return answer
  }
  return { ...app, scan, validate }
}

const admittedOf = async (db: Db, invitationId: string) =>
  (await sql<{ admitted: number }>`select admitted from invitations where id = ${invitationId}`.execute(db)).rows[0]!
    .admitted

const scansOf = async (db: Db, eventId: string) =>
  (
    await sql<{ result: string; reason: string | null; codeHash: Buffer; scannedAt: Date; scannedBy: string }>`
      select result, reason, code_hash, scanned_at, scanned_by from scans where event_id = ${eventId} order by received_at, id`.execute(
      db,
    )
  ).rows

const count = (values: string[]) =>
  Object.fromEntries([...new Set(values)].toSorted().map((value) => [value, values.filter((v) => v === value).length]))

test('a scan admits the guest and returns how many places are left', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 3, answer: 'yes' })

  const answer = await validate({ eventId, code, admit: 2, gate: 'Norte' })

  assert.deepEqual(answer, {
    status: 'valid',
    guest: { name: 'Ana Prueba', notes: null, companions: [], partySize: 3, admitted: 2, remaining: 1, answer: 'yes' },
  })
  assert.equal(await admittedOf(db, invitationId), 2)
})

test('fifty concurrent scans of one code admit one person, and 49 see the first admission', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db)
  const gates = Array.from({ length: 50 }, (_, n) => `Puerta ${n}`)
  const insist = async (gate: string) => {
    const body = { eventId, code, gate, device: 'D', scanId: newId('dev') }
    for (;;) {
      const response = await scan(body)
      if (response.statusCode !== 503) return response.json<Answer>() // no connection was free in time: again
    }
  }

  const answers = await Promise.all(gates.map(insist))

  assert.deepEqual(count(answers.map(({ status }) => status)), { duplicate: 49, valid: 1 })
  const winner = gates[answers.findIndex(({ status }) => status === 'valid')]
  const rejected = answers.filter(({ status }) => status === 'duplicate')
  assert.ok(rejected.every(({ reason, first }) => reason === 'already_admitted' && first!.gate === winner))
  assert.ok(
    rejected.every(
      ({ first }) => first!.by === 'usr_test_staff' && first!.device === 'D' && !Number.isNaN(Date.parse(first!.at)),
    ),
  )
  assert.equal(await admittedOf(db, invitationId), 1)
  assert.deepEqual(count((await scansOf(db, eventId)).map(({ result }) => result)), { duplicate: 49, valid: 1 })
})

test('without the conditional UPDATE, fifty concurrent scans admit fifty', async (t) => {
  const { db } = await startApp(t)
  const { code } = await anInvitation(db)
  const readNaively = async () =>
    (
      await sql<{
        admitted: number
        places: number
      }>`select admitted, places from invitations where code = ${code}`.execute(db)
    ).rows[0]!
  const writeNaively = async ({ admitted, places }: { admitted: number; places: number }) => {
    if (admitted + 1 > places) return 'duplicate'
    await sql`update invitations set admitted = ${admitted + 1} where code = ${code}`.execute(db)
    return 'valid'
  }

  const seen = await Promise.all(Array.from({ length: 50 }, readNaively))
  const results = await Promise.all(seen.map(writeNaively))

  assert.deepEqual(count(results), { valid: 50 })
})

test('ten concurrent scans with one scanId admit once and get the same answer', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 4 })
  const body = { eventId, code, admit: 2, scanId: newId('dev'), gate: 'Sur' }

  const responses = await Promise.all(Array.from({ length: 10 }, () => scan(body)))

  const answers = responses.map((response) => response.json<Answer>())
  assert.ok(answers.every(({ status, guest }) => status === 'valid' && guest!.admitted === 2 && guest!.remaining === 2))
  assert.equal(responses.filter(({ headers }) => headers['idempotent-replayed'] === 'true').length, 9)
  assert.equal(await admittedOf(db, invitationId), 2)
  assert.equal((await scansOf(db, eventId)).length, 1)
})

test('a retry gets the counts of the first answer, whatever happened since', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { partySize: 3 })
  const scanId = newId('dev')
  const first = await validate({ eventId, code, scanId, gate: 'Sur' })
  await validate({ eventId, code, admit: 2 })
  const rejectedId = newId('dev')
  const rejected = await validate({ eventId, code, scanId: rejectedId })

  const again = await validate({ eventId, code, scanId })
  const rejectedAgain = await validate({ eventId, code, scanId: rejectedId })

  assert.deepEqual(again, first)
  assert.deepEqual(rejectedAgain, rejected)
  assert.equal(rejectedAgain.first!.gate, 'Sur')
})

test('a retry of an unknown code is still unknown_code', async (t) => {
  const { db, validate } = await aDoor(t)
  const eventId = await anEvent(db)
  const body = { eventId, code: 'NO-SUCH-CODE', scanId: newId('dev') }

  const answers = [await validate(body), await validate(body)]

  assert.deepEqual(answers[1], answers[0])
  assert.equal((await scansOf(db, eventId)).length, 1)
})

test('a scanId reused with another code is rejected', async (t) => {
  const { db, scan } = await aDoor(t)
  const eventId = await anEvent(db)
  const [ana, eva] = [await aGuest(db, eventId), await aGuest(db, eventId)]
  const scanId = newId('dev')
  await scan({ eventId, code: ana.code, scanId })

  const response = await scan({ eventId, code: eva.code, scanId })

  assert.equal(response.statusCode, 409)
  assert.equal(response.json().code, 'scan_id_reused')
  assert.equal(await admittedOf(db, eva.invitationId), 0)
})

test('two events may use the same scanId', async (t) => {
  const { db, validate } = await aDoor(t)
  const [one, two] = [await anInvitation(db), await anInvitation(db)]
  const scanId = newId('dev')

  const answers = [await validate({ ...pick(one), scanId }), await validate({ ...pick(two), scanId })]

  assert.deepEqual(
    answers.map(({ status }) => status),
    ['valid', 'valid'],
  )
})

test('concurrent scans of three and two for a party of four admit one group', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 4 })

  const answers = await Promise.all([validate({ eventId, code, admit: 3 }), validate({ eventId, code, admit: 2 })])

  assert.deepEqual(answers.map(({ status }) => status).toSorted(), ['duplicate', 'valid'])
  const rejected = answers.find(({ status }) => status === 'duplicate')!
  assert.equal(rejected.reason, 'not_enough_places')
  assert.ok(rejected.guest!.remaining > 0 && rejected.guest!.remaining + rejected.guest!.admitted === 4)
  assert.ok([2, 3].includes(await admittedOf(db, invitationId)))
})

test('a guest who confirmed fewer places is admitted with those only', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 4, answer: 'yes' })
  await sql`update invitations set answered_places = 2 where id = ${invitationId}`.execute(db)

  const three = await validate({ eventId, code, admit: 3 })
  const two = await validate({ eventId, code, admit: 2 })

  assert.equal(three.reason, 'not_enough_places')
  assert.equal(three.first, undefined)
  const guest = {
    name: 'Ana Prueba',
    notes: null,
    companions: [],
    partySize: 2,
    admitted: 2,
    remaining: 0,
    answer: 'yes',
  }
  assert.deepEqual(two.guest, guest)
})

test('a guest who had declined is admitted, and the answer says so', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { answer: 'no' })

  const answer = await validate({ eventId, code })

  assert.equal(answer.status, 'valid')
  assert.equal(answer.guest!.answer, 'no')
})

test('an unknown code is refused and stored as a hash; a code of another organizer is as unknown', async (t) => {
  const { db, validate } = await aDoor(t)
  const eventId = await anEvent(db)
  const elsewhere = await anInvitation(db, { event: { organizerId: await anOrganizer(db) } })

  const answers = [
    await validate({ eventId, code: 'NO-SUCH-CODE' }),
    await validate({ eventId, code: elsewhere.code }),
    await validate({ eventId, code: 'a\u0000b' }),
    await validate({ eventId, code: '   ' }),
  ]

  for (const answer of answers) assert.deepEqual(answer, { status: 'invalid', reason: 'unknown_code' })
  assert.equal(await admittedOf(db, elsewhere.invitationId), 0)
  const scans = await scansOf(db, eventId)
  assert.deepEqual(count(scans.map(({ reason }) => reason!)), { unknown_code: 4 })
  assert.deepEqual(scans[1]!.codeHash, createHash('sha256').update(elsewhere.code).digest())
})

test('a code of another event of the organizer is wrong_event, and admits nobody there', async (t) => {
  const { db, validate } = await aDoor(t)
  const eventId = await anEvent(db)
  const elsewhere = await anInvitation(db)

  const answer = await validate({ eventId, code: elsewhere.code.toLowerCase() })

  assert.deepEqual(answer, { status: 'invalid', reason: 'wrong_event' })
  assert.equal(await admittedOf(db, elsewhere.invitationId), 0)
})

test('a scan before the doors open uses nothing up', async (t) => {
  const { db, validate, setNow } = await aDoor(t, { now: '2030-05-01T17:59:59.999Z' })
  const event = { startsAt: '2030-05-01T20:00:00Z', doorsOpenMinutes: 120 }
  const { eventId, code, invitationId } = await anInvitation(db, { event })

  const early = await validate({ eventId, code })
  const admitted = await admittedOf(db, invitationId)
  setNow('2030-05-01T18:00:00.000Z')
  const inTime = await validate({ eventId, code })

  assert.deepEqual([early, admitted], [{ status: 'invalid', reason: 'not_yet_open' }, 0])
  assert.equal(inTime.status, 'valid')
})

test('an event for confirmed guests admits those who said yes, and shows the others with their notes', async (t) => {
  const { db, validate } = await aDoor(t)
  const eventId = await anEvent(db, { doorPolicy: 'confirmed' })
  const [ana, eva] = [await aGuest(db, eventId, { answer: 'yes' }), await aGuest(db, eventId)]
  await sql`update guests set notes = 'Silla de ruedas' where event_id = ${eventId}`.execute(db)

  const answers = [await validate(pick(ana)), await validate(pick(eva))]

  assert.deepEqual(
    answers.map(({ status, reason, guest }) => [status, reason, guest!.notes, guest!.answer]),
    [
      ['valid', undefined, 'Silla de ruedas', 'yes'],
      ['invalid', 'not_confirmed', 'Silla de ruedas', 'pending'],
    ],
  )
  assert.equal(await admittedOf(db, eva.invitationId), 0)
})

test('whoever was scanned on leaving may come back, and still counts as one guest', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, {
    partySize: 2,
    event: { reentry: 'exit_then_entry' },
  })
  const pass = async (direction: 'in' | 'out', admit: number) => {
    const { status, reason, guest } = await validate({ eventId, code, direction, admit })
    return [reason ?? status, guest!.admitted, guest!.remaining]
  }

  const passages = [
    await pass('out', 1),
    await pass('in', 2),
    await pass('in', 1),
    await pass('out', 1),
    await pass('out', 2),
    await pass('in', 1),
  ]

  assert.deepEqual(passages, [
    ['not_inside', 0, 2],
    ['valid', 2, 0],
    ['already_admitted', 2, 0],
    ['valid', 1, 1],
    ['not_inside', 1, 1],
    ['valid', 2, 0],
  ])
  assert.equal(await admittedOf(db, invitationId), 2)
})

test('fifty concurrent exits of a party of two let two out, and a wedding without exits none', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { partySize: 2, event: { reentry: 'exit_then_entry' } })
  const wedding = await anInvitation(db)
  await validate({ eventId, code, admit: 2 })
  await validate(pick(wedding))

  const answers = await inTurns(50, 8, () => validate({ eventId, code, direction: 'out' }))
  const refused = await validate({ ...pick(wedding), direction: 'out' })

  assert.deepEqual(count(answers.map(({ reason, status }) => reason ?? status)), { not_inside: 48, valid: 2 })
  assert.equal(refused.reason, 'exit_not_allowed')
})

test('a code is accepted in any case, with surrounding spaces, or as the address of its landing page', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code } = await anInvitation(db, { partySize: 4 })
  const writings = [
    code.toLowerCase(),
    `  ${code}\n`,
    `https://x.mx/public/invite/${code}?utm=1`,
    `https://x.mx/public/invite/${code.toLowerCase()}/qr.svg`,
  ]

  for (const writing of writings) {
    const answer = await validate({ eventId, code: writing })

    assert.equal(answer.status, 'valid', writing)
  }
})

test('a code is accepted from scanners of other layouts and as a long link, and each scan admits one', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 9 })
  const writings = [
    code.replace('-', "'"),
    code.replace('-', ''),
    code.replace('-', '–').toLowerCase(),
    `]Q1${code}\u001d`,
    `httpsÑ--x.mx-i-${code.replace('-', "'")}_a¿1`,
    `https>&&x.mx&i&${code.replace('-', '/')}`,
    `https://x.mx/public/invite/${code}?fbclid=${'A'.repeat(2048 - 35 - code.length)}`,
    code.replaceAll('0', 'O').replaceAll('1', 'l'),
  ]

  for (const writing of writings)
    assert.equal((await validate({ eventId, code: writing })).status, 'valid', writing.slice(0, 60))
  assert.equal(await admittedOf(db, invitationId), writings.length)
})

test('fifty concurrent scans of five spellings of one code admit one person', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db)
  const spellings = [code, code.toLowerCase(), code.replace('-', "'"), code.replace('-', ''), `https://x.mx/i/${code}`]
  const insist = async (spelling: string) => {
    const body = { eventId, code: spelling, scanId: newId('dev') }
    for (;;) {
      const response = await scan(body)
      if (response.statusCode !== 503) return response.json<Answer>() // no connection was free in time: again
    }
  }

  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => insist(spellings[n % 5]!)))

  assert.deepEqual(count(answers.map(({ status }) => status)), { duplicate: 49, valid: 1 })
  assert.equal(await admittedOf(db, invitationId), 1)
})

test('the exact code admits its guest; a correction that could mean two guests admits nobody', async (t) => {
  const { db, validate } = await aDoor(t)
  const eventId = await anEvent(db)
  const [ana, eva] = [await aGuest(db, eventId), await aGuest(db, eventId)]
  const tail = ana.code.slice(-8)
  await sql`update invitations set code = ${`TWIN-O1-${tail}`} where id = ${ana.invitationId}`.execute(db)
  await sql`update invitations set code = ${`TWIN-01-${tail}`} where id = ${eva.invitationId}`.execute(db)

  const unclear = await validate({ eventId, code: `TWIN-0I-${tail}` })
  const before = [await admittedOf(db, ana.invitationId), await admittedOf(db, eva.invitationId)]
  const exact = await validate({ eventId, code: `twin-o1-${tail}` })

  assert.deepEqual(unclear, { status: 'invalid', reason: 'unknown_code' })
  assert.deepEqual(before, [0, 0])
  assert.equal(exact.status, 'valid')
  assert.deepEqual([await admittedOf(db, ana.invitationId), await admittedOf(db, eva.invitationId)], [1, 0])
})

test('a retry with the same scanId may spell the code differently, and admits nobody twice', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 4 })
  const scanId = newId('dev')
  const spellings = [code, code.toLowerCase(), `https://x.mx/i/${code}`, code.replace('-', "'"), code.replace('-', '')]

  const responses = []
  for (const spelling of spellings) responses.push(await scan({ eventId, code: spelling, scanId }))

  for (const response of responses) {
    const { requestId: _, ...answer } = response.json<Answer & { requestId: string }>()
    const { requestId: __, ...first } = responses[0]!.json<Answer & { requestId: string }>()
    assert.deepEqual([response.statusCode, answer], [200, first])
  }
  assert.equal(await admittedOf(db, invitationId), 1)
  assert.equal((await scansOf(db, eventId)).length, 1)
})

for (const status of ['archived', 'expired'] as const) {
  test(`the door stays open while the landing is ${status}, until twelve hours after the end`, async (t) => {
    const { db, validate, setNow } = await aDoor(t, { now: '2026-05-02T05:00:00Z' })
    const event = { status, startsAt: '2026-05-01T20:00:00Z', endsAt: '2026-05-02T04:00:00Z' }
    const { eventId, code } = await anInvitation(db, { partySize: 2, event })

    const inTime = await validate({ eventId, code })
    setNow('2026-05-02T16:00:00.000Z')
    const atTheLimit = await validate({ eventId, code })
    setNow('2026-05-02T16:00:00.001Z')
    const late = await validate({ eventId, code })

    assert.equal(inTime.status, 'valid')
    assert.equal(atTheLimit.status, 'valid')
    assert.deepEqual(late, { status: 'invalid', reason: 'closed' })
  })
}

test('a draft admits nobody', async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db, { event: { status: 'draft' } })

  const answer = await validate({ eventId, code })

  assert.deepEqual(answer, { status: 'invalid', reason: 'not_yet_open' })
  assert.equal(await admittedOf(db, invitationId), 0)
})

test("the device's time, the time of receipt and the user are stored", async (t) => {
  const { db, validate } = await aDoor(t)
  const { eventId, code } = await anInvitation(db)

  await validate({ eventId, code, scannedAt: '2020-02-03T04:05:06.789Z' })

  const [stored] = await scansOf(db, eventId)
  assert.equal(stored!.scannedAt.toISOString(), '2020-02-03T04:05:06.789Z')
  assert.equal(stored!.scannedBy, 'usr_test_staff')
})

test('Idempotency-Key replays the first answer', async (t) => {
  const { db, post } = await startApp(t)
  const { eventId, code, invitationId } = await anInvitation(db, { partySize: 2 })
  const call = { as: 'staff' as const, headers: { 'idempotency-key': newId('k') }, body: { eventId, code } }

  const first = await post('/scan/validate', call)
  const second = await post('/scan/validate', call)

  assert.equal(second.body, first.body)
  assert.equal(second.headers['idempotent-replayed'], 'true')
  assert.equal(await admittedOf(db, invitationId), 1)
})

test("another organizer's event is 404", async (t) => {
  const { db, scan, get } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db)
  const otherUser: User = { id: 'usr_x', role: 'staff', organizerId: await anOrganizer(db) }

  const response = await scan({ eventId, code }, otherUser)
  const list = await get(`/events/${eventId}/scans`, { as: otherUser })

  assert.equal(response.statusCode, 404)
  assert.equal(response.json().code, 'event_not_found')
  assert.equal(list.statusCode, 404)
  assert.equal(await admittedOf(db, invitationId), 0)
  assert.deepEqual(await scansOf(db, eventId), [])
})

test('an unknown event is 404, no credentials 401, a viewer 403', async (t) => {
  const { db, scan, get } = await aDoor(t)
  const { eventId, code } = await anInvitation(db)

  assert.equal((await scan({ eventId: 'ev_none', code })).json().code, 'event_not_found')
  assert.equal((await get('/events/ev_none/scans', { as: 'director' })).json().code, 'event_not_found')
  assert.equal((await scan({ eventId, code }, null)).statusCode, 401)
  assert.equal((await scan({ eventId, code }, 'viewer')).statusCode, 403)
  assert.equal((await get(`/events/${eventId}/scans`)).statusCode, 401)
  assert.equal((await get(`/events/${eventId}/scans`, { as: 'viewer' })).statusCode, 403)
})

for (const as of ['organizer', 'director'] as const) {
  test(`the ${as} may scan`, async (t) => {
    const { db, scan } = await aDoor(t)
    const { eventId, code } = await anInvitation(db)

    const response = await scan({ eventId, code }, as)

    assert.equal(response.json().status, 'valid')
  })
}

const WRONG_SCANS: [string, object][] = [
  ['no code', { code: undefined }],
  ['an empty code', { code: '' }],
  ['a code of 2,049 characters', { code: 'A'.repeat(2049) }],
  ['no event', { eventId: undefined }],
  ['an impossible event id', { eventId: 'a b' }],
  ['nobody to admit', { admit: 0 }],
  ['21 to admit', { admit: 21 }],
  ['half a person', { admit: 1.5 }],
  ['a number as text', { admit: '1' }],
  ['an empty gate', { gate: '' }],
  ['a device of 101 characters', { device: 'D'.repeat(101) }],
  ['a gate with NUL', { gate: 'a\u0000b' }],
  ['a scanId with a space', { scanId: 'a b' }],
  ['a scanId of 129 characters', { scanId: 'a'.repeat(129) }],
  ['a time that is none', { scannedAt: 'yesterday' }],
  ['a leap second', { scannedAt: '2016-12-31T23:59:60Z' }],
  ['an unknown field', { extra: 1 }],
]

test('a scan that does not match the schema is 400, admits nobody and is not stored', async (t) => {
  const { db, scan } = await aDoor(t)
  const { eventId, code, invitationId } = await anInvitation(db)

  for (const [what, wrong] of WRONG_SCANS) {
    const response = await scan({ eventId, code, ...wrong })

    assert.equal(response.statusCode, 400, `${what}: ${response.body}`)
  }
  assert.equal(await admittedOf(db, invitationId), 0)
  assert.deepEqual(await scansOf(db, eventId), [])
})

test('scans are listed newest first, in pages, and can be filtered by result', async (t) => {
  const { db, validate, get, setNow } = await aDoor(t, { now: '2029-12-31T20:00:00Z' })
  const { eventId, code, guestId } = await anInvitation(db)
  for (const [second, body] of [{ code }, { code, gate: 'B' }, { code: 'NOBODY' }].entries()) {
    setNow(`2029-12-31T20:00:0${second}Z`)
    await validate({ eventId, ...body })
  }

  const page = (await get(`/events/${eventId}/scans?limit=2`, { as: 'staff' })).json()
  const rest = (await get(`/events/${eventId}/scans?limit=2&cursor=${page.page.nextCursor}`, { as: 'staff' })).json()
  const valid = (await get(`/events/${eventId}/scans?result=valid`, { as: 'organizer' })).json()

  assert.deepEqual(
    [...page.data, ...rest.data].map((s: { result: string; guestId: string | null }) => [s.result, s.guestId]),
    [
      ['invalid', null],
      ['duplicate', guestId],
      ['valid', guestId],
    ],
  )
  assert.equal(rest.page.nextCursor, null)
  assert.equal(valid.data.length, 1)
  assert.equal((await get(`/events/${eventId}/scans?cursor=x`, { as: 'staff' })).json().code, 'invalid_cursor')
  assert.equal((await get(`/events/${eventId}/scans?result=maybe`, { as: 'staff' })).statusCode, 400)
})

test('scans are counted by result without retries, and log lines contain no codes', async (t) => {
  const { db, validate, deps, lines } = await aDoor(t)
  const { eventId, code } = await anInvitation(db)
  const scanId = newId('dev')
  const readCounts = async () => {
    const { values } = await deps.metrics.scans.get()
    return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]))
  }
  const before = await readCounts()

  await validate({ eventId, code, scanId })
  await validate({ eventId, code, scanId })
  await validate({ eventId, code })

  const after = await readCounts()
  assert.equal(after['valid']! - (before['valid'] ?? 0), 1)
  assert.equal(after['duplicate']! - (before['duplicate'] ?? 0), 1)
  assert.ok(lines.length > 0 && !JSON.stringify(lines).includes(code))
})

/** `width` calls at a time. */
async function inTurns<T>(total: number, width: number, call: () => Promise<T>): Promise<T[]> {
  const results: T[] = []
  while (results.length < total)
    results.push(...(await Promise.all(Array.from({ length: Math.min(width, total - results.length) }, call))))
  return results
}

const pick = ({ eventId, code }: { eventId: string; code: string }) => ({ eventId, code })

test('a guest who is being changed holds up nobody else at the door', async (t) => {
  const { db, post } = await startApp(t)
  const [one, other] = [await anInvitation(db), await anInvitation(db)]
  const scan = ({ eventId, code }: typeof one) => post('/scan/validate', { as: 'staff', body: { eventId, code } })
  let waiting: ReturnType<typeof scan> | undefined

  const inTime = await withTx(db, async (tx) => {
    await sql`select id from invitations where id = ${one.invitationId} for update`.execute(tx)
    waiting = scan(one)
    await sleep(100)
    const answers = Promise.all([scan(other), scan(await anInvitation(db))])
    return Promise.race([answers, sleep(3000).then(() => null)])
  })

  assert.deepEqual(
    inTime?.map((reply) => reply.json().status),
    ['valid', 'valid'],
  )
  assert.equal((await waiting!).json().status, 'valid')
})
