/** In place of the login page where the browser would not keep a login: what is wrong, and what to do. */
import { escapeHtml, renderPage } from '../http/html.ts'
import type { Locale } from '../platform/values/languages.ts'
import { STYLE } from './style.ts'

const WORDS = {
  'es-MX': {
    title: 'Aquí no se puede entrar',
    wrong: (address: string) =>
      `La dirección ${address} usa http, sin cifrar. El navegador no guarda sesiones así: entrarías y te volvería a pedir la contraseña.`,
    go: (link: string) => `Entra por ${link}.`,
    ask: 'Usa una dirección que empiece con https://. Si no la conoces, pídela a quien administra Monotickets.',
    local: (link: string) => `En la computadora donde corre Monotickets sirve ${link}.`,
    admin:
      'Si tú lo administras: pon delante un proxy con certificado y escribe su dirección https en PUBLIC_BASE_URL.',
  },
  en: {
    title: 'You cannot log in here',
    wrong: (address: string) =>
      `The address ${address} uses http, without encryption. Browsers keep no login so: you would be asked for your password again.`,
    go: (link: string) => `Log in at ${link}.`,
    ask: 'Use an address that begins with https://. If you do not know it, ask whoever runs Monotickets.',
    local: (link: string) => `On the computer that runs Monotickets, ${link} works.`,
    admin: 'If you run it: put a proxy with a certificate before it, and write its https address into PUBLIC_BASE_URL.',
  },
} satisfies Record<Locale, object>

/** `address`: where the browser is. `secure`: where it can log in, when that is known. `local`: on the machine of the server itself. */
export type InsecurePage = { locale: Locale; address: string; secure: string | null; local: string }

export function renderInsecure({ locale, address, secure, local }: InsecurePage): string {
  const words = WORDS[locale]
  const link = (to: string) => `<a href="${escapeHtml(to)}">${escapeHtml(to)}</a>`
  const body = `<main>
<p class="brand">Monotickets</p>
<h1>${words.title}</h1>
<p class="notice" role="alert">${words.wrong(escapeHtml(address))}</p>
<p>${secure ? words.go(link(secure)) : words.ask}</p>
<p>${words.local(link(local))}</p>
${secure ? '' : `<p class="hint">${words.admin}</p>`}
</main>`
  return renderPage({ lang: locale, title: words.title, style: STYLE, body })
}
