import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import xlsx from '@e965/xlsx'
import { parse } from 'csv-parse/sync'
import type { LightMyRequestResponse } from 'fastify'
import { sql, withTx } from '../platform/db.ts'
import { startApp, type TestApp } from '../../test/harness.ts'
import { aGuest, anEvent, anOrganizer } from '../../test/make.ts'
import { upload } from '../../test/uploads.ts'
import { deleteOldImports } from './guestlists.ts'

type Row = {
  row: number
  status: string
  guestId: string | null
  errors: { column: string | null; value: string | null; code: string; otherRow: number | null; explanation: object }[]
  notices: { code: string; otherRow: number | null }[]
}
type Result = {
  importId: string | null
  created: number
  updated: number
  unchanged: number
  rejected: number
  rows: Row[]
  rowsLeftOff: number
  rejectedUrl: string | null
  file: { encoding: string; columns: object[]; skipped: object[] }
}

function read(reply: LightMyRequestResponse): Result {
  assert.equal(reply.statusCode, 200, reply.body)
  return reply.json<Result>()
}
const countsOf = ({ created, updated, unchanged, rejected }: Result) => ({ created, updated, unchanged, rejected })
const rowsOf = ({ rows }: Result) => rows.toSorted((a, b) => a.row - b.row)

const listGuests = async (app: TestApp, eventId: string) =>
  (
    await sql<Record<string, unknown>>`
      select g.name, g.phone, g.email, g.party_size, g.tags, g.locale, g.notes, i.places
        from guests g
        join invitations i on i.event_id = g.event_id and i.guest_id = g.id
       where g.event_id = ${eventId}
       order by g.name, g.phone, g.email`.execute(app.db)
  ).rows

const LIST = [
  'Lista de la boda,,,,,,,',
  'Invitado,Celular,Correo,Pases,Etiquetas,Idioma,Notas,Mesa',
  'Ana Pérez,55 1234 5678,Ana@Example.com,2,"Familia, VIP",español,"Silla alta\nAlergia",4',
  'Peter Pan,+1 305 555 1234,,,,Inglés,,',
  'Tía Lucía,,lucia@example.com,3,,,,7',
  'Sin Nada,,,,,,,',
].join('\n')

test('a list adds guests with invitations, says what it skipped, and sent again it changes nothing', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  const first = read(await upload(app, eventId, LIST))
  const guests = await listGuests(app, eventId)
  const second = read(await upload(app, eventId, LIST))

  assert.deepEqual(countsOf(first), { created: 4, updated: 0, unchanged: 0, rejected: 0 })
  assert.deepEqual(first.file.skipped, [{ row: 1, text: 'Lista de la boda' }])
  assert.deepEqual(first.file.columns.at(-1), { heading: 'Mesa', field: null, example: '4' })
  assert.deepEqual(guests[0], {
    ...{ name: 'Ana Pérez', phone: '+525512345678', email: 'ana@example.com', partySize: 2, places: 2 },
    ...{ tags: ['Familia', 'VIP'], locale: 'es-MX', notes: 'Silla alta\nAlergia' },
  })
  assert.deepEqual(guests[1], {
    ...{ name: 'Peter Pan', phone: '+13055551234', email: null, partySize: 1, places: 1 },
    ...{ tags: [], locale: 'en', notes: null },
  })
  assert.deepEqual(countsOf(second), { created: 0, updated: 0, unchanged: 4, rejected: 0 })
  assert.deepEqual(await listGuests(app, eventId), guests)
})

test('a changed row changes its guest, an empty cell changes nothing, and a row that is gone deletes nobody', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  await upload(app, eventId, LIST)

  const result = read(
    await upload(app, eventId, 'nombre,tel,correo,pases,notas\nana perez,5512345678,,5,\nTía Lucía,5587654321,,,'),
  )

  assert.deepEqual(countsOf(result), { created: 0, updated: 2, unchanged: 0, rejected: 0 })
  const guests = await listGuests(app, eventId)
  assert.equal(guests.length, 4)
  const ana = guests.find(({ phone }) => phone === '+525512345678')!
  assert.deepEqual([ana['name'], ana['email'], ana['partySize'], ana['places']], ['ana perez', 'ana@example.com', 5, 5])
  assert.equal(ana['notes'], 'Silla alta\nAlergia')
  const lucia = guests.find(({ name }) => name === 'Tía Lucía')!
  assert.deepEqual([lucia['phone'], lucia['email'], lucia['partySize']], ['+525587654321', 'lucia@example.com', 3])
})

for (const written of [
  ...['5512345678', '55 1234 5678', '(55) 1234-5678', '+52 55 1234 5678', '+52 1 55 1234 5678', '5215512345678'],
  ...[
    '044 55 1234 5678',
    '045 55 1234 5678',
    '01 55 1234 5678',
    '0052 55 1234 5678',
    '5.512345678E9',
    "'+525512345678",
  ],
])
  test(`${written} is the phone of the guest who is there already`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)
    await upload(app, eventId, 'nombre,tel\nAna,+52 55 1234 5678')

    assert.deepEqual(countsOf(read(await upload(app, eventId, `nombre,tel\nANA,"${written}"`))), {
      ...{ created: 0, updated: 1, unchanged: 0, rejected: 0 }, // the name is written in another way
    })
  })

for (const [column, value, code] of [
  ['nombre', '', 'name_missing'],
  ['nombre', '\u200b', 'name_missing'],
  ['nombre', 'x'.repeat(201), 'invalid_name'],
  ['nombre', '#N/A', 'cell_error'],
  ['tel', '55 1234 567', 'invalid_phone'],
  ['tel', '5512345678 / 5587654321', 'invalid_phone'],
  ['tel', '#¡REF!', 'cell_error'],
  ['correo', 'ana@', 'invalid_email'],
  ['correo', 'josé@example.com', 'invalid_email'],
  ['pases', '0', 'invalid_party_size'],
  ['pases', '21', 'invalid_party_size'],
  ['pases', 'muchos', 'invalid_party_size'],
  ['acompañantes', '20', 'invalid_party_size'],
  ['etiquetas', 'x'.repeat(51), 'invalid_tags'],
  ['idioma', 'klingon', 'invalid_locale'],
  ['notas', 'x'.repeat(2001), 'invalid_notes'],
  ['id', 'á b', 'invalid_id'],
] as const)
  test(`a row is rejected alone: «${value.slice(0, 20)}» as ${column} is ${code}`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)
    const cells: Record<string, string> = { nombre: 'Eva', [column]: value, pais: 'MX' }

    const result = read(
      await upload(
        app,
        eventId,
        `${Object.keys(cells).join(',')}\n${Object.values(cells).join(',')}\n${column === 'nombre' ? 'Luz' : 'Luz,'}`,
      ),
    )

    assert.deepEqual(countsOf(result), { created: 1, updated: 0, unchanged: 0, rejected: 1 })
    const [{ row, status, errors }] = result.rows as [Row]
    assert.deepEqual([row, status, errors.length], [2, 'rejected', 1])
    assert.deepEqual([errors[0]!.column, errors[0]!.code], [column, code])
    assert.equal(errors[0]!.value, code === 'name_missing' ? null : value.slice(0, 200))
    assert.deepEqual(Object.keys(errors[0]!.explanation), ['es-MX', 'en'])
  })

test('every wrong cell of a row is named', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  const { rows } = read(await upload(app, eventId, 'nombre,tel,correo,pases\n,1,x,y'))

  assert.deepEqual(
    rows[0]!.errors.map(({ code }) => code),
    ['name_missing', 'invalid_phone', 'invalid_email', 'invalid_party_size'],
  )
})

test('companions come with the guest, and what people write for nothing is nothing', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  read(await upload(app, eventId, 'nombre,acompañantes,tel,correo\nAna,0,n/a,-\nEva,2 personas,s/n,N/A'))

  assert.deepEqual(
    (await listGuests(app, eventId)).map(({ name, partySize, phone, email }) => [name, partySize, phone, email]),
    [
      ['Ana', 1, null, null],
      ['Eva', 3, null, null],
    ],
  )
})

test('a couple with one phone is two guests, said per row, and stays two', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = 'nombre,tel\nAna,5512345678\nLuis,5512345678'

  const first = read(await upload(app, eventId, list))
  const second = read(await upload(app, eventId, list))

  assert.deepEqual(countsOf(first), { created: 2, updated: 0, unchanged: 0, rejected: 0 })
  assert.deepEqual(
    rowsOf(first).map(({ notices }) => notices.map(({ code }) => code)),
    [[], ['shared_phone']],
  )
  assert.deepEqual(countsOf(second), { created: 0, updated: 0, unchanged: 2, rejected: 0 })
})

test('two rows about one guest: the same is said, another is rejected, and so it is the second time', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = 'nombre,tel,pases\nAna,5512345678,2\nana,5512345678,\nANA,55 1234 5678,3\nAna,5512345678,2\nLuz,,\nLuz,,'

  const first = read(await upload(app, eventId, list))
  const second = read(await upload(app, eventId, list))

  for (const [result, status] of [
    [first, 'created'],
    [second, 'unchanged'],
  ] as const)
    assert.deepEqual(
      rowsOf(result).map((one) => [
        one.row,
        one.status,
        one.notices[0]?.code,
        one.errors[0]?.code,
        one.notices[0]?.otherRow ?? one.errors[0]?.otherRow,
      ]),
      [
        [2, status, undefined, undefined, undefined],
        [3, 'rejected', undefined, 'conflicting_row', 2],
        [4, 'rejected', undefined, 'conflicting_row', 2],
        [5, 'unchanged', 'repeated_row', undefined, 2],
        [6, status, undefined, undefined, undefined],
        [7, 'unchanged', 'repeated_row', undefined, 6],
      ],
    )
})

test('a name alone that several guests have is rejected as ambiguous', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  const result = read(await upload(app, eventId, 'nombre,tel\nJuan,5512345678\nJuan,5587654321\nJuan,'))

  assert.deepEqual(
    rowsOf(result).map(({ status, errors }) => [status, errors[0]?.code]),
    [
      ['created', undefined],
      ['created', undefined],
      ['rejected', 'ambiguous_guest'],
    ],
  )
})

test('the id of a guest beats its name, and an unknown id is that of a new guest', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  read(await upload(app, eventId, 'id,nombre,tel\ng1,Ana,5512345678'))

  const result = read(await upload(app, eventId, 'id,nombre,tel\ng1,Ana María,5512345678\ng2,Eva,'))

  assert.deepEqual(
    rowsOf(result).map(({ status, guestId }) => [status, guestId]),
    [
      ['updated', 'g1'],
      ['created', 'g2'],
    ],
  )
})

test('two lists that both count from one do not overwrite each other; an id of an export may change everything', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const { guestId } = await aGuest(app.db, eventId)
  read(await upload(app, eventId, 'id,nombre,tel\n1,Ana,5512345678\n2,Luis,5512345679'))

  const list = `id,nombre,tel\n1,Eva,5587654321\n2,Luis,5587654322\n${guestId},Otro nombre,5587654323`
  const result = read(await upload(app, eventId, list))

  assert.deepEqual(
    rowsOf(result).map(({ status, errors }) => [status, ...errors.map(({ code }) => code)]),
    [['rejected', 'id_of_other'], ['updated'], ['updated']],
  )
  assert.ok((await listGuests(app, eventId)).some(({ name, phone }) => name === 'Ana' && phone === '+525512345678'))
})

test('a rejected row with half an emoji or a NUL is kept, and the others are imported', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const notes = `${'x'.repeat(199)}😀${'x'.repeat(2000)}`

  const long = read(await upload(app, eventId, `nombre,notas\nAna,${notes}\nEva,`))
  const wide = Buffer.from(`\ufeffnombre,tel\nLuis,12\0\nIris,5512345678`, 'utf16le')
  const zero = read(await upload(app, eventId, wide))

  assert.deepEqual([countsOf(long).rejected, countsOf(long).created], [1, 1])
  assert.deepEqual([countsOf(zero).rejected, countsOf(zero).created], [1, 1])
})

test('a file of empty rows is refused before it is read to its end', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)

  const reply = await upload(app, eventId, `nombre\nAna${'\n'.repeat(60_000)}`)

  assert.deepEqual([reply.statusCode, reply.json().code], [413, 'too_many_rows'])
  assert.equal((await listGuests(app, eventId)).length, 0)
})

test('a row with fewer places than people inside is rejected, and the others are not', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  await upload(app, eventId, 'id,nombre,pases\ng1,Ana,4\ng2,Eva,4')
  await sql`update invitations set admitted = 3 where event_id = ${eventId} and guest_id = 'g1'`.execute(app.db)

  const result = read(await upload(app, eventId, 'id,nombre,pases\ng1,Ana,2\ng2,Eva,2'))

  assert.deepEqual(
    rowsOf(result).map(({ status, errors }) => [status, errors[0]?.code]),
    [
      ['rejected', 'places_exceeded'],
      ['updated', undefined],
    ],
  )
  assert.deepEqual(
    (await listGuests(app, eventId)).map(({ partySize, places }) => [partySize, places]),
    [
      [4, 4],
      [2, 2],
    ],
  )
})

test('two imports of the same file at once create each guest once', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = `nombre,tel,correo\n${Array.from({ length: 300 }, (_, n) => `Invitado ${n},${n % 3 ? `55${10_000_000 + n}` : ''},${n % 2 ? `g${n}@example.com` : ''}`).join('\n')}`

  const results = (await Promise.all([1, 2, 3, 4].map(() => upload(app, eventId, list)))).map(read)

  assert.equal(
    results.reduce((sum, { created }) => sum + created, 0),
    300,
  )
  assert.equal(
    results.reduce((sum, { unchanged }) => sum + unchanged, 0),
    900,
  )
  assert.equal((await listGuests(app, eventId)).length, 300)
})

test('a change of a guest that is committed while an import waits for it is kept', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  read(await upload(app, eventId, 'nombre,tel,etiquetas\nAna,5512345678,familia'))
  let importing: ReturnType<typeof upload> | undefined
  await withTx(app.db, async (tx) => {
    await sql`update guests set notes = 'Silla de ruedas' where event_id = ${eventId}`.execute(tx)
    importing = upload(app, eventId, 'nombre,tel,etiquetas\nAna,5512345678,amigos')
    await sleep(300)
  })

  assert.equal(read(await importing!).updated, 1)
  const [ana] = await listGuests(app, eventId)
  assert.deepEqual([ana!['tags'], ana!['notes']], [['amigos'], 'Silla de ruedas'])
})

test('a dry run gives the same answer and writes nothing', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = `${LIST}\nMal,123,,,,,,\nAna Pérez,5512345678,,,,,,`
  const withoutIds = (result: Result) => ({
    ...countsOf(result),
    rows: result.rows.map((row) => ({ ...row, guestId: null })),
  })

  const dry = read(await upload(app, eventId, list, { dryRun: true }))
  const before = await listGuests(app, eventId)
  const wet = read(await upload(app, eventId, list))

  assert.deepEqual(before, [])
  assert.equal(dry.importId, null)
  assert.deepEqual(withoutIds(dry), withoutIds(wet))
})

test('names that look like SQL, script or formulas are kept as written', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const names = [
    "Robert'); drop table guests;--",
    '<script>alert(1)</script>',
    '=cmd|calc',
    '@Ana',
    '{{name}}',
    '%s',
    'null',
  ]

  read(await upload(app, eventId, `nombre\n${names.map((name) => `"${name}"`).join('\n')}`))

  assert.deepEqual((await listGuests(app, eventId)).map(({ name }) => name).toSorted(), names.toSorted())
})

test('the rejected rows come as a file that can be mended and sent again', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const { importId, rejectedUrl } = read(
    await upload(app, eventId, 'nombre,tel,correo\nAna,5512345678,\n=Eva(),123,\n,,x@'),
  )

  const shown = await app.get(`/events/${eventId}/imports/${importId}`, { as: 'organizer' })
  const file = await app.get(rejectedUrl!, { as: 'organizer' })
  const english = await app.get(`${rejectedUrl}?locale=en`, { as: 'organizer' })

  assert.deepEqual(countsOf(shown.json<Result>()), { created: 1, updated: 0, unchanged: 0, rejected: 2 })
  assert.match(String(file.headers['content-type']), /text\/csv/)
  assert.deepEqual(parse(file.body, { bom: true }), [
    ['Fila', 'Qué corregir', 'Código', 'nombre', 'tel', 'correo'],
    [
      '3',
      'tel: Escribe un solo número, con 10 dígitos (México) o con su clave de país, sin extensión.',
      'invalid_phone',
      "'=Eva()",
      '123',
      '',
    ],
    [
      '4',
      'nombre: Falta el nombre del invitado. correo: Escribe un solo correo, como ana@example.com, sin acentos ni espacios.',
      'name_missing, invalid_email',
      ...['', '', 'x@'],
    ],
  ])
  assert.match(english.body, /Row,What to mend,Code/)
  const again = read(await upload(app, eventId, file.body.replace(',123,', ',5587654321,')))
  assert.deepEqual(countsOf(again), { created: 1, updated: 0, unchanged: 0, rejected: 1 })
})

test('what an import did is forgotten after 30 days, and its guests stay', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const { importId } = read(await upload(app, eventId, 'nombre,tel\nAna,\nEva,1'))
  const url = `/events/${eventId}/imports/${importId}`

  await deleteOldImports(app.db, new Date(app.deps.now().getTime() + 29 * 86_400_000))
  const kept = await app.get(url, { as: 'organizer' })
  await deleteOldImports(app.db, new Date(app.deps.now().getTime() + 31 * 86_400_000))

  assert.equal(kept.statusCode, 200)
  assert.deepEqual((await app.get(url, { as: 'organizer' })).json().code, 'import_not_found')
  assert.equal((await listGuests(app, eventId)).length, 1)
})

test('the answer has at most 1000 rows, the rejected first, and says how many it leaves off', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const good = Array.from({ length: 1005 }, (_, n) => `Invitado ${n},`)

  const result = read(await upload(app, eventId, ['nombre,tel', ...good, 'Mal,1'].join('\r')))

  assert.deepEqual([result.rows.length, result.rowsLeftOff, result.rows[0]!.row], [1000, 6, 1007])
})

test('another organizer finds neither event nor import, and adds nothing', async (t) => {
  const app = await startApp(t)
  const theirs = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })
  const mine = await anEvent(app.db)
  const { importId } = read(await upload(app, theirs, 'nombre,tel\nAna,1', { as: 'director' }))

  const replies = [
    await upload(app, theirs, 'nombre\nAna'),
    await upload(app, 'ev_none', 'nombre\nAna'),
    await app.get(`/events/${theirs}/imports/${importId}`, { as: 'organizer' }),
    await app.get(`/events/${mine}/imports/${importId}`, { as: 'organizer' }),
    await app.get(`/events/${theirs}/imports/${importId}/rejected.csv`, { as: 'organizer' }),
  ]

  assert.deepEqual(
    replies.map((one) => [one.statusCode, one.json<{ code: string }>().code]),
    [
      [404, 'event_not_found'],
      [404, 'event_not_found'],
      [404, 'import_not_found'],
      [404, 'import_not_found'],
      [404, 'import_not_found'],
    ],
  )
  assert.deepEqual(await listGuests(app, theirs), [])
})

test('the rows that an import would reject are the file that it leaves, and asking for them writes nothing', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const list = 'nombre,correo,mesa\nAna,ana@example.com,1\n=Beto,beto@example,2\n,carla@example.com\n'
  const theirs = await anEvent(app.db, { organizerId: await anOrganizer(app.db) })

  const asked = await upload(app, eventId, list, { path: '/rejected.csv' })
  const before = await listGuests(app, eventId)
  const foreign = await upload(app, theirs, list, { path: '/rejected.csv' })
  const { rejectedUrl } = read(await upload(app, eventId, list))
  const left = await app.get(rejectedUrl!, { as: 'organizer' })

  assert.deepEqual([asked.statusCode, foreign.statusCode], [200, 404])
  assert.match(String(asked.headers['content-type']), /^text\/csv/)
  assert.deepEqual(before, [])
  assert.equal(asked.body, left.body)
  assert.deepEqual(
    parse(asked.body, { bom: true }).map(([row, , code, name]) => [row, code, name]),
    [
      ['Fila', 'Código', 'nombre'],
      ['3', 'invalid_email', "'=Beto"],
      ['4', 'name_missing', ''],
    ],
  )
})

test('an Idempotency-Key replays the answer of the same file, and refuses another file', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const headers = { 'idempotency-key': `import-${eventId}` }

  const first = await upload(app, eventId, 'nombre\nAna', { headers })
  const again = await upload(app, eventId, 'nombre\nAna', { headers })
  const other = await upload(app, eventId, 'nombre\nEva', { headers })

  assert.equal(again.headers['idempotent-replayed'], 'true')
  assert.equal(again.body, first.body)
  assert.deepEqual([other.statusCode, other.json().code], [422, 'idempotency_key_reused'])
})

const bookOf = (rows: unknown[][]): Buffer => {
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(rows), 'Hoja 1')
  return xlsx.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer
}

test('a spreadsheet with numbers for phones is read as the CSV was', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  read(await upload(app, eventId, 'nombre,tel,pases\nAna,55 1234 5678,2'))

  const result = read(
    await upload(
      app,
      eventId,
      bookOf([
        ['NOMBRE', 'Whatsapp', 'Pases'],
        ['Ana', 5_512_345_678, 2],
      ]),
    ),
  )

  assert.deepEqual(countsOf(result), { created: 0, updated: 0, unchanged: 1, rejected: 0 })
})

for (const [what, file, options, status, code] of [
  ['no file', 'nombre\nAna', { field: 'other' }, 400, 'invalid_request'],
  ['a mapping that is no JSON', 'nombre\nAna', { mapping: '{' }, 400, 'invalid_request'],
  ['a mapping that is a list', 'nombre\nAna', { mapping: [] }, 400, 'invalid_request'],
  ['a mapping of an unknown field', 'nombre\nAna', { mapping: { status: 'x' } }, 400, 'invalid_request'],
  ['a mapping to no column', 'nombre\nAna', { mapping: { phone: 'x' } }, 400, 'invalid_request'],
  ['no column of names', 'tel\n1', {}, 400, 'columns_not_found'],
  ['an empty file', '', {}, 400, 'invalid_file'],
  ['a picture', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), {}, 415, 'unsupported_file'],
  ['a file of 26 MiB', Buffer.alloc(26 * 1024 * 1024, 'a'), {}, 413, 'payload_too_large'],
] as const)
  test(`${what} is ${code}, and adds nobody`, async (t) => {
    const app = await startApp(t)
    const eventId = await anEvent(app.db)

    const reply = await upload(app, eventId, file, options)

    assert.deepEqual([reply.statusCode, reply.json<{ code: string }>().code], [status, code], reply.body)
    assert.deepEqual(await listGuests(app, eventId), [])
  })

test('a body that is not multipart, or a broken one, is refused', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const send = (type: string, payload: string) =>
    app.post(`/events/${eventId}/guests/import`, { as: 'organizer', headers: { 'content-type': type }, payload })

  assert.equal((await send('application/json', '{}')).json().code, 'unsupported_media_type')
  assert.equal((await send('text/csv', 'nombre')).json().code, 'unsupported_media_type')
  assert.equal((await send('multipart/form-data', 'x')).json().code, 'invalid_request')
  assert.equal((await send('multipart/form-data; boundary=x', '--x\r\nContent')).json().code, 'invalid_request')
})

test('a list of 10,000 rows in Windows-1252 is imported whole, and sent again changes nothing', async (t) => {
  const app = await startApp(t)
  const eventId = await anEvent(app.db)
  const rows = Array.from(
    { length: 10_000 },
    (_, n) => `José Ñúñez ${n};55${10_000_000 + n};jose${n}@example.com;${1 + (n % 20)}`,
  )
  const list = Buffer.from(`nombre;teléfono;correo;pases\r\n${rows.join('\r\n')}`, 'latin1')

  const first = read(await upload(app, eventId, list))
  const second = read(await upload(app, eventId, list))

  assert.equal(first.file.encoding, 'windows-1252')
  assert.deepEqual(countsOf(first), { created: 10_000, updated: 0, unchanged: 0, rejected: 0 })
  assert.deepEqual(countsOf(second), { created: 0, updated: 0, unchanged: 10_000, rejected: 0 })
  const { rows: stored } = await sql<{ count: number }>`
    select count(*) from guests where event_id = ${eventId} and name like 'José Ñúñez %'`.execute(app.db)
  assert.equal(stored[0]!.count, 10_000)
})
