import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { sql, withTx, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import { backends, startApp, type AppOptions } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { answerInvitation, type InvitationAnswer } from '../rsvp/rsvp.ts'

type View = {
  code: string
  status: string
  isOpen: boolean
  answer: string
  answeredPlaces: number | null
  admitted: number
  guest: { name: string; partySize: number; companions: object[] }
}

async function aLanding(t: TestContext, options: AppOptions = {}) {
  const app = await startApp(t, options)
  /** As a browser does, which follows the redirect to the page. */
  const look = async (code: string, headers: Record<string, string> = { accept: 'application/json' }) => {
    const first = await app.get(`/public/invite/${code}`, { headers })
    return first.statusCode === 302 ? app.get(first.headers['location'] as string, { headers }) : first
  }
  const answer = (code: string, body: object) => app.post(`/public/invite/${code}/rsvp`, { body })
  const submit = (code: string, form: Record<string, string>) =>
    app.post(`/public/invite/${code}/rsvp`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
      payload: new URLSearchParams(form).toString(),
    })
  return { ...app, look, answer, submit }
}

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

type Answered = { answer: string; answeredPlaces: number | null; answeredBy: string | null; admitted: number }
const readInvitation = async (db: Db, id: string) =>
  (
    await sql<Answered>`select answer, answered_places, answered_by, admitted from invitations where id = ${id}`.execute(
      db,
    )
  ).rows[0]!

const listAnswers = async (db: Db, id: string) =>
  (
    await sql<{ answer: string; places: number | null; source: string; sourceRef: string | null }>`
      select answer, places, source, source_ref from invitation_answers where invitation_id = ${id} order by id`.execute(
      db,
    )
  ).rows

test('an invitation shows event, guest and answer, and is neither stored by browsers nor indexed', async (t) => {
  const { db, look } = await aLanding(t, { now: '2029-06-01T00:00:00Z' })
  const event = { startsAt: '2030-01-01T00:00:00Z', endsAt: '2030-01-01T06:00:00Z' }
  const { eventId, code } = await anInvitation(db, { partySize: 3, event })

  const response = await look(code)

  const { requestId: _, ...view } = response.json<View & { requestId: string }>()
  assert.equal(response.statusCode, 200)
  assert.deepEqual(view, {
    code,
    status: 'active',
    isOpen: true,
    isPastCutoff: false,
    mayJoin: true,
    mayDecline: false,
    locale: 'es-MX',
    event: {
      id: eventId,
      name: 'Boda de prueba',
      startsAt: '2030-01-01T00:00:00.000Z',
      endsAt: '2030-01-01T06:00:00.000Z',
      timeZone: 'America/Mexico_City',
      location: null,
      venue: null,
      mapLink: null,
      rsvpUntil: null,
    },
    texts: { title: null, greeting: null, body: null, dressCode: null, gifts: null, thanks: null },
    guest: { name: 'Ana Prueba', partySize: 3, companions: [] },
    answer: 'pending',
    answeredPlaces: null,
    admitted: 0,
    passVersion: 1,
    waitlist: null,
  })
  assert.equal(response.headers['cache-control'], 'no-store')
  assert.equal(response.headers['x-robots-tag'], 'noindex')
})

test('codes are case-insensitive', async (t) => {
  const { db, look } = await aLanding(t)
  const { code } = await anInvitation(db)

  const response = await look(code.toLowerCase())

  assert.equal(response.json<View>().code, code)
})

test('unknown, malformed and unpublished codes get the same 404', async (t) => {
  const { db, look, answer } = await aLanding(t)
  const { code: draft } = await anInvitation(db, { event: { status: 'draft' } })

  for (const code of ['NO-SUCH-CODE', 'a%00b', '%20', '%F0%9F%8E%89', draft]) {
    for (const response of [await look(code), await answer(code, { answer: 'yes' })]) {
      const { requestId: _, ...problem } = response.json<{ requestId: string }>()
      assert.deepEqual(problem, {
        type: 'https://monotickets.mx/problems/invitation_not_found',
        title: 'No such invitation',
        status: 404,
        code: 'invitation_not_found',
        detail: 'No such invitation',
      })
    }
  }
})

test('every path of an expired invitation is 410, as JSON and as a page', async (t) => {
  const { db, look, get, answer, submit } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { event: { status: 'expired' } })

  const page = await look(code, HTML)
  const responses = [
    await look(code),
    await answer(code, { answer: 'yes' }),
    ...(await Promise.all(['qr.svg', 'qr.png', 'event.ics'].map((file) => get(`/public/invite/${code}/${file}`)))),
  ]

  for (const response of responses) {
    assert.equal(response.statusCode, 410)
    assert.equal(response.json().code, 'invitation_expired')
    assert.equal(response.headers['x-robots-tag'], 'noindex')
  }
  assert.equal(page.statusCode, 410)
  assert.match(page.body, /Esta invitación ya venció/)
  assert.equal((await submit(code, { answer: 'yes' })).statusCode, 410)
  assert.deepEqual(await listAnswers(db, invitationId), [])
})

test('an archived invitation is shown but accepts no answers', async (t) => {
  const { db, look, answer, submit } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { answer: 'yes', event: { status: 'archived' } })

  const view = (await look(code)).json<View>()
  const page = await look(code, HTML)
  const response = await answer(code, { answer: 'no' })
  const form = await submit(code, { answer: 'no' })

  assert.deepEqual([view.status, view.isOpen], ['archived', false])
  assert.match(page.body, /Gracias por acompañarnos/)
  assert.doesNotMatch(page.body, /<form/)
  assert.deepEqual([response.statusCode, response.json().code], [409, 'event_not_open'])
  assert.equal(form.statusCode, 409)
  assert.match(form.body, /role="alert"/)
  assert.equal((await readInvitation(db, invitationId)).answer, 'yes')
})

test('answers are accepted until the millisecond at which the event ends, before it is archived', async (t) => {
  const { db, look, answer, setNow } = await aLanding(t, { now: '2026-05-02T03:59:59.999Z' })
  const event = { startsAt: '2026-05-01T20:00:00Z', endsAt: '2026-05-02T04:00:00Z' }
  const { code } = await anInvitation(db, { event })

  const inTime = await answer(code, { answer: 'yes' })
  setNow('2026-05-02T04:00:00.000Z')
  const late = await answer(code, { answer: 'no' })

  assert.equal(inTime.statusCode, 200)
  assert.equal(late.json().code, 'event_not_open')
  assert.equal((await look(code)).json<View>().isOpen, false)
})

test('GET and HEAD change nothing, also for link previews and scanners', async (t) => {
  const { app, db, look } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db)
  const rows = () =>
    sql`select i.*, i.xmin::text as v, e.xmin::text as w from invitations i join events e on e.id = i.event_id where i.id = ${invitationId}`.execute(
      db,
    )
  const before = (await rows()).rows

  for (const agent of ['WhatsApp/2.24', 'facebookexternalhit/1.1', 'SafeLinks']) {
    await look(code, { 'user-agent': agent, ...HTML })
    const head = await app.inject({ method: 'HEAD', url: `/i/${code}?answer=yes` })
    assert.equal(head.statusCode, 200)
    assert.equal(head.body, '')
  }

  assert.deepEqual((await rows()).rows, before)
  assert.deepEqual(await listAnswers(db, invitationId), [])
})

test('yes takes all invited places unless the guest asks for fewer, and every answer is kept', async (t) => {
  const { db, answer } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 4 })

  const views = []
  for (const body of [
    { answer: 'maybe' },
    { answer: 'yes' },
    { answer: 'yes', partySize: 2 },
    { answer: 'no' },
    { answer: 'yes', partySize: 4 },
  ]) {
    const response = await answer(code, body)
    assert.equal(response.statusCode, 200, response.body)
    views.push(response.json<View>())
  }

  const answers = [
    ['maybe', null],
    ['yes', 4],
    ['yes', 2],
    ['no', null],
    ['yes', 4],
  ]
  assert.deepEqual(
    views.map((view) => [view.answer, view.answeredPlaces]),
    answers,
  )
  assert.ok(views.every(({ guest }) => guest.partySize === 4))
  const kept = await listAnswers(db, invitationId)
  assert.deepEqual(
    kept.map(({ answer, places }) => [answer, places]),
    answers,
  )
  assert.ok(kept.every(({ source, sourceRef }) => source === 'landing' && sourceRef?.startsWith('req_')))
  const { rows } = await sql<{ isSaid: boolean }>`
    select answer_said_at = answered_at as is_said from invitations where id = ${invitationId}`.execute(db)
  assert.equal(rows[0]!.isSaid, true)
  assert.equal((await readInvitation(db, invitationId)).answeredBy, 'landing')
})

test('ten concurrent copies of one answer are recorded once', async (t) => {
  const { db, answer } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 2 })

  const responses = await Promise.all(Array.from({ length: 10 }, () => answer(code, { answer: 'yes', partySize: 2 })))

  assert.ok(responses.every(({ statusCode }) => statusCode === 200))
  assert.equal((await listAnswers(db, invitationId)).length, 1)
})

test('an answer with more places than the invitation is rejected and the previous answer stays', async (t) => {
  const { db, answer } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 2 })
  await answer(code, { answer: 'yes', partySize: 1 })

  const response = await answer(code, { answer: 'yes', partySize: 3 })

  assert.deepEqual([response.statusCode, response.json().code], [409, 'places_exceeded'])
  assert.equal((await readInvitation(db, invitationId)).answeredPlaces, 1)
  assert.equal((await listAnswers(db, invitationId)).length, 1)
})

test('an answer cannot leave fewer places than people already admitted', async (t) => {
  const { db, answer } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 4, answer: 'yes' })
  await sql`update invitations set admitted = 2 where id = ${invitationId}`.execute(db)

  for (const body of [{ answer: 'no' }, { answer: 'maybe' }, { answer: 'yes', partySize: 1 }]) {
    const response = await answer(code, body)
    assert.deepEqual([response.statusCode, response.json().code], [409, 'guest_already_admitted'])
  }
  const fewer = await answer(code, { answer: 'yes', partySize: 2 })

  assert.equal(fewer.statusCode, 200)
  assert.deepEqual(await readInvitation(db, invitationId), {
    answer: 'yes',
    answeredPlaces: 2,
    answeredBy: 'landing',
    admitted: 2,
  })
})

test('a hundred concurrent confirmations for ten places fill exactly ten', async (t) => {
  const { db, answer } = await aLanding(t)
  const confirm = async (code: string) => {
    for (;;) {
      const response = await answer(code, { answer: 'yes' })
      if (response.statusCode !== 503) return response // no connection was free in time: the guest tries again
    }
  }
  const eventId = await anEvent(db, { capacity: 10 })
  const guests = await Promise.all(Array.from({ length: 100 }, () => aGuest(db, eventId)))

  const responses = await Promise.all(guests.map(({ code }) => confirm(code)))

  const outcomes = responses.map((response) => response.statusCode)
  assert.equal(outcomes.filter((status) => status === 200).length, 10)
  assert.equal(outcomes.filter((status) => status === 409).length, 90)
  assert.ok(responses.every((response) => response.statusCode === 200 || response.json().code === 'capacity_reached'))
  const { rows } = await sql`select id from invitations where event_id = ${eventId} and answer = 'yes'`.execute(db)
  assert.equal(rows.length, 10)
})

test('without the lock on the event, concurrent confirmations overfill it', async (t) => {
  const { db } = await aLanding(t)
  const eventId = await anEvent(db, { capacity: 10 })
  const guests = await Promise.all(Array.from({ length: 60 }, () => aGuest(db, eventId)))
  const countTaken = async () =>
    (
      await sql<{
        taken: number
      }>`select count(*) as taken from invitations where event_id = ${eventId} and answer = 'yes'`.execute(db)
    ).rows[0]!.taken

  const seen = await Promise.all(guests.map(countTaken))
  await Promise.all(
    guests.map(async ({ invitationId }, n) => {
      if (seen[n]! >= 10) return
      await sql`update invitations set answer = 'yes', answered_places = 1 where id = ${invitationId}`.execute(db)
    }),
  )

  assert.equal(await countTaken(), 60)
})

test('a yes beyond the capacity leaves the previous answer; released places are free for others', async (t) => {
  const { db, answer } = await aLanding(t)
  const eventId = await anEvent(db, { capacity: 5 })
  const [ana, eva] = [await aGuest(db, eventId, { partySize: 4 }), await aGuest(db, eventId, { partySize: 4 })]
  await answer(ana.code, { answer: 'yes' })
  await answer(eva.code, { answer: 'yes', partySize: 1 })

  const tooMany = await answer(eva.code, { answer: 'yes', partySize: 2 })
  const evaThen = await readInvitation(db, eva.invitationId)
  await answer(ana.code, { answer: 'yes', partySize: 3 })
  const fits = await answer(eva.code, { answer: 'yes', partySize: 2 })

  assert.equal(tooMany.json().code, 'capacity_reached')
  assert.deepEqual([evaThen.answer, evaThen.answeredPlaces], ['yes', 1])
  assert.equal(fits.statusCode, 200)
})

test('after the organizer lowers the capacity, a guest may still reduce the party', async (t) => {
  const { db, answer } = await aLanding(t)
  const { eventId, code, invitationId } = await anInvitation(db, {
    partySize: 4,
    answer: 'yes',
    event: { capacity: 5 },
  })
  await sql`update events set capacity = 1 where id = ${eventId}`.execute(db)

  const fewer = await answer(code, { answer: 'yes', partySize: 3 })
  const more = await answer(code, { answer: 'yes', partySize: 4 })

  assert.deepEqual([fewer.statusCode, more.json().code], [200, 'capacity_reached'])
  assert.equal((await readInvitation(db, invitationId)).answeredPlaces, 3)
})

test('a concurrent answer and scan never admit more people than the answer allows', async (t) => {
  const { db, answer, post } = await aLanding(t)
  const eventId = await anEvent(db)

  for (let n = 0; n < 20; n++) {
    const { code, invitationId } = await aGuest(db, eventId, { partySize: 4 })
    await Promise.all([
      answer(code, { answer: 'yes', partySize: 2 }),
      post('/scan/validate', { as: 'staff', body: { eventId, code, admit: 3 } }),
    ])

    const { answer: given, admitted } = await readInvitation(db, invitationId)
    assert.deepEqual(given === 'yes' ? admitted : [given, admitted], given === 'yes' ? 0 : ['pending', 3])
  }
})

test('of two concurrent answers to one invitation both are recorded, and the later one counts', async (t) => {
  const { db, answer } = await aLanding(t)
  const eventId = await anEvent(db)
  const guests = await Promise.all(Array.from({ length: 20 }, () => aGuest(db, eventId, { partySize: 3 })))

  await Promise.all(
    guests.map(async ({ code, invitationId }) => {
      const given = [{ answer: 'yes', partySize: 2 }, { answer: 'no' }]
      const responses = await Promise.all(given.map((body) => answer(code, body)))

      assert.deepEqual(
        responses.map((response) => [response.statusCode, response.json<View>().answer]),
        given.map((body) => [200, body.answer]),
      )
      const kept = await listAnswers(db, invitationId)
      const { answer: last, answeredPlaces } = await readInvitation(db, invitationId)
      assert.deepEqual(kept.map((one) => one.answer).toSorted(), ['no', 'yes'])
      assert.deepEqual({ answer: last, places: answeredPlaces }, { answer: kept[1]!.answer, places: kept[1]!.places })
    }),
  )
})

test('while an event is archived, every guest who is told yes is recorded, and nobody else', async (t) => {
  const { db, answer } = await aLanding(t)
  for (let round = 0; round < 5; round++) {
    const eventId = await anEvent(db)
    const guests = await Promise.all(Array.from({ length: 30 }, () => aGuest(db, eventId)))
    const archive = async () => {
      await new Promise((resolve) => setTimeout(resolve, round * 5))
      await sql`update events set status = 'archived' where id = ${eventId}`.execute(db)
    }

    const [responses] = await Promise.all([
      Promise.all(guests.map(({ code }) => answer(code, { answer: 'yes' }))),
      archive(),
    ])

    for (const [n, { invitationId }] of guests.entries()) {
      const { statusCode } = responses[n]!
      assert.ok(statusCode === 200 || responses[n]!.json().code === 'event_not_open')
      assert.equal((await readInvitation(db, invitationId)).answer, statusCode === 200 ? 'yes' : 'pending')
      assert.equal((await listAnswers(db, invitationId)).length, statusCode === 200 ? 1 : 0)
    }
  }
})

test('guests who answer at one moment each get their own result', async (t) => {
  const { db, answer } = await aLanding(t, { now: '2029-06-01T00:00:00Z' })
  const open = await anEvent(db)
  const full = await anEvent(db, { capacity: 1 })
  const of = async (eventId: string, facts = {}) => (await aGuest(db, eventId, { partySize: 2, ...facts })).code
  const inside = await aGuest(db, open, { partySize: 2, answer: 'yes' })
  await sql`update invitations set admitted = 1 where id = ${inside.invitationId}`.execute(db)
  const expected: [string, object, number | string][] = [
    [await of(open), { answer: 'yes' }, 200],
    [await of(open), { answer: 'yes', partySize: 1 }, 200],
    [await of(open), { answer: 'yes', partySize: 3 }, 'places_exceeded'],
    [await of(open, { answer: 'yes' }), { answer: 'yes' }, 200],
    [await of(open, { answer: 'yes' }), { answer: 'no' }, 200],
    [inside.code, { answer: 'no' }, 'guest_already_admitted'],
    [await of(full), { answer: 'yes' }, 'capacity_reached'],
    [await of(full), { answer: 'maybe' }, 200],
    [(await of(open)).toLowerCase(), { answer: 'maybe' }, 200],
    [(await of(open)).replace('-', ''), { answer: 'maybe' }, 200],
    [await of(await anEvent(db, { status: 'archived' })), { answer: 'yes' }, 'event_not_open'],
    [await of(await anEvent(db, { status: 'expired' })), { answer: 'yes' }, 'invitation_expired'],
    [await of(await anEvent(db, { status: 'draft' })), { answer: 'yes' }, 'invitation_not_found'],
    ['NO-SUCH-CODE', { answer: 'yes' }, 'invitation_not_found'],
  ]

  const responses = await Promise.all(expected.map(([code, body]) => answer(code, body)))

  assert.deepEqual(
    responses.map((response) => (response.statusCode === 200 ? 200 : response.json().code)),
    expected.map(([, , outcome]) => outcome),
  )
})

test('an answer waits for whoever changes its invitation, and no other answer waits with it', async (t) => {
  const { db, answer } = await aLanding(t)
  const eventId = await anEvent(db)
  const [busy, ...others] = await Promise.all(Array.from({ length: 6 }, () => aGuest(db, eventId, { partySize: 2 })))
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  let isDone = false
  const change = withTx(db, async (tx) => {
    await sql`update invitations set answer = 'yes', answered_places = 2, admitted = 1 where id = ${busy!.invitationId}`.execute(
      tx,
    )
    await finished
  })
  await new Promise((resolve) => setTimeout(resolve, 50))

  const waiting = answer(busy!.code, { answer: 'no' }).finally(() => (isDone = true))
  const responses = await Promise.all(others.map(({ code }) => answer(code, { answer: 'yes' })))

  assert.deepEqual([...new Set(responses.map(({ statusCode }) => statusCode))], [200])
  assert.equal(isDone, false)
  finish()
  await change
  assert.equal((await waiting).json().code, 'guest_already_admitted')
})

test('while the capacity of an event is being taken, who takes no places does not wait', async (t) => {
  const { db, answer } = await aLanding(t)
  const eventId = await anEvent(db, { capacity: 5 })
  const [ana, eva, mia] = await Promise.all(Array.from({ length: 3 }, () => aGuest(db, eventId, { partySize: 3 })))
  await answer(ana!.code, { answer: 'yes' })
  let finish = () => {}
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const lock = withTx(db, async (tx) => {
    await sql`select 1 from events where id = ${eventId} for no key update`.execute(tx)
    await finished
  })
  let isDone = false
  const taking = answer(mia!.code, { answer: 'yes' }).finally(() => (isDone = true))

  const fewer = await answer(ana!.code, { answer: 'yes', partySize: 2 })
  const none = await answer(eva!.code, { answer: 'no' })

  assert.deepEqual([fewer.statusCode, none.statusCode, isDone], [200, 200, false])
  finish()
  await lock
  assert.equal((await taking).statusCode, 200) // 2 + 3 places
})

test("an answer by WhatsApp follows the same rules and rolls back with the caller's transaction", async (t) => {
  const { db } = await aLanding(t)
  const { invitationId, code } = await anInvitation(db, { partySize: 2 })
  const input: InvitationAnswer = {
    invitationId,
    answer: 'yes',
    source: 'whatsapp',
    sourceRef: 'wamid.1',
    saidAt: new Date('2029-01-01T00:00:00Z'),
    now: new Date('2029-01-01T00:00:00Z'),
  }

  const first = await withTx(db, (tx) => answerInvitation(tx, input))
  const second = await withTx(db, (tx) => answerInvitation(tx, { ...input, sourceRef: 'wamid.2' }))
  await assert.rejects(
    withTx(db, async (tx) => {
      await answerInvitation(tx, { ...input, answer: 'no' })
      throw new Error('the caller changes its mind')
    }),
  )

  const answered = { invitationId, code, answer: 'yes', answeredPlaces: 2 }
  assert.deepEqual(
    [first, second],
    [
      { ...answered, isNew: true },
      { ...answered, isNew: false },
    ],
  )
  assert.deepEqual(await listAnswers(db, invitationId), [
    { answer: 'yes', places: 2, source: 'whatsapp', sourceRef: 'wamid.1' },
  ])
})

for (const status of ['draft', 'archived', 'expired'] as const) {
  test(`an answer by id to a ${status} event is event_not_open`, async (t) => {
    const { db } = await aLanding(t)
    const { invitationId } = await anInvitation(db, { event: { status } })
    const input: InvitationAnswer = {
      invitationId,
      answer: 'yes',
      source: 'whatsapp',
      sourceRef: null,
      saidAt: new Date('2029-01-01T00:00:00Z'),
      now: new Date('2029-01-01T00:00:00Z'),
    }

    await assert.rejects(
      withTx(db, (tx) => answerInvitation(tx, input)),
      (error) => error instanceof Failure && error.code === 'event_not_open',
    )
  })
}

test('an answer to an invitation that does not exist is invitation_not_found', async (t) => {
  const { db } = await aLanding(t)
  const input: InvitationAnswer = {
    invitationId: 'inv_none',
    answer: 'yes',
    source: 'whatsapp',
    sourceRef: null,
    saidAt: new Date(0),
    now: new Date(0),
  }

  await assert.rejects(
    withTx(db, (tx) => answerInvitation(tx, input)),
    (error) => error instanceof Failure && error.code === 'invitation_not_found',
  )
})

test('an answer that does not match the schema is 400 and changes nothing', async (t) => {
  const { db, answer, submit, post } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 2 })

  for (const body of [
    {},
    { answer: 'perhaps' },
    { answer: 'pending' },
    { answer: 'yes', partySize: 0 },
    { answer: 'yes', partySize: 21 },
    { answer: 'yes', partySize: '2' },
    { answer: 'yes', partySize: 1.5 },
    { answer: 'yes', extra: 1 },
  ])
    assert.equal((await answer(code, body)).statusCode, 400, JSON.stringify(body))
  for (const form of [
    {},
    { answer: 'perhaps' },
    { answer: 'yes', partySize: 'two' },
    { answer: 'yes', extra: '1' },
    { answer: 'yes', __proto__x: '1' },
  ])
    assert.equal((await submit(code, form as Record<string, string>)).statusCode, 400, JSON.stringify(form))
  const multipart = await post(`/public/invite/${code}/rsvp`, {
    headers: { 'content-type': 'text/plain' },
    payload: 'yes',
  })

  assert.equal(multipart.statusCode, 415)
  assert.equal((await readInvitation(db, invitationId)).answer, 'pending')
})

test('the page uses the guest’s language, escapes names, and has one allowed style and no scripts', async (t) => {
  const { db, look } = await aLanding(t)
  const spanish = await anInvitation(db, { partySize: 2 })
  const english = await anInvitation(db, { locale: 'en' })
  await sql`update guests set name = ${'<script>alert("x")</script> & Co'} where id = ${spanish.guestId}`.execute(db)
  await sql`update events set name = ${'"><img src=x>'}, location = ${"Salón <b>'A'</b>"} where id = ${spanish.eventId}`.execute(
    db,
  )

  const es = await look(spanish.code, HTML)
  const en = await look(english.code, HTML)

  assert.match(String(es.headers['content-type']), /^text\/html/)
  assert.match(es.body, /<html lang="es-MX">/)
  assert.match(es.body, /¿Nos acompañas\?/)
  assert.match(en.body, /<html lang="en">/)
  assert.match(en.body, /Will you join us\?/)
  assert.match(es.body, /&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt; &amp; Co/)
  assert.match(es.body, /Salón &lt;b&gt;&#39;A&#39;&lt;\/b&gt;/)
  assert.doesNotMatch(es.body, /<script|<img|<b>|onerror| style="/)
  assert.match(
    String(es.headers['content-security-policy']),
    /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self';/,
  )
  assert.equal(es.headers['vary'], 'accept')
})

test('the policy of the page contains the hash of its style', async (t) => {
  const { db, look } = await aLanding(t)
  const { code } = await anInvitation(db)

  const { body, headers } = await look(code, HTML)

  const style = /<style>([^]*)<\/style>/.exec(body)![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  assert.ok(String(headers['content-security-policy']).includes(`'sha256-${hash}'`))
})

test('dates on the page are in the time zone of the event', async (t) => {
  const { db, look } = await aLanding(t)
  const event = { startsAt: '2030-07-07T02:00:00Z', endsAt: '2030-07-07T06:30:00Z', timeZone: 'America/Tijuana' }
  const { code } = await anInvitation(db, { event })

  const { body } = await look(code, HTML)

  assert.match(body, /Sábado 6 de julio de 2030<br>19:00 – 23:30 h/)
})

test('submitting the form redirects (303) to the page, which shows the QR', async (t) => {
  const { db, look, submit } = await aLanding(t)
  const { code, invitationId } = await anInvitation(db, { partySize: 3 })
  const before = await look(code, HTML)

  const response = await submit(code, { answer: 'yes', partySize: '2' })
  const after = await look(code, HTML)

  assert.equal(response.statusCode, 303)
  assert.equal(response.headers['location'], `/i/${code}`)
  assert.equal((await readInvitation(db, invitationId)).answeredPlaces, 2)
  assert.doesNotMatch(before.body, /<svg/)
  assert.match(after.body, /Asistencia confirmada para 2 personas/)
  assert.match(after.body, /<svg/)
})

test('a rejected form answer shows the reason on the page', async (t) => {
  const { db, submit } = await aLanding(t)
  const { code } = await anInvitation(db, { partySize: 3, event: { capacity: 1 } })

  const full = await submit(code, { answer: 'yes', partySize: '2' })
  const unknown = await submit('NO-SUCH-CODE', { answer: 'yes' })

  assert.equal(full.statusCode, 409)
  assert.match(full.body, /role="alert">Ya no hay lugares suficientes/)
  assert.equal(unknown.statusCode, 404)
  assert.match(unknown.body, /No encontramos esta invitación/)
})

test('the QR and the calendar entry have their own media types', async (t) => {
  const { db, get } = await aLanding(t, {
    now: '2029-06-01T00:00:00Z',
    env: { PUBLIC_BASE_URL: 'https://inv.example' },
  })
  const { eventId, code } = await anInvitation(db)
  const name = 'Ana, Luis; y amigos \\ ñandú 🎉 '.repeat(4).trim()
  await sql`update events set name = ${name}, location = ${'Calle 1\nCol. Centro'} where id = ${eventId}`.execute(db)

  const svg = await get(`/public/invite/${code}/qr.svg`)
  const png = await get(`/public/invite/${code}/qr.png`)
  const ics = await get(`/public/invite/${code}/event.ics`)

  assert.match(String(svg.headers['content-type']), /^image\/svg\+xml/)
  assert.match(svg.body, /^<svg/)
  assert.equal(png.headers['content-type'], 'image/png')
  assert.deepEqual([...png.rawPayload.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
  assert.match(String(ics.headers['content-type']), /^text\/calendar/)
  const lines = ics.body.split('\r\n')
  assert.ok(lines.every((line) => Buffer.byteLength(line) <= 75 && !line.includes('\n')))
  const unfolded = ics.body.replaceAll('\r\n ', '').split('\r\n')
  assert.ok(unfolded.includes('DTSTART:20300101T000000Z') && unfolded.includes('DTEND:20300101T060000Z'))
  assert.ok(unfolded.includes('DTSTAMP:20290601T000000Z') && unfolded.includes(`UID:${eventId}@monotickets.mx`))
  const summary = unfolded.find((line) => line.startsWith('SUMMARY:'))!.slice(8)
  assert.equal(summary.replace(/\\([\\;,])/g, '$1'), name)
  assert.ok(unfolded.includes('LOCATION:Calle 1\\nCol. Centro'))
  assert.ok(unfolded.includes(`URL:https://inv.example/i/${code}`))
  for (const file of ['qr.svg', 'qr.png', 'event.ics'])
    assert.equal((await get(`/public/invite/NO-SUCH-CODE/${file}`)).json().code, 'invitation_not_found')
})

for (const backend of backends) {
  test(`[${backend}] an address that tries thirty unknown codes gets 429 for those, and guests beside it still get in`, async (t) => {
    const { app, db, deps } = await aLanding(t, { backend })
    const { code } = await anInvitation(db)
    const address = `203.0.113.${backend === 'redis' ? 1 : 2}`
    await deps.kv.deleteByPrefix(`limit:invite:${address}`)
    const ask = (path: string, remoteAddress = address) =>
      app.inject({ url: `/i/${path}`, remoteAddress, headers: HTML })

    const guesses = []
    for (let n = 0; n < 31; n++) guesses.push((await ask(`GUESS-${n}`)).statusCode)
    const refused = await ask('GUESS-31')
    for (let n = 0; n < 400; n++) await ask(`MORE-${n}`)
    const known = await ask(code)
    const answered = await app.inject({
      method: 'POST',
      url: `/public/invite/${code}/rsvp`,
      payload: { answer: 'yes' },
      remoteAddress: address,
    })
    const elsewhere = await ask('GUESS-32', '198.51.100.7')

    assert.deepEqual(guesses, [...Array.from({ length: 30 }, () => 404), 429])
    assert.equal(refused.statusCode, 429)
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.match(refused.body, /Demasiados intentos/)
    assert.deepEqual([known.statusCode, answered.statusCode], [200, 200])
    assert.equal(elsewhere.statusCode, 404)
  })
}

test('another spelling of a wrong code counts as one more guess', async (t) => {
  const { app, deps } = await aLanding(t)
  const address = '203.0.113.5'
  await deps.kv.deleteByPrefix(`limit:invite:${address}`)
  const spellings = ['GUESS-1', 'guess-1', 'GUESS-1.', 'GUESS1', 'GUE%20SS1']

  for (let n = 0; n < 30; n++) await app.inject({ url: `/i/${spellings[n % 5]}`, remoteAddress: address })
  const { statusCode } = await app.inject({ url: '/i/GUESS-1', remoteAddress: address })

  assert.equal(statusCode, 429)
})

/** What a client accepts, and what it gets. */
const ACCEPTS: [string | undefined, 'page' | 'json'][] = [
  [undefined, 'page'],
  ['', 'page'],
  ['*/*', 'page'],
  ['*/*;q=0.8', 'page'],
  ['text/html', 'page'],
  ['text/*', 'page'],
  ['TEXT/HTML', 'page'],
  [HTML.accept, 'page'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'page'],
  ['text/html, application/json', 'page'],
  ['application/json;q=0.5, text/html', 'page'],
  ['application/json;q=0, */*', 'page'],
  ['application/json;q=0.1, */*;q=0.2', 'page'],
  ['image/*', 'page'],
  ['nonsense', 'page'],
  ['application/json', 'json'],
  ['application/json; charset=utf-8', 'json'],
  ['APPLICATION/JSON', 'json'],
  ['application/*', 'json'],
  ['application/json, text/plain, */*', 'json'],
  ['application/json, text/html', 'json'],
  ['text/html;q=0.5, application/json', 'json'],
  ['text/html; q=0.5, application/json; q=0.6', 'json'],
  ['text/html;q=0, */*', 'json'],
  ['text/*;q=0.1, application/json;q=0.2', 'json'],
  ['application/problem+json', 'json'],
  ['application/hal+json', 'json'],
  ['application/*+json', 'json'],
  ['application/vnd.api+json;q=0.9, text/html;q=0.8', 'json'],
]
for (const [accept, expected] of ACCEPTS) {
  test(`Accept: ${accept ?? '(none)'} gets the ${expected}, also when the code is wrong or expired`, async (t) => {
    const { db, deps, look } = await aLanding(t)
    await deps.kv.deleteByPrefix('limit:invite:')
    const { code } = await anInvitation(db)
    const { code: expired } = await anInvitation(db, { event: { status: 'expired' } })

    const replies = []
    for (const one of [code, 'NO-SUCH-CODE', expired])
      replies.push(await look(one, accept === undefined ? {} : { accept }))

    assert.deepEqual(
      replies.map(({ statusCode }) => statusCode),
      [200, 404, 410],
    )
    for (const { headers } of replies) {
      assert.match(
        String(headers['content-type']),
        expected === 'page' ? /^text\/html/ : /^application\/(problem\+)?json/,
      )
      assert.equal(headers['vary'], 'accept')
    }
  })
}

test('a link preview shows the event and no guest, with the card of the event', async (t) => {
  const { db, get, look } = await aLanding(t, { env: { PUBLIC_BASE_URL: 'https://inv.example' } })
  const { code, eventId, guestId } = await anInvitation(db, { answer: 'yes', partySize: 2 })
  await sql`update events set name = 'Boda de Eva & Luis', location = 'Hacienda "San José"' where id = ${eventId}`.execute(
    db,
  )
  await sql`update guests set name = 'Zoila Invitada' where id = ${guestId}`.execute(db)

  const page = await look(`${code.toLowerCase()}.`, { accept: '*/*', 'user-agent': 'WhatsApp/2.24.10 A' })

  const properties = Object.fromEntries(
    [...page.body.matchAll(/<meta (?:property|name)="([^"]+)" content="([^"]*)">/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  )
  const head = page.body.split('</head>')[0]!
  assert.equal(properties['og:title'], 'Boda de Eva &amp; Luis')
  assert.match(
    properties['og:description'],
    /^Lunes 31 de diciembre de 2029, 18:00 – 00:00 h · Hacienda &quot;San José&quot;$/,
  )
  assert.equal(properties['og:url'], `https://inv.example/i/${code}`)
  assert.deepEqual(
    ['og:type', 'og:locale', 'twitter:card'].map((name) => properties[name]),
    ['website', 'es_MX', 'summary_large_image'],
  )
  assert.equal(properties['og:image:alt'], 'Boda de Eva &amp; Luis. Lunes 31 de diciembre de 2029')
  assert.ok(!properties['og:image'].includes(code))
  assert.doesNotMatch(head, /Zoila|qr\./)
  const picture = await get(properties['og:image'].replace('https://inv.example', ''))
  assert.deepEqual([picture.statusCode, picture.headers['content-type']], [200, 'image/png'])
  assert.equal(picture.headers['cross-origin-resource-policy'], 'cross-origin')
  assert.equal(picture.rawPayload.readUInt32BE(16), Number(properties['og:image:width']))
  assert.equal(picture.rawPayload.readUInt32BE(20), Number(properties['og:image:height']))
})

test('images and calendar files may be shown by other sites, pages and JSON may not', async (t) => {
  const { app, db, get, look } = await aLanding(t)
  const { code } = await anInvitation(db)
  const policyOf = (reply: { headers: Record<string, unknown> }) => reply.headers['cross-origin-resource-policy']

  for (const file of ['qr.png', 'qr.svg', 'event.ics']) {
    const url = `/public/invite/${code}/${file}`
    const reply = await get(url, { headers: { accept: 'image/avif,image/webp,image/*,*/*;q=0.8' } })
    const again = await get(url, { headers: { 'if-none-match': String(reply.headers['etag']) } })
    const head = await app.inject({ method: 'HEAD', url })

    assert.deepEqual([reply.statusCode, policyOf(reply), policyOf(head)], [200, 'cross-origin', 'cross-origin'], file)
    assert.equal(reply.headers['cache-control'], 'private, no-cache')
    assert.equal(head.headers['content-type'], reply.headers['content-type'])
    if (file !== 'event.ics') assert.deepEqual([again.statusCode, again.body], [304, '']) // that has the time of writing
  }
  assert.equal(policyOf(await look(code)), 'same-origin')
  assert.equal(policyOf(await look(code, HTML)), 'same-origin')
})

/** What chat programs, punctuation and people add to the end of a path. */
const GLUE = ['.', ',', ')', ').', '*', '_', '%3E', '%C2%BB', '%22', '%E2%80%A6', '%20', '%E2%80%8B', '!', '/', '//', '/.', '%F0%9F%8E%89',
  '?fbclid=IwAR0', '%3Ffbclid%3DIwAR0', '&fbclid=IwAR0', '.?utm_source=x', '*?', ';', ':', "'", '%27%29', '%E2%9D%A4%EF%B8%8F%20', '%',
  '%E2%80'] // prettier-ignore
test('what is glued to the end of a link is forgiven, on the page, its files and its form', async (t) => {
  const { app, db, look, get, post } = await aLanding(t)
  const { code } = await anInvitation(db)

  for (const glue of GLUE) {
    const view = await look(`${code}${glue}`)
    const picture = await get(`/public/invite/${code}/qr.png${glue}`)
    const calendar = await get(`/public/invite/${code}/event.ics${glue}`)
    const answer = await post(`/public/invite/${code}/rsvp${glue}`, { body: { answer: 'maybe' } })
    const head = await app.inject({ method: 'HEAD', url: `/i/${code}${glue}` })

    assert.deepEqual([view.statusCode, view.json().code], [200, code], glue)
    assert.deepEqual([picture.statusCode, picture.headers['content-type']], [200, 'image/png'], glue)
    assert.match(calendar.body, /^BEGIN:VCALENDAR/, glue)
    assert.deepEqual([answer.statusCode, head.statusCode], [200, 200], glue)
  }
})

test('a code is found without its hyphens, and a correction that could mean two is 404', async (t) => {
  const { db, look, answer } = await aLanding(t)
  const [ana, eva] = [await anInvitation(db), await anInvitation(db)]
  const tail = ana.code.slice(-8)
  const plain = await look(ana.code.replace('-', ''))
  await sql`update invitations set code = ${`TWIN-O1-${tail}`} where id = ${ana.invitationId}`.execute(db)
  await sql`update invitations set code = ${`TWIN-01-${tail}`} where id = ${eva.invitationId}`.execute(db)

  const unclear = [await look(`TWIN-0I-${tail}`), await answer(`TWIN-0I-${tail}`, { answer: 'yes' })]

  assert.equal(plain.json<View>().code, ana.code)
  assert.deepEqual(
    unclear.map(({ statusCode }) => statusCode),
    [404, 404],
  )
  assert.equal((await readInvitation(db, ana.invitationId)).answer, 'pending')
})

test('the calendar entry moves with the event: one UID, and a number that grows with what it shows', async (t) => {
  const { db, get, patch, setNow } = await aLanding(t, { now: '2029-06-01T00:00:00Z' })
  const { eventId, code } = await anInvitation(db)
  const read = async () => {
    const lines = (await get(`/public/invite/${code}/event.ics`)).body.replaceAll('\r\n ', '').split('\r\n')
    return Object.fromEntries(lines.map((line) => line.split(/:(.*)/s) as [string, string]))
  }
  const before = await read()
  const changes: [object, number][] = [
    [{ startsAt: '2030-01-02T00:00:00Z', endsAt: '2030-01-02T06:00:00Z' }, 1],
    [{ startsAt: '2030-01-02T00:00:00Z' }, 1],
    [{ name: 'Otra boda' }, 2],
    [{ location: 'Salón; "Real", 2' }, 3],
    [{ timeZone: 'America/Tijuana' }, 4],
    [{ capacity: 100 }, 4],
    [{ location: null }, 5],
  ]

  const sequences = []
  for (const [n, [body]] of changes.entries()) {
    setNow(`2029-06-02T00:00:0${n}Z`)
    assert.equal((await patch(`/events/${eventId}`, { as: 'organizer', body })).statusCode, 200)
    sequences.push((await read())['SEQUENCE'])
  }
  const after = await read()

  assert.deepEqual([before['SEQUENCE'], before['STATUS']], ['0', 'CONFIRMED'])
  assert.deepEqual(
    sequences,
    changes.map(([, sequence]) => String(sequence)),
  )
  assert.equal(after['UID'], before['UID'])
  assert.deepEqual([after['DTSTART'], after['SUMMARY']], ['20300102T000000Z', 'Otra boda'])
  assert.deepEqual([after['LAST-MODIFIED'], after['DTSTAMP']], ['20290602T000006Z', '20290602T000006Z'])
})

test('every change shows in the next view, and nothing of an invitation is in the kv store', async (t) => {
  const { db, look, answer, patch } = await aLanding(t, { now: '2029-06-01T00:00:00Z' })
  const organizerId = await anOrganizer(db)
  const { code, eventId, guestId } = await anInvitation(db, { partySize: 2, event: { organizerId } })
  const as = { id: 'usr_x', role: 'organizer' as const, organizerId }
  await look(code)

  await answer(code, { answer: 'yes' })
  const answered = (await look(code)).json<View>()
  await patch(`/events/${eventId}/guests/${guestId}`, { as, body: { name: 'Eva', partySize: 3 } })
  await patch(`/events/${eventId}`, { as, body: { location: 'Salón Real' } })
  const changed = (await look(code)).json<View & { event: { location: string } }>()
  await sql`update events set status = 'expired' where id = ${eventId}`.execute(db)
  const { rows } = await sql`select key from kv where key like 'landing:%'`.execute(db)

  assert.deepEqual([answered.answer, answered.answeredPlaces], ['yes', 2])
  assert.deepEqual(
    [changed.guest, changed.event.location],
    [{ name: 'Eva', partySize: 3, companions: [] }, 'Salón Real'],
  )
  assert.equal((await look(code)).statusCode, 410)
  assert.deepEqual(rows, [])
})

test('fifty concurrent guests each see their own invitation, and a stranger none', async (t) => {
  const { db, look } = await aLanding(t)
  const eventId = await anEvent(db)
  const guests = await Promise.all(Array.from({ length: 25 }, () => aGuest(db, eventId)))
  await sql`update guests set name = id where event_id = ${eventId}`.execute(db)
  const spellings = guests.flatMap(({ code }) => [code, code.toLowerCase().replace(/(?<=^.{4})/, '-')])

  const replies = await Promise.all([...spellings, 'NO-SUCH-CODE'].map((code) => look(code)))

  assert.equal(replies.pop()!.statusCode, 404)
  assert.deepEqual(
    replies.map((reply) => [reply.json<View>().code, reply.json<View>().guest.name]),
    guests.flatMap(({ code, guestId }) => Array.from({ length: 2 }, () => [code, guestId])),
  )
})

test('while the kv store is down, pages and answers work and a POST with an unknown code fails', async (t) => {
  const { db, look, answer } = await aLanding(t)
  const { code } = await anInvitation(db)

  await sql`alter table kv rename to kv_away`.execute(db)
  const responses = [
    await look(code),
    await answer(code, { answer: 'yes' }),
    await look('NO-SUCH-CODE'),
    await answer('NO-SUCH-CODE', { answer: 'yes' }),
  ]
  await sql`alter table kv_away rename to kv`.execute(db)

  assert.deepEqual(
    responses.map(({ statusCode }) => statusCode),
    [200, 200, 404, 503],
  )
})

test('log lines contain neither codes nor names', async (t) => {
  const { db, look, answer, lines } = await aLanding(t)
  const { code } = await anInvitation(db)

  await look(code)
  await answer(code, { answer: 'yes' })

  const log = JSON.stringify(lines)
  assert.ok(lines.length > 0 && !log.includes(code) && !log.includes('Ana Prueba'))
})

test('an invalid form is answered with a page, and invalid JSON with a problem', async (t) => {
  const { post, db } = await startApp(t)
  const { code } = await anInvitation(db)
  const path = `/public/invite/${code}/rsvp`

  const form = await post(path, {
    payload: 'answer=perhaps',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const json = await post(path, { body: { answer: 'perhaps' } })

  assert.deepEqual([form.statusCode, json.statusCode], [400, 400])
  assert.match(String(form.headers['content-type']), /^text\/html/)
  assert.equal(json.json().code, 'invalid_request')
})

test('the old address of a page leads to the new one, which fits into 50 kB with its pass', async (t) => {
  const { app, db } = await aLanding(t)
  const { code } = await anInvitation(db, { partySize: 20, answer: 'yes' })

  const old = await app.inject({ url: `/public/invite/${code}?utm_source=x`, headers: HTML })
  const page = await app.inject({ url: `/i/${code}` })

  assert.deepEqual([old.statusCode, old.headers['location'], old.body], [302, `/i/${code}`, ''])
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /<svg/)
  assert.ok(Buffer.byteLength(page.body) < 50_000, `${Buffer.byteLength(page.body)} bytes`)
})
