/** The first page: what runs, and where everything is. */
import type { CallerRole } from '../http/access.ts'
import { escapeHtml, renderPage } from '../http/html.ts'
import type { Checks } from '../operations/operations.ts'
import type { Locale } from '../platform/values/languages.ts'
import { WORDS, type PlaceName } from './home-words.ts'
import { STYLE } from './style.ts'

/** A login of the demo data; its password is new at every start. */
export type DemoLogin = { email: string; password: string; role: CallerRole }

export type Home = {
  locale: Locale
  checks: Checks
  /** Which channels are simulated: their messages do not leave. */
  simulated: Record<'whatsapp' | 'email', boolean>
  /** Who is logged in. */
  visitor: { name: string; role: CallerRole } | null
  /** Whether a request without a login acts as the demo's director. */
  isDemo: boolean
  /** Whether the sample invitation exists. */
  hasSample: boolean
  logins: readonly DemoLogin[]
}

const SAMPLE = '/i/MONO-DEMO-0001'
const PATHS: Record<PlaceName, string> = {
  ...{ panel: '/panel', organizer: '/organizer', door: '/door' },
  ...{ invitation: SAMPLE, queues: '/ops/queues', docs: '/docs' },
}

export function renderHome(home: Home): string {
  const words = WORDS[home.locale]
  const isReady = Object.values(home.checks).every(({ ok }) => ok)
  const state = isReady
    ? `<p class="notice good">✓ ${words.ready}</p>`
    : `<p class="notice" role="alert">✕ ${words.notReady}</p>`
  const body = `<main class="wide">
<p class="brand">Monotickets</p>
<h1>${words.lead}</h1>
${state}
${describeSimulation(home)}
${showSession(home)}
<h2>${words.placesTitle}</h2>
<ul class="places">
${listPlaces(home).join('\n')}
</ul>
${showLogins(home)}
<h2>${words.stateTitle}</h2>
<ul class="checks">
${Object.entries(home.checks)
  .map(([name, check]) => showCheck(home.locale, name, check))
  .join('\n')}
</ul>
</main>`
  return renderPage({ lang: home.locale, title: 'Monotickets', style: STYLE, body })
}

/** A page that only loads itself again. */
export function renderArrival(locale: Locale): string {
  const body = `<main><p class="brand">Monotickets</p><p><a href="/">${WORDS[locale].goOn}</a></p></main>`
  const head = '\n  <meta http-equiv="refresh" content="0">'
  return renderPage({ lang: locale, title: 'Monotickets', style: STYLE, head, body })
}

function describeSimulation({ locale, simulated: { whatsapp, email } }: Home): string {
  const { simulated, partlySimulated, channels } = WORDS[locale]
  if (!whatsapp && !email) return ''
  const [mock, real] = whatsapp ? [channels.whatsapp, channels.email] : [channels.email, channels.whatsapp]
  return `<p class="notice calm">${whatsapp && email ? simulated : partlySimulated(mock, real)}</p>`
}

function showSession({ locale, visitor, isDemo }: Home): string {
  const words = WORDS[locale]
  if (visitor) {
    const text = words.insideAs(escapeHtml(visitor.name), words.roles[visitor.role])
    return `<form class="bar" method="post" action="/logout"><span>${text}</span><button class="plain">${words.leave}</button></form>`
  }
  // It sees no refresh token, so whoever came longer ago than an access token lives is nobody here. The form finds out.
  const text = isDemo ? `<span>${words.actingAsDirector}</span>` : ''
  return `<form class="bar" method="post" action="/auth/continue">${text}<button>${words.enter}</button></form>`
}

function listPlaces({ locale, visitor, isDemo, hasSample }: Home): string[] {
  const seesQueues = visitor ? visitor.role === 'director' : isDemo
  const hidden: PlaceName[] = [
    ...(hasSample ? [] : ['invitation' as const]),
    ...(seesQueues ? [] : ['queues' as const]),
  ]
  return (Object.keys(PATHS) as PlaceName[])
    .filter((name) => !hidden.includes(name))
    .map((name) => {
      const [title, text] = WORDS[locale].places[name]
      return `<li><a href="${PATHS[name]}">${title}</a><span class="soft">${text}</span></li>`
    })
}

function showLogins({ locale, logins }: Home): string {
  const words = WORDS[locale]
  if (logins.length === 0) return ''
  const rows = logins.map(({ email, password, role }) => {
    const hidden = Object.entries({ email, password })
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
      .join('')
    const label = words.enterAs(words.roles[role])
    return `<li><span>${escapeHtml(email)}<br><code>${escapeHtml(password)}</code></span>
<form method="post" action="/login">${hidden}<button class="plain">${label}</button></form></li>`
  })
  return `<h2>${words.demoTitle}</h2>
<p class="soft">${words.demoText}</p>
<ul class="logins">
${rows.join('\n')}
</ul>`
}

/** `detail` is written for operators, in English. */
function showCheck(locale: Locale, name: string, { ok, detail }: Checks[string]): string {
  const { checks, paused } = WORDS[locale]
  const words = checks[name] ?? { name, ok: 'OK', bad: '—' }
  const isPaused = ok && name === 'channels' && detail !== undefined
  const [icon, kind, text] = isPaused ? ['‖', 'warn', paused] : ok ? ['✓', 'ok', words.ok] : ['✕', 'bad', words.bad]
  const more = detail === undefined ? '' : `<small lang="en">${escapeHtml(detail)}</small>`
  return `<li><span class="${kind}" aria-hidden="true">${icon}</span><span>${escapeHtml(words.name)}: <span class="${kind}">${text}</span></span>${more}</li>`
}
