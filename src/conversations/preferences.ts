/** Guests who stop or resume promotions in WhatsApp itself. */
import { findPerson, resumeMarketing, stopMarketing, type WaIdentity } from '../contacts/contacts.ts'
import type { Tx } from '../platform/db.ts'

/** WhatsApp's own switch for promotions, which the person has turned. */
export type Preference = WaIdentity & { wantsMarketing: boolean; at: Date }

/** Returns what to count. Somebody whose number we do not know was never written to. */
export async function takePreference(tx: Tx, preference: Preference): Promise<string> {
  const { wantsMarketing, at } = preference
  const { phones } = await findPerson(tx, preference)
  if (phones.length === 0) return 'preferences_unmatched'
  if (wantsMarketing) await resumeMarketing(tx, phones, at)
  else await stopMarketing(tx, phones, { source: 'preference', at })
  return wantsMarketing ? 'preferences_resumed' : 'preferences_stopped'
}
