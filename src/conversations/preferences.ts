/** Guests who stop or resume promotions in the settings of WhatsApp. */
import {
  identifyPerson,
  resumeMarketing,
  stopMarketing,
  type Sender,
  type StopSource,
  type WaIdentity,
} from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'

/** A `user_preferences` webhook of Meta: the person stopped or resumed marketing messages. */
export type Preference = WaIdentity & { wantsMarketing: boolean; at: Date }

/**
 * Stores the preference. Returns the name of the counter for the webhook's log. One of a person whose number we do not know is
 * kept under the user id.
 */
export async function takePreference(tx: Tx, preference: Preference): Promise<string> {
  const { wantsMarketing, at } = preference
  const isKnown = await switchMarketing(tx, preference, { wantsMarketing, source: 'preference', at })
  if (!isKnown) return 'preferences_unmatched'
  return wantsMarketing ? 'preferences_resumed' : 'preferences_stopped'
}

/** Stops or resumes promotions. False: the number is unknown. */
export async function switchMarketing(
  tx: Tx,
  who: Sender,
  { wantsMarketing, source, at }: { wantsMarketing: boolean; source: StopSource; at: Date },
): Promise<boolean> {
  const { phones } = await identifyPerson(tx, who)
  const names = phones.length > 0 ? phones : who.userIds
  if (wantsMarketing) await resumeMarketing(tx, names, at)
  else await stopMarketing(tx, names, { source, at })
  return phones.length > 0
}
