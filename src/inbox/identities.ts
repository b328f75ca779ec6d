/** Reads who a person is in WhatsApp's webhooks: a number, business-scoped user ids, or both, in any of these fields. */
import type { WaIdentity } from '../contacts/contacts.ts'
import { normalizePhone } from '../platform/values/phone.ts'
import { asObject, type Json } from '../platform/json.ts'
import { asUserId, asUserIdInsteadOfNumber, asWaId } from './fields.ts'

/** The field with the number, which may hold a user id instead, and the fields with user ids. */
type Fields = { number: string; ids: string[] }
export const SENDER: Fields = { number: 'from', ids: ['from_user_id', 'from_parent_user_id'] }
export const ADDRESSEE: Fields = { number: 'to', ids: ['to_user_id', 'to_parent_user_id'] }
export const RECIPIENT: Fields = { number: 'recipient_id', ids: ['recipient_user_id', 'recipient_parent_user_id'] }
export const CONTACT: Fields = { number: 'wa_id', ids: ['user_id', 'parent_user_id'] }

export const NOBODY: WaIdentity = { waId: null, phone: null, userIds: [] }

export function readIdentity(object: Json | null, { number, ids }: Fields): WaIdentity {
  const waId = asWaId(object?.[number])
  const userIds = distinct([
    asUserIdInsteadOfNumber(object?.[number]),
    ...ids.map((field) => asUserId(object?.[field])),
  ])
  return { waId, phone: waId && normalizePhone(waId), userIds }
}

export const readContacts = (list: unknown[]): WaIdentity[] =>
  list.map((contact) => readIdentity(asObject(contact), CONTACT))

export const isNobody = ({ phone, userIds }: WaIdentity): boolean => phone === null && userIds.length === 0

const distinct = (ids: (string | null)[]): string[] => [...new Set(ids.filter((id) => id !== null))]

/**
 * Adds what the item leaves out from `contacts`, in any order and number: the number of a user id, or the user ids of a
 * number. `isAlone`: the webhook has one item, so that its only contact is this person.
 */
export function complete(one: WaIdentity, contacts: WaIdentity[], isAlone: boolean): WaIdentity {
  const isOnly = (contact: WaIdentity) => isAlone && contacts.length === 1 && !contradicts(one, contact)
  const contact = contacts.find((other) => isSame(one, other)) ?? contacts.find(isOnly)
  if (!contact) return one
  const number = one.waId === null ? contact : one
  return { waId: number.waId, phone: number.phone, userIds: distinct([...one.userIds, ...contact.userIds]) }
}

const isSame = (a: WaIdentity, b: WaIdentity): boolean =>
  (a.phone !== null && a.phone === b.phone) ||
  (a.waId !== null && a.waId === b.waId) ||
  a.userIds.some((id) => b.userIds.includes(id))

/** Whether both have a number, or both a user id. They are not the same, so they are two people. */
const contradicts = (a: WaIdentity, b: WaIdentity): boolean =>
  (a.waId !== null && b.waId !== null) || (a.userIds.length > 0 && b.userIds.length > 0)

/** `before`: who the person was. `after`: who they are now. */
export type IdentityPair = { before: WaIdentity; after: WaIdentity }

const PREVIOUS: Fields = { number: '', ids: ['previous_user_id', 'previous_parent_user_id'] }
const CHANGED_IN_WORDS = / changed from (\S+) to (\S+)$/

/**
 * Reads `system` of a message about a changed number or user id (Meta, "System messages webhook reference"). Earlier forms have
 * `new_wa_id`, and the previous user id only in the sentence for people.
 */
export function readSystemChange(sender: WaIdentity, system: Json | null): IdentityPair {
  const [, from, to] = CHANGED_IN_WORDS.exec(typeof system?.['body'] === 'string' ? system['body'] : '') ?? []
  const [current, older] = [readIdentity(system, CONTACT), readIdentity(system, { number: 'new_wa_id', ids: [] })]
  const number = current.waId === null ? older : current
  const after = {
    waId: number.waId,
    phone: number.phone,
    userIds: distinct([...current.userIds, ...older.userIds, asUserIdInsteadOfNumber(to)]),
  }
  const userIds = distinct([
    ...readIdentity(system, PREVIOUS).userIds,
    asUserIdInsteadOfNumber(from),
    ...sender.userIds,
  ])
  const before = { ...sender, userIds: userIds.filter((id) => !after.userIds.includes(id)) }
  return { before: isNobody(before) ? after : before, after }
}

/** Reads one item of the field `user_id_update`, an earlier form of the same news: `user_id` is `{ previous, current }`. */
export function readUserIdUpdate(item: Json | null, contacts: WaIdentity[]): IdentityPair | null {
  const changes = [asObject(item?.['user_id']), asObject(item?.['parent_user_id'])]
  const idsOf = (when: string) => changes.map((change) => asUserId(change?.[when]))
  const named = readIdentity(item, CONTACT)
  const userIds = distinct([...idsOf('current'), ...named.userIds])
  if (userIds.length === 0) return null
  const after = complete({ ...named, userIds }, contacts, true)
  const previous = distinct([...idsOf('previous'), ...readIdentity(item, PREVIOUS).userIds])
  return { before: previous.length > 0 ? { ...after, userIds: previous } : after, after }
}
