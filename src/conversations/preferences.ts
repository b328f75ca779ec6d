/** Guests who stop or resume promotions in the settings of WhatsApp. */
import { findPerson, resumeMarketing, stopMarketing, type WaIdentity } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'

/** A `user_preferences` webhook of Meta: the person stopped or resumed marketing messages. */
export type Preference = WaIdentity & { wantsMarketing: boolean; at: Date }

/** Stores the preference. Returns the name of the counter for the webhook's log. A person whose number we do not know is ignored. */
export async function takePreference(tx: Tx, preference: Preference): Promise<string> {
  const { wantsMarketing, at } = preference
  const { phones } = await findPerson(tx, preference)
  if (phones.length === 0) return 'preferences_unmatched'
  if (wantsMarketing) await resumeMarketing(tx, phones, at)
  else await stopMarketing(tx, phones, { source: 'preference', at })
  return wantsMarketing ? 'preferences_resumed' : 'preferences_stopped'
}
