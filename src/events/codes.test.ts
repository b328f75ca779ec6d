import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent } from '../../test/make.ts'
import { keyOf, readCode, readCodeOfPath } from './code-reading.ts'
import { findCode, newCode } from './codes.ts'

const LONG_QUERY = `utm_source=whatsapp&utm_medium=social&fbclid=${'IwAR0x_-'.repeat(23)}`

/** What a scanner, a keyboard or a person enters at the door for MONO-DEMO-0002. */
const DOOR: [string, string][] = [
  ['exactly', 'MONO-DEMO-0002'],
  ['in lower case', 'mono-demo-0002'],
  ['with Caps Lock', 'mONO-dEMO-0002'],
  ['on a Latin-American layout', "MONO'DEMO'0002"],
  ['on a Spanish layout with a dead key', 'MONO´DEMO´0002'],
  ['on a German layout', 'MONOßDEMOß0002'],
  ['by a Spanish scanner on a US layout', 'MONO/DEMO/0002'],
  ['with question marks', 'MONO?DEMO?0002'],
  ['with underscores', 'MONO_DEMO_0002'],
  ['with a typographic apostrophe', 'MONO’DEMO’0002'],
  ['with en dashes', 'MONO–DEMO–0002'],
  ['with em dashes', 'MONO—DEMO—0002'],
  ['with a minus', 'MONO\u2212DEMO\u22120002'],
  ['with unbreakable hyphens', 'MONO\u2011DEMO\u20110002'],
  ['with soft hyphens', 'MONO\u00adDEMO\u00ad0002'],
  ['with full-width hyphens', 'MONO－DEMO－0002'],
  ['without hyphens', 'MONODEMO0002'],
  ['with spaces', 'mono demo 0002'],
  ['with unbreakable spaces', 'MONO\u00a0DEMO\u00a00002'],
  ['with spaces around hyphens', 'MONO - DEMO - 0002'],
  ['with dots', 'MONO.DEMO.0002'],
  ['in full-width letters', 'ＭＯＮＯ－ＤＥＭＯ－０００２'],
  ['in bold letters', '𝗠𝗢𝗡𝗢-𝗗𝗘𝗠𝗢-𝟬𝟬𝟬𝟮'],
  ['with an accent of the spelling corrector', 'Móno-Demo-0002'],
  ['with O for 0', 'MONO-DEMO-OOO2'],
  ['with 0 for O', 'M0N0-DEM0-0002'],
  ['with the prefix of a QR code', ']Q1MONO-DEMO-0002'],
  ['with the prefix of a Data Matrix', ']d2MONO-DEMO-0002'],
  ['with the prefix of a Code 128', ']C1MONO-DEMO-0002'],
  ['with the prefix of a Code 128, lower case', ']c0mono-demo-0002'],
  ['with the prefix of an Aztec code', ']z3MONO-DEMO-0002'],
  ['with a prefix and a distorted layout', "+Q1MONO'DEMO'0002"],
  ['with a prefix, by a Spanish scanner', '|Q1MONO/DEMO/0002'],
  ['with a group separator', 'MONO-DEMO-0002\u001d'],
  ['with CR LF', 'MONO-DEMO-0002\r\n'],
  ['with a tab', 'MONO-DEMO-0002\t'],
  ['between STX and ETX', '\u0002MONO-DEMO-0002\u0003'],
  ['with NUL', 'MONO-DEMO-0002\u0000'],
  ['with all of them', '\u0002]Q1MONO-DEMO-0002\u001d\u0003\r\n'],
  ['with a byte order mark', '\ufeffMONO-DEMO-0002'],
  ['with a zero-width space', 'MONO-\u200bDEMO-0002\u200b'],
  ['between directional marks', '\u2068MONO-DEMO-0002\u2069'],
  ['in quotes', '"MONO-DEMO-0002"'],
  ['in guillemets', '«MONO-DEMO-0002»'],
  ['in asterisks, as Code 39 has it', '*MONO-DEMO-0002*'],
  ['in parentheses', '(MONO-DEMO-0002)'],
  ['with a full stop', 'MONO-DEMO-0002.'],
  ['with an emoji', 'MONO-DEMO-0002 🎉'],
  ['percent-encoded', 'MONO%2DDEMO%2D0002'],
  ['as a link', 'https://boletos.example/public/invite/MONO-DEMO-0002'],
  ['as a short link', 'https://boletos.example/i/MONO-DEMO-0002'],
  ['as a link in capitals', 'HTTPS://BOLETOS.EXAMPLE/PUBLIC/INVITE/MONO-DEMO-0002'],
  ['as a link of this machine', 'http://localhost:8080/public/invite/MONO-DEMO-0002'],
  ['as a link to an address', 'http://192.168.0.7:8080/i/mono-demo-0002'],
  ['as a link below a path', 'https://x.example/app/public/invite/MONO-DEMO-0002'],
  ['as a link without a scheme', 'boletos.example/public/invite/MONO-DEMO-0002'],
  ['as a short link without a scheme', 'boletos.example/i/MONO-DEMO-0002'],
  ['as a path', '/public/invite/MONO-DEMO-0002'],
  ['as a short path', '/i/MONO-DEMO-0002'],
  ['as a link with a slash', 'https://x.example/public/invite/MONO-DEMO-0002/'],
  ['as a link to its QR', 'https://x.example/public/invite/MONO-DEMO-0002/qr.png'],
  ['as a link to its SVG', 'https://x.example/public/invite/MONO-DEMO-0002/qr.svg?x=1'],
  ['as a link with a fragment', 'https://x.example/public/invite/MONO-DEMO-0002#pase'],
  ['as a link with a long query', `https://x.example/public/invite/MONO-DEMO-0002?${LONG_QUERY}`],
  ['as a link with a path in its query', 'https://x.example/i/MONO-DEMO-0002?next=/public/invite'],
  ['as a link whose query lost its mark', 'https://x.example/public/invite/MONO-DEMO-0002&fbclid=IwAR0x'],
  ['as a link in a sentence', 'Mira: https://x.example/public/invite/MONO-DEMO-0002, es tu pase.'],
  ['as a link before more text', 'https://x.example/public/invite/MONO-DEMO-0002 ahí nos vemos'],
  ['as a link without hyphens', 'https://x.example/public/invite/MONODEMO0002'],
  ['as an encoded link', 'https%3A%2F%2Fx.example%2Fpublic%2Finvite%2FMONO-DEMO-0002%3Fa%3D1'],
  [
    'inside a link of Facebook',
    'https://l.facebook.com/l.php?u=https%3A%2F%2Fx.example%2Fi%2FMONO-DEMO-0002%3Ffbclid%3DIw&h=AT0',
  ],
  ['with the prefix of a QR code before a link', ']Q1https://x.example/public/invite/MONO-DEMO-0002'],
  ['as a link on a Latin-American layout', "httpsÑ--boletos.example-public-invite-MONO'DEMO'0002"],
  ['as a link on that layout, lower case', "httpsñ--boletos.example-public-invite-mono'demo'0002"],
  ['as a short link on that layout', "httpsÑ--host-i-MONO'DEMO'0002"],
  ['as a link of a host with a hyphen', "httpsÑ--mis'boletos.example-i-MONO'DEMO'0002"],
  [
    'as a link with a query on that layout',
    "httpÑ--localhostÑ8080-public-invite-MONO'DEMO'0002_utm?source¿x/fbclid¿Iw",
  ],
  ['as a link to its QR on that layout', "httpsÑ--x.example-public-invite-MONO'DEMO'0002-qr.png"],
  ['as a link without a scheme on that layout', "boletos.example-i-MONO'DEMO'0002"],
  ['with a prefix and a link on that layout', "+Q1httpsÑ--x.example-public-invite-MONO'DEMO'0002"],
  ['as a link on a German layout', 'httpsÖ--x.example-public-invite-MONOßDEMOß0002_a´1'],
  ['as a link on a Brazilian layout', 'httpsÇ;;x.example;public;invite;MONO-DEMO-0002'],
  ['as a link of a Spanish scanner', 'https>&&boletos.example&public&invite&MONO/DEMO/0002'],
  ['as a short link of a Spanish scanner', 'http>&&x.example&i&MONO/DEMO/0002_utm?source)x'],
]
for (const [how, text] of DOOR) {
  test(`at the door a code is read ${how}`, () => {
    assert.ok(readCode(text).keys.includes(keyOf('MONO-DEMO-0002')), JSON.stringify(readCode(text)))
  })
}

/** What follows the code in an address, and in the path before its query. */
const GLUED = [
  '.', ',', ')', ').', '*', '_', '>', '»', '"', '”', "'", '…', '...', '!', '¡', '?', ':', ';', ']', '}', '~', '|', '\\',
  ' ', '%20', '%E2%80%8B', '%e2%80%a6', '%0A', '%', '🎉', ' 🎉🎉', '❤️', '%F0%9F%8E%89', '&fbclid=IwAR0x', '%3Ffbclid%3DIwAR0x',
  '.Nos vemos', ' ahí nos vemos', '</a>', '](https',
] // prettier-ignore
for (const glue of GLUED) {
  test(`in an address ${JSON.stringify(glue)} after the code is forgiven`, () => {
    assert.ok(readCodeOfPath(`MONO-DEMO-0002${glue}`).keys.includes(keyOf('MONO-DEMO-0002')))
  })
}

const NOTHING = [
  '',
  '   ',
  '---',
  '🎉',
  '\u0000',
  '%',
  '%00',
  'ñ\u0301'.repeat(3),
  '\ud800',
  ']Q1',
  'https://x.example/i/',
]
for (const text of NOTHING) {
  test(`${JSON.stringify(text)} names no code`, async (t) => {
    const { db } = await startApp(t)

    assert.equal(await findCode(db, readCode(text), null), null)
    assert.equal(await findCode(db, readCodeOfPath(text), null), null)
  })
}

test('however a generated code is written, it has the key that the database computes', async (t) => {
  const { db } = await startApp(t)
  const codes = ['MONO-DEMO-0002', 'o0il1-LIO', 'Ñandú_7', "a'b c", '', ...Array.from({ length: 50 }, newCode)]

  const { rows } = await sql<{ key: string }>`
    select code_key(code) as key from unnest(${codes}::text[]) with ordinality as c (code, n) order by n`.execute(db)

  assert.deepEqual(
    rows.map(({ key }) => key),
    codes.map(keyOf),
  )
  for (const code of codes.slice(5)) assert.equal(keyOf(code), code, 'a generated code is its own key')
})

test('a generated code is found with O for 0 and with I and l for 1', async (t) => {
  const { db } = await startApp(t)
  const guest = await aGuest(db, await anEvent(db))
  const code = `01${newCode().slice(2)}`
  await sql`update invitations set code = ${code} where id = ${guest.invitationId}`.execute(db)

  for (const start of ['O1', 'o1', '0I', '0l', '0L', 'oi', 'OL'])
    assert.equal(await findCode(db, readCode(`${start}${code.slice(2)}`), guest.eventId), code, start)
})

/** Codes of one event, what is read, and which of them it means. */
const CHOICES: [string, string[], string, string | null][] = [
  ['the exact code wins', ['T-O1', 'T-01'], 'T-O1', 'T-O1'],
  ['the exact code wins, in lower case', ['T-O1', 'T-01'], 't-01', 'T-01'],
  ['the exact code wins over one with hyphens', ['T01', 'T-01'], 'T01', 'T01'],
  ['the exact code wins in a link', ['T-O1', 'T-01'], 'https://x.example/i/T-O1?a=1', 'T-O1'],
  ['the exact code wins on another layout', ['T-O1', 'T-01'], "T'O1", 'T-O1'],
  ['the exact code wins after a prefix', ['T-O1', 'T-01'], ']Q1T-01', 'T-01'],
  ['a correction that could mean two is refused', ['T-O1', 'T-01'], 'T-0I', null],
  ['a spelling that could mean two is refused', ['T0-1', 'T-01'], 'T01', null],
  ['a correction that means one is taken', ['T-O1', 'T-02'], 'T-0I', 'T-O1'],
  ['a code that looks like a prefix', ['Q1-ABC', 'ABC'], 'Q1-ABC', 'Q1-ABC'],
  ['a code that looks like a short link', ['A-I-07', '07'], 'A-I-07', 'A-I-07'],
  ['a code that looks like a short link, by a Spanish scanner', ['A-I-07', '07'], 'A/I/07', 'A-I-07'],
  ['a part of a code is not the code', ['T-01-02', 'T-01'], 'T-01-0', null],
  ['two codes in one scan', ['T-01', 'T-02'], 'T-01\r\nT-02', null],
]
for (const [what, codes, text, expected] of CHOICES) {
  test(`${what}: ${text} among ${codes.join(' and ')}`, async (t) => {
    const { db } = await startApp(t)
    const eventId = await anEvent(db)
    const mark = randomBytes(4)
      .toString('hex')
      .replace(/[01oil]/gi, 'x')
      .toUpperCase() // the code is unique in all events
    for (const code of codes) {
      const { invitationId } = await aGuest(db, eventId)
      await sql`update invitations set code = ${`${code}${mark}`} where id = ${invitationId}`.execute(db)
    }
    const written =
      codes.length > 1 && text.includes('\n') ? text.replace(/(0\d)/g, `$1${mark}`) : insertMark(text, mark)

    const found = await findCode(db, readCode(written), eventId)

    assert.equal(found, expected === null ? null : `${expected}${mark}`)
  })
}
const insertMark = (text: string, mark: string) => text.replace(/(\?.*)?$/, (query) => `${mark}${query}`)

test('a corrected code is looked up in its own event at the door, and in all events in an address', async (t) => {
  const { db } = await startApp(t)
  const [here, there] = [await aGuest(db, await anEvent(db)), await aGuest(db, await anEvent(db))]
  const tail = newCode()
  await sql`update invitations set code = ${`A-O${tail}`} where id = ${here.invitationId}`.execute(db)
  await sql`update invitations set code = ${`AO-${tail}`} where id = ${there.invitationId}`.execute(db)

  assert.equal(await findCode(db, readCode(`a0${tail}`), here.eventId), `A-O${tail}`)
  assert.equal(await findCode(db, readCode(`a0${tail}`), null), null)
})

test('the longest texts are read quickly', () => {
  const startedMs = performance.now()
  for (const filler of ['/i', '-i-', '%25', ']', '.', "'", '\ufdfa', ' ', 'https://', '🎉', 'a\u0301', '&'])
    readCode(filler.repeat(2048 / filler.length))

  assert.ok(performance.now() - startedMs < 500)
})

test('a corrected lookup uses the index of the keys', async (t) => {
  const { db } = await startApp(t)
  const eventId = await anEvent(db)
  await sql`insert into guests (event_id, id, name) select ${eventId}, 'g' || n, 'Ana' from generate_series(1, 3000) n`.execute(
    db,
  )
  await sql`insert into invitations (id, event_id, guest_id, code, places)
    select 'inv_' || ${eventId} || n, ${eventId}, 'g' || n, ${eventId} || '-' || n, 1 from generate_series(1, 3000) n`.execute(
    db,
  )
  await sql`analyze invitations`.execute(db)

  const { rows } = await sql<{ queryPlan: string }>`
    explain select code from invitations
     where code = any(${['NO-SUCH']}::text[]) or code_key(code) = any(${['N0SUCH', 'X']}::text[])`.execute(db)

  const plan = JSON.stringify(rows)
  assert.match(plan, /invitations_code_key/)
  assert.doesNotMatch(plan, /Seq Scan/)
})
