/** Paginated lists: `{ data, page: { nextCursor } }` with an opaque cursor over (instant, id), newest first. */
import { Type, type TSchema } from 'typebox'
import { Failure } from '../platform/errors.ts'
import { Answer, NullableString } from './schemas.ts'

export const PageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
  cursor: Type.Optional(Type.String({ maxLength: 300, description: 'nextCursor of the page before.' })),
}

const PageCursor = Type.Object({ nextCursor: NullableString }, { title: 'PageCursor' })

/** A page of a named shape, which gives it its own name: of `Guest` it is `GuestPage`. */
export const Page = <S extends TSchema>(item: S) =>
  Answer({ data: Type.Array(item), page: PageCursor }, { title: `${(item as { title?: string }).title}Page` })

export type Position = { at: Date; id: string }

/** An opaque cursor: what the rows are sorted by, and an id. */
export const writeCursor = (sortedBy: string | number, id: string): string =>
  Buffer.from(JSON.stringify([sortedBy, id])).toString('base64url')

/** Reads a cursor; `readSorted` throws when its value is not one that writeCursor got. Throws `invalid_cursor`. */
export function openCursor<T>(cursor: string, readSorted: (value: unknown) => T): { sortedBy: T; id: string } {
  try {
    const [value, id, rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof id !== 'string' || id.length > 64 || rest !== undefined) throw new Error('shape')
    return { sortedBy: readSorted(value), id }
  } catch (cause) {
    throw new Failure('invalid_cursor', { detail: 'Pass nextCursor of the previous page unchanged.', cause })
  }
}

/** Returns the position of a cursor; null without one. Throws `invalid_cursor`. */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null
  const { sortedBy, id } = openCursor(cursor, readDate)
  return { at: sortedBy, id }
}

function readDate(value: unknown): Date {
  if (typeof value !== 'string') throw new Error('shape')
  const date = new Date(value)
  if (!(date.getUTCFullYear() > 1970 && date.getUTCFullYear() < 10_000)) throw new Error('date')
  return date
}

/** Makes a page of up to `limit` rows. Query limit + 1 rows: the extra row shows that there is a next page. */
export function toPage<T>(rows: T[], limit: number, positionOf: (row: T) => Position) {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  if (rows.length <= limit || !last) return { data, page: { nextCursor: null } }
  const { at, id } = positionOf(last)
  return { data, page: { nextCursor: writeCursor(at.toISOString(), id) } }
}
