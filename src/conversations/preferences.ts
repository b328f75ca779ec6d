/** Guests who stop or resume promotions in WhatsApp itself. */
import { findPerson, resumeMarketing, stopMarketing } from './conversations.ts'
import type { Tx } from '../platform/db.ts'
import type { Preference } from '../inbox/whatsapp.ts'

/** Returns what to count. Whom we do not know by number was never written to by one. */
export async function takePreference(tx: Tx, preference: Preference): Promise<string> {
  const { wantsMarketing, at } = preference
  const { phones } = await findPerson(tx, preference)
  if (phones.length === 0) return 'preferences_unmatched'
  if (wantsMarketing) await resumeMarketing(tx, phones, at)
  else await stopMarketing(tx, phones, { source: 'preference', at })
  return wantsMarketing ? 'preferences_resumed' : 'preferences_stopped'
}
