/** BAJA and ALTA: guests opt out of an organizer's messages, and in again. */
import { findLatestOptOut, isInWindow, optIn, optOut, resumeMarketing, type OptWord } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'
import { answerGuest, findAnyInvited, listMeantOrganizers, wasPhoneAnswered, type Invited } from '../rsvp/rsvp.ts'
import { listLaterOptWords, type OptMessage } from './sql.ts'
import type { Incoming } from './storing.ts'

export type Applied = {
  outcome: 'opted_out' | 'opted_in' | 'unchanged' | 'outdated' | 'no_organizer'
  invited: Invited | null
}

/**
 * Opts a person out of, or in to, the messages of the organizers that the word is meant for. The word written last counts,
 * by the provider's clock, because webhooks arrive in any order. Only a change gets a reply. ALTA also resumes promotions
 * that the guest had stopped in WhatsApp itself.
 */
export async function applyOptWord(
  tx: Tx,
  incoming: Incoming,
  word: OptWord,
  message: OptMessage,
  phones: string[],
): Promise<Applied> {
  if (word === 'opt_in') await resumeMarketing(tx, phones, message.sentAt) // for all organizers: WhatsApp's switch is per number
  const meant = await listMeantOrganizers(tx, { ...message, phones })
  if (meant.length === 0) return { outcome: 'no_organizer', invited: null }
  const decidedLater = new Set<string>()
  for (const later of await listLaterOptWords(tx, phones, message.sentAt))
    for (const organizerId of await listMeantOrganizers(tx, { ...later, phones })) decidedLater.add(organizerId)
  const organizerIds = meant.filter((organizerId) => !decidedLater.has(organizerId))
  if (organizerIds.length === 0) return { outcome: 'outdated', invited: null }
  const change = { organizerIds, phones, at: message.sentAt, messageId: message.id }
  const changed = word === 'opt_out' ? await optOut(tx, change) : await restore(tx, change, message)
  const invited = await findAnyInvited(tx, changed.length > 0 ? changed : organizerIds, phones)
  if (changed.length === 0) return { outcome: 'unchanged', invited }
  if (invited && isRecent(incoming, message.sentAt)) {
    const template = word === 'opt_out' ? 'opt_out_confirmed' : 'opt_in_confirmed'
    await answerGuest(tx, { to: invited, template, answersMessage: message.id, ...sendingOf(incoming) })
  }
  return { outcome: word === 'opt_out' ? 'opted_out' : 'opted_in', invited }
}

/** Opts in. When none of these organizers was opted out, ALTA reverses the last BAJA: another organizer may have written since. */
async function restore(tx: Tx, change: Parameters<typeof optIn>[1], message: OptMessage): Promise<string[]> {
  const changed = await optIn(tx, change)
  if (changed.length > 0 || message.contextMessageId !== null) return changed
  const lastOptOut = await findLatestOptOut(tx, change.phones, change.at)
  return lastOptOut === null ? [] : optIn(tx, { ...change, organizerIds: [lastOptOut] })
}

const DAY_MS = 24 * 3_600_000

/**
 * Tells a guest who asks in other words for no more messages to write BAJA, at most once a day per phone. Only the word
 * itself opts out, because a sentence may be about something else.
 */
export async function explainOptOut(
  tx: Tx,
  incoming: Incoming,
  message: OptMessage,
  phones: string[],
): Promise<{ outcome: string; invited: Invited | null }> {
  const organizerIds = await listMeantOrganizers(tx, { ...message, phones })
  const invited = await findAnyInvited(tx, organizerIds, phones)
  if (!invited) return { outcome: 'no_organizer', invited }
  const since = new Date(incoming.now.getTime() - DAY_MS)
  if (await wasPhoneAnswered(tx, phones, 'opt_out_help', since)) return { outcome: 'helped_before', invited }
  if (!isRecent(incoming, message.sentAt)) return { outcome: 'too_late_to_help', invited }
  await answerGuest(tx, { to: invited, template: 'opt_out_help', answersMessage: message.id, ...sendingOf(incoming) })
  return { outcome: 'helped', invited }
}

/** Whether the message is young enough for a reply. After 24 hours nobody waits for one. */
export const isRecent = ({ now, config }: Incoming, sentAt: Date): boolean =>
  isInWindow(sentAt, { now, windowMs: config.whatsapp.windowMs })

const sendingOf = ({ now, requestId, config }: Incoming) => ({
  now,
  requestId,
  attemptsMax: config.delivery.attemptsMax,
})
