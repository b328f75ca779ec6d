/** Which codes in view are new: one that stays in view counts once; back after a second, it is answered again. */
const GONE_MS = 1000
/** A picture that comes late says nothing about the time before it. */
const STEP_MAX_MS = 250

/** Codes that were answered, and for how long each has been out of view. */
export type Sightings = { lookedMs: number; outMs: Map<string, number> }
export const startLooking = (): Sightings => ({ lookedMs: 0, outMs: new Map() })

/** Calls `take` with each code that is new. Those that it does not take come again with the next picture. */
export function lookAt(
  sightings: Sightings,
  codes: readonly string[],
  nowMs: number,
  take: (code: string) => boolean,
): void {
  const { outMs } = sightings
  const stepMs = Math.min(nowMs - sightings.lookedMs, STEP_MAX_MS)
  sightings.lookedMs = nowMs
  for (const [code, ms] of outMs) {
    if (codes.includes(code)) outMs.set(code, 0)
    else if (ms + stepMs >= GONE_MS) outMs.delete(code)
    else outMs.set(code, ms + stepMs)
  }
  for (const code of codes) if (!outMs.has(code) && take(code)) outMs.set(code, 0)
}
