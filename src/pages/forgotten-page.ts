/** The page where people who have forgotten their password ask for a link. It says the same whether there is an account or not. */
import { escapeHtml, renderPage } from '../http/html.ts'
import type { Locale } from '../platform/values/languages.ts'
import { STYLE } from './style.ts'

const WORDS = {
  'es-MX': {
    title: '¿Olvidaste tu contraseña?',
    text: 'Escribe el correo de tu cuenta. Te mandamos un enlace para elegir otra.',
    email: 'Correo',
    send: 'Mandar enlace',
    back: 'Volver a entrar',
    simulated: 'Modo simulado: ningún correo sale de aquí. Pide un enlace a quien te dio acceso.',
    notices: {
      sent: 'Si ese correo tiene una cuenta, en unos minutos le llega un enlace. Sirve una vez, durante una hora. Revisa también el correo no deseado.',
      missing: 'Escribe tu correo.',
      down: 'Ahora no podemos mandar el enlace. Vuelve a intentarlo en un momento.',
    },
    wait: (seconds: number) => `Van muchos intentos. Espera ${seconds} s y vuelve a intentarlo.`,
  },
  en: {
    title: 'Forgot your password?',
    text: 'Enter the e-mail of your account. We send you a link to choose another one.',
    email: 'E-mail',
    send: 'Send the link',
    back: 'Back to the login',
    simulated: 'Simulated mode: no e-mail leaves this place. Ask whoever gave you access for a link.',
    notices: {
      sent: 'If this e-mail has an account, a link arrives there in a few minutes. It works once, within an hour. Look at the spam folder too.',
      missing: 'Enter your e-mail.',
      down: 'We cannot send the link right now. Try again in a moment.',
    },
    wait: (seconds: number) => `Too many attempts. Wait ${seconds} s and try again.`,
  },
} satisfies Record<Locale, object>

export type ForgottenNotice = keyof (typeof WORDS)['en']['notices']
/** `isSimulated`: no e-mail leaves, and there is no form. `waitSeconds`: until another try counts. */
export type ForgottenPage = {
  locale: Locale
  isSimulated: boolean
  email?: string
  notice?: ForgottenNotice
  waitSeconds?: number
}

export function renderForgotten({ locale, isSimulated, email = '', notice, waitSeconds }: ForgottenPage): string {
  const words = WORDS[locale]
  const isSent = notice === 'sent'
  const text = waitSeconds === undefined ? notice && words.notices[notice] : words.wait(waitSeconds)
  const shown = text
    ? `<p class="notice${isSent ? ' good' : ''}" id="notice" role="${isSent ? 'status' : 'alert'}">${text}</p>`
    : ''
  const about = notice === 'missing' ? ' aria-invalid="true" aria-describedby="notice"' : ''
  const form = `<p>${words.text}</p>
<form method="post" action="/password/forgotten">
<div><label for="email">${words.email}</label>
<input id="email" name="email" type="email" value="${escapeHtml(email)}" maxlength="254" autocomplete="username" required autofocus${about}></div>
<button>${words.send}</button>
</form>`
  const body = `<main>
<p class="brand">Monotickets</p>
<h1>${words.title}</h1>
${isSimulated ? `<p class="notice calm">${words.simulated}</p>` : `${shown}${isSent ? '' : form}`}
<p><a href="/login">${words.back}</a></p>
</main>`
  return renderPage({ lang: locale, title: words.title, style: STYLE, body })
}
