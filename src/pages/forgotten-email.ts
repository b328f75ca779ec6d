/** The e-mail with the link by which a person chooses a new password. */
import type { Channels, Message, Outcome, Verdict } from '../channels/channels.ts'
import { newId } from '../platform/db.ts'
import type { Logger } from '../platform/log.ts'
import type { Locale } from '../platform/values/languages.ts'
import { renderHtml, renderText, type Letter } from '../templates/templates.ts'

const WORDS = {
  'es-MX': {
    subject: 'Elige una contraseña nueva',
    preheader: 'El enlace sirve una vez, durante una hora.',
    paragraphs: [
      'Alguien, quizá tú, pidió cambiar la contraseña de tu cuenta de Monotickets.',
      'El enlace sirve una vez, durante una hora. Si no lo pediste, no hagas nada: tu contraseña sigue igual.',
    ],
    button: 'Elegir contraseña',
    why: 'Recibes este correo porque alguien escribió tu dirección en la página de entrada de Monotickets.',
  },
  en: {
    subject: 'Choose a new password',
    preheader: 'The link works once, within an hour.',
    paragraphs: [
      'Somebody, perhaps you, asked to change the password of your Monotickets account.',
      'The link works once, within an hour. If you did not ask for it, do nothing: your password stays as it is.',
    ],
    button: 'Choose a password',
    why: 'You get this e-mail because somebody entered your address on the login page of Monotickets.',
  },
} satisfies Record<Locale, object>

type Mail = { to: string; language: Locale; link: string }
type Context = { channels: Channels; log: Logger; sleep: (ms: number) => Promise<unknown> }

/** The provider sends one mail whatever became of a try: all of them have one idempotency key. */
const TRIES = 3
const WAIT_MS = 1000
const TRANSIENT = new Set<Verdict>(['retry', 'retry_once', 'wait_recipient', 'wait_all'])
const mayHelp = (outcome: Outcome): boolean =>
  outcome.kind === 'unknown' || (outcome.kind === 'refused' && TRANSIENT.has(outcome.verdict))

/** Sends the link. The log says that it left, and neither to whom nor what it is. Throws when the provider does not take it. */
export async function sendPasswordLink({ channels, log, sleep }: Context, mail: Mail): Promise<void> {
  const message = composeMail(mail)
  let outcome = await channels.email.send(message)
  for (let tries = 1; tries < TRIES && mayHelp(outcome); tries++) {
    await sleep(WAIT_MS)
    outcome = await channels.email.send(message)
  }
  if (outcome.kind !== 'sent') throw new Error(`the e-mail with a password link was not sent: ${outcome.reason}`)
  log.info('A password link was sent')
}

function composeMail({ to, language: locale, link }: Mail): Message {
  const { subject, button, ...words } = WORDS[locale]
  const letter: Letter = {
    ...{ locale, title: subject, ...words, facts: [], image: null, unsubscribe: null },
    button: { label: button, url: link },
  }
  const content = { subject, html: renderHtml(letter), text: renderText(letter), unsubscribeUrl: null }
  const id = newId('pwl')
  const ids = { deliveryId: id, requestId: id, idempotencyKey: id }
  return { ...ids, to, template: 'password_link', locale, channel: 'email', content }
}
