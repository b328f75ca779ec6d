import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import xlsx from '@e965/xlsx'
import { Failure } from '../platform/errors.ts'
import { countHeadings, findHeadings, type Mapping } from './columns.ts'
import { openList } from './file.ts'
import type { Line } from './line.ts'
import { ENCODED } from '../../test/encodings.ts'

async function read(bytes: Buffer, mapping: Mapping = {}) {
  const list = await openList(bytes, countHeadings(mapping))
  const { headings, rest } = await findHeadings(list.lines, mapping)
  const lines: Line[] = []
  for await (const line of rest) lines.push(line)
  return { ...list, headings, lines, rows: lines.map(({ cells }) => cells) }
}

const codeOf = async (bytes: Buffer, mapping: Mapping = {}): Promise<string> => {
  try {
    await read(bytes, mapping)
    return 'read'
  } catch (error) {
    assert.ok(error instanceof Failure, String(error))
    return error.code
  }
}

const NAMES = ['José Ñúñez', 'Ángela García', 'O’Brien', 'Sofía O’Hara']

for (const [name, encoding, encode] of ENCODED)
  for (const delimiter of [',', ';', '\t', '|'])
    test(`a list in ${name}, delimited by ${JSON.stringify(delimiter)}, is read as written`, async () => {
      const text = [`Nombre${delimiter}Teléfono`, ...NAMES.map((one) => `${one}${delimiter}55 1234 5678`)].join('\r\n')

      const list = await read(encode(text))

      assert.deepEqual([list.encoding, list.delimiter], [encoding, delimiter])
      assert.deepEqual(
        list.rows,
        NAMES.map((one) => [one, '55 1234 5678']),
      )
    })

for (const end of ['\r\n', '\n', '\r'])
  test(`lines that end with ${JSON.stringify(end)} are read, and empty ones at the end are none`, async () => {
    const { rows } = await read(Buffer.from(['nombre,tel', 'Ana,1', 'Eva,2', '', ',', '  , ', ''].join(end)))

    assert.deepEqual(rows, [
      ['Ana', '1'],
      ['Eva', '2'],
    ])
  })

for (const [what, text, rows] of [
  ['sep= in the first line', 'sep=;\r\nnombre;tel\r\nAna, la tía;1', [['Ana, la tía', '1']]],
  [
    'a quoted line break',
    'nombre,notas\nAna,"uno\r\ndos"\nEva,x',
    [
      ['Ana', 'uno\r\ndos'],
      ['Eva', 'x'],
    ],
  ],
  ['a doubled quote', 'nombre,notas\n"Ana ""La Tía""",x', [['Ana "La Tía"', 'x']]],
  ['a quote inside of a word', 'nombre,tel\nJuan "El Güero" Pérez,1', [['Juan "El Güero" Pérez', '1']]],
  ['one column whose names have commas', 'nombre\n"Pérez, Ana"\nLópez; Eva', [['Pérez, Ana'], ['López; Eva']]],
  [
    'a delimiter inside of most names',
    'nombre;tel\nPérez, Ana;1\nLópez, Eva;2',
    [
      ['Pérez, Ana', '1'],
      ['López, Eva', '2'],
    ],
  ],
  [
    'SQL and script',
    "nombre,tel\n'); drop table guests;--,1\n<script>alert(1)</script>,2",
    [
      ["'); drop table guests;--", '1'],
      ['<script>alert(1)</script>', '2'],
    ],
  ],
  ['a row with more cells than headings', 'nombre,tel\nAna,1,de más', [['Ana', '1', 'de más']]],
] as [string, string, string[][]][])
  test(`${what} is read as it is meant`, async () => {
    assert.deepEqual((await read(Buffer.from(text))).rows, rows)
  })

test('a heading is known in any case, with blanks, marks and accents, and a heading given twice names both columns', async () => {
  const { headings } = await read(Buffer.from(' NOMBRE ,Teléfono:,CELULAR,E-mail,Pases,mesa\nAna,1,2,a@b.mx,2,4'))

  assert.deepEqual(
    headings.columns.map(({ heading, field }) => [heading, field]),
    [
      ['NOMBRE', 'name'],
      ['Teléfono:', 'phone'],
      ['CELULAR', 'phone'],
      ['E-mail', 'email'],
      ['Pases', 'partySize'],
      ['mesa', null],
    ],
  )
})

test('a title above the headings is skipped and said, and rows keep the numbers of the file', async () => {
  const { headings, lines } = await read(Buffer.from('Invitados,,\nBoda de Ana,,\n\nnombre,tel\nEva,1\n\nLuz,2'))

  assert.deepEqual(headings.skipped, [
    { row: 1, text: 'Invitados' },
    { row: 2, text: 'Boda de Ana' },
  ])
  assert.equal(headings.row, 4)
  assert.deepEqual(lines, [
    { row: 5, cells: ['Eva', '1'] },
    { row: 7, cells: ['Luz', '2'] },
  ])
})

test('a mapping names columns, and one to no column is refused', async () => {
  const file = Buffer.from('Quién viene,Número secreto,nombre\nAna,1,x')

  const { headings } = await read(file, { name: 'quien viene', phone: 'Número secreto' })

  assert.deepEqual(
    headings.columns.map(({ field }) => field),
    ['name', 'phone', null],
  )
  assert.equal(await codeOf(file, { email: 'correo' }), 'invalid_request')
  assert.equal(await codeOf(file, { name: null }), 'columns_not_found')
})

test('a file without a column of names is refused with the headings that it has', async () => {
  const file = Buffer.from('Quién,Tel\nAna,1')

  await assert.rejects(read(file), (error: Failure) => {
    assert.equal(error.code, 'columns_not_found')
    assert.match(error.message, /Quién, Tel/)
    return true
  })
})

const bookOf = (rows: unknown[][], options: xlsx.WritingOptions = {}): Buffer => {
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet(rows), 'Invitados')
  return xlsx.write(book, { type: 'buffer', bookType: 'xlsx', ...options }) as Buffer
}

test('cells of a spreadsheet are read by their type', async () => {
  const sheet = xlsx.utils.aoa_to_sheet([
    ['Boda'],
    ['nombre', 'tel', 'correo', 'pases', 'notas'],
    ['Ana', 5512345678, 'ana@example.com', 2, new Date('2026-12-24T00:00:00Z')],
    ['Eva'],
    [null, ' '],
  ])
  sheet['C3']!.l = { Target: 'mailto:other@example.com' }
  sheet['D3'] = { t: 'n', v: 3, f: '1+2' }
  sheet['A4'] = { t: 's', v: 'Eva Luz', r: '<r><t>Eva </t></r><r><rPr><b/></rPr><t>Luz</t></r>' }
  sheet['B4'] = { t: 's', v: '5512345679', f: '"55"&"12345679"' }
  const book = xlsx.utils.book_new()
  xlsx.utils.book_append_sheet(book, sheet, 'Hoja 1')

  for (const bookSST of [true, false]) {
    const list = await read(xlsx.write(book, { type: 'buffer', bookType: 'xlsx', bookSST, cellDates: true }) as Buffer)
    assert.equal(list.format, 'xlsx')
    assert.deepEqual(list.lines, [
      { row: 3, cells: ['Ana', '5512345678', 'ana@example.com', '3', '2026-12-24'] },
      { row: 4, cells: ['Eva Luz', '5512345679'] },
    ])
  }
})

/** A ZIP of one entry that says it unpacks to `said` bytes. */
function zipOf(name: string, content: Buffer, said = content.length): Buffer {
  const data = deflateRawSync(content)
  const nameBytes = Buffer.from(name)
  const head = Buffer.alloc(26)
  head.writeUInt16LE(20, 0)
  head.writeUInt16LE(8, 4)
  head.writeUInt32LE(data.length, 14)
  head.writeUInt32LE(said, 18)
  head.writeUInt16LE(nameBytes.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), head, nameBytes, data])
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, Buffer.alloc(14), nameBytes])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

const BOMB = Buffer.alloc(300 * 1024 * 1024)
for (const [what, code, make] of [
  ['a ZIP that is no XLSX', 'unsupported_file', () => zipOf('lista.txt', Buffer.from('nombre'))],
  ['a ZIP that ends too early', 'invalid_file', () => bookOf([['nombre'], ['Ana']]).subarray(0, 500)],
  ['an XLSX whose sheet is damaged', 'invalid_file', () => bookOf([['nombre'], ['Ana']]).fill(7, 100, 400)],
  ['a bomb that says what it is', 'payload_too_large', () => zipOf('xl/worksheets/sheet1.xml', BOMB)],
  ['a bomb that says it is small', 'invalid_file', () => zipOf('xl/worksheets/sheet1.xml', BOMB, 1000)],
  ['a table of texts that fills the memory', 'payload_too_large', () => zipOf('xl/sharedStrings.xml', BOMB)],
  [
    'a file with macros',
    'file_has_macros',
    () => {
      const book = xlsx.read(bookOf([['nombre'], ['Ana']]))
      book.vbaraw = Buffer.from('macros')
      return xlsx.write(book, { type: 'buffer', bookType: 'xlsm', bookVBA: true }) as Buffer
    },
  ],
  ['an old .xls file', 'unsupported_file', () => bookOf([['nombre'], ['Ana']], { bookType: 'biff8' })],
  ['a picture', 'unsupported_file', () => Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')],
  ['nothing', 'invalid_file', () => Buffer.alloc(0)],
  ['empty lines', 'invalid_file', () => Buffer.from('\n\n,,,\n')],
  ['a CSV of 300 columns', 'too_many_columns', () => Buffer.from(`nombre${',x'.repeat(299)}\nAna`)],
  ['an XLSX of 300 columns', 'too_many_columns', () => bookOf([['nombre', ...Array<string>(299).fill('x')]])],
  ['a quote that nobody closes', 'invalid_file', () => Buffer.from(`nombre,tel\n"Ana,1\n${'Eva,2\n'.repeat(1e5)}`)],
] as [string, string, () => Buffer][])
  test(`${what} is ${code}`, async () => {
    assert.equal(await codeOf(make()), code)
  })
