/** The scripted answers of the fake payment providers. */
import type { Answer, Asked } from './http.ts'

/** `on` limits the script to requests whose `METHOD /path` begins with it; `times` ends it after so many requests. */
export type Scripted<Script> = Script & { on?: string; times?: number }
/**
 * The vendor does what it is asked, but the answer is lost: never sent, cut off, never finished, unreadable, or replaced
 * by an error. Only with `silence_before` the request is lost.
 */
export type Loss =
  | { kind: 'silence' | 'silence_before' | 'reset' | 'drip' | 'garbage' }
  | { kind: 'accepts_then_fails'; httpStatus: number }

/** A script holds until another one replaces it. */
export function openScript<Script extends { kind: string }>(initial: Script) {
  let script: Scripted<Script> = initial
  let left = Infinity
  return {
    set: (following: Scripted<Script>) => {
      script = following
      left = following.times ?? Infinity
    },
    take({ method, path }: Asked): Script {
      if (left <= 0 || !`${method} ${path}`.startsWith(script.on ?? '')) return initial
      left--
      return script
    },
  }
}

export const isLoss = (script: { kind: string }): script is Loss =>
  ['silence', 'silence_before', 'reset', 'drip', 'garbage', 'accepts_then_fails'].includes(script.kind)

/** What the client gets instead of the answer. */
export function answerLost(loss: Loss, errorOf: (httpStatus: number) => object): Answer {
  switch (loss.kind) {
    case 'silence_before':
      return 'silence'
    case 'garbage':
      return { status: 200, text: '<html>' }
    case 'accepts_then_fails':
      return { status: loss.httpStatus, json: errorOf(loss.httpStatus) }
    default:
      return loss.kind
  }
}
