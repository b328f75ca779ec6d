/**
 * Decides what a row does. A row means the guest with its id; else with its phone or e-mail address and the same name; else
 * with the same name, if the row has no id and neither has another phone or address than the other. Guests who share a phone
 * under different names are two.
 */
import type { ListedGuest } from '../events/events.ts'
import { newId } from '../platform/db.ts'
import { foldWords } from '../platform/values/text.ts'
import type { CellError, Wanted } from './rows.ts'
import type { RowError, RowNotice } from './texts.ts'

export type Notice = { code: RowNotice; otherRow?: number }
export type Decision =
  | { status: 'created' | 'updated' | 'unchanged'; guest: ListedGuest; notices: Notice[] }
  | { status: 'rejected'; errors: CellError[] }

/** The guests that rows may mean: those found in the database and those of rows before. */
export type Known = {
  byId: Map<string, ListedGuest>
  /** Ids by `phone …`, `email …` and `name …`. */
  ids: Map<string, Set<string>>
}

export function openKnown(guests: ListedGuest[]): Known {
  const known: Known = { byId: new Map(), ids: new Map() }
  for (const guest of guests) remember(known, guest)
  return known
}

const nameKey = (name: string): string => `name ${foldWords(name) || name}`
const addressKeys = ({ phone, email }: Pick<Partial<ListedGuest>, 'phone' | 'email'>): string[] => [
  ...(phone ? [`phone ${phone}`] : []),
  ...(email ? [`email ${email}`] : []),
]

function remember(known: Known, guest: ListedGuest): void {
  known.byId.set(guest.id, guest)
  for (const key of [nameKey(guest.name), ...addressKeys(guest)]) {
    const ids = known.ids.get(key) ?? new Set()
    known.ids.set(key, ids.add(guest.id))
  }
}

/** `rowOf`: which row of this file has said something of a guest; the first one counts. */
export function planRow(known: Known, rowOf: Map<string, number>, row: number, wanted: Wanted): Decision {
  const found = findMeant(known, wanted)
  if (found === 'ambiguous') return reject('ambiguous_guest', wanted.name)
  if (found === 'other') return reject('id_of_other', wanted.name)
  if (found === null) {
    const id = wanted.id ?? newId('g')
    const guest: ListedGuest = { ...EMPTY, tags: [], ...wanted, id }
    const notices = listShared(known, guest)
    remember(known, guest)
    rowOf.set(id, row)
    return { status: 'created', guest, notices }
  }
  const guest = { ...found, ...wanted, id: found.id }
  const isSame = isEqual(guest, found)
  const otherRow = rowOf.get(found.id)
  if (otherRow !== undefined)
    return isSame
      ? { status: 'unchanged', guest: found, notices: [{ code: 'repeated_row', otherRow }] }
      : reject('conflicting_row', wanted.name, otherRow)
  rowOf.set(found.id, row)
  const notices = listShared(known, guest)
  if (isSame) return { status: 'unchanged', guest: found, notices }
  remember(known, guest)
  return { status: 'updated', guest, notices }
}

const EMPTY = { phone: null, email: null, partySize: 1, locale: 'es-MX', notes: null } as const

const reject = (code: RowError, value: string, otherRow?: number): Decision => ({
  status: 'rejected',
  errors: [{ column: null, value, code, ...(otherRow === undefined ? {} : { otherRow }) }],
})

/** An id that only an export of ours can have. Numbers from 1 are in every list. */
const OWN_ID = /^g_[0-9a-f]{32}$/

function findMeant(known: Known, wanted: Wanted): ListedGuest | 'ambiguous' | 'other' | null {
  const own = wanted.id === undefined ? undefined : known.byId.get(wanted.id)
  if (own) return isLikely(own, wanted) ? own : 'other'
  const isNamed = known.ids.get(nameKey(wanted.name)) ?? new Set<string>()
  for (const key of addressKeys(wanted)) {
    const ids = known.ids.get(key) ?? new Set<string>()
    const [smaller, larger] = ids.size < isNamed.size ? [ids, isNamed] : [isNamed, ids]
    for (const id of smaller) if (larger.has(id) && isStill(known, id, key)) return known.byId.get(id)!
  }
  if (wanted.id !== undefined) return null // two guests of one name, told apart by their ids
  let meant: ListedGuest | null = null
  for (const id of isNamed) {
    const guest = known.byId.get(id)!
    if (isOther(guest.phone, wanted.phone) || isOther(guest.email, wanted.email)) continue
    if (nameKey(guest.name) !== nameKey(wanted.name)) continue // a row before has given another name
    if (meant) return 'ambiguous'
    meant = guest
  }
  return meant
}

/** Whether a guest with the id of a row is the one meant: by an id of ours, the name, the phone or the address. */
const isLikely = (own: ListedGuest, wanted: Wanted): boolean =>
  OWN_ID.test(own.id) ||
  nameKey(own.name) === nameKey(wanted.name) ||
  addressKeys(wanted).some((key) => addressKeys(own).includes(key))

const isOther = (stored: string | null, wanted: string | undefined): boolean =>
  stored !== null && wanted !== undefined && stored !== wanted

/** A row before may have changed the address. */
const isStill = (known: Known, id: string, key: string): boolean => addressKeys(known.byId.get(id)!).includes(key)

function listShared(known: Known, { id, phone, email }: ListedGuest): Notice[] {
  function isShared(key: string): boolean {
    for (const other of known.ids.get(key) ?? []) if (other !== id && isStill(known, other, key)) return true
    return false
  }
  return [
    ...(phone && isShared(`phone ${phone}`) ? [{ code: 'shared_phone' } as const] : []),
    ...(email && isShared(`email ${email}`) ? [{ code: 'shared_email' } as const] : []),
  ]
}

function isEqual(a: ListedGuest, b: ListedGuest): boolean {
  const isSameText = (['name', 'phone', 'email', 'partySize', 'locale', 'notes'] as const).every(
    (key) => a[key] === b[key],
  )
  return isSameText && a.tags.length === b.tags.length && a.tags.every((tag) => b.tags.includes(tag))
}
