/**
 * The invitation as a page: one HTML document without scripts, readable on the oldest phone. Texts are
 * in words.ts; every value is escaped; the style is allowed by its hash, and nothing else is.
 */
import { createHash } from 'node:crypto'
import { DateTime } from 'luxon'
import type { InvitationView } from './landing.ts'
import { STYLE } from './style.ts'
import { WORDS, type Locale, type Notice } from './words.ts'

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`

/** `notice`: why the answer just given was refused. `qr`: an SVG of ours, shown to who comes. */
export function renderInvitation(view: InvitationView, extra: { notice?: Notice; qr?: string } = {}): string {
  const { event, guest, locale } = view
  const words = WORDS[locale]
  const body = `
    <header>
      <p class="eyebrow">${words.eyebrow}</p>
      <h1>${escapeHtml(event.name)}</h1>
      <p class="guest">${words.dear} <strong>${escapeHtml(guest.name)}</strong>${guest.partySize > 1 ? ` · ${words.people(guest.partySize)}` : ''}</p>
    </header>
    ${extra.notice ? `<p class="notice" role="alert">${words.notices[extra.notice]}</p>` : ''}
    ${renderFacts(view)}
    ${view.isOpen ? renderAnswer(view, extra.qr) : renderThanks(view)}`
  return renderDocument(locale, event.name, `${formatDay(view)}, ${formatHour(view)}`, body)
}

/** A page that only says something: the invitation is unknown, has expired, or was asked for too often. */
export function renderMessage(locale: Locale, message: 'unknown' | 'expired' | 'later' | 'unreadable'): string {
  const { title, text } = WORDS[locale].messages[message]
  return renderDocument(locale, title, text, `<header><h1>${title}</h1></header><p class="lead">${text}</p>`)
}

function renderFacts({ event, locale, code, ...view }: InvitationView): string {
  const words = WORDS[locale]
  const full = { ...view, event, locale, code }
  const map = event.location
    ? `<dt>${words.where}</dt><dd>${escapeHtml(event.location)}<br><a href="https://www.google.com/maps/search/?api=1&amp;query=${encodeURIComponent(event.location)}" rel="noreferrer">${words.map}</a></dd>`
    : ''
  const calendar = view.isOpen
    ? `<br><a href="/public/invite/${encodeURIComponent(code)}/event.ics">${words.calendar}</a>`
    : ''
  return `<dl class="facts">
      <dt>${words.when}</dt><dd><time datetime="${event.startsAt.toISOString()}">${escapeHtml(formatDay(full))}<br>${escapeHtml(formatHour(full))}</time>${calendar}</dd>
      ${map}
    </dl>`
}

function renderAnswer(view: InvitationView, qr: string | undefined): string {
  const words = WORDS[view.locale]
  if (view.answer === 'pending') return `<section><h2>${words.question}</h2>${renderForm(view)}</section>`
  const given =
    view.answer === 'yes' ? words.yesGiven(view.answeredPlaces ?? view.guest.partySize) : words.given[view.answer]
  const pass =
    view.answer === 'yes' && qr
      ? `<figure class="pass"><div class="qr" role="img" aria-label="${words.qr}">${qr}</div><figcaption>${words.pass}<span class="code">${escapeHtml(view.code)}</span></figcaption></figure>`
      : ''
  return `<section>
      <p class="given ${view.answer}">${given}</p>
      ${pass}
      <details><summary>${words.change}</summary>${renderForm(view)}</details>
    </section>`
}

function renderForm({ code, guest, answeredPlaces, locale }: InvitationView): string {
  const words = WORDS[locale]
  const chosen = answeredPlaces ?? guest.partySize
  const options = Array.from({ length: guest.partySize }, (_, index) => index + 1).map(
    (count) => `<option value="${count}"${count === chosen ? ' selected' : ''}>${words.people(count)}</option>`,
  )
  const party =
    guest.partySize > 1
      ? `<label for="party">${words.party}</label><select id="party" name="partySize">${options.join('')}</select>`
      : ''
  return `<form method="post" action="/public/invite/${encodeURIComponent(code)}/rsvp">
      ${party}
      <button class="yes" name="answer" value="yes">${words.yes}</button>
      <div class="row"><button name="answer" value="maybe">${words.maybe}</button><button name="answer" value="no">${words.no}</button></div>
    </form>`
}

function renderThanks({ locale, answer, admitted }: InvitationView): string {
  const words = WORDS[locale]
  return `<section class="thanks"><h2>${words.thanks}</h2><p>${admitted > 0 || answer === 'yes' ? words.thanksForComing : words.over}</p></section>`
}

/** The preview that a messenger shows comes from the og: lines; it names the event and never the guest. */
function renderDocument(locale: Locale, title: string, description: string, body: string): string {
  return `<!doctype html>
<html lang="${locale}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <meta name="format-detection" content="telephone=no">
  <title>${escapeHtml(title)}</title>
  <meta property="og:title" content="${escapeHtml(title)}">
  <meta property="og:description" content="${escapeHtml(description)}">
  <style>${STYLE}</style>
</head>
<body>
  <main>${body}
  </main>
  <footer>Monotickets</footer>
</body>
</html>
`
}

const inZone = ({ event, locale }: InvitationView, at: Date) =>
  DateTime.fromJSDate(at, { zone: event.timeZone }).setLocale(locale)

function formatDay(view: InvitationView): string {
  const day = inZone(view, view.event.startsAt)
  const text = day.toFormat(view.locale === 'en' ? 'cccc, LLLL d, yyyy' : "cccc d 'de' LLLL 'de' yyyy")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Hours are those of the place, wherever the reader is. */
function formatHour(view: InvitationView): string {
  const [from, to] = [view.event.startsAt, view.event.endsAt].map((at) => inZone(view, at).toFormat('HH:mm'))
  return `${from} – ${to} h`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
