/**
 * Unsubscribing from an organizer's e-mail: List-Unsubscribe with one click (RFC 8058), or the button on the page that
 * every e-mail links to. Opening the link changes nothing, because mail scanners open links.
 */
import { createHash } from 'node:crypto'
import { findCode, readCodeOfPath } from '../events/events.ts'
import { sql, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/languages.ts'
import { unsubscribeAddress } from './suppressions.ts'
import { contentSecurityPolicyOf, escapeHtml, renderPage } from '../http/html.ts'

/** Identifies the address that a link was sent to, in case the guest's address changes. */
export const markOf = (email: string): string => createHash('sha256').update(email).digest('hex').slice(0, 16)

export type Unsubscriber = { email: string | null; organizerId: string; organizerName: string; locale: Locale }

/** Finds a guest by the invitation's code, even after the event. Throws `invitation_not_found`. */
export async function findUnsubscriber(db: Db, text: string): Promise<Unsubscriber> {
  const code = await findCode(db, readCodeOfPath(text), null)
  if (code === null) throw new Failure('invitation_not_found')
  const { rows } = await sql<Unsubscriber>`
    select g.email, g.locale, o.id as organizer_id, o.name as organizer_name
      from invitations i
      join guests g on g.event_id = i.event_id and g.id = i.guest_id
      join events e on e.id = i.event_id
      join organizers o on o.id = e.organizer_id
     where i.code = ${code}`.execute(db)
  if (!rows[0]) throw new Failure('invitation_not_found')
  return rows[0]
}

/**
 * Unsubscribes the guest; repeating it changes nothing. `mark`: of the address that the link was sent to. If the guest's
 * address has changed since, nothing is stored.
 */
export async function unsubscribe(
  { db, now }: { db: Db; now: () => Date },
  code: string,
  mark?: string,
): Promise<Unsubscriber> {
  const found = await findUnsubscriber(db, code)
  if (mark !== undefined && found.email !== null && markOf(found.email) !== mark) return found
  if (found.email !== null) await unsubscribeAddress(db, found.email, found.organizerId, now())
  return found
}

const STYLE = `:root{color-scheme:light dark;--paper:#fffdf9;--ground:#f3ece2;--ink:#2b2622;--soft:#6f655b;--accent:#8a3b4a;--on-accent:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#26211d;--ground:#181412;--ink:#f4ece3;--soft:#b8aa9b;--accent:#e3a3ae;--on-accent:#2b1218}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;padding:24px 16px;display:grid;place-items:center}
main{width:100%;max-width:440px;background:var(--paper);border-top:6px solid var(--accent);border-radius:20px;padding:32px 24px;text-align:center;overflow-wrap:anywhere}
h1{margin:0 0 12px;font:500 28px/1.2 Georgia,"Times New Roman",serif;text-wrap:balance}
p{margin:0 0 20px;color:var(--soft)}
button{font:inherit;font-weight:600;width:100%;min-height:52px;border:0;border-radius:14px;background:var(--accent);color:var(--on-accent);cursor:pointer}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}`
export const UNSUBSCRIBE_POLICY = contentSecurityPolicyOf(STYLE)

type Step = 'ask' | 'done' | 'unknown' | 'later'
const WORDS: Record<Locale, Record<Step, { title: string; text: string }> & { button: string }> = {
  'es-MX': {
    ask: { title: '¿Dejar de recibir correos?', text: '{{organizer}} ya no te escribirá a este correo.' },
    done: { title: 'Listo', text: '{{organizer}} ya no te escribirá a este correo. Tu invitación sigue en pie.' },
    unknown: { title: 'Enlace desconocido', text: 'Revisa que el enlace esté completo.' },
    later: { title: 'Demasiados intentos', text: 'Espera un minuto y vuelve a intentarlo.' },
    button: 'Sí, darme de baja',
  },
  en: {
    ask: { title: 'Stop these e-mails?', text: '{{organizer}} will not write to this address any more.' },
    done: { title: 'Done', text: '{{organizer}} will not write to this address any more. Your invitation stands.' },
    unknown: { title: 'Unknown link', text: 'Please check that the link is complete.' },
    later: { title: 'Too many attempts', text: 'Please wait a minute and try again.' },
    button: 'Yes, unsubscribe me',
  },
}

/** The page has one button and no scripts. */
export function renderUnsubscribe(locale: Locale, step: Step, organizerName = ''): string {
  const { [step]: words, button } = WORDS[locale]
  const text = escapeHtml(words.text.replace('{{organizer}}', () => organizerName))
  const form =
    step === 'ask'
      ? `<form method="post"><button name="List-Unsubscribe" value="One-Click">${button}</button></form>`
      : ''
  const body = `<main><h1>${words.title}</h1><p>${text}</p>${form}</main>`
  return renderPage({ lang: locale, title: words.title, style: STYLE, body })
}
