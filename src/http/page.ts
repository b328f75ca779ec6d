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

/** Returns the position of a cursor; null without one. Throws `invalid_cursor`. */
export function readCursor(cursor: string | undefined): Position | null {
  if (cursor === undefined) return null
  try {
    const [at, id, rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof at !== 'string' || typeof id !== 'string' || id.length > 64 || rest !== undefined)
      throw new Error('shape')
    const date = new Date(at)
    if (!(date.getUTCFullYear() > 1970 && date.getUTCFullYear() < 10_000)) throw new Error('date')
    return { at: date, id }
  } catch (cause) {
    throw new Failure('invalid_cursor', { detail: 'Pass nextCursor of the previous page unchanged.', cause })
  }
}

/** Makes a page of up to `limit` rows. Query limit + 1 rows: the extra row shows that there is a next page. */
export function toPage<T>(rows: T[], limit: number, positionOf: (row: T) => Position) {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  if (rows.length <= limit || !last) return { data, page: { nextCursor: null } }
  const { at, id } = positionOf(last)
  return { data, page: { nextCursor: Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url') } }
}
