/** The page where people log in: a plain form without scripts. */
import { contentSecurityPolicyOf, escapeHtml, renderPage } from '../http/html.ts'
import type { Locale } from '../platform/values/languages.ts'
import { STYLE } from './style.ts'

export const PAGE_POLICY = contentSecurityPolicyOf(STYLE)

const WORDS = {
  'es-MX': {
    title: 'Entrar a Monotickets',
    email: 'Correo',
    password: 'Contraseña',
    enter: 'Entrar',
    forgotten: '¿Olvidaste tu contraseña?',
    notices: {
      wrong: 'El correo o la contraseña no coinciden. Revísalos y vuelve a intentarlo.',
      missing: 'Escribe tu correo y tu contraseña.',
      foreign: 'Por seguridad, entra desde esta página. Escribe otra vez tu contraseña.',
      down: 'Ahora no podemos abrir tu sesión. Vuelve a intentarlo en un momento.',
      set: 'Listo: ya puedes entrar con tu contraseña nueva.',
    },
    wait: (seconds: number) => `Van muchos intentos. Espera ${seconds} s y vuelve a intentarlo.`,
  },
  en: {
    title: 'Log in to Monotickets',
    email: 'E-mail',
    password: 'Password',
    enter: 'Log in',
    forgotten: 'Forgot your password?',
    notices: {
      wrong: 'E-mail and password do not match. Check them and try again.',
      missing: 'Enter your e-mail and your password.',
      foreign: 'For your safety, log in from this page. Enter your password once more.',
      down: 'We cannot log you in right now. Try again in a moment.',
      set: 'Done: you can log in with your new password.',
    },
    wait: (seconds: number) => `Too many attempts. Wait ${seconds} s and try again.`,
  },
} satisfies Record<Locale, object>

export type LoginNotice = keyof (typeof WORDS)['en']['notices']
/** `email`, `next`: as given, kept for the next try. `waitSeconds`: until another try counts. */
export type LoginPage = {
  locale: Locale
  email?: string
  next?: string
  notice?: LoginNotice | undefined
  waitSeconds?: number
}

export function renderLogin({ locale, email = '', next, notice, waitSeconds }: LoginPage): string {
  const words = WORDS[locale]
  const text = waitSeconds === undefined ? notice && words.notices[notice] : words.wait(waitSeconds)
  const isGood = notice === 'set'
  const shown = text
    ? `<p class="notice${isGood ? ' good' : ''}" id="notice" role="${isGood ? 'status' : 'alert'}">${text}</p>`
    : ''
  const about = notice === 'wrong' || notice === 'missing' ? ' aria-invalid="true" aria-describedby="notice"' : ''
  const hidden = next === undefined ? '' : `<input type="hidden" name="next" value="${escapeHtml(next)}">`
  const [onEmail, onPassword] = email === '' ? [' autofocus', ''] : ['', ' autofocus']
  const body = `<main>
<p class="brand">Monotickets</p>
<h1>${words.title}</h1>
${shown}<form method="post" action="/login">${hidden}
<div><label for="email">${words.email}</label>
<input id="email" name="email" type="email" value="${escapeHtml(email)}" maxlength="254" autocomplete="username" required${about}${onEmail}></div>
<div><label for="password">${words.password}</label>
<input id="password" name="password" type="password" maxlength="128" autocomplete="current-password" required${about}${onPassword}></div>
<button>${words.enter}</button>
</form>
<p><a href="/password/forgotten">${words.forgotten}</a></p>
</main>`
  return renderPage({ lang: locale, title: words.title, style: STYLE, body })
}
