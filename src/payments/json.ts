/** Reading JSON of which nothing is promised. */
import { GiveUp } from '../platform/errors.ts'

export type JsonObject = Record<string, unknown>

/** Throws GiveUp('unreadable_event') when the bytes are not a JSON object. */
export function readObject(raw: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(raw.toString('utf8'))
  } catch (cause) {
    throw new GiveUp('unreadable_event', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new GiveUp('unreadable_event')
  return value as JsonObject
}

/** The object, or an empty one. */
export const objectOf = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}

/** A text of reasonable length without NUL, or null. */
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 255 && !value.includes('\0') ? value : null

export const wholeOf = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null)

/** Unix seconds as an instant, or null. */
export function instantOf(value: unknown): Date | null {
  const seconds = wholeOf(value)
  return seconds !== null && seconds > 0 && seconds < 1e11 ? new Date(seconds * 1000) : null
}
