/** Which codes in view are new: one that stays in view counts once; back after a second, it is answered again. */
const GONE_MS = 1000

/** Codes that were answered, and when each was last in view. */
export type Sightings = Map<string, number>

/** Calls `take` with each code that is new. Those that it does not take come again with the next frame. */
export function lookAt(
  sightings: Sightings,
  codes: readonly string[],
  nowMs: number,
  take: (code: string) => boolean,
): void {
  for (const [code, atMs] of sightings) if (nowMs - atMs >= GONE_MS) sightings.delete(code)
  for (const code of codes) if (sightings.has(code) || take(code)) sightings.set(code, nowMs)
}
