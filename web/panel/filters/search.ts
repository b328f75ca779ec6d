/** What a screen keeps in its URL, so that Back and a sent link show the same. */
import { useNavigate, useSearch } from '@tanstack/react-router'

/** For `validateSearch`: keeps the named parameters, as texts, and drops empty ones. */
export const readSearch =
  <K extends string>(...names: readonly K[]) =>
  (search: Record<string, unknown>): { [N in K]?: string } => {
    const kept = names.flatMap((name) => {
      const value = search[name]
      return (typeof value === 'string' && value !== '') || typeof value === 'number' ? [[name, `${value}`]] : []
    })
    return Object.fromEntries(kept) as { [N in K]?: string }
  }

/** The search of this screen, and what changes a part of it; undefined takes a part away. */
export function useFilters<S extends { [name: string]: string | undefined }>(): [S, (change: Partial<S>) => void] {
  const search: S = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = (part: Partial<S>) => void navigate({ to: '.', search: { ...search, ...part }, resetScroll: false })
  return [search, change]
}
