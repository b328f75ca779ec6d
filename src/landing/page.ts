/**
 * Renders the invitation as one HTML document without scripts, which also works on old phones. Texts are in
 * words.ts, and every value is escaped.
 */
import { contentSecurityPolicyOf, escapeHtml, renderPage } from '../http/html.ts'
import { CARD_SIZE } from './card.ts'
import { formatDay, formatHour, formatHours } from './dates.ts'
import type { InvitationView } from './landing.ts'
import { PREVIEW_SIZE } from './preview.ts'
import { STYLE } from './style.ts'
import { WORDS, type Locale, type Notice } from './words.ts'

export const PAGE_POLICY = contentSecurityPolicyOf(STYLE)

export const pagePathOf = (code: string): string => `/i/${encodeURIComponent(code)}`

export const PREVIEW_PATH = '/public/preview.png'

type Extra = {
  /** Ours, without a slash at the end. */
  baseUrl: string
  /** The path of the event's card. */
  card: string
  /** Why the latest answer was rejected. */
  notice?: Notice
  /** Our own SVG, shown to a guest who said yes. */
  qr?: string
}

export function renderInvitation(view: InvitationView, extra: Extra): string {
  const { event, guest, locale, texts } = view
  const title = texts.title ?? event.name
  const words = WORDS[locale]
  const body = `
    <header>
      <p class="eyebrow">${texts.greeting ? escapeHtml(texts.greeting) : words.eyebrow}</p>
      <h1>${escapeHtml(title)}</h1>
      <p class="guest">${words.dear} <strong>${escapeHtml(guest.name)}</strong>${guest.partySize > 1 ? ` · ${words.people(guest.partySize)}` : ''}</p>
    </header>
    ${extra.notice ? `<p class="notice" role="alert">${words.notices[extra.notice]}</p>` : ''}
    ${texts.body && (view.isOpen || view.isPastCutoff) ? renderBody(texts.body) : ''}
    ${view.waitlist ? `<p class="notice">${words.waiting(view.waitlist.partySize)}</p>` : ''}
    ${extra.notice === 'capacity_reached' && view.mayJoin && !view.waitlist ? renderJoin(view) : ''}
    ${renderFacts(view)}
    ${view.isOpen || view.isPastCutoff ? renderAnswer(view, extra.qr) : renderClosed(view)}`
  const url = extra.baseUrl + pagePathOf(view.code)
  const place = event.location ? ` · ${event.location}` : ''
  const day = formatDay(event, locale)
  const description = `${day}, ${formatHours(event)}${place}`
  const image = { path: extra.card, ...CARD_SIZE, alt: `${title}. ${day}` }
  return renderDocument(locale, { title, description, url, baseUrl: extra.baseUrl, image }, body)
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
    { title, description: text, baseUrl, image: { path: PREVIEW_PATH, ...PREVIEW_SIZE, alt: WORDS[locale].preview } },
    `<header><h1>${title}</h1></header><p class="lead">${text}</p>`,
  )
}

/** Lines stay, and an empty one begins a paragraph. */
const renderLines = (text: string) => escapeHtml(text).replaceAll('\n', '<br>')
const renderBody = (text: string) =>
  `<div class="words">${text
    .split(/\n{2,}/)
    .map((part) => `<p>${renderLines(part)}</p>`)
    .join('')}</div>`

function renderFacts({ event, locale, code, isOpen, isPastCutoff, texts }: InvitationView): string {
  const words = WORDS[locale]
  const mapLink = event.mapLink ? `<br><a href="${escapeHtml(event.mapLink)}" rel="noreferrer">${words.map}</a>` : ''
  const map = event.location ? `<dt>${words.where}</dt><dd>${escapeHtml(event.location)}${mapLink}</dd>` : ''
  const calendar =
    isOpen || isPastCutoff
      ? `<br><a href="/public/invite/${encodeURIComponent(code)}/event.ics">${words.calendar}</a>`
      : ''
  return `<dl class="facts">
      <dt>${words.when}</dt><dd><time datetime="${event.startsAt.toISOString()}">${escapeHtml(formatDay(event, locale))}<br>${escapeHtml(formatHours(event))}</time>${calendar}</dd>
      ${map}
      ${renderFact(words.dressCode, isOpen || isPastCutoff ? texts.dressCode : null)}
      ${renderFact(words.gifts, isOpen || isPastCutoff ? texts.gifts : null)}
    </dl>`
}

const renderFact = (name: string, text: string | null) => (text ? `<dt>${name}</dt><dd>${renderLines(text)}</dd>` : '')

function renderAnswer(view: InvitationView, qr: string | undefined): string {
  const words = WORDS[view.locale]
  const until =
    view.event.rsvpUntil &&
    `${formatDay({ ...view.event, startsAt: view.event.rsvpUntil }, view.locale)}, ${formatHour(view.event.rsvpUntil, view.event.timeZone)} h`
  const cutoff = until ? `<p>${view.isOpen ? words.answerBy : words.answersClosed} ${escapeHtml(until)}.</p>` : ''
  const decline = view.mayDecline ? renderDecline(view) : ''
  if (view.answer === 'pending')
    return `<section>${view.isOpen ? `<h2>${words.question}</h2>${cutoff}${renderForm(view)}` : cutoff + decline}</section>`
  const given =
    view.answer === 'yes' ? words.yesGiven(view.answeredPlaces ?? view.guest.partySize) : words.given[view.answer]
  const pass =
    view.answer === 'yes' && qr
      ? `<figure class="pass"><div class="qr" role="img" aria-label="${words.qr}">${qr}</div><figcaption>${words.pass}<span class="code">${escapeHtml(view.code)}</span></figcaption></figure>`
      : ''
  return `<section>
      <p class="given ${view.answer}">${given}</p>
      ${pass}
      ${cutoff}${view.isOpen ? `<details><summary>${words.change}</summary>${renderForm(view)}</details>` : decline}
    </section>`
}

/** All that is left to say after the cutoff. */
const renderDecline = ({ code, locale }: InvitationView) =>
  `<form method="post" action="/public/invite/${encodeURIComponent(code)}/rsvp">
      <button name="answer" value="no">${WORDS[locale].no}</button>
    </form>`

/** Offered when the event has turned out to be full. */
function renderJoin({ code, guest, locale }: InvitationView): string {
  const words = WORDS[locale]
  return `<form class="join" method="post" action="/public/invite/${encodeURIComponent(code)}/waitlist">
      ${renderParty('waiting-party', guest.partySize, guest.partySize, words)}
      <button>${words.join}</button>
    </form>`
}

function renderParty(id: string, partySize: number, chosen: number, words: (typeof WORDS)[Locale]): string {
  if (partySize === 1) return ''
  const options = Array.from({ length: partySize }, (_, index) => index + 1).map(
    (count) => `<option value="${count}"${count === chosen ? ' selected' : ''}>${words.people(count)}</option>`,
  )
  return `<label for="${id}">${words.party}</label><select id="${id}" name="partySize">${options.join('')}</select>`
}

function renderForm({ code, guest, answeredPlaces, locale }: InvitationView): string {
  const words = WORDS[locale]
  const party = renderParty('party', guest.partySize, answeredPlaces ?? guest.partySize, words)
  const names = Array.from({ length: guest.partySize - 1 }, (_, index) => {
    const [id, name] = [`companion-${index + 1}`, guest.companions[index]?.name ?? '']
    return `<label for="${id}">${words.companion(index + 1)}</label><input id="${id}" name="companion" maxlength="200" value="${escapeHtml(name)}">`
  })
  return `<form method="post" action="/public/invite/${encodeURIComponent(code)}/rsvp">
      ${party}${names.join('')}
      <button class="yes" name="answer" value="yes">${words.yes}</button>
      <div class="row"><button name="answer" value="maybe">${words.maybe}</button><button name="answer" value="no">${words.no}</button></div>
    </form>`
}

function renderClosed({ status, locale, answer, admitted, texts }: InvitationView): string {
  const words = WORDS[locale]
  if (status === 'cancelled')
    return `<section class="thanks"><h2>${words.cancelled}</h2><p>${words.cancelledText}</p></section>`
  const ours = admitted > 0 || answer === 'yes' ? words.thanksForComing : words.over
  return `<section class="thanks"><h2>${words.thanks}</h2><p>${texts.thanks ? renderLines(texts.thanks) : ours}</p></section>`
}

type Image = { path: string; width: number; height: number; alt: string }
type Preview = { title: string; description: string; baseUrl: string; image: Image; url?: string }

/**
 * Messengers build their link preview from these lines (https://ogp.me). A preview is seen by everybody in the chat, so they
 * name the event and never the guest, and the picture is not the guest's pass.
 */
function renderDocument(locale: Locale, preview: Preview, main: string): string {
  const { title, description, baseUrl, image, url } = preview
  const properties = {
    'og:type': 'website',
    'og:site_name': 'Monotickets',
    'og:locale': locale === 'en' ? 'en_US' : 'es_MX',
    'og:title': title,
    'og:description': description,
    ...(url ? { 'og:url': url } : {}),
    'og:image': `${baseUrl}${image.path}`,
    'og:image:type': 'image/png',
    'og:image:width': image.width,
    'og:image:height': image.height,
    'og:image:alt': image.alt,
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
