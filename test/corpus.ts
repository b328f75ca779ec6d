/** The labelled replies of `src/rsvp/parser/corpus.tsv`, and how the parser does on them. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CONFIDENCE_NEEDED, readReply, type Intent } from '../src/rsvp/parser/parser.ts'

const CORPUS = 'src/rsvp/parser/corpus.tsv'

/** `other`: must not be decided, because it is no answer, half of one, or somebody else's. */
export const LABELS = ['yes', 'no', 'maybe', 'other'] as const
export type Label = (typeof LABELS)[number]
/** Rules are written with the eyes on `train`. Of `held`, only the figures are looked at. */
export const SETS = ['train', 'held'] as const
export type SetName = (typeof SETS)[number]
export type Labelled = { set: SetName; label: Label; size: number | null; text: string }

export async function readCorpus(): Promise<Labelled[]> {
  const [, ...lines] = (await readFile(CORPUS, 'utf8')).trimEnd().split('\n')
  return lines.map((line) => {
    const [set, label, size, text] = line.split('\t')
    return { set: set as SetName, label: label as Label, size: size ? Number(size) : null, text: text! }
  })
}

/** Every third message, chosen by its hash, so that nobody chooses. */
export const setOf = (text: string): SetName =>
  parseInt(createHash('sha256').update(text).digest('hex').slice(0, 8), 16) % 3 === 0 ? 'held' : 'train'

/** `asked`: not decided, whether we then ask with buttons or stay silent. A wrong size is as bad as a wrong answer. */
export type Verdict = 'right' | 'asked' | 'wrong'
export type Judged = Labelled & { verdict: Verdict; decided: Intent | null; decidedSize: number | null }

export function judge(one: Labelled): Judged {
  const { intent, partySize, confidence } = readReply(one.text)
  const decided = confidence >= CONFIDENCE_NEEDED ? intent : null
  const isRight = decided === one.label && (decided !== 'yes' || partySize === one.size)
  const verdict = decided === null ? 'asked' : isRight ? 'right' : 'wrong'
  return { ...one, verdict, decided, decidedSize: decided === 'yes' ? partySize : null }
}

export type Count = Record<Verdict, number> & { total: number }

export function countVerdicts(judged: Judged[]): Count {
  const count = { right: 0, asked: 0, wrong: 0, total: judged.length }
  for (const { verdict } of judged) count[verdict]++
  return count
}

export const percent = (part: number, total: number): number => (total === 0 ? 100 : (100 * part) / total)

/** Wanted of the held messages, in percent. */
export const TARGETS = { wrongMax: 0.5, yesMin: 90, noMin: 85 }

/** Returns the targets that the held messages miss, as sentences. */
export function listMisses(judged: Judged[]): string[] {
  const held = judged.filter(({ set }) => set === 'held')
  const shareOf = (rows: Judged[], verdict: Verdict) => percent(countVerdicts(rows)[verdict], rows.length)
  const rightOf = (label: Label) =>
    shareOf(
      held.filter((one) => one.label === label),
      'right',
    )
  const [wrong, yes, no] = [shareOf(held, 'wrong'), rightOf('yes'), rightOf('no')]
  return [
    ...(wrong > TARGETS.wrongMax ? [`${wrong.toFixed(2)} % decided wrong, more than ${TARGETS.wrongMax} %`] : []),
    ...(yes < TARGETS.yesMin ? [`${yes.toFixed(1)} % of yes decided, less than ${TARGETS.yesMin} %`] : []),
    ...(no < TARGETS.noMin ? [`${no.toFixed(1)} % of no decided, less than ${TARGETS.noMin} %`] : []),
  ]
}
