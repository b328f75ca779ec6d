/**
 * Anonymising a guest on request (decision 34): everything that says who the guest was is erased, in every table, and what is
 * counted stays. Each domain erases its own tables; this file says in which order.
 */
import { eraseEntries } from '../auth/auth.ts'
import { eraseRecipient } from '../channels/channels.ts'
import { eraseScanNotes } from '../checkin/checkin.ts'
import { eraseEmail, erasePhone, listAliases, lockPerson, restoreStops } from '../contacts/contacts.ts'
import { eraseMessages } from '../conversations/conversations.ts'
import { eraseDeliveries } from '../delivery/delivery.ts'
import { eraseGuest, findGuest, lockGuestList, lockPersonalGuest, type PersonalGuest } from '../events/events.ts'
import { eraseRejects } from '../guestlists/guestlists.ts'
import { eraseAnswers } from '../http/idempotency.ts'
import { eraseInbound } from '../inbox/inbox.ts'
import { withTx, type Db, type Tx } from '../platform/db.ts'
import { deleteEntry } from '../waitlist/waitlist.ts'
import { Failure } from '../platform/errors.ts'
import { findAnonymization, findWork, insertAnonymization, type Anonymization, type Erased } from './sql.ts'

type Context = { db: Db; now: () => Date }
type Request = {
  scope: string | null
  eventId: string
  guestId: string
  reason: string | null
  requestedBy: string
  requestId: string
}

/** Clocks of several machines differ, and a guest may have written before being added. */
const DAY_MS = 86_400_000

/**
 * Erases a guest, once: a second request gets the first answer. Throws `guest_not_found`, and what refuseBusy throws while work
 * is going on about the guest: whoever got the answer of this function is never written to again.
 */
export async function anonymizeGuest(context: Context, request: Request): Promise<Anonymization> {
  const { db, now } = context
  const { scope, eventId, guestId } = request
  const guest = await findGuest(db, scope, eventId, guestId)
  if (!guest) throw new Failure('guest_not_found')
  if (guest.anonymizedAt) return (await findAnonymization(db, eventId, guestId))!
  const startedAt = now()
  // Most webhooks are searched before anything is locked, and the newest again in the transaction.
  const words = await withTx(db, async (tx) =>
    listWords(await requireGuest(tx, request), await namesOf(tx, guest.phone)),
  )
  await refuseBusy(db, { eventId, guestId, words, now: startedAt }) // before anything is erased
  const webhooks = await eraseInbound(db, words, new Date(guest.createdAt.getTime() - DAY_MS), startedAt)
  const done = await withTx(db, async (tx) => {
    if (guest.phone) await lockPerson(tx, guest.phone) // before any row, as whoever stores a message does
    await lockGuestList(tx, scope, eventId)
    await refuseBusy(tx, { eventId, guestId, words, now: now() })
    const locked = await requireGuest(tx, request)
    if (locked.anonymizedAt) return (await findAnonymization(tx, eventId, guestId))!
    const erased = await eraseEverywhere(tx, locked, { startedAt, now: now() })
    erased['inbound_events'] = (erased['inbound_events'] ?? 0) + webhooks
    return insertAnonymization(tx, { ...request, erased, anonymizedAt: now() })
  })
  await restoreStops(db, guest.phone, guest.email)
  return done
}

/**
 * Throws `delivery_in_progress`, `webhook_in_progress` (what the guest has just written, perhaps BAJA, has not been read yet) and
 * `import_in_progress` (the rest of a list may name the guest).
 */
async function refuseBusy(db: Db, about: Parameters<typeof findWork>[1]): Promise<void> {
  const { isSending, isUnread, isImporting } = await findWork(db, about)
  const code = isSending
    ? 'delivery_in_progress'
    : isUnread
      ? 'webhook_in_progress'
      : isImporting
        ? 'import_in_progress'
        : null
  if (code) throw new Failure(code, { detail: 'Nothing was erased: try again in some seconds.', retryAfterSeconds: 5 })
}

async function requireGuest(tx: Tx, { scope, eventId, guestId }: Request): Promise<PersonalGuest> {
  const guest = await lockPersonalGuest(tx, scope, eventId, guestId)
  if (!guest) throw new Failure('guest_not_found')
  return guest
}

/** A number in every form that WhatsApp has for it, and the user ids of its person. */
async function namesOf(tx: Tx, phone: string | null): Promise<string[]> {
  if (phone === null) return []
  const known = [phone, phone.replace(/^\+52(?!1)/, '+521'), ...(await listAliases(tx, phone))]
  return [...new Set(known)]
}

/** What names the guest and nobody else in a webhook: providers write numbers without a plus. */
function listWords({ phone, waId, email, isPhoneShared, isEmailShared }: PersonalGuest, names: string[]): string[] {
  const numbers = phone === null || isPhoneShared ? [] : [...names, ...(waId ? [waId] : [])]
  const words = [...numbers.map((name) => name.replace(/^\+/, '')), ...(email && !isEmailShared ? [email] : [])]
  return [...new Set(words)]
}

/** The order matters: a message that is being sent ends it, and the audit log has what was written before. */
async function eraseEverywhere(
  tx: Tx,
  guest: PersonalGuest,
  { startedAt, now }: { startedAt: Date; now: Date },
): Promise<Erased> {
  const { eventId, guestId, organizerId, invitationId, code, name, phone, email } = guest
  const deliveries = await eraseDeliveries(tx, guest, now)
  if (deliveries.some(({ status }) => status === 'sending'))
    throw new Failure('delivery_in_progress', {
      detail: 'A message to this guest is being sent at this moment: try again in some seconds.',
      retryAfterSeconds: 5,
    })
  const deliveryIds = deliveries.map(({ id }) => id)
  const names = guest.isPhoneShared ? [] : await namesOf(tx, phone)
  const messages = await eraseMessages(tx, { eventId, guestId, phone, names })
  const words = [...listWords(guest, names), ...messages.map(({ id }) => id)]
  const since = guest.isPhoneShared ? guest.createdAt : startedAt
  const scanIds = await eraseScanNotes(tx, invitationId)
  const addresses = [...names, ...(guest.waId ? [guest.waId] : []), ...(email && !guest.isEmailShared ? [email] : [])]
  const erased: Erased = {
    deliveries: deliveries.length,
    wa_messages: messages.length,
    scans: scanIds.length,
    inbound_events: await eraseInbound(tx, words, new Date(since.getTime() - DAY_MS), now),
    simulated_messages: await eraseRecipient(tx, deliveryIds, addresses),
    guest_import_rejects: await eraseRejects(tx, guest),
    ...(phone !== null && !guest.isPhoneShared ? await erasePhone(tx, phone, names) : {}),
    email_stops: email !== null && !guest.isEmailShared ? await eraseEmail(tx, email) : 0,
    invitation_answers: await eraseGuest(tx, guest, now),
    waitlist_entries: (await deleteEntry(tx, { scope: organizerId, eventId, guestId })) ? 1 : 0,
    guests: 1,
    invitations: 1,
  }
  const marks = [invitationId, code, phone, email, ...deliveryIds, ...scanIds].filter((mark) => mark !== null)
  const marksOfEvent = [JSON.stringify(guestId), JSON.stringify(name)]
  erased['idempotency_keys'] = await eraseAnswers(tx, { marks, eventId, marksOfEvent })
  const ids = [invitationId, ...deliveryIds, ...messages.map(({ id }) => id)]
  erased['audit_entries'] = await eraseEntries(tx, { organizerId, eventId, guestId, ids })
  return erased
}
