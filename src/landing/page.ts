/**
 * Renders the invitation as one HTML document without scripts, which also works on old phones. Texts are in
 * words.ts, and every value is escaped.
 */
import { DateTime } from 'luxon'
import { contentSecurityPolicyOf, escapeHtml, renderPage } from '../http/html.ts'
import type { InvitationView } from './landing.ts'
import { PREVIEW_SIZE } from './preview.ts'
import { STYLE } from './style.ts'
import { WORDS, type Locale, type Notice } from './words.ts'

export const PAGE_POLICY = contentSecurityPolicyOf(STYLE)

export const PREVIEW_PATH = '/public/preview.png'

/** `baseUrl`: ours, without a slash at the end. `notice`: why the latest answer was rejected. `qr`: our own SVG, shown to a guest who said yes. */
export function renderInvitation(
  view: InvitationView,
  extra: { baseUrl: string; notice?: Notice; qr?: string },
): string {
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
  const url = `${extra.baseUrl}/public/invite/${encodeURIComponent(view.code)}`
  const place = event.location ? ` · ${event.location}` : ''
  const description = `${formatDay(view)}, ${formatHour(view)}${place}`
  return renderDocument(locale, { title: event.name, description, url, baseUrl: extra.baseUrl }, body)
}

/** A page with one message: the invitation is unknown or expired, the client is rate limited, or the form is invalid. */
export function renderMessage(
  locale: Locale,
  message: 'unknown' | 'expired' | 'revoked' | 'later' | 'unreadable',
  baseUrl: string,
): string {
  const { title, text } = WORDS[locale].messages[message]
  return renderDocument(
    locale,
    { title, description: text, baseUrl },
    `<header><h1>${title}</h1></header><p class="lead">${text}</p>`,
  )
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

type Preview = { title: string; description: string; baseUrl: string; url?: string }

/**
 * Messengers build their link preview from these lines (https://ogp.me). A preview is seen by everybody in the chat, so they
 * name the event and never the guest, and the picture is not the guest's pass.
 */
function renderDocument(locale: Locale, { title, description, baseUrl, url }: Preview, main: string): string {
  const properties = {
    'og:type': 'website',
    'og:site_name': 'Monotickets',
    'og:locale': locale === 'en' ? 'en_US' : 'es_MX',
    'og:title': title,
    'og:description': description,
    ...(url ? { 'og:url': url } : {}),
    'og:image': `${baseUrl}${PREVIEW_PATH}`,
    'og:image:type': 'image/png',
    'og:image:width': PREVIEW_SIZE.width,
    'og:image:height': PREVIEW_SIZE.height,
    'og:image:alt': WORDS[locale].preview,
  }
  const lines = Object.entries(properties).map(
    ([property, content]) => `\n  <meta property="${property}" content="${escapeHtml(String(content))}">`,
  )
  const head = `
  <meta name="format-detection" content="telephone=no">
  <meta name="description" content="${escapeHtml(description)}">
  <meta name="twitter:card" content="summary_large_image">${lines.join('')}`
  const body = `
  <main>${main}
  </main>
  <footer>Monotickets</footer>
`
  return renderPage({ lang: locale, title, style: STYLE, head, body })
}

const inZone = ({ event, locale }: InvitationView, at: Date) =>
  DateTime.fromJSDate(at, { zone: event.timeZone }).setLocale(locale)

function formatDay(view: InvitationView): string {
  const day = inZone(view, view.event.startsAt)
  const text = day.toFormat(view.locale === 'en' ? 'cccc, LLLL d, yyyy' : "cccc d 'de' LLLL 'de' yyyy")
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Hours are in the event's time zone, not the reader's. */
function formatHour(view: InvitationView): string {
  const [from, to] = [view.event.startsAt, view.event.endsAt].map((at) => inZone(view, at).toFormat('HH:mm'))
  return `${from} – ${to} h`
}
