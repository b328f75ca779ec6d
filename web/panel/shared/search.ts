/** What a screen keeps in its URL, so that Back and a sent link show the same. */
import { textOf } from '../../kit/url.ts'

/** For `validateSearch`: keeps the named parameters, as texts, and drops empty ones. */
export const readSearch =
  <K extends string>(...names: readonly K[]) =>
  (search: Record<string, unknown>): { [N in K]?: string } =>
    Object.fromEntries(
      names.map((name) => [name, textOf(search[name])] as const).filter(([, value]) => value !== undefined),
    ) as { [N in K]?: string }
