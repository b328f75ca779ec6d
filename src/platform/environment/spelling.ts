/** What somebody probably meant to write. */

/** The one known name at an edit distance of 1 or 2. A short name must be nearer, for two edits make any word of it. */
export function closestName(given: string, known: readonly string[]): string | undefined {
  const distanceMax = given.length <= 4 ? 1 : 2
  const near = known
    .map((name) => ({ name, distance: editDistance(given, name, distanceMax) }))
    .filter(({ distance }) => distance <= distanceMax)
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.name
}

/**
 * How many letters must be inserted, left out, replaced or swapped with their neighbour (Damerau-Levenshtein, each place
 * edited once). More than `max` is only known to be more.
 */
export function editDistance(a: string, b: string, max = Infinity): number {
  if (Math.abs(a.length - b.length) > max) return Infinity
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const here = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      here[column] = Math.min(
        above[column]! + 1,
        here[column - 1]! + 1,
        above[column - 1]! + (isSame ? 0 : 1),
        isSwapped ? before[column - 2]! + 1 : Infinity,
      )
    }
    ;[before, above] = [above, here]
  }
  return above[b.length]!
}
