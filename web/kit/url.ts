/** What a screen shows lives in its URL: filters, the opened drawer, the step. Back and a copied link bring it back. */
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'

/** A word of a query string. The router reads `q=55` as a number. */
export const textOf = (value: unknown): string | undefined =>
  (typeof value === 'string' || typeof value === 'number') && value !== '' ? String(value) : undefined

export const oneOf = <K extends string>(values: readonly K[], value: unknown): K | undefined =>
  values.find((one) => one === value)

/** What the URL says, and what changes it: `undefined` takes a word away. `isStep`: Back returns to what was before. */
export function useUrl<T extends object>(): [T, (changes: Partial<T>, isStep?: boolean) => void] {
  const search = useSearch({ strict: false }) as T
  const navigate = useNavigate()
  const change = (changes: Partial<T>, isStep = false) =>
    void navigate({
      to: '.',
      search: (now: T) => ({ ...now, ...changes }),
      replace: !isStep,
      resetScroll: false,
    })
  return [search, change]
}

/** A part of the path, such as `eventId`. */
export function usePath(name: string): string {
  const path: Record<string, string | undefined> = useParams({ strict: false })
  const value = path[name]
  if (value === undefined) throw new Error(`The path has no ${name}`)
  return value
}
