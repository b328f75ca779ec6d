/** Times of a form, which are local times of the event's zone. */
import { parseAbsolute, parseDateTime, toCalendarDateTime, toZoned } from '@internationalized/date'

/** `2026-12-26T18:05`, of an instant. */
export const toLocal = (instant: string, timeZone: string): string =>
  toCalendarDateTime(parseAbsolute(instant, timeZone)).toString().slice(0, 16)

/** The instant of `2026-12-26T18:05` in a zone; what is no time stays as it is, for the schema to refuse. */
export function toInstant(local: string, timeZone: string): string {
  try {
    return toZoned(parseDateTime(local), timeZone).toAbsoluteString()
  } catch {
    return local
  }
}
