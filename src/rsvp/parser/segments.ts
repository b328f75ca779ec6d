/** Covers the words of a clause with phrases, reasons and stray words. Pure. */
import { BEFORE_PERSONS, SOFT } from './filler.ts'
import { isName, kindOf, KINDS, PHRASES, type PhraseKind } from './lexicon.ts'
import { matchesAt, type Words } from './patterns.ts'

/**
 * `soft` and `stray` are single words of no phrase. A `reason` runs to the end of the clause or to the next answer, and is
 * free text from `freeFrom` on.
 */
export type Segment = { kind: PhraseKind | 'soft' | 'stray'; from: number; to: number; freeFrom: number }

const COST = { stray: 1000, soft: 30, segment: 10, bare: 25, reasonWord: 12, reasonAtAll: 25 }
/** Phrases of less weight win only when nothing else fits. */
const costOf = (kind: PhraseKind): number =>
  (kind === 'bare_no' || kind === 'bare_yes' ? COST.bare : COST.segment) + KINDS.indexOf(kind) / 100

type Step = { cost: number; segment: Segment; before: number }

/** Returns the cheapest way to cover the words. A yes after a reason is part of the reason unless `isYesAfterReason`. */
export function segment(list: string[], isYesAfterReason = true): Segment[] {
  const words: Words = { list, isName, isStart: (at) => at === 0, isEnd: (at) => at === list.length }
  // Two states per position, because free text of a reason may only be followed by an answer: 2 × position + 1 is after one.
  const best: (Step | undefined)[] = []
  const offer = (state: number, to: number, kind: Segment['kind'], cost: number, freeFrom: number) => {
    const at = state >> 1
    const next = 2 * to + (kind === 'reason' ? 1 : 0)
    const total = (best[state]?.cost ?? 0) + cost
    if (best[next] && best[next].cost <= total) return
    best[next] = { cost: total, segment: { kind, from: at, to, freeFrom }, before: state }
  }
  for (let at = 0; at < list.length; at++) {
    const found = matchesAt(PHRASES, words, at).map(({ row, end }) => ({ kind: kindOf(row), end }))
    for (const state of [2 * at, 2 * at + 1]) {
      if (state > 0 && !best[state]) continue
      const isAfterReason = state % 2 === 1
      for (const { kind, end } of found) {
        if (end === at || (kind === 'vocative' && isSpokenAbout(list, at, end))) continue
        if (isAfterReason && !canFollowReason(kind, isYesAfterReason)) continue
        if (kind !== 'reason') offer(state, end, kind, costOf(kind), end)
        else
          for (let to = end; to <= list.length; to++)
            offer(state, to, kind, COST.reasonAtAll + COST.reasonWord * (to - at), end)
      }
      if (isAfterReason) continue
      if (SOFT.has(list[at]!)) offer(state, at + 1, 'soft', COST.soft, at)
      else offer(state, at + 1, 'stray', COST.stray, at)
    }
  }
  const last = 2 * list.length
  let state = (best[last]?.cost ?? Infinity) <= (best[last + 1]?.cost ?? Infinity) ? last : last + 1
  const segments: Segment[] = []
  for (; state > 0; state = best[state]!.before) segments.push(best[state]!.segment)
  return segments.toReversed()
}

/** «Mi prima no» and «amiga sí» are about somebody else. */
const isSpokenAbout = (list: string[], from: number, to: number): boolean =>
  BEFORE_PERSONS.has(list[from - 1] ?? '') ||
  (list[to + 1] === undefined && (list[to] === 'si' || list[to] === 'no') && list[from] !== 'amiga')

function canFollowReason(kind: PhraseKind, isYesAfterReason: boolean): boolean {
  if (kind === 'declines' || kind === 'refuses' || kind === 'maybe' || kind === 'wish') return true
  return kind === 'attends' && isYesAfterReason
}
