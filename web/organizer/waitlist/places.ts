/** How the places that are free go to a line. */
type Party = { guestId: string; partySize: number }
/** `lack`: how many places are missing for the party, even if nobody waited before it. */
export type Turn = { position: number; isNext: boolean; lack: number }

/** Whose turn it is, as the API gives places: the first whose party fits, then the next. `free`: null without a capacity. */
export function turnsOf(line: readonly Party[], free: number | null): Map<string, Turn> {
  let left = free ?? Infinity
  return new Map(
    line.map(({ guestId, partySize }, index) => {
      const isNext = partySize <= left
      if (isNext) left -= partySize
      return [guestId, { position: index + 1, isNext, lack: Math.max(0, partySize - (free ?? Infinity)) }]
    }),
  )
}

/** The number that was typed, from 1 to `most`; null when it is none of these. */
export function readPlaces(typed: string, most: number): number | null {
  if (!/^\d+$/.test(typed.trim())) return null
  const places = Number(typed)
  return places >= 1 && places <= most ? places : null
}
