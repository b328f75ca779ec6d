/**
 * The page of the links by which people choose a password. The secret of a link follows `#`, so that no server and no proxy
 * writes it into a log; a browser sends it only with the form. A few lines of script put it there, and without scripts people do.
 */
import { contentSecurityPolicyOf, escapeHtml, renderPage } from '../http/html.ts'
import type { Locale } from '../platform/values/languages.ts'
import { STYLE } from './style.ts'

export const PASSWORD_POLICY = contentSecurityPolicyOf(STYLE, "script-src 'self'; ")
export const SCRIPT_PATH = '/password.js'
export const SCRIPT = `const field = document.getElementById('token')
const secret = location.hash.slice(1)
if (secret) field.value = secret
if (field.value) document.getElementById('by-hand').hidden = true
`
export const PASSWORD_MIN = 10

const WORDS = {
  'es-MX': {
    title: 'Elige tu contraseña',
    token: 'Código del enlace',
    tokenHint: 'Es lo que sigue al signo # en el enlace que recibiste.',
    password: 'Contraseña nueva',
    passwordHint: `Al menos ${PASSWORD_MIN} caracteres. Una frase larga sirve mejor que símbolos raros.`,
    again: 'Escríbela otra vez',
    save: 'Guardar contraseña',
    another: 'Pedir otro enlace',
    notices: {
      link: 'Este enlace ya se usó o venció.',
      differ: 'Las dos contraseñas no son iguales. Escríbelas otra vez.',
      short: `Elige una contraseña de ${PASSWORD_MIN} a 128 caracteres.`,
      down: 'Ahora no podemos guardar tu contraseña. Vuelve a intentarlo en un momento.',
    },
    wait: (seconds: number) => `Van muchos intentos. Espera ${seconds} s y vuelve a intentarlo.`,
  },
  en: {
    title: 'Choose your password',
    token: 'Code of the link',
    tokenHint: 'It is what follows the sign # in the link that you received.',
    password: 'New password',
    passwordHint: `At least ${PASSWORD_MIN} characters. A long phrase is better than odd symbols.`,
    again: 'Enter it again',
    save: 'Save password',
    another: 'Ask for another link',
    notices: {
      link: 'This link has been used or has expired.',
      differ: 'The two passwords are not the same. Enter them again.',
      short: `Choose a password of ${PASSWORD_MIN} to 128 characters.`,
      down: 'We cannot save your password right now. Try again in a moment.',
    },
    wait: (seconds: number) => `Too many attempts. Wait ${seconds} s and try again.`,
  },
} satisfies Record<Locale, object>

export type PasswordNotice = keyof (typeof WORDS)['en']['notices']
/** `token`: as given, kept for the next try. `waitSeconds`: until another try counts. */
export type PasswordPage = { locale: Locale; token?: string; notice?: PasswordNotice; waitSeconds?: number }

export function renderPassword({ locale, token = '', notice, waitSeconds }: PasswordPage): string {
  const words = WORDS[locale]
  const text = waitSeconds === undefined ? notice && words.notices[notice] : words.wait(waitSeconds)
  const shown = text ? `<p class="notice" id="notice" role="alert">${text}</p>` : ''
  const field = (name: 'password' | 'again', hint = '') =>
    `<div><label for="${name}">${words[name]}</label>
<input id="${name}" name="${name}" type="password" minlength="${PASSWORD_MIN}" maxlength="128" autocomplete="new-password" required${hint && ' aria-describedby="hint"'}>${hint && `<p class="hint" id="hint">${hint}</p>`}</div>`
  const body = `<main>
<p class="brand">Monotickets</p>
<h1>${words.title}</h1>
${shown}<form method="post" action="/password">
<div id="by-hand"><label for="token">${words.token}</label>
<input id="token" name="token" value="${escapeHtml(token)}" maxlength="200" autocomplete="off" required aria-describedby="token-hint"><p class="hint" id="token-hint">${words.tokenHint}</p></div>
${field('password', words.passwordHint)}
${field('again')}
<button>${words.save}</button>
</form>
${notice === 'link' ? `<p><a href="/password/forgotten">${words.another}</a></p>\n` : ''}<script src="${SCRIPT_PATH}"></script>
</main>`
  return renderPage({ lang: locale, title: words.title, style: STYLE, body })
}
