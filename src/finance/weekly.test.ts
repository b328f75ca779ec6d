import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFakeResend } from '../../test/fakes/resend.ts'
import { startApp, type AppOptions, type TestApp } from '../../test/harness.ts'
import { anAssignment, bookAllUses } from '../../test/ledger.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import type { Role } from '../http/access.ts'
import { startWorking } from '../jobs.ts'
import { newId, sql } from '../platform/db.ts'
import { refreshKpisJob, sendWeeklyEmail, sweepWeeklyEmails } from './jobs.ts'
import { composeWeeklyEmail, findWeekToSend } from './weekly.ts'
import { claimWeeklyEmail } from './weekly-sql.ts'

/** Monday 2030-06-10, 08:00 in Mexico City. */
const EIGHT = '2030-06-10T14:00:00.000Z'
const TUESDAY = '2030-06-11T14:00:00.000Z'
const later = (minutes: number) => new Date(Date.parse(EIGHT) + minutes * 60_000).toISOString()
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

let fake: Awaited<ReturnType<typeof startFakeResend>>
before(async () => (fake = await startFakeResend({ requestsPerSecond: 1000 })))
after(() => fake.close())

/** An app with a fake Resend, in which nobody wants the mail yet. */
async function open(t: TestContext, { now = EIGHT, ...options }: AppOptions = {}): Promise<TestApp> {
  const app = await startApp(t, { now, env: fake.env, ...options })
  await sql`truncate weekly_emails, dead_letters, email_stops`.execute(app.db)
  await sql`update users set weekly_email = false`.execute(app.db)
  return app
}

type Person = { role?: Role; language?: 'es-MX' | 'en'; weeklyEmail?: boolean }
async function aDirector(app: TestApp, { role = 'director', language = 'es-MX', weeklyEmail = true }: Person = {}) {
  const id = newId('usr')
  const email = `${id}@example.com`
  const organizerId = role === 'director' ? null : await anOrganizer(app.db)
  await sql`insert into users (id, organizer_id, email, name, role, password_hash, language, weekly_email)
    values (${id}, ${organizerId}, ${email}, 'Dirección', ${role}, 'x', ${language}, ${weeklyEmail})`.execute(app.db)
  return { id, email, user: { id, role, organizerId } }
}

type Row = { id: string; userId: string; status: string; attempts: number; reason: string | null; week: string } & {
  providerMessageId: string | null
  stopToken: string
  leaseUntil: Date | null
}
const listRows = async ({ db }: TestApp): Promise<Row[]> =>
  (await sql<Row>`select w.*, week::text as week from weekly_emails w order by created_at, id`.execute(db)).rows
const sweep = (app: TestApp) => app.runJob(sweepWeeklyEmails, {})
const send = (app: TestApp, weeklyEmailId: string) => app.runJob(sendWeeklyEmail, { weeklyEmailId })
const mailsTo = (email: string) => fake.mails.filter(({ to }) => to[0] === email)
const callsOf = (id: string) => fake.calls.filter(({ headers }) => headers['idempotency-key'] === id)

/** One minute of the clock: the sweep, and the jobs of everything that is open. */
async function tick(app: TestApp): Promise<unknown> {
  const swept = await sweep(app)
  for (const { id } of (await listRows(app)).filter(({ status }) => status !== 'sent')) await send(app, id)
  return swept
}

test('the mail is begun on Monday from eight until midnight in Mexico City', () => {
  for (const [at, week] of [
    ['2030-06-10T13:59:59Z', null],
    ['2030-06-10T14:00:00Z', '2030-06-10'],
    ['2030-06-10T17:00:00Z', '2030-06-10'],
    ['2030-06-11T05:59:59Z', '2030-06-10'],
    ['2030-06-11T06:00:00Z', null],
    ['2030-06-09T20:00:00Z', null],
    ['2022-07-04T13:00:00Z', '2022-07-04'], // summer time
  ] as const)
    assert.equal(findWeekToSend(new Date(at)), week, at)
})

test('two workers at once send one mail to each director who wants it, and to nobody else', async (t) => {
  const app = await open(t)
  const director = await aDirector(app)
  const others = [
    await aDirector(app, { weeklyEmail: false }),
    await aDirector(app, { role: 'organizer' }),
    await aDirector(app),
    await aDirector(app),
  ]
  await sql`update users set disabled_at = now() where id = ${others[2]!.id}`.execute(app.db)
  await sql`insert into email_stops (email, organizer_id, reason, stopped_at)
    values (${others[3]!.email}, '*', 'bounced', ${EIGHT})`.execute(app.db)

  const { waiting } = await app.deps.queues.count('maintenanceQueue')
  await Promise.all([sweep(app), sweep(app)])
  assert.equal((await app.deps.queues.count('maintenanceQueue')).waiting, waiting + 1)
  const [row, ...more] = await listRows(app)
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => send(app, row!.id)))
  app.setNow(later(120))
  await tick(app)

  assert.deepEqual([row!.userId, row!.week, more], [director.id, '2030-06-10', []])
  assert.deepEqual(outcomes.toSorted(), ['it is not due', 'it is not due', 'it is not due', 'sent'])
  const [mail, ...copies] = mailsTo(director.email)
  assert.deepEqual([copies, callsOf(row!.id).length, fake.refusals], [[], 1, []])
  const [done] = await listRows(app)
  assert.deepEqual([done!.status, done!.providerMessageId, done!.attempts], ['sent', mail!.id, 1])
  for (const { email } of others) assert.deepEqual(mailsTo(email), [])
  const personal = app.lines.filter((line) => JSON.stringify(line).includes('@example.com'))
  assert.deepEqual(personal, [])
})

test('a worker that dies after Resend took the mail sends no second one, though the numbers have changed', async (t) => {
  const app = await open(t)
  const { email } = await aDirector(app)
  await sweep(app)
  const { id } = (await listRows(app))[0]!
  const until = new Date(later(1))
  const claimed = await claimWeeklyEmail(app.db, id, { today: '2030-06-10', now: new Date(EIGHT), until })
  const accepted = await app.deps.channels.email.send(composeWeeklyEmail(claimed!, app.deps.config.http.publicBaseUrl))
  await anAssignment(app.db, await anOrganizer(app.db), { kind: 'loan', tickets: 1, cents: 777, at: '2030-06-05' })

  const held = await send(app, id)
  app.setNow(later(2))
  const swept = await sweep(app)
  const again = await send(app, id)

  assert.deepEqual([held, swept, again], ['it is not due', '1 due', 'sent'])
  assert.equal(accepted.kind, 'sent')
  assert.equal(mailsTo(email).length, 1)
  const [first, second] = callsOf(id)
  assert.deepEqual(first!.body, second!.body)
  const [row] = await listRows(app)
  assert.deepEqual([row!.status, row!.attempts, row!.providerMessageId], ['sent', 2, mailsTo(email)[0]!.id])
})

test('another text after a lost answer counts as sent', async (t) => {
  const app = await open(t)
  const { id: userId, email } = await aDirector(app)
  await sweep(app)
  const { id } = (await listRows(app))[0]!
  fake.next({ kind: 'reset' })
  assert.equal(await send(app, id), 'waiting')
  await sql`update users set language = 'en' where id = ${userId}`.execute(app.db)

  app.setNow(later(10))
  const again = await send(app, id)

  assert.deepEqual([again, mailsTo(email).length, (await listRows(app))[0]!.status], ['sent', 1, 'sent'])
  fake.refusals.length = 0
})

test('a worker that starts at eleven sends the mail of the day, and one that starts on Tuesday does not', async (t) => {
  const app = await open(t, { now: later(180) })
  const { email } = await aDirector(app)
  assert.equal(await tick(app), '1 due')
  assert.equal(mailsTo(email).length, 1)

  const late = await aDirector(app)
  app.setNow(TUESDAY)
  await tick(app)

  assert.deepEqual([mailsTo(late.email), (await listRows(app)).length], [[], 1])
})

test('two workers that start at eleven send it by themselves, once', async (t) => {
  const app = await open(t, { now: later(180) })
  const { email } = await aDirector(app)

  const stop = new AbortController().signal
  const workers = await Promise.all([startWorking(app.deps, stop), startWorking(app.deps, stop)])
  for (let tries = 0; tries < 300 && (await listRows(app))[0]?.status !== 'sent'; tries++) await sleep(50)
  await Promise.all(workers.map((worker) => worker.close()))

  const [row, ...more] = await listRows(app)
  assert.deepEqual([row?.status, row?.attempts, more, mailsTo(email).length], ['sent', 1, [], 1])
})

test('the next Monday brings the next mail', async (t) => {
  const app = await open(t)
  const { email } = await aDirector(app)
  await tick(app)

  app.setNow('2030-06-17T14:00:00Z')
  await tick(app)

  assert.deepEqual(
    mailsTo(email).map(({ subject }) => subject),
    [
      'Resumen semanal: del 3 de junio al 9 de junio de 2030',
      'Resumen semanal: del 10 de junio al 16 de junio de 2030',
    ],
  )
})

test('a failed call is repeated with a growing pause, then it is a dead letter that a person can retry', async (t) => {
  const app = await open(t, { expectErrors: /^A weekly e-mail failed$/ })
  const { email } = await aDirector(app)
  fake.next(
    ...Array.from({ length: 6 }, () => ({ kind: 'error', httpStatus: 500, name: 'application_error' }) as const),
  )
  const attemptsAt: number[] = []
  let minute = 0
  for (; minute < 300 && (await listRows(app))[0]?.status !== 'failed'; minute++) {
    app.setNow(later(minute))
    const before = fake.calls.length
    await tick(app)
    if (fake.calls.length > before) attemptsAt.push(minute)
  }

  const [row] = await listRows(app)
  const letters = (await app.get('/ops/dead-letters', { as: 'director' })).json().data
  const pauses = attemptsAt.slice(1).map((at, n) => at - attemptsAt[n]!)
  assert.deepEqual([row!.status, row!.attempts, row!.reason], ['failed', 6, 'email_application_error'])
  assert.ok(pauses[0]! >= 4 && pauses[0]! <= 7 && pauses[3]! >= 32 && pauses[3]! <= 49, String(pauses))
  assert.deepEqual(
    letters.map(({ kind, refId, reason, attempts }: Record<string, unknown>) => [kind, refId, reason, attempts]),
    [['job', `send-weekly-email:{"weeklyEmailId":"${row!.id}"}`, 'email_application_error', 6]],
  )
  assert.equal((await app.post(`/ops/dead-letters/${letters[0].id}/retry`, { as: 'director' })).statusCode, 200)
  assert.deepEqual([await send(app, row!.id), mailsTo(email).length], ['sent', 1])
})

test('what Resend refuses for good is not repeated, and what is left at midnight is given up', async (t) => {
  const app = await open(t, { expectErrors: /^A weekly e-mail failed$/ })
  await aDirector(app)
  fake.next({ kind: 'error', httpStatus: 422, name: 'validation_error' })
  await tick(app)
  assert.deepEqual(
    (await listRows(app)).map(({ status, attempts }) => [status, attempts]),
    [['failed', 1]],
  )

  await aDirector(app)
  const tired = await aDirector(app)
  await sweep(app)
  await sql`update users set weekly_email = false where id = ${tired.id}`.execute(app.db)
  app.setNow(TUESDAY)
  await sweep(app)

  const rows = await listRows(app)
  assert.deepEqual(rows.map(({ status, reason }) => `${status} ${reason}`).toSorted(), [
    'failed email_validation_error',
    'failed too_late',
    'skipped not_wanted',
  ])
  for (const { id } of rows) assert.equal(await send(app, id), 'it is not due')
})

test('a worker that dies at every attempt ends it', async (t) => {
  const app = await open(t, { expectErrors: /^A weekly e-mail failed$/ })
  await aDirector(app)
  await sweep(app)
  await sql`update weekly_emails set status = 'sending', attempts = 6, lease_until = ${later(1)}`.execute(app.db)

  app.setNow(later(2))
  await sweep(app)

  const [row] = await listRows(app)
  assert.deepEqual([row!.status, row!.reason, row!.leaseUntil], ['failed', 'lease_expired', null])
})

test('while e-mail is paused the mail waits', async (t) => {
  const app = await open(t)
  const { email } = await aDirector(app)
  const pause = await app.post('/ops/channels/email/pause', { as: 'director', body: { reason: 'our domain' } })
  assert.equal(pause.statusCode, 200, pause.body)

  assert.equal(await tick(app), '0 due')
  assert.equal((await listRows(app))[0]!.attempts, 0)
  await app.post('/ops/channels/email/resume', { as: 'director' })
  assert.equal(await tick(app), '1 due')
  assert.equal(mailsTo(email).length, 1)
})

const pesos = new Intl.NumberFormat('es-MX', { style: 'currency', currency: 'MXN' })

test('the numbers are those of the overview of both weeks, in both languages and both parts', async (t) => {
  const app = await open(t)
  const organizerId = await anOrganizer(app.db)
  for (const [at, cents, paid] of [
    ['2030-05-28', 250_000, 1000.5],
    ['2030-06-04', 123_456_789, 234_567.89],
  ] as const) {
    await anAssignment(app.db, organizerId, { kind: 'loan', tickets: 20, cents, at })
    const body = { organizerId, amount: paid, method: 'transfer', reference: newId('ref'), paidAt: `${at}T18:00:00Z` }
    assert.equal((await app.post('/director/payments', { as: 'director', body })).statusCode, 201)
  }
  const eventId = await anEvent(app.db, { organizerId, startsAt: '2030-06-05T02:00:00Z' })
  const guests = []
  for (const answer of ['yes', 'yes', 'yes', 'no'] as const) guests.push(await aGuest(app.db, eventId, { answer }))
  app.setNow('2030-06-05T03:00:00Z')
  for (const { code } of guests.slice(0, 2)) {
    const body = { eventId, code, scanId: newId('scn') }
    const scan = await app.post('/scan/validate', { as: 'director', body })
    assert.equal(scan.json().status, 'valid', scan.body)
  }
  app.setNow(EIGHT)
  await bookAllUses(app)
  await app.runJob(refreshKpisJob, {})
  const [spanish, english] = [await aDirector(app), await aDirector(app, { language: 'en' })]
  for (const n of [1, 2, 3])
    await sql`insert into payment_reviews (id, provider, kind, object_id, provider_ref, reason, state, amount_cents, currency,
                                           mode, occurred_at, request_id, created_at)
      values (${newId('rev')}, 'mock', 'charge', ${newId('ch')}, ${`mock_${n}`}, 'unknown_payment', 'succeeded', 100, 'MXN', 'mock',
              ${EIGHT}, 'req_x', ${EIGHT})`.execute(app.db)
  await sql`insert into payment_differences (payment_id, kind, ours, theirs, is_fixed, found_at, fixed_at)
    select p.id, 'status', 'a', 'b', d.fixed_at is not null, ${EIGHT}, d.fixed_at
      from (select id from payments limit 1) p
     cross join (values (null::timestamptz), (${EIGHT}::timestamptz)) d (fixed_at)`.execute(app.db)

  await tick(app)
  const overview = async (query: string) => (await app.get(`/director/overview?${query}`, { as: 'director' })).json()
  const last = await overview('from=2030-06-03&to=2030-06-09')
  const before = await overview('from=2030-05-27&to=2030-06-02')

  const money = (cents: number) => `${pesos.format(cents / 100)} MXN`
  const share = (one: number | null) => (one === null ? '—' : `${Math.round(one * 1000) / 10}%`)
  const expected: [string, string, string, string][] = [
    ['Facturado', 'Billed', money(last.finance.billedCents), money(before.finance.billedCents)],
    ['Cobrado', 'Paid', money(last.finance.paidCents), money(before.finance.paidCents)],
    [
      'Adeudo al cierre',
      'Open debt at the end',
      money(last.finance.openDebtCents),
      money(before.finance.openDebtCents),
    ],
    ['Boletos usados', 'Tickets used', String(last.tickets.equivalent), String(before.tickets.equivalent)],
    ['Invitados confirmados', 'Confirmed guests', String(last.guests.confirmed), String(before.guests.confirmed)],
    ['Asistencia', 'Show-up', share(last.guests.showUpRate), share(before.guests.showUpRate)],
    ['WhatsApp sin costo', 'WhatsApp free of charge', share(last.whatsapp.freeShare), share(before.whatsapp.freeShare)],
  ]
  assert.deepEqual([last.tickets.equivalent, last.guests.confirmed, share(last.guests.showUpRate)], [2, 3, '66.7%'])
  assert.match(money(last.finance.billedCents), /^\$1,234,\d{3}\.\d\d MXN$/)
  const [es, en] = [mailsTo(spanish.email)[0]!, mailsTo(english.email)[0]!]
  for (const [label, inEnglish, now, then] of expected) {
    assert.ok(es.text.includes(`${label}: ${now} (antes ${then})`), `${label} ${now} ${then}\n${es.text}`)
    assert.ok(en.text.includes(`${inEnglish}: ${now} (before: ${then})`), `${inEnglish} ${now} ${then}\n${en.text}`)
    assert.ok(es.html.includes(`${now} (antes ${then})`) && en.html.includes(`${now} (before: ${then})`), label)
  }
  for (const line of ['Pagos por revisar: 3', 'Diferencias con los proveedores: 1'])
    assert.ok(es.text.includes(line), line)
  for (const line of ['Payments to review: 3', 'Differences from the providers: 1'])
    assert.ok(en.text.includes(line), line)
  assert.match(es.html, /<html lang="es-MX"/)
  assert.match(en.html, /<html lang="en"/)
  assert.match(es.text, /^Resumen semanal\n\nSemana del lunes 3 de junio al domingo 9 de junio de 2030\./)
  assert.match(es.text, /Dinero y boletos al 10 de junio, 08:00 h\. .* al 10 de junio, 08:00 h;/)
  assert.equal(en.subject, 'Weekly overview: June 3 to June 9, 2030')
  assert.match(en.text, /Open the panel: http:\/\/localhost:8080\/panel\n/)
  for (const { text, html } of [es, en]) assert.doesNotMatch(text + html, /Ana Prueba|g_|undefined|\{\{/)
})

test('the link asks, its button and the one click of a mailbox turn the mail off, and opening it changes nothing', async (t) => {
  const app = await open(t)
  const { id, email } = await aDirector(app)
  await tick(app)
  const [mail] = mailsTo(email)
  const { pathname } = new URL(/^<(.+)>$/.exec(mail!.headers['List-Unsubscribe']!)![1]!)
  const isOn = async () =>
    (await sql<{ weeklyEmail: boolean }>`select weekly_email from users where id = ${id}`.execute(app.db)).rows[0]!
      .weeklyEmail

  const page = await app.get(pathname)
  const wasOn = await isOn()
  const click = await app.post(`${pathname}).`, { headers: FORM, payload: 'List-Unsubscribe=One-Click' })
  const again = await app.post(pathname, { headers: FORM, payload: 'List-Unsubscribe=One-Click' })

  assert.equal(mail!.headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click')
  assert.ok(mail!.text.includes(pathname) && mail!.html.includes(pathname))
  assert.deepEqual([page.statusCode, wasOn, page.body.match(/<button/g)?.length], [200, true, 1])
  assert.equal(page.headers['cache-control'], 'no-store')
  assert.match(page.body, /<html lang="es-MX">[^]*¿Dejar de recibir el resumen\?/)
  assert.deepEqual([click.statusCode, again.statusCode, await isOn()], [200, 200, false])
  assert.match(click.body, /Listo/)
  app.setNow('2030-06-17T14:00:00Z')
  await tick(app)
  assert.equal(mailsTo(email).length, 1)
})

test('an unknown link is a 404 with a page', async (t) => {
  const app = await open(t)
  const unknown = '0'.repeat(32)

  const shown = await app.get(`/public/weekly-email/${unknown}`, { headers: { 'accept-language': 'en' } })
  const posted = await app.post('/public/weekly-email/A%00B', { headers: FORM, payload: '' })

  assert.deepEqual([shown.statusCode, posted.statusCode], [404, 404])
  assert.match(shown.body, /Unknown link/)
  assert.match(posted.body, /Enlace desconocido/)
})

test('without a key of Resend the mail goes to the simulated channel, and the log says so', async (t) => {
  const app = await startApp(t, { now: EIGHT, env: { SIMULATOR: 'true' } })
  await sql`truncate weekly_emails`.execute(app.db)
  await sql`update users set weekly_email = false`.execute(app.db)
  const { email } = await aDirector(app)

  await tick(app)

  const [row] = await listRows(app)
  const { rows } = await sql<{ template: string; body: { subject: string } }>`
    select template, body::jsonb as body from simulated_messages where recipient = ${email}`.execute(app.db)
  assert.equal(row!.status, 'sent')
  assert.deepEqual(
    rows.map(({ template, body }) => [template, body.subject]),
    [['weekly_overview', 'Resumen semanal: del 3 de junio al 9 de junio de 2030']],
  )
  const said = app.lines.find(({ msg }) => msg === 'A weekly e-mail was sent')
  assert.deepEqual([said?.['simulated'], said?.['weeklyEmailId']], [true, row!.id])
})
