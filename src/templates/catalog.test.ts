import assert from 'node:assert/strict'
import test from 'node:test'
import { sql } from '../platform/db.ts'
import { startApp } from '../../test/harness.ts'
import { aGuest, anEvent, anInvitation, anOrganizer } from '../../test/make.ts'
import { composeEmail, composeWhatsApp } from './compose.ts'
import { messageContextOf, type Facts } from './context.ts'
import { listTemplates, variablesOf, WORDS } from './catalog.ts'

const FACTS: Facts = {
  guestName: 'Ana María',
  eventName: 'Boda de Sofía y Diego',
  startsAt: new Date('2026-12-13T00:00:00Z'),
  timeZone: 'America/Mexico_City',
  location: 'Jardín Las Jacarandas',
  organizerName: 'Eventos Luna',
  invitationId: 'inv_1',
  code: 'ABC123',
}
const CONTEXT = messageContextOf(FACTS, 'https://boletos.example')
const CHOICES = JSON.stringify([{ id: 'rsvp/yes/inv_1', title: 'Boda de Sofía y Diego' }])
const GIVEN: Record<string, string> = { update_text: 'Cambió el salón.', choices: CHOICES, reply_text: 'Claro que sí.' }
const CLOSED = { isWindowOpen: false }
const OPEN = { isWindowOpen: true }
const refused = (code: string) => (error: unknown) => (error as { code?: string }).code === code
const LOCALES = ['es-MX', 'en'] as const

/** The message with a closed window and the one with an open window. */
function composeBoth(name: string, locale: 'es-MX' | 'en', facts: Partial<Facts>, given = GIVEN) {
  const messageContext = messageContextOf({ ...FACTS, ...facts }, 'https://boletos.example')
  return [CLOSED, OPEN].map((state) => composeWhatsApp(name, locale, messageContext, given, state))
}

test('outside the window the approved template is sent with its parameters in order and the invitation in its buttons', () => {
  const content = composeWhatsApp('event_invitation', 'es-MX', CONTEXT, {}, CLOSED)

  assert.deepEqual(content, {
    kind: 'template',
    name: 'event_invitation',
    language: 'es_MX',
    body: [
      { text: 'Ana María' },
      { text: 'Eventos Luna' },
      { text: 'Boda de Sofía y Diego' },
      { text: 'sábado 12 de diciembre de 2026, 18:00 h' },
      { text: 'Jardín Las Jacarandas' },
    ],
    buttons: [
      { kind: 'url', index: 0, suffix: 'ABC123' },
      { kind: 'quick_reply', index: 1, payload: 'rsvp/yes/inv_1' },
      { kind: 'quick_reply', index: 2, payload: 'rsvp/no/inv_1' },
    ],
  })
})

/** The kind of message with a closed window, and with an open one. */
const KINDS = [
  ['event_invitation', ['template', 'buttons']],
  ['event_reminder', ['template', 'text']],
  ['event_update', ['template', 'text']],
  ['event_thanks', ['template', 'text']],
  ['event_cancelled', ['template', 'text']],
  ['rsvp_confirmed', ['template', 'image']],
  ['waitlist_place', ['template', 'buttons']],
  ['rsvp_question', ['refused', 'buttons']],
  ['rsvp_full', ['refused', 'text']],
  ['event_question', ['refused', 'buttons']],
  ['event_over', ['refused', 'text']],
  ['opt_out_help', ['refused', 'text']],
  ['opt_out_confirmed', ['refused', 'text']],
  ['opt_in_confirmed', ['refused', 'text']],
  ['personal_reply', ['refused', 'text']],
] as const
for (const [name, kinds] of KINDS) {
  test(`${name} is ${kinds[0]} with a closed window and ${kinds[1]} with an open one`, () => {
    for (const locale of LOCALES) {
      const contents = composeBoth(name, locale, {})

      assert.deepEqual(
        contents.map(({ kind }) => kind),
        kinds,
      )
      assert.doesNotMatch(JSON.stringify(contents), /\{\{|undefined|null/)
    }
  })
}

test('every template is listed above', () => {
  const listed = KINDS.map(([name]) => name).toSorted()

  assert.deepEqual(
    listTemplates()
      .map(({ name }) => name)
      .toSorted(),
    listed,
  )
})

test('inside the window the text ends with the link, and the caption of a pass does too', () => {
  const invitation = composeWhatsApp('event_invitation', 'es-MX', CONTEXT, {}, OPEN)
  const pass = composeWhatsApp('rsvp_confirmed', 'en', CONTEXT, {}, OPEN)
  const approvedPass = composeWhatsApp('rsvp_confirmed', 'en', CONTEXT, {}, CLOSED)

  assert.ok(invitation.kind === 'buttons' && pass.kind === 'image' && approvedPass.kind === 'template')
  assert.match(invitation.body, /Ver invitación: https:\/\/boletos\.example\/i\/ABC123$/)
  assert.deepEqual(invitation.buttons, [
    { id: 'rsvp/yes/inv_1', title: 'Sí, voy' },
    { id: 'rsvp/no/inv_1', title: 'No podré ir' },
  ])
  assert.equal(pass.link, 'https://boletos.example/public/invite/ABC123/qr.png')
  assert.match(pass.caption, /See my pass: https:\/\/boletos\.example\/i\/ABC123$/)
  assert.deepEqual(approvedPass.header, { kind: 'image', link: pass.link })
  assert.equal(approvedPass.language, 'en')
})

test("a date is in the event's time zone and the guest's language", () => {
  for (const [locale, timeZone, expected] of [
    ['es-MX', 'America/Mexico_City', 'sábado 12 de diciembre de 2026, 18:00 h'],
    ['es-MX', 'America/Tijuana', 'sábado 12 de diciembre de 2026, 16:00 h'],
    ['es-MX', 'Europe/Madrid', 'domingo 13 de diciembre de 2026, 01:00 h'],
    ['en', 'America/Mexico_City', 'Saturday 12 December 2026, 18:00'],
  ] as const) {
    const [content] = composeBoth('event_invitation', locale, { timeZone })

    assert.ok(content?.kind === 'template')
    assert.equal(content.body[3]?.text, expected)
  }
})

test('blank facts get their fallback, and parameters have no line breaks, tabs or runs of spaces', () => {
  const [spanish] = composeBoth('event_invitation', 'es-MX', { guestName: ' ', location: null, organizerName: '' })
  const [english] = composeBoth('event_invitation', 'en', { guestName: '\n', location: '  ' })
  const [update] = composeBoth('event_update', 'en', {}, { update_text: ' New\n\nhall:\t5      north ' })

  const texts = [spanish, english, update].map((one) =>
    one?.kind === 'template' ? one.body.map(({ text }) => text) : [],
  )
  assert.deepEqual([texts[0]![0], texts[0]![1], texts[0]![4]], ['Invitado', 'tu anfitrión', 'por confirmar'])
  assert.deepEqual([texts[1]![0], texts[1]![4]], ['Guest', 'to be confirmed'])
  assert.equal(texts[2]![2], 'New hall: 5 north')
})

test('a name of invisible characters gets its fallback, and a request with one is refused', () => {
  const [invisible] = composeBoth('event_invitation', 'es-MX', { guestName: '\u200b\u2060', location: '\u00ad' })
  const [emoji] = composeBoth('event_invitation', 'es-MX', { guestName: '👨‍👩‍👧' })

  assert.ok(invisible?.kind === 'template' && emoji?.kind === 'template')
  assert.deepEqual([invisible.body[0]?.text, invisible.body[4]?.text], ['Invitado', 'por confirmar'])
  assert.equal(emoji.body[0]?.text, '👨‍👩‍👧')
  assert.throws(
    () => composeWhatsApp('event_invitation', 'es-MX', CONTEXT, { guest_name: '\u200b' }, OPEN),
    refused('template_variable_missing'),
  )
})

test('a long name is cut between grapheme clusters', () => {
  for (const [what, character] of [
    ['a family', '👨‍👩‍👧‍👦'],
    ['a flag', '🇲🇽'],
    ['a hand with a skin tone', '👋🏽'],
    ['a combining accent', 'e\u0301'],
  ] as const)
    for (let length = 50; length < 60; length++) {
      const guestName = 'x'.repeat(length) + character.repeat(10)
      const [content] = composeBoth('event_invitation', 'es-MX', { guestName })

      assert.ok(content?.kind === 'template')
      const shown = content.body[0]!.text
      assert.ok(shown.length <= 60 && shown.endsWith('…'), what)
      assert.equal(shown.slice(length, -1).replaceAll(character, ''), '', `${what} ${length}`)
    }
})

test('an e-mail shows a long address in full', () => {
  const location = `${'Hacienda San José del Puente, '.repeat(16)}Puebla`
  const email = composeEmail(
    'event_invitation',
    'es-MX',
    messageContextOf({ ...FACTS, location }, 'https://boletos.example'),
    {},
  )

  assert.ok(!('kind' in email))
  assert.ok(email.html.includes(location) && email.text.includes(location))
})

test('the text of an update is a paragraph of its own, with or without a full stop', () => {
  const [, spanish] = composeBoth('event_update', 'es-MX', {}, { update_text: 'Cambió el salón' })
  const [, english] = composeBoth('event_update', 'en', {}, { update_text: 'The hall has changed' })

  assert.ok(spanish?.kind === 'text' && english?.kind === 'text')
  assert.match(spanish.body, /Diego\.\n\nCambió el salón\n\nConsulta los detalles/)
  assert.match(english.body, /Diego\.\n\nThe hall has changed\n\nSee the details/)
})

for (const [what, name, given, code] of [
  ['an unknown template', 'party_time', {}, 'template_not_found'],
  ['a required variable that is absent', 'event_update', {}, 'template_variable_missing'],
  ['a given variable that is blank', 'event_invitation', { guest_name: '  ' }, 'template_variable_missing'],
  ['a given variable that is too long', 'event_update', { update_text: 'x'.repeat(501) }, 'template_variable_invalid'],
  [
    'a URL that is not http or https',
    'event_reminder',
    { invitation_url: 'javascript:alert(1)' },
    'template_variable_invalid',
  ],
  ['choices that are not a list', 'event_question', { choices: '{"id":"a"}' }, 'template_variable_invalid'],
  [
    'choices with the same id twice',
    'event_question',
    { choices: '[{"id":"a","title":"A"},{"id":"a","title":"B"}]' },
    'template_variable_invalid',
  ],
  ['empty choices', 'event_question', { choices: '[]' }, 'template_variable_invalid'],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => composeWhatsApp(name, 'es-MX', CONTEXT, given, OPEN), refused(code))
  })
}

test('choices whose button titles would be equal are a list with the full names', () => {
  const titles = ['Boda de Ana y Luis: ceremonia', 'Boda de Ana y Luis: recepción']
  const choices = JSON.stringify(titles.map((title, n) => ({ id: `rsvp/yes/inv_${n}`, title })))

  const asked = composeWhatsApp('event_question', 'es-MX', CONTEXT, { choices }, OPEN)

  assert.equal(asked.kind, 'list')
  assert.deepEqual(asked.kind === 'list' && asked.rows.map(({ description }) => description), titles)
})

test('up to three choices are buttons, more are a list, and titles are cut to what WhatsApp shows', () => {
  const choices = (count: number) =>
    JSON.stringify(
      Array.from({ length: count }, (_, n) => ({
        id: `rsvp/yes/${n}`,
        title: `${n}: boda 🎉 de Sofía y Diego en Cuernavaca`,
      })),
    )

  const three = composeWhatsApp('event_question', 'es-MX', CONTEXT, { choices: choices(3) }, OPEN)
  const ten = composeWhatsApp('event_question', 'es-MX', CONTEXT, { choices: choices(10) }, OPEN)

  assert.ok(three.kind === 'buttons' && ten.kind === 'list')
  assert.deepEqual([three.buttons.length, ten.rows.length, ten.button], [3, 10, 'Elegir'])
  assert.ok(three.buttons.every(({ title }) => title.length <= 20 && title.endsWith('…')))
  assert.ok(ten.rows.every(({ title, description }) => title.length <= 24 && description!.length <= 72))
  assert.throws(
    () => composeWhatsApp('event_question', 'es-MX', CONTEXT, { choices: choices(11) }, OPEN),
    refused('template_variable_invalid'),
  )
})

test('with every variable at its limit a body fits 1024 characters and a title 20; no body begins or ends with a variable', () => {
  const long = 'ñ'.repeat(4000)
  const facts = { guestName: long, eventName: long, location: long, organizerName: long, code: 'C'.repeat(26) }
  // What a person writes is no text of ours: it has WhatsApp's limit of a text without buttons.
  for (const template of listTemplates().filter(({ name }) => name !== 'personal_reply'))
    for (const locale of LOCALES) {
      const words = WORDS[locale]
      const text = words.texts[template.name].body
      const maxima = Object.fromEntries(variablesOf(template).map(({ name, maxLength }) => [name, maxLength]))
      const filledLength = text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => 'x'.repeat(maxima[name]!)).length
      const given = { update_text: 'x'.repeat(500), choices: CHOICES }

      const open = composeBoth(template.name, locale, facts, given)[1]!

      assert.ok(filledLength <= 1024, `${template.name} ${locale} ${filledLength}`)
      const shown =
        open.kind === 'image' ? open.caption : 'body' in open && typeof open.body === 'string' ? open.body : ''
      assert.ok(shown.length > 0 && shown.length <= 1024, `${template.name} ${locale} ${shown.length}`)
      assert.doesNotMatch(text, /^\{\{|\}\}$/)
      for (const title of [words.texts[template.name].link ?? '', ...Object.values(words.replies)])
        assert.ok(title.length <= 20)
    }
})

test('a template has the same variables in both languages', () => {
  const placeholders = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).toSorted()
  for (const { name } of listTemplates()) {
    const [spanish, english] = LOCALES.map((locale) => WORDS[locale].texts[name])

    assert.deepEqual(placeholders(spanish!.body), placeholders(english!.body), name)
    assert.equal(spanish!.email === undefined, english!.email === undefined, name)
    assert.equal(spanish!.link === undefined, english!.link === undefined, name)
  }
})

test('an e-mail has the same content in HTML and plain text, in its language, with an unsubscribe link', () => {
  for (const locale of LOCALES)
    for (const { name } of listTemplates().filter((one) => one.isApproved)) {
      const email = composeEmail(name, locale, CONTEXT, GIVEN)

      assert.ok(!('kind' in email))
      assert.match(email.html, new RegExp(`<html lang="${locale}"`))
      assert.equal(email.unsubscribeUrl, 'https://boletos.example/public/unsubscribe/ABC123')
      assert.ok(email.html.includes(`href="${email.unsubscribeUrl}"`) && email.text.includes(email.unsubscribeUrl))
      for (const text of ['Ana María', 'Boda de Sofía y Diego', 'Eventos Luna']) {
        assert.ok(email.html.includes(text), `${name} ${text}`)
        assert.ok(email.text.includes(text), `${name} ${text}`)
      }
      const hasLink = WORDS[locale].texts[name].link !== undefined
      assert.equal(email.html.includes('href="https://boletos.example/i/ABC123"'), hasLink)
      assert.equal(email.html.includes('qr.png'), name === 'rsvp_confirmed')
      assert.equal(email.text.includes('qr.png'), name === 'rsvp_confirmed')
      assert.doesNotMatch(email.html + email.text + email.subject, /\{\{|undefined|<!--\[\/?[a-z]+\]-->/)
    }
})

test('values cannot become markup, a header or another placeholder', () => {
  const facts = {
    ...FACTS,
    guestName: `<img src=x onerror="a">{{code}}`,
    eventName: "Ana & 'Luis'\nBcc: a@b.mx",
    organizerName: '$& $1',
  }
  const email = composeEmail('event_update', 'es-MX', messageContextOf(facts, 'https://boletos.example'), {
    update_text: 'Uno <b>\nDos',
  })

  assert.ok(!('kind' in email))
  assert.doesNotMatch(email.html, /<img src=x|<b>/)
  assert.match(email.html, /&lt;img src=x onerror=&quot;a&quot;&gt;\{\{code\}\}/)
  assert.match(email.html, /Uno &lt;b&gt;<br>Dos/)
  assert.equal(email.subject, "Aviso: Ana & 'Luis' Bcc: a@b.mx")
  assert.ok(email.text.includes('Uno <b>\nDos') && email.text.includes('$& $1'))
})

test('a reply does not exist as an e-mail', () => {
  assert.deepEqual(composeEmail('rsvp_question', 'es-MX', CONTEXT, {}), { kind: 'refused', reason: 'not_an_email' })
})

test('a thousand e-mails are composed in less than two seconds', () => {
  const startedMs = performance.now()

  for (let n = 0; n < 1000; n++) composeEmail('rsvp_confirmed', 'es-MX', CONTEXT, {})

  assert.ok(performance.now() - startedMs < 2000)
})

test('the list and a single template show category, buttons and variables', async (t) => {
  const { get } = await startApp(t)

  const list = await get('/templates', { as: 'viewer' })
  const one = await get('/templates/event_update', { as: 'organizer' })
  const unknown = await get('/templates/party_time', { as: 'organizer' })

  assert.equal(list.json().data.length, 15)
  const { name, category, channels, locales, isApproved, variables } = one.json()
  assert.deepEqual([name, category, isApproved], ['event_update', 'utility', true])
  assert.deepEqual(
    [channels, locales],
    [
      ['whatsapp', 'email'],
      ['es-MX', 'en'],
    ],
  )
  assert.deepEqual(
    variables
      .filter((variable: { isRequired: boolean }) => variable.isRequired)
      .map((variable: { name: string }) => variable.name),
    ['update_text'],
  )
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'template_not_found'])
})

test("a preview shows a guest's message in their language or the requested one, and sends nothing", async (t) => {
  const { post, db } = await startApp(t)
  const { eventId, guestId, code } = await anInvitation(db)

  const template = await post('/templates/event_invitation/preview', { as: 'organizer', body: { eventId, guestId } })
  const session = await post('/templates/event_invitation/preview', {
    as: 'viewer',
    body: { eventId, guestId, isWindowOpen: true },
  })
  const email = await post('/templates/event_invitation/preview', {
    as: 'director',
    body: { eventId, channel: 'email', locale: 'en' },
  })
  const sample = await post('/templates/rsvp_question/preview', { as: 'organizer' })
  const english = await aGuest(db, eventId, { locale: 'en' })
  const toEnglish = { eventId, guestId: english.guestId }
  const [own, asked] = [
    await post('/templates/event_reminder/preview', { as: 'viewer', body: toEnglish }),
    await post('/templates/event_reminder/preview', { as: 'viewer', body: { ...toEnglish, locale: 'es-MX' } }),
  ]

  assert.deepEqual(template.json().shown, {
    text: 'Hola Ana Prueba: Eventos de prueba te invita a Boda de prueba, el lunes 31 de diciembre de 2029, 18:00 h. Lugar: por confirmar. ¿Nos acompañas?',
    image: null,
    buttons: ['Ver invitación', 'Sí, voy', 'No podré ir'],
  })
  assert.deepEqual(
    [session.json().shown.text, session.json().shown.buttons, email.json().shown, sample.json().shown],
    [session.json().whatsapp.body, ['Sí, voy', 'No podré ir'], null, null],
  )
  assert.deepEqual([own.json().locale, own.json().whatsapp.language, asked.json().locale], ['en', 'en', 'es-MX'])
  assert.equal(template.json().whatsapp.buttons[0].suffix, code)
  assert.match(session.json().whatsapp.body, /Hola Ana Prueba/)
  assert.equal(email.json().email.from, null)
  assert.match(email.json().email.html, /Boda de prueba/)
  assert.match(email.json().email.text, /You get this e-mail because/)
  assert.deepEqual([sample.json().refusal, sample.json().whatsapp], ['window_closed', null])
  const { rows } = await sql`select 1 from deliveries where event_id = ${eventId}`.execute(db)
  assert.equal(rows.length, 0)
})

for (const [what, path, body, status, code] of [
  ['an unknown template', 'party_time', {}, 404, 'template_not_found'],
  ['an unknown event', 'event_invitation', { eventId: 'ev_nowhere' }, 404, 'event_not_found'],
  ['a guest without event', 'event_invitation', { guestId: 'g_1' }, 400, 'invalid_request'],
  ['an unknown variable', 'event_invitation', { variables: { guest_nam: 'Ana' } }, 422, 'template_variable_unknown'],
  ['a missing variable', 'event_update', {}, 422, 'template_variable_missing'],
  [
    'a variable too long',
    'event_update',
    { variables: { update_text: 'x'.repeat(501) } },
    422,
    'template_variable_invalid',
  ],
  ['an unknown channel', 'event_invitation', { channel: 'pigeon' }, 400, 'invalid_request'],
] as const) {
  test(`a preview of ${what} is refused`, async (t) => {
    const { post } = await startApp(t)

    const reply = await post(`/templates/${path}/preview`, { as: 'organizer', body })

    assert.deepEqual([reply.statusCode, reply.json().code], [status, code])
  })
}

test("a preview of another organizer's event or of a guest of another event is 404", async (t) => {
  const { post, db } = await startApp(t)
  const theirs = await anInvitation(db, { event: { organizerId: await anOrganizer(db) } })
  const eventId = await anEvent(db)

  const replies = [
    await post('/templates/event_invitation/preview', { as: 'organizer', body: { eventId: theirs.eventId } }),
    await post('/templates/event_invitation/preview', { as: 'organizer', body: { eventId, guestId: theirs.guestId } }),
    await post('/templates/event_invitation/preview', { as: 'staff', body: {} }),
    await post('/templates/event_invitation/preview'),
  ]

  assert.deepEqual(
    replies.map((reply) => [reply.statusCode, reply.json().code]),
    [
      [404, 'event_not_found'],
      [404, 'guest_not_found'],
      [403, 'forbidden'],
      [401, 'unauthorized'],
    ],
  )
})
