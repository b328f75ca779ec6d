/**
 * Unsubscribing from an organizer's e-mail: List-Unsubscribe with one click (RFC 8058), or the button on the page that
 * every e-mail links to. Opening the link changes nothing, because mail scanners open links.
 */
import { createHash } from 'node:crypto'
import { findCode, findRenewedCode, readCodeOfPath } from '../events/events.ts'
import { sql, type Db } from '../platform/db.ts'
import { Failure } from '../platform/errors.ts'
import type { Locale } from '../platform/values/languages.ts'
import { unsubscribeAddress } from './suppressions.ts'

/** Identifies the address that a link was sent to, in case the guest's address changes. */
export const markOf = (email: string): string => createHash('sha256').update(email).digest('hex').slice(0, 16)

export type Unsubscriber = { email: string | null; organizerId: string; organizerName: string; locale: Locale }

/** Finds a guest by the invitation's code, also one that was revoked, even after the event. Throws `invitation_not_found`. */
export async function findUnsubscriber(db: Db, text: string): Promise<Unsubscriber> {
  const reading = readCodeOfPath(text)
  const code = (await findCode(db, reading, null)) ?? (await findRenewedCode(db, reading, null))?.code ?? null
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

type Step = 'ask' | 'done'
const WORDS: Record<Locale, Record<Step, { title: string; text: string }>> = {
  'es-MX': {
    ask: { title: '¿Dejar de recibir correos?', text: '{{organizer}} ya no te escribirá a este correo.' },
    done: { title: 'Listo', text: '{{organizer}} ya no te escribirá a este correo. Tu invitación sigue en pie.' },
  },
  en: {
    ask: { title: 'Stop these e-mails?', text: '{{organizer}} will not write to this address any more.' },
    done: { title: 'Done', text: '{{organizer}} will not write to this address any more. Your invitation stands.' },
  },
}

/** What the page says. */
export function describeUnsubscribe({ locale, organizerName }: Unsubscriber, step: Step) {
  const { title, text } = WORDS[locale][step]
  return { locale, title, text: text.replace('{{organizer}}', () => organizerName), isQuestion: step === 'ask' }
}
