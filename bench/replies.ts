/**
 * Measures how the parser understands the labelled replies: decided right, asked, decided wrong, and the time per message.
 *
 *   npm run bench:replies -- [--check] [--asked]
 */
import { readArguments } from '../src/commands/usage.ts'
import { readReply } from '../src/rsvp/parser/parser.ts'
import {
  countVerdicts,
  judge,
  LABELS,
  listMisses,
  percent,
  readCorpus,
  SETS,
  TARGETS,
  type Count,
  type Judged,
} from '../test/corpus.ts'

const { flags } = readArguments({
  command: 'npm run bench:replies',
  does: `Measures how replies are understood. Targets of the held set: at most ${TARGETS.wrongMax} % wrong, at least ${TARGETS.yesMin} % of yes and ${TARGETS.noMin} % of no decided.`,
  flags: {
    check: { kind: 'switch', description: 'Ends with exit code 1 when a target is missed.' },
    asked: { kind: 'switch', description: 'Also lists the yes and no of the train set that are asked about.' },
  },
  variables: [],
  more: 'Messages of the held set are never listed, so that the rules cannot be fitted to them.',
})

const corpus = await readCorpus()
const judged = corpus.map(judge)
for (const set of SETS) {
  const rows = judged.filter((one) => one.set === set)
  print(`\n${set}: ${rows.length} messages`)
  for (const label of LABELS)
    printCount(
      label,
      rows.filter((one) => one.label === label),
    )
  printCount('all', rows)
  const sized = rows.filter(({ label, size }) => label === 'yes' && size !== null)
  const decided = sized.filter((one) => one.decided === 'yes')
  const right = decided.filter((one) => one.decidedSize === one.size).length
  print(
    `sizes   ${right} of ${sized.length} right, ${decided.length - right} wrong, ${sized.length - decided.length} asked`,
  )
}

const train = judged.filter(({ set }) => set === 'train')
list(
  'Decided wrong (train)',
  train.filter(({ verdict }) => verdict === 'wrong'),
)
if (flags.asked)
  list(
    'Asked (train)',
    train.filter(({ verdict, label }) => verdict === 'asked' && (label === 'yes' || label === 'no')),
  )
print(`\n${measureMicroseconds(corpus.map(({ text }) => text)).toFixed(0)} µs per message`)

const misses = listMisses(judged)
for (const miss of misses) print(`Missed: ${miss}`)
if (flags.check && misses.length > 0) process.exitCode = 1

function printCount(name: string, rows: Judged[]): void {
  const count = countVerdicts(rows)
  const show = (verdict: keyof Count) =>
    `${verdict} ${String(count[verdict]).padStart(4)} (${percent(count[verdict], count.total).toFixed(1).padStart(5)} %)`
  print(`${name.padEnd(7)} ${(['right', 'asked', 'wrong'] as const).map(show).join('   ')}`)
}

function list(title: string, rows: Judged[]): void {
  print(`\n${title}: ${rows.length}`)
  for (const { label, size, decided, decidedSize, text } of rows)
    print(`  ${label} ${size ?? ''} → ${decided ?? 'asked'} ${decidedSize ?? ''}: ${text}`)
}

/** The mean of ten rounds after one to warm up. */
function measureMicroseconds(texts: string[]): number {
  const round = () => texts.forEach((text) => readReply(text))
  round()
  const began = performance.now()
  for (let n = 0; n < 10; n++) round()
  return ((performance.now() - began) * 1000) / 10 / texts.length
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
