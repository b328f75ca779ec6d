/** Arrivals as columns: one for each five minutes from the first to the last, also where nobody came. */
export type Arrival = { at: string; gate: string | null; persons: number }
export type Column = { at: string; total: number; parts: { gate: string | null; persons: number }[] }

export const STEP_MS = 5 * 60_000
/** What fits side by side: eight hours. */
const COLUMNS_MAX = 96
const GATES_MAX = 4

/** The gates that are drawn in a colour of their own, the busiest first; the others share the last one. */
export function rankGates(arrivals: readonly Arrival[]): (string | null)[] {
  const sums = new Map<string | null, number>()
  for (const { gate, persons } of arrivals) sums.set(gate, (sums.get(gate) ?? 0) + persons)
  return [...sums].toSorted(([, a], [, b]) => b - a).map(([gate]) => gate)
}

/** The latest columns, when there are more than fit. */
export function columnsOf(arrivals: readonly Arrival[]): Column[] {
  const times = arrivals.map(({ at }) => Date.parse(at))
  if (times.length === 0) return []
  const lastMs = Math.max(...times)
  const firstMs = Math.max(Math.min(...times), lastMs - (COLUMNS_MAX - 1) * STEP_MS)
  const count = Math.round((lastMs - firstMs) / STEP_MS) + 1
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(firstMs + index * STEP_MS).toISOString()
    const parts = arrivals.filter((one) => Date.parse(one.at) === firstMs + index * STEP_MS)
    const total = parts.reduce((sum, { persons }) => sum + persons, 0)
    return { at, total, parts: parts.map(({ gate, persons }) => ({ gate, persons })) }
  })
}

/** 1 to 4: the colour of a gate. */
export const colourOf = (ranked: readonly (string | null)[], gate: string | null): number =>
  Math.min(ranked.indexOf(gate) + 1, GATES_MAX)
